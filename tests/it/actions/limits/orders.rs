//! Rules that begin and end in every order, with persons and troubles in between: what the settings are at each moment,
//! what was told for it, and that in the end everything is as its owner had it.

use super::super::script::Fault;
use super::*;
use crate::actions::desk::VERIFY;
use crate::actions::keeping::looks;
use cloudsync_exporter::actions::settings::stricter;
use cloudsync_exporter::actions::{Command, Ending, Keeper};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const RULES: [&str; 3] = ["one", "two", "three"];
const FIELDS: [&str; 2] = [UPLOAD, PERIOD];

/// A value for each of the fields; none = it is left out.
type Set = [Option<u64>; 2];

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    Begin(usize, Set),
    /// By its time, or by its name.
    End(usize, bool),
    /// A person changes a field, in DSM or by the API.
    Person(usize, u64, bool),
    /// The program ends, and starts again.
    Restart,
}

/// What goes wrong while something happens.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    None,
    Refuse,
    Unreachable,
    Lost,
    DoneButLost,
    Ignore,
    /// So many looks show what was before.
    Lag(usize),
}

fn values(field: usize) -> impl Strategy<Value = u64> {
    let values = [[0, 256, 512, 1_024], [60, 120, 600, 3_600]][field];
    (0..values.len()).prop_map(move |index| values[index])
}

fn set() -> impl Strategy<Value = Set> {
    [prop::option::of(values(0)), prop::option::of(values(1))]
        .prop_filter("a hold on nothing is none", |set| set.iter().any(Option::is_some))
}

fn rule_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..3_usize, set()).prop_map(|(rule, set)| Event::Begin(rule, set)),
        3 => (0..3_usize, any::<bool>()).prop_map(|(rule, by_name)| Event::End(rule, by_name)),
        1 => Just(Event::Restart),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let person = (0..2_usize).prop_flat_map(|field| (Just(field), values(field), any::<bool>()));
    prop_oneof![
        4 => rule_event(),
        1 => person.prop_map(|(field, value, by_api)| Event::Person(field, value, by_api)),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        3 => Just(Trouble::None),
        1 => Just(Trouble::Refuse),
        1 => Just(Trouble::Unreachable),
        2 => Just(Trouble::Lost),
        1 => Just(Trouble::DoneButLost),
        1 => Just(Trouble::Ignore),
        2 => (1..4_usize).prop_map(Trouble::Lag),
    ]
}

fn owners() -> impl Strategy<Value = [u64; 2]> {
    let owner = |field: usize, other: u64| prop_oneof![values(field), Just(other)];
    [owner(0, 700).boxed(), owner(1, 700).boxed()]
}

/// What ought to be: what the owner has, and what live holds want.
struct Model {
    owner: [u64; 2],
    live: BTreeMap<usize, Set>,
}

impl Model {
    fn wanted(&self) -> [u64; 2] {
        [0, 1].map(|field| {
            let wishes = self.live.values().filter_map(|set| set[field]);
            wishes.fold(self.owner[field], |strictest, wish| stricter(FIELDS[field], strictest, wish))
        })
    }

    /// Whether a hold would make something stricter than its owner has it.
    fn takes(&self, set: Set) -> bool {
        let is_stricter = |field: usize| {
            set[field]
                .is_some_and(|wish| stricter(FIELDS[field], self.owner[field], wish) != self.owner[field])
        };
        is_stricter(0) || is_stricter(1)
    }

    fn begin(&mut self, rule: usize, set: Set) -> bool {
        let is_taken = !self.live.contains_key(&rule) && self.takes(set);
        if is_taken {
            self.live.insert(rule, set);
        }
        is_taken
    }

    /// The field is a person's.
    fn give(&mut self, field: usize, value: u64) {
        self.owner[field] = value;
        self.live.values_mut().for_each(|set| set[field] = None);
        self.live.retain(|_, set| set.iter().any(Option::is_some));
    }
}

/// A run of events.
struct Run {
    desk: Desk,
    keeper: Keeper,
    model: Arc<Mutex<Model>>,
    polls: f64,
    /// The holds that were ended by their names.
    named: BTreeSet<String>,
}

impl Run {
    fn new(owner: [u64; 2]) -> Self {
        let desk = Desk::new();
        for (field, value) in FIELDS.into_iter().zip(owner) {
            desk.home.set(3, field, value);
        }
        let model = Arc::new(Mutex::new(Model { owner, live: BTreeMap::new() }));
        let known = Arc::clone(&model);
        // Whatever is told, nothing is ever looser than its owner has it.
        desk.home.when_told(move |command| {
            let Command::SetConnection(_, settings) = command else { panic!("{command:?}") };
            for (field, owner) in FIELDS.into_iter().zip(known.lock().unwrap().owner) {
                let told = settings[field].as_u64().unwrap();
                assert_eq!(stricter(field, told, owner), told, "{field} {told} is looser than {owner}");
            }
        });
        let keeper = desk.keeper();
        Self { desk, keeper, model, polls: 0.0, named: BTreeSet::new() }
    }

    fn settings(&self) -> [u64; 2] {
        FIELDS.map(|field| self.desk.home.setting(3, field))
    }

    fn hold_of(&self, rule: usize) -> Option<Hold> {
        let mut holds = self.desk.actions.book().all();
        holds.retain(|hold| hold.rule == RULES[rule] && !hold.is_ending());
        holds.pop()
    }

    fn restart(&mut self) {
        self.desk.restart();
        self.keeper = self.desk.keeper();
    }

    async fn begin(&self, rule: usize, set: Set) -> Result<Effect, ActionError> {
        let set: Vec<(&str, u64)> =
            FIELDS.into_iter().zip(set).filter_map(|(field, value)| Some((field, value?))).collect();
        take(&self.desk, RULES[rule], &set).await
    }

    async fn end(&mut self, hold: &Hold, by_name: bool) {
        if by_name {
            self.named.insert(hold.id.clone());
            drop(self.desk.release(&hold.id).await);
        } else {
            expire(&self.desk, &hold.id).await;
        }
    }

    /// Has everything happen that follows.
    async fn settle(&mut self, seconds: u64) {
        looks(&mut self.keeper, seconds).await;
    }

    fn poll(&mut self) {
        self.polls += 1.0;
        self.desk.home.polled(true, self.polls);
    }

    /// How many writes there were since the last call.
    fn writes(&self) -> usize {
        std::mem::take(&mut self.desk.home.world().told).len()
    }

    async fn person(&mut self, field: usize, value: u64, by_api: bool) {
        let is_news = self.settings()[field] != value;
        // By the API it is theirs whatever it was.
        if by_api || is_news {
            self.model.lock().unwrap().give(field, value);
        }
        if by_api {
            self.desk.home.when_told(|_| {});
            assert!(done(self.desk.change(json!({ FIELDS[field]: value })).await).verified);
            assert_eq!(self.writes(), 1);
        } else {
            self.desk.home.set(3, FIELDS[field], value);
            self.poll();
        }
    }

    /// Something happens, and all goes well.
    async fn happen(&mut self, event: Event) {
        let before = self.model.lock().unwrap().wanted();
        let mut is_person = false;
        match event {
            Event::Begin(rule, set) => {
                let is_taken = self.model.lock().unwrap().begin(rule, set);
                assert_eq!(self.begin(rule, set).await.is_ok(), is_taken, "{rule} {set:?}");
            }
            Event::End(rule, by_name) => {
                let hold = self.hold_of(rule);
                assert_eq!(self.model.lock().unwrap().live.remove(&rule).is_some(), hold.is_some());
                if let Some(hold) = hold {
                    self.end(&hold, by_name).await;
                }
            }
            Event::Person(field, value, by_api) => {
                is_person = true;
                self.person(field, value, by_api).await;
            }
            Event::Restart => self.restart(),
        }
        self.settle(8).await;
        let wanted = self.model.lock().unwrap().wanted();
        assert_eq!(self.settings(), wanted);
        let expected = usize::from(before != wanted && !is_person);
        assert_eq!(self.writes(), expected, "one write for one transition, and none for none");
        assert_eq!(self.desk.holds().len(), self.model.lock().unwrap().live.len());
    }

    /// Something happens, and something goes wrong with it.
    async fn befall(&mut self, event: Event, trouble: Trouble) {
        const SETTER: &str = "set_connection_setting";
        let fault = match trouble {
            Trouble::None | Trouble::Lag(_) => None,
            Trouble::Refuse => Some(Fault::Refuse(402)),
            Trouble::Unreachable => Some(Fault::Unreachable),
            Trouble::Lost => Some(Fault::Lost),
            Trouble::DoneButLost => Some(Fault::DoneButLost),
            Trouble::Ignore => Some(Fault::Ignore),
        };
        self.desk.home.world().settings_lag = if let Trouble::Lag(looks) = trouble { looks } else { 0 };
        let is_broken = fault.is_some();
        if let Some(fault) = fault {
            self.desk.home.fails(SETTER, fault);
        }
        match event {
            Event::Begin(rule, set) => drop(self.begin(rule, set).await),
            Event::End(rule, by_name) => {
                if let Some(hold) = self.hold_of(rule) {
                    self.end(&hold, by_name).await;
                }
            }
            Event::Person(..) | Event::Restart => self.restart(),
        }
        // The next thing may come before this one is settled.
        self.settle(3).await;
        if is_broken {
            self.desk.home.mend(SETTER);
        }
    }

    /// The settings are as the holds want them, all of which the NAS shows.
    #[track_caller]
    fn is_settled(&self) {
        let mut model = self.model.lock().unwrap();
        model.live = (0..3)
            .filter_map(|rule| {
                let hold = self.hold_of(rule)?;
                Some((rule, FIELDS.map(|field| hold.set.get(field).copied())))
            })
            .collect();
        assert_eq!(self.settings(), model.wanted());
        assert!(self.desk.holds().iter().all(|hold| hold == "home 3 held"), "{:?}", self.desk.holds());
        assert!(ledger(&self.desk).iter().all(|entry| !entry.ends_with('?')), "{:?}", ledger(&self.desk));
    }

    /// Everything ends.
    async fn end_all(&mut self) {
        for rule in 0..3 {
            if let Some(hold) = self.hold_of(rule) {
                self.end(&hold, rule == 1).await;
                self.settle(8).await;
            }
        }
    }
}

fn run(work: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_in_any_order(owner in owners(), events in prop::collection::vec(rule_event(), 1..12)) {
        run(async {
            let mut run = Run::new(owner);
            let settings = run.desk.home.world().connections[&3].settings.clone();
            for event in events {
                run.happen(event).await;
            }
            run.end_all().await;
            run.writes();
            assert_eq!(run.desk.home.world().connections[&3].settings, settings);
            is_over(&run.desk);
        });
    }

    #[test]
    fn persons_in_between(owner in owners(), events in prop::collection::vec(event(), 1..16)) {
        run(async {
            let mut run = Run::new(owner);
            for event in events {
                run.happen(event).await;
            }
            run.end_all().await;
            run.writes();
            assert_eq!(run.settings(), run.model.lock().unwrap().owner, "as a person left it, or as before");
            is_over(&run.desk);
        });
    }

    #[test]
    fn troubles_in_between(
        owner in owners(),
        events in prop::collection::vec((rule_event(), trouble(), any::<bool>()), 1..12),
    ) {
        run(async {
            let mut run = Run::new(owner);
            let settings = run.desk.home.world().connections[&3].settings.clone();
            for (event, trouble, is_settled) in events {
                run.befall(event, trouble).await;
                if is_settled {
                    run.settle(3 * VERIFY.as_secs()).await;
                    run.is_settled();
                }
            }
            run.settle(3 * VERIFY.as_secs()).await;
            run.is_settled();
            run.end_all().await;
            run.settle(3 * VERIFY.as_secs()).await;
            run.writes();
            assert_eq!(run.desk.home.world().connections[&3].settings, settings);
            is_over(&run.desk);
            let endings = run.desk.actions.book().endings_of(&home(), i64::MAX);
            let is_taken_for_one =
                |ending: &Ending| ending.cause == Cause::Person && !run.named.contains(&ending.hold);
            assert!(!endings.iter().any(is_taken_for_one), "there was no person: {endings:?}");
        });
    }
}
