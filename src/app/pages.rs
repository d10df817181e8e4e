//! The pages of the web listener: read only.
//!
//! | path | answers |
//! |---|---|
//! | `/` | a page for people: each NAS and how it is |
//! | the telemetry path | the exposition |
//! | `/probe?nas=NAME` | the series of one NAS |
//! | `/sd` | Prometheus' HTTP service discovery: a target for each NAS |
//! | `/-/healthy` | 200 while every poll loop moves |
//! | `/-/ready` | 200 once every NAS was tried |

mod discovery;
mod health;
mod landing;
mod scrape;

use super::pulse::Pulse;
use crate::config::WebConfig;
use crate::metrics::Exposition;
use crate::web::{Answer, Gate, Handler, Matched, Request, Router};
use std::sync::Arc;

/// What the pages show.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    exposition: Arc<Exposition>,
    pulse: Arc<Pulse>,
}

impl Pages {
    pub(super) fn new(exposition: Arc<Exposition>, pulse: Arc<Pulse>) -> Self {
        Self { exposition, pulse }
    }
}

/// The table of pages, with every answer counted.
pub(super) fn router(pages: &Pages, config: &WebConfig) -> impl Handler {
    let gate = Gate::new(config.max_requests);
    let telemetry_path = config.telemetry_path.as_str();
    let router = Router::new()
        .get("/", landing::handler(pages.clone(), telemetry_path))
        .get(telemetry_path, gate.before(scrape::everything(pages.clone())))
        .get("/probe", gate.before(scrape::one_nas(pages.clone())))
        .get("/sd", discovery::handler(pages.clone()))
        .get("/-/healthy", health::healthy(pages.clone()))
        .get("/-/ready", health::ready_page(pages.clone()));
    Counted { router, exposition: Arc::clone(&pages.exposition), telemetry_path: telemetry_path.into() }
}

/// Counts each answer by page and status.
struct Counted {
    router: Router,
    exposition: Arc<Exposition>,
    telemetry_path: Box<str>,
}

impl Handler for Counted {
    fn handle(&self, request: Request) -> Answer {
        let answer = self.router.handle(request);
        let exporter = Arc::clone(self.exposition.exporter());
        let telemetry_path = self.telemetry_path.clone();
        Box::pin(async move {
            let response = answer.await;
            let page = match response.extensions().get::<Matched>() {
                Some(Matched(path)) if **path == *telemetry_path => "metrics",
                Some(Matched(path)) => match &**path {
                    "/" => "landing",
                    "/probe" => "probe",
                    "/sd" => "sd",
                    "/-/healthy" => "healthy",
                    "/-/ready" => "ready",
                    _ => "other",
                },
                None => "not_found",
            };
            exporter.http_request(page, response.status().as_u16());
            response
        })
    }
}
