//! Closes gently on clients that are still sending.
//!
//! A system that closes a connection with bytes unread resets it, and the reset can overtake the answer: the
//! client would see a broken connection in place of the reason why its body is not wanted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes thrown away at once.
const SCRATCH: usize = 8 * 1024;

/// Said of a connection: part of a body was left unread.
#[derive(Debug, Clone, Default)]
pub(super) struct Leftover(Arc<AtomicBool>);

impl Leftover {
    pub(super) fn left(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A stream that, when it is shut down with something left over, throws away what comes until the other end
/// closes too or `patience` is over.
pub(super) struct Linger<S> {
    stream: S,
    leftover: Leftover,
    patience: Duration,
    state: State,
}

enum State {
    Open,
    /// Our side is closed.
    Closing(Pin<Box<Sleep>>),
    Closed,
}

impl<S> Linger<S> {
    pub(super) fn new(stream: S, leftover: Leftover, patience: Duration) -> Self {
        Self { stream, leftover, patience, state: State::Open }
    }
}

impl<S: AsyncRead + Unpin> Linger<S> {
    /// Takes what is there, a buffer at a time. Ready once nothing more comes.
    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; SCRATCH];
        let mut buf = ReadBuf::new(&mut scratch);
        match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf)) {
            Ok(()) if !buf.filled().is_empty() => {
                // Again soon, after the clock was looked at and others had their turn.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Linger<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Linger<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.state, State::Open) {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.state = if self.leftover.0.load(Ordering::Relaxed) {
                State::Closing(Box::pin(sleep(self.patience)))
            } else {
                State::Closed
            };
        }
        if let State::Closing(patience) = &mut self.state {
            // First, so that a client that never stops sending cannot keep us.
            if patience.as_mut().poll(cx).is_pending() {
                ready!(self.poll_drained(cx));
            }
            self.state = State::Closed;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    fn lingering(ours: DuplexStream) -> Linger<DuplexStream> {
        let leftover = Leftover::default();
        leftover.left();
        Linger::new(ours, leftover, PATIENCE)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_still_sent_is_thrown_away_until_the_other_end_closes() {
        let (ours, mut theirs) = duplex(4);
        let mut stream = lingering(ours);
        let client = async {
            // More than the pipe holds, so it passes only if it is taken.
            theirs.write_all(&vec![b'x'; 3 * SCRATCH]).await.unwrap();
            assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0, "our side was closed first");
            drop(theirs);
        };
        let before = Instant::now();
        let (shut, ()) = tokio::join!(stream.shutdown(), client);
        shut.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_close_is_not_waited_for_long() {
        let (ours, _theirs) = duplex(4);
        let before = Instant::now();
        lingering(ours).shutdown().await.unwrap();
        assert!(before.elapsed() >= PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn with_nothing_left_it_closes_at_once() {
        let (ours, _theirs) = duplex(4);
        let before = Instant::now();
        Linger::new(ours, Leftover::default(), PATIENCE).shutdown().await.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
