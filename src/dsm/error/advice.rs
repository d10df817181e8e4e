//! What a person can do about each failure.

use std::borrow::Cow;

use super::{DecodeFault, Error, HttpFault, TlsFault};
use crate::dsm::codes;

impl Error {
    /// A sentence that says what a person can do about it.
    pub fn advice(&self) -> Cow<'static, str> {
        match self {
            Self::Dns { host, .. } => format!("Check the spelling of {host} and the name servers of this machine.").into(),
            Self::Connect { .. } => {
                "Check address and port of the NAS, that it is switched on, and the firewalls between.".into()
            }
            Self::Tls(fault) => fault.advice().into(),
            Self::Timeout { .. } => {
                "Check that the NAS is reachable and not overloaded; poll.timeout is the limit of one request.".into()
            }
            Self::Http { fault, .. } => fault.advice(),
            Self::Decode { fault, .. } => fault.advice().into(),
            Self::Api { api, code, .. } => codes::advice(api, *code).into(),
            Self::Login { code } => codes::login_advice(*code).into(),
            Self::Suspended { code, .. } => format!(
                "{} A changed credential is tried at once.",
                codes::login_advice(*code)
            )
            .into(),
            Self::LoginLimit { last, .. } => last.as_ref().map_or_else(
                || "Nothing to do: it is tried again later.".into(),
                |last| last.advice(),
            ),
            Self::Contested { .. } => {
                "Give the exporter a DSM account of its own: another client logs in with the same one.".into()
            }
            Self::SessionRefused { .. } => {
                "Look at the NAS's own log; a proxy that spreads requests over several NASes does this as well.".into()
            }
            Self::PackageMissing => "Install and start the package Cloud Sync on the NAS.".into(),
            Self::Credentials(_) => "Check the configured account, password file and second factor.".into(),
            Self::Parameter(_) => "Correct the value; nothing was sent to the NAS.".into(),
        }
    }
}

impl TlsFault {
    fn advice(&self) -> &'static str {
        match self {
            Self::UnknownIssuer => {
                "Name the authority in tls.ca_file, or pin the NAS's certificate with tls.pin_sha256 (`doctor` shows the pin)."
            }
            Self::Expired => "Renew the certificate on the NAS (Control Panel, Security, Certificate).",
            Self::NotYetValid => "Check the clocks of the NAS and of this machine.",
            Self::WrongName => {
                "Use a name in the URL that the certificate carries, or pin it with tls.pin_sha256."
            }
            Self::PinMismatch { .. } => {
                "If the certificate was renewed, compare the new pin on the NAS and configure it; otherwise somebody may be in between."
            }
            Self::NotTls => "Check the port: DSM serves https on 5001 and http on 5000 unless changed.",
            Self::Broken(_) => {
                "If it stays so, look at the logs of the NAS and of what is in between: one of them breaks the encryption off."
            }
            Self::Other(_) => {
                "Check the certificate and the TLS settings of the NAS (Control Panel, Security)."
            }
        }
    }
}

impl HttpFault {
    fn advice(&self) -> Cow<'static, str> {
        match self {
            Self::Redirect { to: Some(to), .. } => {
                format!("It points to {to}; if that is the NAS, configure that address as url.").into()
            }
            Self::Redirect { to: None, .. } | Self::Protocol(_) => {
                "Check that url is the address of DSM itself, with the right scheme and port.".into()
            }
            Self::Status(500..) => {
                "The NAS is starting, updating or overloaded, or a proxy in front of it cannot reach it."
                    .into()
            }
            Self::Status(_) => {
                "Check that url is the address of DSM, and the rules of a proxy in front of it.".into()
            }
            Self::Cut => {
                "The NAS or a proxy closed the connection; if it stays so, look at their logs.".into()
            }
        }
    }
}

impl DecodeFault {
    fn advice(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "Raise poll.max_response_bytes if the NAS really has that much to say.",
            Self::Html => {
                "A proxy, a booting NAS or another service answered: check that url is the address of DSM itself."
            }
            Self::Json(_) | Self::Compression => {
                "Check that url is the address of DSM and not of another service."
            }
            Self::Shape(_) | Self::Missing | Self::TooMany { .. } => {
                "This version of Cloud Sync answers differently than known; please report it with the package's version."
            }
        }
    }
}
