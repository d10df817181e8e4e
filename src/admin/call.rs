//! One call as its route sees it: the caller is known, address and body are checked.

use super::api::Api;
use super::problems::{self, Refusal};
use super::route::Route;
use super::scope::Scope;
use super::tokens::Grant;
use crate::actions::schema::Document;
use crate::actions::{
    ActionError, Actions, Answers, Caller, Hold, Listed, Nas, Object, Origin, Question, Source,
};
use crate::model::{Connection, ConnectionId, Data, NasName, Snapshot};
use crate::web::PathParams;
use hyper::body::Bytes;
use serde_json::Value;
use std::sync::Arc;

/// A call.
pub(super) struct Call {
    pub(super) api: Arc<Api>,
    pub(super) grant: Arc<Grant>,
    pub(super) peer: String,
    /// Method and path, as it came.
    pub(super) route: String,
    pub(super) path: PathParams,
    pub(super) query: Document,
    pub(super) body: Document,
    /// The body as it came, of a route that takes it so.
    pub(super) raw: Bytes,
    pub(super) key: Option<String>,
    /// Whether somebody still waits for the answer.
    pub(super) caller: Caller,
}

impl Call {
    pub(super) fn actions(&self) -> &Actions {
        &self.api.actions
    }

    /// Whether nothing is to be sent.
    pub(super) fn is_dry_run(&self) -> bool {
        self.query.get("dry_run") == Some(&Value::Bool(true))
    }

    /// Who asks, for the audit; the reason is the body's.
    pub(super) fn origin(&self) -> Origin {
        Origin {
            token: self.grant.name.clone(),
            peer: self.peer.clone(),
            route: self.route.clone(),
            source: Source::Api,
            reason: self.text("reason").or_else(|| self.query_text("reason")),
            key: self.key.clone(),
            caller: self.caller.clone(),
        }
    }

    /// A text of the body.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.body.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A text of the query.
    pub(super) fn query_text(&self, name: &str) -> Option<String> {
        self.query.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// A number of the query.
    pub(super) fn query_number(&self, name: &str) -> Option<i64> {
        self.query.get(name).and_then(Value::as_i64)
    }

    /// A switch of the body; false when it is not there.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.body.get(name) == Some(&Value::Bool(true))
    }

    /// The NAS of the path. The service has checked that the token may be used on it.
    pub(super) fn nas_name(&self) -> NasName {
        NasName::new(self.path.get("nas").unwrap_or_default())
    }

    /// The door to the NAS of the path.
    pub(super) fn nas(&self) -> Result<Arc<dyn Nas>, Refusal> {
        Ok(self.actions().nas(&self.nas_name())?)
    }

    /// The number in the path. What is no number is no connection and no task.
    fn id(&self) -> Option<i64> {
        let text = self.path.get("id")?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    }

    /// What the path names, for a look after the call.
    pub(super) fn named(&self) -> Named {
        Named { api: Arc::clone(&self.api), nas: self.nas_name(), id: self.id() }
    }

    /// The connection of the path, which exists and which the token may be used on.
    pub(super) async fn connection(&self) -> Result<Listed, Refusal> {
        let nas = self.nas_name();
        let found = match self.id() {
            Some(id) => self.actions().connection(&nas, id).await,
            None => Err(ActionError::UnknownConnection { nas, id: -1 }),
        };
        match found {
            Ok(connection) if self.grant.may_on_listed(&connection) => Ok(connection),
            // A token for some connections is not told which others there are.
            Ok(_) | Err(ActionError::UnknownConnection { .. }) if !self.grant.may_on_all() => {
                Err(self.forbidden("on this connection").into())
            }
            Err(ActionError::UnknownConnection { nas, .. }) => {
                let id: String = self.path.get("id").unwrap_or_default().chars().take(40).collect();
                Err(problems::UNKNOWN_CONNECTION.because(format!("NAS {nas} has no connection {id}")).into())
            }
            Err(other) => Err(other.into()),
            Ok(connection) => Ok(connection),
        }
    }

    /// The task of the path, which exists and which the token may be used on.
    pub(super) async fn task(&self) -> Result<crate::actions::ListedTask, Refusal> {
        let nas = self.nas_name();
        let found = match self.id() {
            Some(id) => self.actions().task(&nas, id).await,
            None => Err(ActionError::UnknownTask { nas, id: -1 }),
        };
        match found {
            Ok(task) if self.grant.may_on_listed(&task.connection) => Ok(task),
            Ok(_) | Err(ActionError::UnknownTask { .. }) if !self.grant.may_on_all() => {
                Err(self.forbidden("on this task").into())
            }
            Err(ActionError::UnknownTask { nas, .. }) => {
                let id: String = self.path.get("id").unwrap_or_default().chars().take(40).collect();
                Err(problems::UNKNOWN_TASK.because(format!("NAS {nas} has no task {id}")).into())
            }
            Err(other) => Err(other.into()),
            Ok(task) => Ok(task),
        }
    }

    /// Whether the token may be used on the connection of this number, which is, or was, called so: what the last poll
    /// knows counts, and `name` where it does not know the connection.
    pub(super) fn may_on(&self, nas: &NasName, id: i64, name: &str) -> bool {
        let snapshot = self.actions().directory().nas(nas).and_then(|nas| nas.snapshot());
        let data = snapshot.as_ref().and_then(|snapshot| snapshot.data.as_ref());
        let known = data.and_then(|data| data.connections.get(&ConnectionId(id)));
        let names = known.map_or_else(|| vec![name.to_owned()], Connection::names);
        self.grant.may_on(nas) && self.grant.may_on_connection(id, &names)
    }

    /// The same for a hold.
    pub(super) fn may_on_hold(&self, hold: &Hold) -> bool {
        self.may_on(&NasName::new(&hold.nas), hold.connection_id, &hold.connection)
    }

    /// Refuses a token that is for some connections only.
    pub(super) fn needs_all_connections(&self) -> Result<(), Refusal> {
        if self.grant.may_on_all() {
            Ok(())
        } else {
            Err(self.forbidden("on all connections at once").into())
        }
    }

    /// Refuses a token that is for some NASes or connections only.
    pub(super) fn needs_everything(&self) -> Result<(), Refusal> {
        self.needs_all_connections()?;
        if self.grant.reach.has_all_nases() {
            return Ok(());
        }
        Err(self.forbidden("on all NASes at once").into())
    }

    /// Refuses a token without a scope.
    pub(super) fn needs(&self, scope: Scope, what: &str) -> Result<(), Refusal> {
        if self.grant.may(scope) {
            return Ok(());
        }
        let detail = format!("{what} needs the scope {}", scope.as_str());
        Err(problems::FORBIDDEN.because(detail).into())
    }

    fn forbidden(&self, what: &str) -> crate::web::Problem {
        problems::FORBIDDEN.because(format!("token {} may not be used {what}", self.grant.name))
    }

    /// What the last poll knows, or why there is nothing.
    pub(super) fn data(&self) -> Result<(Arc<Snapshot>, Arc<Data>), Refusal> {
        let snapshot = self.nas()?.snapshot();
        if let Some(snapshot) = &snapshot
            && let Some(data) = &snapshot.data
        {
            return Ok((Arc::clone(snapshot), Arc::clone(data)));
        }
        let reason = snapshot.as_ref().and_then(|snapshot| snapshot.reason);
        let trouble = snapshot.as_ref().and_then(|snapshot| snapshot.trouble.clone());
        let detail = trouble.unwrap_or_else(|| "the NAS has not been polled yet".to_owned());
        let kind = match reason {
            Some(reason) if reason.is_verdict() => &problems::NO_DATA_REFUSED,
            _ => &problems::NO_DATA_SILENT,
        };
        let mut problem = kind.because(detail);
        if let Some(reason) = reason {
            problem = problem.with("reason", reason.as_str());
        }
        Err(problem.into())
    }

    /// Asks the NAS.
    pub(super) async fn ask(&self, questions: Vec<Question>) -> Result<Answers, Refusal> {
        Ok(self.nas()?.ask(questions).await.map_err(ActionError::from)?)
    }

    /// Asks the NAS one thing.
    pub(super) async fn ask_one(&self, question: Question) -> Result<Document, Refusal> {
        let answer = self.ask(vec![question]).await?.pop().transpose().map_err(ActionError::from)?;
        Ok(answer.unwrap_or_default())
    }

    /// A connection as an object of the audit.
    pub(super) fn object(connection: &Listed) -> Object {
        Object::connection(connection.id.0, &connection.name)
    }
}

/// The connection or task that a path names.
pub(super) struct Named {
    api: Arc<Api>,
    nas: NasName,
    id: Option<i64>,
}

impl Named {
    /// Asks the NAS whether it is there: the refusal when it is not.
    pub(super) async fn gone(self, route: &Route) -> Option<Refusal> {
        let (Self { api, nas, .. }, id) = (&self, self.id?);
        let error = if route.path.contains("/tasks/{id}") {
            api.actions.task_now(nas, id).await.err()
        } else {
            api.actions.connection_now(nas, id).await.err()
        };
        let is_unknown =
            matches!(error, Some(ActionError::UnknownConnection { .. } | ActionError::UnknownTask { .. }));
        error.filter(|_| is_unknown).map(Refusal::from)
    }
}
