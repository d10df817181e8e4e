//! What can happen, and which alerts and rules there are for it to happen to.

use crate::actions::desk::home;
use cloudsync_exporter::automation::{Matchers, Rule, RuleAction, Select};
use cloudsync_exporter::model::NasName;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

/// A NAS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    Home,
    Office,
}

impl At {
    pub(super) const ALL: [Self; 2] = [Self::Home, Self::Office];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Office => "office",
        }
    }

    pub(super) fn name(self) -> NasName {
        NasName::new(self.as_str())
    }
}

/// A connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) At, pub(super) i64);

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.as_str(), self.1)
    }
}

/// Every connection that there is; the last of each NAS begins in error.
pub(super) const PLACES: [Place; 6] = [
    Place(At::Home, 3),
    Place(At::Home, 5),
    Place(At::Home, 7),
    Place(At::Office, 3),
    Place(At::Office, 5),
    Place(At::Office, 7),
];

/// The connections that persons touch.
const TOUCHED: [Place; 4] =
    [Place(At::Home, 3), Place(At::Home, 5), Place(At::Office, 3), Place(At::Home, 7)];

/// An alert of the Prometheus that is watched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// Its fingerprint.
    pub(super) id: &'static str,
    /// Its label `rule`, by which rules know it.
    pub(super) label: &'static str,
    /// The rules that it matches.
    pub(super) rules: &'static [&'static str],
    /// The connection that its labels name.
    pub(super) place: Option<Place>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

const fn kind(
    id: &'static str,
    label: &'static str,
    rules: &'static [&'static str],
    place: Option<Place>,
) -> Kind {
    Kind { id, label, rules, place }
}

/// Every alert.
pub(super) const KINDS: [Kind; 6] = [
    kind("wan-a", "wan", &["wan"], None),
    kind("wan-b", "wan", &["wan"], None),
    kind("disk-a", "disk", &["disk"], None),
    kind("link-5", "link", &["link"], Some(Place(At::Home, 5))),
    kind("link-o3", "link", &["link"], Some(Place(At::Office, 3))),
    kind("both-3", "both", &["wan", "link"], Some(Place(At::Home, 3))),
];

/// Which connections a rule holds for an alert.
pub(super) fn targets(rule: &str, alert: Kind) -> Vec<Place> {
    match rule {
        "wan" => vec![PLACES[0], PLACES[1]],
        "disk" => vec![PLACES[0]],
        _ => alert.place.into_iter().collect(),
    }
}

/// The alert with this fingerprint.
pub(super) fn kind_of(fingerprint: &str) -> Kind {
    *KINDS.iter().find(|kind| kind.id == fingerprint).expect("an alert of this model")
}

/// Three rules that get into each other's way. Their spans end between two seconds, so that nothing hangs on which of
/// two things of the same moment comes first.
pub(super) fn rules() -> Vec<Rule> {
    // Compiling a regular expression takes longer than a history.
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(make_rules).clone()
}

fn make_rules() -> Vec<Rule> {
    let seconds = |seconds: u64| Duration::from_millis(seconds * 1_000 + 500);
    let wan = Rule {
        name: "wan".to_owned(),
        matchers: Matchers::parse(&["rule=~\"wan|both\""]).unwrap(),
        action: RuleAction::Pause,
        select: Select::Named { nas: home(), connections: vec!["Dropbox".to_owned(), "5".to_owned()] },
        lease: seconds(3_600),
        release_delay: seconds(120),
        max_hold: seconds(6 * 3_600),
        latch: false,
        cooldown: seconds(300),
        daily_budget: 3,
    };
    let disk = Rule {
        name: "disk".to_owned(),
        matchers: Matchers::parse(&["rule=disk"]).unwrap(),
        select: Select::Named { nas: home(), connections: vec!["3".to_owned()] },
        latch: true,
        cooldown: seconds(30),
        daily_budget: 5,
        ..wan.clone()
    };
    let link = Rule {
        name: "link".to_owned(),
        matchers: Matchers::parse(&["rule=~\"link|both\""]).unwrap(),
        select: Select::Labels,
        lease: seconds(600),
        release_delay: seconds(0),
        max_hold: seconds(900),
        cooldown: seconds(0),
        daily_budget: 20,
        ..wan.clone()
    };
    vec![wan, disk, link]
}

/// In how many copies a notification comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copies {
    One,
    /// The same from both of a pair.
    Two,
    /// From a pair, and the second believes that it began so many seconds earlier.
    Earlier(i64),
    /// One at once; the other is held up.
    OneLater,
    /// It is held up.
    Later,
}

/// Who goes first within a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Rules,
    Keeper,
}

/// What a NAS can be asked or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    List,
    Pause,
    Resume,
}

impl Call {
    pub(super) const ALL: [Self; 3] = [Self::List, Self::Pause, Self::Resume];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::List => "ask",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    Refused,
    Lost,
    DoneButLost,
    Ignored,
    Garbled,
    Unreachable,
    /// The program ends in the middle of it, when it was done or when it was not.
    Deadly(bool),
}

/// What an Alertmanager answers when it is asked for its alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// What fires.
    Knows,
    /// The same, all of it silenced.
    Silenced,
    /// Nothing: it was restarted.
    Empty,
    /// What fires, and one alert that cannot be read.
    Garbled,
    /// It does not answer.
    Silent,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Event {
    /// So many seconds go by, and everything is looked at: in each of few, in the last ones of many.
    Pass(u64, First),
    /// An alert begins, or is repeated.
    Fires(Kind, Copies),
    /// It ends, or its end is repeated.
    Ends(Kind, Copies),
    /// It begins or ends, and the notification is lost.
    Turns(Kind),
    /// The oldest notification that was held up comes.
    Arrives,
    /// A notification that was sent before comes again: so many before the last one.
    Again(usize),
    /// A person pauses or resumes in DSM.
    DsmPauses(Place),
    DsmResumes(Place),
    /// A person pauses by the API, for so many seconds or without end.
    Pauses(Place, Option<u64>),
    PausesAll(At),
    /// A person resumes by the API, with override or without.
    Resumes(Place, bool),
    ResumesAll(At, bool),
    /// A person ends the nth of the holds by its name.
    Deletes(usize),
    Freezes(bool),
    /// The NAS is away from now on.
    Goes(At),
    /// It is back, and has forgotten what was paused or not.
    Comes(At, bool),
    /// It misses one poll.
    Blinks(At),
    /// A call goes wrong from now on.
    Fails(At, Call, Failing),
    /// Every call goes well again.
    Mends(At),
    /// So many lists still show what was before.
    Lags(At, usize),
    /// A connection is in error, which hides whether it is paused, and no longer.
    Breaks(Place),
    Heals(Place),
    Restarts,
    /// The program ends in the middle of the next command to this NAS, which is done or not, and starts again.
    Dies(At, bool),
    /// How many Alertmanagers there are, and what they answer.
    Answers(Option<Peer>, Option<Peer>),
    /// The configuration is loaded anew: whether rules act, and on how large a share of all connections at once.
    Loads(bool, f64),
}

/// A case.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// What happens.
    pub(super) events: Vec<Event>,
    /// Whether the ends of alerts are told at last, or their leases have to end.
    pub(super) is_told: bool,
    /// Whether alerts fire anew after that.
    pub(super) fires_anew: bool,
}

fn event() -> impl Strategy<Value = Event> {
    let place = || select(TOUCHED.as_slice());
    let alert = || select(KINDS.as_slice());
    let at = || prop_oneof![4 => Just(At::Home), 1 => Just(At::Office)];
    let copies = || {
        prop_oneof![
            5 => Just(Copies::One),
            2 => Just(Copies::Two),
            2 => (1_i64..40).prop_map(Copies::Earlier),
            1 => Just(Copies::OneLater),
            1 => Just(Copies::Later),
        ]
    };
    let seconds = select(&[1, 1, 1, 2, 3, 5, 31, 61, 130, 301, 700, 1_000, 3_700, 15_000, 86_400][..]);
    let first = prop_oneof![2 => Just(First::Rules), 1 => Just(First::Keeper)];
    let failing = || {
        use Failing::{DoneButLost, Garbled, Ignored, Lost, Refused};
        select(&[Refused, Lost, DoneButLost, Ignored, Garbled][..])
    };
    let call = select(&[Call::List, Call::Pause, Call::Pause, Call::Resume, Call::Resume][..]);
    let peer = || {
        use Peer::{Empty, Garbled, Knows, Silenced, Silent};
        proptest::option::of(select(&[Knows, Knows, Silenced, Empty, Garbled, Silent][..]))
    };
    let alerts = prop_oneof![
        12 => (alert(), copies()).prop_map(|(alert, copies)| Event::Fires(alert, copies)),
        8 => (alert(), copies()).prop_map(|(alert, copies)| Event::Ends(alert, copies)),
        3 => alert().prop_map(Event::Turns),
        3 => Just(Event::Arrives),
        4 => (0_usize..12).prop_map(Event::Again),
        3 => (peer(), peer()).prop_map(|(one, other)| Event::Answers(one, other)),
    ];
    let persons = prop_oneof![
        6 => place().prop_map(Event::DsmResumes),
        4 => place().prop_map(Event::DsmPauses),
        2 => place().prop_map(|place| Event::Pauses(place, None)),
        2 => (place(), select(&[20_u64, 400, 20_000][..])).prop_map(|(place, time)| Event::Pauses(place, Some(time))),
        1 => at().prop_map(Event::PausesAll),
        5 => (place(), any::<bool>()).prop_map(|(place, overrides)| Event::Resumes(place, overrides)),
        1 => (at(), any::<bool>()).prop_map(|(at, overrides)| Event::ResumesAll(at, overrides)),
        3 => (0_usize..6).prop_map(Event::Deletes),
        4 => any::<bool>().prop_map(Event::Freezes),
    ];
    let machines = prop_oneof![
        3 => at().prop_map(Event::Goes),
        4 => (at(), any::<bool>()).prop_map(|(at, forgets)| Event::Comes(at, forgets)),
        1 => at().prop_map(Event::Blinks),
        5 => (at(), call, failing()).prop_map(|(at, call, failing)| Event::Fails(at, call, failing)),
        4 => at().prop_map(Event::Mends),
        2 => (at(), 1_usize..8).prop_map(|(at, lists)| Event::Lags(at, lists)),
        1 => place().prop_map(Event::Breaks),
        2 => place().prop_map(Event::Heals),
        3 => Just(Event::Restarts),
        2 => (at(), any::<bool>()).prop_map(|(at, is_done)| Event::Dies(at, is_done)),
        2 => (prop::bool::weighted(0.7), select(&[0.2, 0.5, 1.0][..]))
            .prop_map(|(enforces, share)| Event::Loads(enforces, share)),
    ];
    prop_oneof![
        3 => (seconds, first).prop_map(|(seconds, first)| Event::Pass(seconds, first)),
        3 => alerts,
        2 => persons,
        2 => machines,
    ]
}

/// Any history.
pub(super) fn history() -> impl Strategy<Value = History> {
    (prop::collection::vec(event(), 4..40), any::<bool>(), prop::bool::weighted(0.25))
        .prop_map(|(events, is_told, fires_anew)| History { events, is_told, fires_anew })
}
