//! Words for payouts on their way to the books: one entry to a code, Danish before English.

use super::Entry;
use super::texts::entry;

const NOT_POSTED_DA: &str = "Udbetalingen bogføres ikke, før det er afgjort.";
const NOT_POSTED_EN: &str = "The payout is not posted until this is settled.";
const BLOCKS_NOTHING_DA: &str = "Det standser ikke noget.";
const BLOCKS_NOTHING_EN: &str = "It blocks nothing.";
const NOTHING_CHANGED_DA: &str = "Intet er ændret.";
const NOTHING_CHANGED_EN: &str = "Nothing was changed.";
const LOOK_AND_POST_DA: &str = "Se bilaget i regnskabet, og kør `bogbro payouts post`, når det er i orden.";
const LOOK_AND_POST_EN: &str =
    "Look at the voucher in the books, and run `bogbro payouts post` when it is in order.";

pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "payout-flow-gone",
        [
            "Udbetalingen hører til {flow}, som ikke findes i indstillingerne mere ({message}).",
            NOT_POSTED_DA,
            "Sæt forløbet ind i indstillingerne igen.",
        ],
        [
            "The payout belongs to {flow}, which the settings do not have any more ({message}).",
            NOT_POSTED_EN,
            "Put the flow back into the settings.",
        ],
    ),
    entry(
        "payout-waiting-for-approval",
        [
            "Udbetaling {payout} fra {acquirer} på {amount} er afstemt og venter på godkendelse.",
            "Den bogføres, når den er godkendt.",
            "Gennemse den med `bogbro payouts show`, og godkend den.",
        ],
        [
            "Payout {payout} of {acquirer} for {amount} is matched and waits for approval.",
            "It is posted when it is approved.",
            "Look through it with `bogbro payouts show`, and approve it.",
        ],
    ),
    entry(
        "payout-report-elsewhere",
        [
            "Indløseren har meldt rapporten {file} på {address}, som ikke er forbindelsens adresse.",
            "Rapporten er ikke hentet: adgangsoplysninger sendes kun til forbindelsens egen adresse.",
            "Sæt adressen som forbindelsens base-url, hvis den er indløserens, eller hent rapporten selv og læg den i mappen.",
        ],
        [
            "The acquirer announced the report {file} at {address}, which is not the connection's address.",
            "The report was not downloaded: credentials are sent to the connection's own address alone.",
            "Make the address the connection's base URL, if it is the acquirer's, or download the report and drop it yourself.",
        ],
    ),
    entry(
        "payout-flow-unknown",
        [
            "Der er lagt en fil til {flow}, som indstillingerne ikke har.",
            "Filen er ikke læst.",
            "Sæt forløbet ind i indstillingerne, og læg filen igen.",
        ],
        [
            "A file was dropped for {flow}, which the settings do not have.",
            "The file was not read.",
            "Put the flow into the settings, and drop the file again.",
        ],
    ),
    entry(
        "payout-file-gone",
        [
            "Der er lagt en fil til {flow}, som ikke er der længere.",
            "Filen er ikke læst.",
            "Læg filen igen, hvis dens udbetalinger mangler.",
        ],
        [
            "A file was dropped for {flow} that is not there any more.",
            "The file was not read.",
            "Drop the file again if its payouts are missing.",
        ],
    ),
    entry(
        "payout-rejected",
        [
            "{system} afviste bilaget til udbetaling {payout}: {message}.",
            NOT_POSTED_DA,
            "Ret det, som regnskabet peger på (konti, kladde, periode), eller knyt linjen til andet, og kør `bogbro payouts post`: står intet af udbetalingen i regnskabet, planlægges den igen, og bliver bilaget et andet, godkendes det igen.",
        ],
        [
            "{system} refused the voucher of payout {payout}: {message}.",
            NOT_POSTED_EN,
            "Put right what the books point at (accounts, journal, period), or match the line with something else, and run `bogbro payouts post`: where nothing of the payout stands in the books it is planned anew, and another voucher is approved anew.",
        ],
    ),
    entry(
        "payout-delayed",
        [
            "Udbetaling {payout} er forsøgt mange gange, og {system} har ikke svaret, som det skal: {message}.",
            "Udbetalingen kommer ikke videre, før {system} svarer. Der forsøges stadig, og intet bogføres to gange.",
            "Se efter, om {system} er i drift, og om adgangen er i orden; ellers skal der ikke gøres noget.",
        ],
        [
            "Payout {payout} was tried many times, and {system} did not answer as it should: {message}.",
            "The payout does not come on until {system} answers. It is still tried, and nothing is booked twice.",
            "See whether {system} is up and access to it in order; otherwise nothing needs to be done.",
        ],
    ),
    entry(
        "payout-booked-by-hand",
        [
            "Udbetaling {payout} er allerede bogført på bilag {voucher}.",
            "Den bogføres ikke igen.",
            "Se, at bilaget er rigtigt. Hører det til andet, så tag udbetalingen op igen med `bogbro payouts reopen`.",
        ],
        [
            "Payout {payout} is booked already on voucher {voucher}.",
            "It is not posted again.",
            "See that the voucher is right. If it belongs to something else, take the payout up again with `bogbro payouts reopen`.",
        ],
    ),
    entry(
        "payout-books-cut",
        [
            "Der er flere fakturaer i perioden for udbetaling {payout}, end der gennemses.",
            "Fakturaer, som Bogbro ikke selv har lavet, kan være overset.",
            "Knyt de linjer, der mangler, til fakturaer i hånden.",
        ],
        [
            "There are more invoices in the period of payout {payout} than are looked through.",
            "Invoices that Bogbro did not make may be overlooked.",
            "Match the lines that are left with invoices by hand.",
        ],
    ),
    entry(
        "payout-links-unclear",
        [
            "Udbetaling {payout}: {count} referencer hører hos gatewayen til flere mulige ordrer: {references}.",
            "De er ikke knyttet til nogen faktura.",
            "Knyt linjerne til fakturaer i hånden. Deler flere butikker en gateway, så nævn butikkerne under matching.shops, eller skil deres numre ad.",
        ],
        [
            "Payout {payout}: {count} references are of several possible orders at the gateway: {references}.",
            "They are matched with no invoice.",
            "Match the lines with invoices by hand. Where several shops share a gateway, name the shops in matching.shops, or tell their numbers apart.",
        ],
    ),
    entry(
        "payout-journal-missing",
        [
            "Indstillingerne nævner ingen kassekladde til udbetalinger.",
            NOT_POSTED_DA,
            "Sæt `voucher.journal` til kladdens nummer.",
        ],
        [
            "The settings name no journal for payouts.",
            NOT_POSTED_EN,
            "Set `voucher.journal` to the journal's number.",
        ],
    ),
    entry(
        "payout-voucher-limit",
        [
            "Bilaget til udbetaling {payout} kan ikke stå i kladden: {message}.",
            NOT_POSTED_DA,
            "Sæt `voucher.entries` lavere, eller vælg en anden bogføringsmodel.",
        ],
        [
            "The journal cannot hold the voucher of payout {payout}: {message}.",
            NOT_POSTED_EN,
            "Set `voucher.entries` lower, or choose another model of bookkeeping.",
        ],
    ),
    entry(
        "payout-lines-many",
        [
            "Udbetaling {payout} har {lines} linjer. Så mange kan ikke slås op, mens et kald venter på svar.",
            "Intet er ændret.",
            "Brug kommandoen `bogbro payouts booked`, som kan bruge den tid, det tager.",
        ],
        [
            "Payout {payout} has {lines} lines. So many cannot be looked up while a call waits for its answer.",
            "Nothing is changed.",
            "Use the command `bogbro payouts booked`, which can take the time that it needs.",
        ],
    ),
    entry(
        "payout-entries-many",
        [
            "Udbetaling {payout} ville give {count} posteringer. En udbetaling kan højst have {limit}.",
            NOT_POSTED_DA,
            "Vælg modellen `lump`, som samler betalinger af én slags i én postering. Er den valgt, er det linjer uden faktura eller chargebacks, der er for mange: se, hvorfor de ikke findes.",
        ],
        [
            "Payout {payout} would make {count} entries. A payout may have {limit} at most.",
            NOT_POSTED_EN,
            "Choose the model `lump`, which puts payments of one kind in one entry. Where it is chosen, it is lines without an invoice or chargebacks that are too many: see why they are not found.",
        ],
    ),
    entry(
        "payout-paid-meanwhile",
        [
            "En anden udbetaling har betalt {document}, siden udbetaling {payout} blev godkendt.",
            "Den er afstemt igen og skal godkendes igen.",
            "Gennemse den, og godkend den.",
        ],
        [
            "Another payout has paid {document} since payout {payout} was approved.",
            "It is matched anew and must be approved anew.",
            "Look through it and approve it.",
        ],
    ),
    entry(
        "payout-statement-too-large",
        [
            "Opgørelsen til udbetaling {payout} er for stor til at lægges ved bilaget.",
            BLOCKS_NOTHING_DA,
            "Rapporten selv er gemt og kan hentes.",
        ],
        [
            "The statement of payout {payout} is too large to be put on the voucher.",
            BLOCKS_NOTHING_EN,
            "The report itself is kept and can be fetched.",
        ],
    ),
    entry(
        "payout-attached-already",
        [
            "Der ligger allerede en fil ved bilaget til udbetaling {payout}.",
            BLOCKS_NOTHING_DA,
            "Rapporten selv er gemt og kan hentes.",
        ],
        [
            "There is a file on the voucher of payout {payout} already.",
            BLOCKS_NOTHING_EN,
            "The report itself is kept and can be fetched.",
        ],
    ),
    entry(
        "payout-voucher-gone",
        [
            "Bilag {voucher} til udbetaling {payout} er ikke i kladden mere.",
            "Det laves ikke igen af sig selv.",
            "Ret det, som gjorde, at bilaget blev slettet. Tilbagefør udbetalingen: det, der står, føres tilbage, og resten lades være. Tag den derefter op igen.",
        ],
        [
            "Voucher {voucher} of payout {payout} is not in the journal any more.",
            "It is not made again by itself.",
            "Put right why the voucher was deleted. Reverse the payout: what stands is undone, and the rest is let go. Then take it up again.",
        ],
    ),
    entry(
        "payout-voucher-changed",
        [
            "Bilag {voucher} til udbetaling {payout} er ikke, som det blev lavet: {message}.",
            "Bogbro rører det ikke.",
            LOOK_AND_POST_DA,
        ],
        [
            "Voucher {voucher} of payout {payout} is not as it was made: {message}.",
            "Bogbro leaves it alone.",
            LOOK_AND_POST_EN,
        ],
    ),
    entry(
        "payout-original-gone",
        [
            "Filen {file}, som udbetaling {payout} blev læst af, er ikke gemt mere: den slettes, når regnskabets opbevaringspligt er forbi.",
            "Udbetalingens linjer kan ikke læses igen.",
            "Det, der er bogført, står i regnskabet. Er filen yngre end det, så kontakt den, der driver Bogbro.",
        ],
        [
            "The file {file} that payout {payout} was read from is not kept any more: it is erased when the retention of the books is over.",
            "The payout's lines cannot be read again.",
            "What was posted stands in the books. If the file is younger than that, contact whoever runs Bogbro.",
        ],
    ),
    entry(
        "payout-booked-otherwise",
        [
            "Bilag {voucher} til udbetaling {payout} er bogført i regnskabet i en anden form, end det blev lavet: {message}.",
            "Bogbro bogfører ikke udbetalingen igen og fører ikke bilaget tilbage.",
            "Er bilaget udbetalingen, så kør `bogbro payouts booked`. Skal den ikke stå der, så tilbagefør bilaget i regnskabet, kør `bogbro payouts reverse`, hvis det ikke er gjort, og når Bogbro igen holder udbetalingen, `bogbro payouts dismiss`.",
        ],
        [
            "Voucher {voucher} of payout {payout} is booked in the books in another form than it was made: {message}.",
            "Bogbro does not post the payout again, and does not undo the voucher.",
            "If the voucher is the payout, run `bogbro payouts booked`. If it should not stand there, undo the voucher in the books, run `bogbro payouts reverse` unless that was done, and when Bogbro holds the payout again, `bogbro payouts dismiss`.",
        ],
    ),
    entry(
        "payout-returned",
        [
            "Banken har sendt udbetaling {payout} tilbage den {date}.",
            "Pengene er ikke kommet, og udbetalingen bogføres ikke, før en person har set på det.",
            "Spørg indløseren. Står returneringen i indløserens næste rapport, så lad udbetalingen gå videre med `bogbro payouts reopen`, og godkend den; ellers læg den til side med `bogbro payouts dismiss`.",
        ],
        [
            "The bank sent payout {payout} back on {date}.",
            "The money has not come, and the payout is not posted until a person has looked at it.",
            "Ask the acquirer. If the return stands in the acquirer's next report, let the payout go on with `bogbro payouts reopen`, and approve it; otherwise set it aside with `bogbro payouts dismiss`.",
        ],
    ),
    entry(
        "payout-returned-posted",
        [
            "Banken har sendt udbetaling {payout} tilbage den {date}, og den er bogført.",
            "Bankkontoen viser penge i regnskabet, som ikke er kommet.",
            "Spørg indløseren. Står returneringen ikke i indløserens næste rapport, så tilbagefør udbetalingen med `bogbro payouts reverse`; er den bogført i hånden, så tilbagefør dens bilag.",
        ],
        [
            "The bank sent payout {payout} back on {date}, and it is posted.",
            "The bank account in the books shows money that has not come.",
            "Ask the acquirer. Unless the return stands in the acquirer's next report, reverse the payout with `bogbro payouts reverse`; where it was booked by hand, reverse its voucher.",
        ],
    ),
    entry(
        "payout-line-no-payment",
        [
            "Linje {line} i udbetaling {payout} er ingen betaling.",
            NOTHING_CHANGED_DA,
            "Vælg en linje med et salg, en refundering eller en indsigelse.",
        ],
        [
            "Line {line} of payout {payout} is no payment.",
            NOTHING_CHANGED_EN,
            "Choose a line with a sale, a refund or a chargeback.",
        ],
    ),
    entry(
        "payout-split-differs",
        [
            "Delene giver ikke beløbet på linje {line} i udbetaling {payout}.",
            NOTHING_CHANGED_DA,
            "Fordel hele linjens beløb, med linjens fortegn.",
        ],
        [
            "The parts do not make the amount of line {line} of payout {payout}.",
            NOTHING_CHANGED_EN,
            "Share out the whole amount of the line, with its sign.",
        ],
    ),
    entry(
        "payout-split-currency",
        [
            "Linje {line} i udbetaling {payout} er knyttet til bilag {document}, som er i {currency}, med et beløb i en anden valuta.",
            NOTHING_CHANGED_DA,
            "Skriv beløbet i {currency}, som rapporten angiver det for køberen. Angiver den det ikke, så send linjen til fejlkontoen.",
        ],
        [
            "Line {line} of payout {payout} is matched with document {document}, which is in {currency}, with an amount in another currency.",
            NOTHING_CHANGED_EN,
            "Write the amount in {currency}, as the report states it for the buyer. If it does not, send the line to the error account.",
        ],
    ),
    entry(
        "payout-part-unreadable",
        [
            "Bilag {document}: {amount} er ikke et beløb.",
            NOTHING_CHANGED_DA,
            "Skriv nummer=beløb, fx 10017=249.00 eller 10017=\"100.00 EUR\".",
        ],
        [
            "Document {document}: {amount} is no amount.",
            NOTHING_CHANGED_EN,
            "Write number=amount, such as 10017=249.00 or 10017=\"100.00 EUR\".",
        ],
    ),
    entry(
        "payout-part-missing",
        [
            "Det er ikke angivet, hvor meget af linjen der betaler bilag {document}.",
            NOTHING_CHANGED_DA,
            "Skriv nummer=beløb for hvert af flere bilag.",
        ],
        [
            "It is not said how much of the line pays document {document}.",
            NOTHING_CHANGED_EN,
            "Write number=amount for each of several documents.",
        ],
    ),
    entry(
        "payout-decisions-many",
        [
            "Der er for mange afgørelser om enkelte linjer i udbetaling {payout}.",
            NOTHING_CHANGED_DA,
            "Ret indstillingerne, så linjerne afstemmes af sig selv.",
        ],
        [
            "There are too many decisions about single lines of payout {payout}.",
            NOTHING_CHANGED_EN,
            "Put the settings right, so that the lines are matched by themselves.",
        ],
    ),
    entry(
        "payout-nobody",
        ["Der er ikke sagt, hvem der afgør det.", NOTHING_CHANGED_DA, "Angiv et navn."],
        ["Nobody is named who decides.", NOTHING_CHANGED_EN, "Give a name."],
    ),
];
