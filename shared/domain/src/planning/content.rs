//! What an order sells, to whom and for how much, as one hash: an order that still has it changes nothing.
//!
//! Shops tell of an order many times: at checkout, at payment, and when our own write-back touches it. States, tags, notes
//! and extra fields are left out, since they change without anything to book; the trigger looks at states by itself. The
//! bytes are written field by field, each with its length, because every delivery of every order is hashed. The structs
//! are taken apart by name, so that a new field must be put in or left out on purpose.

use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use crate::customer::{Address, Customer};
use crate::money::{Money, Percentage};
use crate::order::{Order, OrderLine, VatAmount};
use crate::refund::{Refund, RefundLine};

/// The hash of what an order sells, to whom and for how much, in hexadecimal; it stands in [`crate::Plan::content_hash`].
pub fn hash(order: &Order) -> String {
    let mut content = Content(Vec::with_capacity(1024));
    content.text(&order.number);
    content.text(order.currency.code());
    content.customer(&order.customer);
    content.number(order.lines.len() as i64);
    order.lines.iter().for_each(|line| content.line(line));
    content.money(order.total);
    content.money(order.total_vat);
    content.text(&order.payment_method);
    content.option(order.purchase_order_number.as_deref());
    super::payment::gift_cards_used(order).for_each(|payment| content.money(payment.amount));
    // Nothing is written where nothing was given back, so that plans made before refunds were read keep their hash.
    order.refunds.iter().for_each(|refund| content.refund(refund));
    data_encoding::HEXLOWER.encode(&Sha256::digest(&content.0))
}

struct Content(Vec<u8>);

impl Content {
    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn option(&mut self, text: Option<&str>) {
        self.0.push(u8::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn decimal(&mut self, decimal: Decimal) {
        self.0.extend_from_slice(&decimal.normalize().serialize());
    }

    fn money(&mut self, money: Money) {
        self.text(money.currency().code());
        self.number(money.minor());
    }

    fn address(&mut self, address: &Address) {
        let Address { name, company, street, postcode, city, state, country } = address;
        for text in [name, company, street, postcode, city, state, country] {
            self.text(text);
        }
    }

    fn customer(&mut self, customer: &Customer) {
        let Customer {
            shop_id,
            email,
            phone,
            billing,
            delivery,
            company_number,
            vat_number,
            ean,
            vat_exempt,
        } = customer;
        self.text(email);
        self.text(phone);
        self.address(billing);
        self.0.push(u8::from(delivery.is_some()));
        delivery.iter().for_each(|address| self.address(address));
        for text in [shop_id, company_number, vat_number, ean] {
            self.option(text.as_deref());
        }
        self.0.push(u8::from(*vat_exempt));
    }

    fn refund(&mut self, refund: &Refund) {
        let Refund { id, at: _, reason: _, total, to_gift_cards, lines } = refund;
        self.text(id);
        self.money(*total);
        self.money(*to_gift_cards);
        self.number(lines.len() as i64);
        for RefundLine { order_line, name: _, quantity, net, vat, restocked } in lines {
            self.option(order_line.as_deref());
            self.decimal(*quantity);
            self.money(*net);
            self.money(*vat);
            self.0.push(restocked.map_or(2, u8::from));
        }
    }

    fn line(&mut self, line: &OrderLine) {
        let OrderLine { id, kind, sku, product_id, name, quantity, net_before_discount, net, vat } = line;
        self.text(id);
        self.0.push(*kind as u8);
        self.option(sku.as_deref());
        self.option(product_id.as_deref());
        self.text(name);
        self.decimal(*quantity);
        self.money(*net_before_discount);
        self.money(*net);
        self.number(vat.len() as i64);
        for VatAmount { rate, amount, label, compound, remitted_by_marketplace } in vat {
            self.0.push(u8::from(rate.is_some()));
            self.decimal(rate.map(Percentage::per_cent).unwrap_or_default());
            self.money(*amount);
            self.text(label);
            self.0.extend([u8::from(*compound), u8::from(*remitted_by_marketplace)]);
        }
    }
}
