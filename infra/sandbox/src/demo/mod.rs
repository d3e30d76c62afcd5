//! A ready-made world for the local run, and the agreements that tests extend.

mod agreement;
mod orders;

pub use agreement::{
    CAPTURED_PRODUCTS, OSS_RATES, agreement, agreement_for_captures, oss_group, oss_vat_code,
};
pub use orders::{shopify_orders, woocommerce_orders};

use crate::woocommerce;
use crate::world::World;

/// The demo merchant's WooCommerce shop in the world.
pub const WOOCOMMERCE: &str = "krus";
/// The demo merchant's Shopify shop in the world.
pub const SHOPIFY: &str = "kande";
/// The demo merchant's agreement in the world.
pub const AGREEMENT: &str = "demo-merchant";
/// Consumer key of the demo WooCommerce shop.
pub const CONSUMER_KEY: &str = "ck_sandbox";
/// Consumer secret of the demo WooCommerce shop.
pub const CONSUMER_SECRET: &str = "cs_sandbox";
/// Webhook secret of the demo WooCommerce shop.
pub const WOOCOMMERCE_WEBHOOK_SECRET: &str = "sandbox-woocommerce-secret";
/// Access token of the demo Shopify shop.
pub const SHOPIFY_ACCESS_TOKEN: &str = "shpat_sandbox";
/// The app's client secret, which signs the demo Shopify shop's webhooks.
pub const SHOPIFY_CLIENT_SECRET: &str = "hush-shpss-sandbox";
/// `X-AppSecretToken` of the demo agreement.
pub const APP_SECRET_TOKEN: &str = "sandbox-app-secret";
/// `X-AgreementGrantToken` of the demo agreement.
pub const AGREEMENT_GRANT_TOKEN: &str = "sandbox-agreement-grant";

/// One merchant with a WooCommerce shop, a Shopify shop and an agreement. No orders are placed yet: place
/// [`woocommerce_orders`] and [`shopify_orders`] when the webhooks are there to deliver to.
pub fn world() -> World {
    let mut world = World::default();
    let shop = woocommerce::Shop::new("https://krus.example/", CONSUMER_KEY, CONSUMER_SECRET);
    world.woocommerce.insert(WOOCOMMERCE.to_string(), shop);
    let mut shop =
        crate::shopify::Shop::new("kande.myshopify.com", SHOPIFY_ACCESS_TOKEN, SHOPIFY_CLIENT_SECRET);
    // The demo's orders keep their dates, however much later it is run.
    shop.reads_all_orders = true;
    world.shopify.insert(SHOPIFY.to_string(), shop);
    world.agreements.insert(AGREEMENT.to_string(), agreement());
    world
}
