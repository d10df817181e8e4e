//! A response on its way: its connection is at work until the last of it was taken.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::activity::Activity;

/// Handed on at once: who takes so little in a stall's time is too slow.
const PIECE: usize = 32 * 1024;

/// The body of a response, in pieces, as the transport has room for them.
pub(super) struct Sending {
    left: Bytes,
    activity: Arc<Activity>,
}

impl Sending {
    /// `body`, whose data are taken out at once.
    pub(super) fn new(mut body: Full<Bytes>, activity: Arc<Activity>) -> Self {
        let mut context = Context::from_waker(std::task::Waker::noop());
        let left = match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            _ => Bytes::new(),
        };
        activity.send();
        Self { left, activity }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.activity.touch();
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let piece = self.left.len().min(PIECE);
        let piece = self.left.split_to(piece);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.activity.sent();
    }
}
