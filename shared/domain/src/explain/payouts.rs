//! Words for settlements and payouts: one entry to a code, Danish before English.

use super::Entry;
use super::texts::entry;

const NOTHING_POSTED_DA: &str = "Intet af udbetalingen bogføres.";
const NOTHING_POSTED_EN: &str = "Nothing of the payout is posted.";
const SAME_REPORT_DA: &str =
    "Hent rapporten igen hos indløseren. Er forskellen der stadig, så spørg indløseren.";
const SAME_REPORT_EN: &str =
    "Fetch the report from the acquirer again. If it still differs, ask the acquirer.";
const NOT_ALONE_DA: &str = "Den bogføres ikke af sig selv.";
const NOT_ALONE_EN: &str = "It is not posted by itself.";
const LOOK_DA: &str = "Gennemse udbetalingen og godkend den.";
const LOOK_EN: &str = "Look through the payout and approve it.";
const SETTINGS_DA: &str = "Indstillingerne er ikke gemt.";
const SETTINGS_EN: &str = "The settings are not saved.";
const DECIDE_DA: &str = "Knyt linjerne til fakturaer, eller send dem til fejlkontoen med en grund. Reglen kan sættes i indstillingerne.";
const DECIDE_EN: &str = "Match the lines with invoices, or send them to the error account with a reason. The settings can hold the rule.";
const LATER_DA: &str = "Kommer fakturaen senere, skal der intet gøres: udbetalingen ses igen af sig selv hver nat i en måned, og når indstillingerne ændres. Ellers knyt linjerne til fakturaer, eller send dem til fejlkontoen med en grund. Reglen kan sættes i indstillingerne.";
const LATER_EN: &str = "If the invoice comes later, nothing is to be done: the payout is looked at again by itself each night for a month, and when the settings change. Otherwise match the lines with invoices, or send them to the error account with a reason. The settings can hold the rule.";
const WAITS_DA: &str =
    "Udbetalingen venter, medmindre indstillingerne sender den slags linjer til fejlkontoen.";
const WAITS_EN: &str = "The payout waits, unless the settings send such lines to the error account.";

/// What reports say of themselves.
pub(crate) const SETTLEMENTS: &[Entry] = &[
    entry(
        "settlement-other-currency",
        [
            "Linje {line} i rapporten er i {found}, men udbetalingen er i {currency}.",
            NOTHING_POSTED_DA,
            SAME_REPORT_DA,
        ],
        [
            "Line {line} of the report is in {found}, but the payout is in {currency}.",
            NOTHING_POSTED_EN,
            SAME_REPORT_EN,
        ],
    ),
    entry(
        "settlement-stated-twice",
        ["Rapporten angiver {field} både som {first} og som {second}.", NOTHING_POSTED_DA, SAME_REPORT_DA],
        ["The report states {field} both as {first} and as {second}.", NOTHING_POSTED_EN, SAME_REPORT_EN],
    ),
    entry(
        "settlement-not-readable",
        ["Rapporten kan ikke læses: {message}.", NOTHING_POSTED_DA, SAME_REPORT_DA],
        ["The report cannot be read: {message}.", NOTHING_POSTED_EN, SAME_REPORT_EN],
    ),
    entry(
        "settlement-line-differs",
        [
            "Rapporten stemmer ikke ({place}): netto er angivet til {stated}, men brutto, gebyrer og moms giver {reckoned}. Forskel: {difference}.",
            NOTHING_POSTED_DA,
            SAME_REPORT_DA,
        ],
        [
            "The report does not add up ({place}): net is stated as {stated}, but gross, fees and VAT make {reckoned}. Difference: {difference}.",
            NOTHING_POSTED_EN,
            SAME_REPORT_EN,
        ],
    ),
    entry(
        "settlement-total-differs",
        [
            "Rapportens sum stemmer ikke ({place}): angivet {stated}, linjerne giver {reckoned}. Forskel: {difference}.",
            NOTHING_POSTED_DA,
            SAME_REPORT_DA,
        ],
        [
            "A total of the report differs ({place}): stated {stated}, the lines make {reckoned}. Difference: {difference}.",
            NOTHING_POSTED_EN,
            SAME_REPORT_EN,
        ],
    ),
    entry(
        "settlement-payout-differs",
        [
            "Udbetalingen er {stated} ifølge {place}, men rapporten giver {reckoned}. Forskel: {difference}.",
            NOTHING_POSTED_DA,
            "Se, om rapporten er hel, og om beløbet hører til denne udbetaling.",
        ],
        [
            "The payout is {stated} according to {place}, but the report makes {reckoned}. Difference: {difference}.",
            NOTHING_POSTED_EN,
            "See whether the report is whole, and whether the amount belongs to this payout.",
        ],
    ),
    entry(
        "settlement-line-twice",
        ["Linje {reference} står to gange i rapporten ({place}).", NOTHING_POSTED_DA, SAME_REPORT_DA],
        ["Line {reference} stands twice in the report ({place}).", NOTHING_POSTED_EN, SAME_REPORT_EN],
    ),
    entry(
        "settlement-off-balance",
        [
            "Rapporten går ikke op: saldo før {opening}, indtjent {earned}, udbetalt {payout}, saldo efter {closing}. Forskel: {difference}.",
            NOTHING_POSTED_DA,
            SAME_REPORT_DA,
        ],
        [
            "The report does not balance: opening {opening}, earned {earned}, paid out {payout}, closing {closing}. Difference: {difference}.",
            NOTHING_POSTED_EN,
            SAME_REPORT_EN,
        ],
    ),
    entry(
        "settlement-count-differs",
        ["Rapporten angiver {stated} linjer ({place}), men har {found}.", NOTHING_POSTED_DA, SAME_REPORT_DA],
        ["The report states {stated} lines ({place}) but has {found}.", NOTHING_POSTED_EN, SAME_REPORT_EN],
    ),
];

/// What becomes of payouts.
pub(crate) const PAYOUTS: &[Entry] = &[
    entry(
        "payout-conflict",
        [
            "Udbetaling {payout} fra {acquirer} er kommet før med et andet indhold.",
            "Den nye rapport bogføres ikke, og den gamle ændres ikke.",
            "Sammenlign de to rapporter, og afgør det med `bogbro payouts dismiss`: med --take-new, hvis den nye er rigtig. Er den gamle bogført, så tilbagefør den først, og tag udbetalingen op igen bagefter. Er det en anden periodes rapport i en fil af samme navn, så hent den ud med `bogbro payouts original`, og læg den ind under sit eget navn.",
        ],
        [
            "Payout {payout} from {acquirer} has come before with other content.",
            "The new report is not posted, and the old one is not changed.",
            "Compare the two reports, and decide with `bogbro payouts dismiss`: with --take-new if the new one is right. Where the old one is posted, reverse it first, and take the payout up again afterwards. Where it is another period's report in a file of the same name, write it out with `bogbro payouts original` and upload it under a name of its own.",
        ],
    ),
    entry(
        "payout-overlap",
        [
            "Linje {reference} står både i udbetaling {payout} og i {other} ({count} linjer gør).",
            "Udbetaling {payout} bogføres ikke, for en linje kan kun udbetales én gang.",
            "Hent rapporter, hvis perioder ikke overlapper, og læg den overflødige udbetaling til side.",
        ],
        [
            "Line {reference} stands in payout {payout} as well as in {other} ({count} lines do).",
            "Payout {payout} is not posted, since a line can be paid out once only.",
            "Fetch reports whose periods do not overlap, and set the superfluous payout aside.",
        ],
    ),
    entry(
        "payout-twin",
        [
            "Udbetaling {payout} på {amount} ligner udbetaling {other} ({name}) i en anden rapport fra samme indløser.",
            "Udbetaling {payout} bogføres ikke, før en person har set på det, for den samme udbetaling må kun bogføres én gang.",
            "Er det den samme, så læg den ene til side med `bogbro payouts dismiss`. Er det en anden, så sig det med `bogbro payouts reopen`; så kan den godkendes.",
        ],
        [
            "Payout {payout} of {amount} looks like payout {other} ({name}) in another report of the same acquirer.",
            "Payout {payout} is not posted until a person has looked at it, since one payout can be posted once only.",
            "If it is the same, set one aside with `bogbro payouts dismiss`. If it is another, say so with `bogbro payouts reopen`; it can then be approved.",
        ],
    ),
    entry(
        "payout-without-date",
        [
            "Rapporten om udbetaling {payout} siger ikke, hvornår der er udbetalt.",
            NOTHING_POSTED_DA,
            "Indlæs bankens kontoudtog (camt.053), hvor beløbet står med udbetalingens reference: valørdagen dér bliver bilagets dato.",
        ],
        [
            "The report on payout {payout} does not say when it was paid out.",
            NOTHING_POSTED_EN,
            "Load the bank's statement (camt.053) that shows the amount with the payout's reference: its value date becomes the voucher's.",
        ],
    ),
    entry(
        "payout-unconfirmed",
        [
            "Rapporten om udbetaling {payout} angiver hverken udbetaling eller saldo, så det ses ikke, om den er hel.",
            NOTHING_POSTED_DA,
            "Det ses, når banken eller indløserens liste over udbetalinger viser samme beløb. Er gebyrer trukket, som kun står i indløserens opgørelse, så bekræft beløb og gebyrer derfra med `bogbro payouts confirm`.",
        ],
        [
            "The report on payout {payout} states neither payout nor balance, so nothing shows whether it is whole.",
            NOTHING_POSTED_EN,
            "It is once the bank or the acquirer's list of payouts shows the same amount. Where fees were kept that stand in the acquirer's balance report alone, confirm amount and fees from there with `bogbro payouts confirm`.",
        ],
    ),
    entry(
        "payout-pending",
        [
            "Udbetaling {payout} er varslet, men ikke sendt.",
            NOTHING_POSTED_DA,
            "Der skal ikke gøres noget: den hentes igen, når den er sendt.",
        ],
        [
            "Payout {payout} is announced but was not sent.",
            NOTHING_POSTED_EN,
            "Nothing needs to be done: it is fetched again once it is sent.",
        ],
    ),
    entry(
        "payout-period-closed",
        [
            "Perioden {from} til {to} er lukket i regnskabet, og der skal bogføres den {date}.",
            NOTHING_POSTED_DA,
            "Åbn perioden, eller bogfør udbetalingen i hånden.",
        ],
        [
            "The period {from} to {to} is closed in the accounts, and something is to be posted on {date}.",
            NOTHING_POSTED_EN,
            "Open the period, or book the payout by hand.",
        ],
    ),
    entry(
        "payout-unknown-kind",
        [
            "Indløseren bruger et ord, Bogbro ikke kender: {word} ({count} linjer, {amount}).",
            "Linjerne er med i saldoen og står på fejlkontoen. Udbetalingen bogføres ikke af sig selv.",
            "Se, hvad linjerne er, og ompostér dem.",
        ],
        [
            "The acquirer uses a word that Bogbro does not know: {word} ({count} lines, {amount}).",
            "The lines count in the balance and stand on the error account. The payout is not posted by itself.",
            "See what the lines are, and repost them.",
        ],
    ),
    entry(
        "payout-fetch-refused",
        [
            "Indløseren kan ikke give en udbetaling, eller en dag, i {flow}: {message}.",
            "Den hentes ikke; alt andet hentes som ellers. Der spørges igen hver time.",
            "Hent rapporten hos indløseren og læg den ind med bogbro payouts upload, eller ret det, beskeden siger.",
        ],
        [
            "The acquirer cannot give a payout, or a day, of {flow}: {message}.",
            "It is not fetched; everything else is fetched as ever. It is asked for again each hour.",
            "Download the report from the acquirer and take it in with bogbro payouts upload, or mend what the message says.",
        ],
    ),
    entry(
        "gateway-page-refused",
        [
            "Gatewayen {gateway} kan ikke give en side af sine betalinger: {message}.",
            "Betalinger på den side kendes ikke, så udbetalinger af dem kan vente; alt andet hentes som ellers. Der spørges igen hver time.",
            "Ret det, beskeden siger, eller knyt linjerne til fakturaer med bogbro payouts match.",
        ],
        [
            "The gateway {gateway} cannot give a page of its payments: {message}.",
            "Payments of that page are not known, so payouts of them may wait; everything else is fetched as ever. It is asked for again each hour.",
            "Mend what the message says, or match the lines with invoices by bogbro payouts match.",
        ],
    ),
    entry(
        "gateway-list-refused",
        [
            "Gatewayen {gateway} kan ikke give en side af sine betalinger, og hvor listen går videre, vides ikke: {message}.",
            "Betalinger på den side og på siderne efter den kendes ikke, så udbetalinger af dem kan vente. Det, der blev læst før den, er kendt. Der spørges igen hver time.",
            "Ret det, beskeden siger; siger den intet, du kan rette, så spørg gatewayen. Knyt imens linjerne til fakturaer med bogbro payouts match.",
        ],
        [
            "The gateway {gateway} cannot give a page of its payments, and where the list goes on is not known: {message}.",
            "Payments of that page and of those behind it are not known, so payouts of them may wait. What was read before it is known. It is asked for again each hour.",
            "Mend what the message says; where it says nothing that you can mend, ask the gateway. Match the lines with invoices by bogbro payouts match meanwhile.",
        ],
    ),
    entry(
        "gateway-payment-refused",
        [
            "En betaling hos gatewayen {gateway} kan ikke læses: {message}.",
            "Det vides ikke, hvilken ordre den hører til; de andre er læst.",
            "Knyt dens linje til fakturaen med bogbro payouts match. Er den rettet hos gatewayen, så spørg igen med bogbro payouts fetch.",
        ],
        [
            "A payment of the gateway {gateway} cannot be read: {message}.",
            "It is not known which order it is of; the others are read.",
            "Match its line with the invoice by bogbro payouts match. Where the gateway has mended it, ask again with bogbro payouts fetch.",
        ],
    ),
    entry(
        "payout-account-missing",
        [
            "Der mangler en konto i indstillingerne: accounts.{account}.",
            NOTHING_POSTED_DA,
            "Angiv kontoen; så planlægges udbetalingen igen.",
        ],
        [
            "An account is missing in the settings: accounts.{account}.",
            NOTHING_POSTED_EN,
            "Name the account; the payout is then planned again.",
        ],
    ),
    entry(
        "payout-fee-vat-unplaced",
        [
            "Rapporten om udbetaling {payout} har moms af gebyrer ({amount}, {count} sum), men indstillingerne siger ikke, hvor den skal stå.",
            NOTHING_POSTED_DA,
            "Angiv accounts.fee-vat for indløseren og dens land.",
        ],
        [
            "The report on payout {payout} has VAT on fees ({amount}, {count} sum), but the settings do not say where it is booked.",
            NOTHING_POSTED_EN,
            "Set accounts.fee-vat for the acquirer and its country.",
        ],
    ),
    entry(
        "payout-lines-over",
        [
            "Udbetaling {payout}: {count} linjer ({amount}) betaler eller tager mere, end fakturaen lyder på.",
            WAITS_DA,
            DECIDE_DA,
        ],
        [
            "Payout {payout}: {count} lines ({amount}) pay or take more than the invoice's amount.",
            WAITS_EN,
            DECIDE_EN,
        ],
    ),
    entry(
        "payout-lines-given-back",
        [
            "Udbetaling {payout}: {count} linjer ({amount}) giver penge tilbage (en vundet indsigelse eller en refundering, der ikke gik igennem), men ingen udbetaling, Bogbro har bogført, har trukket så meget fra fakturaen.",
            WAITS_DA,
            "Se, hvor beløbet blev trukket. Sæt linjen på fakturaen, hvis det blev bogført på den, ellers på fejlkontoen.",
        ],
        [
            "Payout {payout}: {count} lines ({amount}) give money back (a dispute that was won, or a refund that failed), but no payout that Bogbro posted has taken as much from the invoice.",
            WAITS_EN,
            "See where the amount was taken. Put the line on the invoice if it was booked there, otherwise on the error account.",
        ],
    ),
    entry(
        "payout-lines-ambiguous",
        ["Udbetaling {payout}: {count} linjer ({amount}) passer på flere fakturaer.", WAITS_DA, DECIDE_DA],
        ["Payout {payout}: {count} lines ({amount}) fit several invoices.", WAITS_EN, DECIDE_EN],
    ),
    entry(
        "payout-lines-other-currency",
        [
            "Udbetaling {payout}: {count} linjer ({amount}) hører til fakturaer i en anden valuta, og rapporten angiver ikke beløbet i den.",
            WAITS_DA,
            DECIDE_DA,
        ],
        [
            "Payout {payout}: {count} lines ({amount}) belong to invoices in another currency, and the report does not state the amount in it.",
            WAITS_EN,
            DECIDE_EN,
        ],
    ),
    entry(
        "payout-lines-not-found",
        ["Udbetaling {payout}: {count} linjer ({amount}) har ingen faktura.", WAITS_DA, LATER_DA],
        ["Payout {payout}: {count} lines ({amount}) have no invoice.", WAITS_EN, LATER_EN],
    ),
    entry(
        "payout-refund-without-credit-note",
        [
            "Udbetaling {payout}: {count} refunderinger ({amount}) har ingen kreditnota endnu.",
            "Ved åbne fakturaer venter udbetalingen; ellers står beløbet på indløserens konto, til kreditnotaen kommer.",
            "Lav kreditnotaerne.",
        ],
        [
            "Payout {payout}: {count} refunds ({amount}) have no credit note yet.",
            "With open invoices the payout waits; otherwise the amount stands on the acquirer's account until the credit note comes.",
            "Make the credit notes.",
        ],
    ),
    entry(
        "payout-decision-differs",
        [
            "Udbetaling {payout}: {count} linjer ({amount}) er fordelt i hånden, men delene giver ikke linjens beløb.",
            WAITS_DA,
            "Ret fordelingen.",
        ],
        [
            "Payout {payout}: {count} lines ({amount}) were split by hand, but the parts do not make the line's amount.",
            WAITS_EN,
            "Correct the split.",
        ],
    ),
    entry(
        "payout-decision-currency",
        [
            "Udbetaling {payout}: {count} linjer ({amount}) er knyttet i hånden til bilag i en anden valuta end delenes.",
            WAITS_DA,
            "Knyt dem igen med beløb i bilagets egen valuta.",
        ],
        [
            "Payout {payout}: {count} lines ({amount}) were matched by hand with documents of another currency than the parts are in.",
            WAITS_EN,
            "Match them again with amounts in the document's own currency.",
        ],
    ),
    entry(
        "payout-off-balance",
        [
            "Bilaget for udbetaling {payout} går ikke op: {message}.",
            NOTHING_POSTED_DA,
            "Kontakt den, der driver Bogbro.",
        ],
        [
            "The voucher of payout {payout} does not balance: {message}.",
            NOTHING_POSTED_EN,
            "Contact whoever runs Bogbro.",
        ],
    ),
    entry(
        "payout-needs-person",
        ["Udbetaling {payout} venter på godkendelse.", NOT_ALONE_DA, LOOK_DA],
        ["Payout {payout} waits for approval.", NOT_ALONE_EN, LOOK_EN],
    ),
    entry(
        "payout-perhaps-booked",
        [
            "Der står allerede bilag på bankkontoen med samme beløb som udbetaling {payout}: {vouchers}.",
            NOT_ALONE_DA,
            "Se, om udbetalingen er bogført i hånden. Er den det, så angiv bilaget med `bogbro payouts booked`; ellers godkend.",
        ],
        [
            "The bank account already has vouchers with the amount of payout {payout}: {vouchers}.",
            NOT_ALONE_EN,
            "See whether the payout was booked by hand. If so, name the voucher with `bogbro payouts booked`; otherwise approve.",
        ],
    ),
    entry(
        "payout-format-unproven",
        [
            "Udbetaling {payout} er læst fra et format, som ingen prøve fra indløseren har bekræftet.",
            NOT_ALONE_DA,
            "Sammenlign med indløserens egen opgørelse, og godkend.",
        ],
        [
            "Payout {payout} was read from a format that no sample of the acquirer has proven.",
            NOT_ALONE_EN,
            "Compare it with the acquirer's own statement, and approve.",
        ],
    ),
    entry(
        "payout-has-chargebacks",
        ["Udbetaling {payout} har indsigelser.", NOT_ALONE_DA, LOOK_DA],
        ["Payout {payout} has chargebacks.", NOT_ALONE_EN, LOOK_EN],
    ),
    entry(
        "payout-above-limit",
        ["Udbetaling {payout} er større end grænsen for automatisk godkendelse.", NOT_ALONE_DA, LOOK_DA],
        ["Payout {payout} is above the limit of automatic approval.", NOT_ALONE_EN, LOOK_EN],
    ),
    entry(
        "payout-not-exact",
        ["Udbetaling {payout} har linjer, der ikke passer præcist til en faktura.", NOT_ALONE_DA, LOOK_DA],
        ["Payout {payout} has lines that do not fit an invoice exactly.", NOT_ALONE_EN, LOOK_EN],
    ),
    entry(
        "payout-nothing-parked",
        [
            "Ved udbetaling {payout} er der intet at lægge til side.",
            "Intet er ændret.",
            "Vis udbetalingen; en fil med et andet indhold kan lægges til side, og en udbetaling, der overlapper eller ligner en anden eller er sendt tilbage.",
        ],
        [
            "There is nothing to set aside at payout {payout}.",
            "Nothing was changed.",
            "Show the payout; a file with another content can be set aside, and a payout that overlaps or looks like another or went back.",
        ],
    ),
    entry(
        "payout-not-moved",
        [
            "Det kan ikke gøres med udbetalingen nu: {message}.",
            "Intet er ændret.",
            "Vis udbetalingen igen, og prøv derefter.",
        ],
        [
            "This cannot be done with the payout now: {message}.",
            "Nothing was changed.",
            "Show the payout again, then try again.",
        ],
    ),
    entry(
        "setting-tolerance",
        ["Tolerancen er fra 0 til 100.", SETTINGS_DA, "Ret beløbet."],
        ["The tolerance is from 0 to 100.", SETTINGS_EN, "Correct the amount."],
    ),
    entry(
        "setting-positive-amount",
        ["Beløbet skal være større end 0.", SETTINGS_DA, "Ret beløbet, eller fjern det."],
        ["The amount must be above 0.", SETTINGS_EN, "Correct the amount, or remove it."],
    ),
];
