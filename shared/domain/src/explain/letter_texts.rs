//! Words for messages that a queue gave up: one entry to a code, Danish before English.

use super::Entry;
use super::texts::entry;

const SEND_AGAIN_DA: &str = "Ret årsagen, og send beskeden igen: `bogbro transfers parked` viser den, `bogbro transfers replay` sender den.";
const SEND_AGAIN_EN: &str = "Correct the cause and send the message again: `bogbro transfers parked` shows it, `bogbro transfers replay` sends it.";

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "dead-letter",
        [
            "En besked blev opgivet af køen efter for mange forsøg.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Ret årsagen, og gensend ordren.",
        ],
        [
            "The queue gave a message up after too many attempts.",
            "The transfer is set aside and does not go on by itself.",
            "Correct the cause and replay the order.",
        ],
    ),
    entry(
        "dead-letter-payout-file",
        [
            "En fil til {flow} kunne ikke tages ind efter mange forsøg; den sidste fejl var: {message}.",
            "Filen er gemt, men dens udbetalinger afstemmes ikke.",
            SEND_AGAIN_DA,
        ],
        [
            "A file for {flow} could not be taken in after many attempts; the last failure was: {message}.",
            "The file is kept, but its payouts are not matched.",
            SEND_AGAIN_EN,
        ],
    ),
    entry(
        "dead-letter-payout-report",
        [
            "En rapport, som indløseren har meldt for {account}, kunne ikke hentes efter mange forsøg; den sidste fejl var: {message}.",
            "Rapportens udbetalinger afstemmes ikke, og indløseren melder den måske ikke igen.",
            SEND_AGAIN_DA,
        ],
        [
            "A report that the acquirer announced for {account} could not be downloaded after many attempts; the last failure was: {message}.",
            "The report's payouts are not matched, and the acquirer may not announce it again.",
            SEND_AGAIN_EN,
        ],
    ),
    entry(
        "dead-letter-payout-fetch",
        [
            "Indløserens udbetalinger til {flow} kunne ikke hentes efter mange forsøg; den sidste fejl var: {message}.",
            "Nye udbetalinger mangler, indtil der igen kan hentes. Der prøves hver time.",
            "Ret årsagen, eller hent selv filen hos indløseren og læg den i mappen; `bogbro payouts fetch` prøver med det samme.",
        ],
        [
            "The acquirer's payouts for {flow} could not be fetched after many attempts; the last failure was: {message}.",
            "New payouts are missing until they can be fetched again. This is tried every hour.",
            "Correct the cause, or download the file from the acquirer and drop it yourself; `bogbro payouts fetch` tries at once.",
        ],
    ),
    entry(
        "dead-letter-gateway",
        [
            "Gatewayen {gateway} kunne efter mange forsøg ikke spørges om, hvilke ordrer betalinger hører til; den sidste fejl var: {message}.",
            "Udbetalinger, som kun nævner indløserens egne referencer, venter så længe. Der prøves hver time.",
            "Ret årsagen (er nøglen trukket tilbage, så sæt en ny med `bogbro secret set`); `bogbro payouts fetch` prøver med det samme.",
        ],
        [
            "The gateway {gateway} could not be asked which orders payments are of after many attempts; the last failure was: {message}.",
            "Payouts that name the acquirer's own references only wait meanwhile. This is tried every hour.",
            "Correct the cause (where the key was revoked, set a new one with `bogbro secret set`); `bogbro payouts fetch` tries at once.",
        ],
    ),
    entry(
        "dead-letter-payout-work",
        [
            "Arbejdet med udbetaling {payout} fra {acquirer} blev opgivet efter mange forsøg; den sidste fejl var: {message}.",
            "Udbetalingen kommer ikke videre, før der arbejdes på den igen.",
            SEND_AGAIN_DA,
        ],
        [
            "The work on payout {payout} of {acquirer} was given up after many attempts; the last failure was: {message}.",
            "The payout does not get on until it is worked on again.",
            SEND_AGAIN_EN,
        ],
    ),
    entry(
        "dead-letter-payout",
        [
            "En besked om udbetalinger kan ikke forstås: {message}.",
            "Det, beskeden fortæller om, er ikke taget ind. Intet er tabt.",
            SEND_AGAIN_DA,
        ],
        [
            "A message about payouts is not understood: {message}.",
            "What the message tells of was not taken in. Nothing is lost.",
            SEND_AGAIN_EN,
        ],
    ),
    entry(
        "dead-letter-stock",
        [
            "Lageret kunne ikke føres til webshoppen efter mange forsøg.",
            "Webshoppen kan vise et gammelt lager. Næste kørsel prøver igen, og går den godt, forsvinder denne besked af sig selv.",
            "Se `bogbro stock show`, og ret årsagen.",
        ],
        [
            "The stock could not be carried to the webshop after many attempts.",
            "The webshop may show old stock. The next run tries again, and when it goes well this message goes by itself.",
            "See `bogbro stock show`, and correct the cause.",
        ],
    ),
];
