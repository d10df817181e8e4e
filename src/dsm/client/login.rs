//! Logging in, once for everybody who waits for it, and out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::Inner;
use super::keeper::blocking;
use crate::dsm::codes;
use crate::dsm::credentials::{Credentials, Digested, SecondFactor};
use crate::dsm::discovery::ApiInfo;
use crate::dsm::envelope::{self, AUTH, LOGIN};
use crate::dsm::error::{DecodeFault, Error};
use crate::dsm::field::Field;
use crate::dsm::totp;
use crate::dsm::transport::Exchange;

/// A logout is not worth more waiting than this.
const LOGOUT_TIMEOUT: Duration = Duration::from_secs(2);

/// A session of ours on the NAS.
pub(super) struct Session {
    sid: SecretString,
    token: Option<SecretString>,
    /// Where to log out.
    auth: ApiInfo,
    /// Whether the NAS has answered a call that was made with it.
    served: AtomicBool,
}

impl Session {
    /// A call was answered.
    pub(super) fn serves(&self) {
        self.served.store(true, Ordering::Relaxed);
    }

    pub(super) fn keys(&self) -> (&SecretString, Option<&SecretString>) {
        (&self.sid, self.token.as_ref())
    }
}

/// What became of a call that was repeated with a new session.
#[derive(Clone, Copy)]
pub(super) enum Replay {
    /// The NAS took the session.
    Accepted,
    /// It did not, with this code.
    Refused(i64),
    /// It did not get that far.
    Unknown,
}

/// A device to be enrolled, with the code that a person typed for it.
struct Enrolment<'a> {
    otp_code: SecretString,
    device_name: &'a str,
}

/// The answer of a login.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Granted {
    sid: Field<String>,
    synotoken: Field<String>,
    /// Version 7.
    device_id: Field<String>,
    /// Version 6.
    did: Field<String>,
}

impl Inner {
    /// The session: the one there is, or a new one.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Error> {
        let known = || self.known().session.clone();
        match known() {
            Some(session) => Ok(session),
            None => self.logins.run(known, async { Ok(self.log_in(None).await?.0) }).await,
        }
    }

    /// Whether a login may be tried now; asks the NAS nothing.
    pub(super) async fn admit(
        &self,
        typed_code: Option<&SecretString>,
    ) -> Result<(Credentials, Digested), Error> {
        let (contested, last) = {
            let known = self.known();
            (known.contest.remaining(Instant::now()), known.last_login_failure.clone())
        };
        if let Some(remaining) = contested {
            return Err(Error::Contested { remaining });
        }
        let source = Arc::clone(&self.credentials);
        let credentials = blocking(move || source.load())
            .await
            .ok_or_else(|| Error::Credentials("their source panicked".to_owned()))?
            .map_err(|error| Error::Credentials(error.to_string()))?;
        let digested = Digested::new(&credentials, typed_code);
        self.keeper.admit(&digested, last).await?;
        Ok((credentials, digested))
    }

    /// Enrols this client as a device and returns the device's id.
    pub(super) async fn enroll(
        &self,
        otp_code: SecretString,
        device_name: &str,
    ) -> Result<SecretString, Error> {
        let enrolment = Enrolment { otp_code, device_name };
        let (_, id) = self.logins.alone(self.log_in(Some(&enrolment))).await?;
        id.ok_or_else(|| {
            let fault = DecodeFault::Shape("the login was granted without a device id".to_owned());
            Error::Decode { method: LOGIN, fault }
        })
    }

    async fn log_in(
        &self,
        enrolment: Option<&Enrolment<'_>>,
    ) -> Result<(Arc<Session>, Option<SecretString>), Error> {
        let (credentials, digested) = self.admit(enrolment.map(|e| &e.otp_code)).await?;
        // Of a NAS that failed lately nothing is known: the query that needs no login goes first.
        let known = self.known().discovery.clone();
        let auth = match known {
            Some(discovery) => discovery.auth.clone(),
            None => self.query().await?.auth.clone(),
        };
        let outcome = self.try_login(&auth, &credentials, digested, enrolment).await;
        self.observer.login(outcome.as_ref().map(|_| ()).map_err(Error::reason));
        let mut known = self.known();
        known.last_login_failure = outcome.as_ref().err().cloned();
        if let Ok((session, _)) = &outcome {
            known.session = Some(Arc::clone(session));
        }
        outcome
    }

    async fn try_login(
        &self,
        auth: &ApiInfo,
        credentials: &Credentials,
        digested: Digested,
        enrolment: Option<&Enrolment<'_>>,
    ) -> Result<(Arc<Session>, Option<SecretString>), Error> {
        let mut form = vec![
            ("account", credentials.account.clone()),
            ("passwd", credentials.password.expose_secret().to_owned()),
            ("session", self.session_name.clone()),
            ("format", "sid".to_owned()),
            ("enable_syno_token", "yes".to_owned()),
        ];
        let mut step = None;
        match (enrolment, &credentials.second_factor) {
            (Some(Enrolment { otp_code, device_name }), _) => form.extend([
                ("otp_code", otp_code.expose_secret().to_owned()),
                ("enable_device_token", "yes".to_owned()),
                ("device_name", (*device_name).to_owned()),
            ]),
            (None, SecondFactor::None) => {}
            (None, SecondFactor::Totp(secret)) => {
                let secret = totp::Secret::read(secret)?;
                let next = self.keeper.totp_step().await;
                step = Some(next);
                form.push(("otp_code", secret.code(next)));
            }
            (None, SecondFactor::Device { name, id }) => {
                form.extend([("device_name", name.clone()), ("device_id", id.expose_secret().to_owned())]);
            }
        }
        self.keeper.attempt(step).await;
        let exchange = Exchange {
            api: AUTH,
            method: LOGIN,
            label: LOGIN,
            path: &auth.path,
            form,
            version: auth.login_version(),
            session: None,
            read_only: false,
            timeout: None,
        };
        let granted = match self.post(exchange).await.and_then(|data| read_grant(data, auth)) {
            Ok(granted) => granted,
            Err(error) => {
                match error {
                    Error::Login { code } if codes::suspends_logins(code) => {
                        self.keeper.refused(code, digested).await;
                    }
                    _ => self.keeper.failed(&error, digested).await,
                }
                return Err(error);
            }
        };
        self.keeper.succeeded().await;
        Ok(granted)
    }

    /// Ends the session on the NAS, as well as it goes.
    pub(super) async fn log_out(&self) {
        let Some(session) = self.known().session.take() else { return };
        let exchange = Exchange {
            api: AUTH,
            method: "logout",
            label: "logout",
            path: &session.auth.path,
            form: vec![("session", self.session_name.clone())],
            version: session.auth.login_version(),
            session: Some(session.keys()),
            read_only: false,
            timeout: Some(LOGOUT_TIMEOUT),
        };
        if let Err(error) = self.post(exchange).await {
            tracing::debug!(nas = self.name, %error, "logout failed, the session ends by itself");
        }
    }

    /// The NAS says that this session is gone. An error means that there must not be another one now.
    pub(super) fn lose(&self, session: &Arc<Session>, code: i64) -> Result<(), Error> {
        let now = Instant::now();
        let mut known = self.known();
        if let Some(remaining) = known.futility.remaining(now) {
            // A session that worked until now has really ended, as when the NAS restarts.
            let has_ended = session.served.load(Ordering::Relaxed) && known.futility.may_try(now);
            if !has_ended {
                return Err(Error::SessionRefused { code, remaining });
            }
        }
        // Of many calls with one session, the first to notice counts.
        if known.session.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            known.session = None;
            if codes::is_forgotten_session(code) {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            if code == codes::ENDED_BY_OTHER_LOGIN
                && let Some(length) = known.contest.ended(now)
            {
                tracing::warn!(
                    nas = self.name,
                    seconds = length.as_secs(),
                    "another client of this account keeps ending our session, logins are held back"
                );
            }
        }
        known.contest.remaining(now).map_or(Ok(()), |remaining| Err(Error::Contested { remaining }))
    }

    /// A call was repeated with a new session.
    pub(super) fn replayed(&self, session: &Arc<Session>, replay: Replay) -> Result<(), Error> {
        match replay {
            Replay::Accepted => self.known().futility.end(),
            Replay::Unknown => {}
            Replay::Refused(codes::ENDED_BY_OTHER_LOGIN) => {
                self.lose(session, codes::ENDED_BY_OTHER_LOGIN)?;
            }
            // The session stays: it may serve other calls, and another one would fare no better.
            Replay::Refused(code) => {
                let length = self.known().futility.begin(Instant::now());
                tracing::warn!(
                    nas = self.name,
                    code,
                    seconds = length.as_secs(),
                    "a new session was refused at once, logins are held back"
                );
            }
        }
        Ok(())
    }

    /// Whether new sessions were refused at once lately.
    pub(super) fn is_futile(&self) -> bool {
        self.known().futility.remaining(Instant::now()).is_some()
    }
}

fn read_grant(
    data: serde_json::Value,
    auth: &ApiInfo,
) -> Result<(Arc<Session>, Option<SecretString>), Error> {
    let shape = |fault: &str| Error::Decode { method: LOGIN, fault: DecodeFault::Shape(fault.to_owned()) };
    let granted: Granted = envelope::read_as(LOGIN, data)?;
    let present = |field: Field<String>| field.into_option().filter(|text| !text.is_empty());
    let sid = present(granted.sid).ok_or_else(|| shape("the login was granted without a session"))?;
    let token = present(granted.synotoken);
    if token.as_ref().is_some_and(|token| !token.bytes().all(|b| b.is_ascii_graphic())) {
        return Err(shape("the token of the session does not fit into a header"));
    }
    let session = Session {
        sid: sid.into(),
        token: token.map(Into::into),
        auth: auth.clone(),
        served: AtomicBool::new(false),
    };
    let device_id = present(granted.device_id).or_else(|| present(granted.did));
    Ok((Arc::new(session), device_id.map(Into::into)))
}
