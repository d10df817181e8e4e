//! So many at once; more wait their turn, but not longer than their client does.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::handler::{Answer, BodyLimit, Handler, Request, Response};

/// How long a Prometheus waits for a scrape, in seconds.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";
/// Before its time is over the answer has to be on its way, as `blackbox_exporter` has it.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Lets a bounded number of requests into the handlers behind it. Clones share the bound.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A gate for `at_once` requests, at least one.
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// `handler` behind this gate: a request waits until there is room, first come, first served. One that says how
    /// long it will wait is refused with 503 shortly before that is over: nobody would take its answer.
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
            let _permit = match patience(request.headers()) {
                None => room.acquire_owned().await,
                Some(patience) => match timeout(patience, room.acquire_owned()).await {
                    Ok(permit) => permit,
                    Err(_) => return too_late(handler.refuse(StatusCode::SERVICE_UNAVAILABLE)),
                },
            };
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

/// How long a request with these headers may wait; none if it does not say.
fn patience(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(SCRAPE_TIMEOUT)?.to_str().ok()?.parse().ok()?;
    let whole = Duration::try_from_secs_f64(seconds).ok()?;
    Some(whole.saturating_sub(ON_ITS_WAY).max(whole / 2))
}

fn too_late(mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
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

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_its_client() {
        let gate = Gate::new(1);
        let _inside = gate.0.clone().acquire_owned().await.unwrap();
        let gated = gate.before(|_| async { respond::status(StatusCode::OK) });
        for (said, waited) in [("10", 9_500), ("0.6", 300), ("1e1", 9_500), ("0", 0)] {
            let request = hyper::Request::builder().header(SCRAPE_TIMEOUT, said);
            let before = tokio::time::Instant::now();
            let answer = gated.handle(request.body(hyper::body::Bytes::new()).unwrap()).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{said}");
            assert!(answer.headers().contains_key(RETRY_AFTER));
            assert_eq!(before.elapsed().as_millis(), waited, "{said}");
        }
    }

    #[test]
    fn what_is_no_time_is_as_if_it_were_not_said() {
        for said in ["", "soon", "-1", "NaN", "inf", "1e400", "10s"] {
            let headers = [(SCRAPE_TIMEOUT.parse().unwrap(), said.parse().unwrap())].into_iter().collect();
            assert_eq!(patience(&headers), None, "{said}");
        }
    }
}
