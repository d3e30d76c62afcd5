//! What is wrong with an import profile in a merchant's file.

use super::Entry;
use super::texts::entry;

const BLOCKS_DA: &str = "Indstillingerne er ikke gemt.";
const BLOCKS_EN: &str = "The settings are not saved.";

const fn profile(code: &'static str, da: [&'static str; 2], en: [&'static str; 2]) -> Entry {
    entry(code, [da[0], BLOCKS_DA, da[1]], [en[0], BLOCKS_EN, en[1]])
}

/// Problems of profiles, and of gateways.
pub(crate) const ENTRIES: &[Entry] = &[
    profile(
        "setting-no-gateway",
        [
            "{name} er en forbindelse til {system}, som ikke kan spørges om, hvilken ordre en betaling hører til.",
            "Nævn kun forbindelser til quickpay eller frisbii under gateways.",
        ],
        [
            "{name} is a connection to {system}, which cannot be asked which order a payment is of.",
            "Name connections to quickpay or frisbii only under gateways.",
        ],
    ),
    profile(
        "setting-profile-missing",
        [
            "Filer fra {name} læses efter en profil, og der er ingen.",
            "Tilføj en profil: tegnsæt, skilletegn, datoer, kolonner og fortegn.",
        ],
        [
            "Files of {name} are read by a profile, and there is none.",
            "Add a profile: encoding, delimiter, dates, columns and signs.",
        ],
    ),
    profile(
        "setting-profile-without-use",
        [
            "Filer fra {name} har deres egen læser, så profilen ville ikke blive brugt.",
            "Fjern profilen, eller vælg systemet profile for forbindelsen.",
        ],
        [
            "Files of {name} have a reader of their own, so the profile would not be used.",
            "Remove the profile, or choose the system profile for the connection.",
        ],
    ),
    profile(
        "setting-profile-too-long",
        ["Profilen fylder mere end {name} tegn.", "Nævn kun de kolonner og ord, som filen har."],
        ["The profile is longer than {name} bytes.", "Name only the columns and words that the file has."],
    ),
    profile(
        "setting-profile-acquirer",
        [
            "Indløserens navn i profilen er tomt eller længere end {name} tegn.",
            "Skriv det navn, der skal stå på bilagene.",
        ],
        [
            "The acquirer's name in the profile is empty or longer than {name}.",
            "Write the name that is to stand on vouchers.",
        ],
    ),
    profile(
        "setting-profile-encoding",
        ["Tegnsættet {name} kendes ikke.", "Skriv for eksempel utf-8, windows-1252 eller iso-8859-15."],
        ["The encoding {name} is not known.", "Write utf-8, windows-1252 or iso-8859-15, for example."],
    ),
    profile(
        "setting-profile-delimiter",
        ["Tegnet {name} kan ikke stå mellem felter.", "Vælg for eksempel semikolon, komma eller tabulator."],
        [
            "The character {name} cannot stand between fields.",
            "Choose a semicolon, comma or tab, for example.",
        ],
    ),
    profile(
        "setting-profile-decimal",
        [
            "Tegnet {name} før decimalerne er hverken punktum eller komma, eller det er det samme som mellem tusinder.",
            "Vælg punktum eller komma for decimaler og et andet tegn for tusinder.",
        ],
        [
            "The character {name} before decimals is neither a point nor a comma, or the same as between thousands.",
            "Choose a point or comma for decimals and another character for thousands.",
        ],
    ),
    profile(
        "setting-profile-dates",
        [
            "Mønsteret {name} for datoer har ikke år, måned og dag eller kan ikke bruges.",
            "Skriv for eksempel %d-%m-%Y eller %Y-%m-%d %H:%M:%S.",
        ],
        [
            "The pattern {name} for dates has no year, month and day, or cannot be used.",
            "Write %d-%m-%Y or %Y-%m-%d %H:%M:%S, for example.",
        ],
    ),
    profile(
        "setting-profile-records",
        [
            "Profilen har ingen slags linjer, der tæller, eller flere end {name} slags.",
            "Beskriv mindst én slags linje med rollen line.",
        ],
        [
            "The profile has no record that is a line, or more than {name} records.",
            "Describe at least one record with the role line.",
        ],
    ),
    profile(
        "setting-profile-mark-missing",
        [
            "Profilen har flere slags linjer, og denne har intet kendetegn.",
            "Skriv kolonnens nummer og den værdi, der kendetegner slagsen, i mark.",
        ],
        [
            "The profile has several records, and this one has no mark.",
            "Write the column's number and the value that marks the record, in mark.",
        ],
    ),
    profile(
        "setting-profile-mark-column",
        ["Kolonner tælles fra 1, og kendetegnet har {name}.", "Ret kolonnens nummer."],
        ["Columns are counted from 1, and the mark has {name}.", "Correct the column's number."],
    ),
    profile(
        "setting-profile-amount",
        [
            "Linjen har intet beløb, eller ikke de kolonner, som fortegnet kræver.",
            "Nævn kolonnen med brutto, netto eller gebyr; for debet og kredit begge; for retning også den.",
        ],
        [
            "The record has no amount, or not the columns that its sign needs.",
            "Name the column of gross, net or fee; both of debit and credit; of a direction, that too.",
        ],
    ),
    profile(
        "setting-profile-kind",
        [
            "Det fremgår ikke, hvad linjerne er.",
            "Nævn kolonnen med postens type i columns, eller skriv den ene slags i kind.",
        ],
        [
            "Nothing tells what the lines are.",
            "Name the column of the kind in columns, or write the only kind in kind.",
        ],
    ),
    profile(
        "setting-profile-currency",
        [
            "Valutaen står hverken i profilen eller i en kolonne.",
            "Skriv valutaen i profilen, eller nævn dens kolonne.",
        ],
        [
            "The currency stands neither in the profile nor in a column.",
            "Write the currency in the profile, or name its column.",
        ],
    ),
    profile(
        "setting-profile-column",
        [
            "Kolonnen {name} er hverken navnet på en overskrift eller # og et nummer.",
            "Skriv overskriften præcis som i filen, eller for eksempel #3 for den tredje.",
        ],
        [
            "The column {name} is neither the name of a header nor # and a number.",
            "Write the header exactly as in the file, or #3 for the third, for example.",
        ],
    ),
];
