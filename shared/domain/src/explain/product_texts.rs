//! Words for what is found about products: of single ones, and of many in one report.

use super::Entry;
use super::texts::entry;

/// Reasons of plans, of the catalogue check and of carrying products out.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "product-flow-off",
        [
            "Varer overføres ikke fra webshoppen ifølge opsætningen.",
            "Det er ikke en fejl; der er intet at overføre.",
            "Der skal ikke gøres noget. Ordrer laver selv de varer, der mangler.",
        ],
        [
            "Products are not transferred from the webshop, by the settings.",
            "This is not an error; there is nothing to transfer.",
            "Nothing needs to be done. Orders make the products that are missing.",
        ],
    ),
    entry(
        "product-unknown",
        [
            "Varen findes ikke i webshoppen, og den er aldrig overført herfra.",
            "Det er ikke en fejl; der er intet at overføre.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The product is not in the webshop and was never transferred from it.",
            "This is not an error; there is nothing to transfer.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "product-up-to-date",
        [
            "Varen står i regnskabet, som opsætningen vil have den.",
            "Det er ikke en fejl; der er intet at overføre.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The product stands in the accounts as the settings want it.",
            "This is not an error; there is nothing to transfer.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "product-unreadable",
        [
            "{count} vare(r) i webshoppen kan ikke læses ({message}): {products}.",
            "Varerne overføres ikke. Andre varer overføres.",
            "Ret prisen i webshoppen; varen overføres, når den er rettet.",
        ],
        [
            "{count} product(s) in the webshop cannot be read ({message}): {products}.",
            "The products are not transferred. Other products are transferred.",
            "Correct the price in the webshop; the product is transferred once it is corrected.",
        ],
    ),
    entry(
        "product-without-sku",
        [
            "{count} vare(r) i webshoppen har intet varenummer: {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Giv dem et varenummer (SKU) i webshoppen, eller vælg i opsætningen, at webshoppens eget id bruges.",
        ],
        [
            "{count} product(s) in the webshop have no number: {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Give them a number (SKU) in the webshop, or choose in the settings that the webshop's own id is used.",
        ],
    ),
    entry(
        "product-sku-too-long",
        [
            "{count} varenummer/-numre i webshoppen er længere end de {limit} tegn, regnskabet har plads til: {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Forkort varenumrene i webshoppen. De afkortes ikke her, for to varer kunne så få samme nummer.",
        ],
        [
            "{count} product number(s) in the webshop are longer than the {limit} characters that the accounts have room for: {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Shorten the numbers in the webshop. They are not cut here, since two products could then get the same number.",
        ],
    ),
    entry(
        "product-number-twice",
        [
            "{count} gang(e) har flere varer i webshoppen samme varenummer: {products}.",
            "Varerne overføres ikke, for det kan ikke ses, hvilken af dem nummeret er. Andre varer overføres.",
            "Giv hver vare og variant sit eget varenummer i webshoppen.",
        ],
        [
            "{count} time(s) several products in the webshop have the same number: {products}.",
            "The products are not transferred, since it cannot be told which of them the number is. Other products are transferred.",
            "Give each product and variant a number of its own in the webshop.",
        ],
    ),
    entry(
        "product-tax-class-unmapped",
        [
            "{count} vare(r) har momsklassen {class}, som opsætningen ikke siger noget om: {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Sæt i opsætningen, hvilken varegruppe momsklassen {class} hører til.",
        ],
        [
            "{count} product(s) have the VAT class {class}, of which the settings say nothing: {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Set in the settings which product group the VAT class {class} belongs to.",
        ],
    ),
    entry(
        "product-group-unmapped",
        [
            "{count} vare(r) med {rate} % moms har ingen entydig varegruppe: {products}. Mulige grupper: {choices}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Sæt varegruppen for {rate} % moms i opsætningen.",
        ],
        [
            "{count} product(s) at {rate} % VAT have no one product group: {products}. Possible groups: {choices}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Set the product group for {rate} % VAT in the settings.",
        ],
    ),
    entry(
        "product-group-no-account",
        [
            "Varegruppe {group} har ingen salgskonto for salg i indlandet; {count} vare(r): {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Sæt en salgskonto på varegruppe {group} i regnskabet, eller flyt varerne til en anden gruppe.",
        ],
        [
            "Product group {group} has no sales account for sales at home; {count} product(s): {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Set a sales account on product group {group} in the accounts, or move the products to another group.",
        ],
    ),
    entry(
        "product-group-not-there",
        [
            "Varegruppe {group} findes ikke i regnskabet; {count} vare(r): {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Ret varegruppen i opsætningen, eller opret den i regnskabet.",
        ],
        [
            "Product group {group} is not in the accounts; {count} product(s): {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Correct the product group in the settings, or make it in the accounts.",
        ],
    ),
    entry(
        "product-group-other-vat",
        [
            "Varegruppe {group} {group-name} giver {gives} % moms, men webshoppen tager {charged} %; {count} vare(r): {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Flyt varerne til en varegruppe med {charged} % moms i regnskabet, eller ret momsen i webshoppen.",
        ],
        [
            "Product group {group} {group-name} gives {gives} % VAT, but the webshop charges {charged} %; {count} product(s): {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Move the products to a product group with {charged} % VAT in the accounts, or correct the VAT in the webshop.",
        ],
    ),
    entry(
        "product-unit-missing",
        [
            "Enhed {unit} fra opsætningen findes ikke i regnskabet; {count} vare(r): {products}.",
            "Varerne overføres ikke, og en ordre på dem bliver stoppet. Andre varer overføres.",
            "Ret enheden i opsætningen, eller opret den i regnskabet.",
        ],
        [
            "Unit {unit} of the settings is not in the accounts; {count} product(s): {products}.",
            "The products are not transferred, and an order for them will be stopped. Other products are transferred.",
            "Correct the unit in the settings, or make it in the accounts.",
        ],
    ),
    entry(
        "product-renumbered",
        [
            "Varenummer {before} hedder nu {now} i webshoppen.",
            "Det blokerer ikke. Den nye vare overføres; den gamle bliver stående, for nummeret på en vare kan ikke ændres i regnskabet.",
            "Spær vare {before} i regnskabet, hvis den ikke skal sælges mere.",
        ],
        [
            "Product number {before} is called {now} in the webshop now.",
            "This blocks nothing. The new product is transferred; the old one stays, since a product's number cannot be changed in the accounts.",
            "Bar product {before} in the accounts if it is not to be sold any more.",
        ],
    ),
    entry(
        "product-blocked",
        [
            "{count} vare(r), som webshoppen sælger, er spærret i regnskabet: {products}.",
            "En ordre på dem bliver stoppet.",
            "Fjern spærringen i regnskabet, eller tag varerne af webshoppen.",
        ],
        [
            "{count} product(s) that the webshop sells are barred in the accounts: {products}.",
            "An order for them will be stopped.",
            "Lift the bar in the accounts, or take the products off the webshop.",
        ],
    ),
    entry(
        "product-missing",
        [
            "{count} vare(r), som webshoppen sælger, findes ikke i regnskabet: {products}.",
            "En ordre på dem bliver stoppet, for opsætningen siger, at varer ikke laves.",
            "Opret varerne i regnskabet, eller sæt i opsætningen, at de laves.",
        ],
        [
            "{count} product(s) that the webshop sells are not in the accounts: {products}.",
            "An order for them will be stopped, since the settings say that products are not made.",
            "Make the products in the accounts, or set in the settings that they are made.",
        ],
    ),
    entry(
        "correction-product-missing",
        [
            "Varen til øreafrunding findes ikke i regnskabet: {products} ({count}).",
            "En ordre, hvis sum afviger med en øre, bliver stoppet.",
            "Opret varen i en varegruppe uden moms, eller vælg en anden i opsætningen.",
        ],
        [
            "The product for corrections is not in the accounts: {products} ({count}).",
            "An order whose total differs by an øre will be stopped.",
            "Make the product in a group without VAT, or choose another in the settings.",
        ],
    ),
    entry(
        "product-refused",
        [
            "Regnskabet afviste vare {products}: {message}.",
            "Varen er ikke overført. Produktets andre varianter er overført.",
            "Ret det, som regnskabet nævner; varen overføres igen, når den ændres i webshoppen, eller med en gentagelse.",
        ],
        [
            "The accounts refused product {products}: {message}.",
            "The product is not transferred. Other variants of it are.",
            "Correct what the accounts name; the product is transferred again when it changes in the webshop, or by a replay.",
        ],
    ),
    entry(
        "product-answered-otherwise",
        [
            "Vare {products} blev skrevet, men {field} står som {answered} i stedet for {expected} i regnskabet.",
            "Varen er overført med den forskel.",
            "Se på varen i regnskabet, og ret den, hvis forskellen betyder noget.",
        ],
        [
            "Product {products} was written, but {field} stands as {answered} instead of {expected} in the accounts.",
            "The product is transferred with that difference.",
            "Look at the product in the accounts, and correct it if the difference matters.",
        ],
    ),
    entry(
        "product-continues",
        [
            "Produktet har flere varianter, end der skrives på én gang.",
            "Overførslen fortsætter af sig selv.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The product has more variants than are written at a time.",
            "The transfer goes on by itself.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "too-many-new-products",
        [
            "Ordren sælger {count} varer, som regnskabet ikke har; der oprettes højst {limit} for én ordre.",
            "Ordren overføres ikke.",
            "Opret varerne i regnskabet først, for eksempel med bogbro catalogue run, og gensend derefter ordren.",
        ],
        [
            "The order sells {count} products that the accounts do not have; at most {limit} are made for one order.",
            "The order is not transferred.",
            "Create the products in the accounts first, for example with bogbro catalogue run, and then replay the order.",
        ],
    ),
    entry(
        "catalogue-check-unfinished",
        [
            "Varekataloget kunne ikke læses til ende: {message}.",
            "Ordrer overføres som ellers; varer, der ville standse en ordre, er ikke fundet på forhånd.",
            "Kør kontrollen i hånden med bogbro catalogue check, eller vent til næste gang.",
        ],
        [
            "The catalogue could not be read to its end: {message}.",
            "Orders are transferred as ever; products that would stop an order were not found beforehand.",
            "Run the check by hand with bogbro catalogue check, or wait for the next time.",
        ],
    ),
];
