//! What a web configuration asks of every request before its handler sees it: the rate limit, the user; and the
//! headers that it adds to every response.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use tokio::time::Instant;

use super::config::Settings;
use super::handler::{Answer, BodyLimit, Handler, Peer, Request, Response};
use super::live::Live;
use super::users::{Credentials, Judge, Verdict};

/// How late a request may notice a changed file: reading it for each of many requests would be work for nothing.
const TOLERANCE: Duration = Duration::from_millis(100);

/// Told of each refusal.
pub type OnRefusal = Box<dyn Fn(StatusCode) + Send + Sync>;

/// A handler behind a web configuration.
pub struct Shield<H> {
    live: Arc<Live>,
    judge: Arc<Judge>,
    handler: Arc<H>,
    limited: StatusCode,
    on_refusal: Arc<OnRefusal>,
}

impl<H: Handler> Shield<H> {
    /// `handler` behind the configuration in force. What comes too often is refused with `limited`: 429 but for those
    /// who would not try again.
    pub fn new(live: Arc<Live>, handler: H, limited: StatusCode, on_refusal: OnRefusal) -> Self {
        let (judge, handler, on_refusal) = (Arc::default(), Arc::new(handler), Arc::new(on_refusal));
        Self { live, judge, handler, limited, on_refusal }
    }
}

/// Why a request does not reach its handler.
struct Refusal {
    status: StatusCode,
    retry_after: Option<Duration>,
}

/// The request, or why not.
async fn admit(
    live: &Live,
    judge: &Arc<Judge>,
    limited: StatusCode,
    request: &Request,
) -> Result<(), Refusal> {
    let current = live.current();
    if let Some(bucket) = &current.bucket {
        bucket.take(Instant::now()).map_err(|wait| Refusal { status: limited, retry_after: Some(wait) })?;
    }
    let Settings { users: Some(users), open_paths, .. } = &current.settings else { return Ok(()) };
    if open_paths.iter().any(|open| open == request.uri().path()) {
        return Ok(());
    }
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(address)| address.ip());
    match judge.judge(users, Credentials::of(request.headers()), peer).await {
        Verdict::Known => Ok(()),
        Verdict::Unknown => Err(Refusal { status: StatusCode::UNAUTHORIZED, retry_after: None }),
        Verdict::Busy => Err(Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            retry_after: Some(Duration::from_secs(1)),
        }),
    }
}

impl<H: Handler> Handler for Shield<H> {
    fn handle(&self, request: Request) -> Answer {
        let (live, judge, handler) = (self.live.clone(), self.judge.clone(), self.handler.clone());
        let (on_refusal, limited) = (self.on_refusal.clone(), self.limited);
        Box::pin(async move {
            live.refresh(TOLERANCE).await;
            let response = match admit(&live, &judge, limited, &request).await {
                Ok(()) => handler.handle(request).await,
                Err(refusal) => {
                    on_refusal(refusal.status);
                    refused(handler.refuse(refusal.status), &refusal)
                }
            };
            dressed(&live, response)
        })
    }

    fn refuse(&self, status: StatusCode) -> Response {
        dressed(&self.live, self.handler.refuse(status))
    }

    fn refuse_body(&self, head: &Parts, status: StatusCode) -> Response {
        dressed(&self.live, self.handler.refuse_body(head, status))
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        // Whoever may turn out to be nobody fills no memory.
        if self.live.current().settings.users.is_some() {
            return BodyLimit::Unread;
        }
        self.handler.body_limit(head)
    }
}

/// The response with the headers that are configured.
fn dressed(live: &Live, mut response: Response) -> Response {
    for (name, value) in &live.current().settings.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

fn refused(mut response: Response, refusal: &Refusal) -> Response {
    let headers = response.headers_mut();
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"cloudsync-exporter\", charset=\"UTF-8\""),
        );
    }
    if let Some(wait) = refusal.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
    }
    response
}

/// Rounded up: who comes sooner is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
