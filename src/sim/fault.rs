//! Faults: what a test makes go wrong, for which call, how often.
//!
//! `code`, `code_with_errors` and `raw_data` concern one call, alone or inside a compound. All others concern the HTTP
//! answer as a whole, also when a compound's member brought them about. A call behind `code`, `code_with_errors`,
//! `hang`, `status`, `html200`, `reset`, `huge_body`, `raw_body` or `redirect` is not executed; behind `latency`,
//! `cut_body`, `drip_feed` and `raw_data` it is.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Which requests or calls a fault meets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matcher {
    /// The API; `None` = any.
    pub api: Option<String>,
    /// The method; `None` = any.
    pub method: Option<String>,
    /// Parameters that must have these values, such as `connection_id` 3.
    pub params: BTreeMap<String, Value>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The call is refused with this code.
    Code(i64),
    /// The call is refused with this code and these `errors`.
    CodeWithErrors(i64, Value),
    /// The call answers success with this `data`, if it would have succeeded.
    RawData(Value),
    /// The answer comes this much later (over HTTP control: seconds). Several of them add up.
    #[serde(deserialize_with = "seconds")]
    Latency(Duration),
    /// There is no answer while the connection lasts.
    Hang,
    /// Another HTTP status with an HTML body.
    Status(u16, String),
    /// Status 200 with an HTML page instead of JSON.
    Html200,
    /// The body ends after so many bytes, and the connection with it.
    CutBody(usize),
    /// The connection closes without an answer.
    Reset,
    /// A JSON body of at least so many bytes.
    HugeBody(u64),
    /// The body comes byte by byte, with this pause between (over HTTP control: seconds).
    #[serde(deserialize_with = "seconds")]
    DripFeed(Duration),
    /// Any text as the body of a 200.
    RawBody(String),
    /// 302 to this address.
    Redirect(String),
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which calls; `None` = every HTTP request, whatever it asks.
    #[serde(default)]
    pub matcher: Option<Matcher>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How often; `None` = until cleared.
    #[serde(default)]
    pub times: Option<usize>,
}

impl Fault {
    /// A fault of every HTTP request.
    pub fn everywhere(kind: FaultKind) -> Self {
        Self { matcher: None, kind, times: None }
    }

    /// A fault of every call of an API.
    pub fn api(api: &str, kind: FaultKind) -> Self {
        let matcher = Matcher { api: Some(api.into()), ..Matcher::default() };
        Self { matcher: Some(matcher), kind, times: None }
    }

    /// A fault of one method. For a compound as a whole that is `request` of `SYNO.Entry.Request`.
    pub fn call(api: &str, method: &str, kind: FaultKind) -> Self {
        let matcher = Matcher { api: Some(api.into()), method: Some(method.into()), params: BTreeMap::new() };
        Self { matcher: Some(matcher), kind, times: None }
    }

    /// A fault of one method of `SYNO.CloudSync`.
    pub fn cloud_sync(method: &str, kind: FaultKind) -> Self {
        Self::call("SYNO.CloudSync", method, kind)
    }

    /// Only where a parameter has this value.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.matcher.get_or_insert_default().params.insert(name.into(), value.into());
        self
    }

    /// Only so often.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Whether it concerns one call and not the HTTP answer.
    fn is_of_call(&self) -> bool {
        matches!(self.kind, FaultKind::Code(_) | FaultKind::CodeWithErrors(..) | FaultKind::RawData(_))
    }

    fn meets(&self, call: &Target<'_>) -> bool {
        self.matcher.as_ref().is_none_or(|matcher| {
            matcher.api.as_ref().is_none_or(|api| api == call.api)
                && matcher.method.as_ref().is_none_or(|method| method == call.method)
                && matcher.params.iter().all(|(name, value)| (call.param)(name).as_ref() == Some(value))
        })
    }

    /// Takes one of its times; false when there is none left.
    fn spend(&mut self) -> bool {
        match &mut self.times {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// A call as faults see it.
pub(super) struct Target<'a> {
    pub(super) api: &'a str,
    pub(super) method: &'a str,
    pub(super) param: &'a dyn Fn(&str) -> Option<Value>,
}

/// The faults in force, in the order they were added.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault of the call itself.
    pub(super) fn of_call(&mut self, call: &Target<'_>) -> Option<FaultKind> {
        let fault = self
            .0
            .iter_mut()
            .find(|fault| fault.is_of_call() && fault.times != Some(0) && fault.meets(call))?;
        fault.spend().then(|| fault.kind.clone())
    }

    /// What happens to an HTTP request that carries these calls (none when it is no call): how much later it is
    /// answered, and the first other fault.
    pub(super) fn of_request(&mut self, calls: &[Target<'_>]) -> (Duration, Option<FaultKind>) {
        let mut latency = Duration::ZERO;
        let mut first = None;
        for fault in self.0.iter_mut().filter(|fault| !fault.is_of_call()) {
            let meets = fault.matcher.is_none() || calls.iter().any(|call| fault.meets(call));
            if !meets {
                continue;
            }
            if let FaultKind::Latency(delay) = fault.kind {
                if fault.spend() {
                    latency += delay;
                }
            } else if first.is_none() && fault.spend() {
                first = Some(fault.kind.clone());
            }
        }
        (latency, first)
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
}
