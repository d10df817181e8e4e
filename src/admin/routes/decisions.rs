//! The webhook, and what became of the alerts that it brought.

use super::super::call::Call;
use super::super::inbox::{Delivery, NotTaken, Taken};
use super::super::problems;
use super::super::route::{Effects, Outcome, Reply, Route, Verb};
use super::super::scope::Scope;
use super::holds::{BEFORE, CONNECTION, LIMIT, NAS};
use crate::actions::AuditFilter;
use crate::actions::schema::{Field, Kind, TextRule};
use serde_json::{Value, json};

/// What the audit calls a decision.
const DECIDE: &str = "decide";

/// The words of what can become of an alert.
pub(in super::super) const OUTCOMES: [&str; 10] = [
    "acted",
    "joined",
    "would_act",
    "blocked",
    "waiting",
    "failed",
    "notified",
    "resolved",
    "stale",
    "unmatched",
];

/// The longest body of a notification.
pub(in super::super) const MOST_BYTES: usize = 16 << 20;

/// Records that are looked through for one page: a filter that fits nothing must not read the whole audit.
const MOST_PAGES: usize = 20;
const PAGE: u32 = 500;

pub(in super::super) static ROUTES: [Route; 2] = [
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Webhook),
        effects: Effects::Pokes,
        raw: Some(MOST_BYTES),
        ..Route::get(
            "/webhooks/alertmanager",
            "webhook",
            "Takes a notification of an Alertmanager (version 4) or of Grafana (version 1). It is on disk before the \
             answer comes; what the rules make of it is done after it.",
            "Accepted",
            |call| Box::pin(accept(call)),
        )
    },
    Route {
        effects: Effects::Looks,
        query: &[
            NAS,
            CONNECTION,
            Field::optional("rule", Kind::Text(TextRule::Name), "Only of this rule."),
            Field::optional("outcome", Kind::Word(&OUTCOMES), "Only with this outcome."),
            LIMIT,
            BEFORE,
        ],
        ..Route::get(
            "/api/v1/automation/decisions",
            "list_decisions",
            "Why each alert did or did not act, newest first: said once for each change.",
            "Decisions",
            |call| Box::pin(decisions(call)),
        )
    },
];

async fn accept(call: Call) -> Outcome {
    let Some(inbox) = &call.api.inbox else {
        return Err(problems::NOT_FOUND.because("nothing here takes notifications").into());
    };
    let delivery = Delivery {
        body: call.raw.to_vec(),
        token: call.grant.name.clone(),
        peer: call.peer.clone(),
        reach: call.grant.reach.clone(),
    };
    match inbox.accept(delivery).await {
        Ok(Taken { alerts, malformed }) => {
            Ok(Reply::ok(json!({ "accepted": alerts, "malformed": malformed })))
        }
        Err(NotTaken::Malformed(why)) => Err(problems::MALFORMED.because(why).into()),
        Err(NotTaken::TooMany(why)) => Err(problems::TOO_MANY_ALERTS.because(why).into()),
        Err(NotTaken::Later(why)) => Err(problems::NOT_KEPT.because(why).into()),
    }
}

async fn decisions(call: Call) -> Outcome {
    let most = usize::try_from(call.query_number("limit").unwrap_or(50)).unwrap_or(50);
    let mut filter = AuditFilter {
        nas: super::holds::nases(&call),
        connection: call.query_number("connection"),
        action: Some(DECIDE.to_owned()),
        before: call.query_number("before"),
        ..AuditFilter::default()
    };
    let (rule, outcome) = (call.query_text("rule"), call.query_text("outcome"));
    let is_meant = |decision: &Value| {
        let has = |name: &str, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| decision[name].as_str() == Some(wanted))
        };
        has("rule", &rule) && has("outcome", &outcome)
    };
    let mut decisions = Vec::new();
    let mut next = None;
    for _ in 0..MOST_PAGES {
        let page = call.actions().journal().page(filter.clone(), PAGE).await;
        let records = page.map_err(|error| problems::AUDIT.because(error.to_string()))?;
        let is_last = records.len() < PAGE as usize;
        for record in records {
            filter.before = record["id"].as_i64();
            let Some(decision) = decision(&call, &record).filter(is_meant) else { continue };
            decisions.push(decision);
            if decisions.len() == most {
                break;
            }
        }
        let is_full = decisions.len() == most;
        next = filter.before.filter(|_| is_full || !is_last);
        if is_full || is_last {
            break;
        }
    }
    let mode = call.api.settings().automation_mode;
    let mut page = json!({ "mode": mode, "frozen": call.actions().is_frozen(), "decisions": decisions });
    if let Some(next) = next {
        page["next_before"] = json!(next);
    }
    Ok(Reply::ok(page))
}

/// The decision of a record, if the token may see it. What concerns no connection is for tokens for all of them.
fn decision(call: &Call, record: &Value) -> Option<Value> {
    if !super::holds::sees(call, record) {
        return None;
    }
    let mut decision = record["after"]["decision"].clone();
    if !decision.is_object() {
        return None;
    }
    decision["id"] = record["id"].clone();
    decision["time"] = record["time"].clone();
    Some(decision)
}
