//! The words about stock: what the shop could not be told, and what is wrong with the stock settings.

use super::Entry;
use super::texts::entry;

/// Causes for which the shop is not told, and problems of the stock settings.
pub(crate) const STOCK: &[Entry] = &[
    entry(
        "stock-not-in-accounts",
        [
            "{count} varenumre i webshoppen findes ikke i regnskabet: {products}.",
            "Deres lager i webshoppen røres ikke.",
            "Opret varerne i regnskabet, eller ret varenumrene i webshoppen.",
        ],
        [
            "{count} product numbers in the webshop do not exist in the accounts: {products}.",
            "Their stock in the webshop is left as it is.",
            "Create the products in the accounts, or correct the numbers in the webshop.",
        ],
    ),
    entry(
        "stock-not-kept",
        [
            "Regnskabet fører ikke lager på {count} varer, som webshoppen tæller: {products}.",
            "Deres lager i webshoppen røres ikke.",
            "Flyt varerne til en varegruppe med lagerstyring, eller slå lagerstyring fra på dem i webshoppen.",
        ],
        [
            "The accounts keep no stock of {count} products that the webshop counts: {products}.",
            "Their stock in the webshop is left as it is.",
            "Move the products to a group with stock, or stop counting them in the webshop.",
        ],
    ),
    entry(
        "stock-part-missing",
        [
            "En del af {count} sæt findes ikke i regnskabet eller har intet lager der: {products}.",
            "Sættenes lager i webshoppen røres ikke.",
            "Ret sættets dele i indstillingerne, eller opret delen i regnskabet.",
        ],
        [
            "A part of {count} bundles does not exist in the accounts or has no stock there: {products}.",
            "The bundles' stock in the webshop is left as it is.",
            "Correct the bundle's parts in the settings, or create the part in the accounts.",
        ],
    ),
    entry(
        "stock-of-parent",
        [
            "{count} varianter deler lager med deres hovedvare i webshoppen, men har hver sit i regnskabet: {products}.",
            "Deres lager i webshoppen røres ikke.",
            "Slå lagerstyring til på de enkelte varianter i webshoppen.",
        ],
        [
            "{count} variants share their product's stock in the webshop, but have their own in the accounts: {products}.",
            "Their stock in the webshop is left as it is.",
            "Switch stock on for the single variants in the webshop.",
        ],
    ),
    entry(
        "stock-not-counted",
        [
            "Webshoppen tæller ikke lager på {count} varer, som regnskabet fører lager på: {products}.",
            "De kan sælges uden grænse i webshoppen.",
            "Slå lagerstyring til på dem i webshoppen.",
        ],
        [
            "The webshop does not count {count} products of which the accounts keep stock: {products}.",
            "They can be sold without limit in the webshop.",
            "Switch stock on for them in the webshop.",
        ],
    ),
    entry(
        "stock-bundle-not-in-shop",
        [
            "{count} sæt i stock.bundles findes ikke i webshoppen: {products}.",
            "Der føres intet lager over for dem.",
            "Ret varenumrene i stock.bundles, eller giv sættet det varenummer i webshoppen.",
        ],
        [
            "{count} bundles in stock.bundles are not in the webshop: {products}.",
            "No stock goes to the shop for them.",
            "Correct the product numbers in stock.bundles, or give the bundle that number in the webshop.",
        ],
    ),
    entry(
        "stock-bundle-of-shop",
        [
            "Webshoppen regner selv lageret ud på {count} sæt, som også står i stock.bundles: {products}.",
            "De får deres lager fra delene i webshoppen; stock.bundles bruges ikke for dem.",
            "Fjern dem fra stock.bundles, og se efter, at delene har lagerstyring i webshoppen.",
        ],
        [
            "The webshop itself reckons the stock of {count} bundles that also stand in stock.bundles: {products}.",
            "They have their stock from their parts in the webshop; stock.bundles is not used for them.",
            "Take them out of stock.bundles, and see that the parts' stock is counted in the webshop.",
        ],
    ),
    entry(
        "stock-duplicate",
        [
            "{count} varenumre står på flere varer i webshoppen: {products}.",
            "Ingen af dem får deres lager ændret, for hver ville sælge de samme stykker.",
            "Giv varerne hvert sit nummer, eller vælg i indstillingerne (duplicates), at alle skal vise det hele.",
        ],
        [
            "{count} product numbers stand on several products in the webshop: {products}.",
            "None of them is told anything, since each would sell the same units.",
            "Give each product its own number, or choose in the settings (duplicates) that each shows all of it.",
        ],
    ),
    entry(
        "stock-not-at-location",
        [
            "{count} varer føres ikke på den valgte lokation i webshoppen: {products}.",
            "Deres lager i webshoppen røres ikke.",
            "Tilknyt varerne til lokationen i webshoppen, eller vælg en anden lokation i indstillingerne.",
        ],
        [
            "{count} products are not kept at the chosen location in the webshop: {products}.",
            "Their stock in the webshop is left as it is.",
            "Stock the products at the location in the webshop, or choose another location in the settings.",
        ],
    ),
    entry(
        "stock-too-large",
        [
            "{count} varer har mere på lager i regnskabet, end webshoppen kan vise: {products}.",
            "Deres lager i webshoppen røres ikke.",
            "Ret beholdningen i regnskabet; den er formentlig en tastefejl.",
        ],
        [
            "{count} products have more in stock in the accounts than the webshop can show: {products}.",
            "Their stock in the webshop is left as it is.",
            "Correct the quantity in the accounts; it is most likely a typing error.",
        ],
    ),
    entry(
        "stock-refused",
        [
            "Webshoppen afviste lageret på {count} varer: {products}.",
            "De viser stadig det gamle antal. Alle andre varer er opdateret.",
            "Se afvisningen med `bogbro stock show`, og ret varen i webshoppen; der forsøges igen senest ved næste fulde gennemgang.",
        ],
        [
            "The webshop refused the stock of {count} products: {products}.",
            "They still show the old number. All other products are up to date.",
            "See the refusal with `bogbro stock show`, and correct the product in the webshop; it is tried again at the next whole comparison at the latest.",
        ],
    ),
    entry(
        "stock-moving",
        [
            "Lageret på {count} varer ændrede sig i webshoppen, mens det blev skrevet: {products}.",
            "De skrives ved næste gennemgang. Det er ikke en fejl.",
            "Der skal ikke gøres noget.",
        ],
        [
            "The stock of {count} products changed in the webshop while it was written: {products}.",
            "They are written the next time. This is not an error.",
            "Nothing needs to be done.",
        ],
    ),
    entry(
        "stock-no-inventory",
        [
            "Regnskabet oplyser ingen lagerbeholdning på nogen vare.",
            "Lageret føres ikke over til webshoppen.",
            "Lagermodulet skal være slået til i regnskabet, og varerne stå i varegrupper med lagerstyring.",
        ],
        [
            "The accounts state no stock of any product.",
            "No stock goes to the webshop.",
            "The inventory module must be on in the accounts, and the products in groups that keep stock.",
        ],
    ),
    entry(
        "stock-choose-location",
        [
            "Webshoppen har flere lokationer: {locations}.",
            "Lageret føres ikke over, før det er valgt, hvor det ligger.",
            "Angiv lokationen under stock.locations i indstillingerne.",
        ],
        [
            "The webshop has several locations: {locations}.",
            "No stock goes there until it is chosen where it lies.",
            "Name the location under stock.locations in the settings.",
        ],
    ),
    entry(
        "stock-unknown-location",
        [
            "Lokationen {location} findes ikke i webshoppen. Der er: {locations}.",
            "Lageret føres ikke over til webshoppen.",
            "Ret stock.locations i indstillingerne.",
        ],
        [
            "The location {location} does not exist in the webshop. There are: {locations}.",
            "No stock goes to the webshop.",
            "Correct stock.locations in the settings.",
        ],
    ),
    entry(
        "stock-unknown-place",
        [
            "Regnskabet oplyser intet lager på lokationen {place}.",
            "Lageret føres ikke over til webshoppen, for alt ville se udsolgt ud.",
            "Ret navnet under stock.locations i indstillingerne. e-conomic oplyser kun det samlede lager; lad da accounting være tom.",
        ],
        [
            "The accounts state no stock at the location {place}.",
            "No stock goes to the webshop, since everything would look sold out.",
            "Correct the name under stock.locations in the settings. e-conomic only states the total; leave accounting empty then.",
        ],
    ),
    entry(
        "stock-interrupted",
        [
            "Lagergennemgangen blev afbrudt ({message}).",
            "Det, der mangler, skrives ved næste gennemgang.",
            "Der skal ikke gøres noget, hvis det ikke gentager sig.",
        ],
        [
            "The comparison of stock was interrupted ({message}).",
            "What is missing is written the next time.",
            "Nothing needs to be done unless it comes again.",
        ],
    ),
    entry(
        "stock-rejected",
        [
            "{system} afviste at oplyse eller modtage lager ({message}).",
            "Lageret føres ikke over til webshoppen.",
            "Ret det, som systemet nævner; der forsøges igen af sig selv.",
        ],
        [
            "{system} refused to state or take stock ({message}).",
            "No stock goes to the webshop.",
            "Correct what the system names; it is tried again by itself.",
        ],
    ),
    entry(
        "setting-stock-location-twice",
        [
            "Webshoppens lokation {name} er nævnt to gange.",
            "Filen kan ikke bruges.",
            "Nævn hver lokation én gang.",
        ],
        [
            "The webshop's location {name} is named twice.",
            "The file cannot be used.",
            "Name each location once.",
        ],
    ),
    entry(
        "setting-stock-shared-location",
        [
            "Det samme lager ({name}) ville blive vist på flere af webshoppens lokationer.",
            "Filen kan ikke bruges, for de samme stykker kunne sælges flere gange.",
            "Lad hver af regnskabets lokationer høre til én af webshoppens.",
        ],
        [
            "The same stock ({name}) would be shown at several of the webshop's locations.",
            "The file cannot be used, since the same units could be sold several times.",
            "Let each of the accounts' locations belong to one of the webshop's.",
        ],
    ),
    entry(
        "setting-stock-sold-in-drafts",
        [
            "Webshoppen skal have lager fra regnskabet, men ordrer bliver til fakturakladder, og en kladde trækker intet fra lageret, før den bogføres.",
            "Filen kan ikke bruges, for solgte stykker ville blive sat til salg igen.",
            "Lad ordrer blive til ordrer eller bogførte fakturaer (document.kind og trigger.handling), eller sæt stock.mode til report.",
        ],
        [
            "The webshop is to be told the accounts' stock, but orders become draft invoices, and a draft takes nothing out of stock before it is booked.",
            "The file cannot be used, since units that are sold would be offered again.",
            "Let orders become sales orders or booked invoices (document.kind and trigger.handling), or set stock.mode to report.",
        ],
    ),
    entry(
        "setting-stock-sold-in-orders",
        [
            "Webshoppen skal have alt, der er på lager (in-stock), men ordrer bliver til ordrer i regnskabet, og de trækkes ikke fra det tal.",
            "Filen kan ikke bruges, for solgte stykker ville blive sat til salg igen.",
            "Sæt stock.quantity til available, eller lad ordrer blive til bogførte fakturaer.",
        ],
        [
            "The webshop is to be told all that is in stock (in-stock), but orders become sales orders in the accounts, which are not subtracted from that figure.",
            "The file cannot be used, since units that are sold would be offered again.",
            "Set stock.quantity to available, or let orders become booked invoices.",
        ],
    ),
    entry(
        "setting-stock-bundle-twice",
        ["Sættet {name} er nævnt to gange.", "Filen kan ikke bruges.", "Nævn hvert sæt én gang."],
        ["The bundle {name} is named twice.", "The file cannot be used.", "Name each bundle once."],
    ),
    entry(
        "setting-stock-bundle-of-itself",
        ["Sættet {name} indeholder sig selv.", "Filen kan ikke bruges.", "Ret sættets dele."],
        ["The bundle {name} holds itself.", "The file cannot be used.", "Correct the bundle's parts."],
    ),
];
