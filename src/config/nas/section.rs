//! The shape of `nas.NAME` in the file, and its resolution into a [`NasConfig`].

use std::path::PathBuf;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::credentials::read_password;
use super::{NasConfig, NasTls, SecondFactor};
use crate::config::problem::{Problems, shown};
use crate::config::secret::SecretSource;
use crate::config::{Place, base_url, read, write};

/// One NAS as the file has it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::config) struct NasSection {
    #[serde(deserialize_with = "read::text")]
    url: String,
    #[serde(deserialize_with = "read::text")]
    username: String,
    #[serde(deserialize_with = "read::secret", serialize_with = "write::secret")]
    password: Option<SecretString>,
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    password_file: Option<PathBuf>,
    #[serde(deserialize_with = "read::secret", serialize_with = "write::secret")]
    otp_secret: Option<SecretString>,
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    otp_secret_file: Option<PathBuf>,
    #[serde(deserialize_with = "read::path", serialize_with = "write::path")]
    device_id_file: Option<PathBuf>,
    #[serde(deserialize_with = "read::text")]
    device_name: String,
    #[serde(deserialize_with = "read::text")]
    timezone: String,
    tls: NasTls,
}

impl NasSection {
    /// The consistent NAS, or nothing and the problems below `key`.
    pub(in crate::config) fn resolve(
        self,
        key: &str,
        place: Place,
        problems: &mut Problems,
    ) -> Option<NasConfig> {
        let at = |name: &str| format!("{key}.{name}");
        let url = problems.keep(at("url"), base_url::parse(&self.url, "https://nas.lan:5001"));
        let username = problems.keep(at("username"), required(self.username, "the name of a DSM account"));
        // A password that could not be read is not missing as well.
        let misread = problems.mentions(&at("password")) || problems.mentions(&at("password_file"));
        let password = password_source(self.password, self.password_file, place);
        let password = if misread { password.ok() } else { problems.keep(at("password_file"), password) };
        if let Some(Err(error)) = password.as_ref().filter(|source| place.has(source)).map(read_password) {
            problems.add(at(error.key), error.source.to_string());
        }
        let second_factor =
            match second_factor(self.otp_secret, self.otp_secret_file, self.device_id_file, self.device_name)
            {
                Ok(factor) => Some(factor),
                Err((name, message)) => {
                    problems.add(at(name), message);
                    None
                }
            };
        if let Some(Some(factor)) = &second_factor
            && place.has(factor.source())
            && let Err(error) = factor.read()
        {
            problems.add(at(error.key), error.source.to_string());
        }
        let timezone = problems.keep(at("timezone"), parse_timezone(&self.timezone));
        let https = url.as_ref().is_none_or(|url| url.scheme() == "https");
        self.tls.validate(&at("tls"), https, place, problems);
        Some(NasConfig {
            url: url?,
            username: username?,
            password: password?,
            second_factor: second_factor?,
            timezone: timezone?,
            tls: self.tls,
        })
    }
}

fn required(text: String, allowed: &str) -> Result<String, String> {
    if text.is_empty() { Err(format!("is missing; allowed: {allowed}")) } else { Ok(text) }
}

fn password_source(
    text: Option<SecretString>,
    file: Option<PathBuf>,
    place: Place,
) -> Result<SecretSource, String> {
    match (text, file) {
        (Some(text), None) => Ok(SecretSource::Inline(text)),
        (None, Some(path)) => Ok(SecretSource::File(path)),
        // In a file of which nobody says here where it is.
        (None, None) if place == Place::Elsewhere => Ok(SecretSource::File(PathBuf::new())),
        (None, None) => Err("is missing; allowed: exactly one of password_file and password".to_owned()),
        (Some(_), Some(_)) => {
            Err("is given beside password; allowed: exactly one of password_file and password".to_owned())
        }
    }
}

/// The second factor, none, or the key that is wrong and why.
fn second_factor(
    otp_secret: Option<SecretString>,
    otp_secret_file: Option<PathBuf>,
    device_id_file: Option<PathBuf>,
    device_name: String,
) -> Result<Option<SecondFactor>, (&'static str, String)> {
    const ALLOWED: &str = "allowed: one of otp_secret, otp_secret_file, and device_id_file with device_name";
    let device = device_id_file.is_some() || !device_name.is_empty();
    match (otp_secret, otp_secret_file, device_id_file) {
        (Some(text), None, None) if !device => Ok(Some(SecondFactor::Totp(SecretSource::Inline(text)))),
        (None, Some(path), None) if !device => Ok(Some(SecondFactor::Totp(SecretSource::File(path)))),
        (None, None, Some(path)) if !device_name.is_empty() => {
            Ok(Some(SecondFactor::Device { id: SecretSource::File(path), name: device_name }))
        }
        (None, None, Some(_)) => Err(("device_name", format!("is missing beside device_id_file; {ALLOWED}"))),
        (None, None, None) if device => {
            Err(("device_id_file", format!("is missing beside device_name; {ALLOWED}")))
        }
        (None, None, None) => Ok(None),
        (Some(_), _, _) => Err(("otp_secret", format!("is given beside another second factor; {ALLOWED}"))),
        (None, Some(_), _) => {
            Err(("otp_secret_file", format!("is given beside another second factor; {ALLOWED}")))
        }
    }
}

fn parse_timezone(name: &str) -> Result<TimeZone, String> {
    let unknown =
        || format!("{} is no time zone; allowed: an IANA name such as Europe/Berlin or UTC", shown(name));
    if name.is_empty() { Ok(TimeZone::UTC) } else { TimeZone::get(name).map_err(|_| unknown()) }
}

impl From<NasConfig> for NasSection {
    fn from(nas: NasConfig) -> Self {
        let NasConfig { url, username, password, second_factor, timezone, tls } = nas;
        let (password, password_file) = split(password);
        let (mut otp, mut device_id_file, mut device_name) = ((None, None), None, String::new());
        match second_factor {
            None => {}
            Some(SecondFactor::Totp(source)) => otp = split(source),
            Some(SecondFactor::Device { id, name }) => {
                device_id_file = id.path().map(Into::into);
                device_name = name;
            }
        }
        let (otp_secret, otp_secret_file) = otp;
        Self {
            url: url.into(),
            username,
            password,
            password_file,
            otp_secret,
            otp_secret_file,
            device_id_file,
            device_name,
            timezone: timezone.iana_name().unwrap_or("UTC").to_owned(),
            tls,
        }
    }
}

/// The two keys that a secret can stand at.
fn split(source: SecretSource) -> (Option<SecretString>, Option<PathBuf>) {
    match source {
        SecretSource::Inline(text) => (Some(text), None),
        SecretSource::File(path) => (None, Some(path)),
    }
}
