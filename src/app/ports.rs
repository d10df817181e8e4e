//! What a person can do when a port cannot be had.

use std::io;

/// The error with what to do about it. `key` is where the address is configured.
pub(super) fn explain(error: &io::Error, key: &str) -> anyhow::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "another program has this port: end that, or choose another port in",
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 are for privileged programs: choose a higher one in"
        }
        io::ErrorKind::AddrNotAvailable => "this host does not have the address: correct it in",
        _ => "correct the address in",
    };
    anyhow::anyhow!("{error}; {advice} {key}")
}
