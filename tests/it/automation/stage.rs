//! The automation over two scripted NASes, with a calendar that goes by as the test says.

use super::super::actions::desk::{Desk, home, one, origin};
use cloudsync_exporter::actions::{Hold, Keeper, Reach, Resume, clock};
use cloudsync_exporter::automation::alertmanager::{Alertmanagers, Answer};
use cloudsync_exporter::automation::{
    Accepted, Automation, Bearer, Matchers, Memories, Meter, Rejected, Rule, RuleAction, Select, Settings,
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Alertmanagers that answer what the test says; with nothing, there are none.
#[derive(Default)]
pub(crate) struct Answers(pub(crate) Mutex<Vec<Answer>>, pub(crate) Mutex<usize>);

impl Alertmanagers for Answers {
    fn ask(&self) -> BoxFuture<'_, Vec<Answer>> {
        *self.1.lock().unwrap() += 1;
        let answers = self.0.lock().unwrap().clone();
        Box::pin(async move { answers })
    }
}

/// What was counted.
#[derive(Default)]
pub(crate) struct Counted(pub(crate) Mutex<Vec<String>>);

impl Meter for Counted {
    fn accepted(&self, _: f64, malformed: u64, truncated: u64) {
        self.0.lock().unwrap().push(format!("accepted {malformed} {truncated}"));
    }

    fn rejected(&self, reason: &'static str) {
        self.0.lock().unwrap().push(format!("rejected {reason}"));
    }
}

/// Everything that is needed to act on alerts.
pub(crate) struct Stage {
    pub(crate) desk: Desk,
    pub(crate) automation: Arc<Automation>,
    pub(crate) keeper: Keeper,
    pub(crate) memories: Memories,
    pub(crate) alertmanagers: Arc<Answers>,
    pub(crate) counted: Arc<Counted>,
    pub(crate) settings: Settings,
    /// Whether polls of `home` are answered.
    pub(crate) up: bool,
}

/// A rule for all alerts with the label `rule` of its name, on Dropbox (3).
pub(crate) fn rule(name: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        matchers: Matchers::parse(&[format!("rule=\"{name}\"")]).unwrap(),
        action: RuleAction::Pause,
        select: Select::Named { nas: home(), connections: vec!["Dropbox".to_owned()] },
        lease: Duration::from_secs(5 * 3_600),
        release_delay: Duration::from_secs(120),
        max_hold: Duration::from_secs(24 * 3_600),
        latch: false,
        cooldown: Duration::from_secs(300),
        daily_budget: 6,
    }
}

pub(crate) fn settings(rules: &[Rule]) -> Settings {
    Settings {
        enforces: true,
        rules: rules.to_vec(),
        max_held_share: 1.0,
        reaches: None,
        reconcile_interval: Duration::from_secs(180),
    }
}

pub(crate) fn bearer() -> Bearer {
    let all = || vec!["*".to_owned()];
    Bearer {
        token: "am".to_owned(),
        peer: "192.0.2.1:9".to_owned(),
        reach: Reach { nas: all(), connections: all() },
        ..Bearer::default()
    }
}

/// An alert as a notification has it: `id` makes its fingerprint, and it starts so many seconds from now.
pub(crate) fn alert(rule: &str, id: &str, status: &str, starts_in: i64) -> Value {
    let at =
        |seconds: i64| jiff::Timestamp::from_millisecond(clock::now() + seconds * 1_000).unwrap().to_string();
    json!({
        "status": status,
        "labels": { "alertname": "Full", "rule": rule, "id": id },
        "startsAt": at(starts_in),
        "endsAt": if status == "firing" { "0001-01-01T00:00:00Z".to_owned() } else { at(0) },
        "fingerprint": format!("{rule}-{id}"),
    })
}

pub(crate) fn notification(alerts: &[Value]) -> Value {
    json!({ "version": "4", "receiver": "am", "groupLabels": {}, "truncatedAlerts": 0, "alerts": alerts })
}

impl Stage {
    pub(crate) fn new(rules: &[Rule]) -> Self {
        Self::over(Desk::new(), settings(rules))
    }

    pub(crate) fn over(desk: Desk, settings: Settings) -> Self {
        let (alertmanagers, counted) = (Arc::<Answers>::default(), Arc::<Counted>::default());
        let automation = open(&desk, &settings, &alertmanagers, &counted);
        let keeper = desk.keeper();
        desk.home.polled(true, 1.0);
        desk.office.polled(true, 1.0);
        let memories = Memories::default();
        Self { desk, automation, keeper, memories, alertmanagers, counted, settings, up: true }
    }

    /// The program ends and starts again.
    pub(crate) fn restart(&mut self) {
        self.desk.restart();
        self.automation = open(&self.desk, &self.settings, &self.alertmanagers, &self.counted);
        self.keeper = self.desk.keeper();
        self.memories = Memories::default();
    }

    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = settings;
        self.automation.set_settings(self.settings.clone(), Arc::clone(&self.alertmanagers) as _);
    }

    pub(crate) async fn notify(&self, alerts: &[Value]) -> Result<Accepted, Rejected> {
        self.automation.accept(serde_json::to_vec(&notification(alerts)).unwrap(), bearer()).await
    }

    pub(crate) async fn fires(&self, rule: &str, id: &str) {
        self.notify(&[alert(rule, id, "firing", 0)]).await.unwrap();
    }

    pub(crate) async fn ends(&self, rule: &str, id: &str) {
        self.notify(&[alert(rule, id, "resolved", -1)]).await.unwrap();
    }

    /// One second: the NASes are polled, the rules and the holds are seen to.
    pub(crate) async fn second(&mut self) {
        self.pass(1).await;
    }

    /// So many seconds go by at once; then one look at everything.
    pub(crate) async fn pass(&mut self, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        clock::move_by(i64::try_from(seconds).unwrap() * 1_000);
        // The script goes by the machine's calendar; a poll is of this moment.
        #[expect(clippy::cast_precision_loss, reason = "a test moves the calendar by less than 2^53 ms")]
        let ahead = (clock::now() - jiff::Timestamp::now().as_millisecond()) as f64 / 1_000.0;
        self.desk.home.polled(self.up, ahead);
        self.desk.office.polled(true, ahead);
        self.automation.settle(&mut self.memories).await;
        self.keeper.tick().await;
        self.keeper.rest().await;
    }

    pub(crate) async fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second().await;
        }
    }

    /// A person resumes a connection in DSM.
    pub(crate) fn person_resumes(&self, id: i64) {
        self.desk.home.set_status(id, "syncing");
    }

    /// A person resumes a connection by the API.
    pub(crate) async fn overrides(&self, id: i64) {
        let wish = Resume { target: one(id), overrides: true };
        self.desk.actions.resume(&home(), wish, &origin(), false).await.unwrap();
    }

    /// What was decided, oldest first: `wan acted`.
    pub(crate) async fn decisions(&self) -> Vec<String> {
        let records = self.desk.audit().await;
        let decisions = records.iter().filter(|record| record["action"] == "decide");
        decisions
            .map(|record| {
                let decision = &record["after"]["decision"];
                let word = |name: &str| decision[name].as_str().map(str::to_owned);
                let words = [word("rule"), word("outcome"), word("guard")];
                words.into_iter().flatten().collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    pub(crate) fn hold(&self) -> Hold {
        self.desk.actions.book().all().pop().expect("a hold")
    }
}

fn open(
    desk: &Desk,
    settings: &Settings,
    alertmanagers: &Arc<Answers>,
    counted: &Arc<Counted>,
) -> Arc<Automation> {
    let (alertmanagers, counted) = (Arc::clone(alertmanagers), Arc::clone(counted));
    Arc::new(
        Automation::open(Arc::clone(&desk.actions), desk.state(), settings.clone(), alertmanagers, counted)
            .unwrap(),
    )
}
