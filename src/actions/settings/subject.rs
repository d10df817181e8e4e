//! Whose settings: how to ask for them, how they are shown, and which commands change them.

use super::{CONNECTION, FILTERS, PACKAGE, SCHEDULE, TASK};
use crate::actions::port::{Command, Question};
use crate::actions::schema::{Document, Fault, Schema, week};
use crate::model::{ConnectionId, TaskId};
use serde_json::Value;

/// Whose settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The package's.
    Package,
    /// A connection's.
    Connection(ConnectionId),
    /// A connection's schedule.
    Schedule(ConnectionId),
    /// A task's.
    Task(TaskId),
    /// A task's filters.
    Filters(TaskId),
}

impl Subject {
    /// What can be changed of it.
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::Package => &PACKAGE,
            Self::Connection(_) => &CONNECTION,
            Self::Schedule(_) => &SCHEDULE,
            Self::Task(_) => &TASK,
            Self::Filters(_) => &FILTERS,
        }
    }

    /// How to ask for it.
    pub fn question(self) -> Question {
        match self {
            Self::Package => Question::Package,
            Self::Connection(id) | Self::Schedule(id) => Question::Settings(id),
            Self::Task(id) => Question::TaskSettings(id),
            Self::Filters(id) => Question::TaskFilters(id),
        }
    }

    /// The settings as the API shows them.
    pub fn view(self, settings: &Document) -> Value {
        match self {
            Self::Schedule(_) => {
                let hours = settings.get("schedule_info").and_then(Value::as_str);
                let mut view = Document::new();
                view.extend(settings.get("is_enabled_schedule").map(|on| ("enabled".to_owned(), on.clone())));
                view.extend(hours.and_then(days).map(|days| ("schedule".to_owned(), days)));
                Value::Object(view)
            }
            Self::Package | Self::Connection(_) | Self::Task(_) | Self::Filters(_) => settings.clone().into(),
        }
    }

    /// A checked change in the NAS's own field names.
    pub fn in_nas_terms(self, mut patch: Document) -> Document {
        match self {
            Self::Schedule(_) => {
                let hours = patch.get("schedule").and_then(|days| week(days).ok());
                let mut own = Document::new();
                own.extend(
                    patch.remove("enabled").map(|enabled| ("is_enabled_schedule".to_owned(), enabled)),
                );
                own.extend(hours.map(|hours| ("schedule_info".to_owned(), Value::String(hours))));
                own
            }
            Self::Filters(_) => {
                for (filtered, own) in [
                    ("filtered_names", "user_defined_names"),
                    ("filtered_extensions", "user_defined_extensions"),
                ] {
                    if let (Some(list), None) = (patch.get(filtered), patch.get(own)) {
                        patch.insert(own.to_owned(), list.clone());
                    }
                }
                patch
            }
            Self::Package | Self::Connection(_) | Self::Task(_) => patch,
        }
    }

    /// What is wrong with a change in the light of the present settings.
    pub fn faults(self, current: &Document, change: &Document) -> Vec<Fault> {
        let fault = match self {
            Self::Package => volume_fault(current, change),
            Self::Schedule(_) => hours_fault(current, change),
            Self::Connection(_) | Self::Task(_) | Self::Filters(_) => None,
        };
        fault.into_iter().collect()
    }

    /// What to tell the NAS so that the settings, now `current`, get the fields of `change`.
    pub fn commands(self, current: &Document, change: &Document) -> Vec<Command> {
        let mut merged = current.clone();
        merged.extend(change.clone());
        match self {
            Self::Package => {
                let relink = change.get("sync_mode").and_then(Value::as_bool).map(Command::SetRelink);
                let has_others = change.keys().any(|name| name != "sync_mode");
                has_others.then_some(Command::SetPackage(merged)).into_iter().chain(relink).collect()
            }
            Self::Connection(id) => vec![Command::SetConnection(id, merged)],
            Self::Schedule(id) => vec![Command::SetSchedule(id, merged)],
            Self::Task(id) => vec![Command::SetTask(id, merged)],
            Self::Filters(id) => vec![Command::SetFilters(id, merged)],
        }
    }
}

/// The database cannot move to a volume that the NAS does not have.
fn volume_fault(current: &Document, change: &Document) -> Option<Fault> {
    let wanted = change.get("repo_vol_path").and_then(Value::as_str)?;
    let volumes = current.get("volume_list").and_then(Value::as_array);
    let mounts: Vec<&str> = volumes
        .into_iter()
        .flatten()
        .filter_map(|volume| volume.get("mount_point").and_then(Value::as_str))
        .collect();
    if mounts.is_empty() || mounts.contains(&wanted) {
        return None;
    }
    Some(Fault::at("repo_vol_path", format!("is no volume of the NAS; allowed: {}", mounts.join(", "))))
}

/// Hours that were never set cannot stay as they are.
fn hours_fault(current: &Document, change: &Document) -> Option<Fault> {
    if change.contains_key("schedule_info") {
        return None;
    }
    let hours = current.get("schedule_info").and_then(Value::as_str)?;
    days(hours)
        .is_none()
        .then(|| Fault::at("schedule", "is needed: the connection has no hours that could stay"))
}

/// The hours of a week as seven texts; none when they are no week.
fn days(hours: &str) -> Option<Value> {
    const DAY: usize = 24;
    let is_week = hours.len() == 7 * DAY && hours.is_ascii();
    is_week.then(|| (0..7).map(|day| &hours[day * DAY..(day + 1) * DAY]).collect::<Vec<_>>().into())
}

/// The fields of `change` that `settings` do not have as they were wanted.
pub fn missing<'a>(change: &'a Document, settings: &Document) -> Vec<&'a str> {
    let is_missing = |(name, wanted): &(&String, &Value)| settings.get(*name) != Some(*wanted);
    change.iter().filter(is_missing).map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(value: Value) -> Document {
        match value {
            Value::Object(document) => document,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let current = document(
            json!({"task_name": "Dropbox", "part_size": 64, "max_upload_speed": 0, "client_type": "db"}),
        );
        let change = document(json!({"max_upload_speed": 512}));
        let subject = Subject::Connection(ConnectionId(3));
        let merged = document(
            json!({"task_name": "Dropbox", "part_size": 64, "max_upload_speed": 512, "client_type": "db"}),
        );
        assert_eq!(
            subject.commands(&current, &change),
            [Command::SetConnection(ConnectionId(3), merged.clone())]
        );
        assert_eq!(missing(&change, &merged), Vec::<&str>::new());
        assert_eq!(missing(&change, &current), ["max_upload_speed"]);
    }

    #[test]
    fn the_package_has_two_setters() {
        let current = document(json!({"log_count": 1, "sync_mode": false}));
        let methods = |change: Value| -> Vec<&str> {
            Subject::Package.commands(&current, &document(change)).iter().map(Command::method).collect()
        };
        assert_eq!(methods(json!({"log_count": 2})), ["set_global_config"]);
        assert_eq!(methods(json!({"sync_mode": true})), ["set_personal_config"]);
        assert_eq!(
            methods(json!({"sync_mode": true, "log_count": 2})),
            ["set_global_config", "set_personal_config"]
        );
    }

    #[test]
    fn names_and_extensions_are_also_the_persons_own() {
        let subject = Subject::Filters(TaskId(1));
        let change = subject.in_nas_terms(document(
            json!({"filtered_names": ["a"], "filtered_extensions": ["b"], "user_defined_extensions": []}),
        ));
        assert_eq!(
            Value::Object(change),
            json!({
                "filtered_names": ["a"], "user_defined_names": ["a"], "filtered_extensions": ["b"], "user_defined_extensions": [],
            })
        );
    }

    #[test]
    fn a_schedule_is_written_as_the_nas_has_it() {
        let subject = Subject::Schedule(ConnectionId(1));
        let days = vec!["01".repeat(12); 7];
        let change = subject.in_nas_terms(document(json!({"enabled": true, "schedule": days})));
        assert_eq!(
            Value::Object(change),
            json!({"is_enabled_schedule": true, "schedule_info": "01".repeat(84)})
        );
        let change = subject.in_nas_terms(document(json!({"enabled": false})));
        assert_eq!(Value::Object(change), json!({"is_enabled_schedule": false}));
    }

    #[test]
    fn a_schedule_is_shown_by_days() {
        let settings =
            document(json!({"is_enabled_schedule": false, "schedule_info": "01".repeat(84), "part_size": 1}));
        let subject = Subject::Schedule(ConnectionId(1));
        assert_eq!(subject.view(&settings), json!({"enabled": false, "schedule": vec!["01".repeat(12); 7]}));
        let never_set = document(json!({"is_enabled_schedule": false, "schedule_info": ""}));
        assert_eq!(subject.view(&never_set), json!({"enabled": false}));
    }

    #[test]
    fn hours_that_were_never_set_cannot_stay() {
        let subject = Subject::Schedule(ConnectionId(1));
        let faults = |hours: &str, change: Value| {
            subject.faults(&document(json!({"schedule_info": hours})), &document(change))
        };
        assert_eq!(faults(&"1".repeat(168), json!({"is_enabled_schedule": true})), []);
        assert_eq!(faults("", json!({"is_enabled_schedule": true}))[0].pointer, "/schedule");
        assert_eq!(faults("", json!({"schedule_info": "1".repeat(168)})), []);
        // What the NAS does not say at all is another fault.
        assert_eq!(subject.faults(&Document::new(), &document(json!({"is_enabled_schedule": true}))), []);
    }

    #[test]
    fn the_database_moves_to_a_volume_of_the_nas_only() {
        let current = document(json!({"volume_list": [{"mount_point": "/volume1"}]}));
        let faults =
            |path: &str| Subject::Package.faults(&current, &document(json!({"repo_vol_path": path})));
        assert_eq!(faults("/volume1"), []);
        assert_eq!(faults("/volume9")[0].pointer, "/repo_vol_path");
        assert_eq!(
            Subject::Package.faults(&Document::new(), &document(json!({"repo_vol_path": "/volume9"}))),
            []
        );
    }
}
