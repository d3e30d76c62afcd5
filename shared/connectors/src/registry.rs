//! Which systems there are, by the name that settings use.

use crate::economic::{self, Economic};
use crate::manifest::Manifest;
use crate::ports::{Accounting, Webshop};
use crate::shopify::{self, Shopify};
use crate::woocommerce::{self, WooCommerce};

/// The manifests of all systems.
pub const MANIFESTS: &[&Manifest] = &[&economic::MANIFEST, &shopify::MANIFEST, &woocommerce::MANIFEST];

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

/// The manifest of the system of this name.
pub fn manifest(system: &str) -> Option<&'static Manifest> {
    MANIFESTS.iter().copied().find(|manifest| manifest.system == system)
}
