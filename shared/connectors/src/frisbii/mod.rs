//! Frisbii (Billwerk+ Pay, formerly Reepay), as a bridge: its transactions tell which invoice a payment is of and under which
//! reference the acquirer has it. It has no list of settlements; the payout comes from the acquirer.

mod map;
mod wire;

use async_trait::async_trait;
use domain::Failure;
use jiff::Timestamp;

use crate::bridge::{Bridge, LinkPage};
use crate::http::{Call, Complaint, Request, Transport, accept, json_text};
use crate::json::{Text, read_answer};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// Frisbii as a bridge.
#[derive(Clone, Copy, Debug)]
pub struct Frisbii;

/// What is known of Frisbii.
pub const MANIFEST: Manifest = Manifest {
    system: "frisbii",
    surfaces: &[("main", "https://api.frisbii.com")],
    // The private key is the user name; the password is empty, and the secret of that name holds nothing.
    authentication: Authentication::Basic { user: "private-key", password: "password" },
    secrets: &["private-key", "password"],
    rate: RateLimit { units: 100, window_seconds: 60, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &["A list is taken to go on as long as it gives a token for the next page."],
};

#[async_trait]
impl Bridge for Frisbii {
    fn system(&self) -> &'static str {
        MANIFEST.system
    }

    fn read(&self, text: &str, _: Option<&str>) -> Result<LinkPage, Failure> {
        let page: wire::Transactions<'_> = read_answer("the list of transactions", text)?;
        let mut links = Vec::new();
        for transaction in &page.content.0 {
            links.extend(map::link(transaction)?);
        }
        Ok(LinkPage { links, next: page.next_page_token.given().map(str::to_owned) })
    }

    async fn links_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<LinkPage, Failure> {
        let mut request =
            Request::get("/v1/list/transaction").query("from", since.to_string()).query("size", "100");
        if let Some(token) = page {
            request = request.query("next_page_token", token);
        }
        let response = transport.read(request).await?;
        accept(Call::Read, &response, complaint)?;
        self.read(json_text(Call::Read, &response)?, page)
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
    fn pages_follow_their_token() {
        let script = Script::default().read(&["/v1/list/transaction", "bmV4dA=="], 200, "{\"content\":[]}");
        let since = "2026-02-01T00:00:00Z".parse().expect("a time");
        let page = block_on(Frisbii.links_since(&script, since, Some("bmV4dA=="))).expect("read");
        assert_eq!(page, LinkPage::default());
        assert_eq!(script.finish().len(), 1);
    }
}
