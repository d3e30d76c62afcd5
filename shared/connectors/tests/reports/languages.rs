//! PayPal's downloads, in each language that is known: the same three movements, under the header, the words, the days and the marks
//! of the country.

use connectors::registry::report_reader;
use domain::settlement::{Kind, Settlement, Standing};

use super::sources::Sample;
use super::summary::{Outcome, read};

/// A language, as a download in it is written.
struct Language {
    name: &'static str,
    /// Names of day, time, zone, description, currency, gross, fee, net, balance, id, invoice and, where it is known, of the
    /// transaction that is referred to.
    header: &'static str,
    /// The words of a sale, of a refund and of a withdrawal.
    words: [&'static str; 3],
    /// The last day's day and month are not taken for each other.
    days: [&'static str; 3],
    /// 1234.50 as it is written.
    amount: &'static str,
}

const LANGUAGES: &[Language] = &[
    Language {
        name: "English",
        header: "Date,Time,TimeZone,Type,Currency,Gross,Fee,Net,Balance,Transaction ID,Invoice Number,Reference Txn ID",
        words: ["Express Checkout Payment", "Payment Refund", "General Withdrawal"],
        days: ["02/05/2026", "02/06/2026", "02/13/2026"],
        amount: "1,234.50",
    },
    Language {
        name: "Danish",
        header: "Dato,Tidspunkt,Tidszone,Beskrivelse,Valuta,Brutto,Gebyr,Netto,Saldo,Transaktions-id,Fakturanummer,Referencetransaktions-id",
        words: ["Ekspresbetaling", "Tilbagebetaling", "Hævning til bankkonto"],
        days: ["05-02-2026", "06-02-2026", "13-02-2026"],
        amount: "1.234,50",
    },
    Language {
        name: "German",
        header: "Datum,Uhrzeit,Zeitzone,Beschreibung,Währung,Brutto,Entgelt,Netto,Guthaben,Transaktionscode,Rechnungsnummer,Zugehöriger Transaktionscode",
        words: ["Allgemeine Zahlung", "Rückzahlung", "Abbuchung auf Bankkonto"],
        days: ["05.02.2026", "06.02.2026", "13.02.2026"],
        amount: "1.234,50",
    },
    Language {
        name: "Swedish",
        header: "Datum,Tid,Tidszon,Beskrivning,Valuta,Brutto,Avgift,Netto,Saldo,Transaktions-id,Fakturanummer",
        words: ["Betalning", "Återbetalning", "Uttag till bankkonto"],
        days: ["2026-02-05", "2026-02-06", "2026-02-13"],
        amount: "1\u{a0}234,50",
    },
    Language {
        name: "Norwegian",
        header: "Dato,Klokkeslett,Tidssone,Beskrivelse,Valuta,Brutto,Gebyr,Netto,Saldo,Transaksjons-ID,Fakturanummer",
        words: ["Betaling", "Refusjon", "Uttak til bankkonto"],
        days: ["05.02.2026", "06.02.2026", "13.02.2026"],
        amount: "1\u{a0}234,50",
    },
    Language {
        name: "French",
        header: "Date,Heure,Fuseau horaire,Description,Devise,Avant commission,Commission,Net,Solde,Numéro de transaction,Numéro de facture,Numéro de la transaction de référence",
        words: ["Paiement", "Remboursement", "Virement bancaire"],
        days: ["05/02/2026", "06/02/2026", "13/02/2026"],
        amount: "1\u{202f}234,50",
    },
    Language {
        name: "Dutch",
        header: "Datum,Tijd,Tijdzone,Omschrijving,Valuta,Bruto,Kosten,Netto,Saldo,Transactiereferentie,Factuurnummer",
        words: ["Betaling", "Terugbetaling", "Opname"],
        days: ["05-02-2026", "06-02-2026", "13-02-2026"],
        amount: "1.234,50",
    },
    Language {
        name: "Spanish",
        header: "Fecha,Hora,Zona horaria,Descripción,Divisa,Bruto,Comisión,Neto,Saldo,Id. de transacción,Número de factura,Id. de referencia de trans.",
        words: ["Pago", "Reembolso", "Retiro"],
        days: ["05/02/2026", "06/02/2026", "13/02/2026"],
        amount: "1.234,50",
    },
];

impl Language {
    /// Whether the header has a column for the transaction that is referred to.
    fn refers(&self) -> bool {
        self.header.split(',').count() == 12
    }

    fn file(&self, delimiter: char) -> Sample {
        let point = self.amount.ends_with(".50");
        let small = |text: &str| if point { text.to_owned() } else { text.replace('.', ",") };
        // 1234.50 and 1192.32 have their thousands; what comes in is what was before, in the same marks.
        let large = |text: &str| self.amount.replace("234", &text[1..4]).replace("50", &text[5..]);
        let zone = "Europe/Copenhagen".to_owned();
        let row = |number: usize, amounts: [String; 4], id: &str, invoice: &str, reference: &str| {
            let [gross, fee, net, balance] = amounts;
            let mut fields = vec![self.days[number].to_owned(), "10:15:00".to_owned(), zone.clone()];
            fields.extend([self.words[number].to_owned(), "EUR".to_owned(), gross, fee, net, balance]);
            fields.extend([id.to_owned(), invoice.to_owned()]);
            if self.refers() {
                fields.push(reference.to_owned());
            }
            fields
        };
        let sale = [large("1234.50"), small("-42.18"), large("1192.32"), large("1192.32")];
        let refund = [small("-34.50"), small("0.00"), small("-34.50"), large("1157.82")];
        let out = format!("-{}", large("1157.82"));
        let withdrawal = [out.clone(), small("0.00"), out, small("0.00")];
        let rows = [
            self.header.split(',').map(str::to_owned).collect(),
            row(0, sale, "9AA1", "1001", ""),
            row(1, refund, "9AA2", "1001", "9AA1"),
            row(2, withdrawal, "9AA3", "", ""),
        ];
        let line = |fields: &Vec<String>| {
            let quoted: Vec<String> = fields.iter().map(|field| format!("\"{field}\"")).collect();
            quoted.join(&delimiter.to_string()) + "\r\n"
        };
        Sample {
            name: self.name.to_owned(),
            system: "paypal",
            bytes: rows.iter().map(line).collect::<String>().into_bytes(),
            batch: "",
            day_order: None,
            profile: None,
        }
    }
}

fn only(language: &Language, delimiter: char) -> (&'static str, Settlement) {
    let sample = language.file(delimiter);
    match read(&sample, &sample.bytes) {
        Outcome::Settlements(format, batches) => {
            let [batch] = batches.try_into().unwrap_or_else(|_| panic!("{}: not one batch", language.name));
            (format, batch)
        }
        other => panic!("{}: {}", language.name, other.summary()),
    }
}

#[test]
fn a_download_is_read_in_each_language() {
    for language in LANGUAGES {
        let name = language.name;
        for delimiter in [',', ';', '\t'] {
            let (_, batch) = only(language, delimiter);
            assert_eq!(batch.key().batch, "2026-02-05/2026-02-13", "{name}");
            let lines: Vec<_> = batch.lines().collect();
            let kinds: Vec<Kind> = lines.iter().map(|line| line.kind).collect();
            assert_eq!(kinds, [Kind::Sale, Kind::Refund, Kind::Payout], "{name}");
            let amounts: Vec<String> = lines.iter().map(|line| line.gross.to_string()).collect();
            assert_eq!(amounts, ["1234.50", "-34.50", "-1157.82"], "{name}");
            assert_eq!(lines[0].fees.total().expect("small"), -4218, "{name}");
            let orders = [lines[0].keys.order, lines[0].keys.invoice, lines[0].keys.merchant];
            assert!(orders.contains(&"1001"), "{name}: {orders:?}");
            assert_eq!(lines[1].keys.original, if language.refers() { "9AA1" } else { "" }, "{name}");
            assert_eq!(batch.check().standing, Standing::Unconfirmed, "{name}: {:?}", batch.check().breaches);
        }
    }
}

#[test]
fn only_the_language_that_was_seen_is_proven() {
    let formats = report_reader("paypal").expect("a reader").manifest().formats;
    for language in LANGUAGES {
        let (format, _) = only(language, ',');
        let proven = formats.iter().find(|known| known.name == format).expect("a known format").proven;
        assert_eq!(proven, language.name == "English", "{} is read as {format}", language.name);
    }
}
