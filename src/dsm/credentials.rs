//! Who we are to the NAS, and where that is read from.

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Account, password and second factor.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The DSM account.
    pub account: String,
    /// Its password.
    pub password: SecretString,
    /// Its second factor.
    pub second_factor: SecondFactor,
}

/// What a login gives besides the password (API notes §2).
#[derive(Clone, Debug)]
pub enum SecondFactor {
    /// Nothing.
    None,
    /// A one-time code computed from this secret, in base32.
    Totp(SecretString),
    /// A device that was enrolled once.
    Device {
        /// The name it was enrolled with.
        name: String,
        /// The id that the enrolment gave.
        id: SecretString,
    },
}

/// Where credentials are read from. Asked before each login and while logins are held back, so that a changed
/// password is noticed; it may read files.
pub trait CredentialSource: Send + Sync {
    /// The credentials as they are now.
    fn load(&self) -> Result<Credentials, CredentialError>;
}

/// Why credentials could not be read. The text must not contain them.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct CredentialError(pub String);

/// Credentials that never change.
impl CredentialSource for Credentials {
    fn load(&self) -> Result<Credentials, CredentialError> {
        Ok(self.clone())
    }
}

/// Tells credentials apart without keeping them readable: base64 of SHA-256 over every part.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Digested(String);

impl Digested {
    /// `typed_code` is a one-time code that a person entered: another one is another attempt.
    pub(super) fn new(credentials: &Credentials, typed_code: Option<&SecretString>) -> Self {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            // The length in front keeps ("ab", "c") and ("a", "bc") apart.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        part(&credentials.account);
        part(credentials.password.expose_secret());
        match (typed_code, &credentials.second_factor) {
            (Some(code), _) => {
                part("code");
                part(code.expose_secret());
            }
            (None, SecondFactor::None) => part("none"),
            (None, SecondFactor::Totp(secret)) => {
                part("totp");
                part(secret.expose_secret());
            }
            (None, SecondFactor::Device { name, id }) => {
                part("device");
                part(name);
                part(id.expose_secret());
            }
        }
        Self(BASE64.encode(&hash.finalize()))
    }

    /// For the state file, slow on purpose: there a fast hash of a weak password would be a gift.
    pub(super) fn fingerprint(&self) -> Option<String> {
        bcrypt::hash(&self.0, FINGERPRINT_COST).ok()
    }

    /// Whether a fingerprint is of these credentials.
    pub(super) fn matches(&self, fingerprint: &str) -> bool {
        bcrypt::verify(&self.0, fingerprint).unwrap_or(false)
    }
}

/// bcrypt's cost: some tens of milliseconds, paid once for a refused login.
const FINGERPRINT_COST: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(account: &str, password: &str) -> Credentials {
        Credentials { account: account.into(), password: password.into(), second_factor: SecondFactor::None }
    }

    #[test]
    fn every_part_tells_credentials_apart() {
        let base = credentials("ab", "c");
        let device = |name: &str, id: &str| Credentials {
            second_factor: SecondFactor::Device { name: name.into(), id: id.into() },
            ..base.clone()
        };
        let all = [
            Digested::new(&base, None),
            Digested::new(&credentials("a", "bc"), None),
            Digested::new(&base, Some(&"123456".into())),
            Digested::new(
                &Credentials { second_factor: SecondFactor::Totp("x".into()), ..base.clone() },
                None,
            ),
            Digested::new(&device("x", "y"), None),
            Digested::new(&device("xy", ""), None),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().enumerate().all(|(j, other)| (one == other) == (i == j)));
        }
    }

    #[test]
    fn a_fingerprint_is_recognised_and_holds_no_secret() {
        let digested = Digested::new(&credentials("ann", "canary"), None);
        let fingerprint = digested.fingerprint().unwrap();
        assert!(fingerprint.starts_with("$2") && !fingerprint.contains("canary"));
        assert!(digested.matches(&fingerprint));
        assert!(!Digested::new(&credentials("ann", "other"), None).matches(&fingerprint));
        assert!(!digested.matches("nonsense"));
    }

    #[test]
    fn debug_hides_the_secrets() {
        let credentials = Credentials {
            second_factor: SecondFactor::Totp("canary".into()),
            ..credentials("ann", "canary")
        };
        assert!(!format!("{credentials:?}").contains("canary"));
    }
}
