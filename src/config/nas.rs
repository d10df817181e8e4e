//! `nas.NAME`: how to reach and log in to one NAS, resolved: what stands here is consistent.
//!
//! The shape of the file, in which everything may be missing or contradict itself, is `nas/section.rs`.

mod credentials;
mod section;
mod tls;

use jiff::tz::TimeZone;
use serde::Serialize;
use url::Url;

pub use credentials::{CredentialError, Credentials, SecondFactorCredential};
pub(super) use section::NasSection;
pub use tls::{NasTls, SpkiPin};

use super::secret::SecretSource;

/// One NAS. Shown (`Debug`, `Serialize`) without its secrets; equal when nothing in the file differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "NasSection")]
pub struct NasConfig {
    /// http or https, a host, no query, fragment or user information; the path is a proxy's prefix.
    pub url: Url,
    /// The DSM account. Never empty.
    pub username: String,
    /// Its password.
    pub password: SecretSource,
    /// What the account needs besides, if it has two-factor authentication.
    pub second_factor: Option<SecondFactor>,
    /// In which the NAS's schedules are meant. Default UTC.
    pub timezone: TimeZone,
    /// How the NAS's certificate is judged.
    pub tls: NasTls,
}

/// The second factor of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    /// The secret of a TOTP generator, in base32.
    Totp(SecretSource),
    /// A device id that DSM gave out for this device name.
    Device {
        /// The device id.
        id: SecretSource,
        /// The name it was given out for.
        name: String,
    },
}
