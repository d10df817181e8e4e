//! Runs a history over the real engine, keeper and actions.

use super::event::{At, Event, First, History, Place, rules};
use super::judge::Expected;
use super::send::Senders;
use super::watch::{Actor, Watch, real};
use crate::actions::desk::Desk;
use crate::actions::script::Script;
use crate::automation::stage::{Stage, settings};
use cloudsync_exporter::actions::clock;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, advance};

/// When every history begins, in milliseconds since 1970.
const BEGINNING: i64 = 1_800_000_000_000;

/// A history that is being run.
pub(super) struct Trial {
    pub(super) stage: Stage,
    pub(super) watch: Arc<Mutex<Watch>>,
    pub(super) senders: Senders,
    pub(super) expected: Vec<Expected>,
    pub(super) death: Arc<Notify>,
    pub(super) is_told: bool,
    pub(super) fires_anew: bool,
    started: Instant,
    moved: i64,
    /// Looks of the rules since the start or the last change of the configuration.
    pub(super) settled: u32,
    /// When the rules last began to look; the calendar's milliseconds.
    pub(super) ruled: i64,
}

/// Does something; nothing comes of it when the program ends in the middle.
pub(super) async fn alive<T>(death: &Notify, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = death.notified() => None,
        value = work => Some(value),
    }
}

impl Trial {
    pub(super) fn new(history: &History) -> Self {
        clock::stop_at(BEGINNING);
        fastrand::seed(7);
        let stage = Stage::over(Desk::in_memory(), settings(&rules()));
        let watch = Watch::new(Arc::clone(&stage.desk.actions), stage.desk.state());
        let death = Arc::clone(&watch.death);
        let trial = Self {
            stage,
            watch: Arc::new(Mutex::new(watch)),
            senders: Senders::default(),
            expected: Vec::new(),
            death,
            is_told: history.is_told,
            fires_anew: history.fires_anew,
            started: Instant::now(),
            moved: 0,
            settled: 0,
            ruled: 0,
        };
        for at in At::ALL {
            let (script, watch) = (trial.script(at), Arc::clone(&trial.watch));
            let weak = Arc::downgrade(&script);
            script.when_told(move |command| {
                let script = weak.upgrade().expect("it is told");
                watch.lock().unwrap().told(at, command, &script);
            });
        }
        trial
    }

    pub(super) fn close(&mut self) {
        for at in At::ALL {
            let script = self.script(at);
            script.when_told(|_| {});
            script.world().told.clear();
        }
    }

    pub(super) fn log(&self) -> String {
        self.watch().log.join("\n")
    }

    pub(super) fn note(&self, what: &str) {
        #[expect(clippy::cast_precision_loss, reason = "it is only shown")]
        let hours = self.moved as f64 / 3_600_000.0;
        self.watch().log.push(format!("{hours:8.4} h  {what}"));
    }

    pub(super) fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap()
    }

    pub(super) fn script(&self, at: At) -> Arc<Script> {
        match at {
            At::Home => Arc::clone(&self.stage.desk.home),
            At::Office => Arc::clone(&self.stage.desk.office),
        }
    }

    pub(super) fn is_paused(&self, Place(at, id): Place) -> bool {
        real(&self.script(at), id).is_paused
    }

    /// The calendar goes by as tokio's clock did.
    pub(super) fn go_by(&mut self) {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap();
        clock::move_by(elapsed - self.moved);
        self.moved = elapsed;
    }

    /// What was found wrong.
    pub(super) fn verdict(&self) -> Result<(), String> {
        match self.watch().wrong.first() {
            None => Ok(()),
            Some(wrong) => Err(wrong.clone()),
        }
    }

    /// One thing happens.
    pub(super) async fn happens(&mut self, event: Event) -> Result<(), String> {
        // No two things happen in the same moment.
        advance(Duration::from_millis(7)).await;
        self.go_by();
        match event {
            Event::Pass(seconds, first) => self.pass(seconds, first).await?,
            Event::Fires(..)
            | Event::Ends(..)
            | Event::Turns(_)
            | Event::Arrives
            | Event::Again(_)
            | Event::Answers(..) => self.alert(event).await?,
            Event::DsmPauses(_)
            | Event::DsmResumes(_)
            | Event::Pauses(..)
            | Event::PausesAll(_)
            | Event::Resumes(..)
            | Event::ResumesAll(..)
            | Event::Deletes(_)
            | Event::Freezes(_) => self.person(event).await?,
            other => self.machine(other).await?,
        }
        self.look_at_holds();
        self.verdict()
    }

    /// So many seconds go by.
    pub(super) async fn pass(&mut self, seconds: u64, first: First) -> Result<(), String> {
        if seconds > 3 {
            self.second(seconds - 2, First::Rules).await?;
        }
        for _ in 0..seconds.min(if seconds > 3 { 2 } else { 3 }) {
            self.second(1, first).await?;
        }
        Ok(())
    }

    /// The NASes are polled, the rules and the holds are seen to.
    async fn second(&mut self, seconds: u64, first: First) -> Result<(), String> {
        advance(Duration::from_secs(seconds)).await;
        self.go_by();
        for at in At::ALL {
            self.poll(at);
        }
        let answers = self.senders.answers();
        *self.stage.alertmanagers.0.lock().unwrap() = answers;
        // After a start the holds are renewed before any is looked after.
        let first = if self.settled == 0 { First::Rules } else { first };
        let is_keeper_first = first == First::Keeper;
        let mut is_alive = !is_keeper_first || self.keeper().await;
        is_alive = is_alive && self.rules().await;
        is_alive = is_alive && (is_keeper_first || self.keeper().await);
        if is_alive {
            self.look_at_persons();
        }
        self.verdict()
    }

    async fn rules(&mut self) -> bool {
        self.watch().actor = Actor::Rules;
        self.ruled = clock::now();
        let mut memories = std::mem::take(&mut self.stage.memories);
        let done = alive(&self.death, self.stage.automation.settle(&mut memories)).await;
        self.stage.memories = memories;
        self.settled += 1;
        self.after(done.is_some()).await
    }

    async fn keeper(&mut self) -> bool {
        self.watch().actor = Actor::Keeper;
        let keeper = &mut self.stage.keeper;
        let work = async {
            keeper.tick().await;
            keeper.rest().await;
        };
        let done = alive(&self.death, work).await;
        self.after(done.is_some()).await
    }

    /// After something that the program did, or died of.
    pub(super) async fn after(&mut self, is_alive: bool) -> bool {
        self.go_by();
        if !is_alive {
            self.die().await;
        }
        let (actor, paused) = {
            let mut watch = self.watch();
            (watch.actor, std::mem::take(&mut watch.paused))
        };
        for place in paused {
            self.watch().place(place).steady = 0;
            // A pause for another hold hides that a person resumed a moment ago.
            if actor != Actor::Keeper {
                self.confuse(place);
            }
        }
        self.watch().actor = Actor::Nobody;
        self.look_at_holds();
        is_alive
    }
}
