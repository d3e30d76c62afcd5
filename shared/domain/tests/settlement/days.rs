//! The day that a batch belongs to in the books.

use domain::payout::{BankEntry, Confirmed, PayoutToFind, confirm_by_bank};
use domain::settings::BankSettings;
use domain::settlement::*;
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, offset};

use crate::booking::World;
use crate::matching::paper;
use crate::world::*;

fn at(text: &str) -> When {
    When::Instant(text.parse().expect("an instant"))
}

fn paid(number: u32, occurred: When) -> Line<'static> {
    Line { occurred, ..plain(number, Kind::Payout, "withdrawal", "-40.00") }
}

#[test]
fn a_batch_is_of_its_payouts_day_or_of_its_last_one() {
    let lines = [sale(1, "1001", "100.00", "0.00"), paid(2, at("2026-02-04T10:00:00Z"))];
    let utc = |lines: &[Line<'_>], said: Stated| stated(lines, said).day(&TimeZone::UTC);
    let february = |day| Some(date(2026, 2, day));
    let period = || Stated { from: february(1), to: february(6), ..Stated::default() };
    let on = Stated { payout_on: february(9), ..period() };
    assert_eq!(utc(&lines, on), february(9), "as it is stated");
    assert_eq!(utc(&lines, period()), february(4), "as its line shows");
    let later = [lines[0], lines[1], paid(3, When::Unstated), paid(4, When::Day(date(2026, 2, 5)))];
    assert_eq!(utc(&later, period()), february(5), "the last of several");
    assert_eq!(utc(&lines, Stated::default()), february(4));
    assert_eq!(utc(&lines[..1], period()), february(6), "nothing was paid out");
    assert_eq!(utc(&lines[..1], Stated::default()), None);
}

#[test]
fn a_time_beyond_the_acquirers_own_day_is_of_that_day() {
    let day = Some(date(2025, 12, 31));
    let said = || Stated { from: day, to: day, ..Stated::default() };
    let copenhagen = TimeZone::fixed(offset(1));
    // Half past eleven at night in UTC is the next year in Copenhagen, and of the old year in the acquirer's balance.
    let settlement = stated(&[paid(1, at("2025-12-31T23:30:00Z"))], said());
    assert_eq!(settlement.day(&copenhagen), day);
    let settlement = stated(&[paid(1, at("2025-12-30T15:00:00Z"))], said());
    assert_eq!(settlement.day(&copenhagen), day);
}

#[test]
fn what_the_acquirer_owes_at_the_years_end_stands_in_the_books_on_its_last_day() {
    let last = date(2025, 12, 31);
    let mut world = World::of(&[], &[paper("30001", "1001", "100.00")], "");
    let balance = Stated {
        from: Some(last),
        to: Some(last),
        opening: Some(dkk("50.00")),
        closing: Some(dkk("148.00")),
        ..Stated::default()
    };
    world.settlements = vec![stated(&[sale(1, "1001", "100.00", "-2.00")], balance)];
    assert_eq!(world.entries(), ["5620 98.00", "3650 2.00", "5600 -100.00"]);
    let plan = world.plan();
    assert_eq!((plan.date, plan.payout), (last, dkk("0.00")));
}

#[test]
fn a_report_without_a_day_is_of_the_day_that_was_told_first_by_whoever_confirmed_it() {
    let mut settlement = batch(&[sale(1, "1001", "100.00", "-2.00")]);
    let confirmation =
        |day: Option<Date>| Confirmation { by: ConfirmedBy::BankLine, payout: dkk("98.00"), day };
    for (told, day) in [(None, None), (Some(10), Some(10)), (Some(11), Some(10))] {
        settlement.confirm(confirmation(told.map(|day| date(2026, 2, day))));
        assert_eq!(settlement.day(&TimeZone::UTC), day.map(|day| date(2026, 2, day)));
    }
    assert_eq!(settlement.check().standing, Standing::Balanced);
}

#[test]
fn without_a_day_the_bank_is_believed_by_amount_and_reference_alone_and_never_where_two_fit() {
    let find =
        |reference: &str| PayoutToFind { amount: dkk("100.00"), day: None, reference: reference.to_owned() };
    let entry = |amount: &str, day: i8, text: &str| BankEntry {
        amount: dkk(amount),
        day: date(2026, 2, day),
        text: text.to_owned(),
        reversal: false,
    };
    let look = |payouts: &[PayoutToFind], entries: &[BankEntry]| {
        confirm_by_bank(payouts, entries, &BankSettings::default())
    };
    let one = [find("funding-77")];
    assert_eq!(look(&one, &[entry("100.00", 1, "funding-77")]), [Confirmed::By(0)]);
    assert_eq!(look(&one, &[entry("100.00", 28, "funding-77")]), [Confirmed::By(0)], "on any day");
    assert_eq!(look(&one, &[entry("100.01", 1, "funding-77")]), [Confirmed::No]);
    assert_eq!(look(&one, &[entry("100.00", 1, "funding-771")]), [Confirmed::Perhaps(vec![0])]);
    let twice = [entry("100.00", 1, "funding-77"), entry("100.00", 28, "funding-77")];
    assert_eq!(look(&one, &twice), [Confirmed::Perhaps(vec![0, 1])]);
    let two = [find("funding-77"), find("funding-77")];
    assert_eq!(look(&two, &twice[..1]), [Confirmed::Perhaps(vec![0]), Confirmed::Perhaps(vec![0])]);
    assert_eq!(
        look(&[find("")], &twice[..1]),
        [Confirmed::Perhaps(vec![0])],
        "a reference that is not known"
    );
    assert_eq!(look(&one, &[entry("-100.00", 3, "funding-77")]), [Confirmed::Returned { entry: 0 }]);
}
