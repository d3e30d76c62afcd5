//! Payouts: taken in once, booked as balanced vouchers, approved, confirmed by the bank, and shown in the overview.

mod approval;
mod arrivals;
mod bank;
mod decisions;
mod entries;
mod ledger;
mod overview;
mod parts;
mod plan;
mod voucher;
mod words;

pub use approval::{Actor, Approval, ApprovalError, Automatic, PayoutState, automatic};
pub use arrivals::{Arrivals, arrivals, content_hash, same_content};
pub use bank::{
    BankEntry, BookedEntry, ByHand, Confirmed, PayoutToFind, booked_by_hand, confirm_by_bank, names,
};
pub use decisions::{Decisions, LineDecision};
pub use entries::MOST_ENTRIES;
pub use ledger::ledger_problems;
pub use overview::{
    Aged, BalanceProof, Captured, FeeRate, Movement, Overview, PaidOut, fee_rates, overview, prove_balance,
};
pub use plan::{PayoutDecision, PayoutInput, PayoutPlan, plan_payout};
pub use voucher::{Target, Voucher, VoucherEntry, VoucherStep};
pub use words::{fee as fee_in_words, kind as kind_in_words};
