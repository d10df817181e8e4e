//! Pausing, resuming, holds, and whether automation may.

use reqwest::Method;
use serde_json::{Map, Value};

use crate::cli::ctl::{Freeze, HoldsCommand, Pause, Resume};
use crate::ctl::call::Call;
use crate::ctl::failure::Failure;
use crate::ctl::field::items;
use crate::ctl::find::Desk;
use crate::ctl::page::Page;
use crate::ctl::views;

/// An object of the fields that are there.
fn body<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

fn text(value: Option<&String>) -> Option<Value> {
    value.map(|text| Value::from(text.as_str()))
}

fn flag(value: bool) -> Option<Value> {
    value.then_some(Value::Bool(true))
}

/// A verb for one connection, or for all of the NAS when none is named.
async fn act(desk: &Desk<'_>, connection: Option<&str>, verb: &str, body: Value) -> Result<Call, Failure> {
    let call = match connection {
        Some(connection) => desk.connection(connection).await?.below(Method::POST, &[verb]),
        None => Call::new(Method::POST, &["api", "v1", "nas", &desk.nas().await?, verb]),
    };
    Ok(call.body(body))
}

pub(super) async fn pause(desk: &Desk<'_>, arguments: &Pause) -> Result<Page, Failure> {
    let body = body([
        ("all", flag(arguments.all)),
        ("reason", text(Some(&arguments.reason))),
        ("for", text(arguments.lasting.as_ref())),
    ]);
    let call = act(desk, arguments.connection.as_deref(), "pause", body).await?.changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::change::view))
}

pub(super) async fn resume(desk: &Desk<'_>, arguments: &Resume) -> Result<Page, Failure> {
    let body = body([
        ("all", flag(arguments.all)),
        ("reason", text(arguments.reason.as_ref())),
        ("override", flag(arguments.overriding)),
    ]);
    let call = act(desk, arguments.connection.as_deref(), "resume", body).await?.changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::change::view))
}

/// The NAS and the connection to look for, as the arguments name them; a name is looked up.
pub(super) async fn filter(
    desk: &Desk<'_>,
    connection: Option<&str>,
) -> Result<(Option<String>, Option<u64>), Failure> {
    match connection {
        None => Ok((desk.named_nas().map(str::to_owned), None)),
        Some(connection) => {
            let found = desk.connection(connection).await?;
            Ok((Some(found.nas), Some(found.id)))
        }
    }
}

pub(super) async fn holds(desk: &Desk<'_>, command: Option<&HoldsCommand>) -> Result<Page, Failure> {
    match command {
        None => list(desk, None).await,
        Some(HoldsCommand::List { connection }) => list(desk, connection.as_deref()).await,
        Some(HoldsCommand::Add { connection, reason, lasting, latch, change }) => {
            let found = desk.connection(connection).await?;
            let body = body([
                ("nas", Some(found.nas.into())),
                ("connection_id", Some(found.id.into())),
                ("reason", text(Some(reason))),
                ("for", text(lasting.as_ref())),
                ("latch", flag(*latch)),
            ]);
            let call = Call::post(&["api", "v1", "holds"], body).changing(change);
            Ok(Page::new(desk.ask(&call).await?, views::change::view))
        }
        Some(HoldsCommand::Release { id, reason, change }) => {
            let call = Call::new(Method::DELETE, &["api", "v1", "holds", id])
                .query("reason", reason.as_ref())
                .changing(change);
            Ok(Page::new(desk.ask(&call).await?, views::change::view))
        }
    }
}

async fn list(desk: &Desk<'_>, connection: Option<&str>) -> Result<Page, Failure> {
    let (nas, connection) = filter(desk, connection).await?;
    let call = Call::get(&["api", "v1", "holds"])
        .query("nas", nas.as_ref())
        .query("connection", connection.as_ref());
    let answer = desk.ask(&call).await?;
    Ok(Page::new(answer, |view, answer| view.table(views::holds::table(items(answer, "holds")))))
}

pub(super) async fn freeze(desk: &Desk<'_>, verb: &str, arguments: &Freeze) -> Result<Page, Failure> {
    let body = body([("reason", text(arguments.reason.as_ref()))]);
    let call = Call::post(&["api", "v1", "automation", verb], body).changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::decisions::frozen))
}
