//! The door to one NAS, over the client, the poller and the exposition.

mod commands;
mod failure;

use crate::actions::{Answers, Command, Failure, Nas, Planned, Question, Source};
use crate::dsm::cloud_sync::read::{self, GroupBy, LogQuery};
use crate::dsm::cloud_sync::wire;
use crate::dsm::{self, Batch, Client, Slot, document};
use crate::metrics::{Exposition, NasCounters};
use crate::model::{HeldConnection, NasName, Snapshot};
use crate::poller::Poke;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use failure::failure;

/// One NAS.
pub(super) struct NasPort {
    pub(super) name: NasName,
    pub(super) client: Client,
    pub(super) counters: Arc<NasCounters>,
    pub(super) exposition: Arc<Exposition>,
    pub(super) poke: Poke,
    /// Turns of questions: callers must not ask more of a weak NAS at once than it can answer.
    pub(super) turns: Semaphore,
    /// How long a poll that somebody waits for may take.
    pub(super) patience: Duration,
}

/// Questions of callers that a NAS is asked at once.
pub(super) const QUESTIONS_AT_ONCE: usize = 4;

/// A question in a batch: takes its answer out of those of the batch, as a document.
type Take = Box<dyn FnOnce(&mut dsm::Answers) -> Result<Map<String, Value>, dsm::Error> + Send>;

fn take<T: DeserializeOwned + Serialize + Send + 'static>(slot: Slot<T>) -> Take {
    Box::new(move |answers| answers.take(slot).map(|answer| document(&answer)))
}

fn add(batch: &mut Batch, question: Question) -> Take {
    match question {
        Question::Package => take(batch.add(read::get_config())),
        Question::Connections => take(batch.add(read::list_conn(GroupBy::User))),
        Question::Settings(id) => take(batch.add(read::get_connection_setting(id.0))),
        Question::Property(id) => take(batch.add(read::get_property(id.0))),
        Question::Access(id) => {
            let slot = batch.add(read::get_conn_auth_info(id.0));
            Box::new(move |answers| answers.take(slot).map(|access: wire::AuthInfo| access.redacted()))
        }
        Question::Log(id, filter) => {
            let query = LogQuery {
                offset: filter.offset,
                limit: filter.limit,
                keyword: filter.keyword,
                date_from: filter.from,
                date_to: filter.to,
                log_level: filter.level,
                action: filter.action,
            };
            take(batch.add(read::get_log(Some(id.0), &query)))
        }
        Question::Tasks(id) => take(batch.add(read::list_sess(id.0))),
        Question::TaskSettings(id) => take(batch.add(read::get_session_setting(id.0))),
        Question::TaskFilters(id) => take(batch.add(read::get_selective_sync_config(id.0))),
        Question::Folders { task, file_id, path } => {
            take(batch.add(read::get_selective_folder_list(task.0, &file_id, &path)))
        }
    }
}

impl NasPort {
    async fn ask(&self, questions: Vec<Question>) -> Result<Answers, Failure> {
        if questions.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch = Batch::new();
        let takes: Vec<Take> = questions.into_iter().map(|question| add(&mut batch, question)).collect();
        // Never closed; were it, asking is the lesser evil.
        let _turn = self.turns.acquire().await.ok();
        // Questions change nothing, however they fail.
        let settled = |error: &dsm::Error| Failure { is_open: false, ..failure(error) };
        let mut answers = self.client.run(batch).await.map_err(|error| settled(&error))?;
        Ok(takes.into_iter().map(|take| take(&mut answers).map_err(|error| settled(&error))).collect())
    }
}

impl Nas for NasPort {
    fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.exposition.snapshot(&self.name)
    }

    fn sessions_lost(&self) -> u64 {
        self.client.sessions_lost()
    }

    fn ask(&self, questions: Vec<Question>) -> BoxFuture<'_, Result<Answers, Failure>> {
        Box::pin(self.ask(questions))
    }

    fn tell(&self, command: Command) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(commands::tell(&self.client, command))
    }

    fn plan(&self, command: Command) -> BoxFuture<'_, Result<Planned, Failure>> {
        Box::pin(commands::plan(&self.client, command))
    }

    fn poll_soon(&self) {
        self.poke.now();
    }

    fn poll(&self) -> BoxFuture<'_, bool> {
        Box::pin(async { matches!(timeout(self.patience, self.poke.poll()).await, Ok(Ok(()))) })
    }

    fn acted(&self, method: &'static str, source: Source) {
        self.counters.acted(method, source.as_str());
    }

    fn blocked(&self, guard: &'static str) {
        self.counters.blocked(guard);
    }

    fn action_failed(&self, method: &'static str, source: Source) {
        self.counters.action_failed(method, source.as_str());
    }

    fn show_holds(&self, holds: Vec<HeldConnection>) {
        self.counters.show_holds(holds);
    }
}
