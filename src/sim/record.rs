//! What was asked of the simulator, for tests to read.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

/// One HTTP request.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    /// `GET`, `POST` …
    pub http_method: String,
    /// Without the query.
    pub path: String,
    /// The query carries `passwd`, `otp_code`, `_sid`, `SynoToken` or `device_id`: it would end up in logs.
    pub has_query_secrets: bool,
    /// API asked for; empty when the request is no call.
    pub api: String,
    /// Method asked for; `request` for a compound.
    pub method: String,
    /// Every parameter of query and body, decoded, secrets included.
    pub params: BTreeMap<String, String>,
    /// The calls inside a compound.
    pub members: Vec<Member>,
    /// `cookie`, `x-syno-token`, `content-type`, `accept`, `accept-encoding`, `user-agent`, `host`, `authorization`.
    pub headers: BTreeMap<String, String>,
    /// Bytes of the body.
    pub body_len: usize,
}

/// One call inside a compound.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// API asked for.
    pub api: String,
    /// Method asked for.
    pub method: String,
    /// The whole member as it came: `api`, `method` and `version` too.
    pub params: Map<String, Value>,
}

impl Recorded {
    /// Whether this is a call of that method, alone or as a compound's member.
    pub fn calls(&self, api: &str, method: &str) -> bool {
        (self.api == api && self.method == method)
            || self.members.iter().any(|member| member.api == api && member.method == method)
    }
}
