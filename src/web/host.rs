//! Against what a browser can be talked into: DNS rebinding, by the Host of a request, and requests of other
//! sites, by Origin and Sec-Fetch-Site. Nothing here does I/O.
//!
//! A page of an attacker can make its reader's browser ask a listener that only the reader reaches. When the
//! attacker's name is pointed at the listener, the browser takes the answers for the attacker's own, but Host
//! still has that name. Otherwise the browser says from which site the page came. Programs that are no
//! browsers send neither header and are not held up.

mod name;

use std::net::IpAddr;

use hyper::header::{AsHeaderName, HOST, HeaderMap, ORIGIN};
use hyper::http::request::Parts;

use super::listener::ListenAddr;
use name::{Authority, Host};

/// The default ports, which clients leave out.
const DEFAULT_PORTS: [u16; 2] = [80, 443];

/// How a request came to our listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS, at least on the last leg: a proxy before us may have taken it off.
    Http,
    /// With TLS.
    Https,
}

/// What is wrong with where a request says it goes or comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    /// The Host is missing, no host, or not one of ours.
    #[error("the host that the request names is not one of this listener's")]
    Host,
    /// A page of another site asks.
    #[error("the request comes from a page of another site")]
    Origin,
}

/// An entry of the allowed hosts that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no host; allowed: a host name or an address, with or without a port")]
pub struct BadHost(pub String);

/// Which hosts a listener answers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPolicy {
    /// None when it listens on every interface.
    listen: Option<Host>,
    allowed: Vec<Authority>,
}

impl HostPolicy {
    /// The policy of the listener at `listen`, which `allowed` can reach by these names too: with a port by
    /// exactly that, without by any.
    pub fn new(listen: &ListenAddr, allowed: &[String]) -> Result<Self, BadHost> {
        let listen = match listen.host.as_deref() {
            None => None,
            Some(host) => {
                let host = Authority::entry(host).ok_or_else(|| BadHost(host.to_owned()))?.host;
                (!host.is_unspecified()).then_some(host)
            }
        };
        let entry = |entry: &String| Authority::entry(entry).ok_or_else(|| BadHost(entry.clone()));
        Ok(Self { listen, allowed: allowed.iter().map(entry).collect::<Result<_, _>>()? })
    }

    /// True if the request with this head names a host of ours and no page of another site made it.
    pub fn check(&self, head: &Parts, scheme: Scheme) -> Result<(), Stranger> {
        let host = named_host(head);
        if !self.admits_host(host) {
            return Err(Stranger::Host);
        }
        // A header that comes twice, or with bytes that are no text, is nothing that a browser sends.
        let from_here = only(&head.headers, ORIGIN)
            .is_some_and(|origin| admits_origin(origin, host.unwrap_or_default(), scheme))
            && only(&head.headers, "sec-fetch-site").is_some_and(admits_fetch_site);
        if from_here { Ok(()) } else { Err(Stranger::Origin) }
    }

    /// True if `host`, as in the Host header, is one of ours.
    ///
    /// These are the host that it listens on; loopback names if that is loopback; loopback names and every IP
    /// address if it listens on every interface, since rebinding needs a name; and the allowed ones. Ports are
    /// compared only with those of allowed hosts: containers map them.
    pub fn admits_host(&self, host: Option<&str>) -> bool {
        let Some(named) = host.and_then(Authority::parse) else { return false };
        let listened = match &self.listen {
            None => named.host.is_loopback() || matches!(named.host, Host::Ip(_)),
            Some(ours) => named.host == *ours || (ours.is_loopback() && named.host.is_loopback()),
        };
        listened || self.allowed.iter().any(|allowed| allowed.covers(&named))
    }
}

/// True if there is no Origin, or it is that of the request's own `host`.
///
/// A port that Host leaves out is the default of the Origin's scheme: whether a proxy took TLS off before
/// us is not known here. Where we have TLS ourselves, an Origin without is another.
pub fn admits_origin(origin: Option<&str>, host: &str, scheme: Scheme) -> bool {
    let Some(origin) = origin else { return true };
    let (port, origin) = match (origin.split_once("://"), scheme) {
        (Some(("http", origin)), Scheme::Http) => (80, origin),
        (Some(("https", origin)), _) => (443, origin),
        _ => return false,
    };
    match (Authority::parse(origin), Authority::parse(host)) {
        (Some(origin), Some(host)) => {
            origin.host == host.host && origin.port.unwrap_or(port) == host.port.unwrap_or(port)
        }
        _ => false,
    }
}

/// True if a browser does not say, in Sec-Fetch-Site, that a page of another site asks: it sends
/// `same-origin`, or `none` for what its user asked for. A word that we do not know is no reason to trust.
pub fn admits_fetch_site(site: Option<&str>) -> bool {
    matches!(site, None | Some("same-origin" | "none"))
}

/// The host that a request names: the authority of an absolute URI, else the Host header; none if that is
/// missing or comes twice.
pub fn named_host(head: &Parts) -> Option<&str> {
    let header = only(&head.headers, HOST)?;
    head.uri.authority().map_or(header, |authority| Some(authority.as_str()))
}

/// The value of a header; the outer option is none if it comes twice or is no text.
#[expect(clippy::option_option, reason = "missing is one thing and unusable another")]
fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Option<&str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(None),
        (Some(value), None) => value.to_str().ok().map(Some),
        _ => None,
    }
}

impl Authority {
    /// True if this entry of the allowed hosts means `named`.
    fn covers(&self, named: &Self) -> bool {
        self.host == named.host
            && self.port.is_none_or(|port| match named.port {
                Some(named) => named == port,
                None => DEFAULT_PORTS.contains(&port),
            })
    }

    /// Reads a configured host: as in a Host header, or an IPv6 address without brackets.
    fn entry(text: &str) -> Option<Self> {
        match text.parse::<IpAddr>() {
            Ok(address) => Some(Self { host: address.into(), port: None }),
            Err(_) => Self::parse(text),
        }
    }
}

#[cfg(test)]
mod tests;
