//! What a route is: one entry of the table that requests are routed by and that the API is described from.

use super::call::Call;
use super::problems::Refusal;
use super::scope::Scope;
use super::tokens::Grant;
use crate::actions::Effect;
use crate::actions::schema::{Field, Kind, Schema};
use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

/// The query of every call that changes something.
pub(super) const DRY_RUN: Field =
    Field::optional("dry_run", Kind::Flag, "true: says what would be sent and changed, and sends nothing.");

/// The method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Verb {
    pub(super) fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Patch => Method::PATCH,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }
}

/// What a route does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effects {
    /// Nothing; it answers from the last poll or from this program.
    Looks,
    /// Nothing; it asks the NAS.
    Asks,
    /// It changes something: it takes a key and is recorded.
    Changes,
    /// The same, and it goes on when the record cannot be written.
    ChangesRegardless,
    /// It makes this program do something that changes nothing on a NAS.
    Pokes,
}

impl Effects {
    pub(super) fn changes(self) -> bool {
        matches!(self, Self::Changes | Self::ChangesRegardless)
    }

    /// Whether a NAS has to answer for it.
    pub(super) fn needs_nas(self) -> bool {
        !matches!(self, Self::Pokes)
    }
}

/// The answer of a route that was not refused.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Reply {
    /// 200 with this body.
    pub(super) fn ok(body: impl Serialize) -> Self {
        Self { status: StatusCode::OK, body: serde_json::to_value(body).unwrap_or_default() }
    }

    /// What became of a change: `done`, or 202 while the NAS does not show it, or 200 for a dry run.
    pub(super) fn effect(effect: &Effect, done: StatusCode) -> Self {
        let status = match effect {
            Effect::Planned(_) => StatusCode::OK,
            Effect::Done(done) if !done.verified => StatusCode::ACCEPTED,
            Effect::Done(_) => done,
        };
        Self { status, ..Self::ok(effect) }
    }
}

/// What a route answers with, once it is done.
pub(super) type Outcome = Result<Reply, Refusal>;

/// The outcome of a route that waits for nothing.
pub(super) fn at_once(outcome: Outcome) -> BoxFuture<'static, Outcome> {
    Box::pin(std::future::ready(outcome))
}

/// One route.
pub(super) struct Route {
    pub(super) verb: Verb,
    pub(super) path: &'static str,
    /// Its name in the API's description and in the metrics.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// What the token must be for; none = no token is needed.
    pub(super) scope: Option<Scope>,
    /// Whether some fields of the body need [`Scope::Dangerous`] instead.
    pub(super) may_be_dangerous: bool,
    pub(super) effects: Effects,
    pub(super) query: &'static [Field],
    pub(super) body: Option<&'static Schema>,
    /// How many bytes of a body it takes as they come; none = it takes none, or that of `body`.
    pub(super) raw: Option<usize>,
    /// The name of its answer in the API's description.
    pub(super) answer: &'static str,
    /// The status of its answer, beside 202 and 200 for dry runs where it changes something.
    pub(super) success: StatusCode,
    pub(super) run: fn(Call) -> BoxFuture<'static, Outcome>,
}

impl Route {
    /// A route that looks, with the scope `read`.
    pub(super) const fn get(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        answer: &'static str,
        run: fn(Call) -> BoxFuture<'static, Outcome>,
    ) -> Self {
        Self {
            verb: Verb::Get,
            path,
            id,
            summary,
            scope: Some(Scope::Read),
            may_be_dangerous: false,
            effects: Effects::Asks,
            query: &[],
            body: None,
            raw: None,
            answer,
            success: StatusCode::OK,
            run,
        }
    }

    /// Whether a token may come this far. What it may do by which field is the route's to say.
    pub(super) fn admits(&self, grant: &Grant) -> bool {
        self.scope.is_none_or(|scope| grant.may(scope))
            || (self.may_be_dangerous && grant.may(Scope::Dangerous))
    }

    /// Whether it takes a body.
    pub(super) fn has_body(&self) -> bool {
        self.body.is_some() || self.raw.is_some()
    }

    /// Whether its path names this.
    pub(super) fn names(&self, parameter: &str) -> bool {
        self.path.contains(&format!("{{{parameter}}}"))
    }
}
