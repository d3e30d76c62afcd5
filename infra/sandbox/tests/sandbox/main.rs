//! The stand-ins' own behaviour, proved without any client of ours.

mod access;
mod adyen;
mod books;
mod captured;
mod demo;
mod documents;
mod faults;
mod filters;
mod gateways;
mod journals;
mod json;
mod payments;
mod pricing;
mod quirks;
mod schemas;
mod served;
mod shopify;
mod support;
mod woocommerce;
