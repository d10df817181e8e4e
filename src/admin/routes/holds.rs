//! Holds by their names, and the audit.

use super::super::call::Call;
use super::super::problems::{self, Refusal};
use super::super::route::{DRY_RUN, Effects, Outcome, Reply, Route, Verb, at_once};
use super::super::scope::Scope;
use super::connections::{FOR, REASON, pause_one};
use super::nas::QUERY_REASON;
use crate::actions::schema::{self, Fault, Field, Kind, Schema, TextRule};
use crate::actions::{ActionError, AuditFilter, Outcome as AuditOutcome};
use crate::model::{ConnectionId, NasName};
use hyper::StatusCode;
use serde_json::{Value, json};

pub(super) const NAS: Field = Field::optional("nas", Kind::Text(TextRule::Name), "Only of this NAS.");
pub(super) const CONNECTION: Field = Field::optional(
    "connection",
    Kind::Integer { min: 0, max: 1 << 53 },
    "Only of the connection with this id.",
);

pub(super) const LIMIT: Field =
    Field::optional("limit", Kind::Integer { min: 1, max: 500 }, "How many at the most; 50 unless said.");
pub(super) const BEFORE: Field = Field::optional(
    "before",
    Kind::Integer { min: 1, max: 1 << 53 },
    "Only with lower numbers: next_before of the page before.",
);

/// Records of a page of the audit, unless said.
const PAGE: i64 = 50;

static HOLD: Schema = Schema {
    name: "HoldRequest",
    fields: &[
        Field::required("nas", Kind::Text(TextRule::Name), "The NAS."),
        Field::required("connection_id", Kind::Integer { min: 0, max: 1 << 53 }, "The connection."),
        REASON,
        FOR,
        Field::optional("latch", Kind::Flag, "Only who names the hold ends it, or a resume that overrides."),
    ],
    at_least: 3,
};

pub(in super::super) static ROUTES: [Route; 4] = [
    Route {
        effects: Effects::Looks,
        query: &[NAS, CONNECTION],
        ..Route::get("/api/v1/holds", "list_holds", "The holds, the oldest first.", "Holds", |call| {
            at_once(Ok(list(&call)))
        })
    },
    Route {
        verb: Verb::Post,
        scope: Some(Scope::Hold),
        effects: Effects::Changes,
        query: &[DRY_RUN],
        body: Some(&HOLD),
        success: StatusCode::CREATED,
        ..Route::get("/api/v1/holds", "create_hold", "Pauses a connection by a hold.", "Pause", |call| {
            Box::pin(create(call))
        })
    },
    Route {
        verb: Verb::Delete,
        scope: Some(Scope::Hold),
        effects: Effects::ChangesRegardless,
        query: &[QUERY_REASON, DRY_RUN],
        ..Route::get(
            "/api/v1/holds/{hold}",
            "release_hold",
            "Ends a hold. The connection is resumed when it was the last one and was not paused before.",
            "Resume",
            |call| Box::pin(release(call)),
        )
    },
    Route {
        effects: Effects::Looks,
        query: &[
            NAS,
            CONNECTION,
            Field::optional("token", Kind::Text(TextRule::Name), "Only by this token."),
            Field::optional(
                "action",
                Kind::Text(TextRule::Name),
                "Only this action: the NAS's method, or freeze and the like.",
            ),
            Field::optional("outcome", Kind::Word(&AuditOutcome::WORDS), "Only with this outcome."),
            Field::optional("from", Kind::Time, "Only since this time: seconds since 1970, or RFC 3339."),
            Field::optional("to", Kind::Time, "Only before this time: seconds since 1970, or RFC 3339."),
            LIMIT,
            BEFORE,
        ],
        ..Route::get("/api/v1/audit", "list_audit", "What was done, newest first.", "Audit", |call| {
            Box::pin(audit(call))
        })
    },
];

fn list(call: &Call) -> Reply {
    let mut holds = call.actions().book().all();
    holds.retain(|hold| call.may_on_hold(hold));
    if let Some(nas) = call.query_text("nas") {
        holds.retain(|hold| hold.nas == nas);
    }
    if let Some(connection) = call.query_number("connection") {
        holds.retain(|hold| hold.connection_id == connection);
    }
    Reply::ok(json!({ "holds": holds }))
}

async fn create(call: Call) -> Outcome {
    if call.flag("latch") && call.body.contains_key("for") {
        let fault = Fault::at("for", "does not go with latch: what only a person ends has no end of its own");
        return Err(problems::of_body(&[fault]).into());
    }
    let nas = NasName::new(&call.text("nas").unwrap_or_default());
    let id = call.body.get("connection_id").and_then(Value::as_i64).unwrap_or(-1);
    let forbidden = || -> Refusal {
        let detail = format!("token {} may not be used on this connection", call.grant.name);
        problems::FORBIDDEN.because(detail).into()
    };
    if !call.grant.may_on(&nas) {
        return Err(forbidden());
    }
    match call.actions().connection(&nas, id).await {
        Ok(connection) if call.grant.may_on_listed(&connection) => {
            pause_one(&call, ConnectionId(id), &nas, StatusCode::CREATED).await
        }
        // A token for some connections is not told which others there are.
        Ok(_) => Err(forbidden()),
        Err(ActionError::UnknownConnection { .. }) if !call.grant.may_on_all() => Err(forbidden()),
        Err(error) => Err(error.into()),
    }
}

async fn release(call: Call) -> Outcome {
    let id = call.path.get("hold").unwrap_or_default();
    // A hold that the token may not touch is not shown to it either.
    let hold = call.actions().book().get(id).filter(|hold| call.may_on_hold(hold));
    let Some(hold) = hold else {
        return Err(problems::UNKNOWN_HOLD.because("it may have ended by itself").into());
    };
    let effect = call.actions().release(&hold.id, &call.origin(), call.is_dry_run()).await?;
    Ok(Reply::effect(&effect, StatusCode::OK))
}

async fn audit(call: Call) -> Outcome {
    let milliseconds = |name: &str| {
        let seconds = call.query.get(name).and_then(|value| schema::time(value).ok())?;
        seconds.checked_mul(1_000)
    };
    let limit = call.query_number("limit").unwrap_or(PAGE);
    let filter = AuditFilter {
        nas: nases(&call),
        connection: call.query_number("connection"),
        token: call.query_text("token"),
        action: call.query_text("action"),
        outcome: call.query_text("outcome"),
        from: milliseconds("from"),
        to: milliseconds("to"),
        before: call.query_number("before"),
    };
    let page = call.actions().journal().page(filter, u32::try_from(limit).unwrap_or(u32::MAX)).await;
    let mut records = page.map_err(|error| problems::AUDIT.because(error.to_string()))?;
    let is_full = i64::try_from(records.len()).is_ok_and(|length| length == limit);
    let next = records.last().map(|record| record["id"].clone()).filter(|_| is_full);
    records.retain(|record| sees(&call, record));
    let mut page = json!({ "records": records });
    if let Some(next) = next {
        page["next_before"] = next;
    }
    Ok(Reply::ok(page))
}

/// The NASes whose records are asked for and may be seen; none = all, and those of no NAS.
pub(super) fn nases(call: &Call) -> Option<Vec<String>> {
    match call.query_text("nas") {
        Some(nas) if call.grant.may_on(&NasName::new(&nas)) => Some(vec![nas]),
        Some(_) => Some(Vec::new()),
        None if call.grant.reach.has_all_nases() => None,
        None => Some(call.grant.reach.nas.clone()),
    }
}

/// Whether a token for some connections may see a record.
pub(super) fn sees(call: &Call, record: &Value) -> bool {
    if call.grant.may_on_all() {
        return true;
    }
    let target = &record["target"];
    let (Some(nas), Some(id)) = (record["nas"].as_str(), target["connection_id"].as_i64()) else {
        return false;
    };
    // A task's own name says nothing of its connection's.
    let name = if target["kind"] == "connection" { target["name"].as_str() } else { None };
    call.may_on(&NasName::new(nas), id, name.unwrap_or_default())
}
