//! The audit record of one action: who did what to what, what was before and after, and how it went.

use super::port::{Failure, Source};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Weak};

/// How an action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is under way.
    Pending,
    /// The NAS did it and shows it.
    Succeeded,
    /// The NAS says that it did it and does not show it.
    Unverified,
    /// The NAS refused, or could not be reached: nothing was done, or only what `after` shows.
    Failed,
    /// Nobody knows whether the NAS did it.
    Unknown,
}

impl Outcome {
    /// The words of every outcome.
    pub const WORDS: [&'static str; 5] = ["pending", "succeeded", "unverified", "failed", "unknown"];

    /// The word in record and filter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Unverified => "unverified",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// Who asks for an action, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The token's name; of what this program does by itself, its own.
    pub token: String,
    /// The other end of the connection; empty for what this program does by itself.
    pub peer: String,
    /// Method and path; empty for what this program does by itself.
    pub route: String,
    /// What it counts as.
    pub source: Source,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// The key of the request, by which a repeat of it is known.
    pub key: Option<String>,
    /// Whether somebody still waits for it.
    pub caller: Caller,
}

/// Whoever waits for an action. What has not begun when they go away is not begun any more.
#[derive(Debug, Clone, Default)]
pub struct Caller(Option<Weak<()>>);

impl Caller {
    /// The caller who holds `here`.
    pub fn holding(here: &Arc<()>) -> Self {
        Self(Some(Arc::downgrade(here)))
    }

    /// Whether they went away. What this program does by itself has no caller who could.
    pub fn is_gone(&self) -> bool {
        self.0.as_ref().is_some_and(|here| here.strong_count() == 0)
    }
}

/// Who waits makes no difference to what is asked.
impl PartialEq for Caller {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Caller {}

impl Origin {
    /// This program itself, at the end of a hold.
    pub fn keeper(reason: impl Into<String>) -> Self {
        Self {
            // No token can have this name.
            token: "(exporter)".to_owned(),
            peer: String::new(),
            route: String::new(),
            source: Source::Release,
            reason: Some(reason.into()),
            key: None,
            caller: Caller::default(),
        }
    }
}

/// What an action is done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// `connection`, `task`, `nas` or `automation`.
    pub kind: String,
    /// Its number; of a NAS none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Its name at that time; of a task the folder on the NAS.
    pub name: String,
    /// The connection that it is, or belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<i64>,
}

impl Object {
    fn new(kind: &str, id: Option<i64>, name: &str, connection_id: Option<i64>) -> Self {
        Self { kind: kind.to_owned(), id, name: name.to_owned(), connection_id }
    }

    /// A NAS as a whole.
    pub fn nas(name: &str) -> Self {
        Self::new("nas", None, name, None)
    }

    /// A connection.
    pub fn connection(id: i64, name: &str) -> Self {
        Self::new("connection", Some(id), name, Some(id))
    }

    /// A task of a connection.
    pub fn task(id: i64, folder: &str, connection: i64) -> Self {
        Self::new("task", Some(id), folder, Some(connection))
    }

    /// What acts on alerts.
    pub fn automation() -> Self {
        Self::new("automation", None, "automation", None)
    }
}

/// What went wrong with an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// In words.
    pub detail: String,
    /// The NAS's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The method that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// In the vocabulary of the metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<&Failure> for Trouble {
    fn from(failure: &Failure) -> Self {
        let Failure { kind: _, detail, advice: _, reason, code, method, is_open: _ } = failure;
        Self {
            detail: detail.clone(),
            code: *code,
            method: method.map(str::to_owned),
            reason: Some(reason.as_str().to_owned()),
        }
    }
}

/// A record. Its number is that of its row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// When it began, RFC 3339.
    pub time: String,
    /// The token's name.
    pub token: String,
    /// The other end of the connection.
    pub peer: String,
    /// Method and path.
    pub route: String,
    /// What is done: the NAS's method, or a word of ours.
    pub action: String,
    /// `api`, `rule` or `release`.
    pub source: String,
    /// The NAS; none for what concerns this program alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nas: Option<String>,
    /// What it is done to.
    pub target: Object,
    /// Why, in the caller's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was before.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub before: Value,
    /// What was after, as the NAS showed it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub after: Value,
    /// How it went.
    pub outcome: Outcome,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}
