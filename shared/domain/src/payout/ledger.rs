//! The settings of payouts held against the ledger, before the first voucher: what would be refused there is told here.

use crate::catalogue::LedgerData;
use crate::plan::Reason;
use crate::settings::{BookkeepingModel, FeeVat, PayoutAccounts, PayoutSettings};

/// Everything in the settings that the ledger would refuse: journals, accounts and VAT codes that it does not have or has closed, and a
/// journal that cannot hold what is asked of it. Empty when all is well; what is not named is not missed here, since only a payout
/// shows which accounts it needs.
pub fn ledger_problems(settings: &PayoutSettings, ledger: &LedgerData) -> Vec<Reason> {
    let mut problems = journal_problems(settings, ledger);
    for (setting, number) in accounts(&settings.accounts) {
        let about = |code: &str| Reason::new(code).with("setting", &setting).with("account", number);
        match ledger.accounts.get(&number) {
            None => problems.push(about("payout-ledger-account-unknown")),
            Some(account) if account.blocked => {
                problems.push(about("payout-ledger-account-blocked").with("name", &account.name));
            }
            Some(_) => {}
        }
    }
    for rule in &settings.accounts.fee_vat {
        if let FeeVat::ReverseCharge { code } = &rule.treatment
            && ledger.vat_codes.get(code).is_none_or(|known| known.barred)
        {
            problems.push(Reason::new("payout-ledger-vat-code-unknown").with("code", code));
        }
    }
    problems
}

fn journal_problems(settings: &PayoutSettings, ledger: &LedgerData) -> Vec<Reason> {
    let Some(number) = settings.voucher.journal else { return Vec::new() };
    let about = |code: &str| Reason::new(code).with("journal", number);
    let Some(journal) = ledger.journals.get(&number) else {
        return vec![about("payout-ledger-journal-unknown")];
    };
    let mut problems = Vec::new();
    if journal.standing {
        problems.push(about("payout-ledger-journal-standing").with("name", &journal.name));
    }
    let on_customers =
        settings.model == BookkeepingModel::OpenInvoices || settings.accounts.receivable_customer.is_some();
    // Every voucher has entries on accounts, such as the bank's.
    if !journal.takes.finance_vouchers() || (on_customers && !journal.takes.customer_payments()) {
        problems.push(about("payout-ledger-journal-entries").with("name", &journal.name));
    }
    if settings.voucher.book && journal.needs_approval {
        problems.push(about("payout-ledger-journal-approval").with("name", &journal.name));
    }
    if let Some(account) = journal.customer_contra_account.filter(|_| on_customers) {
        let problem = about("payout-ledger-journal-contra").with("name", &journal.name);
        problems.push(problem.with("account", account));
    }
    problems
}

/// The accounts that the settings name, each with its place.
fn accounts(accounts: &PayoutAccounts) -> Vec<(String, u32)> {
    let single = [
        ("bank", accounts.bank),
        ("receivable", accounts.receivable),
        ("fees", accounts.fees),
        ("chargebacks", accounts.chargebacks),
        ("reserves", accounts.reserves),
        ("adjustments", accounts.adjustments),
        ("carried", accounts.carried),
        ("currency-differences", accounts.currency_differences),
        ("differences", accounts.differences),
        ("errors", accounts.errors),
        ("transit", accounts.transit),
    ];
    let mut all: Vec<(String, u32)> =
        single.into_iter().filter_map(|(name, number)| Some((format!("accounts.{name}"), number?))).collect();
    for (place, fee) in accounts.fee_kinds.iter().enumerate() {
        all.push((format!("accounts.fee-kinds[{place}]"), fee.account));
    }
    for (place, rule) in accounts.fee_vat.iter().enumerate() {
        if let FeeVat::Charged { account } = rule.treatment {
            all.push((format!("accounts.fee-vat[{place}]"), account));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{JournalTakes, KnownAccount, KnownJournal, KnownVatCode};
    use crate::money::Percentage;
    use crate::settings::read_payout_settings;

    fn ledger() -> LedgerData {
        let journal = |contra, needs_approval| KnownJournal {
            name: "PayMatch".to_owned(),
            balance_by_voucher: true,
            needs_approval,
            standing: false,
            takes: JournalTakes::All,
            lowest_number: 1,
            highest_number: None,
            next_number: Some(30_000),
            customer_contra_account: contra,
        };
        let account = |blocked| KnownAccount { name: "Bank".to_owned(), blocked, vat_code: None };
        let code = |barred| KnownVatCode {
            name: "Ydelser".to_owned(),
            rate: Percentage::whole(25),
            barred,
            reverse_charge: true,
        };
        let mut ledger = LedgerData::default();
        ledger.journals.extend([
            (2, journal(Some(5820), false)),
            (3, journal(None, false)),
            (4, journal(None, true)),
            (5, KnownJournal { standing: true, ..journal(None, false) }),
            (6, KnownJournal { takes: JournalTakes::CustomerPayments, ..journal(None, false) }),
            (7, KnownJournal { takes: JournalTakes::FinanceVouchers, ..journal(None, false) }),
            (8, KnownJournal { takes: JournalTakes::Others, ..journal(None, false) }),
        ]);
        ledger.accounts.extend([(5820, account(false)), (5600, account(true))]);
        ledger.vat_codes.extend([("IYEU".to_owned(), code(false)), ("GAMMEL".to_owned(), code(true))]);
        ledger
    }

    fn told(settings: &str) -> Vec<String> {
        let settings = read_payout_settings(settings).unwrap_or_else(|problems| panic!("{problems}"));
        let problems = ledger_problems(&settings, &ledger());
        problems
            .into_iter()
            .map(|reason| {
                let parts: Vec<String> = reason.facts.into_iter().map(|(_, value)| value).collect();
                format!("{} {}", reason.code.trim_start_matches("payout-ledger-"), parts.join(" "))
            })
            .collect()
    }

    #[test]
    fn what_the_ledger_would_refuse_is_told_with_its_place() {
        for (settings, expected) in [
            (r"{}", vec![]),
            (r#"{"voucher":{"journal":3,"book":true},"accounts":{"bank":5820}}"#, vec![]),
            (r#"{"voucher":{"journal":5},"accounts":{"bank":5820}}"#, vec!["journal-standing 5 PayMatch"]),
            (r#"{"voucher":{"journal":9}}"#, vec!["journal-unknown 9"]),
            (r#"{"voucher":{"journal":6}}"#, vec!["journal-entries 6 PayMatch"]),
            (r#"{"voucher":{"journal":7}}"#, vec![]),
            (r#"{"voucher":{"journal":7},"model":"open-invoices"}"#, vec!["journal-entries 7 PayMatch"]),
            (r#"{"voucher":{"journal":8}}"#, vec!["journal-entries 8 PayMatch"]),
            (r#"{"voucher":{"journal":4}}"#, vec![]),
            (r#"{"voucher":{"journal":4,"book":true}}"#, vec!["journal-approval 4 PayMatch"]),
            (r#"{"voucher":{"journal":2}}"#, vec![]),
            (r#"{"voucher":{"journal":2},"model":"open-invoices"}"#, vec!["journal-contra 2 PayMatch 5820"]),
            (
                r#"{"voucher":{"journal":2},"accounts":{"receivable-customer":9001}}"#,
                vec!["journal-contra 2 PayMatch 5820"],
            ),
            (r#"{"accounts":{"transit":77}}"#, vec!["account-unknown accounts.transit 77"]),
            (r#"{"accounts":{"receivable":5600}}"#, vec!["account-blocked accounts.receivable 5600 Bank"]),
            (
                r#"{"accounts":{"fee-kinds":[{"kind":"dispute","account":78}]}}"#,
                vec!["account-unknown accounts.fee-kinds[0] 78"],
            ),
            (
                r#"{"accounts":{"fee-vat":[{"treatment":"exempt"},{"treatment":{"charged":{"account":79}}}]}}"#,
                vec!["account-unknown accounts.fee-vat[1] 79"],
            ),
            (r#"{"accounts":{"fee-vat":[{"treatment":{"reverse-charge":{"code":"IYEU"}}}]}}"#, vec![]),
            (
                r#"{"accounts":{"fee-vat":[{"treatment":{"reverse-charge":{"code":"XX"}}}]}}"#,
                vec!["vat-code-unknown XX"],
            ),
        ] {
            assert_eq!(told(settings), expected, "{settings}");
        }
    }
}
