//! One-time codes: RFC 6238 with DSM's parameters, 30 s, SHA-1 and 6 digits (API notes §2).

use secrecy::{ExposeSecret, SecretString};
use totp_rs::{Algorithm, Builder, Totp};

use super::error::Error;
use super::guard::TOTP_STEP;

/// The secret that codes are made of.
pub(super) struct Secret(Totp);

impl Secret {
    /// Reads base32 as people copy it: with spaces or dashes, in small letters, padded or not.
    pub(super) fn read(base32: &SecretString) -> Result<Self, Error> {
        let plain: String = base32
            .expose_secret()
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '='))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let secret = totp_rs::Secret::try_from_base32(&plain)
            .ok()
            .filter(|_| !plain.is_empty())
            .ok_or_else(|| Error::Credentials("the secret of the one-time codes is not base32".to_owned()))?;
        // The strict builder wants longer secrets than DSM makes.
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(TOTP_STEP.unsigned_abs());
        Ok(Self(totp.with_secret(secret).build_noncompliant()))
    }

    /// The code of a step: seconds since 1970 divided by 30.
    pub(super) fn code(&self, step: i64) -> String {
        self.0.generate(u64::try_from(step * TOTP_STEP).unwrap_or(0)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_rfc() {
        // RFC 6238, appendix B: the last six of eight digits for SHA-1.
        let secret = Secret::read(&"gezd gnbv-GY3TQOJQGEZDGNBVGY3TQOJQ==".into()).unwrap();
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(secret.code(time / 30), code);
        }
    }

    #[test]
    fn a_bad_secret_is_not_repeated() {
        for bad in ["", "canary!", "189"] {
            let error = Secret::read(&bad.into()).err().unwrap();
            assert!(!error.to_string().contains("canary"));
        }
    }
}
