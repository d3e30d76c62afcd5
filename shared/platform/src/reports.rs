//! The words of the mails that merchants get: what was transferred, and what needs them. Text and HTML, Danish and English.
//!
//! Rendering is pure: a report is made from recorded state by the caller and has its number before it is rendered, so that
//! a mail that is sent twice carries the same number. Values are escaped by the template engine.

use askama::Template;

/// The language a recipient reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Danish.
    Danish,
    /// English.
    English,
}

/// A mail ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// One document in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRow {
    /// The order number that people see.
    pub order: String,
    /// Where its order stands, in the recipient's language.
    pub outcome: String,
    /// Kind and number of the document; a dash when there is none.
    pub document: String,
    /// The total with its currency, in the recipient's way of writing; a dash when there is none.
    pub total: String,
}

/// One sum in a report: how many documents of a kind were made, and for how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumRow {
    /// Which kind, in the recipient's language.
    pub kind: String,
    /// How many.
    pub count: usize,
    /// Their totals, one for each currency.
    pub total: String,
}

/// What was transferred in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferReport {
    /// The report's number; the same when the mail is repeated.
    pub number: String,
    /// The merchant's name.
    pub merchant: String,
    /// First moment of the period, in the merchant's time zone.
    pub from: String,
    /// Last moment of the period.
    pub to: String,
    /// The documents, oldest first, at most [`ROWS_MAX`].
    pub transfers: Vec<TransferRow>,
    /// How many more there were.
    pub left_out: usize,
    /// Sums by kind of document.
    pub sums: Vec<SumRow>,
}

/// Names in a report, of which the first are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// At most [`NAMES_MAX`].
    pub shown: Vec<String>,
    /// How many there are in all.
    pub count: usize,
}

impl Names {
    /// How many are counted but not named.
    pub fn left_out(&self) -> usize {
        self.count.saturating_sub(self.shown.len())
    }
}

/// One cause in an error report, with everything it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What happened.
    pub happened: String,
    /// What it blocks.
    pub blocks: String,
    /// What to do.
    pub remedy: String,
    /// How what it stopped goes on; empty where the remedy says it all.
    pub next: String,
    /// The numbers of the orders it stopped.
    pub orders: Names,
    /// What else it is about: products, payouts, files, entries of what was set aside.
    pub others: Names,
}

/// What needs the merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReport {
    /// The report's number; the same when the mail is repeated.
    pub number: String,
    /// The merchant's name.
    pub merchant: String,
    /// Causes, the one that stops most first.
    pub causes: Vec<Cause>,
}

/// Most transfers named in one mail: mails stay small, the log has them all.
pub const ROWS_MAX: usize = 200;
/// Most names of one kind under one cause.
pub const NAMES_MAX: usize = 20;

struct Words {
    code: &'static str,
    transfers_subject: &'static str,
    transfers_intro: &'static str,
    orders_subject: &'static str,
    errors_subject: &'static str,
    errors_intro: &'static str,
    order: &'static str,
    orders: &'static str,
    others: &'static str,
    outcome: &'static str,
    document: &'static str,
    total: &'static str,
    sums: &'static str,
    and_more: &'static str,
    to_do: &'static str,
    number: &'static str,
    repeat: &'static str,
}

const DANISH: Words = Words {
    code: "da",
    transfers_subject: "Overførte ordrer",
    transfers_intro: "Overført til regnskabet i perioden",
    orders_subject: "Ordrer der venter på dig",
    errors_subject: "Noget du skal se på",
    errors_intro: "Her er, hvad Bogbro ikke kan gøre færdigt alene, og hvad du skal vide. Intet er gået tabt. Ved hver årsag står, hvad den standser, og hvad der skal gøres.",
    order: "Ordre",
    orders: "Ordrer",
    others: "Det gælder",
    outcome: "Resultat",
    document: "Bilag",
    total: "Total",
    sums: "I alt",
    and_more: "Flere i loggen",
    to_do: "Gør dette",
    number: "Rapport",
    repeat: "Får du den to gange, har begge samme nummer.",
};

const ENGLISH: Words = Words {
    code: "en",
    transfers_subject: "Orders transferred",
    transfers_intro: "Transferred to the books in the period",
    orders_subject: "Orders that wait for you",
    errors_subject: "Something for you to look at",
    errors_intro: "This is what Bogbro cannot finish alone, and what you should know. Nothing is lost. Each cause says what it stops and what to do.",
    order: "Order",
    orders: "Orders",
    others: "It is about",
    outcome: "Outcome",
    document: "Document",
    total: "Total",
    sums: "In all",
    and_more: "More in the log",
    to_do: "What to do",
    number: "Report",
    repeat: "If you get it twice, both have the same number.",
};

impl Language {
    fn words(self) -> &'static Words {
        match self {
            Language::Danish => &DANISH,
            Language::English => &ENGLISH,
        }
    }

    /// An amount as the language writes it: `1.234,50` in Danish, `1,234.50` in English.
    pub fn amount(self, money: domain::Money) -> String {
        format!("{} {}", self.figure(money), money.currency())
    }

    /// The same without its currency, for columns of one currency.
    pub fn figure(self, money: domain::Money) -> String {
        let text = money.to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let (group, point) = match self {
            Language::Danish => ('.', ','),
            Language::English => (',', '.'),
        };
        let mut written = String::from(sign);
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                written.push(group);
            }
            written.push(digit);
        }
        if !decimals.is_empty() {
            written.push(point);
            written.push_str(decimals);
        }
        written
    }
}

#[derive(Template)]
#[template(path = "transfers.html")]
struct TransfersHtml<'a> {
    words: &'a Words,
    subject: &'a str,
    report: &'a TransferReport,
}

#[derive(Template)]
#[template(path = "transfers.txt")]
struct TransfersText<'a> {
    words: &'a Words,
    subject: &'a str,
    report: &'a TransferReport,
}

#[derive(Template)]
#[template(path = "errors.html")]
struct ErrorsHtml<'a> {
    words: &'a Words,
    subject: &'a str,
    report: &'a ErrorReport,
}

#[derive(Template)]
#[template(path = "errors.txt")]
struct ErrorsText<'a> {
    words: &'a Words,
    subject: &'a str,
    report: &'a ErrorReport,
}

/// Renders the report of what was transferred.
///
/// # Errors
/// When a template fails, which only a formatter out of memory does.
pub fn render_transfers(report: &TransferReport, language: Language) -> Result<Rendered, askama::Error> {
    let words = language.words();
    let subject = format!("{}: {}", report.merchant, words.transfers_subject);
    Ok(Rendered {
        text: TransfersText { words, subject: &subject, report }.render()?,
        html: TransfersHtml { words, subject: &subject, report }.render()?,
        subject,
    })
}

/// Renders the report of what needs the merchant.
///
/// # Errors
/// When a template fails, which only a formatter out of memory does.
pub fn render_errors(report: &ErrorReport, language: Language) -> Result<Rendered, askama::Error> {
    let words = language.words();
    let orders: usize = report.causes.iter().map(|cause| cause.orders.count).sum();
    let subject = match orders {
        0 => format!("{}: {}", report.merchant, words.errors_subject),
        _ => format!("{}: {} ({orders})", report.merchant, words.orders_subject),
    };
    Ok(Rendered {
        text: ErrorsText { words, subject: &subject, report }.render()?,
        html: ErrorsHtml { words, subject: &subject, report }.render()?,
        subject,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_report() -> ErrorReport {
        ErrorReport {
            number: "R-7".into(),
            merchant: "Kaffe & Te <ApS>".into(),
            causes: vec![Cause {
                happened: "Varenummer KRUS-1 findes ikke".into(),
                blocks: "Ordrerne bogføres ikke".into(),
                remedy: "Opret varen, eller slå oprettelse af varer til".into(),
                next: "Bogbro prøver selv igen hver nat.".into(),
                orders: Names { shown: vec!["1001".into(), "1002".into()], count: 23 },
                others: Names::default(),
            }],
        }
    }

    #[test]
    fn an_error_report_says_what_happened_what_it_blocks_and_what_to_do() {
        let mail = render_errors(&error_report(), Language::Danish).unwrap();
        assert_eq!(mail.subject, "Kaffe & Te <ApS>: Ordrer der venter på dig (23)");
        for words in [
            "KRUS-1",
            "bogføres ikke",
            "Gør dette: Opret varen",
            "1001, 1002 ... +21",
            "igen hver nat",
            "Rapport R-7",
        ] {
            assert!(mail.text.contains(words), "{words} is missing in:\n{}", mail.text);
        }
        assert!(mail.html.contains("Kaffe &#38; Te &#60;ApS&#62;"), "values are escaped in HTML");
    }

    #[test]
    fn what_is_no_order_is_neither_listed_nor_counted_as_one() {
        let mut report = error_report();
        report.causes[0].orders = Names::default();
        let mail = render_errors(&report, Language::English).unwrap();
        assert_eq!(mail.subject, "Kaffe & Te <ApS>: Something for you to look at");
        for text in [&mail.text, &mail.html] {
            assert!(!text.contains("Orders (") && !text.contains("It is about ("), "{text}");
        }
        report.causes[0].others = Names { shown: vec!["parked/abc".into()], count: 1 };
        let mail = render_errors(&report, Language::English).unwrap();
        assert!(mail.text.contains("It is about (1): parked/abc\n"), "{}", mail.text);
        assert!(!mail.text.contains("not booked yet"), "{}", mail.text);
    }

    #[test]
    fn a_transfer_report_lists_and_sums() {
        let report = TransferReport {
            number: "R-8".into(),
            merchant: "Kaffe ApS".into(),
            from: "2026-11-22 00:00".into(),
            to: "2026-11-23 00:00".into(),
            transfers: vec![TransferRow {
                order: "1001".into(),
                outcome: "booked".into(),
                document: "invoice 17".into(),
                total: Language::English
                    .amount(domain::Money::from_minor(123_456_789, domain::Currency::DKK)),
            }],
            left_out: 4,
            sums: vec![SumRow { kind: "invoice".into(), count: 5, total: "1,234,567.89 DKK".into() }],
        };
        let mail = render_transfers(&report, Language::English).unwrap();
        assert!(mail.text.contains("1001 | booked | invoice 17 | 1,234,567.89 DKK"), "{}", mail.text);
        assert!(
            mail.text.contains("More in the log: 4") && mail.text.contains("5 x invoice"),
            "{}",
            mail.text
        );
        assert!(mail.html.contains("<td>invoice 17</td>"));
    }

    #[test]
    fn amounts_are_written_as_the_language_writes_them() {
        let money = |text: &str, code: &str| domain::Money::parse(text, code.parse().unwrap()).unwrap();
        for (amount, danish, english) in [
            (money("-1234.50", "DKK"), "-1.234,50 DKK", "-1,234.50 DKK"),
            (money("999", "ISK"), "999 ISK", "999 ISK"),
            (money("1000000", "ISK"), "1.000.000 ISK", "1,000,000 ISK"),
            (money("0.05", "EUR"), "0,05 EUR", "0.05 EUR"),
        ] {
            assert_eq!(Language::Danish.amount(amount), danish);
            assert_eq!(Language::English.amount(amount), english);
        }
    }
}
