//! The connections that rules are tested on: given, or assumed from what rules and alerts name.

use super::recording::Recording;
use crate::actions::Look;
use crate::automation::plan::Seen;
use crate::automation::rules::id;
use crate::automation::{KnownConnection, Rule, Select};
use crate::cli::rules::{GivenConnection, RulesTest};
use crate::config::Config;
use crate::model::{ConnectionId, NasName, Status};
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// NASes and their connections.
pub(super) struct Fleet {
    /// Every NAS of the configuration, and its connections in the order of their ids.
    pub(super) connections: BTreeMap<NasName, Vec<Seen>>,
    /// Whether nobody said which there are.
    pub(super) is_assumed: bool,
}

type Known = BTreeMap<NasName, BTreeMap<i64, Seen>>;

/// What there is to test on. Only NASes of the configuration count.
pub(super) fn fleet(
    config: &Config,
    rules: &[Rule],
    arguments: &RulesTest,
    recordings: &[Recording],
) -> anyhow::Result<Fleet> {
    let mut known: Known = config.nas.keys().map(|name| (NasName::new(name), BTreeMap::new())).collect();
    let is_assumed = arguments.connection.is_empty() && arguments.connections.is_none();
    if let Some(file) = &arguments.connections {
        listed(&mut known, file).with_context(|| format!("--connections {}", file.display()))?;
    }
    for GivenConnection { nas, id, name } in &arguments.connection {
        let nas = NasName::new(nas);
        if !known.contains_key(&nas) {
            let names: Vec<&str> = config.nas.keys().map(String::as_str).collect();
            bail!("--connection: {nas} is no NAS of the configuration; allowed: {}", names.join(", "));
        }
        add(&mut known, &nas, *id, vec![name.clone()], &Status::UpToDate);
    }
    if is_assumed {
        assume(&mut known, rules, recordings);
    }
    let connections = known.into_iter().map(|(nas, seen)| (nas, seen.into_values().collect()));
    Ok(Fleet { connections: connections.collect(), is_assumed })
}

/// Adds a connection, unless there is one of that id on the NAS, or no such NAS.
fn add(known: &mut Known, nas: &NasName, id: i64, names: Vec<String>, status: &Status) {
    let Some(connections) = known.get_mut(nas) else { return };
    connections.entry(id).or_insert_with(|| Seen {
        name: names.first().cloned().unwrap_or_else(|| id.to_string()),
        known: KnownConnection { nas: nas.clone(), id: ConnectionId(id), names },
        look: Look::of(Some(status)),
        status: status.as_str().to_owned(),
    });
}

/// Those of a file with what `ctl status` printed as JSON.
fn listed(known: &mut Known, file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read(file)?;
    let value: Value = serde_json::from_slice(&text)?;
    let Some(answers) = value["connections"].as_object() else {
        bail!("it has no object connections; allowed: what ctl status --output json printed");
    };
    for (nas, answer) in answers {
        let Some(connections) = answer["conn"].as_array() else {
            bail!("connections.{nas}.conn is no list; allowed: what ctl status --output json printed");
        };
        for connection in connections {
            let id = &connection["id"];
            let id = id.as_i64().or_else(|| id.as_str()?.parse().ok());
            let id = id.with_context(|| format!("a connection of {nas} has no id"))?;
            let given = ["task_display_name", "task_name"].map(|field| connection[field].as_str());
            let given = given.into_iter().flatten().filter(|name| !name.is_empty());
            let mut names: Vec<String> = given.map(str::to_owned).collect();
            names.dedup();
            let status = connection["status"].as_str().unwrap_or_default();
            add(known, &NasName::new(nas), id, names, &Status::parse(status));
        }
    }
    Ok(())
}

/// Those that rules and alerts name, all of them running. The ids of those that only have a name are made up, and
/// negative.
fn assume(known: &mut Known, rules: &[Rule], recordings: &[Recording]) {
    let mut meant: Vec<(NasName, String)> = Vec::new();
    for rule in rules {
        if let Select::Named { nas, connections } = &rule.select {
            meant.extend(connections.iter().map(|connection| (nas.clone(), connection.clone())));
        }
    }
    for alert in recordings.iter().flat_map(|recording| &recording.notification.alerts) {
        if id(alert.label("conn_id")).is_some() {
            meant.push((NasName::new(alert.label("nas")), alert.label("conn_id").to_owned()));
        }
    }
    let (ids, names): (Vec<_>, Vec<_>) = meant.into_iter().partition(|(_, entry)| id(entry).is_some());
    for (nas, entry) in ids {
        if let Some(id) = id(&entry) {
            add(known, &nas, id.0, Vec::new(), &Status::UpToDate);
        }
    }
    for (nas, name) in names {
        let connections = known.get(&nas).into_iter().flatten();
        if connections.clone().all(|(_, seen)| seen.name != name) {
            let lowest = connections.map(|(id, _)| *id).min().unwrap_or_default();
            add(known, &nas, lowest.min(0).saturating_sub(1), vec![name], &Status::UpToDate);
        }
    }
}
