//! Seeing to one NAS: the ends of holds are heeded, holds put off or taken, and what there is to say is said.

use super::{Automation, lock};
use crate::actions::clock;
use crate::actions::{Ending, Hold, Look, Nas};
use crate::automation::plan::{Finding, Plan, Renewal, Seen, World, homeless, most_held, plan};
use crate::automation::rules::{KnownConnection, Target};
use crate::model::{Connection, ConnectionId, NasName};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Between two tries at what failed, doubling up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// What is remembered of a NAS from one look to the next: how often a rule failed on a connection, and when it may try
/// again.
#[derive(Debug, Default)]
pub(super) struct Memory(BTreeMap<(String, Target), (u32, Instant)>);

impl Memory {
    fn resting(&self) -> BTreeSet<(String, Target)> {
        let now = Instant::now();
        self.0.iter().filter(|(_, (_, until))| *until > now).map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn fail(&mut self, rule: &str, target: &Target) {
        let entry = self.0.entry((rule.to_owned(), target.clone())).or_insert((0, Instant::now()));
        let wait = FIRST_WAIT.saturating_mul(1 << entry.0.min(8)).min(LONGEST_WAIT);
        *entry = (entry.0.saturating_add(1), Instant::now() + wait);
    }

    pub(super) fn succeed(&mut self, rule: &str, target: &Target) {
        self.0.remove(&(rule.to_owned(), target.clone()));
    }

    /// Forgets what nobody wishes for any more.
    fn keep_only(&mut self, rules: &BTreeSet<&str>) {
        self.0.retain(|(rule, _), (_, until)| {
            rules.contains(rule.as_str()) && until.elapsed() < LONGEST_WAIT * 2
        });
    }
}

impl Automation {
    /// Sees to one NAS.
    pub(super) async fn see_to(&self, nas: &NasName, mut memory: Memory) -> Memory {
        let Some(port) = self.actions.directory().nas(nas) else { return memory };
        if !self.heed(nas).await {
            // Whom the rules have to heed comes first.
            return memory;
        }
        let settings = self.settings();
        memory.keep_only(&settings.rules.iter().map(|rule| rule.name.as_str()).collect());
        let world = self.world(nas, &*port, memory.resting());
        let plan = {
            let desk = self.desk.lock().await;
            plan(&desk, &settings.rules, &world)
        };
        let Plan { renewals, takes, findings, blocked } = plan;
        if self.say(findings).await {
            for guard in blocked {
                port.blocked(guard.as_str());
            }
        }
        if !renewals.is_empty() {
            self.renew(renewals).await;
        }
        for take in takes {
            self.take(&*port, take, &world, &mut memory).await;
        }
        memory
    }

    /// Renews the holds on one NAS, and does no more.
    pub(super) async fn renew_only(&self, nas: &NasName) {
        let Some(port) = self.actions.directory().nas(nas) else { return };
        if !self.heed(nas).await {
            return;
        }
        let world = self.world(nas, &*port, BTreeSet::new());
        let plan = plan(&*self.desk.lock().await, &self.settings().rules, &world);
        self.renew(plan.renewals).await;
    }

    async fn renew(&self, renewals: Vec<Renewal>) {
        let ends: Vec<_> =
            renewals.into_iter().map(|Renewal { hold, until, latest }| (hold, until, latest)).collect();
        self.actions.book().renew(&ends, clock::now()).await;
    }

    /// Lets the cases rest whose holds a person ended, or which had their time. Whether that is written.
    pub(super) async fn heed(&self, nas: &NasName) -> bool {
        let has_news = |ending: &Ending| !ending.is_heeded;
        if !self.actions.book().endings_of(nas, clock::now()).iter().any(has_news) {
            return true;
        }
        // Read and heeded while nothing is heard: what begins later is another matter.
        let mut desk = self.desk.lock().await;
        let mut endings = self.actions.book().endings_of(nas, clock::now());
        endings.retain(has_news);
        let change = desk.heed(&endings, &self.settings().rules, nas);
        if self.make(&mut desk, change).await.is_err() {
            return false;
        }
        let ids: Vec<String> = endings.into_iter().map(|ending| ending.hold).collect();
        self.actions.book().heed(&ids, clock::now()).await;
        true
    }

    /// What is known of a NAS.
    fn world(&self, nas: &NasName, port: &dyn Nas, resting: BTreeSet<(String, Target)>) -> World {
        let snapshot = port.snapshot();
        let was_tried = snapshot.as_ref().is_some_and(|snapshot| snapshot.up.is_some());
        let snapshot = snapshot.filter(|snapshot| snapshot.up == Some(true));
        let data = snapshot.as_ref().and_then(|snapshot| snapshot.data.as_deref());
        let connections: Option<Vec<Seen>> =
            data.map(|data| data.connections.values().map(|connection| seen(nas, connection)).collect());
        if let Some(connections) = &connections {
            lock(&self.sizes).insert(nas.clone(), connections.len());
        }
        let settings = self.settings();
        let held = self.held(&lock(&self.reserved));
        World {
            now: clock::now(),
            nas: nas.clone(),
            enforces: settings.enforces,
            is_frozen: self.actions.is_frozen(),
            connections,
            was_tried,
            holds: self.actions.book().of_nas(nas),
            endings: self.actions.book().endings_of(nas, clock::now()),
            held,
            most_held: self.most_held(settings.max_held_share),
            reaches: settings.reaches.clone(),
            resting,
        }
    }

    /// The connections that rules keep paused, or are about to.
    pub(super) fn held(&self, reserved: &BTreeSet<Target>) -> BTreeSet<Target> {
        let is_held = |hold: &Hold| hold.is_pause() && !hold.rule.is_empty() && !hold.is_ending();
        let holds = self.actions.book().all().into_iter().filter(is_held);
        let targets = holds.map(|hold| Target {
            nas: NasName::new(&hold.nas),
            connection: ConnectionId(hold.connection_id),
        });
        targets.chain(reserved.iter().cloned()).collect()
    }

    /// How many connections rules may keep paused at once, of all that there are.
    fn most_held(&self, share: f64) -> usize {
        let total: usize = lock(&self.sizes).values().sum();
        most_held(total, share)
    }

    /// Says of alerts that they are about no NAS of this instance.
    pub(super) async fn say_of_the_homeless(&self, names: &[NasName]) {
        let findings = homeless(&*self.desk.lock().await, &self.settings().rules, names);
        self.say(findings).await;
    }

    /// Says what was found. Whether it is written.
    pub(super) async fn say(&self, findings: Vec<Finding>) -> bool {
        if findings.is_empty() {
            return true;
        }
        let mut desk = self.desk.lock().await;
        let change = desk.say(findings);
        self.make(&mut desk, change).await.is_ok()
    }
}

fn seen(nas: &NasName, connection: &Connection) -> Seen {
    Seen {
        known: KnownConnection { nas: nas.clone(), id: connection.id, names: connection.names() },
        name: connection.name.clone(),
        look: Look::of(connection.status.as_ref()),
        status: connection.status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default(),
    }
}
