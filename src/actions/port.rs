//! The one door to a NAS: what can be asked of it and what it can be told, without knowing how.
//!
//! The composition root implements [`Nas`] over the client and the poller. Answers are the NAS's own objects, with
//! its field names; what it did not say is not there.

use super::schema::Document;
use crate::model::{ConnectionId, DownReason, NasName, Snapshot, TaskId};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// A question, which changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// `get_config`.
    Package,
    /// `list_conn`.
    Connections,
    /// `get_connection_setting`.
    Settings(ConnectionId),
    /// `get_property`.
    Property(ConnectionId),
    /// `get_conn_auth_info`, without its secrets.
    Access(ConnectionId),
    /// `get_log`.
    Log(ConnectionId, LogFilter),
    /// `list_sess`.
    Tasks(ConnectionId),
    /// `get_session_setting`.
    TaskSettings(TaskId),
    /// `get_selective_sync_config`.
    TaskFilters(TaskId),
    /// `get_selective_folder_list`.
    Folders {
        /// The task.
        task: TaskId,
        /// The id of the folder in the cloud.
        file_id: String,
        /// Its path below the task's folder.
        path: String,
    },
}

/// Which rows of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Rows with this text; empty = all.
    pub keyword: String,
    /// Rows since, in seconds since 1970.
    pub from: Option<i64>,
    /// Rows until, in seconds since 1970.
    pub to: Option<i64>,
    /// Rows of this level.
    pub level: Option<i64>,
    /// Rows of this action.
    pub action: Option<i64>,
    /// Of the newest rows, how many to skip.
    pub offset: u32,
    /// How many rows.
    pub limit: u32,
}

/// What an action is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One connection.
    One(ConnectionId),
    /// Every connection of the NAS. A variant of its own, so that a missing id can never mean all.
    All,
}

/// A task to be made on an Amazon S3 connection (API notes §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// The folder on the NAS.
    pub local_path: String,
    /// The folder in the bucket.
    pub cloud_path: String,
    /// `BIDIRECTION`, `ONLY_UPLOAD` or `ONLY_DOWNLOAD`.
    pub sync_direction: String,
    /// Such as `STANDARD`.
    pub storage_class: String,
    /// Extensions to leave out.
    pub extensions: Vec<String>,
    /// File names to leave out.
    pub names: Vec<String>,
    /// Larger files are left out; bytes, 0 = no limit.
    pub max_upload_size: i64,
}

/// Something to be done. Documents are whole: setters replace (API notes §4).
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `set_global_config`.
    SetPackage(Document),
    /// `set_personal_config`: whether relinking deletes in the cloud what was deleted locally.
    SetRelink(bool),
    /// `set_connection_setting`.
    SetConnection(ConnectionId, Document),
    /// `set_schedule_setting`.
    SetSchedule(ConnectionId, Document),
    /// `set_session_setting`.
    SetTask(TaskId, Document),
    /// `set_selective_sync_config`.
    SetFilters(TaskId, Document),
    /// `pause`.
    Pause(Target),
    /// `resume`.
    Resume(Target),
    /// `unlink_connection`.
    RemoveConnection(ConnectionId),
    /// `unlink_session`.
    RemoveTask(ConnectionId, TaskId),
    /// `test_task_setting`: changes nothing, but makes the NAS reach out to the cloud.
    TestTask(ConnectionId, NewTask),
    /// `create_session`.
    CreateTask(ConnectionId, NewTask),
}

impl Command {
    /// Every method that changes something.
    pub const METHODS: [&'static str; 11] = [
        "set_global_config",
        "set_personal_config",
        "set_connection_setting",
        "set_schedule_setting",
        "set_session_setting",
        "set_selective_sync_config",
        "pause",
        "resume",
        "unlink_connection",
        "unlink_session",
        "create_session",
    ];

    /// The NAS's method.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::SetPackage(_) => "set_global_config",
            Self::SetRelink(_) => "set_personal_config",
            Self::SetConnection(..) => "set_connection_setting",
            Self::SetSchedule(..) => "set_schedule_setting",
            Self::SetTask(..) => "set_session_setting",
            Self::SetFilters(..) => "set_selective_sync_config",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::RemoveConnection(_) => "unlink_connection",
            Self::RemoveTask(..) => "unlink_session",
            Self::TestTask(..) => "test_task_setting",
            Self::CreateTask(..) => "create_session",
        }
    }
}

/// A call as it would be sent; secrets in it are replaced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Planned {
    /// The API.
    pub api: &'static str,
    /// The method.
    pub method: &'static str,
    /// Its version.
    pub version: u32,
    /// The parameters by name, each as the JSON value that is sent.
    pub params: Value,
}

/// How a NAS failed to do what it was asked or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It refused, with or without a code.
    Refused,
    /// It could not be reached, or gave no whole answer in time.
    Silent,
    /// It answered something that is no answer.
    Broken,
    /// It was not told, because it did not say a setting that would be reset by a write.
    Incomplete,
    /// It was not told, because tasks can only be made on Amazon S3 connections.
    NotS3,
}

/// A failed question or command. The texts hold no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// How.
    pub kind: FailureKind,
    /// What happened.
    pub detail: String,
    /// What a person can do about it.
    pub advice: String,
    /// In the vocabulary of the metrics.
    pub reason: DownReason,
    /// The NAS's own code.
    pub code: Option<i64>,
    /// The method that failed, where it is known.
    pub method: Option<&'static str>,
    /// Whether the NAS may have done it all the same.
    pub is_open: bool,
}

impl Failure {
    /// Whether the NAS judged the wish, rather than failing to: a code of its own, which nothing but the wish explains.
    pub fn is_verdict(&self) -> bool {
        self.kind == FailureKind::Refused && self.code.is_some() && self.reason == DownReason::Api
    }
}

/// The answers to some questions, each of which can fail alone.
pub type Answers = Vec<Result<Document, Failure>>;

/// One NAS.
pub trait Nas: Send + Sync {
    /// What the last poll knows.
    fn snapshot(&self) -> Option<Arc<Snapshot>>;

    /// How many of our sessions it turned out to have forgotten, which says that it may have restarted. Another number
    /// than before means more of them; a lower one, that they are counted anew. What is answered after a restart is
    /// answered after this has changed.
    fn sessions_lost(&self) -> u64;

    /// Asks, in one request. The answers come in the order of the questions.
    fn ask(&self, questions: Vec<Question>) -> BoxFuture<'_, Result<Answers, Failure>>;

    /// Tells.
    fn tell(&self, command: Command) -> BoxFuture<'_, Result<(), Failure>>;

    /// What [`Nas::tell`] would send. It may ask, and sends nothing that changes anything.
    fn plan(&self, command: Command) -> BoxFuture<'_, Result<Planned, Failure>>;

    /// Polls as soon as that is possible, without waiting for it.
    fn poll_soon(&self);

    /// Polls, and waits until it is done; false when it could not be.
    fn poll(&self) -> BoxFuture<'_, bool>;

    /// Counts a command that was sent.
    fn acted(&self, method: &'static str, source: Source);

    /// Counts an action that a guard kept back.
    fn blocked(&self, guard: &'static str);

    /// Counts a command that was sent and did not come to anything.
    fn action_failed(&self, method: &'static str, source: Source);

    /// Shows the holds that are in force on it.
    fn show_holds(&self, holds: Vec<crate::model::HeldConnection>);
}

/// Who made a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A caller of the API.
    Api,
    /// A rule.
    Rule,
    /// The end of a hold.
    Release,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Api, Self::Rule, Self::Release];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Rule => "rule",
            Self::Release => "release",
        }
    }
}

/// The NASes of this instance.
pub trait Directory: Send + Sync {
    /// Their names, sorted.
    fn names(&self) -> Vec<NasName>;

    /// One of them.
    fn nas(&self, name: &NasName) -> Option<Arc<dyn Nas>>;
}
