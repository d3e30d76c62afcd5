//! Words for what is found about how an order was paid.

use super::Entry;
use super::texts::entry;

/// Reasons of plans.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "refund-not-registered",
        [
            "{refunded} {currency} er betalt tilbage, men tilbagebetalingen er ikke registreret i en kassekladde: det kan ikke ses, hvilken konto pengene gik fra, eller kreditnotaen er en kladde.",
            "Intet: kreditnotaen laves.",
            "Registrér tilbagebetalingen i hånden på kreditnotaen og den konto, pengene gik fra.",
        ],
        [
            "{refunded} {currency} was paid back, but no journal registers it: it cannot be seen which account the money was taken from, or the credit note is a draft.",
            "Nothing: the credit note is made.",
            "Register the repayment by hand, on the credit note and the account that the money was taken from.",
        ],
    ),
    entry(
        "payment-journal-entries",
        [
            "Betalinger skal registreres i kassekladde {journal}, men den er i regnskabet begrænset til en anden type posteringer end indbetalinger.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Lad kladden tage indbetalinger i regnskabet, eller vælg en anden kassekladde for betalingsmetoden under payment.methods.",
        ],
        [
            "Payments are to be registered in journal {journal}, which is restricted in the accounts to another type of entry than customers' payments.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Let the journal take customers' payments in the accounts, or choose another journal for the method of payment in payment.methods.",
        ],
    ),
    entry(
        "payment-journal-unknown",
        [
            "Betalinger skal registreres i kassekladde {journal}, men den findes ikke i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Vælg en kassekladde, der findes, for betalingsmetoden under payment.methods.",
        ],
        [
            "Payments are to be registered in journal {journal}, which the accounts do not have.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Choose a journal that exists for the method of payment in payment.methods.",
        ],
    ),
    entry(
        "paid-by-several",
        [
            "{other} {currency} af {total} {currency} er betalt med en anden betalingsmetode, og betalingsbetingelse {term} ville udligne det hele på én konto.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Bogfør ordren i hånden, eller sæt payment.captured-less til default-term, så fakturaen står åben, til betalingerne er registreret hver for sig.",
        ],
        [
            "{other} {currency} of {total} {currency} was paid by another method of payment, and term of payment {term} would settle all of it on one account.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Book the order by hand, or set payment.captured-less to default-term, so that the invoice stays open until each payment is registered by itself.",
        ],
    ),
    entry(
        "paid-by-several-open",
        [
            "{other} {currency} af {total} {currency} er betalt med en anden betalingsmetode; hvad der ikke registreres i en kassekladde, står åbent på fakturaen.",
            "Overførslen fortsætter.",
            "Registrér de betalinger, der mangler, på hver sin konto.",
        ],
        [
            "{other} {currency} of {total} {currency} was paid by another method of payment; what no journal registers stays open on the invoice.",
            "The transfer goes on.",
            "Register the payments that are missing, each on its own account.",
        ],
    ),
];
