//! One request to the daemon, before it is sent.

use reqwest::Method;
use serde_json::Value;

use crate::cli::ctl::Change;

/// A request below the daemon's address.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The segments of the path, as they are: escaping them is the client's.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// Under which key it is done once.
    pub(super) key: Option<String>,
    pub(super) dry_run: bool,
}

impl Call {
    pub(super) fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Self { method, path, query: Vec::new(), body: None, key: None, dry_run: false }
    }

    pub(super) fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: &[&str], body: Value) -> Self {
        Self::new(Method::POST, path).body(body)
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// A parameter, unless it is not there.
    pub(super) fn query(mut self, name: &'static str, value: Option<&impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// What every call that changes something carries.
    pub(super) fn changing(mut self, change: &Change) -> Self {
        self.dry_run = change.dry_run;
        if change.dry_run {
            self.query.push(("dry_run", "true".to_owned()));
        }
        self.key = Some(change.idempotency_key.clone().unwrap_or_else(fresh_key));
        self
    }
}

/// 128 bits that nobody else will come to.
fn fresh_key() -> String {
    format!("ctl-{:032x}", fastrand::u128(..))
}
