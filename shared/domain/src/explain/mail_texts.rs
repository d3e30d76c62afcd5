//! Words for reports that come by mail: one entry to a code, Danish before English.

use super::Entry;
use super::texts::entry;

const NOTHING_READ_DA: &str = "Intet af mailen er læst ind. Mailen selv er gemt.";
const NOTHING_READ_EN: &str = "Nothing of the mail was taken in. The mail itself is kept.";
const ATTACHMENT_DA: &str = "Gem rapporten fra mailen som en fil, og læg den ind med `bogbro payouts upload`, eller hent den hos indløseren.";
const ATTACHMENT_EN: &str = "Save the report from the mail as a file and take it in with `bogbro payouts upload`, or download it from the acquirer.";

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "mail-without-report",
        [
            "Mailen har ingen vedhæftet fil, der kan være en rapport ({count} dele er tekst, billeder, signaturer eller dokumenter).",
            NOTHING_READ_DA,
            "Er rapporten et link eller en PDF, så hent filen hos indløseren som CSV, XLSX eller XML, og læg den ind med `bogbro payouts upload`.",
        ],
        [
            "The mail has no attachment that can be a report ({count} parts are text, pictures, signatures or documents).",
            NOTHING_READ_EN,
            "Where the report is a link or a PDF, download the file from the acquirer as CSV, XLSX or XML and take it in with `bogbro payouts upload`.",
        ],
    ),
    entry(
        "mail-not-readable",
        [
            "Filen kan ikke læses som en mail: dens hoved eller dens opdeling mangler.",
            NOTHING_READ_DA,
            ATTACHMENT_DA,
        ],
        [
            "The file cannot be read as a mail: its heading or its division is missing.",
            NOTHING_READ_EN,
            ATTACHMENT_EN,
        ],
    ),
    entry(
        "mail-cut",
        ["Mailen er afbrudt: dens sidste del mangler.", NOTHING_READ_DA, "Send mailen igen, hel."],
        ["The mail is cut: its last part is missing.", NOTHING_READ_EN, "Send the mail again, whole."],
    ),
    entry(
        "mail-part-damaged",
        ["Den vedhæftede fil {file} er beskadiget i mailen.", NOTHING_READ_DA, ATTACHMENT_DA],
        ["The attachment {file} is damaged in the mail.", NOTHING_READ_EN, ATTACHMENT_EN],
    ),
    entry(
        "mail-encoding-unknown",
        [
            "En vedhæftet fil er pakket på en måde, Bogbro ikke kender: {encoding}.",
            NOTHING_READ_DA,
            ATTACHMENT_DA,
        ],
        [
            "An attachment is encoded in a way that Bogbro does not know: {encoding}.",
            NOTHING_READ_EN,
            ATTACHMENT_EN,
        ],
    ),
    entry(
        "mail-too-large",
        ["Mailen, eller det der er pakket i den, er større end {limit} MB.", NOTHING_READ_DA, ATTACHMENT_DA],
        ["The mail, or what is packed in it, is larger than {limit} MB.", NOTHING_READ_EN, ATTACHMENT_EN],
    ),
    entry(
        "mail-heading-too-long",
        [
            "Hovedet på mailen eller på en del af den er længere end {limit} KB eller har for mange felter.",
            NOTHING_READ_DA,
            ATTACHMENT_DA,
        ],
        [
            "The heading of the mail, or of a part of it, is longer than {limit} KB or has too many fields.",
            NOTHING_READ_EN,
            ATTACHMENT_EN,
        ],
    ),
    entry(
        "mail-too-many-parts",
        ["Mailen har flere end {limit} dele.", NOTHING_READ_DA, ATTACHMENT_DA],
        ["The mail has more than {limit} parts.", NOTHING_READ_EN, ATTACHMENT_EN],
    ),
    entry(
        "mail-too-many-files",
        ["Mailen har flere end {limit} vedhæftede filer.", NOTHING_READ_DA, "Send dem i flere mails."],
        ["The mail has more than {limit} attachments.", NOTHING_READ_EN, "Send them in several mails."],
    ),
    entry(
        "mail-too-deep",
        ["Mailens dele ligger i hinanden i flere end {limit} lag.", NOTHING_READ_DA, ATTACHMENT_DA],
        ["The mail's parts stand in each other in more than {limit} layers.", NOTHING_READ_EN, ATTACHMENT_EN],
    ),
    entry(
        "mail-refused-by-scan",
        [
            "Mailen blev standset af skanningen, da den kom: {found}.",
            NOTHING_READ_DA,
            "Er rapporten god nok, så hent den hos indløseren, og læg den ind med `bogbro payouts upload`.",
        ],
        [
            "The mail was stopped by the scan when it came: {found}.",
            NOTHING_READ_EN,
            "If the report is sound, download it from the acquirer and take it in with `bogbro payouts upload`.",
        ],
    ),
    entry(
        "mail-address-unknown",
        [
            "Mailen er ikke sendt til en adresse, der gælder.",
            "Ingen ved, hvem den tilhører, så intet af den er læst. Den ligger i S3 (`mail/`) i 90 dage.",
            "`bogbro payouts address` viser den adresse, der gælder. Hører mailen til en kunde, så hent den dér, og læg den ind med `bogbro payouts upload`.",
        ],
        [
            "The mail was sent to no address that holds.",
            "Nobody knows whose it is, so nothing of it was read. It lies in S3 (`mail/`) for 90 days.",
            "`bogbro payouts address` shows the address that holds. If the mail is a merchant's, download it there and take it in with `bogbro payouts upload`.",
        ],
    ),
    entry(
        "mail-given-up",
        [
            "Mailen blev prøvet ti gange, uden at det lykkedes at finde ud af, hvem den tilhører.",
            "Intet af den er læst. Den ligger i S3 (`mail/`) i 90 dage.",
            "Loggen fortæller, hvad der gik galt. Hører mailen til en kunde, så hent den dér, og læg den ind med `bogbro payouts upload`.",
        ],
        [
            "The mail was tried ten times without finding out whose it is.",
            "Nothing of it was read. It lies in S3 (`mail/`) for 90 days.",
            "The log tells what went wrong. If the mail is a merchant's, download it there and take it in with `bogbro payouts upload`.",
        ],
    ),
    entry(
        "payout-statement-by-mail",
        [
            "Et kontoudtog er kommet med mail.",
            "Det bekræfter ingen udbetalinger, for enhver kan have skrevet en mail. Filen er gemt.",
            "Hent kontoudtoget i banken, og læg det ind med `bogbro payouts upload` eller i mappen.",
        ],
        [
            "A bank statement came by mail.",
            "It confirms no payouts, since anybody may have written a mail. The file is kept.",
            "Download the statement from the bank, and take it in with `bogbro payouts upload` or drop it.",
        ],
    ),
    entry(
        "payout-by-mail",
        [
            "Rapporten om udbetaling {payout} er kommet med mail, og hverken banken eller indløseren har vist beløbet endnu.",
            "Den bogføres ikke af sig selv.",
            "Den går videre, når banken eller indløseren viser samme beløb, eller når du har set på den og godkender den.",
        ],
        [
            "The report on payout {payout} came by mail, and neither the bank nor the acquirer has shown the amount yet.",
            "It is not posted by itself.",
            "It goes on when the bank or the acquirer shows the same amount, or once you have looked at it and approve it.",
        ],
    ),
];
