//! Name resolution by the operating system, with an error type of its own, so that a name without an address can be
//! told from an address without a service.

use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

pub(super) struct Resolver;

/// The host has no address.
#[derive(Debug, thiserror::Error)]
#[error("cannot resolve {host}: {cause}")]
pub(super) struct ResolveError {
    pub(super) host: String,
    pub(super) cause: io::Error,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().to_owned();
            // The port is not ours to know here; the connector puts in the URL's.
            let found = tokio::net::lookup_host((host.as_str(), 0)).await.map(Iterator::collect::<Vec<_>>);
            let addresses = match found {
                Ok(addresses) if addresses.is_empty() => Err(io::Error::other("the name has no address")),
                other => other,
            }
            .map_err(|cause| ResolveError { host, cause })?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}
