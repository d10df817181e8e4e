//! Many calls in one request, and in single ones where a NAS does not take them together (API notes §3).

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Inner;
use super::discover::is_transport;
use super::login::{Replay, Session};
use super::single::{is_unknown_call, lost_session};
use crate::dsm::call::{Answers, Batch, MemberAnswer, Request};
use crate::dsm::codes;
use crate::dsm::discovery::{ApiInfo, ENTRY_REQUEST};
use crate::dsm::envelope::{self, Envelope};
use crate::dsm::error::{DecodeFault, Error, Reason};
use crate::dsm::field::Lenient;
use crate::dsm::transport::Exchange;

/// At most this many calls go into one request.
const MAX_MEMBERS: usize = 1_000;
/// How long a NAS that refused a compound request is spared the next.
const SINGLES: Duration = Duration::from_secs(60 * 60);
/// The name of the method that takes many calls.
const REQUEST: &str = "request";
/// Its parameters.
const PARAMETERS: [&str; 3] = ["mode", "stop_when_error", "compound"];

/// The data of each call of a request, in the order asked.
type Outcomes = Vec<Result<Value, Error>>;

/// How a compound request went as a whole.
enum Compound {
    Answered(Outcomes),
    /// The NAS does not take compound requests, or pretends to and knows none of the calls in it.
    Refused,
}

impl Inner {
    pub(super) async fn many(&self, batch: &Batch) -> Result<Answers, Error> {
        let requests = &batch.requests;
        let mut outcomes = Outcomes::with_capacity(requests.len());
        let parts = requests.len().div_ceil(MAX_MEMBERS);
        for part in requests.chunks(requests.len().div_ceil(parts.max(1)).max(1)) {
            let stopped =
                if batch.stop_on_error { outcomes.iter().find_map(|o| o.as_ref().err()) } else { None };
            let part_outcomes = match stopped {
                Some(error) => Err(error.clone()),
                None => self.part(part, batch.stop_on_error).await,
            };
            match part_outcomes {
                Ok(part_outcomes) => outcomes.extend(part_outcomes),
                Err(error) if outcomes.is_empty() => return Err(error),
                Err(error) => outcomes.extend(part.iter().map(|_| Err(error.clone()))),
            }
        }
        Ok(answers(requests, outcomes))
    }

    async fn part(&self, requests: &[Request], stop_on_error: bool) -> Result<Outcomes, Error> {
        let (discovery, session) = self.ready().await?;
        let spared = self.known().singles_until.is_some_and(|until| Instant::now() < until);
        let Some(api) = discovery.compound.as_ref().filter(|_| !spared) else {
            return self.one_by_one(requests, stop_on_error).await;
        };
        match self.with_replay(api, &session, requests, stop_on_error).await? {
            Compound::Answered(outcomes) => Ok(outcomes),
            Compound::Refused => {
                let outcomes = self.one_by_one(requests, stop_on_error).await?;
                // If single calls are refused as well, it is not the compound's fault.
                if outcomes.iter().any(Result::is_ok) {
                    tracing::info!(nas = self.name, "compound requests refused, single calls for an hour");
                    self.known().singles_until = Some(Instant::now() + SINGLES);
                }
                Ok(outcomes)
            }
        }
    }

    /// A compound request; what fails because the session is gone is asked once more with a new one.
    async fn with_replay(
        &self,
        api: &ApiInfo,
        session: &Arc<Session>,
        requests: &[Request],
        stop_on_error: bool,
    ) -> Result<Compound, Error> {
        let first = self.compound(api, session, requests, stop_on_error).await;
        if let Some(code) = lost_session(&first) {
            self.lose(session, code)?;
            return self.again(api, requests, stop_on_error).await;
        }
        let Compound::Answered(mut outcomes) = first? else { return Ok(Compound::Refused) };
        if outcomes.iter().any(Result::is_ok) {
            session.serves();
        }
        let Some((first, code)) = outcomes.iter().enumerate().find_map(|(i, o)| Some((i, lost_session(o)?)))
        else {
            return Ok(Compound::Answered(outcomes));
        };
        // A call that was answered later shows that the session is alive, whatever this one was told; and where
        // new sessions did not help lately, what lives is better than what is won by another.
        if outcomes[first..].iter().any(Result::is_ok) || (first > 0 && self.is_futile()) {
            return Ok(Compound::Answered(outcomes));
        }
        // Where an error stops the rest, nothing behind the first was made. Only that a NAS did stop is its word: what
        // changes something is repeated when it was refused, and not when its answer is unreadable.
        let is_settled = |i: usize| {
            requests[i].read_only || outcomes[i].as_ref().is_err_and(|error| !error.outcome_is_open())
        };
        let lost: Vec<usize> = (first..requests.len())
            .filter(|i| lost_session(&outcomes[*i]).is_some() || (stop_on_error && is_settled(*i)))
            .collect();
        let rest: Vec<Request> = lost.iter().map(|i| requests[*i].clone()).collect();
        let replayed = match self.lose(session, code) {
            Ok(()) => self.again(api, &rest, stop_on_error).await,
            Err(error) => Err(error),
        };
        // Whatever becomes of the replay, the other members live.
        match replayed {
            Ok(Compound::Answered(replayed)) => {
                for (index, outcome) in lost.into_iter().zip(replayed) {
                    outcomes[index] = outcome;
                }
            }
            Ok(Compound::Refused) => {}
            Err(error) => {
                for index in lost {
                    outcomes[index] = Err(error.clone());
                }
            }
        }
        Ok(Compound::Answered(outcomes))
    }

    /// The replay: the last word on these calls.
    async fn again(
        &self,
        api: &ApiInfo,
        requests: &[Request],
        stop_on_error: bool,
    ) -> Result<Compound, Error> {
        let (_, session) = self.ready().await?;
        let second = self.compound(api, &session, requests, stop_on_error).await;
        let code = match &second {
            Ok(Compound::Answered(outcomes)) => outcomes.iter().find_map(lost_session),
            other => lost_session(other),
        };
        let has_answered =
            matches!(&second, Ok(Compound::Answered(outcomes)) if outcomes.iter().any(Result::is_ok));
        let replay = match code {
            Some(code) => Replay::Refused(code),
            None if has_answered => Replay::Accepted,
            None => Replay::Unknown,
        };
        self.replayed(&session, replay)?;
        second
    }

    async fn compound(
        &self,
        api: &ApiInfo,
        session: &Arc<Session>,
        requests: &[Request],
        stop_on_error: bool,
    ) -> Result<Compound, Error> {
        let members: Value = requests.iter().map(Request::member).collect();
        let exchange = Exchange {
            api: ENTRY_REQUEST,
            method: REQUEST,
            label: "compound",
            path: &api.path,
            form: vec![
                (PARAMETERS[0], Value::from("sequential").to_string()),
                (PARAMETERS[1], Value::from(stop_on_error).to_string()),
                (PARAMETERS[2], members.to_string()),
            ],
            version: 1,
            session: Some(session.keys()),
            read_only: requests.iter().all(|request| request.read_only),
            timeout: None,
        };
        let data = match self.post(exchange).await {
            Err(Error::Api { code, .. }) if codes::refuses_compound(code) => return Ok(Compound::Refused),
            other => other?,
        };
        let outcomes = match read_members(data, requests, stop_on_error) {
            // An answer, but not that of a compound: single calls may do better, unless they change something,
            // which may have been done.
            Err(_) if requests.iter().all(|request| request.read_only) => return Ok(Compound::Refused),
            other => other?,
        };
        // At least one call, and each of them unknown: then it is the compound that does not reach Cloud Sync.
        Ok(if outcomes.iter().all(is_unknown_call) {
            Compound::Refused
        } else {
            Compound::Answered(outcomes)
        })
    }

    /// One request each. A failure that the next call would meet as well ends it.
    async fn one_by_one(&self, requests: &[Request], stop_on_error: bool) -> Result<Outcomes, Error> {
        let mut outcomes = Outcomes::with_capacity(requests.len());
        for request in requests {
            let ended = outcomes.last().and_then(|last: &Result<Value, Error>| last.as_ref().err());
            let outcome = match ended {
                Some(error) if stop_on_error || ends_all(error) => Err(error.clone()),
                _ => self.single_with_replay(request).await,
            };
            match outcome {
                Err(error) if outcomes.is_empty() && ends_all(&error) => return Err(error),
                outcome => outcomes.push(outcome),
            }
        }
        if outcomes.iter().all(is_unknown_call) {
            self.known().discovery = None;
        }
        Ok(outcomes)
    }
}

impl Batch {
    /// Reads the body of an HTTP 200 answer to the compound request of these calls, as a client does that has made it.
    pub fn read_answers(&self, body: &[u8]) -> Result<Answers, Error> {
        let sent = |name: &str| PARAMETERS.contains(&name);
        let data = envelope::answer(ENTRY_REQUEST, REQUEST, body, sent)?;
        Ok(answers(&self.requests, read_members(data, &self.requests, self.stop_on_error)?))
    }
}

fn answers(requests: &[Request], outcomes: Outcomes) -> Answers {
    let members = requests.iter().zip(outcomes);
    Answers::new(members.map(|(request, data)| MemberAnswer { method: request.method, data }))
}

/// Whether a failure is the NAS's or the session's, and not of one call.
fn ends_all(error: &Error) -> bool {
    match error.reason() {
        Reason::Decode => false,
        Reason::Auth | Reason::Otp | Reason::Blocked => true,
        // A code of the call alone, which the next one need not get.
        Reason::Session => !matches!(error, Error::Api { .. }),
        Reason::PackageMissing => matches!(error, Error::PackageMissing),
        _ => is_transport(error),
    }
}

/// The members of an answer by their position; what is missing or of another call costs itself alone.
fn read_members(mut data: Value, requests: &[Request], stop_on_error: bool) -> Result<Outcomes, Error> {
    let Some(Value::Array(results)) = data.get_mut("result").map(Value::take) else {
        let fault = DecodeFault::Shape("the compound's answer has no list of results".to_owned());
        return Err(Error::Decode { method: REQUEST, fault });
    };
    let mut results = results.into_iter();
    let mut outcomes = Outcomes::with_capacity(requests.len());
    for request in requests {
        let outcome = match (results.next(), outcomes.last()) {
            (Some(result), _) => read_member(result, request),
            (None, Some(Err(error))) if stop_on_error => Err(Error::clone(error)),
            (None, _) => Err(Error::Decode { method: request.method, fault: DecodeFault::Missing }),
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn read_member(result: Value, request: &Request) -> Result<Value, Error> {
    let decode = |fault| Error::Decode { method: request.method, fault };
    let shape = |fault: &str| decode(DecodeFault::Shape(fault.to_owned()));
    let envelope = Envelope::lenient(result).ok_or_else(|| shape("the answer is not an object"))?;
    let is_other = |field: Option<&str>, asked: &str| field.is_some_and(|answered| answered != asked);
    if is_other(envelope.api.as_str(), request.api) || is_other(envelope.method.as_str(), request.method) {
        return Err(shape("the answer is of another call"));
    }
    envelope.open().map_err(decode)?.map_err(|refused| {
        refused.into_error(request.api, request.method, |name| request.params.contains_key(name))
    })
}
