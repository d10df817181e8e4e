//! `SYNO.API.Auth`: login with password, code or device, Auto Block, logout (API notes §2).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::SystemTime,
};

use serde_json::{Map, json};
use totp_rs::Totp;

use super::{
    SecondFactor,
    api::{Call, Caller},
    params::{Answer, Failure},
    session::random,
    state::State,
};

/// What the NAS remembers about logins.
#[derive(Debug, Default)]
pub(super) struct Guard {
    /// Failed logins of each address.
    failures: BTreeMap<IpAddr, Vec<SystemTime>>,
    blocked: BTreeSet<IpAddr>,
    blocks_everyone: bool,
    /// Steps whose code was used.
    used_steps: BTreeSet<u64>,
    /// Device id → the name it was given under.
    devices: BTreeMap<String, String>,
}

impl Guard {
    fn is_blocked(&self, peer: IpAddr) -> bool {
        self.blocks_everyone || self.blocked.contains(&peer)
    }

    /// Blocks every address, or none any more.
    pub(super) fn block(&mut self, block: bool) {
        self.blocks_everyone = block;
        if !block {
            self.blocked.clear();
            self.failures.clear();
        }
    }
}

/// Cookies that a login sets.
pub(super) type Cookies = Vec<String>;

/// `login`. The cookies go out only with a success.
pub(super) fn login(state: &mut State, call: &Call, caller: &Caller, cookies: &mut Cookies) -> Answer {
    let now = state.clock.now();
    if state.guard.is_blocked(caller.peer) {
        return Err(Failure::code(407));
    }
    if let Err(code) = check(state, call, now) {
        // Only a wrong password or a wrong code is a failed attempt; a missing code is half of a good one.
        if matches!(code, 400 | 404) {
            count_failure(state, caller.peer, now);
        }
        return Err(Failure::code(code));
    }
    let name = call.params.text("session").unwrap_or_default();
    if state.options.single_session {
        state.sessions.end(107, Some(&name));
    }
    let yes = |param: &str| call.params.text(param).is_some_and(|value| matches!(&*value, "yes" | "true"));
    let account = state.options.account.clone();
    let info = state.sessions.open((&account, &name), yes("enable_syno_token"), caller.peer, now);
    let mut data = Map::new();
    data.insert("sid".into(), json!(info.sid));
    if call.params.text("format").is_none_or(|format| format == "cookie") {
        cookies.push(format!("id={};path=/;HttpOnly", info.sid));
    }
    if let Some(token) = info.token {
        data.insert("synotoken".into(), json!(token));
    }
    if yes("enable_device_token") {
        let device = random(86);
        cookies.push(format!("did={device};path=/;HttpOnly"));
        let field = if call.version >= 7 { "device_id" } else { "did" };
        data.insert(field.into(), json!(device));
        state.guard.devices.insert(device, call.params.text("device_name").unwrap_or_default());
    }
    Ok(Some(data.into()))
}

/// `logout` is answered with success whether or not there was a session to end.
pub(super) fn logout(state: &mut State, call: &Call, caller: &Caller) {
    state.sessions.close(caller.sid.as_deref(), call.params.text("session").as_deref());
}

fn check(state: &mut State, call: &Call, now: SystemTime) -> Result<(), i64> {
    let options = &state.options;
    let given = |name: &str| call.params.text(name).unwrap_or_default();
    if given("account") != options.account || given("passwd") != options.password {
        return Err(400);
    }
    if let Some(code) = options.login_refusal {
        return Err(code);
    }
    match &options.second_factor {
        SecondFactor::None => Ok(()),
        SecondFactor::EnforcedNotSetUp => Err(406),
        SecondFactor::Totp { required, .. } => {
            let device = given("device_id");
            if state.guard.devices.get(&device).is_some_and(|name| *name == given("device_name")) {
                return Ok(());
            }
            let code = given("otp_code");
            if code.is_empty() {
                return if *required { Err(403) } else { Ok(()) };
            }
            let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            let step = state.totp.as_ref().and_then(|totp: &Totp| totp.check(&code, seconds)).ok_or(404)?;
            if state.guard.used_steps.insert(step) { Ok(()) } else { Err(404) }
        }
    }
}

fn count_failure(state: &mut State, peer: IpAddr, now: SystemTime) {
    let Some(rule) = state.options.auto_block else { return };
    let failures = state.guard.failures.entry(peer).or_default();
    failures.retain(|then| now.duration_since(*then).is_ok_and(|age| age <= rule.within));
    failures.push(now);
    if failures.len() >= rule.attempts {
        state.guard.blocked.insert(peer);
    }
}
