//! `host` and `host:port`, read strictly.

use std::net::{IpAddr, Ipv6Addr};

/// The longest host name.
const MOST_NAME_BYTES: usize = 253;

/// The longest part of a host name.
const MOST_LABEL_BYTES: usize = 63;

/// A host as far as two can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// An address; one of IPv4 in IPv6 is that of IPv4.
    Ip(IpAddr),
    /// A name in lower case without the last dot.
    Name(String),
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address.to_canonical())
    }
}

impl Host {
    /// True for a host that leads to ourselves wherever it is looked up.
    pub(super) fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost",
        }
    }

    /// True for the address that stands for every interface.
    pub(super) fn is_unspecified(&self) -> bool {
        matches!(self, Self::Ip(address) if address.is_unspecified())
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(bracketed) = text.strip_prefix('[') {
            let address: Ipv6Addr = bracketed.strip_suffix(']')?.parse().ok()?;
            return Some(IpAddr::V6(address).into());
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Ok(address) = name.parse() {
            return Some(IpAddr::V4(address).into());
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let label = |label: &str| (1..=MOST_LABEL_BYTES).contains(&label.len()) && label.bytes().all(plain);
        // A last part in digits makes it an address in a form of old, such as 127.1.
        let last = name.rsplit('.').next()?;
        let numeric = last.starts_with("0x")
            || last.starts_with("0X")
            || last.bytes().all(|byte| byte.is_ascii_digit());
        (name.len() <= MOST_NAME_BYTES && name.split('.').all(label) && !numeric)
            .then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

/// A host and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) host: Host,
    pub(super) port: Option<u16>,
}

impl Authority {
    /// Reads the value of a Host header; none if it is anything else, such as `user@host`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            // The colon is one of the address.
            Some(_) if text.ends_with(']') => (text, None),
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (text, None),
        };
        Some(Self { host: Host::parse(host)?, port })
    }
}

/// 1 to 65535, in digits alone.
fn parse_port(text: &str) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|port| *port != 0)
}
