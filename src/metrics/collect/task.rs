//! Tasks: state, settings, filters.

use super::{maybe, states};
use crate::metrics::catalogue::{self as metric, Metric};
use crate::metrics::sample::{Label, Sample, Sink, Value};
use crate::model::{Data, Task, TaskId};
use std::collections::BTreeMap;

pub(super) fn collect(nas: &str, data: &Data, sink: &mut impl Sink) {
    let nas: Label<'_> = nas.into();
    sink.family(
        &metric::TASK_INFO,
        data.tasks.values().map(|Task { id, connection, local_path, remote_path, direction, .. }| {
            let labels = [
                nas,
                Label::Number(connection.0),
                Label::Number(id.0),
                local_path.as_str().into(),
                remote_path.as_str().into(),
                direction.as_str().into(),
            ];
            Sample::new(labels, true)
        }),
    );
    sink.family(
        &metric::TASK_STATUS,
        data.tasks.values().flat_map(|task| {
            let ids = (Label::Number(task.connection.0), Label::Number(task.id.0));
            states(task.status.as_ref(), move |word| [nas, ids.0, ids.1, word.into()])
        }),
    );
    let mut each = Each { nas, tasks: &data.tasks, sink };
    each.of(&data.tasks, &metric::TASK_ERROR_CODE, |t| t.error_code);
    each.of(&data.tasks, &metric::TASK_LINK_STATUS, |t| t.link_status);
    each.of(&data.task_settings, &metric::TASK_NO_DELETE, |s| s.no_delete);
    each.of(&data.task_settings, &metric::TASK_CONSISTENCY_CHECK, |s| s.consistency_check);
    each.of(&data.task_settings, &metric::TASK_CONVERTS, |s| s.converts_online_documents);
    each.of(&data.task_filters, &metric::TASK_FILTERED_PATHS, |f| f.paths);
    each.of(&data.task_filters, &metric::TASK_FILTERED_NAMES, |f| f.names);
    each.of(&data.task_filters, &metric::TASK_FILTERED_EXTENSIONS, |f| f.extensions);
    each.of(&data.task_filters, &metric::TASK_MAX_UPLOAD_SIZE, |f| f.max_upload_size);
}

/// Families whose labels are the NAS, the connection and the task.
struct Each<'d, 's, S> {
    nas: Label<'d>,
    tasks: &'d BTreeMap<TaskId, Task>,
    sink: &'s mut S,
}

impl<S: Sink> Each<'_, '_, S> {
    fn of<T, V: Into<Value>>(
        &mut self,
        rows: &BTreeMap<TaskId, T>,
        metric: &'static Metric,
        value: impl Fn(&T) -> Option<V>,
    ) {
        let (nas, tasks) = (self.nas, self.tasks);
        let samples = rows.iter().filter_map(|(id, row)| {
            let connection = tasks.get(id)?.connection;
            maybe([nas, Label::Number(connection.0), Label::Number(id.0)], value(row))
        });
        self.sink.family(metric, samples);
    }
}
