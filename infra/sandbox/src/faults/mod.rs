//! What may go wrong between a client and an outside system, as values: a script or a closure decides, the world obeys.

mod spoil;

pub(crate) use spoil::spoil;

use crate::http::{Request, Response};
use crate::operation::{Operation, System};
use serde::{Deserialize, Serialize};

/// Which part of an answer is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Wrong {
    /// Every amount is 1.00 too high.
    Amount,
    /// Another currency.
    Currency,
    /// Another customer.
    Customer,
}

/// One thing that goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// This status is answered, nothing was done. For 500, 503 and the like.
    FailBefore(u16),
    /// Everything was done, and this status is answered.
    FailAfter(u16),
    /// No answer comes; nothing was done.
    TimeoutBefore,
    /// No answer comes; everything was done.
    TimeoutAfter,
    /// The connection is reset; nothing was done.
    ResetBefore,
    /// The connection is reset; everything was done.
    ResetAfter,
    /// 429, with `Retry-After` in seconds or without; nothing was done.
    TooManyRequests(Option<u32>),
    /// 401; nothing was done.
    Unauthorized,
    /// Everything was done, but the answer tells something else.
    WrongAnswer(Wrong),
    /// Everything was done; the body breaks off in the middle.
    MalformedJson,
    /// A page of HTML with this status, as a proxy makes it; done or not.
    HtmlPage {
        /// The status.
        status: u16,
        /// Whether the request was done.
        applied: bool,
    },
    /// 302 to another host; nothing was done. Whoever follows it hands its tokens to a stranger.
    Redirect,
    /// Everything was done; the body is this many bytes.
    HugeBody(usize),
    /// No answer comes now; the request is done this many seconds later.
    LateArrival(i64),
    /// Everything goes well, but filtered searches do not see what was made for this many seconds.
    LookupLag(i64),
}

impl Fault {
    /// One of each kind, with values that a test may use as they are.
    pub fn samples() -> Vec<Fault> {
        vec![
            Fault::FailBefore(500),
            Fault::FailBefore(503),
            Fault::FailAfter(500),
            Fault::FailAfter(503),
            Fault::TimeoutBefore,
            Fault::TimeoutAfter,
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::TooManyRequests(None),
            Fault::TooManyRequests(Some(30)),
            Fault::Unauthorized,
            Fault::WrongAnswer(Wrong::Amount),
            Fault::WrongAnswer(Wrong::Currency),
            Fault::WrongAnswer(Wrong::Customer),
            Fault::MalformedJson,
            Fault::HtmlPage { status: 502, applied: false },
            Fault::HtmlPage { status: 200, applied: true },
            Fault::Redirect,
            Fault::HugeBody(32 * 1024 * 1024),
            Fault::LateArrival(90),
            Fault::LookupLag(20),
        ]
    }

    /// A short name without values, for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::FailBefore(_) => "fail before",
            Fault::FailAfter(_) => "fail after",
            Fault::TimeoutBefore => "timeout before",
            Fault::TimeoutAfter => "timeout after",
            Fault::ResetBefore => "reset before",
            Fault::ResetAfter => "reset after",
            Fault::TooManyRequests(_) => "429",
            Fault::Unauthorized => "401",
            Fault::WrongAnswer(Wrong::Amount) => "wrong amount",
            Fault::WrongAnswer(Wrong::Currency) => "wrong currency",
            Fault::WrongAnswer(Wrong::Customer) => "wrong customer",
            Fault::MalformedJson => "malformed JSON",
            Fault::HtmlPage { .. } => "HTML page",
            Fault::Redirect => "redirect",
            Fault::HugeBody(_) => "huge body",
            Fault::LateArrival(_) => "late arrival",
            Fault::LookupLag(_) => "look-up lag",
        }
    }

    /// Whether the request takes effect at once under this fault.
    pub fn applies(&self) -> bool {
        match self {
            Fault::FailBefore(_)
            | Fault::TimeoutBefore
            | Fault::ResetBefore
            | Fault::TooManyRequests(_)
            | Fault::Unauthorized
            | Fault::Redirect
            | Fault::LateArrival(_) => false,
            Fault::HtmlPage { applied, .. } => *applied,
            _ => true,
        }
    }
}

/// How a request ends for the one who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An answer came.
    Answer(Response),
    /// None came in time.
    Timeout,
    /// The connection broke.
    Reset,
}

impl Delivery {
    /// The answer, if one came.
    pub fn answer(self) -> Option<Response> {
        match self {
            Delivery::Answer(response) => Some(response),
            Delivery::Timeout | Delivery::Reset => None,
        }
    }
}

/// A request that is about to be handled, for whoever decides about faults or counts.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The kind of system.
    pub system: System,
    /// The shop's name, or the agreement's.
    pub name: &'a str,
    /// The class of the request.
    pub operation: Operation,
    /// Counts all requests to the world, from 1.
    pub number: u64,
    /// Counts requests of this class to this system, from 1.
    pub number_of_class: u64,
    /// The request itself.
    pub request: &'a Request,
}

/// A line of a fault script: what it fits, and what then goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Only this kind of system.
    #[serde(default)]
    pub system: Option<System>,
    /// Only the shop or agreement of this name.
    #[serde(default)]
    pub name: Option<String>,
    /// Only requests of this class.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only requests whose body has this text.
    #[serde(default)]
    pub containing: Option<String>,
    /// So many fitting requests pass first.
    #[serde(default)]
    pub after: u64,
    /// How often it strikes; nothing for always.
    #[serde(default)]
    pub times: Option<u64>,
    /// What goes wrong; nothing makes the rule a mere counter.
    #[serde(default)]
    pub fault: Option<Fault>,
    /// Requests that fitted so far.
    #[serde(default)]
    pub fitted: u64,
    /// How often it struck so far.
    #[serde(default)]
    pub struck: u64,
}

impl Rule {
    /// A rule that strikes once at the next request of a class.
    pub fn once(operation: Operation, fault: Fault) -> Rule {
        Rule { operation: Some(operation), times: Some(1), fault: Some(fault), ..Rule::default() }
    }

    fn fits(&self, occasion: &Occasion<'_>) -> bool {
        self.system.is_none_or(|system| system == occasion.system)
            && self.name.as_deref().is_none_or(|name| name == occasion.name)
            && self.operation.is_none_or(|operation| operation == occasion.operation)
            && self.containing.as_deref().is_none_or(|text| occasion.request.has_in_body(text))
    }
}

/// A fault script: the first rule that strikes counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The rules in order.
    pub rules: Vec<Rule>,
}

impl Script {
    /// What the script says to a request; counts it.
    pub(crate) fn decide(&mut self, occasion: &Occasion<'_>) -> Option<Fault> {
        for rule in &mut self.rules {
            if !rule.fits(occasion) {
                continue;
            }
            rule.fitted += 1;
            if rule.fitted > rule.after && rule.times.is_none_or(|times| rule.struck < times) {
                rule.struck += 1;
                if rule.fault.is_some() {
                    return rule.fault.clone();
                }
            }
        }
        None
    }
}
