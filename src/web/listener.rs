//! Taking ports, before anything that depends on them starts.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::live::Live;

/// Connections that wait in the system's queue.
const BACKLOG: i32 = 1024;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddr {
    /// An IP address without brackets or a host name; none is every interface, IPv4 and IPv6.
    pub host: Option<String>,
    /// The port; 0 lets the system choose.
    pub port: u16,
}

impl From<SocketAddr> for ListenAddr {
    fn from(address: SocketAddr) -> Self {
        Self { host: Some(address.ip().to_string()), port: address.port() }
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match host {
            None => write!(f, ":{port}"),
            Some(host) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(host) => write!(f, "{host}:{port}"),
        }
    }
}

/// Ports that are taken, with nobody answering yet: clients that connect wait.
#[derive(Debug)]
pub struct Bound {
    pub(super) listeners: Vec<TcpListener>,
    pub(super) live: Option<Arc<Live>>,
}

impl Bound {
    /// Takes every address, or none and the error of the first that cannot be had, which names it.
    pub async fn bind(addresses: &[ListenAddr]) -> io::Result<Self> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for address in addresses {
            let listener = match &address.host {
                None => bind_every_interface(address.port),
                Some(host) => TcpListener::bind((host.as_str(), address.port)).await,
            };
            let named = |error: io::Error| {
                io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
            };
            listeners.push(listener.map_err(named)?);
        }
        Ok(Self { listeners, live: None })
    }

    /// The same with TLS, where the web configuration has it.
    #[must_use]
    pub fn with_tls_of(self, live: Option<Arc<Live>>) -> Self {
        Self { live, ..self }
    }

    /// The addresses with their real ports, in the order of those that were asked for.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }
}

/// One socket for IPv6 and IPv4 together, or for IPv4 alone on a host without IPv6.
fn bind_every_interface(port: u16) -> io::Result<TcpListener> {
    match bind_socket(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, port).into()) {
        // Only a taken or a forbidden port would be so for IPv4 too; all else says that there is no IPv6.
        Err(error) if !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
            bind_socket(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, port).into())
        }
        bound => bound,
    }
}

fn bind_socket(domain: Domain, address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if domain == Domain::IPV6 {
        // The system's default differs from host to host.
        socket.set_only_v6(false)?;
    }
    // As the standard library does: a restart must not wait for old connections to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}
