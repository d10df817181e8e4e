//! `SYNO.Entry.Request` `request`: many calls in one request (API notes §3).

use serde_json::{Value, json};

use super::{
    api::{self, Call, Caller},
    auth::Cookies,
    params::{Answer, Bare, Failure, Params, required},
    respond::envelope,
    state::State,
};

/// Both modes do the calls in the order asked; parallel promises no order to the caller, and answers in it all the
/// same. Only sequential calls stop at an error.
pub(super) fn request(state: &mut State, params: &Params, caller: &Caller, cookies: &mut Cookies) -> Answer {
    let mode = required("mode", params.string("mode", Bare::Allowed)?)?;
    if !matches!(&*mode, "sequential" | "parallel") {
        return Err(Failure::parameter("mode", "condition"));
    }
    let stops = params.boolean("stop_when_error")?.unwrap_or(false);
    let members = params.required_list("compound")?;
    let mut result = Vec::with_capacity(members.len());
    let mut has_fail = false;
    for member in &members {
        let Value::Object(fields) = member else { return Err(Failure::parameter("compound", "type")) };
        let answer =
            Call::from_member(fields).and_then(|call| api::dispatch(state, &call, caller, true, cookies));
        let failed = answer.is_err();
        has_fail |= failed;
        let mut entry = json!({
            "api": fields.get("api"),
            "method": fields.get("method"),
            "version": fields.get("version"),
        });
        if let (Some(entry), Value::Object(fields)) = (entry.as_object_mut(), envelope(answer)) {
            entry.extend(fields);
        }
        result.push(entry);
        if failed && stops {
            break;
        }
    }
    Ok(Some(json!({"has_fail": has_fail, "result": result})))
}
