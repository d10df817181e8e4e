//! The credentials of a NAS as they are now: files are read at every call, so that a rotated secret counts.

use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::{NasConfig, SecondFactor};
use crate::config::secret::{SecretError, SecretSource};

/// What a login to a NAS needs. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The DSM account.
    pub username: String,
    /// Its password.
    pub password: SecretString,
    /// The second factor, where one is configured.
    pub second_factor: Option<SecondFactorCredential>,
}

/// A second factor that has been read.
#[derive(Debug, Clone)]
pub enum SecondFactorCredential {
    /// The key of the TOTP generator, decoded from base32.
    Totp(SecretSlice<u8>),
    /// A device id and its name.
    Device {
        /// The device id.
        id: SecretString,
        /// The name it was given out for.
        name: String,
    },
}

/// A credential that could not be had.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {source}")]
pub struct CredentialError {
    /// The key in the NAS's section, as in `password_file`.
    pub key: &'static str,
    /// Why not.
    pub source: SecretError,
}

impl NasConfig {
    /// Reads the password and the second factor. Blocks for as long as the files take.
    pub fn credentials(&self) -> Result<Credentials, CredentialError> {
        let Self { username, password, second_factor, .. } = self;
        let password = read_password(password)?;
        let second_factor = second_factor.as_ref().map(SecondFactor::read).transpose()?;
        Ok(Credentials { username: username.clone(), password, second_factor })
    }
}

/// Reads a password.
pub(super) fn read_password(source: &SecretSource) -> Result<SecretString, CredentialError> {
    read(if source.path().is_some() { "password_file" } else { "password" }, source)
}

impl SecondFactor {
    /// Where its secret is.
    pub(super) fn source(&self) -> &SecretSource {
        let (Self::Totp(source) | Self::Device { id: source, .. }) = self;
        source
    }

    /// Reads the second factor.
    pub(super) fn read(&self) -> Result<SecondFactorCredential, CredentialError> {
        match self {
            Self::Totp(source) => {
                let key = if source.path().is_some() { "otp_secret_file" } else { "otp_secret" };
                let secret = read(key, source)?;
                let decoded = decode(secret.expose_secret());
                let not_base32 = SecretError::Malformed("base32; allowed: letters A to Z and digits 2 to 7");
                decoded.map(SecondFactorCredential::Totp).ok_or(CredentialError { key, source: not_base32 })
            }
            Self::Device { id, name } => {
                let id = read("device_id_file", id)?;
                Ok(SecondFactorCredential::Device { id, name: name.clone() })
            }
        }
    }
}

fn read(key: &'static str, source: &SecretSource) -> Result<SecretString, CredentialError> {
    source.read().map_err(|source| CredentialError { key, source })
}

/// Decodes base32 as people copy it: in groups, in lower case, with or without padding.
fn decode(secret: &str) -> Option<SecretSlice<u8>> {
    let kept = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '=');
    let plain: String = secret.chars().filter(kept).map(|c| c.to_ascii_uppercase()).collect();
    let key = BASE32_NOPAD.decode(plain.as_bytes()).ok().filter(|key| !key.is_empty())?;
    Some(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_read_as_people_copy_it() {
        // RFC 6238's key, "12345678901234567890".
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ====\n",
        ] {
            assert_eq!(decode(text).unwrap().expose_secret(), b"12345678901234567890");
        }
        for text in ["", "====", "GEZD1", "GEZDGNBV0", "€"] {
            assert!(decode(text).is_none(), "{text}");
        }
    }
}
