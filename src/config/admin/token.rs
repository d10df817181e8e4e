//! `admin.tokens.NAME`: a bearer token and what it may do.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::names;
use crate::config::problem::Problems;
use crate::config::secret::SecretSource;
use crate::config::words::words;
use crate::config::{Place, read, write};

words! {
    /// What a token may be used for.
    pub enum Scope {
        /// Look at everything but credentials.
        Read = "read",
        /// Pause and resume.
        Hold = "hold",
        /// Change settings.
        Settings = "settings",
        /// What loses data or shows credentials.
        Dangerous = "dangerous",
        /// Post alerts.
        Webhook = "webhook",
        /// Reload.
        Lifecycle = "lifecycle",
    }
}

/// One token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenConfig {
    /// The file with the token; exactly one of this and `sha256`.
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    pub token_file: Option<PathBuf>,
    /// The token's SHA-256 in hex.
    #[serde(deserialize_with = "digest", serialize_with = "write_digest")]
    pub sha256: Option<TokenDigest>,
    /// What it may do; at least one.
    #[serde(deserialize_with = "read::list", serialize_with = "write::displays")]
    pub scopes: Vec<Scope>,
    /// On which NASes; `*` for all. Default all.
    #[serde(deserialize_with = "read::list")]
    pub nas: Vec<String>,
    /// On which connections: names, or ids as text; `*` for all. Default all.
    #[serde(deserialize_with = "read::list")]
    pub connections: Vec<String>,
}

impl Default for TokenConfig {
    fn default() -> Self {
        let all = || vec!["*".to_owned()];
        Self { token_file: None, sha256: None, scopes: Vec::new(), nas: all(), connections: all() }
    }
}

impl TokenConfig {
    pub(super) fn validate(&self, key: &str, nas: &names::Known<'_>, place: Place, problems: &mut Problems) {
        let at = |name: &str| format!("{key}.{name}");
        match (&self.token_file, self.sha256) {
            (Some(path), None) if place.has_files() => {
                if let Err(error) = SecretSource::File(path.clone()).read() {
                    problems.add(at("token_file"), error.to_string());
                }
            }
            (Some(_), None) | (None, Some(_)) => {}
            (None, None) if place == Place::Elsewhere => {}
            _ => problems.add(at("token_file"), "allowed: exactly one of token_file and sha256"),
        }
        let some = |list: &[String]| !list.is_empty() && list.iter().all(|entry| !entry.is_empty());
        problems.require(
            !self.scopes.is_empty(),
            at("scopes"),
            "is missing; allowed: one or more of read, hold, settings, dangerous, webhook, lifecycle",
        );
        problems.require(some(&self.nas), at("nas"), "is empty; allowed: names, or * for all");
        for name in self.nas.iter().filter(|name| *name != "*") {
            problems.check(at("nas"), nas.check(name));
        }
        problems.require(
            some(&self.connections),
            at("connections"),
            "is empty; allowed: names, ids as text, or * for all",
        );
    }
}

/// The SHA-256 of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest(pub [u8; 32]);

impl FromStr for TokenDigest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| "is no SHA-256; allowed: 64 hex digits, the hash of the token".to_owned())
    }
}

impl fmt::Display for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

fn digest<'de, D: Deserializer<'de>>(d: D) -> Result<Option<TokenDigest>, D::Error> {
    let text = read::text(d)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
fn write_digest<S: Serializer>(digest: &Option<TokenDigest>, s: S) -> Result<S::Ok, S::Error> {
    match digest {
        Some(digest) => s.collect_str(digest),
        None => s.serialize_str(""),
    }
}
