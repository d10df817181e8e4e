//! The kill switch of the automation, its decisions, and the reload.

use super::super::call::Call;
use super::super::problems;
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb, at_once};
use super::super::scope::Scope;
use super::connections::MAY_REASON;
use crate::actions::schema::Schema;
use serde_json::json;

static SWITCH: Schema = Schema { name: "SwitchRequest", fields: &[MAY_REASON], at_least: 0 };

pub(in super::super) static ROUTES: [Route; 4] = [
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::ChangesRegardless,
        query: &[DRY_RUN],
        body: Some(&SWITCH),
        ..Route::get(
            "/api/v1/automation/freeze",
            "freeze",
            "Keeps rules from acting, also over a restart.",
            "Frozen",
            |call| Box::pin(switch(call, true)),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::ChangesRegardless,
        query: &[DRY_RUN],
        body: Some(&SWITCH),
        ..Route::get("/api/v1/automation/unfreeze", "unfreeze", "Lets rules act again.", "Frozen", |call| {
            Box::pin(switch(call, false))
        })
    },
    Route {
        effects: Effects::Looks,
        ..Route::get(
            "/api/v1/automation/decisions",
            "list_decisions",
            "Why each alert did or did not act. This version makes no decisions: it does not act on alerts.",
            "Decisions",
            |call| at_once(Ok(decisions(&call))),
        )
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Lifecycle),
        effects: Effects::Pokes,
        ..Route::get("/-/reload", "reload", "Loads the configuration again.", "Reloaded", |call| {
            Box::pin(reload(call))
        })
    },
];

async fn switch(call: Call, frozen: bool) -> Outcome {
    // Anybody who may pause something may stop everything; who lets everything go on has to be for everything.
    if !frozen {
        call.needs_everything()?;
    }
    let before = call.actions().frozen_view();
    if call.is_dry_run() {
        return Ok(Reply::ok(json!({
            "dry_run": true, "before": before, "after": { "frozen": frozen }, "requests": [],
        })));
    }
    let audit = call.actions().set_frozen(frozen, &call.origin()).await;
    let mut view = call.actions().frozen_view();
    if let Some(audit) = audit {
        view["audit_id"] = json!(audit);
    }
    Ok(Reply::ok(view))
}

fn decisions(call: &Call) -> Reply {
    let mode = call.api.settings().automation_mode;
    Reply::ok(json!({ "mode": mode, "frozen": call.actions().is_frozen(), "decisions": [] }))
}

async fn reload(call: Call) -> Outcome {
    match (call.api.reload)().await {
        Ok(()) => Ok(Reply::ok(json!({ "reloaded": true }))),
        Err(problems) => {
            let detail = "the old configuration stays in force";
            Err(problems::RELOAD.because(detail).with("errors", problems).into())
        }
    }
}
