//! A product of the shop beside what the accounts have of it, for tests of products, settings and catalogues.

use std::collections::BTreeMap;

use domain::catalogue::{KnownProduct, MasterData, ProductCatalogue};
use domain::plan::{Decision, Plan, ProductPart};
use domain::planning::{ProductInput, plan_product, product_numbers};
use domain::shop_product::{ShopProductKind, ShopProductStatus, ShopStock};
use domain::{AgreementId, EntityId, EntityKind, MerchantId, Settings, ShopProduct, TransferId};

use crate::world::{World, decimal, plain_order};

/// A mug for 125.00 with VAT, in the standard class.
pub(crate) fn entry(id: &str, sku: &str) -> ShopProduct {
    ShopProduct {
        product: "77".to_owned(),
        variant: Some(id.to_owned()),
        kind: ShopProductKind::Variant,
        sku: Some(sku.to_owned()).filter(|sku| !sku.is_empty()),
        barcode: Some("5701234567899".to_owned()),
        name: format!("Krus {sku}"),
        price: Some(decimal("125.00")),
        cost: Some(decimal("40")),
        taxable: true,
        tax_class: String::new(),
        gift_card: false,
        categories: vec!["Krus".to_owned()],
        status: ShopProductStatus::Active,
        stock: ShopStock::default(),
        updated: None,
        unreadable: None,
    }
}

/// A product of the accounts with nothing but a name and a group.
pub(crate) fn known_product(number: &str, group: u32) -> KnownProduct {
    KnownProduct {
        number: number.to_owned(),
        name: format!("Produkt {number}"),
        group,
        barred: false,
        sales_price: None,
        cost_price: None,
        unit: None,
        barcode: String::new(),
    }
}

/// A product of the shop and what the accounts have of it.
#[derive(Clone, Debug)]
pub(crate) struct ProductWorld {
    pub(crate) entries: Vec<ShopProduct>,
    pub(crate) known: Vec<KnownProduct>,
    pub(crate) claimed: BTreeMap<String, String>,
    /// Ids and numbers as they were last carried over.
    pub(crate) earlier: Vec<(String, String)>,
}

impl ProductWorld {
    pub(crate) fn of(entries: Vec<ShopProduct>) -> ProductWorld {
        ProductWorld { entries, known: Vec::new(), claimed: BTreeMap::new(), earlier: Vec::new() }
    }

    pub(crate) fn decide(&self, settings: &Settings, master: &MasterData) -> Decision {
        let transfer = TransferId {
            merchant: MerchantId::new("demo"),
            source: "woocommerce:shop.example".to_owned(),
            kind: EntityKind::Product,
            entity: EntityId::new("77"),
        };
        let earlier = (!self.earlier.is_empty()).then(|| Plan {
            product: Some(ProductPart { numbers: self.earlier.clone(), ..ProductPart::default() }),
            ..World::of(plain_order()).plan()
        });
        // The engine reads what is needed and nothing else: a plan that uses more would be caught here.
        let needed = product_numbers(&self.entries, settings, earlier.as_ref());
        let products = self.known.iter().filter(|known| needed.contains(&known.number));
        let catalogue = ProductCatalogue {
            master: master.clone(),
            units: settings
                .products
                .unit
                .map(|_| BTreeMap::from([(1, "stk.".to_owned()), (2, "kg".to_owned())])),
            products: products.map(|known| (known.number.clone(), known.clone())).collect(),
            claimed: self.claimed.clone(),
        };
        let input = ProductInput {
            transfer: &transfer,
            agreement: &AgreementId::new("123456"),
            entries: &self.entries,
            settings,
            settings_version: 3,
            catalogue: &catalogue,
            catalogue_hash: &catalogue.hash(),
            earlier: earlier.as_ref(),
        };
        let decision = plan_product(&input);
        assert_eq!(decision, plan_product(&input), "the same input gives the same plan");
        decision
    }
}
