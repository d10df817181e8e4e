//! The admin API: JSON over HTTP for people and for automation that is to be trusted with it.
//!
//! Routes stand in tables (`routes`), which requests are routed by and which the description, `OpenAPI` 3.1, is made
//! of. A request passes, in this order: host and origin, route, token, scope, address, body, key; then its route
//! turns it into one of the [`Actions`], which are recorded and come one at a time for each NAS. Refusals are
//! problems (RFC 9457) with the names in `problems`.
//!
//! The room knows no NAS, no file and no configuration: [`Settings`] is all that it is told.

mod api;
mod call;
mod inbox;
mod misplaced;
mod openapi;
mod problems;
mod replay;
mod route;
mod routes;
mod scope;
mod service;
mod throttle;
mod tokens;
mod views;

use crate::actions::Actions;
use crate::web::{Answer, BodyLimit, Handler, Request, Response, RouteConflict, Router};
use api::Api;
use hyper::StatusCode;
use hyper::http::request::Parts;
use service::{Endpoint, Guarded};
use std::sync::Arc;

pub use api::{Reload, Settings};
pub use inbox::{Delivery, Inbox, NotTaken, Taken};
pub use openapi::description;
pub use scope::Scope;
pub use tokens::{Grant, HashSource, Token, TokenHash, Tokens};

/// Counts an answer: the route's name, and the status.
pub type Count = Arc<dyn Fn(&'static str, u16) + Send + Sync>;

/// The API as a handler of a listener. Clones share everything.
#[derive(Clone)]
pub struct Admin {
    api: Arc<Api>,
    service: Arc<Guarded<Router>>,
}

impl Admin {
    /// The API over these actions; without an inbox there is no webhook. An error is a mistake in the tables of routes.
    pub fn new(
        actions: Arc<Actions>,
        settings: Settings,
        reload: Reload,
        inbox: Option<Arc<dyn Inbox>>,
        count: Count,
    ) -> Result<Self, RouteConflict> {
        let api = Arc::new(Api::new(actions, settings, reload, inbox, count));
        let mut router = Router::new().refusing(|status| problems::of_status(status).into_response());
        for route in routes::all() {
            router = router.route(route.verb.method(), route.path, Endpoint { api: Arc::clone(&api), route });
        }
        router.check()?;
        let service = Guarded { api: Arc::clone(&api), inner: router, name: routes::name_of };
        Ok(Self { api, service: Arc::new(service) })
    }

    /// Goes on with other tokens and hosts.
    pub fn set_settings(&self, settings: Settings) {
        self.api.set_settings(settings);
    }
}

impl Handler for Admin {
    fn handle(&self, request: Request) -> Answer {
        self.service.handle(request)
    }

    fn refuse(&self, status: StatusCode) -> Response {
        self.service.refuse(status)
    }

    fn refuse_body(&self, head: &Parts, status: StatusCode) -> Response {
        self.service.refuse_body(head, status)
    }

    fn body_limit(&self, head: &Parts) -> BodyLimit {
        self.service.body_limit(head)
    }
}
