//! Words for what is found about buyers: their VAT numbers, and where their mail goes.

use super::Entry;
use super::texts::entry;

/// Reasons of plans.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "customer-without-vat-number",
        [
            "Salget er uden moms, fordi køberen har et momsnummer, men kunde {number} har intet i regnskabet.",
            "Overførslen fortsætter.",
            "Skriv momsnummeret på kunden; det skal stå på fakturaen og i listesystemet (EU-salg uden moms).",
        ],
        [
            "The sale is without VAT because the buyer has a VAT number, but customer {number} has none in the accounts.",
            "The transfer goes on.",
            "Write the VAT number on the customer; it must stand on the invoice and in the list of EU sales.",
        ],
    ),
    entry(
        "customer-number-taken",
        [
            "Køberen på ordre {order} har kundenummer {number} i webshoppen, men kunde {number} i regnskabet er tilsyneladende en anden: hverken e-mail, CVR- eller momsnummer, EAN-nummer, telefon eller navn er det samme.",
            "Ordren er ikke overført, og kunden i regnskabet er ikke ændret.",
            "Er det den samme, så skriv køberens e-mail på kunde {number}. Er det en anden, så giv kunden i regnskabet et andet nummer, eller genkend kunder på noget andet (identify-by).",
        ],
        [
            "The buyer of order {order} has customer number {number} in the webshop, but customer {number} in the accounts seems to be somebody else: neither e-mail, company or VAT number, EAN number, phone nor name is the same.",
            "The order is not transferred, and the customer in the accounts was not changed.",
            "If they are the same, write the buyer's e-mail address on customer {number}. If not, give the customer in the accounts another number, or identify customers by something else (identify-by).",
        ],
    ),
    entry(
        "shop-customer-number-unfit",
        [
            "Køberen på ordre {order} har kundenummer {number} i webshoppen. Et kundenummer i regnskabet har 1 til 9 cifre og begynder ikke med 0.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Angiv otherwise-by for kundetypen (for eksempel email), eller customers.anonymous.",
        ],
        [
            "The buyer of order {order} has customer number {number} in the webshop. A customer number in the accounts has 1 to 9 digits and does not begin with 0.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Set otherwise-by for that kind of customer (to email, for example), or customers.anonymous.",
        ],
    ),
    entry(
        "setting-shop-number-too-long",
        [
            "Kundenumre i {name} har flere cifre, end en kunde i regnskabet kan have, så ingen kunde kunne genkendes på dem.",
            "Indstillingerne er ikke gemt.",
            "Vælg email, phone eller et andet felt.",
        ],
        [
            "Customer numbers of {name} have more digits than a customer in the accounts can have, so no customer could be identified by them.",
            "The settings are not saved.",
            "Choose email, phone or another field.",
        ],
    ),
    entry(
        "not-sent-without-address",
        [
            "Dokumentet for ordre {order} sendes ikke pr. e-mail: køberen har ingen adresse, eller kunden i regnskabet er fælles for flere købere.",
            "Intet: dokumentet bogføres.",
            "Send det selv, hvis køberen skal have det.",
        ],
        [
            "The document of order {order} is not sent by e-mail: the buyer has no address, or the customer in the accounts is shared by several buyers.",
            "Nothing: the document is booked.",
            "Send it yourself if the buyer is to have it.",
        ],
    ),
    entry(
        "vat-number-form",
        [
            "Momsnummer {vat-number} har ikke den form, som {country} bruger ({expected}).",
            "Ordren overføres ikke, for et salg uden moms hviler på nummeret.",
            "Ret momsnummeret på ordren i webshoppen; så overføres den. Er køberen ikke momsregistreret, skal salget have moms.",
        ],
        [
            "VAT number {vat-number} has not the form that {country} uses ({expected}).",
            "The order is not transferred, since a sale without VAT rests on the number.",
            "Correct the VAT number on the order in the webshop; it is then transferred. If the buyer is not registered for VAT, the sale must carry VAT.",
        ],
    ),
    entry(
        "vat-number-form-noted",
        [
            "Momsnummer {vat-number} har ikke den form, som {country} bruger ({expected}).",
            "Det blokerer ikke; nummeret står på kunden, som det blev skrevet.",
            "Ret momsnummeret på kunden i regnskabet, hvis det skal bruges.",
        ],
        [
            "VAT number {vat-number} has not the form that {country} uses ({expected}).",
            "This blocks nothing; the number stands on the customer as it was written.",
            "Correct the VAT number on the customer in the accounts if it is to be used.",
        ],
    ),
    entry(
        "vat-number-unknown",
        [
            "Momsnummer {vat-number} var ikke registreret til EU-handel, da der blev spurgt ({at}).",
            "Ordren overføres ikke, for et salg uden moms hviler på nummeret.",
            "Få et gyldigt momsnummer fra køberen, eller opkræv moms af salget.",
        ],
        [
            "VAT number {vat-number} was not registered for trade within the EU when it was asked about ({at}).",
            "The order is not transferred, since a sale without VAT rests on the number.",
            "Get a valid VAT number from the buyer, or charge VAT on the sale.",
        ],
    ),
    entry(
        "vat-number-unknown-noted",
        [
            "Momsnummer {vat-number} var ikke registreret til EU-handel, da der blev spurgt ({at}).",
            "Det blokerer ikke.",
            "Få et gyldigt momsnummer fra køberen, hvis salget skulle være uden moms.",
        ],
        [
            "VAT number {vat-number} was not registered for trade within the EU when it was asked about ({at}).",
            "This blocks nothing.",
            "Get a valid VAT number from the buyer if the sale was to be without VAT.",
        ],
    ),
    entry(
        "vat-number-not-answered",
        [
            "Registret kunne ikke svare på momsnummer {vat-number}: {message}.",
            "Det blokerer ikke; salget er overført på nummerets form alene.",
            "Slå momsnummeret op, og gem svaret sammen med bilaget.",
        ],
        [
            "The register could not answer about VAT number {vat-number}: {message}.",
            "This blocks nothing; the sale is transferred on the form of the number alone.",
            "Look the VAT number up, and keep the answer with the voucher.",
        ],
    ),
];
