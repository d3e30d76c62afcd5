//! How a payout comes from its report to the books: its states, who moved it, and what may move it without a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::matching::{LineState, Matching, Receivables};
use crate::money::Money;
use crate::plan::Reason;
use crate::settings::ApprovalSettings;
use crate::settlement::{Kind, Settlement, Standing};

/// Where a payout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayoutState {
    /// Its report is here, and nothing yet shows that it is whole.
    Received,
    /// It does not agree with itself or with the bank. Nothing of it is posted.
    Unbalanced,
    /// It agrees.
    Balanced,
    /// Its lines were matched, and something must be decided before it can be approved.
    Matched,
    /// It can be approved.
    WaitingForApproval,
    /// It was approved and may be posted.
    Approved,
    /// All its vouchers are in the accounting system.
    Posted,
    /// The bank shows the money.
    BankConfirmed,
    /// The bank sent the money back.
    Returned,
    /// Its vouchers were reversed.
    Reversed,
}

/// Who moved a payout.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// A person, by the name they are known by.
    Person(String),
    /// The merchant's rules.
    Rules,
    /// Bogbro itself, where nothing is decided.
    Bogbro,
}

impl Actor {
    /// Whether both are one person, as far as names can tell. Of somebody who took a role that is the role: what stands behind it is the
    /// name of a session, which whoever takes the role chooses freely, so that one person could be two.
    pub fn is_same_person(&self, other: &Actor) -> bool {
        match (self, other) {
            (Actor::Person(one), Actor::Person(other)) => identity(one) == identity(other),
            _ => self == other,
        }
    }
}

/// What of a caller's name the caller cannot choose: of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` all but the session, of
/// `arn:aws:sts::ACCOUNT:federated-user/NAME` all but the name. A user's is whole, and so is any name that a person goes by.
fn identity(name: &str) -> &str {
    if !name.starts_with("arn:") {
        return name;
    }
    let behind = |marker: &str| name.find(marker).map(|place| place + marker.len());
    if let Some(role) = behind(":assumed-role/") {
        return name[role..].find('/').map_or(name, |session| &name[..role + session]);
    }
    behind(":federated-user/").map_or(name, |chosen| &name[..chosen])
}

/// One move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// To which state.
    pub to: PayoutState,
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why, where a person said so.
    pub reason: String,
}

/// Why a payout was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// It is in a state from which this cannot be done.
    #[error("this cannot be done with a payout that is {0:?}")]
    NotNow(PayoutState),
    /// What was approved is not what would be posted now.
    #[error("the payout has changed since it was shown")]
    Changed,
    /// Two different persons must approve, and this one did already.
    #[error("a second person must approve, and all who take one role count as one person")]
    SamePerson,
    /// Rules may not approve where two persons must.
    #[error("only persons may approve")]
    PersonsOnly,
    /// A move that asks for a reason got none.
    #[error("a reason is needed")]
    NoReason,
    /// A part was posted out of turn.
    #[error("part {expected} is posted next, not part {found}")]
    OutOfTurn {
        /// The part that is next, counted from 1.
        expected: usize,
        /// The part that was told.
        found: usize,
    },
}

impl ApprovalError {
    /// The code and facts that the merchant's explanation is made of.
    pub fn reason(&self) -> Reason {
        Reason::new("payout-not-moved").with("message", self)
    }
}

/// The life of one payout. Every move is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    state: PayoutState,
    /// Hash of the plan that waits or was approved.
    plan: String,
    approved_by: Vec<Actor>,
    /// Voucher numbers of the parts that are posted.
    posted: Vec<String>,
    /// How many parts there are.
    parts: usize,
    /// Counts postings: a payout that was reversed and is posted again has another effect.
    ordinal: u32,
    moves: Vec<Move>,
}

impl Default for Approval {
    fn default() -> Self {
        Approval {
            state: PayoutState::Received,
            plan: String::new(),
            approved_by: Vec::new(),
            posted: Vec::new(),
            parts: 0,
            ordinal: 1,
            moves: Vec::new(),
        }
    }
}

type Moved = Result<PayoutState, ApprovalError>;

impl Approval {
    /// Where it stands.
    pub const fn state(&self) -> PayoutState {
        self.state
    }

    /// Who approved.
    pub fn approved_by(&self) -> &[Actor] {
        &self.approved_by
    }

    /// Voucher numbers of the parts that are posted.
    pub fn posted(&self) -> &[String] {
        &self.posted
    }

    /// The number of this posting: 1, and one more after each reversal.
    pub const fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Every move, in order.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    fn go(&mut self, to: PayoutState, by: Actor, at: Timestamp, reason: &str) -> Moved {
        self.state = to;
        self.moves.push(Move { to, by, at, reason: reason.to_owned() });
        Ok(to)
    }

    fn only(&self, from: &[PayoutState]) -> Result<(), ApprovalError> {
        if from.contains(&self.state) { Ok(()) } else { Err(ApprovalError::NotNow(self.state)) }
    }

    /// The report was checked, or checked again with what the bank or the payout API says.
    ///
    /// # Errors
    /// It is posted already, or approved and being posted.
    pub fn checked(&mut self, standing: Standing, at: Timestamp) -> Moved {
        use PayoutState::{Balanced, Matched, Received, Unbalanced, WaitingForApproval};
        self.only(&[Received, Unbalanced, Balanced, Matched, WaitingForApproval])?;
        let to = match standing {
            Standing::Balanced if matches!(self.state, Matched | WaitingForApproval) => return Ok(self.state),
            Standing::Balanced => Balanced,
            Standing::Unconfirmed => Received,
            Standing::Unbalanced => Unbalanced,
        };
        self.approved_by.clear();
        // Looked at again, it has not moved.
        if to == self.state && !self.moves.is_empty() {
            return Ok(to);
        }
        self.go(to, Actor::Bogbro, at, "")
    }

    /// Its lines were matched. With a plan (its hash and number of vouchers) it waits for approval; without, something must be
    /// decided first.
    ///
    /// # Errors
    /// It does not agree, or is approved or posted already.
    pub fn matched(&mut self, plan: Option<(&str, usize)>, at: Timestamp) -> Moved {
        use PayoutState::{Balanced, Matched, WaitingForApproval};
        self.only(&[Balanced, Matched, WaitingForApproval])?;
        let (hash, parts) = plan.unwrap_or_default();
        if self.state == WaitingForApproval && self.plan == hash {
            return Ok(self.state);
        }
        // The very plan that was approved and could not be entered is approved still.
        let approved = self.state == Matched && plan.is_some() && self.plan == hash;
        let approved = approved && !self.approved_by.is_empty();
        hash.clone_into(&mut self.plan);
        self.parts = parts;
        if approved {
            return self.go(PayoutState::Approved, Actor::Bogbro, at, "");
        }
        self.approved_by.clear();
        let to = if plan.is_some() { WaitingForApproval } else { Matched };
        if to == Matched && self.state == Matched {
            return Ok(to);
        }
        self.go(to, Actor::Bogbro, at, "")
    }

    /// The approval of a plan that was refused is kept through its planning anew only where persons gave it, as many as are asked for
    /// now, and nothing has come up since that somebody should see (`news`). Rules are asked anew in any case.
    pub fn ask_again_unless_kept(&mut self, settings: &ApprovalSettings, news: bool) {
        let by_persons = self.approved_by.iter().all(|by| matches!(by, Actor::Person(_)));
        let first = self.approved_by.first();
        let second = self.approved_by.iter().any(|by| first.is_some_and(|first| !first.is_same_person(by)));
        let by_persons = by_persons && first.is_some() && (second || !settings.second_person);
        if self.state == PayoutState::Matched && (news || !by_persons) {
            self.approved_by.clear();
        }
    }

    /// Someone approves the plan they were shown.
    ///
    /// # Errors
    /// Nothing waits; another plan than the shown one waits; the same person twice, or rules, where two persons must.
    pub fn approve(&mut self, by: Actor, plan: &str, settings: &ApprovalSettings, at: Timestamp) -> Moved {
        self.only(&[PayoutState::WaitingForApproval])?;
        if plan != self.plan {
            return Err(ApprovalError::Changed);
        }
        if settings.second_person && !matches!(by, Actor::Person(_)) {
            return Err(ApprovalError::PersonsOnly);
        }
        if by == Actor::Bogbro {
            return Err(ApprovalError::PersonsOnly);
        }
        if self.approved_by.iter().any(|earlier| earlier.is_same_person(&by)) {
            return Err(ApprovalError::SamePerson);
        }
        self.approved_by.push(by.clone());
        let enough = if settings.second_person { 2 } else { 1 };
        let to = if self.approved_by.len() >= enough { PayoutState::Approved } else { self.state };
        self.go(to, by, at, "")
    }

    /// A person corrects a match, splits a line, or sends one to the error account: what was approved is no longer so, and the
    /// payout is matched again.
    ///
    /// # Errors
    /// It is not matched yet, a part of it is posted already, or no reason was given.
    pub fn corrected(&mut self, by: Actor, reason: &str, at: Timestamp) -> Moved {
        use PayoutState::{Approved, Matched, WaitingForApproval};
        self.only(&[Matched, WaitingForApproval, Approved])?;
        if !self.posted.is_empty() {
            return Err(ApprovalError::NotNow(self.state));
        }
        if reason.trim().is_empty() {
            return Err(ApprovalError::NoReason);
        }
        self.approved_by.clear();
        self.plan.clear();
        self.go(Matched, by, at, reason)
    }

    /// The accounting system refused the first voucher, so nothing of the payout stands there: it is planned anew, with the settings as
    /// they are then. Persons who approved are asked again when another plan comes of it, or something has come up since.
    ///
    /// # Errors
    /// It is not approved, or a part of it is posted already.
    pub fn refused(&mut self, reason: &str, at: Timestamp) -> Moved {
        self.only(&[PayoutState::Approved])?;
        if !self.posted.is_empty() {
            return Err(ApprovalError::NotNow(self.state));
        }
        self.go(PayoutState::Matched, Actor::Bogbro, at, reason)
    }

    /// A part of the voucher stands in the accounting system. Told again with the same number, nothing changes, so that a
    /// worker that died may tell it again.
    ///
    /// # Errors
    /// It is not approved, or parts come out of turn.
    pub fn posted_part(&mut self, part: usize, voucher: &str, at: Timestamp) -> Moved {
        self.only(&[PayoutState::Approved, PayoutState::Posted])?;
        if part >= 1 && self.posted.get(part - 1).is_some_and(|known| known == voucher) {
            return Ok(self.state);
        }
        self.only(&[PayoutState::Approved])?;
        let expected = self.posted.len() + 1;
        if part != expected {
            return Err(ApprovalError::OutOfTurn { expected, found: part });
        }
        self.posted.push(voucher.to_owned());
        if self.posted.len() < self.parts {
            return Ok(self.state);
        }
        self.go(PayoutState::Posted, Actor::Bogbro, at, "")
    }

    /// A person booked the payout by hand before: it is recognised under that voucher and not posted.
    ///
    /// # Errors
    /// It does not agree yet, or is posted.
    pub fn found_booked(&mut self, voucher: &str, by: Actor, reason: &str, at: Timestamp) -> Moved {
        use PayoutState::{Balanced, Matched, WaitingForApproval};
        self.only(&[Balanced, Matched, WaitingForApproval])?;
        self.posted = vec![voucher.to_owned()];
        self.parts = 1;
        self.go(PayoutState::Posted, by, at, reason)
    }

    /// A person booked what Bogbro had entered in another form, and says that it is the payout: it stands on that voucher. What is ever
    /// posted of it after this is another effect.
    ///
    /// # Errors
    /// Nothing of it was begun, or it was undone.
    pub fn booked_otherwise(&mut self, voucher: &str, by: Actor, reason: &str, at: Timestamp) -> Moved {
        use PayoutState::{Approved, BankConfirmed, Posted, Returned};
        self.only(&[Approved, Posted, BankConfirmed, Returned])?;
        self.posted = vec![voucher.to_owned()];
        self.parts = 1;
        self.ordinal += 1;
        self.go(Posted, by, at, reason)
    }

    /// A payout that was recognised under a voucher was not booked on it: it is matched as if it had just come. The caller knows that
    /// Bogbro posted nothing of it.
    ///
    /// # Errors
    /// It does not stand as posted, or no reason was given.
    pub fn not_booked(&mut self, by: Actor, reason: &str, at: Timestamp) -> Moved {
        use PayoutState::{BankConfirmed, Matched, Posted, Returned};
        self.only(&[Posted, BankConfirmed, Returned])?;
        if reason.trim().is_empty() {
            return Err(ApprovalError::NoReason);
        }
        self.posted.clear();
        self.approved_by.clear();
        self.plan.clear();
        self.go(Matched, by, at, reason)
    }

    /// The bank shows the money.
    ///
    /// # Errors
    /// It is not posted.
    pub fn confirmed_by_bank(&mut self, at: Timestamp) -> Moved {
        if self.state == PayoutState::BankConfirmed {
            return Ok(self.state);
        }
        self.only(&[PayoutState::Posted])?;
        self.go(PayoutState::BankConfirmed, Actor::Bogbro, at, "")
    }

    /// The bank or the acquirer sent the money back.
    ///
    /// # Errors
    /// It is not posted.
    pub fn returned(&mut self, reason: &str, at: Timestamp) -> Moved {
        self.only(&[PayoutState::Posted, PayoutState::BankConfirmed])?;
        self.go(PayoutState::Returned, Actor::Bogbro, at, reason)
    }

    /// Its vouchers were reversed.
    ///
    /// # Errors
    /// Nothing of it is posted, or no reason was given.
    pub fn reversed(&mut self, by: Actor, reason: &str, at: Timestamp) -> Moved {
        use PayoutState::{Approved, BankConfirmed, Posted, Returned};
        self.only(&[Posted, BankConfirmed, Returned, Approved])?;
        if self.posted.is_empty() {
            return Err(ApprovalError::NotNow(self.state));
        }
        if reason.trim().is_empty() {
            return Err(ApprovalError::NoReason);
        }
        self.go(PayoutState::Reversed, by, at, reason)
    }

    /// A posting is given up before every step of it was made, and what stands of it was undone.
    ///
    /// # Errors
    /// Nothing was begun, or no reason was given.
    pub fn abandoned(&mut self, by: Actor, reason: &str, at: Timestamp) -> Moved {
        use PayoutState::{Approved, BankConfirmed, Posted, Returned, Reversed};
        self.only(&[Approved, Posted, BankConfirmed, Returned])?;
        if reason.trim().is_empty() {
            return Err(ApprovalError::NoReason);
        }
        self.go(Reversed, by, at, reason)
    }

    /// A reversed payout is taken up again, to be matched and posted anew.
    ///
    /// # Errors
    /// It was not reversed, or no reason was given.
    pub fn reopened(&mut self, by: Actor, reason: &str, at: Timestamp) -> Moved {
        self.only(&[PayoutState::Reversed])?;
        if reason.trim().is_empty() {
            return Err(ApprovalError::NoReason);
        }
        self.posted.clear();
        self.approved_by.clear();
        self.plan.clear();
        self.ordinal += 1;
        self.go(PayoutState::Matched, by, at, reason)
    }
}

/// What the merchant's rules say about posting without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// It may be posted.
    Yes,
    /// It waits for a person, for this reason.
    No(Reason),
}

/// Whether a settlement may be posted without a person. `perhaps_booked` are vouchers on the bank account that may be it.
pub fn automatic(
    settings: &ApprovalSettings,
    settlement: &Settlement,
    receivables: &Receivables,
    matching: &Matching,
    place: usize,
    perhaps_booked: &[String],
) -> Automatic {
    let reason = |code: &str| Reason::new(code).with("payout", &settlement.key().batch);
    let no = |code: &str| Automatic::No(reason(code));
    // Whoever approves must know it, whether there are rules or not.
    if !perhaps_booked.is_empty() {
        let vouchers = perhaps_booked.join(", ");
        return Automatic::No(reason("payout-perhaps-booked").with("vouchers", vouchers));
    }
    let Some(rules) = &settings.automatic else { return no("payout-needs-person") };
    let check = settlement.check();
    if settings.second_person {
        return no("payout-needs-person");
    }
    if !check.postable_automatically() {
        return no(if check.unproven { "payout-format-unproven" } else { "payout-needs-person" });
    }
    let disputed = [Kind::Chargeback, Kind::ChargebackReversal];
    if rules.no_chargebacks && disputed.iter().any(|kind| settlement.tally().kind(*kind).count > 0) {
        return no("payout-has-chargebacks");
    }
    let too_much = rules.at_most.is_some_and(|most| {
        let most = Money::round_decimal(most.0, settlement.currency());
        most.map_or(true, |most| check.payout.minor().unsigned_abs() > most.minor().unsigned_abs())
    });
    if too_much {
        return no("payout-above-limit");
    }
    let counts = matching.counts(receivables, place);
    let never = [LineState::Over, LineState::OtherCurrency, LineState::Ambiguous, LineState::NotFound];
    let stops = |state: &LineState| counts.get(state).is_some_and(|count| *count > 0);
    if never.iter().any(stops) || (rules.only_exact && stops(&LineState::Partial)) {
        return no("payout-not-exact");
    }
    Automatic::Yes
}
