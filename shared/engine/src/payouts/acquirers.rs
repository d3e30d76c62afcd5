//! Which acquirer pays an order's money out: told by the methods that the order was paid by, and those that a flow's settings name.

use std::collections::{BTreeMap, BTreeSet};

use domain::Money;
use domain::order::{Order, PaymentKind};
use domain::settings::MatchingSettings;

use super::receivables::{self, Found};
use crate::store::{Head, PaidBy};

/// Methods of one order that are kept. More is no order that people pay.
const MOST_METHODS: usize = 8;
/// Longest word of a method that is kept, in letters: as long as settings name one.
const LONGEST_METHOD: usize = 200;

/// The methods that an order was paid by, as they are kept with it: of what was captured, or else of what was reserved, or else the method
/// that was chosen. A gift card is the shop's own.
pub(crate) fn paid_by(order: &Order) -> Vec<PaidBy> {
    let of =
        |kind: PaymentKind| order.payments.iter().filter(move |paid| !paid.gift_card && paid.kind == kind);
    let captured = of(PaymentKind::Capture).next().is_some();
    let kind = if captured { PaymentKind::Capture } else { PaymentKind::Authorisation };
    let mut sums: Vec<PaidBy> = Vec::new();
    for payment in of(kind) {
        let method = word(&payment.method, &payment.title);
        let known = sums.iter_mut().find(|known| is_same(&known.method, &method));
        match known {
            Some(known) => known.amount = known.amount.and_then(|sum| sum.plus(payment.amount).ok()),
            None => sums.push(PaidBy { method, amount: Some(payment.amount) }),
        }
    }
    sums.retain(|paid| !paid.method.is_empty());
    let chosen = word(&order.payment_method, &order.payment_method_title);
    if sums.is_empty() && !chosen.is_empty() {
        sums.push(PaidBy { method: chosen, amount: None });
    }
    sums.truncate(MOST_METHODS);
    // Of one method that paid all of it the amount says nothing.
    if let [only] = sums.as_mut_slice() {
        only.amount = None;
    }
    sums
}

/// The shop's key of a method, or what the buyer saw of it.
fn word(key: &str, title: &str) -> String {
    let word = if key.trim().is_empty() { title } else { key };
    word.trim().chars().take(LONGEST_METHOD).collect()
}

/// What of an order's money an acquirer pays out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// All of it.
    All,
    /// Nothing: other methods paid it.
    Nothing,
    /// All but so much, which other methods paid.
    But(Money),
    /// The order was booked before its methods were kept, or says nothing of them.
    Unknown,
}

/// What of an order's money is paid out by the acquirer of a flow with these settings.
pub(super) fn share(head: &Head, settings: &MatchingSettings) -> Share {
    let paid_by = &head.progress.paid_by;
    if settings.methods.is_empty() {
        return Share::All;
    }
    if paid_by.is_empty() {
        return Share::Unknown;
    }
    let others: Vec<&PaidBy> = paid_by.iter().filter(|paid| !settings.pays_out(&paid.method)).collect();
    if others.is_empty() {
        return Share::All;
    }
    if others.len() == paid_by.len() {
        return Share::Nothing;
    }
    let amounts: Option<Vec<Money>> = others.iter().map(|paid| paid.amount).collect();
    let sum = amounts.and_then(|amounts| Money::sum(amounts.first()?.currency(), amounts).ok());
    sum.map_or(Share::Unknown, Share::But)
}

fn is_same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// The documents of orders that an acquirer pays out, as they are found.
pub(super) struct Orders<'s> {
    settings: &'s MatchingSettings,
    pub(super) found: BTreeMap<String, Found>,
    /// Documents of orders that further acquirers pay out, too.
    pub(super) shared: BTreeSet<String>,
    unknown: usize,
    credited: usize,
}

impl Orders<'_> {
    pub(super) fn of(settings: &MatchingSettings) -> Orders<'_> {
        Orders { settings, found: BTreeMap::new(), shared: BTreeSet::new(), unknown: 0, credited: 0 }
    }

    /// Adds the documents of an order, less what others pay out of them.
    pub(super) fn add(&mut self, head: &Head) {
        let share = share(head, self.settings);
        if share == Share::Nothing || !receivables::add_head(&mut self.found, head, None) {
            return;
        }
        match share {
            Share::All | Share::Nothing => {}
            Share::Unknown => self.unknown += 1,
            Share::But(others) => self.less(head, others),
        }
    }

    /// Others pay so much of the order's first invoices. Which of them a credit note goes back to nobody says: it is told with each.
    fn less(&mut self, head: &Head, mut others: Money) {
        for document in head.documents.iter().filter(|document| document.kind.is_booked()) {
            let number = document.number.to_string();
            let Some(found) = self.found.get_mut(&number) else { continue };
            self.credited += usize::from(document.kind.is_credit_note());
            others = found.paid_by_others(others);
            self.shared.insert(number);
        }
    }

    /// What could not be told apart, in words.
    pub(super) fn left_out(&self) -> Vec<String> {
        let told = [
            (self.unknown, "orders do not say which method paid them: they are told with every acquirer"),
            (self.credited, "credit notes of orders that several acquirers pay out: they are told with each"),
        ];
        told.into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;
    use domain::{ConnectionId, EntityId, EntityKind, MerchantId, TransferId};
    use jiff::Timestamp;

    use super::*;
    use crate::store::Claim;

    fn head(paid_by: &[(&str, Option<i64>)]) -> Head {
        let transfer = TransferId {
            merchant: MerchantId::new("krus"),
            source: "woocommerce:krus.example".to_owned(),
            kind: EntityKind::Order,
            entity: EntityId::new("1"),
        };
        let now = Timestamp::UNIX_EPOCH;
        let mut head = Head::first(&Claim {
            transfer,
            connection: ConnectionId::new("shop"),
            token: String::new(),
            now,
            lease_until: now,
            body_hash: String::new(),
            early: false,
        });
        let paid = |(method, minor): &(&str, Option<i64>)| PaidBy {
            method: (*method).to_owned(),
            amount: minor.map(|minor| Money::from_minor(minor, Currency::DKK)),
        };
        head.progress.paid_by = paid_by.iter().map(paid).collect();
        head
    }

    #[test]
    fn the_methods_of_an_order_tell_who_pays_it_out() {
        let settings = |methods: &[&str]| MatchingSettings {
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            ..MatchingSettings::default()
        };
        let but = Share::But(Money::from_minor(300, Currency::DKK));
        for (paid_by, told) in [
            (&[][..], Share::Unknown),
            (&[("stripe", None)], Share::All),
            (&[("klarna", None)], Share::Nothing),
            (&[("stripe", Some(700)), ("MobilePay", Some(300))], Share::All),
            (&[("stripe", Some(700)), ("klarna", Some(300))], but),
            (&[("stripe", None), ("klarna", None)], Share::Unknown),
        ] {
            assert_eq!(share(&head(paid_by), &settings(&["Stripe", "mobilepay"])), told, "{paid_by:?}");
            assert_eq!(share(&head(paid_by), &settings(&[])), Share::All, "no method is named");
        }
    }
}
