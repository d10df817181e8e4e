//! From the HTTP client's errors to ours, by the types in their chain and never by their text.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

use super::dns::ResolveError;
use super::trust::PinMismatch;
use crate::dsm::error::{DecodeFault, Error, HttpFault, TlsFault, tame};

/// Every error of a chain, those inside of I/O errors included, which `source` steps over.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn below<'a>(error: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), below)
}

/// Whether there is an I/O error of one of these kinds. They may wrap each other.
fn is_io(error: &(dyn StdError + 'static), kinds: &[io::ErrorKind]) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).any(|io| kinds.contains(&io.kind()))
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

pub(super) fn classify(error: &reqwest::Error, method: &'static str) -> Error {
    if let Some(ResolveError { host, cause }) = find(error) {
        return Error::Dns { host: tame(host), cause: tame(&cause.to_string()) };
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        // Once the connection is there, nothing tells how far the request got.
        return if error.is_connect() {
            tls_fault(tls).into()
        } else {
            TlsFault::Broken(tame(&tls.to_string())).into()
        };
    }
    if error.is_connect() {
        // Only a handshake can come to an end; a connection that is not there cannot.
        return if is_io(error, &[io::ErrorKind::UnexpectedEof]) {
            TlsFault::Other("the connection ended during the handshake".to_owned()).into()
        } else {
            Error::Connect { cause: tame(&last_of(error)) }
        };
    }
    let fault = match find::<hyper::Error>(error) {
        Some(hyper) if hyper.is_parse() => HttpFault::Protocol(tame(&hyper.to_string())),
        Some(_) => HttpFault::Cut,
        None if error.is_decode() => return Error::Decode { method, fault: DecodeFault::Compression },
        None => HttpFault::Protocol(tame(&last_of(error))),
    };
    Error::Http { method, fault }
}

/// Whether the connection ended before anything was answered on it.
pub(super) fn is_dead(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    error.is_request()
        && !error.is_connect()
        && (find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message)
            || is_io(error, &[BrokenPipe, ConnectionAborted, ConnectionReset]))
}

/// The text of the innermost error, which holds the fact and no address.
fn last_of(error: &reqwest::Error) -> String {
    chain(error).skip(1).last().map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

fn tls_fault(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // A bad signature comes from another authority of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsFault::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::WrongName
            }
            CertificateError::Other(other) => match other.0.downcast_ref::<PinMismatch>() {
                Some(PinMismatch { seen }) => TlsFault::PinMismatch { seen: seen.to_string() },
                None => TlsFault::Other(tame(&error.to_string())),
            },
            _ => TlsFault::Other(tame(&error.to_string())),
        },
        _ => TlsFault::Other(tame(&error.to_string())),
    }
}
