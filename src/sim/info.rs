//! `SYNO.API.Info` `query`: which APIs there are. It needs no login.

use serde_json::{Map, Value, json};

use super::{SimOptions, api, params::Params};

/// `query=all`, or a comma list; names that are not there are left out of the answer, as DSM does.
pub(super) fn query(options: &SimOptions, params: &Params) -> Value {
    let asked = params.text("query").unwrap_or_else(|| "all".into());
    let mut answer = Map::new();
    for api in api::apis(options) {
        if asked != "all" && !asked.split(',').any(|name| name.trim() == api.name) {
            continue;
        }
        let mut entry = json!({"path": api.path, "minVersion": 1, "maxVersion": api.max_version});
        if api.is_json {
            entry["requestFormat"] = json!("JSON");
        }
        answer.insert(api.name.into(), entry);
    }
    Value::Object(answer)
}
