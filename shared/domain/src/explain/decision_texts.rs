//! Words for what persons decide about payouts, and why it could not be done: one entry to a code, Danish before English.

use super::Entry;
use super::texts::entry;

const NOTHING_CHANGED_DA: &str = "Intet er ændret.";
const NOTHING_CHANGED_EN: &str = "Nothing was changed.";

pub(crate) const ENTRIES: &[Entry] = &[entry(
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
)];
