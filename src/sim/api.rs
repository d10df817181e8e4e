//! The table of APIs, and the way of one call through it: known? allowed? then done.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{
    SimOptions,
    auth::{self, Cookies},
    cloud_sync, compound,
    fault::{FaultKind, Target},
    info,
    params::{Answer, Failure, Params},
    quirks,
    request::Form,
    state::State,
};

pub(super) const INFO: &str = "SYNO.API.Info";
pub(super) const AUTH: &str = "SYNO.API.Auth";
pub(super) const COMPOUND: &str = "SYNO.Entry.Request";
pub(super) const CLOUD_SYNC: &str = "SYNO.CloudSync";

/// An API as Info describes it.
pub(super) struct Api {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) max_version: i64,
    pub(super) is_json: bool,
}

/// The APIs that this NAS has.
pub(super) fn apis(options: &SimOptions) -> Vec<Api> {
    let old = options.dsm_version < 7;
    let (auth, info) = if old { ("auth.cgi", "query.cgi") } else { ("entry.cgi", "entry.cgi") };
    let max_auth = if old { 6 } else { 7 };
    let mut apis = vec![
        Api { name: AUTH, path: auth, max_version: max_auth, is_json: false },
        Api { name: INFO, path: info, max_version: 1, is_json: false },
    ];
    if options.package_installed {
        apis.push(Api { name: CLOUD_SYNC, path: "entry.cgi", max_version: 1, is_json: true });
    }
    if options.compound {
        apis.push(Api { name: COMPOUND, path: "entry.cgi", max_version: 2, is_json: true });
    }
    apis
}

/// Who calls.
pub(super) struct Caller {
    pub(super) peer: IpAddr,
    pub(super) sid: Option<String>,
    pub(super) token: Option<String>,
}

/// One call, alone or as a member of a compound.
pub(super) struct Call {
    pub(super) api: String,
    pub(super) method: String,
    pub(super) version: i64,
    pub(super) params: Params,
}

impl Call {
    /// From query and body; `path_api` is the API named in the address. 101 when a part is missing.
    pub(super) fn from_form(form: &Form, path_api: Option<&str>) -> Result<Self, Failure> {
        let part = |name: &str| form.get(name).filter(|text| !text.is_empty()).cloned();
        Self::new(
            part("api").or_else(|| path_api.map(str::to_owned)),
            part("method"),
            part("version"),
            Params::from_form(form),
        )
    }

    /// From a member of a compound. 101 when a part is missing.
    pub(super) fn from_member(member: &Map<String, Value>) -> Result<Self, Failure> {
        let part = |name: &str| match member.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self::new(part("api"), part("method"), part("version"), Params::from_object(member))
    }

    fn new(
        api: Option<String>,
        method: Option<String>,
        version: Option<String>,
        params: Params,
    ) -> Result<Self, Failure> {
        let missing = || Failure::code(101);
        Ok(Self {
            api: api.ok_or_else(missing)?,
            method: method.ok_or_else(missing)?,
            version: version.ok_or_else(missing)?.parse().map_err(|_| Failure::code(104))?,
            params,
        })
    }
}

/// Answers one call. `nested` = it came inside a compound.
pub(super) fn dispatch(
    state: &mut State,
    call: &Call,
    caller: &Caller,
    nested: bool,
    cookies: &mut Cookies,
) -> Answer {
    let param = |name: &str| call.params.value(name);
    let fault = state.faults.of_call(&Target { api: &call.api, method: &call.method, param: &param });
    match fault {
        Some(FaultKind::Code(code)) => Err(Failure { code, errors: None }),
        Some(FaultKind::CodeWithErrors(code, errors)) => Err(Failure { code, errors: Some(errors) }),
        Some(FaultKind::RawData(data)) => execute(state, call, caller, nested, cookies).map(|_| Some(data)),
        _ => execute(state, call, caller, nested, cookies),
    }
}

fn execute(state: &mut State, call: &Call, caller: &Caller, nested: bool, cookies: &mut Cookies) -> Answer {
    let max = apis(&state.options).into_iter().find(|api| api.name == call.api).map(|api| api.max_version);
    let max = max.ok_or_else(|| Failure::code(102))?;
    let known = match &*call.api {
        INFO => call.method == "query",
        AUTH => matches!(&*call.method, "login" | "logout"),
        COMPOUND => call.method == "request",
        _ => cloud_sync::is_method(&call.method),
    };
    if !known {
        return Err(Failure::code(103));
    }
    if !(1..=max).contains(&call.version) {
        return Err(Failure::code(104));
    }
    match (&*call.api, &*call.method) {
        (INFO, _) => return Ok(Some(info::query(&state.options, &call.params))),
        (AUTH, "login") => return auth::login(state, call, caller, cookies),
        (AUTH, _) => {
            auth::logout(state, call, caller);
            return Ok(None);
        }
        _ => {}
    }
    let now = state.clock.now();
    let timeout = state.options.session_timeout;
    let account =
        state.sessions.check(caller.sid.as_deref(), caller.token.as_deref(), caller.peer, now, timeout)?;
    if call.api == COMPOUND {
        if nested {
            return Err(Failure::parameter("compound", "condition"));
        }
        return compound::request(state, &call.params, caller, cookies);
    }
    let scene = cloud_sync::Scene { world: &mut state.world, account: &account };
    let quirks = state.options.quirks;
    cloud_sync::call(scene, &call.method, &call.params)
        .map(|data| data.map(|data| quirks::apply(quirks, data)))
}
