//! Connections: state, backlog, quota, settings, log.

use super::{maybe, states};
use crate::metrics::catalogue::{self as metric, Metric};
use crate::metrics::sample::{Label, Sample, Sink, Value};
use crate::model::{Connection, ConnectionId, Data};
use std::collections::BTreeMap;

pub(super) fn collect(nas: &str, data: &Data, sink: &mut impl Sink) {
    let nas: Label<'_> = nas.into();
    sink.family(&metric::CONNECTIONS, std::iter::once(Sample::new([nas], data.connections.len())));
    sink.family(
        &metric::CONNECTION_INFO,
        data.connections.values().map(|Connection { id, name, kind, provider, user, .. }| {
            let labels = [
                nas,
                Label::Number(id.0),
                name.as_str().into(),
                kind.as_str().into(),
                provider.as_str().into(),
                user.as_str().into(),
            ];
            Sample::new(labels, true)
        }),
    );
    sink.family(
        &metric::CONNECTION_STATUS,
        data.connections.values().flat_map(|connection| {
            let id = Label::Number(connection.id.0);
            states(connection.status.as_ref(), move |word| [nas, id, word.into()])
        }),
    );
    let mut each = Each { nas, sink };
    each.of(&data.connections, &metric::CONNECTION_LINK_STATUS, |c| c.link_status);
    each.of(&data.connections, &metric::CONNECTION_ERROR_CODE, |c| c.error_code);
    each.of(&data.connections, &metric::CONNECTION_UNFINISHED, |c| c.unfinished_files);
    each.of(&data.quotas, &metric::CONNECTION_QUOTA_TOTAL, |q| q.total);
    each.of(&data.quotas, &metric::CONNECTION_QUOTA_USED, |q| q.used);
    each.of(&data.settings, &metric::CONNECTION_MAX_UPLOAD, |s| s.max_upload_speed);
    each.of(&data.settings, &metric::CONNECTION_MAX_DOWNLOAD, |s| s.max_download_speed);
    each.of(&data.settings, &metric::CONNECTION_PULL_PERIOD, |s| s.pull_period_seconds);
    each.of(&data.settings, &metric::CONNECTION_PART_SIZE, |s| s.part_size_bytes);
    collect_settings_info(nas, data, sink);
    let mut each = Each { nas, sink };
    each.of(&data.settings, &metric::CONNECTION_SCHEDULE_ENABLED, |s| s.schedule_enabled);
    each.of(&data.schedule_open, &metric::CONNECTION_SCHEDULE_OPEN, |open| Some(*open));
    each.of(&data.progress, &metric::CONNECTION_LAST_PROGRESS, |p| Some(p.last_progress));
    each.of(&data.progress, &metric::CONNECTION_LAST_UPTODATE, |p| p.last_uptodate);
    collect_logs(nas, data, sink);
    Each { nas, sink }.of(&data.logs, &metric::LOG_MISSED, |counts| Some(counts.missed));
}

fn collect_settings_info(nas: Label<'_>, data: &Data, sink: &mut impl Sink) {
    sink.family(
        &metric::CONNECTION_SETTINGS_INFO,
        data.settings.iter().filter_map(|(id, settings)| {
            if settings.server_side_encryption.is_none() && settings.storage_class.is_none() {
                return None;
            }
            let encrypted = match settings.server_side_encryption {
                Some(true) => "true",
                Some(false) => "false",
                None => "",
            };
            let class = settings.storage_class.as_deref().unwrap_or_default();
            Some(Sample::new([nas, Label::Number(id.0), class.into(), encrypted.into()], true))
        }),
    );
}

fn collect_logs(nas: Label<'_>, data: &Data, sink: &mut impl Sink) {
    sink.family(
        &metric::LOG_EVENTS,
        data.logs.iter().flat_map(|(id, counts)| {
            counts.events.iter().map(move |((action, level), rows)| {
                let labels = [nas, Label::Number(id.0), action.as_ref().into(), level.as_ref().into()];
                Sample::new(labels, *rows)
            })
        }),
    );
    sink.family(
        &metric::LOG_ERRORS,
        data.logs.iter().flat_map(|(id, counts)| {
            counts.errors.iter().map(move |(error, rows)| {
                Sample::new([nas, Label::Number(id.0), error.as_ref().into()], *rows)
            })
        }),
    );
}

/// Families whose labels are the NAS and the connection.
struct Each<'n, 's, S> {
    nas: Label<'n>,
    sink: &'s mut S,
}

impl<S: Sink> Each<'_, '_, S> {
    fn of<T, V: Into<Value>>(
        &mut self,
        rows: &BTreeMap<ConnectionId, T>,
        metric: &'static Metric,
        value: impl Fn(&T) -> Option<V>,
    ) {
        let nas = self.nas;
        let samples = rows.iter().filter_map(|(id, row)| maybe([nas, Label::Number(id.0)], value(row)));
        self.sink.family(metric, samples);
    }
}
