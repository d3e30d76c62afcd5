//! What a shop gave back to a buyer, in one form.
//!
//! The money that really went back is the truth; the lines say what it was given back for. Where they make another sum, the
//! difference is goodwill (more) or something that was kept back (less): [`Refund::settled_lines`] brings the lines to the money.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// One refund, as its shop wrote it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The shop's immutable id.
    pub id: String,
    /// When the money was given back, if the shop says.
    pub at: Option<Timestamp>,
    /// Why, in the words of the shop's staff; empty when they gave none.
    pub reason: String,
    /// The money that went back with VAT, positive.
    pub total: Money,
    /// The part of `total` that went back onto gift cards, positive; zero when none did.
    pub to_gift_cards: Money,
    /// What it was given back for; empty for a refund by amount alone.
    pub lines: Vec<RefundLine>,
}

/// What a refund gives back of one line of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// The id of the order's line; `None` when the shop names none.
    pub order_line: Option<String>,
    /// What the buyer saw; empty when the shop says nothing.
    pub name: String,
    /// Units that come back; zero when only money does.
    pub quantity: Decimal,
    /// Net amount given back, positive (negative for a discount that is taken back).
    pub net: Money,
    /// VAT given back with it, of the same sign.
    pub vat: Money,
    /// The goods are back in stock: `None` when the shop does not say.
    pub restocked: Option<bool>,
}

impl RefundLine {
    /// With VAT.
    ///
    /// # Errors
    /// Overflow.
    pub fn gross(&self) -> Result<Money, MoneyError> {
        self.net.plus(self.vat)
    }
}

impl Refund {
    /// True when money went back without any line.
    pub fn is_by_amount(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines with the money that went back for them, and what went back beyond them. Where less went back than the lines make
    /// (a fee for the return was kept), each line gives its share of it; units stay as they are.
    ///
    /// # Errors
    /// Overflow, mixed currencies.
    pub fn settled_lines(&self) -> Result<(Vec<RefundLine>, Money), MoneyError> {
        let currency = self.total.currency();
        let gross: Vec<Money> = self.lines.iter().map(RefundLine::gross).collect::<Result<_, _>>()?;
        let sum = Money::sum(currency, gross.iter().copied())?;
        let beyond = self.total.minus(sum)?;
        if !beyond.is_negative() {
            return Ok((self.lines.clone(), beyond));
        }
        let weights: Vec<i64> = gross.iter().map(|gross| gross.minor().max(0)).collect();
        let kept = beyond.absolute()?.allocate(&weights)?;
        let lowered = |(line, kept): (&RefundLine, Money)| {
            let before = line.gross()?;
            let after = before.minus(kept)?;
            let net = if kept.is_zero() { line.net } else { line.net.in_proportion(after, before)? };
            Ok(RefundLine { net, vat: after.minus(net)?, ..line.clone() })
        };
        let lines = self.lines.iter().zip(kept).map(lowered).collect::<Result<_, MoneyError>>()?;
        Ok((lines, currency.zero()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn dkk(text: &str) -> Money {
        Money::parse(text, Currency::DKK).expect("an amount")
    }

    fn line(net: &str, vat: &str) -> RefundLine {
        RefundLine {
            order_line: Some("1".to_owned()),
            name: "Krus".to_owned(),
            quantity: Decimal::ONE,
            net: dkk(net),
            vat: dkk(vat),
            restocked: None,
        }
    }

    fn refund(total: &str, lines: Vec<RefundLine>) -> Refund {
        Refund {
            id: "86".to_owned(),
            at: None,
            reason: String::new(),
            total: dkk(total),
            to_gift_cards: Currency::DKK.zero(),
            lines,
        }
    }

    #[test]
    fn lines_are_brought_to_the_money_that_went_back() {
        let exact = refund("129.00", vec![line("103.20", "25.80")]).settled_lines();
        assert_eq!(exact, Ok((vec![line("103.20", "25.80")], dkk("0.00"))));
        let goodwill = refund("149.00", vec![line("103.20", "25.80")]).settled_lines();
        assert_eq!(goodwill, Ok((vec![line("103.20", "25.80")], dkk("20.00"))));
        // A third of the return is kept back as a fee, over two lines of different VAT.
        let lines = vec![line("80.00", "20.00"), line("50.00", "0.00")];
        let (kept, beyond) = refund("100.00", lines).settled_lines().expect("sums");
        assert!(beyond.is_zero());
        let told: Vec<String> = kept.iter().map(|line| format!("{} + {}", line.net, line.vat)).collect();
        assert_eq!(told, ["53.34 + 13.33", "33.33 + 0.00"]);
    }
}
