//! Settings, schedules, the package's configuration, and the end of a connection.

use std::io::Read;

use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::ctl::{Config, Schedule, ScheduleSet, Settings, Unlink};
use crate::ctl::assign;
use crate::ctl::call::Call;
use crate::ctl::failure::Failure;
use crate::ctl::find::Desk;
use crate::ctl::page::Page;
use crate::ctl::{views, week};

/// A file of a week is this long at most, in bytes; a path to a device must not be read for ever.
const LONGEST_WEEK: u64 = 64 * 1024;

pub(super) async fn settings(desk: &Desk<'_>, command: &Settings) -> Result<Page, Failure> {
    match command {
        Settings::Get(arguments) => {
            let found = desk.connection(&arguments.connection).await?;
            let answer = desk.ask(&found.below(Method::GET, &["settings"])).await?;
            Ok(Page::new(answer, views::fields::view))
        }
        Settings::Set { connection, fields } => {
            let body = assign::object(&fields.assignments)?;
            let found = desk.connection(connection).await?;
            let call = found.below(Method::PATCH, &["settings"]).body(body).changing(&fields.change);
            Ok(Page::new(desk.ask(&call).await?, views::change::view))
        }
    }
}

pub(super) async fn config(desk: &Desk<'_>, command: &Config) -> Result<Page, Failure> {
    match command {
        Config::Get => {
            let nas = desk.nas().await?;
            let answer = desk.ask(&Call::get(&["api", "v1", "nas", &nas, "config"])).await?;
            Ok(Page::new(answer, views::fields::view))
        }
        Config::Set(fields) => {
            let body = assign::object(&fields.assignments)?;
            let nas = desk.nas().await?;
            let call = Call::new(Method::PATCH, &["api", "v1", "nas", &nas, "config"])
                .body(body)
                .changing(&fields.change);
            Ok(Page::new(desk.ask(&call).await?, views::change::view))
        }
    }
}

pub(super) async fn schedule(desk: &Desk<'_>, command: &Schedule) -> Result<Page, Failure> {
    match command {
        Schedule::Get(arguments) => {
            let found = desk.connection(&arguments.connection).await?;
            let answer = desk.ask(&found.below(Method::GET, &["schedule"])).await?;
            Ok(Page::new(answer, views::schedule::view))
        }
        Schedule::Set(arguments) => set_schedule(desk, arguments).await,
    }
}

async fn set_schedule(desk: &Desk<'_>, arguments: &ScheduleSet) -> Result<Page, Failure> {
    let week = match (&arguments.week, &arguments.from_text) {
        (Some(week), _) => Some(week::from_lines(&lines(week)?)?),
        (None, Some(words)) => Some(week::from_words(words)?),
        (None, None) => None,
    };
    let found = desk.connection(&arguments.connection).await?;
    // The daemon has to be told; a week alone must not switch a schedule on or off.
    let enabled = match arguments.enabled {
        Some(enabled) => Value::Bool(enabled),
        None => desk.ask(&found.below(Method::GET, &["schedule"])).await?.value["enabled"].take(),
    };
    let mut body = json!({ "enabled": enabled });
    if let Some(week) = week {
        body["schedule"] = json!(week);
    }
    let call = found.below(Method::PUT, &["schedule"]).body(body).changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::change::view))
}

/// The lines themselves, or those of the file that is named.
fn lines(week: &str) -> Result<String, Failure> {
    if week.contains('\n') || week.len() == 168 && week.chars().all(|char| matches!(char, '0' | '1')) {
        return Ok(week.to_owned());
    }
    let source: Box<dyn Read> = if week == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(week).map_err(|error| unreadable(week, &error))?)
    };
    let mut text = String::new();
    source.take(LONGEST_WEEK).read_to_string(&mut text).map_err(|error| unreadable(week, &error))?;
    Ok(text)
}

fn unreadable(week: &str, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("cannot read the week from {week}: {error}"))
}

pub(super) async fn unlink(desk: &Desk<'_>, arguments: &Unlink) -> Result<Page, Failure> {
    let found = desk.connection(&arguments.connection).await?;
    let call = found
        .below(Method::DELETE, &[])
        .query("confirm", Some(&arguments.confirm))
        .changing(&arguments.change);
    Ok(Page::new(desk.ask(&call).await?, views::change::view))
}
