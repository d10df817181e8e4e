//! The kill switch of the automation, and the reload.

use super::super::call::Call;
use super::super::problems;
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb};
use super::super::scope::Scope;
use super::connections::MAY_REASON;
use crate::actions::schema::Schema;
use serde_json::json;

static SWITCH: Schema = Schema { name: "SwitchRequest", fields: &[MAY_REASON], at_least: 0 };

pub(in super::super) static ROUTES: [Route; 3] = [
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

async fn reload(call: Call) -> Outcome {
    match (call.api.reload)().await {
        Ok(()) => Ok(Reply::ok(json!({ "reloaded": true }))),
        Err(problems) => {
            let detail = "the old configuration stays in force";
            Err(problems::RELOAD.because(detail).with("errors", problems).into())
        }
    }
}
