//! Which NAS and which connection are meant.

use serde_json::Value;

use super::answer::Answer;
use super::call::Call;
use super::client::Client;
use super::failure::Failure;
use super::field::{at, items, name, number, text};

/// The daemon, and the NAS that the arguments name.
pub(super) struct Desk<'a> {
    client: Client,
    nas: Option<&'a str>,
}

/// A connection that was found.
pub(super) struct Found {
    pub(super) nas: String,
    pub(super) id: u64,
}

impl Found {
    /// A call below this connection.
    pub(super) fn below(&self, method: reqwest::Method, rest: &[&str]) -> Call {
        let id = self.id.to_string();
        let mut path = vec!["api", "v1", "nas", &self.nas, "connections", &id];
        path.extend(rest);
        Call::new(method, &path)
    }
}

impl<'a> Desk<'a> {
    pub(super) fn new(client: Client, nas: Option<&'a str>) -> Self {
        Self { client, nas }
    }

    pub(super) async fn ask(&self, call: &Call) -> Result<Answer, Failure> {
        self.client.ask(call).await
    }

    /// The NAS that the arguments name, if they do.
    pub(super) fn named_nas(&self) -> Option<&'a str> {
        self.nas
    }

    /// The NAS that the arguments name, or the only one.
    pub(super) async fn nas(&self) -> Result<String, Failure> {
        if let Some(nas) = self.nas {
            return Ok(nas.to_owned());
        }
        let answer = self.ask(&Call::get(&["api", "v1", "nas"])).await?;
        let names: Vec<_> = items(&answer.value, "nas").iter().filter_map(|nas| text(nas, "name")).collect();
        match names.as_slice() {
            [] => Err(Failure::Missing("the daemon shows no NAS to this token".to_owned())),
            [only] => Ok((*only).to_owned()),
            several => Err(Failure::Usage(format!(
                "there are several; say which with --nas: {}",
                several.join(", ")
            ))),
        }
    }

    /// A connection by its id, or else by its name. Digits are an id, whatever connections are called.
    pub(super) async fn connection(&self, wanted: &str) -> Result<Found, Failure> {
        let nas = self.nas().await?;
        if let Ok(id) = wanted.parse() {
            return Ok(Found { nas, id });
        }
        let answer = self.ask(&Call::get(&["api", "v1", "nas", &nas, "connections"])).await?;
        let connections = items(&answer.value, "conn");
        let known: Vec<_> = connections.iter().filter(|connection| is_called(connection, wanted)).collect();
        match known.as_slice() {
            [only] => match number(&only["id"]) {
                Some(id) => Ok(Found { nas, id }),
                None => Err(Failure::Missing(format!("{wanted} of {nas} came without an id"))),
            },
            [] if connections.is_empty() => Err(Failure::Missing(format!("{nas} has no connections"))),
            [] => Err(Failure::Missing(format!(
                "{nas} has no connection {wanted}; it has {}",
                list(connections.iter(), |connection| format!(
                    "{} ({})",
                    name(connection),
                    at(connection, "id")
                ))
            ))),
            several => Err(Failure::Usage(format!(
                "{nas} has several connections {wanted}; give the id: {}",
                list(several.iter().copied(), |connection| format!(
                    "{} ({} of {})",
                    at(connection, "id"),
                    at(connection, "type"),
                    at(connection, "user_name")
                ))
            ))),
        }
    }
}

fn is_called(connection: &Value, wanted: &str) -> bool {
    [&connection["task_display_name"], &connection["task_name"]].iter().any(|name| *name == wanted)
}

fn list<'v>(values: impl Iterator<Item = &'v Value>, show: impl Fn(&Value) -> String) -> String {
    values.map(show).collect::<Vec<_>>().join(", ")
}
