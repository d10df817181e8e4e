//! What the model and the exposition promise of any NAS.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_exporter::metrics::{Coding, Exposition, Format, Selection, catalogue};
use cloudsync_exporter::model::{Data, NasName, Snapshot, Status};

use super::strict::{self, Family, Kind, Sample};

/// Parses what is exposed of a NAS in both formats and compares them with each other, with the catalogue and with the
/// snapshot. Gives the text 0.0.4.
pub(super) fn exposed(exposition: &Exposition, snapshot: &Snapshot, selection: &Selection) -> String {
    let render = |format| {
        let rendered = exposition.render(selection, format, Coding::Identity).expect("the NAS is there");
        rendered.body
    };
    let (text, open) = (render(Format::Text), render(Format::OpenMetrics));
    let families = parse(&text, strict::Format::Text);
    let others = parse(&open, strict::Format::OpenMetrics);
    same(&families, &others);
    in_catalogue(&families);
    if let Some(data) = snapshot.data.as_deref() {
        survive(&families, &snapshot.nas, data);
    }
    String::from_utf8(text.to_vec()).expect("parsed as text")
}

fn parse(bytes: &[u8], format: strict::Format) -> Vec<Family> {
    strict::parse(bytes, format).unwrap_or_else(|fault| {
        let line = String::from_utf8_lossy(bytes);
        let line = line.lines().nth(fault.line - 1).unwrap_or_default().to_owned();
        panic!("{format:?}: {fault}: {line:?}")
    })
}

/// Both formats say the same, but for names of counters. Our own timings move between two renderings.
fn same(text: &[Family], open: &[Family]) {
    assert_eq!(text.len(), open.len(), "families");
    for (one, other) in text.iter().zip(open) {
        assert_eq!((&one.help, one.kind), (&other.help, other.kind), "{}", one.name);
        let own_name = one.name.strip_suffix("_total").filter(|_| one.kind == Kind::Counter);
        assert_eq!(own_name.unwrap_or(&one.name), other.name);
        if !one.name.starts_with("process_") {
            let bits = |sample: &Sample| (sample.name.clone(), sample.labels.clone(), sample.value.to_bits());
            assert!(one.samples.iter().map(bits).eq(other.samples.iter().map(bits)), "{}", one.name);
        }
    }
}

/// Every family is in the catalogue, in its order, with its type, help and labels.
fn in_catalogue(families: &[Family]) {
    let mut rest = catalogue::all();
    for family in families {
        let metric = rest.find(|metric| metric.name == family.name);
        let metric = metric.unwrap_or_else(|| panic!("{} is not in the catalogue, or not here", family.name));
        assert_eq!(metric.help, family.help);
        let kind = match family.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        assert_eq!(metric.kind.as_str(), kind, "{}", family.name);
        let expected: BTreeSet<&str> = metric.labels.iter().copied().collect();
        for sample in &family.samples {
            let labels = sample.labels.keys().map(String::as_str).filter(|name| *name != "le");
            assert_eq!(labels.collect::<BTreeSet<_>>(), expected, "{}", family.name);
        }
    }
}

type Labels<'a> = Vec<(&'a str, String)>;

/// A family as a map from labels to what is written.
fn table<'a>(families: &'a [Family], name: &str) -> BTreeMap<Vec<(&'a str, &'a str)>, &'a str> {
    let samples =
        families.iter().find(|family| family.name == name).map_or(&[][..], |family| &family.samples);
    let row = |sample: &'a Sample| {
        let labels = sample.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        (labels.collect(), sample.written.as_str())
    };
    samples.iter().map(row).collect()
}

/// A family has exactly these samples.
fn holds(families: &[Family], name: &str, expected: impl IntoIterator<Item = (Labels<'static>, String)>) {
    // What is left out because there is too much of it is told elsewhere.
    let mut expected: BTreeMap<Labels<'static>, String> = expected.into_iter().collect();
    expected = expected
        .into_iter()
        .map(|(mut labels, value)| {
            labels.sort_unstable();
            (labels, value)
        })
        .collect();
    let found = table(families, name);
    assert_eq!(found.len(), expected.len(), "{name}: {found:?} is not {expected:?}");
    for ((labels, value), (known, written)) in expected.iter().zip(&found) {
        assert!(
            labels.iter().map(|(name, value)| (*name, value.as_str())).eq(known.iter().copied()),
            "{name}"
        );
        assert_eq!(value, written, "{name}: {labels:?}");
    }
}

/// The values of the snapshot are those of the exposition: every name and every digit.
fn survive(families: &[Family], nas: &NasName, data: &Data) {
    let of = |more: Labels<'static>| -> Labels<'static> {
        std::iter::once(("nas", nas.as_str().to_owned())).chain(more).collect()
    };
    let one = || "1".to_owned();
    let connections = || data.connections.values();
    let info = connections().map(|c| {
        let labels = vec![
            ("conn_id", c.id.to_string()),
            ("name", c.name.clone()),
            ("type", c.kind.clone()),
            ("provider", c.provider.clone()),
            ("user", c.user.clone()),
        ];
        (of(labels), one())
    });
    holds(families, "cloudsync_connection_info", info);
    let states = connections().flat_map(|c| {
        let words = c.status.iter().flat_map(|status| {
            let other = Some(status.as_str()).filter(|word| !Status::WORDS.contains(word));
            Status::WORDS.into_iter().chain(other).map(|word| (word, word == status.as_str()))
        });
        let row = |(word, on): (&str, bool)| {
            (of(vec![("conn_id", c.id.to_string()), ("status", word.to_owned())]), u8::from(on).to_string())
        };
        words.map(row).collect::<Vec<_>>()
    });
    holds(families, "cloudsync_connection_status", states);
    let by_connection = |id: String| of(vec![("conn_id", id)]);
    let unfinished = connections()
        .filter_map(|c| Some((by_connection(c.id.to_string()), c.unfinished_files?.to_string())));
    holds(families, "cloudsync_connection_unfinished_files", unfinished);
    let errors =
        connections().filter_map(|c| Some((by_connection(c.id.to_string()), c.error_code?.to_string())));
    holds(families, "cloudsync_connection_error_code", errors);
    let totals =
        data.quotas.iter().filter_map(|(id, q)| Some((by_connection(id.to_string()), q.total?.to_string())));
    holds(families, "cloudsync_connection_quota_total_bytes", totals);
    let info = data.tasks.values().map(|task| {
        let labels = vec![
            ("conn_id", task.connection.to_string()),
            ("task_id", task.id.to_string()),
            ("local_path", task.local_path.clone()),
            ("remote_path", task.remote_path.clone()),
            ("direction", task.direction.clone()),
        ];
        (of(labels), one())
    });
    holds(families, "cloudsync_task_info", info);
    let volumes = data.package.iter().flat_map(|package| &package.volumes);
    let free = volumes.filter_map(|volume| {
        Some((of(vec![("volume", volume.mount_point.clone())]), volume.free?.to_string()))
    });
    holds(families, "cloudsync_volume_free_bytes", free);
    let moved = data.transferred.iter().map(|total| {
        let labels = vec![
            ("conn_id", total.connection.map_or_else(String::new, |id| id.to_string())),
            ("task_id", total.task.to_string()),
            ("direction", total.direction.as_str().to_owned()),
        ];
        (of(labels), total.bytes.to_string())
    });
    holds(families, "cloudsync_transferred_bytes_total", moved);
    let rows = data.logs.iter().flat_map(|(id, counts)| {
        let row = move |((action, level), rows): (&(_, _), &u64)| {
            let (action, level): (&std::borrow::Cow<'_, str>, &std::borrow::Cow<'_, str>) = (action, level);
            let labels = vec![
                ("conn_id", id.to_string()),
                ("action", action.to_string()),
                ("level", level.to_string()),
            ];
            (of(labels), rows.to_string())
        };
        counts.events.iter().map(row).collect::<Vec<_>>()
    });
    holds(families, "cloudsync_log_events_total", rows);
}

/// The longest text of a NAS that the model holds, in bytes.
const MOST_TEXT: usize = 4_096;
/// The longest word.
const MOST_WORD: usize = 64;

/// What the poller lets into the model.
pub(super) fn kept(snapshot: &Snapshot) {
    assert!(snapshot.trouble.as_ref().is_none_or(|trouble| trouble.len() <= 2_000), "{:?}", snapshot.trouble);
    assert_eq!(snapshot.up == Some(false), snapshot.reason.is_some());
    let Some(data) = snapshot.data.as_deref() else { return };
    let short = |text: &str| assert!(text.len() <= MOST_TEXT);
    let word = |text: &str| assert!(text.len() <= MOST_WORD);
    assert!(data.connections.len() <= 2_000);
    for (id, connection) in &data.connections {
        assert!(*id == connection.id && id.0 >= 0);
        short(&connection.name);
        short(&connection.user);
        word(&connection.kind);
        connection.status.iter().for_each(|status| word(status.as_str()));
        assert!(connection.unfinished_files.is_none_or(|files| files >= 0));
    }
    for (id, task) in &data.tasks {
        assert!(*id == task.id && id.0 >= 0);
        assert!(data.connections.contains_key(&task.connection), "a task without its connection");
        short(&task.local_path);
        short(&task.remote_path);
        word(&task.direction);
    }
    for transfer in data.transfers.iter().flatten() {
        assert!(transfer.task.0 >= 0);
        short(&transfer.path);
        assert!(transfer.bit_rate.is_none_or(f64::is_finite));
        let home = data.tasks.get(&transfer.task).map(|task| task.connection);
        assert!(home.is_none() || home == transfer.connection);
    }
    assert!(data.transfers.iter().flatten().count() <= 10_000);
    let flows: BTreeSet<_> = data.transferred.iter().map(|t| (t.connection, t.task, t.direction)).collect();
    assert_eq!(flows.len(), data.transferred.len(), "a flow twice");
    if let Some(package) = &data.package {
        let mounts: BTreeSet<_> = package.volumes.iter().map(|volume| &volume.mount_point).collect();
        assert!(mounts.len() == package.volumes.len() && mounts.len() <= 256);
        package.admin_mode.iter().for_each(|mode| word(mode));
    }
    for quota in data.quotas.values() {
        assert!(quota.total != Some(0) && (quota.total.is_some() || quota.used != Some(0)));
    }
    let known = |ids: BTreeSet<_>| ids.iter().all(|id| data.connections.contains_key(id));
    assert!(known(data.settings.keys().copied().collect()) && known(data.quotas.keys().copied().collect()));
    assert!(known(data.logs.keys().copied().collect()) && known(data.progress.keys().copied().collect()));
    for counts in data.logs.values() {
        assert!(counts.events.len() <= 33 + 65 && counts.errors.len() <= 56 + 65);
    }
}
