//! Cuts off clients that are slow to ask, or to take an answer.
//!
//! hyper bounds only the time from one request to the end of the next one's head. A client may be idle for long, since
//! scrapers come back; but one that has begun a request has to end its head soon, and a new connection has to begin. With
//! HTTP/2 a client may take from the socket and yet nothing of an answer, since streams have windows of their own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::Activity;

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// From the first byte of a request, or the start of the connection, to the end of the head.
    pub(super) head: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// From one piece of a response to the next.
    pub(super) stall: Duration,
}

/// A stream whose reads fail once its client has taken too long.
pub(super) struct Patience<S> {
    stream: S,
    times: Times,
    activity: Arc<Activity>,
    /// With HTTP/2 bytes come between requests too, such as window updates: there no byte begins a head.
    bytes_begin_heads: bool,
    /// When the phase ends.
    due: Instant,
    /// Rings at or before that: to set it for each request anew would be the dearest part of some.
    alarm: Pin<Box<Sleep>>,
    phase: Phase,
}

/// What the deadline is for, and of which request: after the one with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Busy,
    /// Since something was last taken of a response.
    Sending(u64),
    Idle(u64),
    Head(u64),
}

impl<S> Patience<S> {
    /// The first head's time counts from `start`.
    pub(super) fn new(
        stream: S,
        times: Times,
        activity: Arc<Activity>,
        bytes_begin_heads: bool,
        start: Instant,
    ) -> Self {
        let due = start + times.head;
        let alarm = Box::pin(sleep_until(due));
        Self { stream, times, activity, bytes_begin_heads, due, alarm, phase: Phase::Head(0) }
    }

    /// Sets the deadline for what the connection does now.
    fn follow(&mut self) {
        let requests = self.activity.requests();
        let last_sent = self.activity.last_sent();
        let next = match (self.phase, last_sent) {
            _ if self.activity.is_busy() => Phase::Busy,
            (Phase::Sending(at), Some(sent)) if at == sent => return,
            (_, Some(sent)) => Phase::Sending(sent),
            (Phase::Head(of) | Phase::Idle(of), None) if of == requests => return,
            _ => Phase::Idle(requests),
        };
        self.enter(next);
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        let time = match phase {
            Phase::Busy => return,
            Phase::Sending(_) => self.times.stall,
            Phase::Idle(_) => self.times.idle,
            Phase::Head(_) => self.times.head,
        };
        self.due = Instant::now() + time;
        if self.due < self.alarm.deadline() {
            self.alarm.as_mut().reset(self.due);
        }
    }

    /// Ready once the phase has lasted too long.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            if self.due <= Instant::now() {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(self.due);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.follow();
        // Before reading: a client that always has another byte must not get past it.
        if self.phase != Phase::Busy && self.poll_due(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client is slow")));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Phase::Idle(of) = self.phase
            && self.bytes_begin_heads
            && buf.filled().len() > before
        {
            self.enter(Phase::Head(of));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
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
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;

    const TIMES: Times = Times {
        head: Duration::from_secs(8),
        idle: Duration::from_secs(120),
        stall: Duration::from_secs(10),
    };

    fn patient(bytes_begin_heads: bool) -> (Patience<DuplexStream>, Arc<Activity>, DuplexStream) {
        let (ours, theirs) = duplex(64);
        let activity = Arc::new(Activity::new(Instant::now(), Arc::default()));
        let patience = Patience::new(ours, TIMES, Arc::clone(&activity), bytes_begin_heads, Instant::now());
        (patience, activity, theirs)
    }

    /// Seconds until reading fails.
    async fn cut_off(stream: &mut Patience<DuplexStream>) -> u64 {
        let before = Instant::now();
        let mut scratch = [0; 8];
        loop {
            match stream.read(&mut scratch).await {
                Ok(0) => panic!("the client closed"),
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    return before.elapsed().as_secs();
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_connection_has_to_ask_soon_however_it_drips() {
        let (mut stream, _, _theirs) = patient(true);
        assert_eq!(cut_off(&mut stream).await, 8);
        let (mut stream, _, mut theirs) = patient(true);
        let dripping = tokio::spawn(async move {
            while theirs.write_u8(b'x').await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(cut_off(&mut stream).await, 8);
        drop(stream);
        dripping.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_comes_back_may_be_idle_but_has_to_end_what_it_begins() {
        let (mut stream, activity, mut theirs) = patient(true);
        drop(activity.begin());
        theirs.write_u8(b'x').await.unwrap();
        stream.read_u8().await.unwrap();
        drop(activity.begin());
        assert_eq!(cut_off(&mut stream).await, 120);

        let (mut stream, activity, mut theirs) = patient(true);
        drop(activity.begin());
        let late = async {
            sleep(Duration::from_secs(60)).await;
            theirs.write_u8(b'x').await.unwrap();
            sleep(Duration::from_secs(100)).await;
        };
        let (seconds, ()) = tokio::join!(cut_off(&mut stream), late);
        assert_eq!(seconds, 68);
    }

    #[tokio::test(start_paused = true)]
    async fn with_http2_bytes_between_requests_begin_none() {
        let (mut stream, activity, mut theirs) = patient(false);
        drop(activity.begin());
        let updating = async {
            sleep(Duration::from_secs(60)).await;
            theirs.write_u8(b'x').await.unwrap();
            sleep(Duration::from_secs(100)).await;
        };
        let (seconds, ()) = tokio::join!(cut_off(&mut stream), updating);
        assert_eq!(seconds, 120);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_cut_off_while_being_answered() {
        let (mut stream, activity, mut theirs) = patient(true);
        let busy = activity.begin();
        let late = async {
            sleep(Duration::from_secs(1_000)).await;
            theirs.write_u8(b'x').await.unwrap();
        };
        let (read, ()) = tokio::join!(stream.read_u8(), late);
        assert_eq!(read.unwrap(), b'x');
        drop(busy);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_has_to_be_taken_piece_by_piece() {
        let (mut stream, activity, _theirs) = patient(false);
        drop(activity.begin());
        activity.send();
        let taking = async {
            for _ in 0..5 {
                sleep(Duration::from_secs(9)).await;
                activity.touch();
            }
        };
        let (seconds, ()) = tokio::join!(cut_off(&mut stream), taking);
        // The alarm rings at the end of a stall that was none, and is set anew.
        assert!((55..65).contains(&seconds), "{seconds}");
        activity.sent();
    }
}
