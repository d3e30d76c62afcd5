//! The types and fields of the Admin GraphQL schema (2026-01) that this shop answers, in our own short notation.
//!
//! `name` is a scalar, `name:Type` an object, `name:Type*` a list of objects, `name:Type@` a connection. A field that is not
//! here is refused as undefined, so a client that selects it by mistake learns it from the sandbox and not from the shop.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a field answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    Scalar,
    Object(&'a str),
    List(&'a str),
    Connection(&'a str),
}

const MONEY_OF_ORDER: &str = "subtotalPriceSet:MoneyBag totalPriceSet:MoneyBag currentTotalPriceSet:MoneyBag \
    originalTotalPriceSet:MoneyBag totalTaxSet:MoneyBag currentTotalTaxSet:MoneyBag totalDiscountsSet:MoneyBag \
    currentTotalDiscountsSet:MoneyBag totalShippingPriceSet:MoneyBag currentShippingPriceSet:MoneyBag \
    totalTipReceivedSet:MoneyBag totalTipReceived:MoneyV2 totalRefundedSet:MoneyBag totalReceivedSet:MoneyBag \
    totalOutstandingSet:MoneyBag netPaymentSet:MoneyBag currentSubtotalPriceSet:MoneyBag currentTotalDutiesSet:MoneyBag \
    originalTotalDutiesSet:MoneyBag currentTotalAdditionalFeesSet:MoneyBag originalTotalAdditionalFeesSet:MoneyBag";

/// The look-up of anything by its global id, and what the app itself may do.
const BEYOND_THE_CUT: &[(&str, &str)] = &[
    ("QueryRoot", "nodes:Node* currentAppInstallation:AppInstallation"),
    ("AppInstallation", "id accessScopes:AccessScope*"),
    ("AccessScope", "handle description"),
];

const TYPES: &[(&str, &str)] = &[
    (
        "QueryRoot",
        "order:Order orders:Order@ shop:Shop webhookSubscriptions:WebhookSubscription@ \
        productVariants:ProductVariant@ locations:Location@ shopifyPaymentsAccount:ShopifyPaymentsAccount",
    ),
    ("Node", "id"),
    (
        "ProductVariant",
        "id legacyResourceId sku barcode title displayName price taxable updatedAt inventoryQuantity requiresComponents \
        inventoryItem:InventoryItem product:Product",
    ),
    ("Product", "id title status productType isGiftCard hasOnlyDefaultVariant"),
    (
        "InventoryItem",
        "id legacyResourceId sku tracked unitCost:MoneyV2 inventoryLevel:InventoryLevel inventoryLevels:InventoryLevel@",
    ),
    ("InventoryLevel", "id location:Location quantities:InventoryQuantity*"),
    ("InventoryQuantity", "name quantity"),
    ("Location", "id name isActive"),
    (
        "InventorySetQuantitiesPayload",
        "inventoryAdjustmentGroup:InventoryAdjustmentGroup userErrors:InventorySetQuantitiesUserError*",
    ),
    ("InventorySetQuantitiesUserError", "code field message"),
    ("InventoryAdjustmentGroup", "id reason createdAt changes:InventoryChange*"),
    ("InventoryChange", "name delta quantityAfterChange item:InventoryItem location:Location"),
    (
        "Mutation",
        "inventorySetQuantities:InventorySetQuantitiesPayload tagsAdd:TagsPayload tagsRemove:TagsPayload orderUpdate:OrderUpdatePayload \
        webhookSubscriptionCreate:WebhookSubscriptionPayload webhookSubscriptionUpdate:WebhookSubscriptionPayload \
        webhookSubscriptionDelete:WebhookSubscriptionDeletePayload",
    ),
    ("TagsPayload", "node:Order userErrors:UserError*"),
    ("OrderUpdatePayload", "order:Order userErrors:UserError*"),
    ("WebhookSubscriptionPayload", "webhookSubscription:WebhookSubscription userErrors:UserError*"),
    ("WebhookSubscriptionDeletePayload", "deletedWebhookSubscriptionId userErrors:UserError*"),
    ("UserError", "field message"),
    ("Shop", "id name myshopifyDomain currencyCode ianaTimezone taxesIncluded email"),
    (
        "WebhookSubscription",
        "id legacyResourceId topic uri callbackUrl format createdAt updatedAt includeFields filter \
        metafieldNamespaces",
    ),
    (
        "Order",
        "id legacyResourceId name number createdAt updatedAt processedAt cancelledAt cancelReason closed closedAt \
        confirmed confirmationNumber currencyCode presentmentCurrencyCode taxesIncluded taxExempt test tags note email phone \
        poNumber customerLocale sourceName sourceIdentifier displayFinancialStatus displayFulfillmentStatus fullyPaid unpaid \
        edited dutiesIncluded estimatedTaxes paymentGatewayNames discountCode discountCodes riskLevel capturable \
        customAttributes:Attribute* taxLines:TaxLine* currentTaxLines:TaxLine* billingAddress:MailingAddress \
        shippingAddress:MailingAddress customer:Customer lineItems:LineItem@ shippingLines:ShippingLine@ \
        shippingLine:ShippingLine discountApplications:DiscountApplication@ transactions:OrderTransaction* refunds:Refund* \
        additionalFees:AdditionalFee* fulfillments:Fulfillment* purchasingEntity:PurchasingEntity localizedFields:LocalizedField@ \
        totalCashRoundingAdjustment:CashRoundingAdjustment",
    ),
    ("Order", MONEY_OF_ORDER),
    (
        "LineItem",
        "id name title sku quantity currentQuantity refundableQuantity isGiftCard requiresShipping taxable \
        variantTitle vendor product:Resource variant:Resource customAttributes:Attribute* \
        discountAllocations:DiscountAllocation* taxLines:TaxLine* duties:Duty* originalUnitPriceSet:MoneyBag \
        originalTotalSet:MoneyBag discountedTotalSet:MoneyBag discountedUnitPriceSet:MoneyBag \
        discountedUnitPriceAfterAllDiscountsSet:MoneyBag totalDiscountSet:MoneyBag",
    ),
    ("Resource", "id legacyResourceId"),
    (
        "ShippingLine",
        "id title code source carrierIdentifier deliveryCategory isRemoved custom phone \
        originalPriceSet:MoneyBag discountedPriceSet:MoneyBag currentDiscountedPriceSet:MoneyBag taxLines:TaxLine* \
        discountAllocations:DiscountAllocation*",
    ),
    ("TaxLine", "title rate ratePercentage source channelLiable priceSet:MoneyBag"),
    ("DiscountAllocation", "allocatedAmountSet:MoneyBag discountApplication:DiscountApplication"),
    ("DiscountApplication", "index allocationMethod targetSelection targetType value:PricingValue"),
    ("DiscountCodeApplication", "index allocationMethod targetSelection targetType code value:PricingValue"),
    (
        "ManualDiscountApplication",
        "index allocationMethod targetSelection targetType title description value:PricingValue",
    ),
    (
        "AutomaticDiscountApplication",
        "index allocationMethod targetSelection targetType title value:PricingValue",
    ),
    ("PricingValue", ""),
    ("PricingPercentageValue", "percentage"),
    ("MoneyBag", "shopMoney:MoneyV2 presentmentMoney:MoneyV2"),
    ("MoneyV2", "amount currencyCode"),
    ("Attribute", "key value"),
    ("Fulfillment", "id status createdAt updatedAt"),
    ("Duty", "id harmonizedSystemCode countryCodeOfOrigin price:MoneyBag taxLines:TaxLine*"),
    ("AdditionalFee", "id name price:MoneyBag taxLines:TaxLine*"),
    ("CashRoundingAdjustment", "paymentSet:MoneyBag refundSet:MoneyBag"),
    (
        "MailingAddress",
        "firstName lastName name company address1 address2 city zip province provinceCode country \
        countryCode countryCodeV2 phone",
    ),
    (
        "Customer",
        "id legacyResourceId firstName lastName displayName email phone taxExempt taxExemptions tags note locale",
    ),
    ("PurchasingEntity", ""),
    ("PurchasingCompany", "company:Company location:CompanyLocation"),
    ("Company", "id name externalId note"),
    ("CompanyLocation", "id name externalId taxRegistrationId taxExemptions"),
    ("LocalizedField", "key title value purpose countryCode"),
    (
        "OrderTransaction",
        "id kind status gateway formattedGateway paymentId authorizationCode errorCode test createdAt \
        processedAt manualPaymentGateway settlementCurrency settlementCurrencyRate receiptJson amountSet:MoneyBag \
        amountRoundingSet:MoneyBag parentTransaction:OrderTransaction fees:TransactionFee*",
    ),
    ("TransactionFee", "id type rate rateName flatFeeName amount:MoneyV2 flatFee:MoneyV2 taxAmount:MoneyV2"),
    (
        "Refund",
        "id legacyResourceId createdAt processedAt updatedAt note totalRefundedSet:MoneyBag \
        refundLineItems:RefundLineItem@ refundShippingLines:RefundShippingLine@ orderAdjustments:OrderAdjustment@ \
        transactions:OrderTransaction@ duties:RefundDuty*",
    ),
    (
        "RefundLineItem",
        "id quantity restockType restocked lineItem:LineItem priceSet:MoneyBag subtotalSet:MoneyBag \
        totalTaxSet:MoneyBag",
    ),
    ("RefundShippingLine", "id shippingLine:ShippingLine subtotalAmountSet:MoneyBag taxAmountSet:MoneyBag"),
    ("OrderAdjustment", "id reason amountSet:MoneyBag taxAmountSet:MoneyBag"),
    ("RefundDuty", "amountSet:MoneyBag originalDuty:Duty"),
    (
        "ShopifyPaymentsAccount",
        "id activated country defaultCurrency balance:MoneyV2* payouts:ShopifyPaymentsPayout@ \
        balanceTransactions:ShopifyPaymentsBalanceTransaction@",
    ),
    (
        "ShopifyPaymentsPayout",
        "id legacyResourceId issuedAt status transactionType externalTraceId net:MoneyV2 gross:MoneyV2",
    ),
    (
        "ShopifyPaymentsBalanceTransaction",
        "id type test transactionDate sourceId sourceType sourceOrderTransactionId adjustmentReason amount:MoneyV2 \
        fee:MoneyV2 net:MoneyV2 associatedOrder:ShopifyPaymentsAssociatedOrder \
        associatedPayout:ShopifyPaymentsBalanceTransactionAssociatedPayout",
    ),
    ("ShopifyPaymentsAssociatedOrder", "id name"),
    ("ShopifyPaymentsBalanceTransactionAssociatedPayout", "id status"),
    ("PageInfo", "hasNextPage hasPreviousPage startCursor endCursor"),
];

/// The types by name, each with its fields by name: every answer looks up every field that it has.
static FIELDS: LazyLock<HashMap<&str, HashMap<&str, Shape<'static>>>> = LazyLock::new(|| {
    let mut types: HashMap<&str, HashMap<&str, Shape<'static>>> = HashMap::new();
    // The vendor's schema has these; the cut of it that the tests compare with leaves them out.
    for (parent, fields) in TYPES.iter().chain(BEYOND_THE_CUT) {
        let known = types.entry(parent).or_default();
        for word in fields.split_whitespace() {
            let (name, kind) = word.split_once(':').unwrap_or((word, ""));
            known.insert(name, shape(kind));
        }
    }
    types
});

fn shape(kind: &'static str) -> Shape<'static> {
    if kind.is_empty() {
        Shape::Scalar
    } else if let Some(kind) = kind.strip_suffix('*') {
        Shape::List(kind)
    } else if let Some(kind) = kind.strip_suffix('@') {
        Shape::Connection(kind)
    } else {
        Shape::Object(kind)
    }
}

/// The shape of a field of a type; nothing when the type has no such field.
pub(super) fn field(parent: &str, name: &str) -> Option<Shape<'static>> {
    FIELDS.get(parent)?.get(name).copied()
}

/// The arguments of the root fields and of the lists below them that take any, and the fields of the input objects among them.
const ARGUMENTS: &[(&str, &str)] = &[
    ("order", "id"),
    ("orders", "after before first last query reverse savedSearchId sortKey"),
    ("webhookSubscriptions", "after before first format last query reverse sortKey topics uri"),
    ("shop", ""),
    ("productVariants", "after before first last query reverse savedSearchId sortKey"),
    ("locations", "after before first last query reverse sortKey includeInactive includeLegacy"),
    ("nodes", "ids"),
    ("currentAppInstallation", "id"),
    ("shopifyPaymentsAccount", ""),
    (
        "ShopifyPaymentsAccount.payouts",
        "after before first last query reverse savedSearchId sortKey transactionType",
    ),
    (
        "ShopifyPaymentsAccount.balanceTransactions",
        "after before first hideTransfers last query reverse savedSearchId sortKey",
    ),
    ("inventorySetQuantities", "input"),
    ("inventorySetQuantities.input", "name quantities reason referenceDocumentUri ignoreCompareQuantity"),
    ("tagsAdd", "id tags"),
    ("tagsRemove", "id tags"),
    ("orderUpdate", "input"),
    (
        "orderUpdate.input",
        "id note tags customAttributes email phone poNumber shippingAddress metafields localizedFields",
    ),
    ("webhookSubscriptionCreate", "topic webhookSubscription"),
    (
        "webhookSubscriptionCreate.webhookSubscription",
        "filter format includeFields metafieldNamespaces metafields uri",
    ),
    ("webhookSubscriptionUpdate", "id webhookSubscription"),
    (
        "webhookSubscriptionUpdate.webhookSubscription",
        "filter format includeFields metafieldNamespaces metafields uri",
    ),
    ("webhookSubscriptionDelete", "id"),
];

/// The first name among the keys of an object that the schema does not have at this place.
pub(super) fn unknown_argument(place: &str, arguments: &crate::json::Json) -> Option<String> {
    let crate::json::Json::Object(sent) = arguments else { return None };
    let (_, known) = ARGUMENTS.iter().find(|(known, _)| *known == place)?;
    sent.iter().find_map(|(name, value)| {
        if !known.split_whitespace().any(|known| known == name) {
            return Some(name.clone());
        }
        unknown_argument(&format!("{place}.{name}"), value)
    })
}

/// Every field that is answered, with its type: for tests that compare with the vendor's schema.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    TYPES.iter().flat_map(|(parent, fields)| {
        fields.split_whitespace().map(move |word| (*parent, word.split(':').next().unwrap_or(word)))
    })
}

/// Whether a type is known.
pub(super) fn exists(name: &str) -> bool {
    TYPES.iter().chain(BEYOND_THE_CUT).any(|(known, _)| *known == name)
}

/// Whether a fragment on `condition` may stand where `parent` is expected.
pub(super) fn fits(parent: &str, condition: &str) -> bool {
    parent == condition
        || match parent {
            "DiscountApplication" => condition.ends_with("Application"),
            "PricingValue" => matches!(condition, "MoneyV2" | "PricingPercentageValue"),
            "PurchasingEntity" => matches!(condition, "Customer" | "PurchasingCompany"),
            "Order" => condition == "Node",
            "Node" => matches!(condition, "InventoryItem" | "ProductVariant" | "Refund"),
            _ => false,
        }
}
