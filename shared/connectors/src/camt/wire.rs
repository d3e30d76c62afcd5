//! The elements of camt.053 and camt.054 that are read, in all versions: only what stands where differs a little.

/// Roots of the messages: statement and notification.
pub(super) const MESSAGES: [&str; 2] = ["BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn"];
/// Code of the booked opening balance; in a statement over several pages the later ones begin with an interim balance.
pub(super) const OPENING: [&str; 2] = ["OPBD", "PRCD"];
/// Code of the booked closing balance.
pub(super) const CLOSING: &str = "CLBD";
/// Elements whose text may hold a payer's reference.
pub(super) const TEXTS: [&str; 13] = [
    "EndToEndId",
    "InstrId",
    "TxId",
    "PmtInfId",
    "MsgId",
    "ClrSysRef",
    "Ustrd",
    "Ref",
    "AddtlRmtInf",
    "AddtlNtryInf",
    "AddtlTxInf",
    "Nm",
    "AcctSvcrRef",
];
