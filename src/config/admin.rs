//! `admin`: the listener that changes things, off by default.

mod token;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use token::{Scope, TokenConfig, TokenDigest};

use super::listen::ListenAddress;
use super::names::{self, check_name};
use super::problem::{Problems, shown};
use super::{Place, read, write};

/// The section `admin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdminConfig {
    /// Whether there is an admin listener. Default false.
    #[serde(deserialize_with = "read::flag")]
    pub enabled: bool,
    /// Where it listens. Default `127.0.0.1:9843`.
    #[serde(deserialize_with = "read::parsed", serialize_with = "write::display")]
    pub listen_address: ListenAddress,
    /// exporter-toolkit's web configuration for it. Default none.
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    pub config_file: Option<PathBuf>,
    /// Serve without TLS although not on loopback. Default false.
    #[serde(deserialize_with = "read::flag")]
    pub allow_plaintext: bool,
    /// Names that requests may be addressed to, beyond the listen address and localhost. Default none.
    #[serde(deserialize_with = "read::list")]
    pub allowed_hosts: Vec<String>,
    /// How long records of the audit are kept. Default 90 days.
    #[serde(deserialize_with = "read::duration", serialize_with = "write::duration")]
    pub audit_max_age: Duration,
    /// How many bytes of records are kept. Default 64 MiB.
    #[serde(deserialize_with = "read::whole")]
    pub audit_max_bytes: u64,
    /// Who may do what. Default nobody.
    pub tokens: BTreeMap<String, TokenConfig>,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            listen_address: ListenAddress { host: Some("127.0.0.1".to_owned()), port: 9843 },
            config_file: None,
            allow_plaintext: false,
            allowed_hosts: Vec::new(),
            audit_max_age: Duration::from_secs(90 * 24 * 60 * 60),
            audit_max_bytes: 64 * 1024 * 1024,
            tokens: BTreeMap::new(),
        }
    }
}

impl AdminConfig {
    pub(super) fn validate(&self, nas: &names::Known<'_>, place: Place, problems: &mut Problems) {
        for host in &self.allowed_hosts {
            problems.check("admin.allowed_hosts", check_host(host));
        }
        problems.require(
            self.audit_max_age >= Duration::from_secs(60 * 60),
            "admin.audit_max_age",
            "is too short; allowed: 1h or longer",
        );
        problems.require(
            self.audit_max_bytes >= 64 * 1024,
            "admin.audit_max_bytes",
            "is too small; allowed: 65536 or more",
        );
        for (name, token) in &self.tokens {
            let key = format!("admin.tokens.{name}");
            problems.check_name(&key, check_name(name));
            token.validate(&key, nas, place, problems);
        }
        if self.enabled && !self.listen_address.is_loopback() {
            problems.require(
                self.config_file.is_some() || self.allow_plaintext,
                "admin.listen_address",
                "is not on loopback and has no TLS; allowed: a loopback address, TLS by config_file, or \
                 allow_plaintext: true",
            );
            problems.require(
                !self.tokens.is_empty(),
                "admin.tokens",
                "is empty although the listener is not on loopback; allowed: at least one token",
            );
        }
    }
}

fn check_host(host: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || !host.chars().all(plain) {
        return Err(format!(
            "{} is no host; allowed: host names or addresses, with or without a port",
            shown(host)
        ));
    }
    Ok(())
}
