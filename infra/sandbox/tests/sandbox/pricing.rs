//! VAT and totals against cases computed by hand, in both rounding modes.

use crate::support::{Bench, invoice, line};
use sandbox::economic::VatRounding;
use sandbox::{Json, object};

/// Lines, then net, VAT per line, VAT per code.
type Case = (&'static str, Vec<Json>, &'static str, &'static str, &'static str);

fn cases() -> Vec<Case> {
    let discounted = |product: &str, quantity: &str, price: &str, percent: &str| {
        let mut line = line(product, quantity, price);
        line.set("discountPercentage", Json::Number(percent.to_string()));
        line
    };
    vec![
        ("one line", vec![line("MUG-11", "2", "79.20")], "158.40", "39.60", "39.60"),
        // 3 x 0.25 x 3.33: 0.8325 a line rounds to 0.83, together 2.4975 rounds to 2.50.
        (
            "øre drift",
            vec![line("MUG-11", "1", "3.33"), line("KLIP-1", "1", "3.33"), line("SEK-9", "1", "3.33")],
            "9.99",
            "2.49",
            "2.50",
        ),
        // 0.25 x 0.02 = 0.005: half goes away from zero on each line, 0.01 in sum.
        ("halves", vec![line("MUG-11", "1", "0.02"), line("KLIP-1", "1", "0.02")], "0.04", "0.02", "0.01"),
        (
            "untaxed beside taxed",
            vec![line("MUG-11", "1", "100.00"), line("BK-2", "2", "199.50")],
            "499.00",
            "25.00",
            "25.00",
        ),
        // 7 x 9.88 = 69.16 less 15 % = 58.786, rounds to 58.79; VAT 14.6975.
        ("discount", vec![discounted("SEK-9", "7", "9.88", "15")], "58.79", "14.70", "14.70"),
        ("credit note", vec![line("MUG-11", "-2", "79.20")], "-158.40", "-39.60", "-39.60"),
        (
            "negative halves",
            vec![line("MUG-11", "-1", "0.02"), line("KLIP-1", "-1", "0.02")],
            "-0.04",
            "-0.02",
            "-0.01",
        ),
        // Two codes: 25 % of 103.20, 12 % of 238.39 = 28.6068, 6 % of 376.42 = 22.5852.
        (
            "three rates",
            vec![
                line("MUG-11-SE25", "1", "103.20"),
                line("OLIE-5-SE12", "1", "238.39"),
                line("BK-2-SE6", "2", "188.21"),
            ],
            "718.01",
            "77.00",
            "77.00",
        ),
        ("a broken quantity", vec![line("OLIE-5", "0.33", "10.01")], "3.30", "0.83", "0.83"),
        ("a line of text", vec![object! { "description": "Tak for købet" }], "0.00", "0.00", "0.00"),
        ("no lines", Vec::new(), "0.00", "0.00", "0.00"),
    ]
}

#[test]
fn drafts_and_booked_invoices_have_the_totals_that_a_person_computes() {
    for (rounding, column) in [(VatRounding::PerLine, 0), (VatRounding::PerCode, 1)] {
        for (what, lines, net, per_line, per_code) in cases() {
            let mut bench = Bench::new();
            bench.agreement().vat_rounding = rounding;
            let vat = if column == 0 { per_line } else { per_code };
            let draft = bench.post("invoices/drafts", invoice(lines.clone())).body_json();
            let booked = bench.book(invoice(lines));
            for shown in [draft, booked] {
                let text = |name: &str| shown.decimal(name).unwrap().to_string();
                assert_eq!(text("netAmount"), net, "{what} {rounding:?}");
                assert_eq!(text("vatAmount"), vat, "{what} {rounding:?}");
                let gross = net.parse::<rust_decimal::Decimal>().unwrap()
                    + vat.parse::<rust_decimal::Decimal>().unwrap();
                assert_eq!(text("grossAmount"), gross.to_string(), "{what} {rounding:?}");
            }
        }
    }
}

#[test]
fn the_zone_decides_the_vat_together_with_the_group() {
    for (zone, product, vat) in [
        (1, "MUG-11", "25.00"),
        (2, "MUG-11", "0.00"),
        (3, "MUG-11", "0.00"),
        (4, "MUG-11", "0.00"),
        (1, "BK-2", "0.00"),
        (1, "GIFT-250", "0.00"),
        (1, "MUG-11-DE19", "19.00"),
        (2, "MUG-11-FI25", "25.50"),
    ] {
        let mut bench = Bench::new();
        let mut body = invoice(vec![line(product, "1", "100.00")]);
        body.set("recipient", object! { "name": "K", "vatZone": object! { "vatZoneNumber": zone } });
        let draft = bench.post("invoices/drafts", body).body_json();
        assert_eq!(draft.decimal("vatAmount").unwrap().to_string(), vat, "{product} in zone {zone}");
    }
}

#[test]
fn foreign_amounts_are_converted_by_the_rate_for_a_hundred_units() {
    let mut bench = Bench::new();
    let mut body = invoice(vec![line("MUG-11-DE19", "1", "100.00")]);
    body.set("currency", "EUR");
    let by_table = bench.post("invoices/drafts", body.clone()).body_json();
    assert_eq!(by_table.decimal("grossAmountInBaseCurrency").unwrap().to_string(), "887.80");
    body.set("exchangeRate", Json::Number("750".to_string()));
    let by_request = bench.post("invoices/drafts", body).body_json();
    assert_eq!(by_request.decimal("grossAmountInBaseCurrency").unwrap().to_string(), "892.50");
    assert_eq!(by_request.decimal("exchangeRate").unwrap().to_string(), "750.000000");
}
