//! PayPal's words for what a transaction is: event codes, and the descriptions of the downloads.

use domain::settlement::Kind;

/// By event code. Codes are grouped by their first two digits; new ones can come without notice.
pub(super) fn by_code(code: &str, out: bool) -> Kind {
    let hold = if out { Kind::ReserveHold } else { Kind::ReserveRelease };
    let fee = if out { Kind::Fee } else { Kind::FeeRefund };
    match code {
        "T1106" | "T1201" => Kind::Chargeback,
        "T1107" => Kind::Refund,
        "T1108" => fee,
        "T1110" | "T1111" => hold,
        "T1202" => Kind::ChargebackReversal,
        _ => match code.get(..3) {
            Some("T00") if out => Kind::Transfer,
            Some("T00") => Kind::Sale,
            Some("T01") => fee,
            Some("T02") => Kind::Fx,
            Some("T03" | "T07") => Kind::TopUp,
            Some("T04") => Kind::Payout,
            Some("T08" | "T12") => Kind::Adjustment,
            Some("T15" | "T21") => hold,
            Some("T17" | "T22") => Kind::Transfer,
            _ => Kind::Unknown,
        },
    }
}

/// Words in descriptions, in the order they are looked for: the first that is found decides.
const WORDS: &[(Kind, &[&str])] = &[
    (
        Kind::Fx,
        &[
            "currency conversion",
            "valutaomregning",
            "währungsumrechnung",
            "valutaväxling",
            "valutakonvertering",
            "valutaomrekening",
            "conversion de devise",
            "conversión de divisa",
        ],
    ),
    (Kind::ChargebackReversal, &["chargeback reversal", "reversal of chargeback"]),
    (Kind::Fee, &["fee"]),
    (
        Kind::ReserveHold,
        &[
            "hold",
            "reserve",
            "release",
            "tilbageholdelse",
            "frigivelse",
            "einbehalt",
            "freigabe",
            "reserv",
            "blocage",
        ],
    ),
    (
        Kind::Refund,
        &[
            "refund",
            "tilbagebetaling",
            "refusion",
            "refundering",
            "rückzahlung",
            "rückerstattung",
            "återbetalning",
            "refusjon",
            "remboursement",
            "terugbetaling",
            "reembolso",
        ],
    ),
    (
        Kind::Chargeback,
        &["chargeback", "payment reversal", "rückbuchung", "rückbelastung", "rétrofacturation"],
    ),
    (
        Kind::Payout,
        &[
            "withdrawal",
            "bank account",
            "hævning",
            "overførsel til bank",
            "auszahlung",
            "abbuchung",
            "uttag",
            "uttak",
            "virement",
            "opname",
            "retiro",
        ],
    ),
    (
        Kind::TopUp,
        &[
            "deposit",
            "indbetaling",
            "einzahlung",
            "bankgutschrift",
            "insättning",
            "innskudd",
            "approvisionnement",
        ],
    ),
    (Kind::Sale, &["payment", "betaling", "zahlung", "betalning", "paiement", "pago"]),
];

/// By a download's description.
pub(super) fn by_words(description: &str, out: bool) -> Kind {
    let description = description.to_lowercase();
    let found = WORDS.iter().find(|(_, words)| words.iter().any(|word| description.contains(word)));
    match found.map(|(kind, _)| *kind) {
        Some(Kind::Sale) if out => Kind::Transfer,
        Some(Kind::Fee) if !out => Kind::FeeRefund,
        Some(Kind::ReserveHold) if !out => Kind::ReserveRelease,
        Some(kind) => kind,
        None => Kind::Unknown,
    }
}
