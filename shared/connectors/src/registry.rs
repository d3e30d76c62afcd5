//! Which systems there are, by the name that settings use.

use crate::acquirer::Acquirer;
use crate::announcement::Announcing;
use crate::bridge::Bridge;
use crate::economic::{self, Economic};
use crate::journals::Journals;
use crate::manifest::Manifest;
use crate::ports::{Accounting, Webshop};
use crate::report::{ReportManifest, ReportReader};
use crate::shopify::{self, Shopify};
use crate::woocommerce::{self, WooCommerce};
use crate::{
    adyen, altapay, camt, clearhaus, frisbii, klarna, mollie, paypal, profile, quickpay, shopify_payments,
    stripe, sumup, swedbank_pay, vipps_mobilepay,
};

/// The manifests of all systems.
pub const MANIFESTS: &[&Manifest] = &[
    &adyen::CONNECTION,
    &altapay::CONNECTION,
    &clearhaus::CONNECTION,
    &economic::MANIFEST,
    &frisbii::MANIFEST,
    &klarna::CONNECTION,
    &mollie::CONNECTION,
    &paypal::CONNECTION,
    &quickpay::MANIFEST,
    &shopify::MANIFEST,
    &shopify_payments::CONNECTION,
    &stripe::CONNECTION,
    &sumup::CONNECTION,
    &vipps_mobilepay::CONNECTION,
    &woocommerce::MANIFEST,
];

/// The webshop of this name.
pub fn webshop(system: &str) -> Option<&'static dyn Webshop> {
    match system {
        "shopify" => Some(&Shopify),
        "woocommerce" => Some(&WooCommerce),
        _ => None,
    }
}

/// The accounting system of this name.
pub fn accounting(system: &str) -> Option<&'static dyn Accounting> {
    match system {
        "e-conomic" => Some(&Economic),
        _ => None,
    }
}

/// The journals of the accounting system of this name.
pub fn journals(system: &str) -> Option<&'static dyn Journals> {
    match system {
        "e-conomic" => Some(&Economic),
        _ => None,
    }
}

/// The manifest of the system of this name.
pub fn manifest(system: &str) -> Option<&'static Manifest> {
    MANIFESTS.iter().copied().find(|manifest| manifest.system == system)
}

/// The readers of acquirers' reports.
pub const REPORT_READERS: &[&dyn ReportReader] = &[
    &adyen::Adyen,
    &altapay::AltaPay,
    &clearhaus::Clearhaus,
    &klarna::Klarna,
    &mollie::Mollie,
    &profile::nets::Nets,
    &paypal::PayPal,
    &profile::ByProfile,
    &shopify_payments::ShopifyPayments,
    &stripe::Stripe,
    &sumup::SumUp,
    &swedbank_pay::SwedbankPay,
    &vipps_mobilepay::VippsMobilePay,
];

/// What is known of banks' statements.
pub const BANK_STATEMENTS: &ReportManifest = &camt::MANIFEST;

/// The reader of the reports of the acquirer of this name.
pub fn report_reader(system: &str) -> Option<&'static dyn ReportReader> {
    REPORT_READERS.iter().copied().find(|reader| reader.manifest().system == system)
}

/// The gateway of this name that links orders with acquirers' references.
pub fn bridge(system: &str) -> Option<&'static dyn Bridge> {
    match system {
        "frisbii" => Some(&frisbii::Frisbii),
        "quickpay" => Some(&quickpay::QuickPay),
        _ => None,
    }
}

/// The acquirer of this name that can be asked for its payouts.
pub fn acquirer(system: &str) -> Option<&'static dyn Acquirer> {
    match system {
        "altapay" => Some(&altapay::AltaPay),
        "clearhaus" => Some(&clearhaus::Clearhaus),
        "klarna" => Some(&klarna::Klarna),
        "mollie" => Some(&mollie::Mollie),
        "paypal" => Some(&paypal::PayPal),
        "shopify-payments" => Some(&shopify_payments::ShopifyPayments),
        "stripe" => Some(&stripe::Stripe),
        "sumup" => Some(&sumup::SumUp),
        "vipps-mobilepay" => Some(&vipps_mobilepay::VippsMobilePay),
        _ => None,
    }
}

/// The acquirer of this name that announces its reports.
pub fn announcing(system: &str) -> Option<&'static dyn Announcing> {
    match system {
        "adyen" => Some(&adyen::Adyen),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_registry_agree_on_which_systems_are_gateways() {
        for manifest in MANIFESTS {
            let system = manifest.system;
            assert_eq!(bridge(system).is_some(), domain::settings::is_gateway(system), "{system}");
        }
    }
}
