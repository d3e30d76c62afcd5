//! Orders, an agreement and settings to plan with. The agreement is a small Danish shop's: goods with and without VAT, zones as
//! in a new e-conomic agreement, an open year and a closed one.

use std::collections::BTreeMap;

use domain::catalogue::{KnownCustomer, MasterData, PaymentTerm, Period, Product, ProductGroup, VatRounding};
use domain::document::Document;
use domain::order::{FulfilmentState, LineKind, OrderLine, Payment, PaymentKind, PaymentState, VatAmount};
use domain::plan::{Decision, Plan, Reason};
use domain::planning::{Earlier, PlanInput, StandingDocument, adjustment_needs, needs, plan};
use domain::{
    Address, AgreementId, Catalogue, ConnectionId, Currency, Customer, EntityId, EntityKind, MerchantId,
    Money, Order, Percentage, Settings, TransferId,
};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

pub(crate) fn money(text: &str, currency: &str) -> Money {
    Money::parse(text, currency.parse().expect("currency")).expect("amount")
}

pub(crate) fn dkk(text: &str) -> Money {
    money(text, "DKK")
}

pub(crate) fn decimal(text: &str) -> Decimal {
    domain::money::parse_decimal(text).expect("decimal")
}

pub(crate) fn percent(text: &str) -> Percentage {
    Percentage::new(decimal(text))
}

/// One VAT amount of an ordinary tax.
pub(crate) fn vat(rate: &str, amount: Money) -> VatAmount {
    VatAmount {
        rate: Some(percent(rate)),
        amount,
        label: "Moms".to_owned(),
        compound: false,
        remitted_by_marketplace: false,
    }
}

/// A line in the order's currency, with one rate; an empty rate means that the shop charged no VAT at all.
pub(crate) fn line(
    kind: LineKind,
    sku: &str,
    quantity: &str,
    net: Money,
    rate: &str,
    tax: &str,
) -> OrderLine {
    let currency = net.currency();
    OrderLine {
        id: format!("line-{sku}-{quantity}-{net}"),
        kind,
        sku: if sku.is_empty() { None } else { Some(sku.to_owned()) },
        product_id: Some("4711".to_owned()),
        name: format!("Vare {sku}"),
        quantity: decimal(quantity),
        net_before_discount: net,
        net,
        vat: if rate.is_empty() {
            Vec::new()
        } else {
            vec![vat(rate, Money::parse(tax, currency).expect("tax"))]
        },
    }
}

pub(crate) fn goods(sku: &str, quantity: &str, net: &str, rate: &str, tax: &str) -> OrderLine {
    line(LineKind::Product, sku, quantity, dkk(net), rate, tax)
}

pub(crate) fn address(country: &str) -> Address {
    Address {
        name: "Åse Hansen".to_owned(),
        company: String::new(),
        street: "Nørregade 1".to_owned(),
        postcode: "1165".to_owned(),
        city: "København K".to_owned(),
        state: String::new(),
        country: country.to_owned(),
    }
}

/// An order of these lines, paid, whose totals add up.
pub(crate) fn order_in(currency: &str, country: &str, lines: Vec<OrderLine>) -> Order {
    let currency: Currency = currency.parse().expect("currency");
    let net = Money::sum(currency, lines.iter().map(|line| line.net)).expect("net");
    let total_vat = Money::sum(currency, lines.iter().flat_map(|line| line.vat.iter().map(|vat| vat.amount)))
        .expect("vat");
    let total = net.plus(total_vat).expect("total");
    let created_at = "2026-11-20T10:00:00Z".parse().expect("time");
    Order {
        id: EntityId::new("1042"),
        number: "1042".to_owned(),
        currency,
        state: "processing".to_owned(),
        payment_state: PaymentState::Paid,
        payment_state_text: "paid".to_owned(),
        fulfilment_state: FulfilmentState::Unfulfilled,
        cancelled: false,
        test: false,
        fraud_hold: false,
        taxed_in: None,
        created_at,
        modified_at: created_at,
        paid_at: Some("2026-11-21T10:00:00Z".parse().expect("time")),
        shipped_at: Some("2026-11-22T10:00:00Z".parse().expect("time")),
        prices_include_vat: true,
        customer: Customer {
            shop_id: None,
            email: "Aase@Example.dk".to_owned(),
            phone: "+45 12 34 56 78".to_owned(),
            billing: address(country),
            delivery: None,
            company_number: None,
            vat_number: None,
            ean: None,
            vat_exempt: false,
        },
        lines,
        total_vat,
        total,
        payments: vec![Payment {
            method: "quickpay".to_owned(),
            title: "Kort".to_owned(),
            kind: PaymentKind::Capture,
            amount: total,
            transaction: "tx-9".to_owned(),
            gift_card: false,
            at: Some("2026-11-21T10:00:00Z".parse().expect("time")),
        }],
        payment_method: "quickpay".to_owned(),
        payment_method_title: "Kort".to_owned(),
        note: "Ring på".to_owned(),
        purchase_order_number: Some("PO-7".to_owned()),
        discount_codes: Vec::new(),
        tags: Vec::new(),
        fields: Vec::new(),
        refunded: currency.zero(),
        refunds: Vec::new(),
        deleted: false,
    }
}

/// The plainest order: two mugs and freight, 25 % VAT, in Denmark.
pub(crate) fn plain_order() -> Order {
    order_in(
        "DKK",
        "DK",
        vec![
            goods("MUG-1", "2", "159.92", "25", "39.98"),
            line(LineKind::Shipping, "", "1", dkk("39.20"), "25", "9.80"),
        ],
    )
}

fn group(number: u32, name: &str, rates: &[(u32, &str)]) -> (u32, ProductGroup) {
    let rate_by_zone = rates.iter().map(|(zone, rate)| (*zone, percent(rate))).collect();
    (number, ProductGroup { number, name: name.to_owned(), rate_by_zone })
}

/// A group whose goods have this rate at home and none elsewhere.
fn goods_group(number: u32, name: &str, rate: &str) -> (u32, ProductGroup) {
    group(number, name, &[(1, rate), (2, "0"), (3, "0"), (4, "0")])
}

pub(crate) fn product(number: &str, group: u32) -> (String, Product) {
    (
        number.to_owned(),
        Product { number: number.to_owned(), name: format!("Produkt {number}"), group, barred: false },
    )
}

pub(crate) fn customer(number: u32, name: &str) -> KnownCustomer {
    let fields =
        [("name", name), ("email", "aase@example.dk"), ("street", "Gammelvej 9"), ("city", "Odense")];
    KnownCustomer {
        number,
        name: name.to_owned(),
        currency: "DKK".to_owned(),
        barred: false,
        vat_zone: 1,
        payment_term: 1,
        fields: fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect(),
        raw: format!("{{\"customerNumber\":{number}}}"),
    }
}

fn term(number: u32, name: &str, kind: &str, settles: bool) -> (u32, PaymentTerm) {
    (number, PaymentTerm { number, name: name.to_owned(), kind: kind.to_owned(), days: Some(8), settles })
}

/// The agreement: groups 1 (25 %), 2 (no VAT), 3 (12 %), 4 (liability), 5 (19 % German OSS), 6 (14.975 %).
pub(crate) fn agreement() -> Catalogue {
    let year = |year: i16, closed: bool| Period { from: date(year, 1, 1), to: date(year, 12, 31), closed };
    Catalogue {
        master: MasterData {
            base_currency: Currency::DKK,
            currencies: ["DKK", "EUR", "SEK", "ISK", "CAD", "KWD"].map(str::to_owned).to_vec(),
            product_groups: BTreeMap::from([
                goods_group(1, "Varer med moms", "25"),
                goods_group(2, "Varer uden moms", "0"),
                goods_group(3, "Varer 12 %", "12"),
                goods_group(4, "Gavekort", "0"),
                group(5, "OSS Tyskland", &[(1, "19")]),
                group(6, "Quebec", &[(3, "14.975")]),
            ]),
            vat_zones: BTreeMap::from(
                [(1, "Indland"), (2, "EU"), (3, "Udland"), (4, "Momsfri")]
                    .map(|(n, name)| (n, name.to_owned())),
            ),
            payment_terms: BTreeMap::from([
                term(1, "Netto 8 dage", "net", false),
                term(2, "Betalt med kort", "creditCard", true),
                term(3, "Forfaldsdato", "dueDate", false),
            ]),
            layouts: BTreeMap::from([(19, "Dansk std.".to_owned()), (20, "Uden logo".to_owned())]),
            customer_groups: BTreeMap::from([(1, "Indland".to_owned()), (2, "Udland".to_owned())]),
            periods: vec![year(2025, true), year(2026, false)],
            vat_rounding: VatRounding::PerRate,
            inventory: false,
            journals: BTreeMap::new(),
        },
        products: BTreeMap::from([
            product("MUG-1", 1),
            product("TEA-0", 2),
            product("MEL-12", 3),
            product("MUG-1-DE", 5),
            product("fragtmm", 1),
            product("fragtum", 2),
            product("gebyr", 1),
            product("rabat", 1),
            product("drikkepenge", 2),
            product("told", 2),
            product("afrunding", 2),
            product("gavekort", 4),
            product("refusion", 1),
            product("refusionum", 2),
        ]),
        customers: vec![customer(5001, "Aase Hansen")],
        vat_number: None,
    }
}

/// Everything a decision is made of, owned, so that a test changes only what it is about.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) order: Order,
    pub(crate) settings: Settings,
    pub(crate) catalogue: Catalogue,
    pub(crate) zone: TimeZone,
    pub(crate) today: Date,
    pub(crate) earlier: Option<(Plan, Option<StandingDocument>)>,
    /// What stands was made or booked by somebody else.
    pub(crate) adopted: bool,
    pub(crate) asked: bool,
    /// What the ledger has forgotten.
    pub(crate) forgotten: Option<domain::planning::Forgotten>,
    /// A product of the shop is decided instead of the order.
    pub(crate) product: Option<crate::product_world::ProductWorld>,
}

impl World {
    pub(crate) fn of(order: Order) -> World {
        World {
            order,
            settings: Settings::default(),
            catalogue: agreement(),
            zone: TimeZone::get("Europe/Copenhagen").expect("time zone"),
            today: date(2026, 11, 23),
            earlier: None,
            adopted: false,
            asked: false,
            forgotten: None,
            product: None,
        }
    }

    /// With settings as a merchant would write them; they must be valid.
    pub(crate) fn with_settings(mut self, text: &str) -> World {
        self.settings =
            domain::settings::read_settings(text).unwrap_or_else(|problems| panic!("{text}: {problems}"));
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut World)) -> World {
        change(&mut self);
        self
    }

    pub(crate) fn decide(&self) -> Decision {
        if let Some(product) = &self.product {
            let decision = product.decide(&self.settings, &self.catalogue.master);
            assert_explained(&decision);
            return decision;
        }
        let transfer = TransferId {
            merchant: MerchantId::new("demo"),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Order,
            entity: self.order.id.clone(),
        };
        // The engine reads what is needed and nothing else: a plan that uses more would be caught here.
        let before = self.earlier.as_ref().map(|(plan, document)| Earlier {
            plan,
            document: *document,
            adopted: self.adopted,
            customer: Some(5001),
            asked: self.asked,
        });
        let needs = match before.filter(Earlier::is_invoiced) {
            Some(before) => adjustment_needs(&self.order, &self.settings, before.plan),
            None => needs(&self.order, &self.settings),
        };
        let mut catalogue = self.catalogue.clone();
        catalogue.products.retain(|number, _| needs.products.contains(number));
        match needs.customer {
            None => catalogue.customers.clear(),
            Some(lookup) if lookup.field == "number" => {
                catalogue.customers.retain(|customer| customer.number.to_string() == lookup.value);
            }
            // What the agreement finds by other fields is the test's to say.
            Some(_) => {}
        }
        let decision = plan(&PlanInput {
            transfer: &transfer,
            shop: &ConnectionId::new("shop-connection-0001"),
            agreement: &AgreementId::new("123456"),
            order: &self.order,
            settings: &self.settings,
            settings_version: 3,
            catalogue: &catalogue,
            catalogue_hash: &catalogue.hash(),
            time_zone: &self.zone,
            today: self.today,
            earlier: before,
            forgotten: self.forgotten.as_ref(),
        });
        assert_explained(&decision);
        assert_stored_alike(&decision);
        decision
    }

    pub(crate) fn plan(&self) -> Plan {
        match self.decide() {
            Decision::Transfer(plan) => *plan,
            other => panic!("no plan: {other:?}"),
        }
    }

    /// The world after the plan was carried out as planned; its document has this number.
    pub(crate) fn carried_out(self, plan: Plan, number: u64) -> World {
        let kind = plan.document_step().expect("a document").document.kind;
        self.with(|world| world.earlier = Some((plan, Some(StandingDocument { kind, number }))))
    }

    pub(crate) fn document(&self) -> Document {
        self.plan().document_step().expect("a document step").document.clone()
    }

    pub(crate) fn held(&self) -> Reason {
        match self.decide() {
            Decision::Hold(reason) => reason,
            other => panic!("not held: {other:?}"),
        }
    }

    pub(crate) fn skipped(&self) -> Reason {
        match self.decide() {
            Decision::Skip(reason) => reason,
            other => panic!("not skipped: {other:?}"),
        }
    }
}

/// A plan is carried out from its stored text: read again it is the same, to the hash (a quantity of "-0" would not be).
fn assert_stored_alike(decision: &Decision) {
    let Decision::Transfer(plan) = decision else { return };
    let stored = serde_json::to_string(plan).expect("JSON");
    let read: Plan = serde_json::from_str(&stored).expect("a plan");
    assert_eq!(read.hash(), plan.hash(), "{stored}");
}

/// Every reason that any test meets has words in both languages, and every fact that the words name is there.
fn assert_explained(decision: &Decision) {
    let reasons: Vec<&Reason> = match decision {
        Decision::Transfer(plan) => {
            plan.warnings.iter().chain(plan.product.iter().flat_map(|part| &part.faults)).collect()
        }
        Decision::Skip(reason) | Decision::Hold(reason) => vec![reason],
    };
    for reason in reasons {
        let named = domain::explain::facts_named(&reason.code);
        let named = named.unwrap_or_else(|| panic!("{} has no words", reason.code));
        for fact in named {
            let known = reason.facts.iter().any(|(name, _)| *name == fact);
            assert!(known, "{} names {{{fact}}}, which {:?} lacks", reason.code, reason.facts);
        }
    }
}
