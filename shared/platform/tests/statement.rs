//! The statement of a payout, read back by a program of others and compared amount by amount with what it was made of.

use std::path::Path;
use std::process::Command;

use domain::matching::{Matching, Receivable, Receivables, Rules, match_settlements};
use domain::payout::{
    Decisions, LineDecision, PayoutDecision, PayoutInput, PayoutPlan, Target, kind_in_words, plan_payout,
};
use domain::settings::{BookkeepingModel, Language, OrderNumberRules, PayoutSettings, read_payout_settings};
use domain::settlement::{
    BatchKey, FeeKind, Fees, Kind, Line, LinkKeys, Receiver, SaleAmount, Settlement, SettlementMode,
    Settlements, Source, Stated, When,
};
use domain::{Currency, Money};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use platform::statement::{LINES_MAX, PayoutStatement, StatementError};
use serde_json::json;

const DAY: Date = date(2026, 11, 20);
static ZONE: TimeZone = TimeZone::UTC;
const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const ACCOUNTS: &str = r#"{"accounts":{"bank":5820,"receivable":5600,"fees":3650,"reserves":5610,"adjustments":3660,"carried":5620,
    "currency-differences":4200,"differences":4210,"errors":9900,"transit":9910,"fee-vat":[{"treatment":{"charged":{"account":6910}}}]},
    "unmatched":"error-account"}"#;

fn dkk(minor: i64) -> Money {
    Money::from_minor(minor, Currency::DKK)
}

/// What is expected of a line, kept beside it.
struct Made {
    received: Option<Settlements>,
    settlement: Settlement,
    receivables: Receivables,
    matching: Matching,
    decisions: Decisions,
    settings: PayoutSettings,
    /// Number, order, payment, gross, fees and VAT.
    lines: Vec<(u32, Kind, String, String, i64, i64)>,
    sales: Vec<Money>,
}

/// A payout of so many sales in kroner, every seventh bought in euro, every ninth refunded, with a chargeback, a reserve, a fee of its own
/// with VAT, and one sale that has no invoice.
fn made(count: u32) -> Made {
    let key = BatchKey {
        acquirer: "stripe".to_owned(),
        account: "acct_1".to_owned(),
        batch: "po_1MtwBwLkdIwHu7ix".to_owned(),
        currency: Currency::DKK,
    };
    let source = Source {
        sha256: SHA256.to_owned(),
        format: "stripe-itemised-csv".to_owned(),
        version: "1".to_owned(),
        unproven: false,
    };
    let mut received = Settlements::from_source(source.clone());
    received.batch(&key, SettlementMode::Net).expect("opened");
    let mut all = Made {
        received: Some(received),
        settlement: Settlement::new(key, SettlementMode::Net, source),
        receivables: Receivables::new(OrderNumberRules::default()),
        matching: match_settlements(
            &[],
            &Receivables::new(OrderNumberRules::default()),
            Rules { shops: &[], tolerance: 0 },
        )
        .expect("nothing"),
        decisions: Decisions::default(),
        settings: read_payout_settings(ACCOUNTS).expect("sound settings"),
        lines: Vec::new(),
        sales: Vec::new(),
    };
    let mut number = 2;
    for place in 0..count {
        let (order, payment) = (format!("{}", 1_000 + place), format!("pi_3Mtw{place:020}"));
        let gross = i64::from(place * 7_919 % 250_000) + 101;
        let fee = -(gross / 70 + 1);
        let sale = place.is_multiple_of(7).then(|| {
            let amount = Money::from_minor(gross * 10 / 75, Currency::EUR);
            SaleAmount { amount, rate: Some("7.5".parse().expect("a rate")) }
        });
        all.push(number, Kind::Sale, &order, &payment, gross, fee, 0, sale);
        number += 1;
        let (total, shop) = (sale.map_or(dkk(gross), |sale| sale.amount), "woocommerce:krus.dk");
        if place != 3 {
            let paper = format!("{}", 30_000 + place);
            all.paper(&paper, shop, &order, total);
        }
        if place.is_multiple_of(9) && sale.is_none() {
            all.push(number, Kind::Refund, &order, &payment, -gross, 0, 0, None);
            number += 1;
            all.paper(&format!("{}", 900_000 + place), shop, &order, total.negated().expect("small"));
        }
    }
    all.push(number, Kind::Chargeback, "1001", "dp_1", -5_000, 0, 0, None);
    all.push(number + 1, Kind::ReserveHold, "", "rsv_1", -10_000, 0, 0, None);
    all.push(number + 2, Kind::Fee, "", "fee_1", 0, -12_500, -3_125, None);
    let sum: i64 = all.lines.iter().map(|(.., gross, taken)| gross + taken).sum();
    let stated = Stated { payout_on: Some(DAY), payout: Some(dkk(sum)), ..Stated::default() };
    let mut received = all.received.take().expect("received once");
    received.state(stated).expect("stated once");
    all.settlement = received.into_batches().remove(0);
    all
}

impl Made {
    #[allow(clippy::too_many_arguments, reason = "a line has many parts")]
    fn push(
        &mut self,
        number: u32,
        kind: Kind,
        order: &str,
        payment: &str,
        gross: i64,
        fee: i64,
        vat: i64,
        sale: Option<SaleAmount>,
    ) {
        let line = Line {
            occurred: When::Day(date(2026, 11, 18)),
            keys: LinkKeys { order, transaction: payment, ..LinkKeys::default() },
            fees: Fees::of(FeeKind::Commission, fee),
            vat_on_fees: vat,
            sale,
            ..Line::new(number, kind, kind.as_str(), dkk(gross))
        };
        self.received.as_mut().expect("it is being received").line(&line).expect("a sound line");
        self.lines.push((number, kind, order.to_owned(), payment.to_owned(), gross, fee + vat));
        self.sales.extend(sale.map(|sale| sale.amount));
    }

    fn paper(&mut self, number: &str, shop: &str, order: &str, total: Money) {
        let receivable = Receivable {
            number,
            shop,
            order,
            payments: &[],
            acquirer_references: &[],
            customer: 1000,
            date: date(2026, 11, 17),
            total,
            expected: total,
        };
        self.receivables.add(&receivable).expect("a sound document");
    }

    fn plan(&mut self, language: Language) -> PayoutPlan {
        let settlements = std::slice::from_ref(&self.settlement);
        self.matching = match_settlements(settlements, &self.receivables, Rules { shops: &[], tolerance: 0 })
            .expect("small");
        let decision = plan_payout(&PayoutInput {
            settlements,
            settlement: 0,
            receivables: &self.receivables,
            matching: &self.matching,
            decisions: &self.decisions,
            settings: &self.settings,
            country: "IE",
            periods: &[],
            zone: &TimeZone::UTC,
            language,
        });
        match decision {
            PayoutDecision::Ready(plan) => plan,
            PayoutDecision::Wait(reasons) => panic!("it waits: {reasons:?}"),
        }
    }

    fn pdf(&self, plan: &PayoutPlan, language: Language) -> Vec<u8> {
        self.statement(plan, language).pdf().expect("a statement")
    }

    fn statement<'a>(&'a self, plan: &'a PayoutPlan, language: Language) -> PayoutStatement<'a> {
        PayoutStatement {
            merchant: "Krus & Kande Æblegård ApS",
            settlements: std::slice::from_ref(&self.settlement),
            settlement: 0,
            receivables: &self.receivables,
            matching: &self.matching,
            decisions: &self.decisions,
            plan,
            numbers: &[30_007],
            zone: &ZONE,
            language,
        }
    }
}

/// An amount as the language writes it, made here apart from the code that is tested.
fn written(minor: i64, language: Language) -> String {
    let (group, point) = if language == Language::Da { ('.', ',') } else { (',', '.') };
    let mut whole = (minor.unsigned_abs() / 100).to_string();
    let mut place = whole.len();
    while place > 3 {
        place -= 3;
        whole.insert(place, group);
    }
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{whole}{point}{:02}", minor.unsigned_abs() % 100)
}

/// Everything that has to stand in the statement.
fn expected(made: &Made, plan: &PayoutPlan, language: Language) -> serde_json::Value {
    let text = |minor: i64| written(minor, language);
    let mut amounts = vec![text(plan.payout.minor())];
    let tally = made.settlement.tally();
    for kind in Kind::ALL {
        let of_kind = made.lines.iter().filter(|(_, found, ..)| *found == kind);
        let (mut count, mut gross, mut taken) = (0, 0, 0);
        of_kind.for_each(|line| (count, gross, taken) = (count + 1, gross + line.4, taken + line.5));
        if count > 0 {
            let vat = tally.kind(kind).vat;
            amounts.extend([text(gross), text(taken - vat), text(vat), text(gross + taken)]);
        }
    }
    let sum: i64 = made.lines.iter().map(|line| line.4 + line.5).sum();
    let fees: i64 = made.lines.iter().map(|line| line.5).sum::<i64>() + 3_125;
    // The balances (nothing before and after), and the fees of the one kind.
    amounts.extend([text(0), text(sum), text(sum), text(0), text(fees)]);
    for voucher in &plan.vouchers {
        let mut sums: Vec<(String, i64)> = Vec::new();
        for entry in voucher.entries() {
            let on = match entry.target {
                Target::Account(account) => account.to_string(),
                Target::Customer { .. } => "customers".to_owned(),
            };
            let on = format!("{on} {:?} {}", entry.vat_code, entry.amount.currency());
            match sums.iter_mut().find(|(known, _)| *known == on) {
                Some((_, sum)) => *sum += entry.amount.minor(),
                None => sums.push((on, entry.amount.minor())),
            }
        }
        amounts.extend(sums.iter().map(|(_, sum)| text(*sum)));
    }
    let mut rows = Vec::new();
    for (number, kind, order, payment, gross, taken) in &made.lines {
        let figures = [text(*gross), text(*taken), text(gross + taken)];
        amounts.extend(figures.iter().cloned());
        let place = made.lines.iter().position(|line| line.0 == *number).expect("it is there");
        let parts = made.matching.parts(&made.receivables, std::slice::from_ref(&made.settlement), 0, place);
        let mut row =
            vec![number.to_string(), "2026-11-18".to_owned(), kind_in_words(*kind, language).to_owned()];
        row.extend([order, payment].into_iter().filter(|text| !text.is_empty()).cloned());
        row.extend(parts.iter().map(|(id, _)| made.receivables.number(*id).to_owned()));
        if parts.is_empty() && kind.concerns_payment() {
            row.push(if language == Language::Da { "ikke fundet" } else { "not found" }.to_owned());
        } else if *kind == Kind::Chargeback {
            row.push(if language == Language::Da { "delvis" } else { "in part" }.to_owned());
        }
        row.extend(figures);
        rows.push(row);
    }
    amounts.extend(made.sales.iter().map(|sale| text(sale.minor())));
    let pages = made.lines.len() / 90;
    json!({
        "rows": rows, "amounts": amounts, "pages": pages,
        "texts": [SHA256, plan.hash(), "stripe-itemised-csv 1", "po_1MtwBwLkdIwHu7ix", "Krus & Kande Æblegård ApS", "30007"],
    })
}

/// Whether the reader of others is installed, which in CI it must be.
fn has_a_reader() -> bool {
    let installed =
        Command::new("python3").args(["-c", "import pypdf"]).output().is_ok_and(|ran| ran.status.success());
    if !installed {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "pypdf must be installed in CI");
        #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
        {
            eprintln!("SKIPPED: pypdf is not installed");
        }
    }
    installed
}

/// The text of the last two pages; `None` where there is no reader.
fn last_pages(pdf: &[u8]) -> Option<String> {
    if !has_a_reader() {
        return None;
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pdf).expect("written");
    let script = "import pypdf, sys; pages = pypdf.PdfReader(sys.argv[1]).pages; \
                  print('\\n'.join(pages[n].extract_text() for n in (-2, -1)))";
    let output =
        Command::new("python3").args(["-c", script]).arg(file.path()).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// The reader's verdict and what it said; `None` where there is no reader.
fn read_back(pdf: &[u8], expected: &serde_json::Value) -> Option<(bool, String)> {
    if !has_a_reader() {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (statement, wanted) = (folder.path().join("statement.pdf"), folder.path().join("expected.json"));
    std::fs::write(&statement, pdf).expect("written");
    std::fs::write(&wanted, expected.to_string()).expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/read_statement.py");
    let output =
        Command::new("python3").arg(script).arg(&statement).arg(&wanted).output().expect("python3 runs");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), said))
}

#[test]
fn every_amount_is_read_back_in_both_languages() {
    for language in [Language::Da, Language::En] {
        let mut made = made(300);
        let plan = made.plan(language);
        let pdf = made.pdf(&plan, language);
        assert_eq!(pdf, made.pdf(&plan, language), "the same payout is the same bytes");
        let expected = expected(&made, &plan, language);
        let Some((good, said)) = read_back(&pdf, &expected) else { return };
        assert!(good, "{said}");
    }
}

#[test]
fn the_reader_sees_an_amount_that_is_off_and_a_line_that_is_missing() {
    let mut made = made(40);
    let plan = made.plan(Language::En);
    let pdf = made.pdf(&plan, Language::En);
    let sound = expected(&made, &plan, Language::En);
    let mut off = sound.clone();
    off["amounts"][7] = json!("0.01");
    let mut swapped = sound.clone();
    swapped["rows"].as_array_mut().expect("rows").swap(3, 4);
    let mut more = sound.clone();
    more["texts"].as_array_mut().expect("texts").push(json!("po_2"));
    for (name, wrong) in [("an amount", off), ("a row", swapped), ("a text", more)] {
        let Some((good, said)) = read_back(&pdf, &wrong) else { return };
        assert!(!good, "{name}: {said}");
    }
}

#[test]
fn a_line_that_a_person_decided_shows_the_decision() {
    let mut made = made(40);
    made.decisions.decide(3, LineDecision::ErrorAccount { reason: "Kunden er ukendt".to_owned() });
    let plan = made.plan(Language::Da);
    let pdf = made.pdf(&plan, Language::Da);
    let texts =
        json!({ "rows": [["fejlkonto:", "Kunden", "er", "ukendt"]], "amounts": [], "pages": 1, "texts": [] });
    // The amounts are another test's; of the rows it is told when one is not there.
    let Some((_, said)) = read_back(&pdf, &texts) else { return };
    assert!(said.contains("1 rows") && !said.contains("not in its place"), "{said}");
}

#[test]
fn ten_thousand_lines_are_a_file_that_a_voucher_takes() {
    let mut made = made(9_000);
    assert!(made.lines.len() > 9_800, "{}", made.lines.len());
    let plan = made.plan(Language::En);
    let began = std::time::Instant::now();
    let pdf = made.pdf(&plan, Language::En);
    let took = began.elapsed();
    #[expect(clippy::print_stderr, reason = "a figure that is asked for")]
    {
        eprintln!("{} lines: {} bytes in {took:?}", made.lines.len(), pdf.len());
    }
    assert!(pdf.len() < 1024 * 1024, "{} bytes", pdf.len());
    let Some((good, said)) = read_back(&pdf, &expected(&made, &plan, Language::En)) else { return };
    assert!(good, "{said}");
}

#[test]
fn what_a_statement_has_no_room_for_is_counted_at_its_end() {
    let mut made = made(60_000);
    // Line by line it would have more entries than a payout may.
    made.settings.model = BookkeepingModel::Lump;
    let more =
        made.lines.len().checked_sub(LINES_MAX).filter(|more| *more > 0).expect("more than are printed");
    let plan = made.plan(Language::En);
    let pdf = made.pdf(&plan, Language::En);
    // e-conomic takes files of nine megabytes.
    assert!(pdf.len() < 9 * 1000 * 1000, "{} bytes", pdf.len());
    let Some(end) = last_pages(&pdf) else { return };
    let (last, first_left_out) = (made.lines[LINES_MAX - 1].0, made.lines[LINES_MAX].0);
    let begins = |number: u32| end.lines().any(|line| line.trim().starts_with(&format!("{number} ")));
    assert!(begins(last) && !begins(first_left_out), "the last that has room is {last}: {end}");
    let told = format!("{more} lines are not shown here; they stand in the original.");
    assert!(end.contains(&told), "{told}: {end}");
}

#[test]
fn a_statement_of_nothing_is_refused() {
    let mut made = made(12);
    let plan = made.plan(Language::En);
    let statement = PayoutStatement { settlement: 1, ..made.statement(&plan, Language::En) };
    assert_eq!(statement.pdf(), Err(StatementError::NoSettlement));
}
