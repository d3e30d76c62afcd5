//! Frisbii (Billwerk+ Pay, formerly Reepay), as a bridge: its transactions tell which invoice a payment is of and under which
//! reference the acquirer has it. It has no list of settlements; the payout comes from the acquirer.

mod map;
mod wire;

use async_trait::async_trait;
use domain::Failure;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::bridge::{Bridge, LinkPage};
use crate::http::{Call, Complaint, Request, Transport, accept, json_text};
use crate::json::{Text, read_answer, unless_whole};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// Frisbii as a bridge.
#[derive(Clone, Copy, Debug)]
pub struct Frisbii;

/// What is known of Frisbii.
pub const MANIFEST: Manifest = Manifest {
    system: "frisbii",
    surfaces: &[("main", "https://api.frisbii.com")],
    authentication: Authentication::BasicUser("private-key"),
    secrets: &["private-key"],
    rate: RateLimit { units: 100, window_seconds: 60, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "A list is taken to go on as long as it gives a token for the next page.",
        "Lists go by the day that a transaction was created: it is taken to be settled or refunded within seven days.",
        "A list is asked for from a day, in whatever time zone the account has.",
    ],
};

#[async_trait]
impl Bridge for Frisbii {
    fn system(&self) -> &'static str {
        MANIFEST.system
    }

    fn read(&self, text: &str, _: Option<&str>) -> Result<LinkPage, Failure> {
        let page: wire::Transactions<'_> = read_answer("the list of transactions", text)?;
        let links = |text: &str| Ok(map::link(&read_answer("a transaction", text)?)?.into_iter().collect());
        let next = page.next_page_token.given().map(str::to_owned);
        Ok(LinkPage::of_each(&page.content.0, links, next))
    }

    fn overlap(&self) -> SignedDuration {
        SignedDuration::from_hours(7 * 24)
    }

    fn behind(&self, _: Option<&str>) -> Option<String> {
        None
    }

    async fn links_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<LinkPage, Failure> {
        // Dates are the account's own, so a whole day is asked for.
        let from = Offset::UTC.to_datetime(since).date();
        let mut request = Request::get("/v1/list/transaction")
            .query("from", from.to_string())
            .query("range", "created")
            .query("size", "100");
        if let Some(token) = page {
            request = request.query("next_page_token", token);
        }
        let response = transport.read(request).await?;
        accept(Call::Read, &response, complaint)?;
        let text = json_text(Call::Read, &response)?;
        self.read(text, page).map_err(|failure| unless_whole(Call::Read, text, failure))
    }
}

fn complaint(text: &str) -> Complaint {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        code: Text<'a>,
        #[serde(borrow, default)]
        error: Text<'a>,
    }
    match read_answer::<Body<'_>>("the complaint", text) {
        Ok(body) => Complaint { code: body.code.given().map(str::to_owned), message: body.error.owned() },
        Err(_) => Complaint::default(),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::scripted::Script;

    const TRANSACTIONS: &str = include_str!("fixtures/transactions.json");

    #[test]
    fn settled_and_refunded_transactions_are_linked() {
        let page = Frisbii.read(TRANSACTIONS, None).expect("read");
        let found: Vec<String> = page
            .links
            .iter()
            .map(|link| {
                format!(
                    "{} {:?} {} {} {}",
                    link.order, link.moved, link.amount, link.acquirer, link.acquirer_reference
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "sub-7-1 Captured 156.25 clearhaus ch-ref-1",
                "sub-7-1 Refunded 25.00 nets 7001",
                "sub-8-1 Captured 99.00 mobilepay "
            ]
        );
        assert_eq!(page.next.as_deref(), Some("bmV4dA=="));
    }

    #[test]
    fn a_transaction_that_cannot_be_read_keeps_no_other_back() {
        let page = Frisbii.read(&TRANSACTIONS.replacen("15625", "\"much\"", 1), None).expect("read");
        assert_eq!(page.links.len(), 2);
        let [refused] = page.refused.as_slice() else { panic!("{:?}", page.refused) };
        let refused = refused.to_string();
        assert!(refused.contains("t1: ") && refused.contains("amount"), "{refused}");
    }

    #[test]
    fn pages_follow_their_token() {
        let script = Script::default().read(
            &["/v1/list/transaction", "bmV4dA==", "\"2026-02-01\""],
            200,
            "{\"content\":[]}",
        );
        let since = "2026-02-01T10:11:12Z".parse().expect("a time");
        let page = block_on(Frisbii.links_since(&script, since, Some("bmV4dA=="))).expect("read");
        assert_eq!(page, LinkPage::default());
        assert_eq!(script.finish().len(), 1);
    }
}
