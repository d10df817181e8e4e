//! Actions over two scripted NASes and a state file on disk, with what a test asks of them over and over.

use super::script::{Nases, Script};
use cloudsync_exporter::actions::settings::Subject;
use cloudsync_exporter::actions::{
    ActionError, Actions, AuditFilter, Done, Effect, Failure, Hold, Keeper, Object, Options, Origin, Pause,
    Resume, Retention, Source, Target,
};
use cloudsync_exporter::model::{ConnectionId, NasName};
use cloudsync_exporter::state::StateFile;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// How long the NASes have to show a pause.
pub(crate) const VERIFY: Duration = Duration::from_secs(30);

/// Everything that is needed to act.
pub(crate) struct Desk {
    pub(crate) home: Arc<Script>,
    pub(crate) office: Arc<Script>,
    pub(crate) nases: Arc<Nases>,
    pub(crate) actions: Arc<Actions>,
    pub(crate) file: PathBuf,
    /// The state, where it is kept in memory: it outlives the restarts of a test.
    memory: Option<Arc<StateFile>>,
    _place: TempDir,
}

pub(crate) fn home() -> NasName {
    NasName::new("home")
}

pub(crate) fn one(id: i64) -> Target {
    Target::One(ConnectionId(id))
}

/// A caller of the API.
pub(crate) fn origin() -> Origin {
    Origin {
        token: "ops".to_owned(),
        peer: "127.0.0.1:9".to_owned(),
        route: "POST /test".to_owned(),
        source: Source::Api,
        reason: Some("because".to_owned()),
        key: None,
        caller: cloudsync_exporter::actions::Caller::default(),
    }
}

fn open(nases: &Arc<Nases>, state: Arc<StateFile>) -> Arc<Actions> {
    let options = Options {
        verify_timeout: VERIFY,
        retention: Retention { max_age: Duration::from_secs(3_600), max_bytes: 1 << 20 },
    };
    Arc::new(Actions::open(Arc::clone(nases) as Arc<_>, state, options).unwrap())
}

/// What a program finds when it starts.
fn state(file: &Path, memory: Option<&Arc<StateFile>>) -> Arc<StateFile> {
    memory.map_or_else(|| Arc::new(StateFile::open(file).unwrap()), Arc::clone)
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::over(None)
    }

    /// Without a file: much faster, for tests that go through thousands of cases.
    pub(crate) fn in_memory() -> Self {
        Self::over(Some(Arc::new(StateFile::in_memory().unwrap())))
    }

    fn over(memory: Option<Arc<StateFile>>) -> Self {
        let place = TempDir::new().unwrap();
        let file = place.path().join("state.sqlite");
        let (home, office) = (Script::new("home"), Script::new("office"));
        let nases = Arc::new(Nases::default());
        nases.add(&home);
        nases.add(&office);
        let actions = open(&nases, state(&file, memory.as_ref()));
        Self { home, office, nases, actions, file, memory, _place: place }
    }

    /// What a program finds when it starts.
    pub(crate) fn state(&self) -> Arc<StateFile> {
        state(&self.file, self.memory.as_ref())
    }

    /// The program ends and starts again.
    pub(crate) fn restart(&mut self) {
        self.actions = open(&self.nases, self.state());
    }

    pub(crate) fn keeper(&self) -> Keeper {
        Keeper::new(Arc::clone(&self.actions))
    }

    pub(crate) async fn pause(&self, target: Target, seconds: Option<u64>) -> Result<Effect, ActionError> {
        let wish = Pause { target, reason: "because".to_owned(), seconds, latch: false, holder: None };
        self.actions.pause(&home(), &wish, &origin(), false).await
    }

    pub(crate) async fn resume(&self, target: Target, overrides: bool) -> Result<Effect, ActionError> {
        self.actions.resume(&home(), Resume { target, overrides }, &origin(), false).await
    }

    pub(crate) async fn release(&self, hold: &str) -> Result<Effect, ActionError> {
        self.actions.release(hold, &origin(), false).await
    }

    pub(crate) async fn change(&self, patch: Value) -> Result<Effect, ActionError> {
        let subject = Subject::Connection(ConnectionId(3));
        self.change_of(subject, patch).await
    }

    pub(crate) async fn change_of(&self, subject: Subject, patch: Value) -> Result<Effect, ActionError> {
        let patch = subject.schema().check(patch).unwrap();
        let object = Object::connection(3, "Dropbox");
        self.actions.change(&home(), subject, object, patch, &origin(), false).await
    }

    /// The records of the audit, oldest first.
    pub(crate) async fn audit(&self) -> Vec<Value> {
        let mut records = self.actions.journal().page(AuditFilter::default(), 1_000).await.unwrap();
        records.reverse();
        records
    }

    /// The records in short, oldest first: `pause succeeded`.
    pub(crate) async fn outcomes(&self) -> Vec<String> {
        let short = |record: &Value| {
            format!("{} {}", record["action"].as_str().unwrap(), record["outcome"].as_str().unwrap())
        };
        self.audit().await.iter().map(short).collect()
    }

    /// The holds in short, oldest first: `home 3 held`.
    pub(crate) fn holds(&self) -> Vec<String> {
        let short = |hold: &Hold| {
            let phase = serde_json::to_value(hold.phase).unwrap();
            format!("{} {} {}", hold.nas, hold.connection_id, phase.as_str().unwrap())
        };
        self.actions.book().all().iter().map(short).collect()
    }

    /// The id of the newest hold.
    pub(crate) fn newest(&self) -> String {
        self.actions.book().all().pop().unwrap().id
    }
}

/// What was done, of an action that was.
#[track_caller]
pub(crate) fn done(effect: Result<Effect, ActionError>) -> Done {
    match effect {
        Ok(Effect::Done(done)) => done,
        other => panic!("not done: {other:?}"),
    }
}

/// How the NAS failed, of an action that it failed; and the audit's number, if it came to a record.
#[track_caller]
pub(crate) fn failed(effect: Result<Effect, ActionError>) -> (Failure, Option<i64>) {
    match effect {
        Err(ActionError::Nas { failure, audit, .. }) => (*failure, audit),
        other => panic!("the NAS did not fail it: {other:?}"),
    }
}
