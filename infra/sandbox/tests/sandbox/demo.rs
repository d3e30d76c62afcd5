//! The demo world: its orders add up in themselves, and its agreement can hold them.

use rust_decimal::Decimal;
use sandbox::{Json, demo};

fn number(text: Option<&str>) -> Decimal {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn sum(order: &Json, list: &str, fields: &[&str]) -> Decimal {
    let of = |item: &Json| -> Decimal { fields.iter().map(|field| number(item.text(field))).sum() };
    order.items(list).iter().map(of).sum()
}

#[test]
fn woocommerce_orders_add_up() {
    let orders = demo::woocommerce_orders();
    assert_eq!(orders.len(), 8);
    for (what, text) in orders {
        let order = Json::parse(text.as_bytes()).unwrap();
        let lists = ["line_items", "shipping_lines", "fee_lines"];
        let gross: Decimal = lists.iter().map(|list| sum(&order, list, &["total", "total_tax"])).sum();
        let tax: Decimal = lists.iter().map(|list| sum(&order, list, &["total_tax"])).sum();
        assert_eq!(gross, number(order.text("total")), "{what}");
        assert_eq!(tax, number(order.text("total_tax")), "{what}");
        assert_eq!(tax, sum(&order, "tax_lines", &["tax_total", "shipping_tax_total"]), "{what}");
        assert!(text.is_ascii());
    }
}

#[test]
fn shopify_orders_add_up() {
    let orders = demo::shopify_orders();
    assert_eq!(orders.len(), 6);
    for (what, text, transactions) in orders {
        let order = Json::parse(text.as_bytes()).unwrap();
        let lines = order.items("line_items").iter();
        let line = |line: &Json| -> Decimal {
            number(line.text("price")) * Decimal::from(line.integer("quantity").unwrap())
                - sum(line, "discount_allocations", &["amount"])
        };
        let subtotal: Decimal = lines.map(line).sum();
        assert_eq!(subtotal, number(order.text("subtotal_price")), "{what}");
        let total =
            subtotal + sum(&order, "shipping_lines", &["price"]) + number(order.text("total_tip_received"));
        assert_eq!(total, number(order.text("total_price")), "{what}");
        let taxes = |list: &str| -> Decimal {
            order.items(list).iter().map(|item| sum(item, "tax_lines", &["price"])).sum()
        };
        assert_eq!(taxes("line_items") + taxes("shipping_lines"), number(order.text("total_tax")), "{what}");
        let paid: Decimal = transactions.iter().map(|transaction| number(transaction.text("amount"))).sum();
        if order.text("financial_status") == Some("paid") {
            assert_eq!(paid, total, "{what}");
        }
    }
}

#[test]
fn the_agreement_refers_only_to_what_it_has() {
    let agreement = demo::agreement_for_captures();
    let master = &agreement.master;
    for group in master.product_groups.values() {
        for (zone, account) in &group.sales_accounts {
            assert!(
                master.vat_zones.contains_key(zone) && master.accounts.contains_key(account),
                "{}",
                group.name
            );
        }
    }
    for account in master.accounts.values() {
        assert!(
            account.vat_code.as_ref().is_none_or(|code| master.vat_accounts.contains_key(code)),
            "{}",
            account.name
        );
    }
    for vat in master.vat_accounts.values() {
        assert!(master.accounts.contains_key(&vat.account) && vat.code.len() <= 5, "{}", vat.code);
    }
    for (number, product) in &agreement.products {
        let group = product
            .json
            .integer("productGroup.productGroupNumber")
            .and_then(|group| u32::try_from(group).ok())
            .unwrap();
        assert!(number.chars().count() <= 25 && master.product_groups.contains_key(&group), "{number}");
    }
    for term in master.payment_terms.values() {
        let contras = [term.contra_for_prepaid, term.contra_for_remainder];
        assert!(
            contras.into_iter().flatten().all(|(account, _)| master.accounts.contains_key(&account)),
            "{}",
            term.name
        );
        assert!(
            term.credit_card_company.is_none_or(|customer| agreement.customers.contains_key(&customer)),
            "{}",
            term.name
        );
    }
    assert_eq!(demo::oss_group("SE", "25"), Some(100));
    assert_eq!(demo::oss_group("XX", "25"), None);
}
