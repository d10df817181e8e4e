//! Listen addresses: `:9842`, `localhost:9842`, `192.0.2.1:9842`, `[::1]:9842`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::problem::shown;

/// Where to listen. No host means every interface, IPv4 and IPv6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// An IP address without brackets, or a host name.
    pub host: Option<String>,
    /// The TCP port; 0 lets the system choose.
    pub port: u16,
}

impl ListenAddress {
    /// True when only this host can connect.
    pub fn is_loopback(&self) -> bool {
        self.host.as_deref().is_some_and(|host| {
            host == "localhost"
                || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
        })
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| {
            format!(
                "{} is no listen address; allowed: :9842, host:9842, 192.0.2.1:9842, [::1]:9842",
                shown(text)
            )
        })
    }
}

fn parse(text: &str) -> Option<ListenAddress> {
    let (host, port) = text.rsplit_once(':')?;
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = port.parse().ok()?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => {
            let address = bracketed.strip_suffix(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            Some(address.to_owned())
        }
        None if host.is_empty() => None,
        None => {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            host.chars().all(plain).then(|| host.to_owned()).map(Some)?
        }
    };
    Some(ListenAddress { host, port })
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match host {
            None => write!(f, ":{port}"),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(host) => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_comes_back_as_written() {
        for text in [":9842", "localhost:80", "127.0.0.1:0", "[::]:9842", "[::1]:1", "nas-1.lan:9842"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "9842",
            ":",
            ":x",
            ":65536",
            ":+1",
            "::1:80",
            "[::1]",
            "[127.0.0.1]:1",
            "a b:1",
            "http://a:1",
        ] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_from_the_rest() {
        for (text, loopback) in [
            (":1", false),
            ("0.0.0.0:1", false),
            ("[::]:1", false),
            ("127.9.9.9:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("localhost:1", true),
            ("localhost.example:1", false),
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().is_loopback(), loopback, "{text}");
        }
    }
}
