//! Words of settings that contradict each other, or that could never do what they say.

use super::Entry;
use super::texts::entry;

/// Problems on save.
pub(crate) const ENTRIES: &[Entry] = &[
    entry(
        "setting-filter-without-conditions",
        [
            "Filteret har en tom liste under all eller any: den siger intet, og en tom any lader ingen ordrer passere.",
            "Indstillingerne er ikke gemt.",
            "Angiv mindst én betingelse, eller fjern listen.",
        ],
        [
            "The filter has an empty list under all or any: it says nothing, and an empty any lets no order pass.",
            "The settings are not saved.",
            "Give at least one condition, or remove the list.",
        ],
    ),
    entry(
        "setting-filter-not-a-number",
        [
            "{value} kan ikke læses som et tal, så betingelsen i filteret ville aldrig være opfyldt.",
            "Indstillingerne er ikke gemt.",
            "Skriv tallet med punktum før decimalerne og uden tusindtalsseparator, for eksempel 1500.50.",
        ],
        [
            "{value} cannot be read as a number, so the filter's condition would never hold.",
            "The settings are not saved.",
            "Write the number with a point before the decimals and no thousands separator, such as 1500.50.",
        ],
    ),
    entry(
        "setting-default-product-missing",
        [
            "products.missing er use-default, men products.skus.default nævner intet varenummer.",
            "Indstillingerne er ikke gemt.",
            "Angiv products.skus.default, eller vælg create eller hold i products.missing.",
        ],
        [
            "products.missing is use-default, but products.skus.default names no product number.",
            "The settings are not saved.",
            "Set products.skus.default, or choose create or hold in products.missing.",
        ],
    ),
    entry(
        "setting-shop-twice",
        [
            "To flows går ud fra webshoppen {name}: det andet ville aldrig blive brugt.",
            "Indstillingerne er ikke gemt.",
            "Saml dem i ét flow. Forskellige ordrer kan behandles forskelligt med trigger.handling.",
        ],
        [
            "Two flows start from the webshop {name}: the second would never be used.",
            "The settings are not saved.",
            "Make one flow of them. Different orders can be treated differently with trigger.handling.",
        ],
    ),
    entry(
        "setting-base-url-missing",
        [
            "Forbindelsen {name} mangler adressen {surface} i base-urls.",
            "Indstillingerne er ikke gemt.",
            "Angiv adressen, for eksempel https://shop.example.",
        ],
        [
            "Connection {name} lacks the address {surface} in base-urls.",
            "The settings are not saved.",
            "Give the address, such as https://shop.example.",
        ],
    ),
    entry(
        "setting-base-url-unknown",
        [
            "Forbindelsen {name} har adressen {surface} i base-urls, som systemet ikke har.",
            "Indstillingerne er ikke gemt.",
            "Ret navnet. Systemet har: {known}.",
        ],
        [
            "Connection {name} has the address {surface} in base-urls, which the system does not have.",
            "The settings are not saved.",
            "Correct the name. The system has: {known}.",
        ],
    ),
    entry(
        "setting-write-back-without-booking",
        [
            "Nummeret skal skrives tilbage til webshoppen, men ingen ordrer bogføres af Bogbro, så der er aldrig et fakturanummer at skrive.",
            "Indstillingerne er ikke gemt.",
            "Fjern document.write-back.form, eller vælg booked-invoice i document.kind eller i en regel under trigger.handling.",
        ],
        [
            "The number is to be written back to the webshop, but Bogbro books no orders, so that there is never an invoice number to write.",
            "The settings are not saved.",
            "Remove document.write-back.form, or choose booked-invoice in document.kind or in a rule under trigger.handling.",
        ],
    ),
    entry(
        "setting-journal-without-booking",
        [
            "Betalinger med {method} skal registreres i en kladde, men de ordrer bogføres aldrig af Bogbro, så intet ville blive registreret.",
            "Indstillingerne er ikke gemt.",
            "Vælg open i registration, eller vælg booked-invoice i document.kind eller i en regel under trigger.handling, og fjern never-book.",
        ],
        [
            "Payments by {method} are to be registered in a journal, but Bogbro never books those orders, so that nothing would be registered.",
            "The settings are not saved.",
            "Choose open in registration, or choose booked-invoice in document.kind or in a rule under trigger.handling, and remove never-book.",
        ],
    ),
];
