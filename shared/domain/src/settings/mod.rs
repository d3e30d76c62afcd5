//! What the merchant chooses, per merchant and connection: typed, validated on save, versioned.
//!
//! Every setting has a default that a careful bookkeeper would choose, so that a short file works: a draft invoice that a
//! person books, for paid orders, with VAT zones as e-conomic numbers them in a new agreement. What cannot be guessed
//! without risk (a liability account, a product group among several) is asked for when it is first needed.

mod catalogue;
mod credit;
mod customers;
mod differences;
mod document;
mod filter;
mod merchant;
mod payment;
mod payouts;
mod problem;
mod products;
mod stock;
mod stored;
mod template;
mod trigger;
mod value;
mod vat;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::DocumentKind;

pub use catalogue::{CatalogueGroup, CatalogueSettings, GoneProduct, ProductUpdateRules, ShopPrices};
pub use credit::{BeforeBooking, CreditBooking, CreditChoice, CreditSettings, CreditStock};
pub use customers::{
    CustomerField, CustomerFieldRule, CustomerRule, CustomerSettings, IdentifyBy, SeveralCustomers,
    UpdateRules, UpdateWhen, VatNumberCheck,
};
pub use differences::{DifferenceMode, DifferenceSettings};
pub use document::{
    DateBasis, DateSettings, DocumentSettings, LockedPeriod, SendInvoice, WriteBackForm, WriteBackSettings,
};
pub use filter::{Condition, Filter, FilterField, FilterTest};
pub use merchant::{
    Connection, Flow, Language, MerchantFile, NotificationFrequency, PayoutFlow, Recipient, Side, is_gateway,
    merchant_file_schema, read_merchant_file,
};
pub use payment::{CapturedLess, PaymentMethodRule, PaymentSettings, Registration};
pub use payouts::{
    ApprovalSettings, AutomaticApproval, BankSettings, BookkeepingModel, CustomerPaymentSign, FeeAccount,
    FeeSign, FeeVat, FeeVatRule, Form, Mark, MatchingSettings, OrderNumberRules, PayoutAccounts,
    PayoutSettings, Profile, ProfileProblem, Record, Role, Sign, Unmatched, VoucherSettings, What, YearEnd,
    is_read_by_profile, payout_settings_schema, read_payout_settings,
};
pub use problem::{SettingProblem, SettingProblems};
pub use products::{
    Discounts, GiftCardSettings, GiftCardVat, GiftCardsUsed, MissingProduct, NumberFrom, ProductSettings,
    RateGroup, Skus,
};
pub use stock::{
    BarredProducts, BundlePart, DuplicateNumbers, ProductReserve, StockBundle, StockLocation, StockMode,
    StockQuantity, StockSettings,
};
pub use template::{PLACEHOLDERS, Template};
pub use trigger::{HandlingRule, TriggerSettings, ZeroTotals};
pub use value::DecimalText;
pub(crate) use value::deserialize_exact_decimal;
pub use vat::{CountryFrom, OssCollective, OssSettings, UntaxedPrivateInEu, VatRule, VatSettings, VatZones};

/// All settings of one flow from one shop to one accounting agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Which orders are transferred, when, and as what.
    #[garde(dive)]
    pub trigger: TriggerSettings,
    /// What the document looks like, its date, how it is sent, and what is written back to the shop.
    #[garde(dive)]
    pub document: DocumentSettings,
    /// Terms of payment and how payments are registered.
    #[garde(dive)]
    pub payment: PaymentSettings,
    /// VAT zones by country, rate and customer kind, and OSS.
    #[garde(dive)]
    pub vat: VatSettings,
    /// Product numbers for what has none in the shop, and what to do about products that do not exist.
    #[garde(dive)]
    pub products: ProductSettings,
    /// How buyers are identified, made and updated.
    #[garde(dive)]
    pub customers: CustomerSettings,
    /// What to do when the accounting system reckons another total than the shop.
    #[garde(dive)]
    pub differences: DifferenceSettings,
    /// Stock, from the accounts to the shop.
    #[garde(dive)]
    pub stock: StockSettings,
    /// Credit notes for refunds, edits and cancellations.
    #[garde(dive)]
    pub credit: CreditSettings,
}

impl Settings {
    /// True when some orders are booked by Bogbro: nothing follows a booking that a person makes later.
    fn books(&self) -> bool {
        let kind = |rule: &HandlingRule| rule.document.unwrap_or(self.document.kind);
        self.trigger.handling.iter().any(|rule| kind(rule) == DocumentKind::BookedInvoice)
    }

    /// Settings that ask for something after the booking where Bogbro books nothing: their place, code and what they are of.
    fn without_booking(&self) -> Vec<(String, &'static str, &str)> {
        let mut found = Vec::new();
        let books = self.books();
        if self.document.write_back.form.is_some() && !books {
            found.push(("document.write-back.form".to_owned(), "write-back-without-booking", ""));
        }
        for (index, rule) in self.payment.methods.iter().enumerate() {
            let journal = matches!(rule.registration, Registration::Journal { .. });
            if journal && (rule.never_book || !books) {
                let place = format!("payment.methods[{index}].registration");
                found.push((place, "journal-without-booking", rule.method.as_str()));
            }
        }
        found
    }

    /// Code of the problem when the shop would be told again of units that it has sold: the documents that its orders become do not
    /// take them out of the quantity that it is told. A draft takes nothing until a person books it; an order is subtracted from
    /// what is available, but not from what is in stock (assumption of `orderedByCustomers`, see the facts of e-conomic's stock).
    fn sold_twice(&self) -> Option<&'static str> {
        let rules = self.trigger.handling.iter();
        let mut kinds = rules.map(|rule| rule.document.unwrap_or(self.document.kind));
        match (self.stock.mode, self.stock.quantity) {
            (StockMode::Write, _) if kinds.clone().any(|kind| kind == DocumentKind::DraftInvoice) => {
                Some("stock-sold-in-drafts")
            }
            (StockMode::Write, StockQuantity::InStock) if kinds.any(|kind| kind == DocumentKind::Order) => {
                Some("stock-sold-in-orders")
            }
            _ => None,
        }
    }
}

/// The JSON Schema of [`Settings`], generated from the types.
pub fn settings_schema() -> serde_json::Value {
    schemars::schema_for!(Settings).to_value()
}

/// Reads and checks the settings of one flow.
///
/// # Errors
/// Every problem that was found, each with its path, what is wrong and what to do, in Danish and English.
pub fn read_settings(text: &str) -> Result<Settings, SettingProblems> {
    let settings: Settings = problem::read(text)?;
    let mut problems = SettingProblems::default();
    if let Err(report) = settings.validate() {
        problems.add_report(&report);
    }
    problems.add_stock("stock", &settings);
    problems.add_unbooked("", &settings);
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}
