//! Words for what persons decide about payouts, and why it could not be done: one entry to a code, Danish before English.

use super::Entry;
use super::texts::entry;

const NOTHING_CHANGED_DA: &str = "Intet er ændret.";
const NOTHING_CHANGED_EN: &str = "Nothing was changed.";

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "payout-step-in-doubt",
        [
            "Bogbro har sendt et bilag til udbetaling {payout} til regnskabet og ved endnu ikke, om det kom igennem.",
            NOTHING_CHANGED_DA,
            "Vent nogle minutter, til der er set efter, og prøv igen.",
        ],
        [
            "Bogbro sent a voucher of payout {payout} to the books and does not know yet whether it went through.",
            NOTHING_CHANGED_EN,
            "Wait some minutes until it was looked for, then try again.",
        ],
    ),
    entry(
        "payout-reversal-period-closed",
        [
            "Perioden {from} til {to} er lukket i regnskabet, så der kan ikke tilbageføres den {date}.",
            NOTHING_CHANGED_DA,
            "Vælg en dag i en åben periode med --day.",
        ],
        [
            "The period {from} to {to} is closed in the books, so nothing can be undone on {date}.",
            NOTHING_CHANGED_EN,
            "Choose a day in an open period with --day.",
        ],
    ),
    entry(
        "payout-drafts-undone",
        [
            "{count} bilag til udbetaling {payout} stod i kladden uden at være bogført, da udbetalingen blev tilbageført.",
            "Der står en modpost til hvert af dem i kladden.",
            "Slet begge i kladden, eller bogfør begge.",
        ],
        [
            "{count} vouchers of payout {payout} stood in the journal unbooked when the payout was reversed.",
            "The opposite of each stands in the journal, too.",
            "Delete both in the journal, or book both.",
        ],
    ),
    entry(
        "payout-voucher-number",
        [
            "Bilaget, som udbetaling {payout} er bogført på, er ikke angivet ved sit nummer.",
            NOTHING_CHANGED_DA,
            "Angiv bilagets nummer i regnskabet.",
        ],
        [
            "The voucher that payout {payout} is booked on is not named by its number.",
            NOTHING_CHANGED_EN,
            "Give the voucher's number in the books.",
        ],
    ),
    entry(
        "payout-confirmation-differs",
        [
            "Udbetaling {payout} er angivet til {stated}, men rapportens linjer giver {reckoned} med de gebyrer og den moms, der er angivet. Forskel: {difference}.",
            NOTHING_CHANGED_DA,
            "Angiv beløb, gebyrer og moms, som de står i indløserens opgørelse.",
        ],
        [
            "Payout {payout} is stated as {stated}, but the report's lines make {reckoned} with the fees and the VAT that are stated. Difference: {difference}.",
            NOTHING_CHANGED_EN,
            "Give amount, fees and VAT as they stand in the acquirer's balance report.",
        ],
    ),
    entry(
        "payout-confirmation-currency",
        [
            "Udbetaling {payout} er i {currency}, men et af beløbene er det ikke.",
            NOTHING_CHANGED_DA,
            "Angiv alle beløb i udbetalingens valuta.",
        ],
        [
            "Payout {payout} is in {currency}, but one of the amounts is not.",
            NOTHING_CHANGED_EN,
            "Give all amounts in the payout's currency.",
        ],
    ),
];
