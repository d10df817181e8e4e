//! The Prometheus that knows its alerts, and the Alertmanagers that tell of them.

use super::event::{Copies, Event, Kind, Peer, Place, kind_of};
use super::known::cases;
use super::trial::Trial;
use crate::automation::stage::{bearer, notification};
use cloudsync_exporter::actions::clock;
use cloudsync_exporter::automation::{Alert, Answer, Case, Listed, Notification};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An alert, as its Prometheus knows it.
#[derive(Debug, Clone, Copy, Default)]
struct Truth {
    /// Since when it is on, if it is.
    on: Option<i64>,
    /// Since when it was on last.
    started: i64,
    /// The latest end that was ever sent.
    ended: Option<i64>,
}

/// What is known and told of alerts.
#[derive(Debug, Default)]
pub(super) struct Senders {
    truth: BTreeMap<Kind, Truth>,
    /// What was sent, oldest first.
    sent: Vec<Value>,
    /// What was held up, oldest first.
    held_up: VecDeque<Value>,
    /// The ends that were told.
    told_ends: BTreeSet<(Kind, i64)>,
    peers: Vec<Peer>,
    /// Whether there was ever an Alertmanager to ask.
    was_asked: bool,
}

impl Senders {
    fn truth(&self, alert: Kind) -> Truth {
        self.truth.get(&alert).copied().unwrap_or_default()
    }

    /// An alert is on from now on. Gives since when it is.
    pub(super) fn begins(&mut self, alert: Kind) -> i64 {
        let truth = self.truth.entry(alert).or_default();
        truth.on.is_none().then(|| truth.started = clock::now());
        truth.on = Some(truth.started);
        truth.started
    }

    /// An alert is over from now on. Gives since when and until when it was on last.
    pub(super) fn ends(&mut self, alert: Kind) -> (i64, Option<i64>) {
        let (truth, now) = (self.truth.entry(alert).or_default(), clock::now());
        if truth.on.take().is_some() || truth.ended.is_none() {
            truth.ended = Some(now);
        }
        if truth.started == 0 {
            truth.started = now - 60_000;
        }
        (truth.started, truth.ended)
    }

    /// Whether this end of an alert is the last that there was, and is heard of for the first time.
    fn is_over(&self, kind: Kind, ends: i64) -> bool {
        let truth = self.truth(kind);
        truth.on.is_none() && truth.ended == Some(ends) && !self.told_ends.contains(&(kind, ends))
    }

    /// What the Alertmanagers answer now.
    pub(super) fn answers(&self) -> Vec<Answer> {
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
        answers.collect()
    }
}

impl Trial {
    /// Something that alerts do, or those who tell of them.
    pub(super) async fn alert(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Fires(alert, copies) => {
                let starts = self.senders.begins(alert);
                let copy = |starts| payload(alert, "firing", starts, None);
                self.send(copies, copy(starts), |earlier| copy(starts - earlier)).await?;
            }
            Event::Ends(alert, copies) => {
                let (starts, ends) = self.senders.ends(alert);
                let copy = |starts| payload(alert, "resolved", starts, ends);
                self.send(copies, copy(starts), |earlier| copy(starts - earlier)).await?;
            }
            Event::Turns(alert) if self.senders.truth(alert).on.is_some() => drop(self.senders.ends(alert)),
            Event::Turns(alert) => drop(self.senders.begins(alert)),
            Event::Arrives => {
                if let Some(alert) = self.senders.held_up.pop_front() {
                    self.tell(&[alert]).await?;
                }
            }
            Event::Again(before) => {
                let sent = &self.senders.sent;
                let index = sent.len().checked_sub(before + 1);
                if let Some(alert) = index.and_then(|index| sent.get(index)).cloned() {
                    self.tell(&[alert]).await?;
                }
            }
            Event::Answers(one, other) => {
                self.senders.peers = [one, other].into_iter().flatten().collect();
                self.senders.was_asked |= !self.senders.peers.is_empty();
            }
            other => unreachable!("{other:?} is about no alert"),
        }
        Ok(())
    }

    /// Sends a notification in copies, of which some may begin earlier.
    async fn send(
        &mut self,
        copies: Copies,
        alert: Value,
        earlier: impl Fn(i64) -> Value,
    ) -> Result<(), String> {
        if copies != Copies::Later {
            self.senders.sent.push(alert.clone());
            self.tell(std::slice::from_ref(&alert)).await?;
        }
        match copies {
            Copies::One => {}
            Copies::Two => self.tell(&[alert]).await?,
            Copies::Earlier(seconds) => {
                let alert = earlier(seconds * 1_000);
                self.senders.sent.push(alert.clone());
                self.tell(&[alert]).await?;
            }
            Copies::OneLater | Copies::Later => self.senders.held_up.push_back(alert),
        }
        Ok(())
    }

    /// A notification comes. What is acknowledged must be on disk.
    pub(super) async fn tell(&mut self, alerts: &[Value]) -> Result<(), String> {
        let before = cases(&self.watch().state);
        let body = serde_json::to_vec(&notification(alerts)).unwrap();
        let accepted = self.stage.automation.accept(body, bearer()).await;
        if accepted.as_ref().is_ok_and(|accepted| accepted.alerts != alerts.len()) || accepted.is_err() {
            return Err(format!("{alerts:?} became {accepted:?}"));
        }
        let after = cases(&self.watch().state);
        for alert in alerts {
            let alert = parse(alert);
            let kind = kind_of(&alert.fingerprint);
            let find = |cases: &[Case], rule: &str| {
                cases.iter().find(|case| case.rule == rule && case.alert.fingerprint == kind.id).cloned()
            };
            let starts = alert.starts_at.as_millisecond();
            let is_news = self.senders.truth(kind).ended.is_none_or(|ended| starts > ended);
            for rule in kind.rules {
                let (before, after) = (find(&before, rule), find(&after, rule));
                let is_kept = match alert.ends_at {
                    None if is_news => after.as_ref().is_some_and(|case| {
                        let is_open = case.is_open() && case.heard == clock::now();
                        // An Alertmanager said that it is over, and may be right for a while.
                        is_open || (self.senders.was_asked && !case.is_open())
                    }),
                    // The end of what went on until then, or of what nobody knew.
                    Some(ends) if self.senders.is_over(kind, ends.as_millisecond()) => {
                        // An Alertmanager may have put it later.
                        after.as_ref().is_none_or(|case| !case.is_open()) || self.senders.was_asked
                    }
                    _ => after.is_some() || before.is_none(),
                };
                if !is_kept {
                    return Err(format!(
                        "{alert:?} was acknowledged, and rule {rule} has {after:?} after {before:?}"
                    ));
                }
            }
            self.senders.told_ends.extend(alert.ends_at.map(|ends| (kind, ends.as_millisecond())));
        }
        Ok(())
    }
}

/// An alert as the program reads it.
fn parse(alert: &Value) -> Alert {
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
