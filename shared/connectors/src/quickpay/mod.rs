//! QuickPay: a gateway. It knows the order of a payment and the acquirer that took it; the payout comes from the acquirer.

mod map;
mod wire;

use async_trait::async_trait;
use domain::Failure;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::bridge::{Bridge, LinkPage};
use crate::http::{Call, Complaint, Request, Transport, accept, json_text};
use crate::json::{List, read_answer, rejected, unless_whole};
use crate::manifest::{Authentication, Manifest, RateLimit};

/// QuickPay.
#[derive(Clone, Copy, Debug)]
pub struct QuickPay;

/// What is known of QuickPay.
pub const MANIFEST: Manifest = Manifest {
    system: "quickpay",
    surfaces: &[("main", "https://api.quickpay.net")],
    authentication: Authentication::BasicPassword("api-key"),
    secrets: &["api-key"],
    rate: RateLimit { units: 60, window_seconds: 60, per_day: None, cost_header: None },
    timeout_seconds: 30,
    response_limit: 8 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "Amounts are taken as smallest units.",
        "A payment is taken to be listed anew, by the time it was updated, when it is captured or refunded.",
        "The acquirer's reference is looked for in an operation's data as acquirer_reference and arn.",
        "The list of payments is taken to be newest first by page, and is read until a page is not full.",
    ],
};

const PAGE: usize = 100;

#[async_trait]
impl Bridge for QuickPay {
    fn system(&self) -> &'static str {
        MANIFEST.system
    }

    fn read(&self, text: &str, page: Option<&str>) -> Result<LinkPage, Failure> {
        let List(payments): List<&RawValue> = read_answer("the list of payments", text)?;
        let number = number_of(page)?;
        let next = (payments.len() >= PAGE).then(|| number.saturating_add(1).to_string());
        let links = |text: &str| map::links(&read_answer("a payment", text)?);
        Ok(LinkPage::of_each(&payments, links, next))
    }

    fn overlap(&self) -> SignedDuration {
        SignedDuration::from_mins(10)
    }

    fn behind(&self, page: Option<&str>) -> Option<String> {
        number_of(page).ok().map(|number| number.saturating_add(1).to_string())
    }

    async fn links_since(
        &self,
        transport: &dyn Transport,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<LinkPage, Failure> {
        let request = Request::get("/payments")
            .header("accept-version", "v10")
            .query("page_size", PAGE.to_string())
            .query("page", number_of(page)?.to_string())
            .query("timestamp", "updated_at")
            .query("min_time", since.to_string());
        let response = transport.read(request).await?;
        accept(Call::Read, &response, complaint)?;
        let text = json_text(Call::Read, &response)?;
        self.read(text, page).map_err(|failure| unless_whole(Call::Read, text, failure))
    }
}

fn number_of(page: Option<&str>) -> Result<u32, Failure> {
    page.map_or(Ok(1), |page| page.parse().map_err(|_| rejected("unreadable", "the page is no number")))
}

fn complaint(text: &str) -> Complaint {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow, default)]
        message: crate::json::Text<'a>,
    }
    let message = read_answer::<Body<'_>>("the complaint", text).map(|body| body.message.owned());
    Complaint { code: None, message: message.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::bridge::Moved;
    use crate::scripted::Script;

    const PAYMENTS: &str = include_str!("fixtures/payments.json");

    #[test]
    fn captures_and_refunds_that_went_through_are_linked() {
        let page = QuickPay.read(PAYMENTS, None).expect("read");
        let found: Vec<String> = page
            .links
            .iter()
            .map(|link| {
                format!("{} {:?} {} {}", link.order, link.moved, link.amount, link.acquirer_reference)
            })
            .collect();
        assert_eq!(found, ["1001 Captured 459.90 74810000000000000000001", "1001 Refunded 50.00 "]);
        assert_eq!(page.links[0].moved, Moved::Captured);
        assert_eq!(page.links[1].operation, "90001/3");
        assert_eq!(page.next, None);
    }

    #[test]
    fn a_payment_that_cannot_be_read_keeps_no_other_back() {
        let broken = PAYMENTS.replacen("\"DKK\"", "\"kroner\"", 1).replacen(
            "\"test_mode\":true",
            "\"test_mode\":false",
            1,
        );
        let page = QuickPay.read(&broken, None).expect("read");
        let orders: Vec<&str> = page.links.iter().map(|link| link.order.as_str()).collect();
        assert_eq!(orders, ["1002"]);
        let [refused] = page.refused.as_slice() else { panic!("{:?}", page.refused) };
        assert!(refused.to_string().contains("90001: a payment cannot be read at currency"), "{refused}");
        assert_eq!(
            (QuickPay.behind(None), QuickPay.behind(Some("7"))),
            (Some("2".to_owned()), Some("8".to_owned()))
        );
    }

    #[test]
    fn the_list_is_asked_for_by_time_and_page() {
        let script = Script::default().read(&["/payments", "min_time", "\"page\", \"2\""], 200, PAYMENTS);
        let since = "2026-02-01T00:00:00Z".parse().expect("a time");
        let page = block_on(QuickPay.links_since(&script, since, Some("2"))).expect("read");
        assert_eq!(page.links.len(), 2);
        assert_eq!(script.finish().len(), 1);
    }
}
