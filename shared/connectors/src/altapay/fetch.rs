//! Asking AltaPay for fundings and for the file of one.
//!
//! The list is XML, a funding's file CSV. Both name the funding by the number of its download; as a batch it is `funding-` and that
//! number, which no bank's text holds by chance.

use std::io::Write;

use async_trait::async_trait;
use domain::Failure;
use jiff::civil::Date;

use super::{AltaPay, MANIFEST};
use crate::acquirer::{self, Acquirer, Payout, PayoutPage, page_number, went_on};
use crate::figures::{self, Marks};
use crate::http::{Call, Complaint, Request, Response, Transport, accept, clean};
use crate::json::rejected;
use crate::manifest::{Authentication, Manifest, RateLimit};
use crate::markup::{self, Node};
use crate::report::refusal;

/// How a merchant's gateway is reached.
pub const CONNECTION: Manifest = Manifest {
    system: MANIFEST.system,
    surfaces: &[("main", "")],
    authentication: Authentication::Basic { user: "user", password: "password" },
    secrets: &["user", "password"],
    rate: RateLimit { units: 20, window_seconds: 1, per_day: None, cost_header: None },
    timeout_seconds: 60,
    // A file comes in one piece.
    response_limit: 64 * 1024 * 1024,
    look_up_lag_seconds: 0,
    stock: None,
    unproven: &[
        "Pages of the list are taken to be counted from 0, as the vendor's clients do by default.",
        "A funding that is listed is taken as complete.",
        "The file is asked for below `/merchant/API`, by the number that its link has.",
        "No limit of calls is documented; twenty a second are reckoned with.",
    ],
};

/// How a funding's batch begins.
const PREFIX: &str = "funding-";

/// A funding of the list, as its elements stream by.
#[derive(Default)]
struct Funding {
    date: String,
    amount: String,
    link: String,
}

/// What an answer in XML holds.
#[derive(Default)]
struct Answer {
    code: String,
    message: String,
    pages: u32,
    fundings: Vec<Funding>,
}

#[async_trait]
impl Acquirer for AltaPay {
    fn connection(&self) -> &'static Manifest {
        &CONNECTION
    }

    async fn payouts(
        &self,
        transport: &dyn Transport,
        _account: &str,
        from: Date,
        to: Date,
        page: Option<&str>,
    ) -> Result<PayoutPage, Failure> {
        let number = page_number(page, 0_u32)?;
        let request = Request::get("/merchant/API/fundingList").query("page", number.to_string());
        let found = answer(&ask(transport, request).await?)?;
        let behind = number.saturating_add(1);
        let next = went_on((behind < found.pages).then_some(behind), found.fundings.is_empty())?;
        let mut payouts = Vec::new();
        for funding in &found.fundings {
            let listed = listed(funding)?;
            if listed.on.is_none_or(|on| from <= on && on <= to) {
                payouts.push(listed);
            }
        }
        Ok(PayoutPage {
            payouts,
            next: next.map(|number| number.to_string()),
            closed: None,
            refused: Vec::new(),
        })
    }

    async fn fetch(
        &self,
        transport: &dyn Transport,
        _account: &str,
        payout: &Payout,
        into: &mut (dyn Write + Send),
    ) -> Result<(), Failure> {
        let number = payout.id.strip_prefix(PREFIX).map_or(Err(unreadable("id")), number)?;
        let response =
            ask(transport, Request::get("/merchant/API/fundingDownload").query("id", number)).await?;
        if is_markup(&response) {
            // Where a file should be, an answer says why there is none.
            answer(&response)?;
            return Err(unreadable("file"));
        }
        acquirer::keep_bytes(into, &response.body)
    }
}

fn unreadable(what: &str) -> Failure {
    rejected("unreadable", format!("a funding without a readable {what}"))
}

/// The number of a funding's download.
fn number(text: &str) -> Result<&str, Failure> {
    let plain = !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { Ok(text) } else { Err(unreadable("id")) }
}

async fn ask(transport: &dyn Transport, request: Request) -> Result<Response, Failure> {
    let response = transport.read(request.header("accept", "*/*")).await?;
    accept(Call::Read, &response, |_| Complaint::default())?;
    if response.body.is_empty() {
        return Err(Call::Read.unanswered("an empty answer", None));
    }
    Ok(response)
}

fn is_markup(response: &Response) -> bool {
    response.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// Reads an answer in XML; what it says went wrong is the failure.
fn answer(response: &Response) -> Result<Answer, Failure> {
    let mut found = Answer::default();
    let mut known = false;
    let walked = markup::walk(&mut response.body.as_slice(), &mut |path, node| {
        match node {
            Node::Open(attributes) if path.ends_with(&["Body", "Fundings"]) => {
                known = true;
                found.pages = attributes.get("numberOfPages").parse().unwrap_or_default();
            }
            Node::Open(_) if path.ends_with(&["Fundings", "Funding"]) => {
                found.fundings.push(Funding::default())
            }
            Node::Open(_) => {}
            Node::Close(text) if path.parent() == "Header" => match path.name() {
                "ErrorCode" => text.clone_into(&mut found.code),
                "ErrorMessage" => text.clone_into(&mut found.message),
                _ => {}
            },
            Node::Close(text) if path.parent() == "Funding" => {
                let open = found.fundings.last_mut().ok_or_else(|| refusal("report-not-this-format"))?;
                match path.name() {
                    "FundingDate" => text.clone_into(&mut open.date),
                    "Amount" => text.clone_into(&mut open.amount),
                    "DownloadLink" => text.clone_into(&mut open.link),
                    _ => {}
                }
            }
            Node::Close(_) => {}
        }
        Ok(())
    });
    if walked.is_err() {
        return Err(Call::Read.unanswered("an answer that is not whole", None));
    }
    if !matches!(found.code.as_str(), "" | "0") {
        return Err(Failure::Rejected { code: Some(found.code), message: clean(&found.message) });
    }
    if known { Ok(found) } else { Err(rejected("unreadable", "an answer without fundings")) }
}

fn listed(funding: &Funding) -> Result<Payout, Failure> {
    let query = funding.link.split_once('?').map_or("", |(_, query)| query);
    let id = query.split('&').find_map(|part| part.strip_prefix("id="));
    let id = number(id.unwrap_or_default())?;
    let (amount, currency) = funding.amount.split_once(' ').ok_or_else(|| unreadable("amount"))?;
    let currency = figures::currency(currency).ok_or_else(|| unreadable("amount"))?;
    Ok(Payout {
        id: format!("{PREFIX}{id}"),
        account: None,
        on: figures::iso_day(&funding.date),
        amount: figures::amount(amount, Marks::POINT, currency).ok_or_else(|| unreadable("amount"))?,
        reckoned: false,
        complete: true,
    })
}

#[cfg(test)]
mod tests {
    use domain::settlement::Standing;
    use futures::executor::block_on;

    use super::*;
    use crate::acquirer::testing::{self, ACCOUNT, called, day, keeps_to_its_path, read_back, words};
    use crate::scripted::{Script, word};

    const ORIGINAL: &str = include_str!("fixtures/funding.csv");
    const LIST: &str = include_str!("fixtures/funding_list.xml");
    const ERROR: &str = "<?xml version=\"1.0\"?><APIResponse version=\"20100929\"><Header><Date>2026-02-06T12:34:56+01:00</Date><Path>API/fundingDownload</Path><ErrorCode>200</ErrorCode><ErrorMessage>Funding not found</ErrorMessage></Header></APIResponse>";

    fn payout() -> Payout {
        testing::payout("funding-77", "2026-02-06", "456.60", "DKK")
    }

    fn list(script: &Script, page: Option<&str>) -> Result<PayoutPage, Failure> {
        block_on(AltaPay.payouts(script, ACCOUNT, day("2026-02-01"), day("2026-02-15"), page))
    }

    #[test]
    fn a_fundings_file_is_fetched_and_reads_as_its_original_which_the_list_confirms() {
        let script =
            Script::default().read(&["/merchant/API/fundingDownload", "(\"id\", \"77\")"], 200, ORIGINAL);
        assert_eq!(read_back(&AltaPay, script, &payout(), 1), (Standing::Unconfirmed, 4));
    }

    #[test]
    fn the_vendors_own_example_of_a_file_is_read() {
        let example = "\nDate;Type;ID;\"Reconciliation Identifier\";Payment;Order;Terminal;Shop;\"Transaction Currency\";\"Transaction Amount\";\"Exchange Rate\";\"Settlement Currency\";\"Settlement Amount\";\"Fixed Fee\";\"Fixed Fee VAT\";\"Rate Based Fee\";\"Rate Based Fee VAT\"\n\"2010-09-22 00:00:00\";payment;5;3f664acc-c71d-45e6-8c6a-a15838451a77;5;\"settlement functional4c9a127b159a0\";\"AltaPay Test Terminal\";\"AltaPay Functional Test Shop\";EUR;50.00;100.000000;EUR;50.00;;;;\n";
        let script = Script::default().read(&[], 200, example);
        let payout = testing::payout("funding-1", "2010-09-26", "50.00", "EUR");
        assert_eq!(read_back(&AltaPay, script, &payout, 1), (Standing::Unconfirmed, 1));
    }

    #[test]
    fn fundings_are_listed_by_day_over_all_pages() {
        let script = Script::default()
            .read(&["/merchant/API/fundingList", "(\"page\", \"0\")"], 200, LIST)
            .read(&["(\"page\", \"1\")"], 200, LIST.replacen("id=77", "id=76", 1));
        let (first, last) = (list(&script, None).expect("listed"), list(&script, Some("1")).expect("listed"));
        assert_eq!(
            words(&first),
            ["funding-77 2026-02-06 456.60 complete", "funding-78 2026-02-07 -12.50 complete"]
        );
        assert_eq!((&first.payouts[0], first.next.as_deref()), (&payout(), Some("1")));
        assert_eq!((last.payouts[0].id.as_str(), last.next), ("funding-76", None));
    }

    #[test]
    fn what_altapay_refuses_is_said() {
        let refused =
            Err(Failure::Rejected { code: Some("200".to_owned()), message: "Funding not found".to_owned() });
        let script = Script::default().read(&[], 200, ERROR);
        let mut kept = Vec::new();
        assert_eq!(block_on(AltaPay.fetch(&script, ACCOUNT, &called("funding-77"), &mut kept)), refused);
        assert!(kept.is_empty());
        for (status, body, expected) in [
            (200, LIST[..LIST.len() / 2].to_owned(), "busy"),
            (200, LIST.replacen("456.60 DKK", "456.60", 1), "rejected"),
            (200, LIST.replacen("?id=77", "", 1), "rejected"),
            (200, LIST.replacen("?id=77", "?id=7/7", 1), "rejected"),
            (200, "<html><body>Maintenance</body></html>".to_owned(), "rejected"),
            (401, "<html>Unauthorized</html>".to_owned(), "unauthorized"),
            (503, ERROR.to_owned(), "busy"),
        ] {
            let script = Script::default().read(&[], status, body.clone());
            assert_eq!(word(&list(&script, None)), expected, "{status} {body}");
        }
    }

    #[test]
    fn an_id_is_a_fundings_number() {
        keeps_to_its_path(&AltaPay);
        for id in ["77", "funding-", "funding-7a", "funding-../1"] {
            let refused = block_on(AltaPay.fetch(&Script::default(), ACCOUNT, &called(id), &mut Vec::new()));
            assert_eq!(word(&refused), "rejected", "{id}");
        }
    }
}
