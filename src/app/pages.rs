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
use crate::web::{
    Answer, BodyLimit, Gate, Handler, Matched, Request, Response, RouteConflict, Router, literal,
};
use hyper::StatusCode;
use hyper::http::request::Parts;
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

/// The table of pages, with every answer counted; an error if the telemetry path is that of another page.
pub(super) fn router(pages: &Pages, config: &WebConfig) -> Result<impl Handler, RouteConflict> {
    let gate = Gate::new(config.max_requests);
    let telemetry_path = config.telemetry_path.as_str();
    let router = Router::new()
        .get("/", landing::handler(pages.clone(), telemetry_path))
        .get(&literal(telemetry_path), gate.before(scrape::everything(pages.clone())))
        .get("/probe", gate.before(scrape::one_nas(pages.clone())))
        .get("/sd", discovery::handler(pages.clone()))
        .get("/-/healthy", health::healthy(pages.clone()))
        .get("/-/ready", health::ready_page(pages.clone()));
    router.check()?;
    let exposition = Arc::clone(&pages.exposition);
    Ok(Counted { router, exposition, telemetry_path: telemetry_path.into() })
}

/// Counts each answer by page and status.
struct Counted {
    router: Router,
    exposition: Arc<Exposition>,
    telemetry_path: Arc<str>,
}

impl Handler for Counted {
    fn handle(&self, request: Request) -> Answer {
        let answer = self.router.handle(request);
        let exporter = Arc::clone(self.exposition.exporter());
        let telemetry_path = Arc::clone(&self.telemetry_path);
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

    fn refuse(&self, status: StatusCode) -> Response {
        self.router.refuse(status)
    }

    fn body_limit(&self, _head: &Parts) -> BodyLimit {
        // Nothing here wants one, and none is waited for.
        BodyLimit::Unread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ExporterMetrics;

    #[test]
    fn a_telemetry_path_that_would_hide_a_page_is_found_at_the_start() {
        let exporter = Arc::new(ExporterMetrics::new("", "", "", 0.0));
        let pages = Pages::new(Arc::new(Exposition::new(exporter)), Arc::default());
        let with = |path: &str| {
            let config = WebConfig { telemetry_path: path.to_owned(), ..WebConfig::default() };
            router(&pages, &config).map(|_| ()).map_err(|conflict| conflict.to_string())
        };
        assert_eq!(with("/metrics"), Ok(()));
        assert_eq!(with("/{metrics"), Ok(()));
        assert_eq!(with("/sd"), Err("GET /sd has two handlers".to_owned()));
    }
}
