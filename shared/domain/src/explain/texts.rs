//! The texts themselves: one entry to a code, Danish before English; what happened, what it blocks, what to do.

use super::{Entry, Words};

pub(super) const fn entry(code: &'static str, da: [&'static str; 3], en: [&'static str; 3]) -> Entry {
    Entry {
        code,
        da: Words { what: da[0], blocks: da[1], remedy: da[2] },
        en: Words { what: en[0], blocks: en[1], remedy: en[2] },
    }
}

/// Reasons of plans.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "test-order",
        [
            "Ordre {order} er en testordre.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Order {order} is a test order.",
            "The order is not transferred. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "fraud-hold",
        [
            "Webshoppen eller dens betalingsudbyder mistænker ordre {order} for svindel, og ingen har godkendt den: intet er sendt, eller betalingen venter på at blive gennemset.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Er ordren i orden, så godkend betalingen eller send ordren; så overføres den. Annullér den ellers i webshoppen.",
        ],
        [
            "The webshop or its payment provider suspects order {order} of fraud, and nobody has approved it: nothing is shipped, or the payment waits for a review.",
            "The order is not transferred, and nothing was written to the accounts.",
            "If the order is sound, approve the payment or ship the order; it is then transferred. Cancel it in the webshop otherwise.",
        ],
    ),
    entry(
        "fraud-hold-with-draft",
        [
            "Webshoppen eller dens betalingsudbyder mistænker ordre {order} for svindel, og ingen har godkendt den. Dokument nr. {number} ligger ubogført i regnskabet.",
            "Dokumentet ændres og bogføres ikke.",
            "Bogfør ikke dokument nr. {number}, før betalingen er godkendt. Er ordren i orden, så godkend betalingen eller send ordren; så går overførslen videre. Annullér den ellers i webshoppen, og slet dokumentet.",
        ],
        [
            "The webshop or its payment provider suspects order {order} of fraud, and nobody has approved it. Document no. {number} lies unbooked in the accounts.",
            "The document is neither changed nor booked.",
            "Do not book document no. {number} until the payment is approved. If the order is sound, approve the payment or ship the order; the transfer then goes on. Cancel it in the webshop otherwise, and delete the document.",
        ],
    ),
    entry(
        "cancelled",
        [
            "Ordre {order} er annulleret i webshoppen.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Order {order} is cancelled in the webshop.",
            "The order is not transferred. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "cancelled-with-draft",
        [
            "Ordre {order} er annulleret i webshoppen, men dokument nr. {number} ligger stadig ubogført i regnskabet.",
            "Dokumentet ændres og bogføres ikke.",
            "Slet dokument nr. {number} i regnskabet.",
        ],
        [
            "Order {order} is cancelled in the webshop, but document no. {number} still lies unbooked in the accounts.",
            "The document is neither changed nor booked.",
            "Delete document no. {number} in the accounts.",
        ],
    ),
    entry(
        "cancelled-after-booking",
        [
            "Ordren er annulleret i webshoppen, men faktura nr. {number} på {booked} {currency} er bogført.",
            "Den bogførte faktura ændres ikke.",
            "Lav en kreditnota for faktura nr. {number}, hvis salget ikke skal stå.",
        ],
        [
            "The order is cancelled in the webshop, but invoice no. {number} of {booked} {currency} is booked.",
            "The booked invoice is not changed.",
            "Make a credit note for invoice no. {number} if the sale is not to stand.",
        ],
    ),
    entry(
        "changed-after-booking",
        [
            "Ordren lød på {booked} {currency}, da faktura nr. {number} blev bogført, og lyder nu på {total} {currency}.",
            "Den bogførte faktura ændres ikke.",
            "Lav en kreditnota eller en ekstra faktura for forskellen.",
        ],
        [
            "The order was for {booked} {currency} when invoice no. {number} was booked, and is now for {total} {currency}.",
            "The booked invoice is not changed.",
            "Make a credit note or a further invoice for the difference.",
        ],
    ),
    entry(
        "changed-after-booking-same-total",
        [
            "Ordren er ændret, efter at faktura nr. {number} blev bogført, men lyder stadig på {total} {currency}.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Ret kunden eller lav en kreditnota i regnskabet, hvis fakturaen skal se anderledes ud.",
        ],
        [
            "The order changed after invoice no. {number} was booked, but is still for {total} {currency}.",
            "The order is not transferred. This is not an error.",
            "Correct the customer or make a credit note in the accounts if the invoice must look different.",
        ],
    ),
    entry(
        "nothing-changed",
        [
            "Intet af betydning er ændret, siden dokument nr. {number} blev lavet.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Nothing of importance has changed since document no. {number} was made.",
            "The order is not transferred. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "refund-not-credited",
        [
            "{refunded} {currency} er betalt tilbage i webshoppen; dokument nr. {number} er uændret.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Lav en kreditnota i regnskabet for det tilbagebetalte.",
        ],
        [
            "{refunded} {currency} was paid back in the webshop; document no. {number} is unchanged.",
            "The order is not transferred. This is not an error.",
            "Make a credit note in the accounts for what was paid back.",
        ],
    ),
    entry(
        "refund-before-transfer",
        [
            "{refunded} {currency} er allerede betalt tilbage i webshoppen; dokumentet lyder på hele ordren.",
            "Overførslen fortsætter; kreditnotaen følger, når fakturaen er bogført.",
            "Der skal ikke gøres noget, medmindre du bogfører fakturaen selv: kør så ordren igen.",
        ],
        [
            "{refunded} {currency} was already paid back in the webshop; the document is for the whole order.",
            "The transfer goes on; the credit note follows when the invoice is booked.",
            "Nothing needs to be done, unless you book the invoice yourself: then replay the order.",
        ],
    ),
    entry(
        "draft-updates-off",
        [
            "Ordren er ændret, men indstillingerne siger, at dokument nr. {number} ikke må opdateres.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Ret dokumentet i regnskabet, eller slå document.update-drafts til.",
        ],
        [
            "The order changed, but the settings say that document no. {number} may not be updated.",
            "The order is not transferred. This is not an error.",
            "Correct the document in the accounts, or switch document.update-drafts on.",
        ],
    ),
    entry(
        "draft-to-book-differs",
        [
            "Ordren er ændret, siden dokument nr. {number} blev lavet, og det skulle nu bogføres; men indstillingerne siger, at det ikke må opdateres.",
            "Dokumentet bogføres ikke: det ville stå, som ordren var før.",
            "Ret og bogfør dokumentet i regnskabet; det ses næste nat, eller når ordren køres igen. Eller slå document.update-drafts til, og kør ordren igen.",
        ],
        [
            "The order changed since document no. {number} was made, which was to be booked now; but the settings say that it may not be updated.",
            "The document is not booked: it would stand as the order was before.",
            "Correct and book the document in the accounts; it is seen the next night, or when the order is replayed. Or switch document.update-drafts on, and replay the order.",
        ],
    ),
    entry(
        "document-removed",
        [
            "Dokumentet for ordre {order} er slettet i regnskabet af en person.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Gensend ordren, hvis den alligevel skal overføres.",
        ],
        [
            "The document of order {order} was deleted in the accounts by a person.",
            "The order is not transferred. This is not an error.",
            "Replay the order if it is to be transferred after all.",
        ],
    ),
    entry(
        "before-go-live",
        [
            "Ordre {order} er fra {date}, før startdatoen {from}.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Ret trigger.go-live, hvis ordren skal med.",
        ],
        [
            "Order {order} is of {date}, before the go-live date {from}.",
            "The order is not transferred. This is not an error.",
            "Change trigger.go-live if the order is to be included.",
        ],
    ),
    entry(
        "state-not-chosen",
        [
            "Ordre {order} har ordrestatus {state}, betalingsstatus {payment} og leveringsstatus {fulfilment}, som ikke er valgt til overførsel.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Vent, til ordren når en valgt status, eller tilføj statussen under trigger.handling.",
        ],
        [
            "Order {order} has order state {state}, payment state {payment} and fulfilment state {fulfilment}, which are not chosen for transfer.",
            "The order is not transferred. This is not an error.",
            "Wait until the order reaches a chosen state, or add the state under trigger.handling.",
        ],
    ),
    entry(
        "filtered-out",
        [
            "Ordre {order} opfylder ikke filteret.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Ret trigger.filter, hvis ordren skal med.",
        ],
        [
            "Order {order} does not satisfy the filter.",
            "The order is not transferred. This is not an error.",
            "Change trigger.filter if the order is to be included.",
        ],
    ),
    entry(
        "zero-total",
        [
            "Ordre {order} lyder på 0.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Sæt trigger.zero-totals til transfer, hvis sådanne ordrer skal med.",
        ],
        [
            "Order {order} has a total of nothing.",
            "The order is not transferred. This is not an error.",
            "Set trigger.zero-totals to transfer if such orders are to be included.",
        ],
    ),
    entry(
        "no-lines",
        [
            "Ordre {order} har ingen linjer.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Order {order} has no lines.",
            "The order is not transferred. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "negative-total",
        [
            "Ordren lyder på {total} {currency}; en faktura kan ikke være negativ.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret ordren i webshoppen, eller lav en kreditnota i regnskabet.",
        ],
        [
            "The order's total is {total} {currency}; an invoice cannot be negative.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the order in the webshop, or make a credit note in the accounts.",
        ],
    ),
    entry(
        "order-mixes-currencies",
        [
            "{place} er i {found}, men ordren er i {currency}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret ordren i webshoppen, så alle beløb er i én valuta.",
        ],
        [
            "{place} is in {found}, but the order is in {currency}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the order in the webshop so that all amounts are in one currency.",
        ],
    ),
    entry(
        "order-quantity-impossible",
        [
            "Linje {line} har antal {quantity} og beløb {net}, som ikke passer sammen.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret linjen i webshoppen.",
        ],
        [
            "Line {line} has quantity {quantity} and amount {net}, which cannot belong together.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the line in the webshop.",
        ],
    ),
    entry(
        "order-sign-impossible",
        [
            "Linje {line} har beløb {net} og moms {vat}; fortegnene kan ikke være rigtige.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret linjen i webshoppen.",
        ],
        [
            "Line {line} has amount {net} and VAT {vat}; the signs cannot be right.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the line in the webshop.",
        ],
    ),
    entry(
        "order-vat-does-not-add-up",
        [
            "Linjernes moms er {sum} {currency}, men webshoppen oplyser {stated} {currency}: en forskel på {difference}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Genberegn ordren i webshoppen, og gem den igen.",
        ],
        [
            "The lines' VAT is {sum} {currency}, but the webshop states {stated} {currency}: a difference of {difference}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Recalculate the order in the webshop and save it again.",
        ],
    ),
    entry(
        "order-does-not-add-up",
        [
            "Linjer og moms giver {sum} {currency}, men webshoppen oplyser {stated} {currency}: en forskel på {difference}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Genberegn ordren i webshoppen, og gem den igen.",
        ],
        [
            "Lines and VAT make {sum} {currency}, but the webshop states {stated} {currency}: a difference of {difference}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Recalculate the order in the webshop and save it again.",
        ],
    ),
    entry(
        "amount-impossible",
        [
            "Et beløb på ordren kan ikke regnes med: {message}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret ordren i webshoppen.",
        ],
        [
            "An amount on the order cannot be reckoned with: {message}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the order in the webshop.",
        ],
    ),
    entry(
        "three-decimal-currency",
        [
            "{currency} har tre decimaler, og regnskabet regner kun med to.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Bogfør ordren i hånden, eller sælg i en valuta med to decimaler.",
        ],
        [
            "{currency} has three decimals, and the accounting system reckons with two only.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Book the order by hand, or sell in a currency with two decimals.",
        ],
    ),
    entry(
        "currency-not-in-target",
        [
            "Valutaen {currency} findes ikke i regnskabet (kendte: {known}).",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret {currency} i regnskabet, og gensend ordren.",
        ],
        [
            "The currency {currency} does not exist in the accounts (known: {known}).",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create {currency} in the accounts and replay the order.",
        ],
    ),
    entry(
        "eu-sale-without-vat",
        [
            "Ordre {order} er til {country} uden moms, men køberen har intet momsnummer.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret momsen i webshoppen, tilføj momsnummeret, eller vælg en zone med vat.untaxed-private-in-eu.",
        ],
        [
            "Order {order} goes to {country} without VAT, but the buyer has no VAT number.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the VAT in the webshop, add the VAT number, or choose a zone with vat.untaxed-private-in-eu.",
        ],
    ),
    entry(
        "vat-rate-mismatch",
        [
            "Varen {sku} ligger i varegruppe {group} {group-name}, som giver {rate} % moms i momszone {zone}; webshoppen opkrævede {charged} %.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Flyt varen til en gruppe med {charged} %, ret momsen i webshoppen, eller lav en regel under vat.rules.",
        ],
        [
            "Product {sku} is in product group {group} {group-name}, which gives {rate} % VAT in VAT zone {zone}; the webshop charged {charged} %.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Move the product to a group with {charged} %, correct the VAT in the webshop, or make a rule under vat.rules.",
        ],
    ),
    entry(
        "product-group-missing",
        [
            "Varen {sku} ligger i varegruppe {group}, som ikke findes.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret varens gruppe i regnskabet eller gruppen i indstillingerne.",
        ],
        [
            "Product {sku} is in product group {group}, which does not exist.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the product's group in the accounts, or the group in the settings.",
        ],
    ),
    entry(
        "no-account-for-zone",
        [
            "Varegruppe {group} {group-name} for varen {sku} har ingen salgskonto i momszone {zone}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Sæt en konto på varegruppen for den momszone i regnskabet.",
        ],
        [
            "Product group {group} {group-name} of product {sku} has no sales account in VAT zone {zone}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Set an account on the product group for that VAT zone in the accounts.",
        ],
    ),
    entry(
        "oss-product-missing",
        [
            "OSS-salg til {country} med {rate} % kræver varen {sku}, som ikke findes i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret varen {sku} i en gruppe med {rate} % OSS-moms, eller angiv en samlevare under vat.oss.collective. En samlevare flytter ikke lager.",
        ],
        [
            "An OSS sale to {country} at {rate} % needs product {sku}, which does not exist in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create product {sku} in a group with {rate} % OSS VAT, or name a collective product under vat.oss.collective. A collective product moves no stock.",
        ],
    ),
    entry(
        "oss-collective-moves-no-stock",
        [
            "{name} er faktureret på samlevaren {sku}, så lageret af varen selv flytter sig ikke.",
            "Overførslen fortsætter.",
            "Ret lageret i hånden, eller brug søskendevarer under vat.oss.product.",
        ],
        [
            "{name} is invoiced on the collective product {sku}, so the product's own stock does not move.",
            "The transfer goes on.",
            "Correct the stock by hand, or use sibling products under vat.oss.product.",
        ],
    ),
    entry(
        "gift-card-with-vat",
        [
            "Gavekortet {name} er solgt med {vat} {currency} moms, men indstillingerne siger, at gavekort er uden moms ved salg.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Fjern momsen på gavekort i webshoppen, eller sæt products.gift-cards.vat til single-purpose.",
        ],
        [
            "Gift card {name} was sold with {vat} {currency} of VAT, but the settings say that gift cards carry none at sale.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Remove VAT from gift cards in the webshop, or set products.gift-cards.vat to single-purpose.",
        ],
    ),
    entry(
        "missing-sku",
        [
            "Varen {name} har intet varenummer i webshoppen.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Giv varen et varenummer i webshoppen og gem ordren igen, eller angiv products.skus.default.",
        ],
        [
            "The product {name} has no product number in the webshop.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Give the product a number in the webshop and save the order again, or set products.skus.default.",
        ],
    ),
    entry(
        "sku-too-long",
        [
            "Varenummeret {sku} er længere end de {limit} tegn, som regnskabet tillader ({name}).",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Forkort varenummeret i webshoppen og i regnskabet.",
        ],
        [
            "Product number {sku} is longer than the {limit} characters that the accounting system allows ({name}).",
            "The order is not transferred, and nothing was written to the accounts.",
            "Shorten the product number in the webshop and in the accounts.",
        ],
    ),
    entry(
        "missing-product",
        [
            "Varen {sku} ({name}) findes ikke i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret varen i regnskabet, eller sæt products.missing til create.",
        ],
        [
            "Product {sku} ({name}) does not exist in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create the product in the accounts, or set products.missing to create.",
        ],
    ),
    entry(
        "missing-special-product",
        [
            "Varen {sku} til {purpose} findes ikke i regnskabet. Den oprettes ikke automatisk, fordi den hører til på en balancekonto.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret {sku} i en varegruppe uden moms på den rigtige konto.",
        ],
        [
            "Product {sku} for {purpose} does not exist in the accounts. It is not made automatically, because it belongs on a balance account.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create {sku} in a product group without VAT on the right account.",
        ],
    ),
    entry(
        "no-product-for-purpose",
        [
            "Der er ikke angivet et varenummer til {purpose} ({name}).",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Angiv products.skus.{purpose}.",
        ],
        [
            "No product number is set for {purpose} ({name}).",
            "The order is not transferred, and nothing was written to the accounts.",
            "Set products.skus.{purpose}.",
        ],
    ),
    entry(
        "product-barred",
        [
            "Varen {sku} {name} er spærret i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ophæv spærringen i regnskabet, og gensend ordren.",
        ],
        [
            "Product {sku} {name} is barred in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Lift the barring in the accounts and replay the order.",
        ],
    ),
    entry(
        "several-product-groups",
        [
            "Varen {sku} skal oprettes med {rate} % moms i momszone {zone}, men flere varegrupper passer: {choices}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Angiv gruppen under products.groups-by-rate eller products.group.",
        ],
        [
            "Product {sku} is to be made with {rate} % VAT in VAT zone {zone}, but several product groups fit: {choices}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Name the group under products.groups-by-rate or products.group.",
        ],
    ),
    entry(
        "no-product-group-for-rate",
        [
            "Varen {sku} skal oprettes med {rate} % moms i momszone {zone}, men ingen varegruppe giver den sats.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret en varegruppe med {rate} % i regnskabet, eller ret momsen i webshoppen.",
        ],
        [
            "Product {sku} is to be made with {rate} % VAT in VAT zone {zone}, but no product group gives that rate.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create a product group with {rate} % in the accounts, or correct the VAT in the webshop.",
        ],
    ),
    entry(
        "quantity-in-text",
        [
            "Antallet {quantity} af {name} kan ikke skrives som antal gange pris med to decimaler; det står i linjens tekst.",
            "Overførslen fortsætter.",
            "Ret lageret i hånden, hvis varen er lagerført.",
        ],
        [
            "The quantity {quantity} of {name} cannot be written as units at a price of two decimals; it stands in the text of the line.",
            "The transfer goes on.",
            "Correct the stock by hand if the product is kept in stock.",
        ],
    ),
    entry(
        "customer-not-identifiable",
        [
            "Køberen på ordre {order} mangler det felt, som kunder genkendes på.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Gør feltet obligatorisk i kassen, eller angiv customers.anonymous.",
        ],
        [
            "The buyer of order {order} lacks the field that customers are identified by.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Make the field mandatory at checkout, or set customers.anonymous.",
        ],
    ),
    entry(
        "customer-missing",
        [
            "Ingen kunde i regnskabet har samme {field} som køberen på ordre {order}, og kunder må ikke oprettes.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret kunden i regnskabet, eller slå create til for kundetypen.",
        ],
        [
            "No customer in the accounts has the same {field} as the buyer of order {order}, and customers may not be made.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create the customer in the accounts, or switch create on for that kind of customer.",
        ],
    ),
    entry(
        "shared-customer-missing",
        [
            "Samlekunde nr. {number} findes ikke i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret kunden, eller ret nummeret under customers.",
        ],
        [
            "Collective customer no. {number} does not exist in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create the customer, or correct the number under customers.",
        ],
    ),
    entry(
        "several-customers",
        [
            "Flere kunder i regnskabet har samme {field} som køberen på ordre {order}: nr. {choices}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Behold én af dem, og ryd eller ret feltet på de andre; gensend så ordren.",
        ],
        [
            "Several customers in the accounts have the same {field} as the buyer of order {order}: no. {choices}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Keep one of them and clear or correct the field on the others; then replay the order.",
        ],
    ),
    entry(
        "customer-barred",
        [
            "Kunde nr. {number} er spærret i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ophæv spærringen, og gensend ordren.",
        ],
        [
            "Customer no. {number} is barred in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Lift the barring and replay the order.",
        ],
    ),
    entry(
        "customer-group-missing",
        [
            "Kundegruppe {number} findes ikke i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret gruppen under customers.",
        ],
        [
            "Customer group {number} does not exist in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the group under customers.",
        ],
    ),
    entry(
        "no-customer-group",
        [
            "Regnskabet har ingen kundegrupper.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret en kundegruppe i regnskabet.",
        ],
        [
            "The accounts have no customer groups.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create a customer group in the accounts.",
        ],
    ),
    entry(
        "ean-invalid",
        [
            "{ean} er ikke et gyldigt EAN-nummer (13 cifre med kontrolciffer).",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret EAN-nummeret på ordren.",
        ],
        [
            "{ean} is not a valid EAN number (13 digits with a check digit).",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the EAN number on the order.",
        ],
    ),
    entry(
        "period-closed",
        [
            "Datoen {date} ligger i et lukket regnskabsår eller en lukket periode, eller uden for alle regnskabsår.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Åbn perioden, opret regnskabsåret, eller sæt document.date.locked-period til first-open-day.",
        ],
        [
            "The date {date} lies in a closed year or period, or outside every accounting year.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Open the period, create the accounting year, or set document.date.locked-period to first-open-day.",
        ],
    ),
    entry(
        "no-open-period",
        [
            "Ingen åben periode følger efter {date}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Opret det næste regnskabsår i regnskabet.",
        ],
        [
            "No open period follows {date}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Create the next accounting year in the accounts.",
        ],
    ),
    entry(
        "date-moved",
        [
            "Dokumentet er dateret {date} i stedet for {from}, som ligger i en lukket periode.",
            "Overførslen fortsætter.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The document is dated {date} instead of {from}, which lies in a closed period.",
            "The transfer goes on.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "text-shortened",
        [
            "Feltet {field} er forkortet til {limit} tegn.",
            "Overførslen fortsætter.",
            "Forkort teksten i indstillingerne.",
        ],
        [
            "The field {field} was shortened to {limit} characters.",
            "The transfer goes on.",
            "Shorten the text in the settings.",
        ],
    ),
    entry(
        "payment-method-unmapped",
        [
            "Betalingsmetoden {method} ({title}) har ingen regel; standardbetingelsen er brugt.",
            "Overførslen fortsætter.",
            "Tilføj metoden under payment.methods.",
        ],
        [
            "Payment method {method} ({title}) has no rule; the default term is used.",
            "The transfer goes on.",
            "Add the method under payment.methods.",
        ],
    ),
    entry(
        "payment-term-missing",
        [
            "Betalingsbetingelse {term} findes ikke i regnskabet.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret nummeret under payment.",
        ],
        [
            "Term of payment {term} does not exist in the accounts.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the number under payment.",
        ],
    ),
    entry(
        "no-payment-term",
        [
            "Der er ingen betalingsbetingelse at bruge til {method}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Angiv payment.default-term.",
        ],
        [
            "There is no term of payment to use for {method}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Set payment.default-term.",
        ],
    ),
    entry(
        "term-settles-and-journal",
        [
            "Betalingsbetingelse {term} udligner selv fakturaen, og betalingen skal også registreres i en kassekladde: den ville blive bogført to gange.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Vælg en betingelse, der ikke udligner, eller registration: term.",
        ],
        [
            "Term of payment {term} settles the invoice by itself, and the payment is to be registered in a journal too: it would be booked twice.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Choose a term that does not settle, or registration: term.",
        ],
    ),
    entry(
        "term-settles-but-open",
        [
            "Betalingsbetingelse {term} udligner fakturaen, men betalingen skulle stå åben for PayMatch.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Vælg en betingelse, der ikke udligner.",
        ],
        [
            "Term of payment {term} settles the invoice, but the payment was to stay open for PayMatch.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Choose a term that does not settle.",
        ],
    ),
    entry(
        "captured-less",
        [
            "Der er hævet {captured} {currency} af {total} {currency}, og betalingsbetingelsen ville udligne det hele.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Hæv resten, ret ordren, eller sæt payment.captured-less til default-term, så resten står åben.",
        ],
        [
            "{captured} {currency} of {total} {currency} was captured, and the term of payment would settle all of it.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Capture the rest, correct the order, or set payment.captured-less to default-term, so that the rest stays open.",
        ],
    ),
    entry(
        "captured-less-open",
        [
            "Der er hævet {captured} {currency} af {total} {currency}; fakturaen står åben.",
            "Overførslen fortsætter.",
            "Registrér det hævede beløb, og følg op på resten.",
        ],
        [
            "{captured} {currency} of {total} {currency} was captured; the invoice stays open.",
            "The transfer goes on.",
            "Register what was captured, and follow up on the rest.",
        ],
    ),
    entry(
        "difference-corrected",
        [
            "Regnskabet regner {difference} {currency} anderledes end webshoppen; en synlig linje retter det (grænse {limit}).",
            "Overførslen fortsætter.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The accounting system reckons {difference} {currency} otherwise than the webshop; a visible line corrects it (limit {limit}).",
            "The transfer goes on.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "difference-ignored",
        [
            "Regnskabet regner {difference} {currency} anderledes end webshoppen; forskellen er inden for grænsen {limit}.",
            "Overførslen fortsætter.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The accounting system reckons {difference} {currency} otherwise than the webshop; the difference is within the limit {limit}.",
            "The transfer goes on.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "difference-left-as-draft",
        [
            "Regnskabet regner {difference} {currency} anderledes end webshoppen (grænse {limit}).",
            "Kladden er ikke bogført.",
            "Ret kladden, og bogfør den i hånden, eller vælg en anden differences.mode.",
        ],
        [
            "The accounting system reckons {difference} {currency} otherwise than the webshop (limit {limit}).",
            "The draft is not booked.",
            "Correct the draft and book it by hand, or choose another differences.mode.",
        ],
    ),
    entry(
        "difference-above-limit",
        [
            "Regnskabet regner {difference} {currency} anderledes end webshoppen, mere end grænsen {limit}.",
            "Kladden er ikke bogført.",
            "Sammenlign linje for linje; ret momsopsætningen, eller hæv differences.limit.",
        ],
        [
            "The accounting system reckons {difference} {currency} otherwise than the webshop, more than the limit {limit}.",
            "The draft is not booked.",
            "Compare line by line; correct the VAT set-up, or raise differences.limit.",
        ],
    ),
    entry(
        "no-correction-product",
        [
            "Regnskabet regner {difference} {currency} anderledes end webshoppen (grænse {limit}), og der er ingen momsfri vare til en rettelseslinje.",
            "Kladden er ikke bogført.",
            "Opret varen i products.skus.rounding i en varegruppe uden moms.",
        ],
        [
            "The accounting system reckons {difference} {currency} otherwise than the webshop (limit {limit}), and there is no product without VAT for a correction line.",
            "The draft is not booked.",
            "Create the product in products.skus.rounding in a product group without VAT.",
        ],
    ),
    entry(
        "totals-differ-after-write",
        [
            "Regnskabet svarede {answered} {currency}, men ordren lyder på {expected} {currency}: en forskel på {difference} (grænse {limit}).",
            "Kladden er ikke bogført.",
            "Sammenlign kladden med ordren linje for linje, ret årsagen, og gensend ordren.",
        ],
        [
            "The accounting system answered {answered} {currency}, but the order is for {expected} {currency}: a difference of {difference} (limit {limit}).",
            "The draft is not booked.",
            "Compare the draft with the order line by line, correct the cause, and replay the order.",
        ],
    ),
    entry(
        "answer-in-other-currency",
        [
            "Regnskabet svarede i {found}, men dokumentet er i {currency}.",
            "Kladden er ikke bogført.",
            "Kontrollér kladdens valuta i regnskabet.",
        ],
        [
            "The accounting system answered in {found}, but the document is in {currency}.",
            "The draft is not booked.",
            "Check the draft's currency in the accounts.",
        ],
    ),
    entry(
        "sales-order-replaced",
        [
            "Salgsordre nr. {number} afløses af denne faktura og fjernes, så den ikke længere reserverer lager.",
            "Overførslen fortsætter.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Sales order no. {number} is replaced by this invoice and removed, so that it no longer reserves stock.",
            "The transfer goes on.",
            "Nothing needs to be done.",
        ],
    ),
];

/// Reasons of the transfer machinery: waits, refusals, and what people did to the documents.
pub(crate) const MACHINERY: &[Entry] = &[
    entry(
        "busy",
        [
            "Systemet havde travlt: {message}.",
            "Overførslen venter og fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The system was busy: {message}.",
            "The transfer waits and goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "unknown-fate",
        [
            "Det er uvist, om den sidste skrivning blev udført; den slås op, før noget skrives igen.",
            "Overførslen venter og fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "It is not known whether the last write was applied; it is looked up before anything is written again.",
            "The transfer waits and goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "look-up-lag",
        [
            "Et dokument slås op igen, før et nyt må laves.",
            "Overførslen venter og fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "A document is looked up once more before a new one may be made.",
            "The transfer waits and goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "out-of-time",
        [
            "Tiden var for knap til næste trin; det tages op igen straks.",
            "Overførslen venter og fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Too little time was left for the next step; it is taken up again at once.",
            "The transfer waits and goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "same-customer-or-product-in-hand",
        [
            "En anden ordre er ved at oprette den samme kunde eller vare.",
            "Overførslen venter og fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Another order is making the same customer or product.",
            "The transfer waits and goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "source-behind",
        [
            "Webshoppen svarede med en ældre udgave af ordren ({read}) end den kendte ({known}).",
            "Overførslen venter og fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The webshop answered with an older version of the order ({read}) than the known one ({known}).",
            "The transfer waits and goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "paused",
        [
            "Overførsler er sat på pause ({reason}).",
            "Overførslen venter og fortsætter af sig selv.",
            "Fjern årsagen, og start igen med bogbro resume.",
        ],
        [
            "Transfers are paused ({reason}).",
            "The transfer waits and goes on by itself.",
            "Remove the cause and start again with bogbro resume.",
        ],
    ),
    entry(
        "unauthorized",
        [
            "Adgangen blev afvist: {message}.",
            "Overførslen venter og fortsætter af sig selv.",
            "Giv adgang igen, og gem de nye nøgler med bogbro secret set.",
        ],
        [
            "Access was refused: {message}.",
            "The transfer waits and goes on by itself.",
            "Grant access again and store the new keys with bogbro secret set.",
        ],
    ),
    entry(
        "operator",
        [
            "Pauset af operatøren: {message}.",
            "Overførslen venter og fortsætter af sig selv.",
            "Start igen med bogbro resume.",
        ],
        [
            "Paused by the operator: {message}.",
            "The transfer waits and goes on by itself.",
            "Start again with bogbro resume.",
        ],
    ),
    entry(
        "table-restored",
        [
            "Bogbros tabel er gendannet fra en sikkerhedskopi og ved mindre end regnskabet.",
            "Intet overføres, så intet bogføres to gange. Det, der kommer ind, gemmes.",
            "Den, der driver Bogbro, siger det med bogbro restore-epoch; så fortsætter det af sig selv.",
        ],
        [
            "Bogbro's table was restored from a backup and knows less than the accounts.",
            "Nothing is transferred, so that nothing is booked twice. What comes in is kept.",
            "Whoever runs Bogbro says so with bogbro restore-epoch; then it goes on by itself.",
        ],
    ),
    entry(
        "too-many-attempts",
        [
            "Overførslen mislykkedes for mange gange; sidste årsag: {last}.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Ret årsagen, og gensend ordren.",
        ],
        [
            "The transfer failed too many times; last cause: {last}.",
            "The transfer is set aside and does not go on by itself.",
            "Correct the cause and replay the order.",
        ],
    ),
    entry(
        "waited-too-long",
        [
            "Overførslen har ventet for længe; sidste årsag: {last}.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Ret årsagen, og gensend ordren.",
        ],
        [
            "The transfer has waited too long; last cause: {last}.",
            "The transfer is set aside and does not go on by itself.",
            "Correct the cause and replay the order.",
        ],
    ),
    entry(
        "refused",
        [
            "Systemet afviste skrivningen ({code}): {message}.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Ret årsagen, og gensend ordren.",
        ],
        [
            "The system refused the write ({code}): {message}.",
            "The transfer is set aside and does not go on by itself.",
            "Correct the cause and replay the order.",
        ],
    ),
    entry(
        "booking-refused",
        [
            "Regnskabet afviste bogføringen ({code}): {message}.",
            "Kladden ligger i regnskabet og er ikke bogført.",
            "Ret årsagen, bogfør kladden i hånden, eller gensend ordren.",
        ],
        [
            "The accounting system refused the booking ({code}): {message}.",
            "The draft lies in the accounts and is not booked.",
            "Correct the cause, book the draft by hand, or replay the order.",
        ],
    ),
    entry(
        "payment-refused",
        [
            "Fakturaen er bogført, men regnskabet afviste registreringen af betalingen ({code}): {message}.",
            "Betalingen er ikke registreret.",
            "Registrér betalingen i hånden, eller ret årsagen og gensend ordren.",
        ],
        [
            "The invoice is booked, but the accounting system refused to register the payment ({code}): {message}.",
            "The payment is not registered.",
            "Register the payment by hand, or correct the cause and replay the order.",
        ],
    ),
    entry(
        "booked-otherwise",
        [
            "Fakturaen blev bogført med {booked}, men ordren lyder på {expected}.",
            "Fakturaen er bogført og ændres ikke.",
            "Sammenlign fakturaen med ordren, og lav en kreditnota for forskellen.",
        ],
        [
            "The invoice was booked with {booked}, but the order is for {expected}.",
            "The invoice is booked and is not changed.",
            "Compare the invoice with the order and make a credit note for the difference.",
        ],
    ),
    entry(
        "answered-otherwise",
        [
            "Regnskabet svarede for dokument nr. {number} med {answered} i feltet {field}; der blev bedt om {expected}.",
            "Kladden ligger i regnskabet og er ikke bogført.",
            "Kontrollér dokumentet i regnskabet, og gensend ordren.",
        ],
        [
            "For document no. {number} the accounting system answered {answered} in the field {field}; {expected} was asked for.",
            "The draft lies in the accounts and is not booked.",
            "Check the document in the accounts and replay the order.",
        ],
    ),
    entry(
        "document-not-possible",
        [
            "Dokumentet kan ikke laves i regnskabet: {message}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret årsagen, og gensend ordren.",
        ],
        [
            "The document cannot be made in the accounting system: {message}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct the cause and replay the order.",
        ],
    ),
    entry(
        "other-document-with-this-number",
        [
            "Dokument nr. {number} med referencen {reference} findes allerede og lyder på {found}, men ordren lyder på {expected}.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Kontrollér, om det er samme salg; ret referencen på det andet dokument, hvis det ikke er.",
        ],
        [
            "Document no. {number} with the reference {reference} exists already and is for {found}, but the order is for {expected}.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Check whether it is the same sale; correct the reference of the other document if it is not.",
        ],
    ),
    entry(
        "adopted-draft-differs",
        [
            "Kladde nr. {number} fra en anden integration lyder på noget andet end ordren.",
            "Ordren er ikke overført, og intet er skrevet i regnskabet.",
            "Ret eller slet kladden i regnskabet, og gensend ordren.",
        ],
        [
            "Draft no. {number} of another integration is for something else than the order.",
            "The order is not transferred, and nothing was written to the accounts.",
            "Correct or delete the draft in the accounts and replay the order.",
        ],
    ),
    entry(
        "draft-edited-by-person",
        [
            "Kladde nr. {number} er rettet af en person i regnskabet; rettelserne bevares.",
            "Kladden opdateres ikke.",
            "Bogfør kladden i hånden, eller gensend ordren for at lade den blive overskrevet.",
        ],
        [
            "Draft no. {number} was edited by a person in the accounts; the edits are kept.",
            "The draft is not updated.",
            "Book the draft by hand, or replay the order to let it be overwritten.",
        ],
    ),
    entry(
        "document-stands-twice",
        [
            "Referencen {reference} står på {count} dokumenter i regnskabet.",
            "Overførslen fortsætter.",
            "Slet de overflødige, hvis de er kladder, eller krediter dem.",
        ],
        [
            "The reference {reference} stands on {count} documents in the accounts.",
            "The transfer goes on.",
            "Delete the superfluous ones if they are drafts, or credit them.",
        ],
    ),
    entry(
        "customer-not-updated",
        [
            "Kunde nr. {number} kunne ikke opdateres: {message}.",
            "Overførslen fortsætter.",
            "Ret kunden i hånden.",
        ],
        [
            "Customer no. {number} could not be updated: {message}.",
            "The transfer goes on.",
            "Correct the customer by hand.",
        ],
    ),
    entry(
        "number-not-written-back",
        [
            "Dokumentets nummer kunne ikke skrives tilbage til webshoppen: {message}.",
            "Overførslen fortsætter.",
            "Skriv nummeret på ordren i hånden, hvis det bruges.",
        ],
        [
            "The document's number could not be written back to the webshop: {message}.",
            "The transfer goes on.",
            "Write the number on the order by hand if it is used.",
        ],
    ),
    entry(
        "order-deleted",
        [
            "Ordre {order} er slettet i webshoppen.",
            "Ordren overføres ikke. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "Order {order} is deleted in the webshop.",
            "The order is not transferred. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "order-deleted-after-transfer",
        [
            "Ordre {order} er slettet i webshoppen, men dens dokument står i regnskabet.",
            "Dokumentet ændres ikke.",
            "Slet kladden, eller lav en kreditnota, hvis salget ikke skal stå.",
        ],
        [
            "Order {order} is deleted in the webshop, but its document stands in the accounts.",
            "The document is not changed.",
            "Delete the draft, or make a credit note, if the sale is not to stand.",
        ],
    ),
    entry(
        "order-out-of-reach",
        [
            "Ordren kan ikke læses i webshoppen. Appen må kun læse ordrer fra de seneste {days} dage, for den har ikke adgangen {scope}.",
            "Om ordren er ændret, refunderet eller slettet, kan ikke ses, og intet af det overføres. Det, der er bogført, ændres ikke.",
            "Giv appen adgangen {scope} i Shopify. Ordren læses igen af sig selv hver nat i en måned.",
        ],
        [
            "The order cannot be read in the webshop. The app may read orders of the last {days} days only, since it lacks the scope {scope}.",
            "Whether the order was changed, refunded or deleted cannot be seen, and nothing of that is transferred. What is booked is not changed.",
            "Grant the app the scope {scope} in Shopify. The order is read again by itself each night for a month.",
        ],
    ),
    entry(
        "shop-answered-another-order",
        [
            "Webshoppen svarede med ordre {found}, da der blev spurgt efter {asked}.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Kontakt den, der driver webshoppen.",
        ],
        [
            "The webshop answered with order {found} when {asked} was asked for.",
            "The transfer is set aside and does not go on by itself.",
            "Contact whoever runs the webshop.",
        ],
    ),
    entry(
        "stored-plan-missing",
        [
            "Den gemte plan nr. {ordinal} kan ikke findes.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Kontakt den, der driver Bogbro.",
        ],
        [
            "The stored plan no. {ordinal} cannot be found.",
            "The transfer is set aside and does not go on by itself.",
            "Contact whoever runs Bogbro.",
        ],
    ),
    entry(
        "stored-plan-unreadable",
        [
            "Den gemte plan nr. {ordinal} er skrevet af en nyere udgave af Bogbro eller er beskadiget.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Opdatér Bogbro, og gensend ordren.",
        ],
        [
            "The stored plan no. {ordinal} was written by a newer version of Bogbro, or is damaged.",
            "The transfer is set aside and does not go on by itself.",
            "Update Bogbro and replay the order.",
        ],
    ),
    entry(
        "no-flow",
        [
            "Ingen indstilling siger, hvor ordren skal hen: {message}.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Tilføj et flow for webshoppen, og gensend ordren.",
        ],
        [
            "No setting says where the order goes: {message}.",
            "The transfer is set aside and does not go on by itself.",
            "Add a flow for the webshop and replay the order.",
        ],
    ),
    entry(
        "delivery-not-understood",
        [
            "Leverancen fra webshoppen er ægte, men kan ikke forstås.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Kontakt den, der driver Bogbro; intet er tabt.",
        ],
        [
            "The webshop's delivery is authentic but not understood.",
            "The transfer is set aside and does not go on by itself.",
            "Contact whoever runs Bogbro; nothing is lost.",
        ],
    ),
    entry(
        "books-twin",
        [
            "Bilag {number} fra {day} bærer samme reference som et andet bogført bilag: {reference}.",
            "Intet er stoppet, men salget kan være bogført to gange.",
            "Se på begge bilag, og udlign det overflødige med en kreditnota.",
        ],
        [
            "Document {number} of {day} carries the same reference as another booked document: {reference}.",
            "Nothing is stopped, but the sale may be booked twice.",
            "Look at both documents, and settle the superfluous one with a credit note.",
        ],
    ),
    entry(
        "books-unknown",
        [
            "Bilag {number} fra {day} bærer Bogbros reference {reference}, men Bogbro kender det ikke.",
            "Intet er stoppet.",
            "Se på bilaget, og kreditér det, hvis salget også er bogført af Bogbro. En kladde, som en person bogførte, finder Bogbro selv.",
        ],
        [
            "Document {number} of {day} carries Bogbro's reference {reference}, but Bogbro does not know it.",
            "Nothing is stopped.",
            "Look at the document, and credit it if Bogbro booked the sale, too. A draft that a person booked is found by itself.",
        ],
    ),
    entry(
        "books-differ",
        [
            "Bilag {number} fra {day} har en anden total i regnskabet, end Bogbro har noteret ({reference}).",
            "Intet er stoppet.",
            "Se på bilaget, og gensend ordren, så Bogbro ser efter igen.",
        ],
        [
            "Document {number} of {day} has another total in the accounts than Bogbro has noted ({reference}).",
            "Nothing is stopped.",
            "Look at the document, and replay the order so that Bogbro looks again.",
        ],
    ),
    entry(
        "books-missing",
        [
            "Bilag {number} for ordre {order} skulle være bogført {day}, men det findes ikke i regnskabet.",
            "Salget mangler muligvis i bogføringen.",
            "Se efter bilaget i regnskabet; gensend ordren, når det er afklaret.",
        ],
        [
            "Document {number} of order {order} should be booked on {day}, but it is not in the accounts.",
            "The sale may be missing from the books.",
            "Look for the document in the accounts; replay the order when that is settled.",
        ],
    ),
    entry(
        "order-unknown",
        [
            "Ordre {entity} fra {day} findes i webshoppen, men Bogbro har aldrig set den.",
            "Den er ikke overført endnu.",
            "Den hentes ved næste gennemgang; gensend den, hvis den ikke kommer.",
        ],
        [
            "Order {entity} of {day} is in the webshop, but Bogbro has never seen it.",
            "It is not transferred yet.",
            "The next sweep fetches it; replay it if it does not come.",
        ],
    ),
    entry(
        "not-an-order",
        [
            "Leverancen er ikke en ordre.",
            "Overførslen er sat til side og fortsætter ikke af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The delivery is not an order.",
            "The transfer is set aside and does not go on by itself.",
            "Nothing needs to be done.",
        ],
    ),
];

/// Problems of settings files.
pub(crate) const SETTINGS: &[Entry] = &[
    entry(
        "setting-not-json",
        ["Filen er ikke gyldig JSON: {message}.", "Indstillingerne er ikke gemt.", "Ret filen på det sted."],
        [
            "The file is not valid JSON: {message}.",
            "The settings are not saved.",
            "Correct the file at that place.",
        ],
    ),
    entry(
        "setting-not-understood",
        [
            "Værdien kan ikke forstås: {message}.",
            "Indstillingerne er ikke gemt.",
            "Ret værdien; skemaet viser, hvad der kan stå.",
        ],
        [
            "The value is not understood: {message}.",
            "The settings are not saved.",
            "Correct the value; the schema shows what may stand there.",
        ],
    ),
    entry(
        "setting-out-of-range",
        ["Værdien er uden for det tilladte: {message}.", "Indstillingerne er ikke gemt.", "Ret værdien."],
        [
            "The value is outside what is allowed: {message}.",
            "The settings are not saved.",
            "Correct the value.",
        ],
    ),
    entry(
        "setting-unknown-placeholder",
        [
            "Pladsholderen {name} findes ikke.",
            "Indstillingerne er ikke gemt.",
            "Brug en af disse i krøllede parenteser: {allowed}.",
        ],
        [
            "The placeholder {name} does not exist.",
            "The settings are not saved.",
            "Use one of these in curly braces: {allowed}.",
        ],
    ),
    entry(
        "setting-text-too-long",
        ["Teksten er længere end 2000 tegn.", "Indstillingerne er ikke gemt.", "Forkort teksten."],
        ["The text is longer than 2000 characters.", "The settings are not saved.", "Shorten the text."],
    ),
    entry(
        "setting-text-length",
        ["Teksten skal være på 1 til 200 tegn.", "Indstillingerne er ikke gemt.", "Ret teksten."],
        ["The text must have 1 to 200 characters.", "The settings are not saved.", "Correct the text."],
    ),
    entry(
        "setting-write-back-without-number",
        [
            "Teksten mangler pladsholderen number.",
            "Indstillingerne er ikke gemt.",
            "Skriv pladsholderen number i krøllede parenteser, hvor dokumentets nummer skal stå.",
        ],
        [
            "The text lacks the placeholder number.",
            "The settings are not saved.",
            "Write the placeholder number in curly braces where the document's number goes.",
        ],
    ),
    entry(
        "setting-adoption-without-order",
        [
            "Referencen nævner hverken ordrenummer eller ordre-id og ville passe på alle ordrer.",
            "Indstillingerne er ikke gemt.",
            "Brug pladsholderen order_number eller order_id.",
        ],
        [
            "The reference names neither order number nor order id and would fit every order.",
            "The settings are not saved.",
            "Use the placeholder order_number or order_id.",
        ],
    ),
    entry(
        "setting-too-many",
        ["Der er for mange værdier.", "Indstillingerne er ikke gemt.", "Behold højst fem."],
        ["There are too many values.", "The settings are not saved.", "Keep five at most."],
    ),
    entry(
        "setting-filter-too-large",
        [
            "Filteret er for stort: højst 8 niveauer, 50 dele pr. niveau og 200 værdier.",
            "Indstillingerne er ikke gemt.",
            "Del filteret op, eller forenkl det.",
        ],
        [
            "The filter is too large: at most 8 levels, 50 parts to a level and 200 values.",
            "The settings are not saved.",
            "Split or simplify the filter.",
        ],
    ),
    entry(
        "setting-filter-without-values",
        [
            "En betingelse i filteret har ingen værdier.",
            "Indstillingerne er ikke gemt.",
            "Angiv values, eller brug test: present.",
        ],
        [
            "A condition of the filter has no values.",
            "The settings are not saved.",
            "Give values, or use test: present.",
        ],
    ),
    entry(
        "setting-filter-without-key",
        [
            "En betingelse på et ekstra felt mangler feltets navn.",
            "Indstillingerne er ikke gemt.",
            "Angiv key.",
        ],
        ["A condition on an extra field lacks the field's name.", "The settings are not saved.", "Give key."],
    ),
    entry(
        "setting-sign-not-proven",
        [
            "Betalingsmetoden {method} skal registreres i en kassekladde, men fortegnet er ikke bevist på det levende regnskab.",
            "Indstillingerne er ikke gemt.",
            "Bogfør én betaling i hånden gennem kassekladden, se at kunden krediteres, og sæt så sign-proven til true.",
        ],
        [
            "Payment method {method} is to be registered in a journal, but the sign is not proven on the live accounts.",
            "The settings are not saved.",
            "Book one payment by hand through the journal, see that the customer is credited, then set sign-proven to true.",
        ],
    ),
    entry(
        "setting-not-a-country",
        [
            "Det er ikke en landekode med to store bogstaver.",
            "Indstillingerne er ikke gemt.",
            "Skriv for eksempel DK, SE eller DE.",
        ],
        [
            "That is not a country code of two capital letters.",
            "The settings are not saved.",
            "Write DK, SE or DE, for example.",
        ],
    ),
    entry(
        "setting-product-number-length",
        ["Et varenummer har 1 til 25 tegn.", "Indstillingerne er ikke gemt.", "Ret varenummeret."],
        [
            "A product number has 1 to 25 characters.",
            "The settings are not saved.",
            "Correct the product number.",
        ],
    ),
    entry(
        "setting-customer-number-range",
        ["Et kundenummer er fra 1 til 999999999.", "Indstillingerne er ikke gemt.", "Ret kundenummeret."],
        [
            "A customer number is from 1 to 999999999.",
            "The settings are not saved.",
            "Correct the customer number.",
        ],
    ),
    entry(
        "setting-limit-range",
        [
            "Grænsen skal være fra 0 til 100.",
            "Indstillingerne er ikke gemt.",
            "Ret grænsen, for eksempel 0.10.",
        ],
        [
            "The limit must be from 0 to 100.",
            "The settings are not saved.",
            "Correct the limit, for example 0.10.",
        ],
    ),
    entry(
        "setting-merchant-id",
        [
            "Id skal være 2 til 40 små bogstaver, cifre eller bindestreger.",
            "Indstillingerne er ikke gemt.",
            "Ret id.",
        ],
        [
            "The id must have 2 to 40 lower-case letters, digits or hyphens.",
            "The settings are not saved.",
            "Correct the id.",
        ],
    ),
    entry(
        "setting-connection-id",
        [
            "Id skal være 16 til 64 bogstaver, cifre, bindestreger eller understreger, og ikke til at gætte.",
            "Indstillingerne er ikke gemt.",
            "Brug et tilfældigt id.",
        ],
        [
            "The id must have 16 to 64 letters, digits, hyphens or underscores, and not be guessable.",
            "The settings are not saved.",
            "Use a random id.",
        ],
    ),
    entry(
        "setting-time-zone",
        [
            "Tidszonen er ukendt.",
            "Indstillingerne er ikke gemt.",
            "Skriv en IANA-tidszone som Europe/Copenhagen.",
        ],
        [
            "The time zone is unknown.",
            "The settings are not saved.",
            "Write an IANA time zone such as Europe/Copenhagen.",
        ],
    ),
    entry(
        "setting-month-and-day",
        ["Det er ikke en dag på formen MM-DD.", "Indstillingerne er ikke gemt.", "Skriv for eksempel 12-31."],
        ["That is not a day of the form MM-DD.", "The settings are not saved.", "Write 12-31, for example."],
    ),
    entry(
        "setting-email",
        ["Det er ikke en e-mailadresse.", "Indstillingerne er ikke gemt.", "Ret adressen."],
        ["That is not an e-mail address.", "The settings are not saved.", "Correct the address."],
    ),
    entry(
        "setting-base-url",
        [
            "Adressen for {surface} er ikke tilladt: kun https, eller http til denne maskine, uden brugernavn.",
            "Indstillingerne er ikke gemt.",
            "Ret adressen.",
        ],
        [
            "The address of {surface} is not allowed: https only, or http to this machine, without a user name.",
            "The settings are not saved.",
            "Correct the address.",
        ],
    ),
    entry(
        "setting-name-twice",
        ["Navnet {name} bruges to gange.", "Indstillingerne er ikke gemt.", "Giv hver sit navn."],
        ["The name {name} is used twice.", "The settings are not saved.", "Give each its own name."],
    ),
    entry(
        "setting-id-twice",
        ["Samme id bruges to gange.", "Indstillingerne er ikke gemt.", "Giv hver forbindelse sit eget id."],
        ["The same id is used twice.", "The settings are not saved.", "Give each connection its own id."],
    ),
    entry(
        "setting-no-such-connection",
        [
            "Der er ingen forbindelse med navnet {name}.",
            "Indstillingerne er ikke gemt.",
            "Ret navnet, eller tilføj forbindelsen.",
        ],
        [
            "There is no connection named {name}.",
            "The settings are not saved.",
            "Correct the name, or add the connection.",
        ],
    ),
    entry(
        "setting-connection-without-source",
        [
            "Forbindelsen {name} bruges som webshop, men har ingen source.",
            "Indstillingerne er ikke gemt.",
            "Angiv source, for eksempel woocommerce:shop.example.",
        ],
        [
            "Connection {name} is used as a webshop but has no source.",
            "The settings are not saved.",
            "Set source, for example woocommerce:shop.example.",
        ],
    ),
    entry(
        "setting-connection-without-agreement",
        [
            "Forbindelsen {name} bruges som regnskab, men har ingen agreement.",
            "Indstillingerne er ikke gemt.",
            "Angiv agreement (aftalenummeret).",
        ],
        [
            "Connection {name} is used as accounts but has no agreement.",
            "The settings are not saved.",
            "Set agreement (the agreement number).",
        ],
    ),
];
