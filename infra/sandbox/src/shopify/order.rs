//! An order of the webhooks' REST shape in the shape of Admin GraphQL.

use super::Shop;
use crate::json::Json;
use crate::object;
use rust_decimal::Decimal;

/// The copied fields of an order: GraphQL name, REST name.
const PLAIN: &[(&str, &str)] = &[
    ("name", "name"),
    ("number", "order_number"),
    ("confirmed", "confirmed"),
    ("confirmationNumber", "confirmation_number"),
    ("currencyCode", "currency"),
    ("taxesIncluded", "taxes_included"),
    ("test", "test"),
    ("note", "note"),
    ("email", "email"),
    ("phone", "phone"),
    ("poNumber", "po_number"),
    ("customerLocale", "customer_locale"),
    ("sourceName", "source_name"),
    ("sourceIdentifier", "source_identifier"),
    ("paymentGatewayNames", "payment_gateway_names"),
];

const TIMES: &[(&str, &str)] = &[
    ("createdAt", "created_at"),
    ("updatedAt", "updated_at"),
    ("processedAt", "processed_at"),
    ("cancelledAt", "cancelled_at"),
    ("closedAt", "closed_at"),
];

/// Sums of an order: GraphQL name, REST name of the text (the set is that with `_set`), and whether it may be null.
const SUMS: &[(&str, &str, bool)] = &[
    ("subtotalPriceSet", "subtotal_price", true),
    ("totalPriceSet", "total_price", false),
    ("originalTotalPriceSet", "total_price", false),
    ("currentTotalPriceSet", "current_total_price", false),
    ("totalTaxSet", "total_tax", true),
    ("currentTotalTaxSet", "current_total_tax", false),
    ("totalDiscountsSet", "total_discounts", true),
    ("currentTotalDiscountsSet", "current_total_discounts", false),
    ("currentSubtotalPriceSet", "current_subtotal_price", false),
    ("totalShippingPriceSet", "total_shipping_price", false),
    ("totalTipReceivedSet", "total_tip_received", false),
    ("totalOutstandingSet", "total_outstanding", false),
    ("currentTotalDutiesSet", "current_total_duties", true),
    ("originalTotalDutiesSet", "original_total_duties", true),
    ("currentTotalAdditionalFeesSet", "current_total_additional_fees", true),
    ("originalTotalAdditionalFeesSet", "original_total_additional_fees", true),
];

/// Both currencies of an order.
#[derive(Clone, Copy)]
struct Currencies<'a> {
    shop: &'a str,
    presentment: &'a str,
}

impl Shop {
    /// The GraphQL node of an order.
    pub(super) fn order_node(&self, order: &Json) -> Json {
        let shop = order.text("currency").unwrap_or(&self.currency);
        let currencies = Currencies { shop, presentment: order.text("presentment_currency").unwrap_or(shop) };
        let id = order.integer("id").unwrap_or(0);
        let mut node =
            object! { "id": format!("gid://shopify/Order/{id}"), "legacyResourceId": id.to_string() };
        for (name, rest) in PLAIN {
            node.set(name, order.get(rest).cloned().unwrap_or_default());
        }
        for (name, rest) in TIMES {
            node.set(name, utc(order.text(rest)));
        }
        for (name, rest, nullable) in SUMS {
            node.set(name, sum(order, rest, *nullable, currencies));
        }
        self.add_states(&mut node, order);
        self.add_parts(&mut node, order, currencies);
        self.add_payments(&mut node, order, currencies);
        node
    }

    fn add_states(&self, node: &mut Json, order: &Json) {
        let upper = |text: Option<&str>| text.map(|text| text.to_uppercase());
        let financial = upper(order.text("financial_status"));
        node.set("presentmentCurrencyCode", order.text("presentment_currency").or(order.text("currency")));
        node.set("taxExempt", order.get("tax_exempt").and_then(Json::as_bool).unwrap_or(false));
        node.set("dutiesIncluded", order.get("duties_included").and_then(Json::as_bool).unwrap_or(false));
        node.set("estimatedTaxes", order.get("estimated_taxes").and_then(Json::as_bool).unwrap_or(false));
        node.set("edited", order.get("edited").and_then(Json::as_bool).unwrap_or(false));
        node.set("cancelReason", upper(order.text("cancel_reason")));
        node.set("closed", order.text("closed_at").is_some());
        node.set("riskLevel", "LOW");
        node.set("capturable", financial.as_deref() == Some("AUTHORIZED"));
        node.set("fullyPaid", financial.as_deref() == Some("PAID"));
        node.set("unpaid", matches!(financial.as_deref(), Some("PENDING" | "AUTHORIZED" | "EXPIRED")));
        node.set("displayFinancialStatus", financial);
        let fulfillment = match order.text("fulfillment_status") {
            None => "UNFULFILLED",
            Some("partial") => "PARTIALLY_FULFILLED",
            Some("fulfilled") => "FULFILLED",
            Some("restocked") => "RESTOCKED",
            Some(_) => "IN_PROGRESS",
        };
        node.set("displayFulfillmentStatus", fulfillment);
        let tags =
            order.text("tags").unwrap_or_default().split(',').map(str::trim).filter(|tag| !tag.is_empty());
        node.set("tags", tags.collect::<Vec<_>>());
        let codes: Vec<&str> =
            order.items("discount_codes").iter().filter_map(|code| code.text("code")).collect();
        node.set("discountCode", codes.first().copied());
        node.set("discountCodes", codes);
    }

    fn add_parts(&self, node: &mut Json, order: &Json, currencies: Currencies<'_>) {
        let applications = discount_applications(order, currencies);
        let lines = order.items("line_items").iter();
        node.set(
            "lineItems",
            lines.map(|line| line_item(line, &applications, currencies)).collect::<Vec<_>>(),
        );
        let shipping: Vec<Json> = order
            .items("shipping_lines")
            .iter()
            .map(|line| shipping_line(line, &applications, currencies))
            .collect();
        node.set("shippingLine", shipping.first());
        let total: Decimal = shipping
            .iter()
            .filter_map(|line| {
                line.text("currentDiscountedPriceSet.shopMoney.amount")?.parse::<Decimal>().ok()
            })
            .sum();
        node.set("currentShippingPriceSet", bag(&total.to_string(), currencies));
        node.set("shippingLines", shipping);
        node.set("discountApplications", applications);
        node.set("taxLines", tax_lines(order, currencies));
        node.set("currentTaxLines", tax_lines(order, currencies));
        node.set("billingAddress", order.get("billing_address").map(address));
        node.set("shippingAddress", order.get("shipping_address").map(address));
        let customer = order.get("customer").filter(|customer| !customer.is_null()).map(customer);
        node.set("customer", customer.clone());
        node.set("purchasingEntity", purchasing_entity(order).or(customer));
        node.set("customAttributes", attributes(order.items("note_attributes")));
        node.set("fulfillments", order.items("fulfillments").iter().map(fulfillment).collect::<Vec<_>>());
        if order.items("payment_gateway_names").is_empty() {
            // Orders from before that list name one gateway.
            node.set("paymentGatewayNames", order.text("gateway").into_iter().collect::<Vec<_>>());
        }
        node.set("additionalFees", Json::Array(Vec::new()));
        node.set("localizedFields", Json::Array(Vec::new()));
        node.set("totalTipReceived", node.path("totalTipReceivedSet.shopMoney").cloned());
        let rounding = |kind: &str| {
            money_set(order, &format!("total_cash_rounding_{kind}_adjustment_set"), "0.0", currencies)
        };
        node.set(
            "totalCashRoundingAdjustment",
            object! { "paymentSet": rounding("payment"), "refundSet": rounding("refund") },
        );
    }

    fn add_payments(&self, node: &mut Json, order: &Json, currencies: Currencies<'_>) {
        let id = order.integer("id").and_then(|id| u64::try_from(id).ok()).unwrap_or(0);
        let empty = Vec::new();
        let rest = self.transactions.get(&id).unwrap_or(&empty);
        let transactions: Vec<Json> =
            rest.iter().map(|transaction| self.transaction(transaction, rest, currencies)).collect();
        let refunds: Vec<Json> =
            order.items("refunds").iter().map(|refund| self.refund(refund, node, currencies)).collect();
        let sum = |kinds: &[&str]| -> Decimal {
            let fits = |transaction: &&Json| {
                transaction.text("status") == Some("success")
                    && transaction.text("kind").is_some_and(|kind| kinds.contains(&kind))
            };
            rest.iter()
                .filter(fits)
                .filter_map(|transaction| transaction.text("amount")?.parse::<Decimal>().ok())
                .sum()
        };
        let (received, refunded) = (sum(&["sale", "capture"]), sum(&["refund"]));
        node.set("totalReceivedSet", bag(&received.to_string(), currencies));
        node.set("totalRefundedSet", bag(&refunded.to_string(), currencies));
        node.set("netPaymentSet", bag(&(received - refunded).to_string(), currencies));
        node.set("transactions", transactions);
        node.set("refunds", refunds);
    }

    fn transaction(&self, rest: &Json, all: &[Json], currencies: Currencies<'_>) -> Json {
        let upper = |name: &str| rest.text(name).map(str::to_uppercase);
        let id = rest.integer("id").unwrap_or(0);
        let parent = rest
            .integer("parent_id")
            .and_then(|parent| all.iter().find(|other| other.integer("id") == Some(parent)));
        let currency = rest.text("currency").unwrap_or(currencies.shop);
        object! {
            "id": format!("gid://shopify/OrderTransaction/{id}"),
            "kind": upper("kind"), "status": upper("status"), "gateway": rest.text("gateway"),
            "formattedGateway": rest.text("gateway"), "paymentId": rest.text("payment_id"),
            "authorizationCode": rest.text("authorization"), "errorCode": upper("error_code"),
            "test": rest.get("test").and_then(Json::as_bool).unwrap_or(false),
            "createdAt": utc(rest.text("created_at")), "processedAt": utc(rest.text("processed_at")),
            "manualPaymentGateway": rest.text("gateway") == Some("manual"), "settlementCurrency": currency,
            "settlementCurrencyRate": Json::Null, "receiptJson": "{}",
            "amountSet": bag(rest.text("amount").unwrap_or("0.0"), Currencies { shop: currency, ..currencies }),
            "amountRoundingSet": Json::Null,
            "parentTransaction": parent.map(|parent| self.transaction(parent, &[], currencies)),
            "fees": Json::Array(Vec::new()),
        }
    }

    /// A refund by its id, as its order shows it; `null` when there is none.
    pub(super) fn refund_node(&self, id: u64) -> Json {
        let is_it = |refund: &Json| refund.integer("id").and_then(|id| u64::try_from(id).ok()) == Some(id);
        let order = self.orders.values().find(|order| order.items("refunds").iter().any(is_it));
        let gid = format!("gid://shopify/Refund/{id}");
        let shown = order.map(|order| self.order_node(order)).unwrap_or_default();
        let mut refunds = shown.items("refunds").iter();
        let mut node = refunds.find(|refund| refund.text("id") == Some(&gid)).cloned().unwrap_or_default();
        if !node.is_null() {
            node.set("__typename", "Refund");
        }
        node
    }

    fn refund(&self, rest: &Json, order: &Json, currencies: Currencies<'_>) -> Json {
        let id = rest.integer("id").unwrap_or(0);
        let all = rest.items("transactions");
        let paid: Decimal = all
            .iter()
            .filter(|transaction| transaction.text("status") == Some("success"))
            .filter_map(|transaction| transaction.text("amount")?.parse::<Decimal>().ok())
            .sum();
        let lines = rest.items("refund_line_items").iter().map(|line| refund_line(line, order, currencies));
        let is_freight = |adjustment: &&Json| adjustment.text("kind") == Some("shipping_refund");
        // GraphQL tells of freight line by line, where REST has an adjustment with the other sign.
        let freight = rest.items("order_adjustments").iter().filter(is_freight).map(|adjustment| {
            let back = |name: &str| {
                let amount = adjustment.text(name).and_then(|text| text.parse::<Decimal>().ok());
                bag(&(-amount.unwrap_or_default()).to_string(), currencies)
            };
            let adjustment = adjustment.integer("id").unwrap_or(0);
            object! {
                "id": format!("gid://shopify/RefundShippingLine/{adjustment}"),
                "shippingLine": order.items("shippingLines").first().cloned(),
                "subtotalAmountSet": back("amount"), "taxAmountSet": back("tax_amount"),
            }
        });
        let others = rest.items("order_adjustments").iter().filter(|adjustment| !is_freight(adjustment));
        let adjustments = others.map(|adjustment| {
            object! {
                "id": format!("gid://shopify/OrderAdjustment/{}", adjustment.integer("id").unwrap_or(0)),
                "reason": adjustment.text("kind").map(str::to_uppercase),
                "amountSet": money(adjustment, "amount", currencies),
                "taxAmountSet": money(adjustment, "tax_amount", currencies),
            }
        });
        object! {
            "id": format!("gid://shopify/Refund/{id}"), "legacyResourceId": id.to_string(),
            "createdAt": utc(rest.text("created_at")), "processedAt": utc(rest.text("processed_at")),
            "updatedAt": utc(rest.text("processed_at").or(rest.text("created_at"))), "note": rest.text("note"),
            "totalRefundedSet": bag(&paid.to_string(), currencies),
            "refundLineItems": lines.collect::<Vec<_>>(), "refundShippingLines": freight.collect::<Vec<_>>(),
            "orderAdjustments": adjustments.collect::<Vec<_>>(),
            "transactions": all.iter().map(|transaction| self.transaction(transaction, all, currencies)).collect::<Vec<_>>(),
            "duties": Json::Array(Vec::new()),
        }
    }
}

/// GraphQL gives times in UTC, REST in the shop's zone.
fn utc(text: Option<&str>) -> Json {
    let time = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).into()
}

/// GraphQL writes decimals with at least one decimal and no trailing zeros.
pub(super) fn decimal_text(text: &str) -> String {
    let Ok(value) = text.parse::<Decimal>() else { return text.to_string() };
    let value = value.normalize();
    if value.scale() == 0 { format!("{value}.0") } else { value.to_string() }
}

fn bag(text: &str, currencies: Currencies<'_>) -> Json {
    let money = |currency: &str| object! { "amount": decimal_text(text), "currencyCode": currency };
    object! { "shopMoney": money(currencies.shop), "presentmentMoney": money(currencies.presentment) }
}

/// A `*_set` of REST, or the plain amount in both currencies.
fn money_set(json: &Json, set: &str, fallback: &str, currencies: Currencies<'_>) -> Json {
    let Some(set) = json.get(set).filter(|set| !set.is_null()) else { return bag(fallback, currencies) };
    let money = |name: &str, currency: &str| {
        let amount = match set.path(&format!("{name}.amount")) {
            Some(Json::String(text) | Json::Number(text)) => text.as_str(),
            _ => fallback,
        };
        object! { "amount": decimal_text(amount), "currencyCode": set.text(&format!("{name}.currency_code")).unwrap_or(currency) }
    };
    object! { "shopMoney": money("shop_money", currencies.shop), "presentmentMoney": money("presentment_money", currencies.presentment) }
}

fn amount_text<'a>(json: &'a Json, name: &str) -> &'a str {
    match json.get(name) {
        Some(Json::String(text) | Json::Number(text)) => text,
        _ => "0.0",
    }
}

fn money(json: &Json, name: &str, currencies: Currencies<'_>) -> Json {
    money_set(json, &format!("{name}_set"), amount_text(json, name), currencies)
}

fn sum(order: &Json, name: &str, nullable: bool, currencies: Currencies<'_>) -> Json {
    let set = format!("{name}_set");
    let present = |name: &str| order.get(name).is_some_and(|value| !value.is_null());
    if nullable && !present(name) && !present(&set) {
        return Json::Null;
    }
    let earlier = name.strip_prefix("current_").filter(|_| !present(name) && !present(&set));
    money(order, earlier.unwrap_or(name), currencies)
}

fn tax_lines(json: &Json, currencies: Currencies<'_>) -> Vec<Json> {
    let show = |line: &Json| {
        let percentage = line.decimal("rate").map(|rate| (rate * Decimal::ONE_HUNDRED).normalize());
        object! {
            "title": line.text("title").unwrap_or_default(), "rate": line.get("rate").cloned().unwrap_or_default(),
            "ratePercentage": percentage.map(Json::from), "source": Json::Null,
            "channelLiable": line.get("channel_liable").cloned().unwrap_or_default(),
            "priceSet": money(line, "price", currencies),
        }
    };
    json.items("tax_lines").iter().map(show).collect()
}

fn discount_applications(order: &Json, currencies: Currencies<'_>) -> Vec<Json> {
    let upper = |json: &Json, name: &str| json.text(name).unwrap_or_default().to_uppercase();
    let show = |(application, index): (&Json, u32)| {
        let kind = match application.text("type") {
            Some("discount_code") => "DiscountCodeApplication",
            Some("manual") => "ManualDiscountApplication",
            _ => "AutomaticDiscountApplication",
        };
        let text = amount_text(application, "value");
        let value = if application.text("value_type") == Some("percentage") {
            let percentage = Json::Number(decimal_text(text));
            object! { "__typename": "PricingPercentageValue", "percentage": percentage }
        } else {
            object! { "__typename": "MoneyV2", "amount": decimal_text(text), "currencyCode": currencies.shop }
        };
        object! {
            "__typename": kind, "index": index, "allocationMethod": upper(application, "allocation_method"),
            "targetSelection": upper(application, "target_selection"), "targetType": upper(application, "target_type"),
            "code": application.text("code"), "title": application.text("title"),
            "description": application.text("description"), "value": value,
        }
    };
    order.items("discount_applications").iter().zip(0u32..).map(show).collect()
}

fn allocations(json: &Json, applications: &[Json], currencies: Currencies<'_>) -> Vec<Json> {
    let show = |allocation: &Json| {
        let index =
            allocation.integer("discount_application_index").and_then(|index| usize::try_from(index).ok());
        object! {
            "allocatedAmountSet": money(allocation, "amount", currencies),
            "discountApplication": index.and_then(|index| applications.get(index)),
        }
    };
    json.items("discount_allocations").iter().map(show).collect()
}

fn line_item(line: &Json, applications: &[Json], currencies: Currencies<'_>) -> Json {
    let id = line.integer("id").unwrap_or(0);
    let quantity = line.integer("quantity").unwrap_or(0);
    let unit: Decimal = amount_text(line, "price").parse().unwrap_or_default();
    let total = unit.checked_mul(Decimal::from(quantity)).unwrap_or_default();
    let discount: Decimal = line
        .items("discount_allocations")
        .iter()
        .filter_map(|allocation| amount_text(allocation, "amount").parse::<Decimal>().ok())
        .sum();
    let per_unit =
        if quantity == 0 { unit } else { ((total - discount) / Decimal::from(quantity)).round_dp(2) };
    let current = line.integer("current_quantity").unwrap_or(quantity);
    let resource = |kind: &str, name: &str| {
        let id = line.integer(name)?;
        Some(object! { "id": format!("gid://shopify/{kind}/{id}"), "legacyResourceId": id.to_string() })
    };
    object! {
        "id": format!("gid://shopify/LineItem/{id}"), "name": line.text("name").unwrap_or_default(),
        "title": line.text("title").unwrap_or_default(), "sku": line.text("sku").filter(|sku| !sku.is_empty()),
        "quantity": quantity, "currentQuantity": current, "refundableQuantity": current,
        "isGiftCard": line.get("gift_card").and_then(Json::as_bool).unwrap_or(false),
        "requiresShipping": line.get("requires_shipping").and_then(Json::as_bool).unwrap_or(false),
        "taxable": line.get("taxable").and_then(Json::as_bool).unwrap_or(false),
        "variantTitle": line.text("variant_title"), "vendor": line.text("vendor"),
        "product": resource("Product", "product_id"), "variant": resource("ProductVariant", "variant_id"),
        "customAttributes": attributes(line.items("properties")),
        "discountAllocations": allocations(line, applications, currencies), "taxLines": tax_lines(line, currencies),
        "duties": Json::Array(Vec::new()), "originalUnitPriceSet": money(line, "price", currencies),
        "originalTotalSet": bag(&total.to_string(), currencies),
        "discountedTotalSet": money_less(total, line, currencies),
        "discountedUnitPriceSet": bag(&unit.to_string(), currencies),
        "discountedUnitPriceAfterAllDiscountsSet": bag(&per_unit.to_string(), currencies),
        "totalDiscountSet": money(line, "total_discount", currencies),
    }
}

/// The total of a line after its own discount; codes are not in it.
fn money_less(total: Decimal, line: &Json, currencies: Currencies<'_>) -> Json {
    let own: Decimal = amount_text(line, "total_discount").parse().unwrap_or_default();
    bag(&(total - own).to_string(), currencies)
}

fn shipping_line(line: &Json, applications: &[Json], currencies: Currencies<'_>) -> Json {
    let id = line.integer("id").unwrap_or(0);
    let price: Decimal = amount_text(line, "price").parse().unwrap_or_default();
    let removed = line.get("is_removed").and_then(Json::as_bool).unwrap_or(false);
    let discount: Decimal = line
        .items("discount_allocations")
        .iter()
        .filter_map(|allocation| amount_text(allocation, "amount").parse::<Decimal>().ok())
        .sum();
    let current = if removed { Decimal::ZERO } else { price - discount };
    object! {
        "id": format!("gid://shopify/ShippingLine/{id}"), "title": line.text("title").unwrap_or_default(),
        "code": line.text("code"), "source": line.text("source"), "carrierIdentifier": line.text("carrier_identifier"),
        "deliveryCategory": line.text("delivery_category"), "isRemoved": removed, "custom": false, "phone": line.text("phone"),
        "originalPriceSet": money(line, "price", currencies),
        "discountedPriceSet": bag(&(price - discount).to_string(), currencies),
        "currentDiscountedPriceSet": bag(&current.to_string(), currencies),
        "taxLines": tax_lines(line, currencies), "discountAllocations": allocations(line, applications, currencies),
    }
}

fn fulfillment(rest: &Json) -> Json {
    object! {
        "id": format!("gid://shopify/Fulfillment/{}", rest.integer("id").unwrap_or(0)),
        "status": rest.text("status").map(str::to_uppercase),
        "createdAt": utc(rest.text("created_at")), "updatedAt": utc(rest.text("updated_at")),
    }
}

fn address(rest: &Json) -> Json {
    if rest.is_null() {
        return Json::Null;
    }
    object! {
        "firstName": rest.text("first_name"), "lastName": rest.text("last_name"), "name": rest.text("name"),
        "company": rest.text("company"), "address1": rest.text("address1"), "address2": rest.text("address2"),
        "city": rest.text("city"), "zip": rest.text("zip"), "province": rest.text("province"),
        "provinceCode": rest.text("province_code"), "country": rest.text("country"),
        "countryCode": rest.text("country_code"), "countryCodeV2": rest.text("country_code"), "phone": rest.text("phone"),
    }
}

fn customer(rest: &Json) -> Json {
    let id = rest.integer("id").unwrap_or(0);
    let names: Vec<&str> = ["first_name", "last_name"].iter().filter_map(|name| rest.text(name)).collect();
    object! {
        "__typename": "Customer", "id": format!("gid://shopify/Customer/{id}"), "legacyResourceId": id.to_string(),
        "firstName": rest.text("first_name"), "lastName": rest.text("last_name"), "displayName": names.join(" "),
        "email": rest.text("email"), "phone": rest.text("phone"),
        "taxExempt": rest.get("tax_exempt").and_then(Json::as_bool).unwrap_or(false),
        "taxExemptions": rest.items("tax_exemptions").to_vec(), "tags": Json::Array(Vec::new()), "note": rest.text("note"),
        "locale": "da",
    }
}

fn purchasing_entity(order: &Json) -> Option<Json> {
    let company = order.get("company").filter(|company| !company.is_null())?;
    let id = company.integer("id").unwrap_or(0);
    let location = company.integer("location_id").unwrap_or(0);
    Some(object! {
        "__typename": "PurchasingCompany",
        "company": object! { "id": format!("gid://shopify/Company/{id}"), "name": company.text("name").unwrap_or_default() },
        "location": object! {
            "id": format!("gid://shopify/CompanyLocation/{location}"),
            "name": company.text("location_name").unwrap_or_default(),
            "taxRegistrationId": company.text("tax_registration_id"),
        },
    })
}

fn attributes(rest: &[Json]) -> Vec<Json> {
    let show = |attribute: &Json| object! { "key": attribute.text("name").unwrap_or_default(), "value": attribute.get("value").cloned().unwrap_or_default() };
    rest.iter().map(show).collect()
}

fn refund_line(line: &Json, order: &Json, currencies: Currencies<'_>) -> Json {
    let gid = format!("gid://shopify/LineItem/{}", line.integer("line_item_id").unwrap_or(0));
    let item = order.items("lineItems").iter().find(|item| item.text("id") == Some(gid.as_str()));
    object! {
        "id": format!("gid://shopify/RefundLineItem/{}", line.integer("id").unwrap_or(0)),
        "quantity": line.get("quantity").cloned().unwrap_or_default(),
        "restockType": line.text("restock_type").unwrap_or_default().to_uppercase(),
        "restocked": line.text("restock_type").is_some_and(|kind| kind != "no_restock"), "lineItem": item,
        "priceSet": item.and_then(|item| item.get("originalUnitPriceSet")),
        "subtotalSet": money(line, "subtotal", currencies), "totalTaxSet": money(line, "total_tax", currencies),
    }
}
