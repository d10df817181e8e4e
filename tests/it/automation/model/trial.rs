//! Runs a history over the real engine, keeper and actions.

use super::event::{At, Call, Copies, Event, Failing, First, History, KINDS, Kind, PLACES, Peer, Place, rules};
use super::known::{cases, on_now};
use super::watch::{Actor, Watch, real};
use crate::actions::desk::Desk;
use crate::actions::script::{Fault, Script};
use crate::automation::stage::{Stage, bearer, notification, settings};
use cloudsync_exporter::actions::{Cause, clock};
use cloudsync_exporter::automation::{Answer, Listed, Notification, Settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, advance, sleep};

/// When every history begins, in milliseconds since 1970.
const BEGINNING: i64 = 1_800_000_000_000;

pub(super) static T: [std::sync::atomic::AtomicU64; 12] = [const { std::sync::atomic::AtomicU64::new(0) }; 12];
pub(super) fn lap(i: usize, t: std::time::Instant) {
    T[i].fetch_add(t.elapsed().as_micros() as u64, std::sync::atomic::Ordering::Relaxed);
    T[i+1].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}
/// An alert, as its Prometheus knows it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Truth {
    /// Since when it is on, if it is.
    pub(super) on: Option<i64>,
    /// Since when it was on last.
    started: i64,
    /// The latest end that was ever sent.
    ended: Option<i64>,
}

/// What a person's resume in DSM must lead to.
pub(super) struct Expected {
    pub(super) place: Place,
    pub(super) hold: String,
    pub(super) rests: Vec<super::known::Rest>,
    /// Whether nothing else can be made of it.
    pub(super) is_certain: bool,
    /// So many good looks since.
    pub(super) looks: u32,
}

/// A history that is being run.
pub(super) struct Trial {
    pub(super) stage: Stage,
    pub(super) watch: Arc<Mutex<Watch>>,
    pub(super) truth: BTreeMap<Kind, Truth>,
    sent: Vec<Value>,
    held_up: VecDeque<Value>,
    peers: Vec<Peer>,
    /// Whether there was ever an Alertmanager to ask.
    was_asked: bool,
    /// The ends that were told.
    told_ends: BTreeSet<(Kind, i64)>,
    pub(super) expected: Vec<Expected>,
    pub(super) death: Arc<Notify>,
    pub(super) is_told: bool,
    pub(super) fires_anew: bool,
    started: Instant,
    moved: i64,
    /// Looks of the rules since the start or the last change of the configuration.
    settled: u32,
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
        let t0 = std::time::Instant::now();
        clock::stop_at(BEGINNING);
        fastrand::seed(7);
        let stage = Stage::over(Desk::in_memory(), settings(&rules()));
        let watch = Watch::new(Arc::clone(&stage.desk.actions), stage.desk.state());
        let death = Arc::clone(&watch.death);
        let trial = Self {
            stage,
            watch: Arc::new(Mutex::new(watch)),
            truth: KINDS.map(|kind| (kind, Truth::default())).into(),
            sent: Vec::new(),
            held_up: VecDeque::new(),
            peers: Vec::new(),
            was_asked: false,
            told_ends: BTreeSet::new(),
            expected: Vec::new(),
            death,
            is_told: history.is_told,
            fires_anew: history.fires_anew,
            started: Instant::now(),
            moved: 0,
            settled: 0,
        };
        for at in At::ALL {
            let (script, watch) = (trial.script(at), Arc::clone(&trial.watch));
            let weak = Arc::downgrade(&script);
            script.when_told(move |command| {
                let script = weak.upgrade().expect("it is told");
                watch.lock().unwrap().told(at, command, &script);
            });
        }
        lap(0, t0);
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
    fn go_by(&mut self) {
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
            Event::Fires(alert, copies) => {
                let (starts, copy) = (self.begins(alert), |starts| payload(alert, "firing", starts, None));
                self.send(copies, copy(starts), |earlier| copy(starts - earlier)).await?;
            }
            Event::Ends(alert, copies) => {
                let (starts, ends) = self.ends(alert);
                let copy = |starts| payload(alert, "resolved", starts, ends);
                self.send(copies, copy(starts), |earlier| copy(starts - earlier)).await?;
            }
            Event::Turns(alert) => match self.truth[&alert].on {
                Some(_) => drop(self.ends(alert)),
                None => drop(self.begins(alert)),
            },
            Event::Arrives => {
                if let Some(alert) = self.held_up.pop_front() {
                    self.tell(&[alert]).await?;
                }
            }
            Event::Again(before) => {
                let index = self.sent.len().checked_sub(before + 1);
                if let Some(alert) = index.and_then(|index| self.sent.get(index)).cloned() {
                    self.tell(&[alert]).await?;
                }
            }
            Event::Answers(one, other) => {
                self.peers = [one, other].into_iter().flatten().collect();
                self.was_asked |= !self.peers.is_empty();
            }
            Event::Loads(enforces, share) => self.load(enforces, share),
            Event::Restarts => self.restart(),
            Event::Goes(at) => {
                self.watch().nas(at).is_up = false;
                for call in Call::ALL {
                    self.fail(at, call, Failing::Unreachable);
                }
            }
            Event::Comes(at, forgets) => {
                let was_up = std::mem::replace(&mut self.watch().nas(at).is_up, true);
                self.mend(at);
                if forgets && !was_up {
                    self.forget(at);
                }
            }
            Event::Blinks(at) => {
                let was_up = std::mem::replace(&mut self.watch().nas(at).is_up, false);
                self.pass(1, First::Keeper).await?;
                self.watch().nas(at).is_up = was_up;
            }
            Event::Fails(at, call, failing) => self.fail(at, call, failing),
            Event::Mends(at) => {
                if self.watch().nas(at).is_up {
                    self.mend(at);
                }
            }
            Event::Lags(at, lists) => {
                self.script(at).lags(lists);
                self.watch().nas(at).lags = Some(clock::now());
            }
            Event::Dies(at, is_done) => {
                for call in [Call::Pause, Call::Resume] {
                    self.fail(at, call, Failing::Deadly(is_done));
                }
            }
            Event::Breaks(place) => {
                self.script(place.0).breaks(place.1);
                self.confuse(place);
            }
            Event::Heals(Place(at, id)) => self.script(at).heals(id),
            by_person => self.person(by_person).await?,
        }
        self.look_at_holds();
        self.verdict()
    }

    fn load(&mut self, enforces: bool, share: f64) {
        let settings = Settings { enforces, max_held_share: share, ..self.stage.settings.clone() };
        self.stage.set(settings);
        self.settled = 0;
        let mut watch = self.watch();
        (watch.enforces, watch.share) = (enforces, share);
    }

    pub(super) fn restart(&mut self) {
        self.stage.restart();
        self.settled = 0;
        // It knows nothing of earlier polls.
        At::ALL.iter().for_each(|at| self.script(*at).world().snapshot = None);
        let mut watch = self.watch();
        watch.actions = Arc::clone(&self.stage.desk.actions);
        watch.log.push("      the program starts".to_owned());
        for known in watch.places.values_mut() {
            known.steady = 0;
        }
        At::ALL.into_iter().for_each(|at| watch.loses(at));
        watch.nases.values_mut().for_each(|health| health.good = 0);
        drop(watch);
        self.expected.iter_mut().for_each(|expected| expected.is_certain = false);
    }

    /// The program ended in the middle of something.
    pub(super) async fn die(&mut self) {
        // What the keeper does to the other NAS at the same time comes to its end.
        sleep(Duration::from_secs(10)).await;
        self.go_by();
        for at in At::ALL {
            for call in Call::ALL {
                let fault = self.watch().nases[&at].faults.get(&call).copied();
                if let Some(Failing::Deadly(_)) = fault {
                    self.watch().nas(at).faults.remove(&call);
                    self.script(at).mend(call.as_str());
                }
            }
        }
        self.restart();
    }

    fn fail(&mut self, at: At, call: Call, failing: Failing) {
        use Failing::{Deadly, DoneButLost, Garbled, Ignored, Lost, Refused, Unreachable};
        if !self.watch().nas(at).is_up && failing != Unreachable {
            return;
        }
        // A question does nothing that could be lost or ignored.
        let failing = match (call, failing) {
            (Call::List, DoneButLost | Ignored) => Lost,
            (_, other) => other,
        };
        let fault = match failing {
            Refused => Fault::Refuse(402),
            Lost => Fault::Lost,
            DoneButLost => Fault::DoneButLost,
            Ignored => Fault::Ignore,
            Garbled => Fault::Broken,
            Unreachable => Fault::Unreachable,
            Deadly(is_done) => Fault::Silence { is_done },
        };
        self.script(at).fails(call.as_str(), fault);
        self.watch().nas(at).faults.insert(call, failing);
    }

    pub(super) fn mend(&mut self, at: At) {
        self.script(at).mend_all();
        self.watch().nas(at).faults.clear();
    }

    /// An alert is on from now on. Gives since when it is.
    pub(super) fn begins(&mut self, alert: Kind) -> i64 {
        let truth = self.truth.get_mut(&alert).unwrap();
        truth.on.is_none().then(|| truth.started = clock::now());
        truth.on = Some(truth.started);
        truth.started
    }

    /// An alert is over from now on. Gives since when and until when it was on last.
    pub(super) fn ends(&mut self, alert: Kind) -> (i64, Option<i64>) {
        let (truth, now) = (self.truth.get_mut(&alert).unwrap(), clock::now());
        if truth.on.take().is_some() || truth.ended.is_none() {
            truth.ended = Some(now);
        }
        if truth.started == 0 {
            truth.started = now - 60_000;
        }
        (truth.started, truth.ended)
    }

    /// Sends a notification in copies, of which some may begin earlier.
    async fn send(
        &mut self,
        copies: Copies,
        alert: Value,
        earlier: impl Fn(i64) -> Value,
    ) -> Result<(), String> {
        if copies != Copies::Later {
            self.sent.push(alert.clone());
            self.tell(std::slice::from_ref(&alert)).await?;
        }
        match copies {
            Copies::One => {}
            Copies::Two => self.tell(&[alert]).await?,
            Copies::Earlier(seconds) => {
                let alert = earlier(seconds * 1_000);
                self.sent.push(alert.clone());
                self.tell(&[alert]).await?;
            }
            Copies::OneLater | Copies::Later => self.held_up.push_back(alert),
        }
        Ok(())
    }

    /// A notification comes. What is acknowledged must be on disk.
    pub(super) async fn tell(&mut self, alerts: &[Value]) -> Result<(), String> {
        let t0 = std::time::Instant::now();
        let before = cases(&self.watch().state);
        lap(6, t0);
        let t0 = std::time::Instant::now();
        let body = serde_json::to_vec(&notification(alerts)).unwrap();
        let accepted = self.stage.automation.accept(body, bearer()).await;
        if accepted.as_ref().is_ok_and(|accepted| accepted.alerts != alerts.len()) || accepted.is_err() {
            return Err(format!("{alerts:?} became {accepted:?}"));
        }
        lap(8, t0);
        let after = cases(&self.watch().state);
        for alert in alerts {
            let alert = parse(alert);
            let kind = super::event::kind_of(&alert.fingerprint);
            let find = |cases: &[cloudsync_exporter::automation::Case], rule: &str| {
                cases.iter().find(|case| case.rule == rule && case.alert.fingerprint == kind.id).cloned()
            };
            let starts = alert.starts_at.as_millisecond();
            let is_news = self.truth[&kind].ended.is_none_or(|ended| starts > ended);
            for rule in kind.rules {
                let (before, after) = (find(&before, rule), find(&after, rule));
                let is_kept = match alert.ends_at {
                    None if is_news => after.as_ref().is_some_and(|case| {
                        let is_open = case.is_open() && case.heard == clock::now();
                        // An Alertmanager said that it is over, and may be right for a while.
                        is_open || (self.was_asked && !case.is_open())
                    }),
                    // The end of what went on until then, or of what nobody knew.
                    Some(ends) if self.is_over(kind, ends.as_millisecond()) => {
                        // An Alertmanager may have put it later.
                        after.as_ref().is_none_or(|case| !case.is_open()) || self.was_asked
                    }
                    _ => after.is_some() || before.is_none(),
                };
                if !is_kept {
                    return Err(format!("{alert:?} was acknowledged, and rule {rule} has {after:?} after {before:?}"));
                }
            }
            self.told_ends.extend(alert.ends_at.map(|ends| (kind, ends.as_millisecond())));
        }
        Ok(())
    }

    /// Whether this end of an alert is the last that there was, and is heard of for the first time.
    fn is_over(&self, kind: Kind, ends: i64) -> bool {
        let truth = &self.truth[&kind];
        truth.on.is_none() && truth.ended == Some(ends) && !self.told_ends.contains(&(kind, ends))
    }

    /// What the Alertmanagers answer from now on.
    fn answer(&mut self) {
        if self.peers.is_empty() {
            self.stage.alertmanagers.0.lock().unwrap().clear();
            return;
        }
        let listed = |is_suppressed: bool| {
            let on = self.truth.iter().filter_map(|(kind, truth)| Some((*kind, truth.on?)));
            let listed = on.map(|(kind, starts)| Listed {
                alert: parse(&payload(kind, "firing", starts, None)),
                is_suppressed,
                receivers: vec!["am".to_owned()],
            });
            listed.collect::<Vec<_>>()
        };
        let answers = self.peers.iter().enumerate().map(|(index, peer)| Answer {
            url: format!("http://am{index}:9093"),
            alerts: match peer {
                Peer::Knows | Peer::Garbled => Ok(listed(false)),
                Peer::Silenced => Ok(listed(true)),
                Peer::Empty => Ok(Vec::new()),
                Peer::Silent => Err("timeout".to_owned()),
            },
            malformed: usize::from(*peer == Peer::Garbled),
        });
        *self.stage.alertmanagers.0.lock().unwrap() = answers.collect();
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
        self.answer();
        // After a start the holds are renewed before any is looked after.
        let first = if self.settled == 0 { First::Rules } else { first };
        let is_alive = match first {
            First::Rules => self.rules().await && self.keeper().await,
            First::Keeper => self.keeper().await && self.rules().await,
        };
        if is_alive {
            self.look_at_persons();
        }
        self.verdict()
    }

    fn poll(&mut self, at: At) {
        let ahead = (clock::now() - jiff::Timestamp::now().as_millisecond()) as f64 / 1_000.0;
        let script = self.script(at);
        let mut watch = self.watch();
        let health = watch.nas(at);
        // Whatever a NAS shows late, it shows it before anybody gives up.
        if health.lags.is_some_and(|since| clock::now() - since > 20_000) {
            health.lags = None;
            script.world().lag = 0;
        }
        let is_away = matches!(health.faults.get(&Call::List), Some(Failing::Lost | Failing::Unreachable));
        let is_good = health.is_up && health.faults.is_empty() && health.lags.is_none();
        health.good = if is_good { health.good + 1 } else { 0 };
        let was_away = !health.is_up || is_away;
        script.polled(health.is_up, ahead);
        for (_, known) in watch.places.iter_mut().filter(|(place, _)| place.0 == at) {
            known.steady = if is_good { known.steady + 1 } else { 0 };
        }
        if was_away {
            watch.loses(at);
        }
        drop(watch);
        for expected in self.expected.iter_mut().filter(|expected| expected.place.0 == at) {
            expected.is_certain &= is_good;
            expected.looks += 1;
        }
    }

    async fn rules(&mut self) -> bool {
        self.watch().actor = Actor::Rules;
        let t0 = std::time::Instant::now();
        let mut memories = std::mem::take(&mut self.stage.memories);
        let done = alive(&self.death, self.stage.automation.settle(&mut memories)).await;
        self.stage.memories = memories;
        lap(2, t0);
        self.settled += 1;
        self.after(done.is_some()).await
    }

    async fn keeper(&mut self) -> bool {
        self.watch().actor = Actor::Keeper;
        let t0 = std::time::Instant::now();
        let keeper = &mut self.stage.keeper;
        let work = async {
            keeper.tick().await;
            keeper.rest().await;
        };
        let done = alive(&self.death, work).await;
        lap(4, t0);
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

    /// What must be so of holds at every moment, and what those that ended mean.
    fn look_at_holds(&mut self) {
        let t0 = std::time::Instant::now();
        let mut watch = self.watch();
        let now = clock::now();
        let holds = watch.actions.book().all();
        let mut wrong = Vec::new();
        for hold in holds.iter().filter(|hold| !hold.rule.is_empty()) {
            let rule = &watch.rules[&hold.rule];
            let most = hold.created + i64::try_from(rule.max_hold.as_millis()).unwrap();
            let is_bounded = hold.until.is_some_and(|until| until <= most);
            if hold.latch != rule.latch || hold.latch == hold.until.is_some() || !(hold.latch || is_bounded) {
                wrong.push(format!("nothing ends {hold:?} in time"));
            }
            if !watch.doings.holds.contains_key(&hold.id) {
                wrong.push(format!("nobody took {hold:?}"));
            }
        }
        let Watch { doings, state, actions, rules, enforces, .. } = &mut *watch;
        let running: Vec<(String, Place)> = doings
            .holds
            .iter()
            .filter(|(_, held)| held.ended.is_none())
            .map(|(id, held)| (id.clone(), held.place))
            .collect();
        for (id, place) in running {
            if holds.iter().any(|hold| hold.id == id && !hold.is_ending()) {
                doings.holds.get_mut(&id).unwrap().alive = now;
                continue;
            }
            let endings = actions.book().endings_of(&place.0.name(), now);
            let Some(ending) = endings.into_iter().find(|ending| ending.hold == id) else {
                wrong.push(format!("hold {id} went without a word"));
                doings.holds.get_mut(&id).unwrap().ended = Some(Cause::Gone);
                continue;
            };
            let enforces = *enforces && self.settled > 1;
            let rule = &rules[&doings.holds[&id].rule];
            wrong.extend(doings.ends(&id, ending.cause, (rule, enforces), state, now));
        }
        watch.wrong.extend(wrong);
        lap(10, t0);
    }

    /// Whether what persons did in DSM is heeded.
    fn look_at_persons(&mut self) {
        let mut left = Vec::new();
        for expected in std::mem::take(&mut self.expected) {
            let mut watch = self.watch();
            let hold = watch.actions.book().get(&expected.hold).filter(|hold| !hold.is_ending());
            let ended = watch.doings.holds.get(&expected.hold).and_then(|held| held.ended);
            match (hold, ended) {
                (None, Some(Cause::Person)) => watch.doings.rests.extend(expected.rests),
                (None, _) => {}
                (Some(hold), _) if expected.is_certain && expected.looks > 4 => {
                    watch.wrong.push(format!("a person resumed {:?}, and {hold:?} stays", expected.place));
                }
                (Some(_), _) => {
                    drop(watch);
                    left.push(expected);
                }
            }
        }
        self.expected = left;
    }

    /// What rests when a rule is told now to stay away.
    pub(super) fn on_now(&self, rule: &str, place: Place) -> Vec<super::known::Rest> {
        on_now(&self.watch().state, rule, place)
    }

    /// The NAS has forgotten what was paused.
    fn forget(&mut self, at: At) {
        for place in PLACES.into_iter().filter(|place| place.0 == at) {
            if self.is_paused(place) {
                self.set_paused(place, false);
                self.forgot(place);
            }
        }
    }

    pub(super) fn set_paused(&mut self, place: Place, is_paused: bool) {
        let word = if is_paused { "pause" } else { "syncing" };
        let script = self.script(place.0);
        if real(&script, place.1).is_broken {
            script.world().connections.get_mut(&place.1).unwrap().hidden = word;
        } else {
            script.set_status(place.1, word);
        }
        self.watch().place(place).steady = 0;
    }
}

pub(super) fn parse(alert: &Value) -> cloudsync_exporter::automation::Alert {
    let body = serde_json::to_vec(&notification(std::slice::from_ref(alert))).unwrap();
    Notification::parse(&body).unwrap().alerts.remove(0)
}

/// An alert as a notification has it.
pub(super) fn payload(kind: Kind, status: &str, starts: i64, ends: Option<i64>) -> Value {
    let at = |at: i64| jiff::Timestamp::from_millisecond(at).unwrap().to_string();
    let mut labels = json!({ "alertname": "Full", "rule": kind.label, "id": kind.id });
    if let Some(Place(nas, id)) = kind.place {
        labels["nas"] = nas.as_str().into();
        labels["conn_id"] = id.to_string().into();
    }
    json!({
        "status": status,
        "labels": labels,
        "startsAt": at(starts),
        "endsAt": ends.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), at),
        "fingerprint": kind.id,
    })
}
