//! Why a report of an acquirer or a bank was not taken in. The facts are places, names of columns and amounts.

use super::Entry;
use super::texts::entry;

const BLOCKS_DA: &str = "Intet af rapporten er indlæst eller bogført.";
const BLOCKS_EN: &str = "Nothing of the report is taken in or posted.";

const fn report(code: &'static str, da: [&'static str; 2], en: [&'static str; 2]) -> Entry {
    entry(code, [da[0], BLOCKS_DA, da[1]], [en[0], BLOCKS_EN, en[1]])
}

/// Refusals of readers.
pub(crate) const REPORTS: &[Entry] = &[
    report(
        "report-too-large",
        ["Filen er større end {limit} MB.", "Hent rapporten for en kortere periode, og indlæs den igen."],
        [
            "The file is larger than {limit} MB.",
            "Download the report for a shorter period and load it again.",
        ],
    ),
    report(
        "report-empty",
        ["Filen er tom eller indeholder ingen linjer.", "Hent rapporten igen hos indløseren eller banken."],
        ["The file is empty or holds no lines.", "Download the report again from the acquirer or the bank."],
    ),
    report(
        "report-encoding",
        [
            "Filen er ikke tekst i tegnsættet {encoding}: byte nr. {place} passer ikke.",
            "Gem filen, som den kom fra indløseren, uden at åbne den i et regneark. Kommer den i et andet tegnsæt, så vælg det i profilen.",
        ],
        [
            "The file is not text in the encoding {encoding}: byte no. {place} does not fit.",
            "Keep the file as it came from the acquirer, without opening it in a spreadsheet. If it comes in another encoding, choose that in the profile.",
        ],
    ),
    report(
        "report-not-text",
        ["Filen er ikke tekst.", "Kontrollér, at det er den rigtige fil, og hent den igen."],
        ["The file is not text.", "Check that it is the right file and download it again."],
    ),
    report(
        "report-record-too-long",
        [
            "En linje i filen er længere end {limit} byte, så filen er ikke, hvad den skulle være.",
            "Hent rapporten igen hos indløseren.",
        ],
        [
            "A line in the file is longer than {limit} bytes, so the file is not what it should be.",
            "Download the report again from the acquirer.",
        ],
    ),
    report(
        "report-cut-off",
        ["Filen hører op midt i noget: den er ikke hel.", "Hent rapporten igen hos indløseren eller banken."],
        [
            "The file ends in the middle of something: it is not whole.",
            "Download the report again from the acquirer or the bank.",
        ],
    ),
    report(
        "report-not-this-format",
        [
            "Filen er ikke en rapport fra {system}, som Bogbro kender.",
            "Kontrollér, at filen hører til den rigtige indløser, eller lav en profil for den.",
        ],
        [
            "The file is not a report of {system} that Bogbro knows.",
            "Check that the file belongs to the right acquirer, or make a profile for it.",
        ],
    ),
    report(
        "report-column-missing",
        [
            "Kolonnen \"{column}\" findes ikke i filen.",
            "Hent rapporten med standardkolonnerne, eller kontakt den, der driver Bogbro, hvis indløseren har omdøbt kolonnen.",
        ],
        [
            "The column \"{column}\" is not in the file.",
            "Download the report with its standard columns, or contact whoever runs Bogbro if the acquirer has renamed the column.",
        ],
    ),
    report(
        "report-column-twice",
        [
            "\"{column}\" står to gange, så det er ikke til at sige, hvilken der gælder.",
            "Hent rapporten igen uden den ekstra kolonne.",
        ],
        [
            "\"{column}\" stands twice, so nobody can say which one counts.",
            "Download the report again without the extra column.",
        ],
    ),
    report(
        "report-row-width",
        [
            "Række {row} har {found} felter; overskriften har {expected}.",
            "Hent rapporten igen. Er filen gemt fra et regneark, så brug den oprindelige.",
        ],
        [
            "Row {row} has {found} fields; the header has {expected}.",
            "Download the report again. If the file was saved from a spreadsheet, use the original.",
        ],
    ),
    report(
        "report-value-missing",
        [
            "Række {row} mangler en værdi i \"{column}\".",
            "Hent rapporten igen, eller kontakt den, der driver Bogbro.",
        ],
        [
            "Row {row} has no value in \"{column}\".",
            "Download the report again, or contact whoever runs Bogbro.",
        ],
    ),
    report(
        "report-amount",
        [
            "\"{column}\" i række {row} er ikke et beløb, som formatet skriver det.",
            "Kontrollér, om filen er hentet med et andet sprog eller gemt fra et regneark, og hent den igen.",
        ],
        [
            "\"{column}\" in row {row} is no amount as the format writes it.",
            "Check whether the file was downloaded in another language or saved from a spreadsheet, and download it again.",
        ],
    ),
    report(
        "report-currency",
        [
            "\"{column}\" i række {row} er ikke en valuta, som Bogbro kender, eller ikke den, der skulle stå dér.",
            "Kontrollér filen. En valuta, som Bogbro ikke kender, kan den, der driver Bogbro, tilføje.",
        ],
        [
            "\"{column}\" in row {row} is no currency that Bogbro knows, or not the one that should stand there.",
            "Check the file. A currency that Bogbro does not know can be added by whoever runs Bogbro.",
        ],
    ),
    report(
        "report-count",
        ["\"{column}\" i række {row} er ikke et antal.", "Hent rapporten igen hos indløseren."],
        ["\"{column}\" in row {row} is no number of lines.", "Download the report again from the acquirer."],
    ),
    report(
        "report-time",
        [
            "\"{column}\" i række {row} er ikke en dato eller et tidspunkt, som formatet skriver det.",
            "Kontrollér, om filen er hentet med et andet sprog eller gemt fra et regneark, og hent den igen.",
        ],
        [
            "\"{column}\" in row {row} is no date or time as the format writes it.",
            "Check whether the file was downloaded in another language or saved from a spreadsheet, and download it again.",
        ],
    ),
    report(
        "report-value",
        [
            "\"{column}\" i række {row} har en værdi, som formatet ikke har.",
            "Hent rapporten igen, eller kontakt den, der driver Bogbro.",
        ],
        [
            "\"{column}\" in row {row} has a value that the format does not have.",
            "Download the report again, or contact whoever runs Bogbro.",
        ],
    ),
    report(
        "report-record",
        [
            "Række {row} er af en slags, som formatet ikke har, eller står et forkert sted.",
            "Hent rapporten igen, eller kontakt den, der driver Bogbro.",
        ],
        [
            "Row {row} is of a kind that the format does not have, or stands in the wrong place.",
            "Download the report again, or contact whoever runs Bogbro.",
        ],
    ),
    report(
        "report-too-many",
        [
            "Filen har flere end {limit} ({what}).",
            "Hent rapporten for en kortere periode, og indlæs den igen.",
        ],
        [
            "The file has more than {limit} ({what}).",
            "Download the report for a shorter period and load it again.",
        ],
    ),
    report(
        "report-workbook",
        [
            "Filen er ikke en hel og læselig projektmappe (XLSX).",
            "Hent rapporten igen hos indløseren, eller vælg CSV.",
        ],
        [
            "The file is not a whole and readable workbook (XLSX).",
            "Download the report again from the acquirer, or choose CSV.",
        ],
    ),
    report(
        "report-reader-failed",
        [
            "Filen kunne ikke læses: Bogbro fejlede på noget i den, som ingen har forudset.",
            "Hent rapporten igen, eller vælg et andet format, hvis der er et. Sker det igen, så kontakt den, der driver Bogbro; filen er gemt.",
        ],
        [
            "The file could not be read: Bogbro failed at something in it that nobody foresaw.",
            "Download the report again, or choose another format if there is one. If it happens again, contact whoever runs Bogbro; the file is kept.",
        ],
    ),
    report(
        "report-unpacks-too-large",
        [
            "Projektmappen fylder mere end {limit} MB, når den pakkes ud.",
            "Hent rapporten for en kortere periode eller som CSV.",
        ],
        [
            "The workbook unpacks to more than {limit} MB.",
            "Download the report for a shorter period or as CSV.",
        ],
    ),
    report(
        "report-sheet-missing",
        [
            "Projektmappen har intet ark \"{sheet}\".",
            "Ret arkets navn i profilen, eller hent rapporten igen.",
        ],
        [
            "The workbook has no sheet \"{sheet}\".",
            "Correct the sheet's name in the profile, or download the report again.",
        ],
    ),
    report(
        "report-cell",
        [
            "Celle {column} i række {row} indeholder en fejl i stedet for en værdi.",
            "Hent rapporten igen hos indløseren.",
        ],
        [
            "Cell {column} in row {row} holds an error instead of a value.",
            "Download the report again from the acquirer.",
        ],
    ),
    report(
        "report-markup",
        ["Filen er ikke velformet XML.", "Hent rapporten igen hos indløseren eller banken."],
        ["The file is not well-formed XML.", "Download the report again from the acquirer or the bank."],
    ),
    report(
        "report-entity",
        [
            "Filen definerer eller bruger egne XML-enheder. Det har rigtige rapporter ikke, og det kan være et angreb.",
            "Hent rapporten igen fra indløserens egen side. Åbn ikke filen, hvis den kom med en mail, du ikke ventede.",
        ],
        [
            "The file defines or uses XML entities of its own. True reports have none, and it may be an attack.",
            "Download the report again from the acquirer's own site. Do not open the file if it came by a mail that you did not expect.",
        ],
    ),
    report(
        "report-not-json",
        [
            "Dokument nr. {document} er ikke JSON.",
            "Prøv igen om lidt; sker det igen, så kontakt den, der driver Bogbro.",
        ],
        [
            "Document no. {document} is not JSON.",
            "Try again in a while; if it happens again, contact whoever runs Bogbro.",
        ],
    ),
    report(
        "report-json",
        [
            "Dokument nr. {document} fra indløseren kan ikke læses: {place}.",
            "Kontakt den, der driver Bogbro: indløseren kan have ændret sit format.",
        ],
        [
            "Document no. {document} from the acquirer cannot be read: {place}.",
            "Contact whoever runs Bogbro: the acquirer may have changed its format.",
        ],
    ),
    report(
        "report-pages-missing",
        [
            "Rapporten er ikke hel: der er flere sider, end der blev hentet.",
            "Rapporten hentes igen. Er filen indlæst i hånden, så tag alle sider med.",
        ],
        [
            "The report is not whole: there are more pages than were fetched.",
            "The report is fetched again. If the file was loaded by hand, include all pages.",
        ],
    ),
    report(
        "report-batch-missing",
        [
            "Rapporten fra {system} siger ikke, hvilken udbetaling den gælder.",
            "Angiv udbetalingens nummer, når filen indlæses.",
        ],
        [
            "The report from {system} does not say which payout it is of.",
            "Give the payout's number when the file is loaded.",
        ],
    ),
    report(
        "report-balance-gap",
        [
            "Saldoen hænger ikke sammen ved linje {row}: {reckoned} efter linjen før, {stated} ifølge rapporten (forskel {difference}).",
            "Der mangler eller er ændret en linje. Hent rapporten igen hos indløseren.",
        ],
        [
            "The balance breaks at line {row}: {reckoned} after the line before, {stated} as the report states (difference {difference}).",
            "A line is missing or was changed. Download the report again from the acquirer.",
        ],
    ),
    report(
        "report-not-closed",
        [
            "Dagen er ikke lukket hos indløseren, så rapporten er ikke færdig.",
            "Der skal ikke gøres noget: rapporten hentes igen senere.",
        ],
        [
            "The day is not closed at the acquirer, so the report is not finished.",
            "Nothing needs to be done: the report is fetched again later.",
        ],
    ),
    report(
        "report-parts-differ",
        [
            "\"{column}\" ved linje {row} er {stated}, men delene giver {reckoned} (forskel {difference}).",
            "Hent rapporten igen, og spørg indløseren, hvis den stadig ikke stemmer.",
        ],
        [
            "\"{column}\" at line {row} is {stated}, but its parts make {reckoned} (difference {difference}).",
            "Download the report again, and ask the acquirer if it still does not agree.",
        ],
    ),
    report(
        "report-day-order",
        [
            "Filens datoer kan læses på to måder (dag først eller måned først), og intet i filen afgør det.",
            "Vælg datoernes rækkefølge for indløseren i indstillingerne.",
        ],
        [
            "The file's dates can be read in two ways (day first or month first), and nothing in the file decides it.",
            "Choose the order of dates for the acquirer in the settings.",
        ],
    ),
    report(
        "report-other-batch",
        ["Linje {row} hører til en anden udbetaling end {batch}.", "Hent udbetalingens linjer igen."],
        ["Line {row} belongs to another payout than {batch}.", "Fetch the payout's lines again."],
    ),
    report(
        "report-test-data",
        ["Linje {row} er fra indløserens testmiljø.", "Hent rapporten fra det rigtige miljø."],
        [
            "Line {row} is from the acquirer's test environment.",
            "Fetch the report from the live environment.",
        ],
    ),
    report(
        "report-profile-missing",
        [
            "Filer fra {system} læses efter en profil, og der er ingen.",
            "Lav en profil for filen: tegnsæt, skilletegn, datoer, kolonner og fortegn.",
        ],
        [
            "Files of {system} are read by a profile, and there is none.",
            "Make a profile for the file: encoding, delimiter, dates, columns and signs.",
        ],
    ),
    report(
        "report-profile-wrong",
        ["Profilen kan ikke bruges: {field} {problem}.", "Ret profilen, og indlæs filen igen."],
        ["The profile cannot be used: {field} {problem}.", "Correct the profile and load the file again."],
    ),
    entry(
        "bank-statement-differs",
        [
            "Kontoudtoget for {account} stemmer ikke: {place} er {stated}, men posterne giver {reckoned} (forskel {difference}).",
            "Kontoudtoget bekræfter ingen udbetalinger.",
            "Hent kontoudtoget igen i banken.",
        ],
        [
            "The statement of {account} does not agree: {place} is {stated}, but the entries make {reckoned} (difference {difference}).",
            "The statement confirms no payouts.",
            "Download the statement from the bank again.",
        ],
    ),
];
