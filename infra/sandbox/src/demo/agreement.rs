//! An e-conomic agreement set up as a typical Danish merchant has it: chart of accounts, VAT, groups, terms and products.

use crate::economic::{
    Account, AccountingYear, Agreement, Currency, CustomerGroup, Journal, MasterData, Named, PaymentTerm,
    Period, ProductGroup, VatAccount, VatZone,
};
use crate::json::Json;
use crate::object;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Foreign VAT that the merchant accounts for: country, percent. The EU countries under OSS, Norway under VOEC.
pub const OSS_RATES: &[(&str, &str)] = &[
    ("SE", "25"),
    ("SE", "12"),
    ("SE", "6"),
    ("DE", "19"),
    ("DE", "7"),
    ("NO", "25"),
    ("NO", "15"),
    ("FI", "25.5"),
    ("NL", "21"),
    ("FR", "20"),
    ("AT", "20"),
    ("BE", "21"),
    ("PL", "23"),
    ("ES", "21"),
    ("IT", "22"),
    ("IE", "23"),
];

/// The products of the captured WooCommerce orders: number, name, product group.
pub const CAPTURED_PRODUCTS: &[(&str, &str, u32)] = &[
    ("MUG-11", "Krus", 1),
    ("SEK-9", "Sekskantnøgle", 1),
    ("KLIP-1", "Klips", 1),
    ("JK-M", "Jakke - M", 1),
    ("OLIE-5", "Olivenolie 0,5 l", 1),
    ("BK-2", "Atlas", 2),
    ("GIFT-250", "Gavekort 250", 5),
];

/// Products that every demo agreement has beside its goods: number, name, product group.
const STANDARD_PRODUCTS: &[(&str, &str, u32)] = &[
    ("fragtmm", "Fragt m/moms", 1),
    ("fragtum", "Fragt u/moms", 2),
    ("Gebyr", "Gebyr", 2),
    ("Gebyrmm", "Gebyr m/moms", 1),
    ("Rabat", "Rabat", 1),
    ("Rabatum", "Rabat u/moms", 2),
    ("Difference", "Difference", 2),
    ("Gavekort", "Gavekort", 5),
    ("Diverse", "Diverse m/moms", 1),
    ("Diverseum", "Diverse u/moms", 2),
    ("Drikkepenge", "Drikkepenge", 2),
];

/// Products that the demo orders sell: number, name, product group.
const DEMO_PRODUCTS: &[(&str, &str, u32)] = &[
    ("KRUS-BLAA", "Blåt krus", 1),
    ("KANDE-1L", "Kande 1 l", 1),
    ("BOG-TE", "Bogen om te", 2),
    ("TE-100", "Te 100 g", 1),
    ("GAVE-500", "Gavekort 500", 5),
];

/// The first account of foreign sales; each rate of [`OSS_RATES`] has the next one.
const FIRST_OSS_ACCOUNT: u32 = 1300;
/// The first account of foreign VAT; each rate of [`OSS_RATES`] has the next one.
const FIRST_OSS_VAT_ACCOUNT: u32 = 6930;
/// The first product group of foreign sales; each rate of [`OSS_RATES`] has the next one.
const FIRST_OSS_GROUP: u32 = 100;

/// The product group of sales under a foreign rate.
pub fn oss_group(country: &str, rate: &str) -> Option<u32> {
    let index = OSS_RATES.iter().position(|known| *known == (country, rate))?;
    u32::try_from(index).ok().map(|index| FIRST_OSS_GROUP + index)
}

/// The VAT code of a foreign rate, at most 5 characters: country and whole percent.
pub fn oss_vat_code(country: &str, rate: &str) -> String {
    format!("{country}{}", rate.split('.').next().unwrap_or_default())
}

/// The demo merchant's agreement: everything set up, nothing booked.
pub fn agreement() -> Agreement {
    // Tests make thousands of worlds: setting an agreement up once and copying it is many times cheaper.
    static SET_UP: LazyLock<Agreement> = LazyLock::new(set_up);
    SET_UP.clone()
}

fn set_up() -> Agreement {
    let tokens = (super::APP_SECRET_TOKEN, super::AGREEMENT_GRANT_TOKEN);
    let mut agreement = Agreement::new(424_242, "Krus & Kande ApS", tokens, master_data());
    agreement.first_invoice = 10_001;
    for (number, name, group) in STANDARD_PRODUCTS.iter().chain(DEMO_PRODUCTS) {
        agreement.add_product(number, name, *group);
    }
    add_siblings(&mut agreement, DEMO_PRODUCTS);
    agreement.add_customer(1000, "Webkunder", 1, 1);
    agreement.add_customer(9001, "Kortselskabet A/S", 1, 1);
    agreement
}

/// The same agreement with the products of the captured WooCommerce orders: every one of those orders can be booked.
pub fn agreement_for_captures() -> Agreement {
    static SET_UP: LazyLock<Agreement> = LazyLock::new(set_up_for_captures);
    SET_UP.clone()
}

fn set_up_for_captures() -> Agreement {
    let mut agreement = agreement();
    for (number, name, group) in CAPTURED_PRODUCTS {
        agreement.add_product(number, name, *group);
    }
    add_siblings(&mut agreement, CAPTURED_PRODUCTS);
    agreement
}

/// For each foreign rate: a collective product `OSS-SE-25`, and a sibling `KRUS-BLAA-SE25` of each product and of shipping.
fn add_siblings(agreement: &mut Agreement, products: &[(&str, &str, u32)]) {
    let shipping = [("fragtmm", "Fragt", 1)];
    for (country, rate) in OSS_RATES {
        let Some(group) = oss_group(country, rate) else { continue };
        agreement.add_product(&format!("OSS-{country}-{rate}"), &format!("Salg {country} {rate} %"), group);
        for (number, name, _) in products.iter().chain(&shipping).filter(|(_, _, group)| *group != 5) {
            agreement.add_product(
                &format!("{number}-{}", oss_vat_code(country, rate)),
                &format!("{name} ({country} {rate} %)"),
                group,
            );
        }
    }
}

impl Agreement {
    /// Puts a product in, as the merchant would have. Keep `number` within 25 characters.
    pub fn add_product(&mut self, number: &str, name: &str, group: u32) {
        let clean = object! {
            "productNumber": number,
            "name": name,
            "salesPrice": Json::fixed(Decimal::ZERO, 2),
            "productGroup": object! { "productGroupNumber": group },
        };
        self.put_product(Timestamp::UNIX_EPOCH, number, clean);
    }

    /// Puts a customer in, as the merchant would have.
    pub fn add_customer(&mut self, number: u32, name: &str, group: u32, zone: u32) {
        let clean = object! {
            "currency": self.master.base_currency.as_str(),
            "paymentTerms": object! { "paymentTermsNumber": 1 },
            "customerGroup": object! { "customerGroupNumber": group },
            "name": name,
            "vatZone": object! { "vatZoneNumber": zone },
        };
        let customer = self.render_customer(Timestamp::UNIX_EPOCH, number, clean);
        self.customers.insert(number, customer);
    }
}

fn keyed<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> BTreeMap<K, T> {
    items.into_iter().map(|item| (key(&item), item)).collect()
}

fn master_data() -> MasterData {
    MasterData {
        base_currency: "DKK".to_string(),
        rounding_account: 4360,
        accounts: keyed(accounts(), |account| account.number),
        vat_accounts: keyed(vat_accounts(), |account| account.code.clone()),
        vat_zones: keyed(vat_zones(), |zone| zone.number),
        product_groups: keyed(product_groups(), |group| group.number),
        customer_groups: keyed(customer_groups(), |group| group.number),
        payment_terms: keyed(payment_terms(), |term| term.number),
        payment_types: keyed(named(&[(1, "Bankoverførsel"), (2, "Betalingskort")]), |item| item.number),
        layouts: keyed(
            named(&[
                (19, "DK. std. m. bankoplys."),
                (20, "DK. std. m. girokort"),
                (21, "Eng. std. m. bankoplys."),
            ]),
            |item| item.number,
        ),
        units: keyed(named(&[(1, "stk."), (2, "timer"), (3, "pcs.")]), |item| item.number),
        departments: keyed(named(&[(1, "Webshop"), (2, "Butik")]), |item| item.number),
        currencies: keyed(currencies(), |currency| currency.code.clone()),
        years: (2024..=2029).map(|number| year(number, number < 2026)).collect(),
        journals: keyed(journals(), |journal| journal.number),
    }
}

fn account(number: u32, name: &str, vat_code: Option<&str>) -> Account {
    let kind = if number < 5000 { "profitAndLoss" } else { "status" };
    Account {
        number,
        name: name.to_string(),
        kind: kind.to_string(),
        vat_code: vat_code.map(str::to_string),
        barred: false,
        block_direct_entries: matches!(number, 5600 | 5610 | 5620 | 6902),
    }
}

fn accounts() -> Vec<Account> {
    let mut accounts = vec![
        account(1010, "Salg af varer m/moms", Some("U25")),
        account(1020, "Salg af ydelser m/moms", Some("U25")),
        account(1050, "Salg u/moms", None),
        account(1110, "Salg af varer EU", None),
        account(1120, "Salg af ydelser EU", None),
        account(1150, "Salg uden for EU", None),
        account(2950, "Gebyrer til indløsere", None),
        account(2951, "Indsigelser", None),
        account(4360, "Øredifferencer", None),
        account(4370, "Kursdifferencer", None),
        account(4380, "Reguleringer fra indløsere", None),
        account(5600, "Debitorer", None),
        account(5610, "Debitorer EU", None),
        account(5620, "Debitorer udland", None),
        account(5820, "Bank", None),
        account(5830, "Tilgode hos kortindløser", None),
        account(5831, "Tilgode hos MobilePay", None),
        account(5832, "Tilgode hos Klarna", None),
        account(5840, "Sikkerhed hos indløsere", None),
        account(5841, "Overført saldo hos indløsere", None),
        account(5850, "Mellemregning udbetalinger", None),
        account(5860, "Uafklarede posteringer", None),
        account(6850, "Udstedte gavekort", None),
        account(6902, "Salgsmoms", None),
        account(6910, "Købsmoms", None),
        account(6911, "Moms af køb i udlandet", None),
    ];
    for (index, (country, rate)) in (0u32..).zip(OSS_RATES) {
        let code = oss_vat_code(country, rate);
        accounts.push(account(FIRST_OSS_ACCOUNT + index, &format!("Salg {country} {rate} %"), Some(&code)));
        accounts.push(account(
            FIRST_OSS_VAT_ACCOUNT + index,
            &format!("Skyldig moms {country} {rate} %"),
            None,
        ));
    }
    accounts
}

fn vat_accounts() -> Vec<VatAccount> {
    let vat_account = |code: String, name: String, rate: Decimal, account: u32| VatAccount {
        code,
        name,
        rate,
        account,
        vat_type: 1,
        barred: false,
        contra_account: None,
    };
    let quarter = Decimal::from(25);
    let mut accounts = vec![
        vat_account("U25".into(), "Salgsmoms 25 %".into(), quarter, 6902),
        VatAccount { vat_type: 2, ..vat_account("I25".into(), "Købsmoms 25 %".into(), quarter, 6910) },
        VatAccount {
            vat_type: 2,
            contra_account: Some(6911),
            ..vat_account("IYEU".into(), "Ydelseskøb i udlandet".into(), quarter, 6910)
        },
    ];
    for (index, (country, rate)) in (0u32..).zip(OSS_RATES) {
        let percent = rate.parse().unwrap_or_default();
        let name = format!("Moms {country} {rate} %");
        accounts.push(vat_account(oss_vat_code(country, rate), name, percent, FIRST_OSS_VAT_ACCOUNT + index));
    }
    accounts
}

fn vat_zones() -> Vec<VatZone> {
    let zone = |number: u32, name: &str| VatZone {
        number,
        name: name.to_string(),
        enabled_for_supplier: number != 4,
    };
    vec![zone(1, "Domestic"), zone(2, "EU"), zone(3, "Abroad"), zone(4, "Domestic exempt VAT")]
}

fn product_groups() -> Vec<ProductGroup> {
    let group = |number: u32, name: &str, by_zone: [u32; 4], inventory_enabled: bool| ProductGroup {
        number,
        name: name.to_string(),
        sales_accounts: (1u32..).zip(by_zone).collect(),
        inventory_enabled,
    };
    let mut groups = vec![
        group(1, "Varer m/moms", [1010, 1110, 1150, 1050], true),
        group(2, "Varer u/moms", [1050, 1110, 1150, 1050], true),
        group(3, "Ydelser m/moms", [1020, 1120, 1150, 1050], false),
        group(4, "Ydelser u/moms", [1050, 1120, 1150, 1050], false),
        group(5, "Gavekort", [6850, 6850, 6850, 6850], false),
    ];
    for (index, (country, rate)) in (0u32..).zip(OSS_RATES) {
        let account = FIRST_OSS_ACCOUNT + index;
        groups.push(group(FIRST_OSS_GROUP + index, &format!("OSS {country} {rate} %"), [account; 4], true));
    }
    groups
}

fn customer_groups() -> Vec<CustomerGroup> {
    let group =
        |number: u32, name: &str, account: u32| CustomerGroup { number, name: name.to_string(), account };
    vec![group(1, "Danske kunder", 5600), group(2, "EU-kunder", 5610), group(3, "Udenlandske kunder", 5620)]
}

fn payment_terms() -> Vec<PaymentTerm> {
    let term = |number: u32, name: &str, kind: &str, days: i64| PaymentTerm {
        number,
        name: name.to_string(),
        kind: kind.to_string(),
        days,
        contra_for_prepaid: None,
        contra_for_remainder: None,
        credit_card_company: None,
    };
    let all = Decimal::ONE_HUNDRED;
    let paid_to =
        |term: PaymentTerm, account: u32| PaymentTerm { contra_for_remainder: Some((account, all)), ..term };
    vec![
        term(1, "Netto 8 dage", "net", 8),
        term(2, "Netto 14 dage", "net", 14),
        term(3, "Løbende måned 30 dage", "invoiceMonth", 30),
        paid_to(term(4, "Betalingskort", "paidInCash", 0), 5830),
        paid_to(term(5, "MobilePay", "paidInCash", 0), 5831),
        PaymentTerm { contra_for_prepaid: Some((5832, all)), ..term(6, "Klarna", "prepaid", 0) },
        term(7, "Forfaldsdato", "dueDate", 0),
        PaymentTerm { credit_card_company: Some(9001), ..term(8, "Kortselskab", "creditcard", 0) },
        paid_to(term(9, "Efterkrav", "paidInCash", 0), 5820),
    ]
}

fn named(items: &[(u32, &str)]) -> Vec<Named> {
    items.iter().map(|(number, name)| Named { number: *number, name: (*name).to_string() }).collect()
}

fn currencies() -> Vec<Currency> {
    let rates = [
        ("DKK", "100"),
        ("EUR", "746.05"),
        ("SEK", "67.81"),
        ("NOK", "63.92"),
        ("ISK", "5.12"),
        ("USD", "688.20"),
        ("GBP", "871.40"),
        ("HKD", "88.35"),
        ("JPY", "4.48"),
        ("CHF", "795.10"),
        ("PLN", "175.20"),
        ("CAD", "492.30"),
        ("KWD", "2245.00"),
    ];
    let currency = |(code, rate): &(&str, &str)| Currency {
        code: (*code).to_string(),
        name: (*code).to_string(),
        rate_per_hundred: rate.parse().unwrap_or(Decimal::ONE_HUNDRED),
    };
    rates.iter().map(currency).collect()
}

fn year(number: i16, closed: bool) -> AccountingYear {
    let first = |month: i8| date(number, month, 1);
    let period = |month: i8| Period {
        number: u32::from(month.unsigned_abs()),
        from: first(month),
        to: first(month).last_of_month(),
        closed,
        barred: false,
    };
    AccountingYear {
        year: number.to_string(),
        from: first(1),
        to: last_day(number),
        closed,
        periods: (1..=12).map(period).collect(),
    }
}

fn last_day(year: i16) -> Date {
    date(year, 12, 31)
}

fn journals() -> Vec<Journal> {
    let journal = |number: u32, name: &str, contra: Option<u32>| Journal {
        number,
        name: name.to_string(),
        customer_contra_account: contra,
        next_voucher: number * 10_000,
        maximum_voucher: 999_999_999,
        require_balance_per_voucher: true,
        allowed_entry_type: 0,
    };
    vec![journal(1, "Daglig", None), journal(2, "Indbetalinger", Some(5820)), journal(3, "PayMatch", None)]
}
