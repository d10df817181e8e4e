//! So many at once; more wait their turn.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::http::request::Parts;
use tokio::sync::Semaphore;

use super::handler::{Answer, BodyLimit, Handler, Request, Response};

/// Lets a bounded number of requests into the handlers behind it. Clones share the bound.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A gate for `at_once` requests, at least one.
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// `handler` behind this gate: a request waits until there is room, first come, first served.
    pub fn before(&self, handler: impl Handler) -> impl Handler {
        Gated { room: self.0.clone(), handler: Arc::new(handler) }
    }
}

struct Gated<H> {
    room: Arc<Semaphore>,
    handler: Arc<H>,
}

impl<H: Handler> Handler for Gated<H> {
    fn handle(&self, request: Request) -> Answer {
        let (room, handler) = (self.room.clone(), self.handler.clone());
        Box::pin(async move {
            // The semaphore is never closed; were it, answering would still be right.
            let _permit = room.acquire_owned().await;
            handler.handle(request).await
        })
    }

    fn refuse(&self, status: StatusCode) -> Response {
        self.handler.refuse(status)
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        self.handler.body_limit(head)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;
    use crate::web::respond;

    #[tokio::test]
    async fn only_so_many_are_in_at_once_and_all_get_in() {
        let inside = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let (counted, seen) = (inside.clone(), most.clone());
        let gated = Gate::new(3).before(move |_| {
            let (inside, most) = (counted.clone(), seen.clone());
            async move {
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
                respond::status(StatusCode::OK)
            }
        });
        let answers = join_all((0..20).map(|_| gated.handle(Request::default()))).await;
        assert!(answers.iter().all(|answer| answer.status() == StatusCode::OK));
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }
}
