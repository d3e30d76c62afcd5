//! Words for settings of payouts that the ledger would refuse.

use super::Entry;
use super::texts::entry;

const WAIT_DA: &str = "Udbetalinger med disse indstillinger kan ikke bogføres.";
const WAIT_EN: &str = "Payouts with these settings cannot be posted.";

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "payout-ledger-journal-unknown",
        [
            "Regnskabet har ingen kassekladde {journal}.",
            WAIT_DA,
            "Ret voucher.journal til en kassekladde, der findes, eller opret den i regnskabet.",
        ],
        [
            "The accounts have no journal {journal}.",
            WAIT_EN,
            "Change voucher.journal to a journal that exists, or make it in the accounts.",
        ],
    ),
    entry(
        "payout-ledger-journal-approval",
        [
            "Posteringer i kassekladde {journal} ({name}) skal godkendes af en administrator i regnskabet.",
            "Bogbro kan indtaste udbetalinger i den, men ikke bogføre dem.",
            "Vælg en anden kassekladde, fjern kravet i regnskabet, eller sæt voucher.book til false.",
        ],
        [
            "Entries in journal {journal} ({name}) need the approval of an administrator in the accounts.",
            "Bogbro can enter payouts in it, but not book them.",
            "Choose another journal, take the demand away in the accounts, or set voucher.book to false.",
        ],
    ),
    entry(
        "payout-ledger-journal-standing",
        [
            "Kassekladde {journal} ({name}) er en fast kassekladde: dens posteringer bliver stående, når de er bogført.",
            "Udbetalinger kommer ikke i den, for de ville blive bogført igen, næste gang kladden bogføres.",
            "Vælg en almindelig kassekladde i voucher.journal.",
        ],
        [
            "Journal {journal} ({name}) is a standing journal: its entries stay in it when they are booked.",
            "No payouts are entered in it, since they would be booked again the next time the journal is booked.",
            "Choose an ordinary journal in voucher.journal.",
        ],
    ),
    entry(
        "payout-ledger-journal-entries",
        [
            "Kassekladde {journal} ({name}) er i regnskabet begrænset til en anden type posteringer end dem, udbetalinger består af.",
            "Udbetalinger bogføres ikke i den, for regnskabet ville afvise bilagene.",
            "Lad kladden tage alle typer posteringer i regnskabet, eller vælg en anden kassekladde i voucher.journal.",
        ],
        [
            "Journal {journal} ({name}) is restricted in the accounts to another type of entry than those that payouts consist of.",
            "No payouts are posted in it, since the accounts would refuse the vouchers.",
            "Let the journal take entries of all types in the accounts, or choose another journal in voucher.journal.",
        ],
    ),
    entry(
        "payout-ledger-journal-contra",
        [
            "Kassekladde {journal} ({name}) sætter selv modkonto {account} på indbetalinger fra kunder.",
            "Bilag med kunder stemmer ikke i den og kan ikke bogføres.",
            "Vælg en kassekladde uden modkonto for kunder, eller fjern modkontoen i regnskabet.",
        ],
        [
            "Journal {journal} ({name}) sets the contra account {account} on customers' payments by itself.",
            "Vouchers with customers do not balance in it and cannot be booked.",
            "Choose a journal without a contra account for customers, or remove that account in the accounts.",
        ],
    ),
    entry(
        "payout-ledger-account-unknown",
        [
            "Regnskabet har ingen konto {account}, som {setting} nævner, eller den er en overskrift eller sum.",
            WAIT_DA,
            "Ret kontoen i indstillingerne, eller opret den i regnskabet.",
        ],
        [
            "The accounts have no account {account}, which {setting} names, or it is a heading or a sum.",
            WAIT_EN,
            "Change the account in the settings, or make it in the accounts.",
        ],
    ),
    entry(
        "payout-ledger-account-blocked",
        [
            "Konto {account} ({name}), som {setting} nævner, er spærret for posteringer fra en kassekladde.",
            WAIT_DA,
            "Vælg en anden konto, eller åbn kontoen i regnskabet. Debitorkontoen kan ikke bruges; dertil er receivable-customer.",
        ],
        [
            "Account {account} ({name}), which {setting} names, is closed for entries from a journal.",
            WAIT_EN,
            "Choose another account, or open it in the accounts. The account of debtors cannot be used; receivable-customer is for that.",
        ],
    ),
    entry(
        "payout-ledger-vat-code-unknown",
        [
            "Regnskabet har ingen momskode {code}, eller den er spærret.",
            WAIT_DA,
            "Ret accounts.fee-vat til en momskode, der findes.",
        ],
        [
            "The accounts have no VAT code {code}, or it is closed.",
            WAIT_EN,
            "Change accounts.fee-vat to a VAT code that exists.",
        ],
    ),
];
