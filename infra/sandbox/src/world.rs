//! All stand-ins together: one place that takes every request, lets faults strike, and can be saved and loaded.

use crate::adyen;
use crate::economic::{Agreement, access};
use crate::faults::{Delivery, Fault, Occasion, Script, spoil};
use crate::frisbii;
use crate::http::{Request, Response};
use crate::operation::{Operation, System};
use crate::quickpay;
use crate::shopify;
use crate::woocommerce;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The most requests that the log keeps.
const LOG_LENGTH: usize = 20_000;

/// A request that arrived, as the log keeps it: no headers and no bodies, so no secrets and no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// When.
    pub at: Timestamp,
    /// Counts from 1.
    pub number: u64,
    /// The kind of system.
    pub system: System,
    /// The shop's name, or the agreement's.
    pub name: String,
    /// The class of the request.
    pub operation: Operation,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The status that was answered; nothing when none was.
    pub status: Option<u16>,
    /// The fault that struck.
    pub fault: Option<Fault>,
}

/// A request that the sender has given up, but that arrives all the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Late {
    due: Timestamp,
    system: System,
    name: String,
    request: Request,
}

/// An observer of requests: called with each before it is handled.
pub type Observer = Box<dyn FnMut(&Occasion<'_>) + Send>;

/// Several shops and agreements.
#[derive(Default, Serialize, Deserialize)]
pub struct World {
    /// WooCommerce shops by name.
    pub woocommerce: BTreeMap<String, woocommerce::Shop>,
    /// Shopify shops by name.
    pub shopify: BTreeMap<String, shopify::Shop>,
    /// Agreements by name; a request finds its own by its tokens.
    pub agreements: BTreeMap<String, Agreement>,
    /// Accounts at Adyen by name.
    #[serde(default)]
    pub adyen: BTreeMap<String, adyen::Account>,
    /// Accounts at QuickPay by name.
    #[serde(default)]
    pub quickpay: BTreeMap<String, quickpay::Account>,
    /// Accounts at Frisbii by name.
    #[serde(default)]
    pub frisbii: BTreeMap<String, frisbii::Account>,
    /// The fault script.
    pub script: Script,
    /// The latest requests.
    pub log: VecDeque<Logged>,
    /// Requests so far.
    pub requests: u64,
    late: Vec<Late>,
    #[serde(with = "pairs")]
    counts: BTreeMap<(System, Operation), u64>,
    #[serde(skip)]
    observer: Option<Observer>,
}

impl World {
    /// Calls this with every request from now on.
    pub fn on_request(&mut self, observer: impl FnMut(&Occasion<'_>) + Send + 'static) {
        self.observer = Some(Box::new(observer));
    }

    /// Handles a request under the fault script.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Delivery {
        self.handle_with(now, request, |_| None)
    }

    /// Handles a request; the closure decides first, then the fault script.
    pub fn handle_with(
        &mut self,
        now: Timestamp,
        request: &Request,
        decide: impl FnOnce(&Occasion<'_>) -> Option<Fault>,
    ) -> Delivery {
        self.advance(now);
        let Some((system, name)) = self.target(request) else { return Delivery::Answer(unknown(request)) };
        let operation = Operation::of(request);
        self.requests += 1;
        let of_class = self.counts.entry((system, operation)).or_default();
        *of_class += 1;
        let (number, number_of_class) = (self.requests, *of_class);
        let occasion = Occasion { system, name: &name, operation, number, number_of_class, request };
        if let Some(observer) = &mut self.observer {
            observer(&occasion);
        }
        let fault = decide(&occasion).or_else(|| self.script.decide(&occasion));
        let delivery = self.deliver(now, (system, &name), request, fault.as_ref());
        let status = match &delivery {
            Delivery::Answer(response) => Some(response.status),
            _ => None,
        };
        let (method, path) = (request.method.clone(), request.path.clone());
        self.note(Logged { at: now, number, system, name, operation, method, path, status, fault });
        delivery
    }

    /// Lets the requests that are due by now arrive.
    pub fn advance(&mut self, now: Timestamp) {
        let mut due: Vec<Late> = self.late.extract_if(.., |late| late.due <= now).collect();
        due.sort_by_key(|late| late.due);
        for late in due {
            self.apply(late.due, (late.system, &late.name), &late.request);
        }
    }

    /// Whether requests are still on their way.
    pub fn has_late_requests(&self) -> bool {
        !self.late.is_empty()
    }

    /// How many requests of a class a kind of system has seen.
    pub fn count(&self, system: System, operation: Operation) -> u64 {
        self.counts.get(&(system, operation)).copied().unwrap_or(0)
    }

    /// The whole state as text.
    pub fn save(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// A saved state; the observer is not part of it.
    pub fn load(text: &str) -> Result<World, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn note(&mut self, logged: Logged) {
        if self.log.len() >= LOG_LENGTH {
            self.log.pop_front();
        }
        self.log.push_back(logged);
    }

    fn target(&self, request: &Request) -> Option<(System, String)> {
        let segments = request.segments();
        match segments.first()?.as_str() {
            "woocommerce" => segments
                .get(1)
                .filter(|name| self.woocommerce.contains_key(*name))
                .map(|name| (System::WooCommerce, name.clone())),
            "shopify" => segments
                .get(1)
                .filter(|name| self.shopify.contains_key(*name))
                .map(|name| (System::Shopify, name.clone())),
            "adyen" => segments
                .get(1)
                .filter(|name| self.adyen.contains_key(*name))
                .map(|name| (System::Adyen, name.clone())),
            "quickpay" => segments
                .get(1)
                .filter(|name| self.quickpay.contains_key(*name))
                .map(|name| (System::QuickPay, name.clone())),
            "frisbii" => segments
                .get(1)
                .filter(|name| self.frisbii.contains_key(*name))
                .map(|name| (System::Frisbii, name.clone())),
            "economic" => {
                let found = self.agreements.iter().find(|(_, agreement)| agreement.opens_with(request));
                found.map(|(name, _)| (System::Economic, name.clone()))
            }
            _ => None,
        }
    }

    fn deliver(
        &mut self,
        now: Timestamp,
        target: (System, &str),
        request: &Request,
        fault: Option<&Fault>,
    ) -> Delivery {
        let Some(fault) = fault else { return Delivery::Answer(self.apply(now, target, request)) };
        if let Fault::LookupLag(seconds) = fault {
            self.set_lag(target, Some(*seconds));
        }
        let response = if fault.applies() { self.apply(now, target, request) } else { Response::empty(200) };
        if matches!(fault, Fault::LookupLag(_)) {
            self.set_lag(target, None);
        }
        match fault {
            Fault::TimeoutBefore | Fault::TimeoutAfter => Delivery::Timeout,
            Fault::ResetBefore | Fault::ResetAfter => Delivery::Reset,
            Fault::LateArrival(seconds) => {
                let due = now.checked_add(SignedDuration::from_secs(*seconds)).unwrap_or(Timestamp::MAX);
                self.late.push(Late {
                    due,
                    system: target.0,
                    name: target.1.to_string(),
                    request: request.clone(),
                });
                Delivery::Timeout
            }
            _ => Delivery::Answer(spoil(fault, response)),
        }
    }

    /// Lets what this one request makes be seen late.
    fn set_lag(&mut self, (system, name): (System, &str), seconds: Option<i64>) {
        if let Some(agreement) = self.agreements.get_mut(name).filter(|_| system == System::Economic) {
            agreement.lag_of_next_document = seconds;
        }
    }

    fn apply(&mut self, now: Timestamp, (system, name): (System, &str), request: &Request) -> Response {
        let answer = match system {
            System::WooCommerce => self.woocommerce.get_mut(name).map(|shop| shop.handle(now, request)),
            System::Shopify => self.shopify.get_mut(name).map(|shop| shop.handle(now, request)),
            System::Economic => self.agreements.get_mut(name).map(|agreement| agreement.handle(now, request)),
            System::Adyen => self.adyen.get(name).map(|account| account.handle(name, request)),
            System::QuickPay => self.quickpay.get(name).map(|account| account.handle(request)),
            System::Frisbii => self.frisbii.get(name).map(|account| account.handle(request)),
        };
        answer.unwrap_or_else(|| unknown(request))
    }
}

fn unknown(request: &Request) -> Response {
    if request.path.starts_with("/economic/") {
        return access::unauthorised();
    }
    Response::text(404, "application/json", "{\"message\":\"No such shop in the sandbox.\"}")
}

/// Maps with composite keys as lists of pairs, since JSON keys are text.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
