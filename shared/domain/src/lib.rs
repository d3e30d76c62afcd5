//! What is true whatever system is connected: money, orders, settlements, settings, plans.
//!
//! | to understand | begin with |
//! |---|---|
//! | one order | [`order`], [`planning`] (what becomes of it), [`plan`] (what is then done) |
//! | one payout | [`settlement`] (what the acquirer says), [`matching`], [`payout`] (vouchers, approval), [`bank`] |
//! | stock and products | [`stock`], [`shop_product`], [`catalogue`] (what the books have) |
//! | what a merchant chooses, and is told | [`settings`], [`explain`] |
//!
//! This crate is pure: no tokio, AWS, HTTP, clock, randomness or environment. The same input gives the same output,
//! byte for byte, on every machine, so a plan can be made again from the log and compared with the one that was carried out.

pub mod bank;
pub mod catalogue;
pub mod customer;
pub mod document;
pub mod explain;
pub mod failure;
pub mod identity;
pub mod journal;
pub mod matching;
pub mod money;
pub mod order;
mod packed;
pub mod payout;
pub mod plan;
pub mod planning;
pub mod refund;
pub mod settings;
pub mod settlement;
pub mod shop_product;
pub mod stock;
pub mod vat_number;

pub use catalogue::Catalogue;
pub use customer::{Address, Customer, CustomerKind};
pub use document::{Document, DocumentKind, DocumentLine, Totals};
pub use failure::Failure;
pub use identity::{AgreementId, ConnectionId, EffectKey, EntityId, EntityKind, MerchantId, TransferId};
pub use money::{Currency, Money, MoneyError, Percentage};
pub use order::Order;
pub use plan::{Decision, Plan, Step};
pub use refund::{Refund, RefundLine};
pub use settings::Settings;
pub use shop_product::{ShopProduct, ShopProductKind, ShopProductStatus, ShopStock};
pub use vat_number::VatNumberAnswer;
