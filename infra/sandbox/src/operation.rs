//! What a request is about, in the words of the flow: faults are aimed at these, not at paths.

use crate::http::Request;
use serde::{Deserialize, Serialize};

/// A kind of outside system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum System {
    /// A WooCommerce shop.
    WooCommerce,
    /// A Shopify shop.
    Shopify,
    /// An e-conomic agreement.
    Economic,
    /// An account at Adyen.
    Adyen,
    /// An account at QuickPay.
    QuickPay,
    /// An account at Frisbii.
    Frisbii,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// A class of requests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Operation {
            $($(#[$doc])* $name),*
        }

        impl Operation {
            /// Every class of requests.
            pub const ALL: &'static [Operation] = &[$(Operation::$name),*];
        }
    };
}

operations! {
    /// Reads one order of a shop.
    ReadOrder,
    /// Lists orders of a shop.
    ListOrders,
    /// Reads refunds of an order.
    ReadRefunds,
    /// Changes an order of a shop: status, meta data, tags, note.
    WriteOrder,
    /// Reads products of a shop.
    ReadShopProducts,
    /// Sets the stock of a shop's products.
    WriteShopStock,
    /// Reads webhooks of a shop.
    ReadWebhooks,
    /// Changes webhooks of a shop.
    WriteWebhooks,
    /// Reads master data of the accounts.
    ReadMasterData,
    /// Changes master data of the accounts.
    WriteMasterData,
    /// Looks customers up.
    ReadCustomers,
    /// Creates a customer.
    CreateCustomer,
    /// Changes or deletes a customer.
    WriteCustomer,
    /// Looks products up in the accounts.
    ReadProducts,
    /// Creates a product.
    CreateProduct,
    /// Changes or deletes a product.
    WriteProduct,
    /// Looks drafts up: draft invoices or order drafts.
    ReadDrafts,
    /// Creates a draft.
    CreateDraft,
    /// Changes a draft.
    WriteDraft,
    /// Deletes a draft.
    DeleteDraft,
    /// Looks booked invoices up.
    ReadBooked,
    /// Books a draft.
    Book,
    /// Fetches a document as PDF.
    ReadPdf,
    /// Reads journals and entries.
    ReadJournal,
    /// Writes vouchers and draft entries.
    WriteJournal,
    /// Books journal entries or matches booked ones.
    BookJournal,
    /// Looks files on vouchers up.
    ReadFiles,
    /// Puts a file on a voucher, or takes it away.
    WriteFile,
    /// Anything else.
    Other,
}

impl Operation {
    /// Whether such a request may change something.
    pub fn is_write(self) -> bool {
        !matches!(
            self,
            Operation::ReadOrder
                | Operation::ListOrders
                | Operation::ReadRefunds
                | Operation::ReadShopProducts
                | Operation::ReadWebhooks
                | Operation::ReadMasterData
                | Operation::ReadCustomers
                | Operation::ReadProducts
                | Operation::ReadDrafts
                | Operation::ReadBooked
                | Operation::ReadPdf
                | Operation::ReadJournal
                | Operation::ReadFiles
                | Operation::Other
        )
    }

    /// The class of a request.
    pub fn of(request: &Request) -> Operation {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["woocommerce", _, "wp-json", "wc", "v3", path @ ..] => of_woocommerce(request.is_read(), path),
            ["shopify", ..] => of_shopify(request),
            ["economic", "rest", path @ ..] => of_legacy(&request.method, path),
            ["economic", "apis", _, _, path @ ..] => of_openapi(request.is_read(), path),
            _ => Operation::Other,
        }
    }
}

fn of_woocommerce(read: bool, path: &[&str]) -> Operation {
    match (path, read) {
        (["orders"], true) => Operation::ListOrders,
        (["orders", _], true) => Operation::ReadOrder,
        (["orders", _, "refunds"], true) => Operation::ReadRefunds,
        (["orders", ..], false) => Operation::WriteOrder,
        (["products" | "variations", ..], true) => Operation::ReadShopProducts,
        (["products", ..], false) => Operation::WriteShopStock,
        (["webhooks", ..], true) => Operation::ReadWebhooks,
        (["webhooks", ..], false) => Operation::WriteWebhooks,
        _ => Operation::Other,
    }
}

fn of_shopify(request: &Request) -> Operation {
    let query = crate::json::Json::parse(&request.body).ok();
    let query = query.as_ref().and_then(|body| body.text("query")).unwrap_or_default();
    let has = |word: &str| query.contains(word);
    let is_mutation = query.trim_start().starts_with("mutation");
    match is_mutation {
        true if has("webhookSubscription") => Operation::WriteWebhooks,
        true if has("inventorySetQuantities") => Operation::WriteShopStock,
        true => Operation::WriteOrder,
        false if has("webhookSubscription") => Operation::ReadWebhooks,
        false if has("productVariants(") || has("nodes(") => Operation::ReadShopProducts,
        false if has("orders(") || has("orders (") => Operation::ListOrders,
        false if has("order(") || has("order (") || has("node(") => Operation::ReadOrder,
        false => Operation::Other,
    }
}

fn of_legacy(method: &str, path: &[&str]) -> Operation {
    let read = method == "GET";
    match (path, method) {
        ([.., "pdf"], _) => Operation::ReadPdf,
        (["customers", _, "invoices", "drafts"], _) => Operation::ReadDrafts,
        (["customers", _, "invoices", "booked"], _) => Operation::ReadBooked,
        (["customers", ..], "GET") => Operation::ReadCustomers,
        (["customers"], "POST") => Operation::CreateCustomer,
        (["customers", ..], _) => Operation::WriteCustomer,
        (["products", ..], "GET") => Operation::ReadProducts,
        (["products"], "POST") => Operation::CreateProduct,
        (["products", ..], _) => Operation::WriteProduct,
        (["invoices" | "orders", "drafts", ..], "GET") => Operation::ReadDrafts,
        (["invoices" | "orders", "drafts"], "POST") => Operation::CreateDraft,
        (["invoices" | "orders", "drafts", ..], "DELETE") => Operation::DeleteDraft,
        (["invoices" | "orders", "drafts", ..], _) => Operation::WriteDraft,
        (["invoices", "booked", ..], "POST" | "PUT") => Operation::Book,
        (["invoices", ..], _) => Operation::ReadBooked,
        (["journals", ..], _) => {
            if read {
                Operation::ReadJournal
            } else {
                Operation::WriteJournal
            }
        }
        _ if read => Operation::ReadMasterData,
        _ => Operation::WriteMasterData,
    }
}

fn of_openapi(read: bool, path: &[&str]) -> Operation {
    let last = path.last().map(|last| last.to_lowercase()).unwrap_or_default();
    match (path.first().map(|first| first.to_lowercase()).as_deref(), read) {
        (Some("draft-entries" | "journals" | "booked-entries"), true) => Operation::ReadJournal,
        (Some("attacheddocuments"), true) => Operation::ReadFiles,
        (Some("attacheddocuments"), false) => Operation::WriteFile,
        _ if read => Operation::ReadMasterData,
        _ if matches!(last.as_str(), "book" | "bookdraftentries" | "match") => Operation::BookJournal,
        _ => Operation::WriteJournal,
    }
}
