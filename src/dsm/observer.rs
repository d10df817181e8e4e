//! What a client tells whoever counts its requests.

use std::time::Duration;

use super::error::Reason;

/// Told of every HTTP request and every login. Called on the client's tasks: it must not block.
pub trait Observer: Send + Sync {
    /// An HTTP request ended. `method` is the DSM method, such as `list_conn`, `query`, `login`, `logout`, or
    /// `compound` for many in one. A compound whose members failed is no failure itself. `response_bytes` counts
    /// the body after decompression.
    fn request(
        &self,
        method: &str,
        outcome: Result<(), Reason>,
        took: Duration,
        request_bytes: u64,
        response_bytes: u64,
    );

    /// A login ended. Its request is reported as such besides.
    fn login(&self, outcome: Result<(), Reason>);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn request(&self, _: &str, _: Result<(), Reason>, _: Duration, _: u64, _: u64) {}

    fn login(&self, _: Result<(), Reason>) {}
}
