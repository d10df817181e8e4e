//! `nas.NAME.tls`: how the NAS's certificate is judged.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use crate::config::problem::Problems;
use crate::config::{Place, read, write};

/// The section `tls` of a NAS. Meant for https only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NasTls {
    /// Trust the CA certificates of this PEM file as well. Default none.
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    pub ca_file: Option<PathBuf>,
    /// Trust exactly the certificate with this key. Default none.
    #[serde(deserialize_with = "pin", serialize_with = "write_pin")]
    pub pin_sha256: Option<SpkiPin>,
    /// Trust every certificate. Default false.
    #[serde(deserialize_with = "read::flag")]
    pub insecure_skip_verify: bool,
}

impl NasTls {
    /// Checks the section at `key`, which belongs to a URL that is https or not.
    pub(super) fn validate(&self, key: &str, https: bool, place: Place, problems: &mut Problems) {
        let Self { ca_file, pin_sha256, insecure_skip_verify } = self;
        let given = [
            ("ca_file", ca_file.is_some()),
            ("pin_sha256", pin_sha256.is_some()),
            ("insecure_skip_verify", *insecure_skip_verify),
        ];
        if !https {
            for (name, _) in given.iter().filter(|(_, given)| *given) {
                problems.add(
                    format!("{key}.{name}"),
                    "has no meaning without TLS; allowed: only with an https url",
                );
            }
            return;
        }
        problems.require(
            !insecure_skip_verify || (ca_file.is_none() && pin_sha256.is_none()),
            format!("{key}.insecure_skip_verify"),
            "trusts every certificate and so undoes ca_file and pin_sha256; allowed: only without these",
        );
        if let Some(path) = ca_file
            && place.has_files()
        {
            problems.check(format!("{key}.ca_file"), check_ca_file(path));
        }
    }
}

fn check_ca_file(path: &PathBuf) -> Result<(), String> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let mut certificates = 0_usize;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        certificate.map_err(|_| format!("{shown} is damaged; allowed: a PEM file with CA certificates"))?;
        certificates += 1;
    }
    if certificates == 0 {
        return Err(format!("{shown} has no certificate; allowed: a PEM file with CA certificates"));
    }
    Ok(())
}

/// The SHA-256 of a certificate's `SubjectPublicKeyInfo`, in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpkiPin(pub [u8; 32]);

impl FromStr for SpkiPin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digest = text.strip_prefix("sha256//").unwrap_or(text);
        let bytes = BASE64
            .decode(digest.as_bytes())
            .ok()
            .filter(|bytes| bytes.len() == 32)
            .or_else(|| HEXLOWER_PERMISSIVE.decode(digest.replace(':', "").as_bytes()).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| {
            "is no pin; allowed: a SHA-256 in base64 (44 characters) or hex (64), as doctor prints it"
                .to_owned()
        })
    }
}

impl fmt::Display for SpkiPin {
    /// In curl's form, `sha256//` and base64.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", BASE64.encode(&self.0))
    }
}

fn pin<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<SpkiPin>, D::Error> {
    let text = read::text(d)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(serde::de::Error::custom) }
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
fn write_pin<S: serde::Serializer>(pin: &Option<SpkiPin>, s: S) -> Result<S::Ok, S::Error> {
    match pin {
        Some(pin) => s.collect_str(pin),
        None => s.serialize_str(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_in_every_usual_form() {
        let pin = SpkiPin([0xab; 32]);
        let hex = "ab".repeat(32);
        for text in [
            pin.to_string(),
            BASE64.encode(&[0xab; 32]),
            hex.clone(),
            hex.to_uppercase(),
            format!("sha256//{hex}"),
            vec!["AB"; 32].join(":"),
        ] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
        for text in ["x", "abab", "sha256//", "sha1//qqo="] {
            assert!(text.parse::<SpkiPin>().is_err(), "{text}");
        }
    }
}
