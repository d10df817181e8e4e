//! What a client may cost.

use std::time::Duration;

/// Bounds for one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. One more takes the place of who has been idle for longest; while none is, it waits.
    /// Default 512.
    pub max_connections: usize,
    /// Header lines of a request; more give 431. Default 64.
    pub max_headers: usize,
    /// Bytes of a request's head; more give 431. Default 32 KiB.
    pub max_head_bytes: usize,
    /// The longest body; longer gives 413. A handler can allow less or more, request by request, with a
    /// [`super::BodyLimit`]: as bodies are read whole, the largest times `max_connections` is what clients can
    /// make us hold, so allow more only to those who may send it. Default 64 KiB.
    pub max_body_bytes: usize,
    /// For the head of a request, from its first byte; on a new connection from its start, the TLS handshake
    /// included. Default 8 s.
    pub header_timeout: Duration,
    /// How long a connection may be idle between two requests. Default 2 min: longer than from one scrape to the next.
    pub idle_timeout: Duration,
    /// For the body of a request, whatever its limit; longer gives 408. Default 10 s.
    pub body_timeout: Duration,
    /// How long a connection whose body was not read to its end is kept after the answer, so that a client
    /// that is still sending can take the answer first. Default 2 s.
    pub linger: Duration,
    /// How long a client may take nothing of its response before it is cut off. Default 10 s.
    pub write_stall: Duration,
    /// How long responses under way may take once the server drains. Default 3 s.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 512,
            max_headers: 64,
            max_head_bytes: 32 * 1024,
            max_body_bytes: 64 * 1024,
            header_timeout: Duration::from_secs(8),
            idle_timeout: Duration::from_secs(120),
            body_timeout: Duration::from_secs(10),
            linger: Duration::from_secs(2),
            write_stall: Duration::from_secs(10),
            drain: Duration::from_secs(3),
        }
    }
}
