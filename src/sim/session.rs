//! The sessions of the simulated NAS, and what each call is told about its own (API notes §2).

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use super::params::Failure;

/// A session as tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The session id.
    pub sid: String,
    /// The token that must come with it, when the login asked for one.
    pub token: Option<String>,
    /// The session's name.
    pub name: String,
    /// The account.
    pub account: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Alive,
    /// 106, 107 or 150.
    Ended(i64),
}

#[derive(Clone, Debug)]
struct Session {
    info: SessionInfo,
    peer: IpAddr,
    last_used: SystemTime,
    fate: Fate,
}

#[derive(Debug, Default)]
pub(super) struct Sessions(Vec<Session>);

/// How many sessions are remembered, ended ones included: enough for 106 and 107 to be told, not without bound.
const REMEMBERED: usize = 1_000;

impl Sessions {
    pub(super) fn open(
        &mut self,
        (account, name): (&str, &str),
        with_token: bool,
        peer: IpAddr,
        now: SystemTime,
    ) -> SessionInfo {
        let info = SessionInfo {
            sid: random(32),
            token: with_token.then(|| random(13)),
            name: name.into(),
            account: account.into(),
        };
        self.0.push(Session { info: info.clone(), peer, last_used: now, fate: Fate::Alive });
        if self.0.len() > REMEMBERED {
            self.0.remove(0);
        }
        info
    }

    /// The account of a call's session, or the code that it is refused with.
    pub(super) fn check(
        &mut self,
        sid: Option<&str>,
        token: Option<&str>,
        peer: IpAddr,
        now: SystemTime,
        timeout: Duration,
    ) -> Result<String, Failure> {
        let found = self.0.iter_mut().find(|session| Some(session.info.sid.as_str()) == sid);
        let session = found.ok_or_else(|| Failure::code(119))?;
        if let Fate::Ended(code) = session.fate {
            return Err(Failure::code(code));
        }
        if session.peer != peer {
            return Err(Failure::code(150));
        }
        if now.duration_since(session.last_used).is_ok_and(|idle| idle > timeout) {
            session.fate = Fate::Ended(106);
            return Err(Failure::code(106));
        }
        if session.info.token.is_some() && session.info.token.as_deref() != token {
            return Err(Failure::code(119));
        }
        session.last_used = now;
        Ok(session.info.account.clone())
    }

    /// Ends the session if it has this name.
    pub(super) fn close(&mut self, sid: Option<&str>, name: Option<&str>) {
        self.0.retain(|session| {
            let same = Some(session.info.sid.as_str()) == sid;
            !(same && name.is_none_or(|name| name == session.info.name))
        });
    }

    /// Ends every living session with a code; `name` restricts it to sessions of that name.
    pub(super) fn end(&mut self, code: i64, name: Option<&str>) {
        for session in &mut self.0 {
            if session.fate == Fate::Alive && name.is_none_or(|name| name == session.info.name) {
                session.fate = Fate::Ended(code);
            }
        }
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    pub(super) fn alive(&self) -> Vec<SessionInfo> {
        self.0
            .iter()
            .filter(|session| session.fate == Fate::Alive)
            .map(|session| session.info.clone())
            .collect()
    }
}

/// Letters and digits. Random, not seeded: a session of one simulator must never fit another.
pub(super) fn random(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(length).collect()
}
