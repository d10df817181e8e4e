//! Commands that only look.

use reqwest::Method;

use crate::cli::ctl::{Audit, Connection, Connections, Decisions, GroupBy, Logs};
use crate::ctl::call::Call;
use crate::ctl::failure::Failure;
use crate::ctl::find::Desk;
use crate::ctl::page::Page;
use crate::ctl::views;

pub(super) async fn connections(desk: &Desk<'_>, arguments: &Connections) -> Result<Page, Failure> {
    let nas = desk.nas().await?;
    let group_by = arguments.group_by.map(|group_by| match group_by {
        GroupBy::User => "group_by_user",
        GroupBy::CloudType => "group_by_cloud_type",
    });
    let call = Call::get(&["api", "v1", "nas", &nas, "connections"]).query("group_by", group_by.as_ref());
    Ok(Page::new(desk.ask(&call).await?, views::connections::list))
}

pub(super) async fn show(desk: &Desk<'_>, arguments: &Connection) -> Result<Page, Failure> {
    let found = desk.connection(&arguments.connection).await?;
    Ok(Page::new(desk.ask(&found.below(Method::GET, &[])).await?, views::connections::one))
}

pub(super) async fn auth(desk: &Desk<'_>, arguments: &Connection) -> Result<Page, Failure> {
    let found = desk.connection(&arguments.connection).await?;
    Ok(Page::new(desk.ask(&found.below(Method::GET, &["auth"])).await?, views::fields::view))
}

pub(super) async fn logs(desk: &Desk<'_>, arguments: &Logs) -> Result<Page, Failure> {
    let found = desk.connection(&arguments.connection).await?;
    let call = found
        .below(Method::GET, &["logs"])
        .query("keyword", arguments.keyword.as_ref())
        .query("from", arguments.from.as_ref())
        .query("to", arguments.to.as_ref())
        .query("level", arguments.level.as_ref())
        .query("action", arguments.action.as_ref())
        .query("offset", arguments.offset.as_ref())
        .query("limit", arguments.limit.as_ref());
    Ok(Page::new(desk.ask(&call).await?, views::logs::view))
}

pub(super) async fn activity(desk: &Desk<'_>) -> Result<Page, Failure> {
    let nas = desk.nas().await?;
    let call = Call::get(&["api", "v1", "nas", &nas, "activity"]);
    Ok(Page::new(desk.ask(&call).await?, views::activity::view))
}

/// Across every NAS, unless the arguments name one or a connection, which is only known on one.
pub(super) async fn audit(desk: &Desk<'_>, arguments: &Audit) -> Result<Page, Failure> {
    let (nas, connection) = super::hold::filter(desk, arguments.connection.as_deref()).await?;
    let call = Call::get(&["api", "v1", "audit"])
        .query("nas", nas.as_ref())
        .query("connection", connection.as_ref())
        .query("token", arguments.token.as_ref())
        .query("action", arguments.action.as_ref())
        .query("outcome", arguments.outcome.as_ref())
        .query("from", arguments.from.as_ref())
        .query("to", arguments.to.as_ref())
        .query("limit", arguments.limit.as_ref())
        .query("before", arguments.before.as_ref());
    Ok(Page::new(desk.ask(&call).await?, views::audit::view))
}

/// Across every NAS, as the audit.
pub(super) async fn decisions(desk: &Desk<'_>, arguments: &Decisions) -> Result<Page, Failure> {
    let (nas, connection) = super::hold::filter(desk, arguments.connection.as_deref()).await?;
    let call = Call::get(&["api", "v1", "automation", "decisions"])
        .query("nas", nas.as_ref())
        .query("connection", connection.as_ref())
        .query("rule", arguments.rule.as_ref())
        .query("outcome", arguments.outcome.as_ref())
        .query("limit", arguments.limit.as_ref())
        .query("before", arguments.before.as_ref());
    Ok(Page::new(desk.ask(&call).await?, views::decisions::view))
}
