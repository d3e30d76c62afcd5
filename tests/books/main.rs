//! The journals' port against the stand-in of e-conomic, which was written from the vendor's documents and knows nothing of our
//! client: a payout's vouchers are entered, found, given their file, booked, settled; and hledger, a program of others, agrees.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connectors::economic::Economic;
use connectors::http::{Method, Request, Response, Transport};
use connectors::journals::{
    Days, DocumentState, EntryOrigin, Journals, LedgerEntry, VoucherFile, VoucherPlace,
};
use domain::identity::{Effect, MerchantId};
use domain::payout::{Target, Voucher, VoucherEntry, VoucherStep};
use domain::settings::CustomerPaymentSign;
use domain::{AgreementId, Currency, EffectKey, Failure, Money};
use futures::executor::block_on;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use sandbox::economic::CustomerPaymentSign as SandboxSign;
use sandbox::{Delivery, Json, World, demo, object};

const DAY: Date = date(2026, 11, 20);
const YEAR: Days = Days { from: date(2026, 1, 1), to: date(2026, 12, 31) };

/// The demo merchant's agreement behind a transport; the answer to the write of that number may be lost.
struct Books {
    world: Mutex<World>,
    writes: Mutex<usize>,
    lost: Option<usize>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Books {
    fn new() -> Books {
        let mut world = demo::world();
        world.agreements.insert(demo::AGREEMENT.to_owned(), demo::agreement_for_captures());
        Books { world: Mutex::new(world), writes: Mutex::new(0), lost: None }
    }

    fn agreement<T>(&self, ask: impl FnOnce(&mut sandbox::Agreement) -> T) -> T {
        ask(lock(&self.world).agreements.get_mut(demo::AGREEMENT).expect("the demo's agreement"))
    }

    fn send(&self, made: sandbox::Request) -> Result<Response, Failure> {
        let made = made
            .with_header("X-AppSecretToken", demo::APP_SECRET_TOKEN)
            .with_header("X-AgreementGrantToken", demo::AGREEMENT_GRANT_TOKEN);
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().expect("a time");
        let Delivery::Answer(answer) = lock(&self.world).handle(now, &made) else {
            return Err(Failure::Unknown { message: "no answer".to_owned() });
        };
        let headers = answer.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        Ok(Response { status: answer.status, headers, body: answer.body })
    }

    fn call(&self, request: &Request) -> Result<Response, Failure> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        };
        let encode = sandbox::http::encode;
        let query: Vec<String> =
            request.query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let surface = if request.surface == "openapi" { "apis" } else { "rest" };
        let target = format!("/economic/{surface}{}?{}", request.path, query.join("&"));
        let mut made = sandbox::Request::new(method, &target);
        for (name, value) in &request.headers {
            made = made.with_header(name, value);
        }
        made = match (&request.upload, &request.body) {
            (Some(upload), _) => {
                let (kind, body) = upload.encoded();
                made.with_header("Content-Type", &kind).with_body(body)
            }
            (None, Some(body)) => {
                made.with_header("Content-Type", "application/json").with_body(body.clone())
            }
            (None, None) => made,
        };
        self.send(made)
    }

    /// Books an invoice of one line without VAT, as another integration would, and gives its number.
    fn invoice(&self, price: &str, currency: &str, reference: &str) -> u64 {
        let line = object! {
            "product": object! { "productNumber": "BK-2" }, "description": "Atlas", "quantity": 1,
            "unitNetPrice": Json::Number(price.to_owned()),
        };
        let body = object! {
            "date": DAY.to_string(), "currency": currency, "layout": object! { "layoutNumber": 19 },
            "paymentTerms": object! { "paymentTermsNumber": 1 }, "customer": object! { "customerNumber": 1000 },
            "recipient": object! { "name": "Jens Hansen", "vatZone": object! { "vatZoneNumber": 1 } },
            "references": object! { "other": reference }, "lines": vec![line],
        };
        let post = |path: &str, body: &Json| {
            let request = sandbox::Request::new("POST", &format!("/economic/rest/{path}")).with_json(body);
            let answer = self.send(request).expect("answered");
            assert!(answer.is_success(), "{}", String::from_utf8_lossy(&answer.body));
            Json::parse(&answer.body).expect("JSON")
        };
        let draft = post("invoices/drafts", &body).integer("draftInvoiceNumber").expect("a draft");
        let booking = object! { "draftInvoice": object! { "draftInvoiceNumber": draft } };
        let booked = post("invoices/booked", &booking).integer("bookedInvoiceNumber").expect("booked");
        u64::try_from(booked).expect("a number")
    }

    fn balance(&self, account: u32, currency: &str) -> String {
        let key = (account, currency.to_owned());
        let balance = self.agreement(|agreement| agreement.ledger.balances().get(&key).copied());
        balance.unwrap_or_default().normalize().to_string()
    }

    fn entries_on(&self, account: u32) -> Vec<LedgerEntry> {
        let (mut all, mut page) = (Vec::new(), None);
        loop {
            let found = block_on(Economic.entries_on(self, account, YEAR, page.as_deref())).expect("read");
            assert!(found.left_out.is_empty(), "{:?}", found.left_out);
            all.extend(found.entries);
            page = found.next;
            if page.is_none() {
                return all;
            }
        }
    }
}

#[async_trait]
impl Transport for Books {
    async fn read(&self, request: Request) -> Result<Response, Failure> {
        self.call(&request)
    }

    async fn write(&self, _: &EffectKey, request: Request) -> Result<Response, Failure> {
        let answer = self.call(&request);
        let mut writes = lock(&self.writes);
        *writes += 1;
        if self.lost == Some(*writes) {
            return Err(Failure::Unknown { message: "the answer was lost".to_owned() });
        }
        answer
    }
}

fn key(effect: Effect, identity: &str) -> EffectKey {
    EffectKey::shared(&MerchantId::new("krus"), effect, identity, &AgreementId::new("424242"))
}

fn money(amount: &str, currency: Currency) -> Money {
    Money::parse(amount, currency).expect("an amount of the test")
}

fn on(account: u32, amount: &str, currency: Currency) -> VoucherEntry {
    VoucherEntry::on(account, DAY, money(amount, currency), "stripe po_1 udbetaling")
}

fn paid(amount: &str, invoice: u64, currency: Currency) -> VoucherEntry {
    let target = Target::Customer { number: 1000, invoice: Some(invoice.to_string()) };
    VoucherEntry { target, ..on(1, amount, currency) }
}

fn step(identity: &str, number: u32, entries: Vec<VoucherEntry>) -> VoucherStep {
    VoucherStep {
        key: key(Effect::Voucher, identity),
        journal: 3,
        number,
        voucher: Voucher::new(entries).expect("balanced"),
        customer_payments: CustomerPaymentSign::Negative,
    }
}

/// A payout in two currencies that settles two invoices, with a fee abroad.
fn payout(number: u32, danish: u64, euro: u64) -> VoucherStep {
    let eur = Currency::EUR;
    let fee = VoucherEntry { vat_code: Some("IYEU".to_owned()), ..on(2950, "30.00", Currency::DKK) };
    step(
        "stripe/po_1/1",
        number,
        vec![
            on(5820, "970.00", Currency::DKK),
            fee,
            paid("-1000.00", danish, Currency::DKK),
            on(5820, "49.50", eur),
            on(2950, "0.50", eur),
            paid("-50.00", euro, eur),
        ],
    )
}

/// `hledger check --strict`; nothing where hledger is not installed, which in CI it must be.
fn hledger(journal: &str) -> Option<Result<(), String>> {
    let spawned = Command::new("hledger")
        .args(["-f", "-", "check", "--strict"])
        // It reads the journal in the language of its surroundings, which a plain machine does not name.
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "hledger must be installed in CI");
        return None;
    };
    child.stdin.take().expect("piped").write_all(journal.as_bytes()).expect("read");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

#[test]
fn a_payouts_voucher_is_entered_booked_and_settles_its_invoices() {
    let books = Books::new();
    let (danish, euro) =
        (books.invoice("1000.00", "DKK", "1001 of another"), books.invoice("50.00", "EUR", ""));
    let number = block_on(Economic.free_number(&books, 3, Days { from: DAY, to: DAY }, 1)).expect("free");
    assert_eq!(number, 30_000);
    let step = payout(number, danish, euro);
    assert_eq!(block_on(Economic.find(&books, &step)), Ok(None));
    let entered = block_on(Economic.enter(&books, &step)).expect("entered");
    assert_eq!(block_on(Economic.find(&books, &step)), Ok(Some(entered.clone())));
    assert_eq!(
        block_on(Economic.free_number(&books, 3, Days { from: DAY, to: DAY }, 1)),
        Ok(30_001),
        "the number is used now"
    );

    let place = VoucherPlace { number: entered.number, day: DAY };
    let file = VoucherFile {
        name: "payout.pdf".to_owned(),
        note: "stripe po_1".to_owned(),
        pdf: b"%PDF-1.7\n\xff\xfe".to_vec(),
    };
    let attach = key(Effect::Attachment, "stripe/po_1/1");
    assert_eq!(block_on(Economic.attached(&books, place)), Ok(Vec::new()));
    block_on(Economic.attach(&books, &attach, place, &file)).expect("attached");
    let attached = block_on(Economic.attached(&books, place)).expect("read");
    assert!(attached.len() == 1 && attached[0].is_of(&attach), "{attached:?}");
    assert_eq!(books.agreement(|agreement| agreement.attached[&1].file.clone()), file.pdf);

    block_on(Economic.book_drafts(&books, &key(Effect::Booking, "stripe/po_1/1"), 3, &entered.drafts))
        .expect("booked");
    let booked = block_on(Economic.find(&books, &step)).expect("read").expect("found");
    assert!(booked.is_booked(), "{booked:?}");
    for (account, currency, balance) in [
        (5820, "DKK", "970"),
        (5820, "EUR", "49.5"),
        (2950, "DKK", "30"),
        (6910, "DKK", "7.5"),
        (6911, "DKK", "-7.5"),
        (5600, "DKK", "0"),
        (5600, "EUR", "0"),
    ] {
        assert_eq!(books.balance(account, currency), balance, "{account} {currency}");
    }
    for state in [DocumentState::Booked, DocumentState::Open] {
        let found = block_on(Economic.documents_page(&books, state, YEAR, None)).expect("read");
        let count = if state == DocumentState::Booked { 2 } else { 0 };
        assert_eq!(found.documents.len(), count, "{state:?}");
        assert!(found.documents.iter().all(|document| document.remainder.is_some_and(Money::is_zero)));
    }
    let journal = books.agreement(|agreement| agreement.hledger_journal());
    assert!(journal.contains(step.key.as_str()), "{journal}");
    if let Some(verdict) = hledger(&journal) {
        assert_eq!(verdict, Ok(()), "{journal}");
        let broken = journal.replacen("970.00 DKK", "970.01 DKK", 1);
        assert!(matches!(hledger(&broken), Some(Err(_))), "an entry that is off must be found");
    }
}

/// What entering, attaching, booking and settling do when an answer is lost: whoever comes after looks first.
#[test]
fn an_answer_that_is_lost_never_makes_a_second_of_anything() {
    for lost in 1..=3 {
        let books = Books { lost: Some(lost), ..Books::new() };
        let (danish, euro) = (books.invoice("1000.00", "DKK", ""), books.invoice("50.00", "EUR", ""));
        let step = payout(30_000, danish, euro);
        let mut unknown = 0;
        let entered = match block_on(Economic.enter(&books, &step)) {
            Ok(entered) => entered,
            Err(Failure::Unknown { .. }) => {
                unknown += 1;
                block_on(Economic.find(&books, &step)).expect("read").expect("it was done")
            }
            Err(failure) => panic!("{failure}"),
        };
        assert!(entered.is_draft(), "{entered:?}");
        let place = VoucherPlace { number: entered.number, day: DAY };
        let file =
            VoucherFile { name: "payout.pdf".to_owned(), note: String::new(), pdf: b"%PDF-1.7".to_vec() };
        let attach = key(Effect::Attachment, "1");
        if let Err(failure) = block_on(Economic.attach(&books, &attach, place, &file)) {
            assert!(matches!(failure, Failure::Unknown { .. }), "{failure}");
            unknown += 1;
            let there = block_on(Economic.attached(&books, place)).expect("read");
            assert!(there.iter().any(|file| file.is_of(&attach)));
            let other = key(Effect::Attachment, "2");
            let again = block_on(Economic.attach(&books, &other, place, &file));
            let already = matches!(&again, Err(Failure::Rejected { code: Some(code), .. }) if code == "attached-already");
            assert!(already, "{again:?}");
        }
        if let Err(failure) =
            block_on(Economic.book_drafts(&books, &key(Effect::Booking, "1"), 3, &entered.drafts))
        {
            assert!(matches!(failure, Failure::Unknown { .. }), "{failure}");
            unknown += 1;
        }
        let booked = block_on(Economic.find(&books, &step)).expect("read").expect("found");
        assert!(booked.is_booked(), "{booked:?}");
        assert_eq!(unknown, 1, "the answer of write {lost} was lost");
        assert_eq!(books.balance(5820, "DKK"), "970");
        assert_eq!(books.agreement(|agreement| agreement.attached.len()), 1);
    }
}

#[test]
fn drafts_of_others_in_the_journal_stay_where_they_are() {
    let books = Books::new();
    let other =
        step("other", 30_000, vec![on(5820, "1.00", Currency::DKK), on(5830, "-1.00", Currency::DKK)]);
    let ours = step("ours", 30_000, vec![on(5820, "2.00", Currency::DKK), on(5830, "-2.00", Currency::DKK)]);
    block_on(Economic.enter(&books, &other)).expect("entered");
    let entered = block_on(Economic.enter(&books, &ours)).expect("entered");
    assert_eq!(block_on(Economic.find(&books, &ours)), Ok(Some(entered.clone())), "one number, two keys");
    block_on(Economic.book_drafts(&books, &key(Effect::Booking, "ours"), 3, &entered.drafts))
        .expect("booked");
    assert_eq!(books.balance(5820, "DKK"), "2");
    assert!(block_on(Economic.find(&books, &other)).expect("read").expect("found").is_draft());
}

#[test]
fn a_person_may_move_change_and_book_and_all_of_it_is_seen() {
    let ours = |number: u32| {
        step("ours", number, vec![on(5820, "2.00", Currency::DKK), on(5830, "-2.00", Currency::DKK)])
    };
    let books = Books::new();
    let entered = block_on(Economic.enter(&books, &ours(30_000))).expect("entered");
    books.agreement(|agreement| {
        agreement.draft_entries.values_mut().for_each(|entry| entry.voucher = 30_077);
    });
    let moved = block_on(Economic.find(&books, &ours(30_000))).expect("read").expect("found");
    assert!(moved.is_draft() && moved.number == 30_077, "{moved:?}");
    block_on(Economic.book_drafts(&books, &key(Effect::Booking, "ours"), 3, &moved.drafts)).expect("booked");
    let booked = block_on(Economic.find(&books, &ours(30_000))).expect("read").expect("found");
    assert!(booked.is_booked() && booked.number == 30_077, "{booked:?}");

    let changed = Books::new();
    block_on(Economic.enter(&changed, &ours(30_000))).expect("entered");
    changed.agreement(|agreement| {
        let first = entered.drafts.first().and_then(|number| u32::try_from(*number).ok()).expect("a number");
        agreement.draft_entries.get_mut(&first).expect("the entry").account = Some(5831);
    });
    let found = block_on(Economic.find(&changed, &ours(30_000))).expect("read").expect("found");
    assert!(!found.is_draft() && found.differences.len() == 2, "{found:?}");

    let rewritten = Books::new();
    block_on(Economic.enter(&rewritten, &ours(30_000))).expect("entered");
    rewritten.agreement(|agreement| {
        agreement.draft_entries.values_mut().for_each(|entry| entry.text = "Udbetaling".to_owned());
    });
    let found = block_on(Economic.find(&rewritten, &ours(30_000))).expect("read").expect("found");
    assert!(!found.is_draft() && found.differences.len() == 1, "told, and not entered again: {found:?}");
    let numbers: Vec<u64> = found.drafts;
    block_on(Economic.book_drafts(&rewritten, &key(Effect::Booking, "by hand"), 3, &numbers))
        .expect("booked");
    let found = block_on(Economic.find(&rewritten, &ours(30_000))).expect("read").expect("found");
    assert!(!found.is_booked() && found.booked.len() == 2, "{found:?}");
}

#[test]
fn the_wrong_sign_of_customers_payments_is_refused_and_the_right_one_is_a_setting() {
    for (there, here, good) in [
        (SandboxSign::NegativeCredits, CustomerPaymentSign::Negative, true),
        (SandboxSign::NegativeCredits, CustomerPaymentSign::Positive, false),
        (SandboxSign::PositiveCredits, CustomerPaymentSign::Positive, true),
        (SandboxSign::PositiveCredits, CustomerPaymentSign::Negative, false),
    ] {
        let books = Books::new();
        books.agreement(|agreement| agreement.customer_payment_sign = there);
        let (danish, euro) = (books.invoice("1000.00", "DKK", ""), books.invoice("50.00", "EUR", ""));
        let step = VoucherStep { customer_payments: here, ..payout(30_000, danish, euro) };
        let entered = block_on(Economic.enter(&books, &step)).expect("entered");
        assert_eq!(block_on(Economic.find(&books, &step)), Ok(Some(entered.clone())));
        let booking = key(Effect::Booking, "1");
        let booked = block_on(Economic.book_drafts(&books, &booking, 3, &entered.drafts));
        assert_eq!(booked.is_ok(), good, "{there:?} {here:?}: {booked:?}");
        let found = block_on(Economic.find(&books, &step)).expect("read").expect("found");
        assert_eq!((found.is_booked(), found.is_draft()), (good, !good), "all or nothing");
        assert_eq!(books.balance(5600, "DKK"), if good { "0" } else { "1000" });
    }
}

#[test]
fn what_the_books_refuse_is_told_in_words_and_leaves_nothing_behind() {
    let pair = |account: u32, day: Date| {
        let (one, other) = (on(account, "1.00", Currency::DKK), on(5830, "-1.00", Currency::DKK));
        vec![VoucherEntry { date: day, ..one }, VoucherEntry { date: day, ..other }]
    };
    let currency = |code: &str| -> Vec<VoucherEntry> {
        let currency: Currency = code.parse().expect("a currency");
        vec![on(5820, "1.00", currency), on(5830, "-1.00", currency)]
    };
    let customer = |number: u32| {
        let target = Target::Customer { number, invoice: None };
        vec![on(5820, "1.00", Currency::DKK), VoucherEntry { target, ..on(1, "-1.00", Currency::DKK) }]
    };
    for (entries, words) in [
        (pair(5820, date(2025, 6, 1)), "accounting year of this date is closed"),
        (pair(5820, date(2019, 6, 1)), "no accounting year that holds this date"),
        (pair(5600, DAY), "closed for entries from a journal"),
        (pair(9, DAY), "the account does not exist"),
        (currency("THB"), "does not have this currency"),
        (customer(77), "the customer does not exist"),
    ] {
        let books = Books::new();
        let refused = block_on(Economic.enter(&books, &step("x", 30_000, entries)));
        let Err(Failure::Rejected { message, .. }) = refused else { panic!("{words}: {refused:?}") };
        assert!(message.contains(words), "{message}");
        assert!(books.agreement(|agreement| agreement.draft_entries.is_empty()), "all or none");
    }
}

#[test]
fn a_payment_that_booking_did_not_settle_is_settled_afterwards() {
    let books = Books::new();
    let invoice = books.invoice("100.00", "DKK", "");
    let target = Target::Customer { number: 1000, invoice: None };
    let unnamed = VoucherEntry { target, ..on(1, "-100.00", Currency::DKK) };
    let step = step("late", 30_000, vec![on(5820, "100.00", Currency::DKK), unnamed]);
    let entered = block_on(Economic.enter(&books, &step)).expect("entered");
    block_on(Economic.book_drafts(&books, &key(Effect::Booking, "late"), 3, &entered.drafts))
        .expect("booked");
    let of_invoice = block_on(Economic.entries_of(&books, 1000, invoice)).expect("read");
    assert_eq!(of_invoice[0].remainder, Some(money("100.00", Currency::DKK)));
    let payment = books.entries_on(5600).into_iter().find(|entry| entry.origin == EntryOrigin::Payment);
    let payment = payment.expect("the payment is on the customers' account");
    assert_eq!(payment.remainder, Some(money("-100.00", Currency::DKK)));
    let both = [of_invoice[0].number, payment.number];
    block_on(Economic.settle(&books, &key(Effect::Settling, "late"), &both)).expect("settled");
    let of_invoice = block_on(Economic.entries_of(&books, 1000, invoice)).expect("read");
    assert!(of_invoice[0].remainder.is_some_and(Money::is_zero), "{of_invoice:?}");
    let open = block_on(Economic.documents_page(&books, DocumentState::Open, YEAR, None)).expect("read");
    assert!(open.documents.is_empty());
}

#[test]
fn twelve_hundred_entries_are_three_vouchers_and_read_page_by_page() {
    let books = Books::new();
    for part in 0..3 {
        let mut entries: Vec<VoucherEntry> = (0..399).map(|_| on(5830, "-1.00", Currency::DKK)).collect();
        entries.push(on(5850, "399.00", Currency::DKK));
        let step = step(&format!("part {part}"), 30_000 + part, entries);
        let entered = block_on(Economic.enter(&books, &step)).expect("entered");
        assert_eq!(entered.drafts.len(), 400);
        block_on(Economic.book_drafts(&books, &key(Effect::Booking, "x"), 3, &entered.drafts))
            .expect("booked");
    }
    let entries = books.entries_on(5830);
    assert_eq!(entries.len(), 1197, "two pages");
    let sum = Money::sum(Currency::DKK, entries.iter().map(|entry| entry.amount)).expect("small");
    assert_eq!(sum, money("-1197.00", Currency::DKK));
    assert!(entries.iter().all(|entry| entry.as_booked().voucher.starts_with("3000")));
}

#[test]
fn the_demos_journal_and_accounts_can_be_checked_against() {
    let books = Books::new();
    let data = block_on(Economic.ledger_data(&books)).expect("read");
    assert_eq!(data.journals[&3].customer_contra_account, None);
    assert_eq!(data.journals[&2].customer_contra_account, Some(5820));
    assert!(data.accounts[&5600].blocked && !data.accounts[&5830].blocked);
    assert!(data.vat_codes["IYEU"].reverse_charge && !data.vat_codes["I25"].reverse_charge);
}
