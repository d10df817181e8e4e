//! What happens and what happened: transfers, recent files and the log.

use super::{Reader, Reduced, id};
use crate::dsm::cloud_sync::wire;
use crate::dsm::{Field, List};
use crate::model::{ConnectionId, Direction, RecentFile, TaskId, Transfer};
use crate::poller::log_tracker::Row;
use std::collections::BTreeMap;

/// Transfers of one NAS that are followed: as many as one answer may list.
const MAX_TRANSFERS: usize = 10_000;
/// Recent files of one NAS that are shown; it lists five.
const MAX_RECENT: usize = 50;

/// What the NAS is doing and has just done; each `None` when the answer does not speak of it.
#[derive(Debug, Default)]
pub(in crate::poller) struct Recent {
    /// The files in flight.
    pub(in crate::poller) transfers: Option<Vec<Transfer>>,
    /// The files that were last.
    pub(in crate::poller) files: Option<Vec<RecentFile>>,
    /// The merges under way.
    pub(in crate::poller) merges: Option<u64>,
}

/// Transfers, recent files and merges.
pub(in crate::poller) fn recent(
    answer: &wire::RecentlyChange,
    homes: &BTreeMap<TaskId, ConnectionId>,
) -> Reduced<Recent> {
    let mut reader = Reader::default();
    let transfers = items(&mut reader, &answer.processing_items, MAX_TRANSFERS, |reader, item| {
        transfer(reader, item, homes)
    });
    let files =
        items(&mut reader, &answer.history_items, MAX_RECENT, |reader, item| file(reader, item, homes));
    let merges = &answer.server_merge_items;
    let merges = merges.present.then_some((merges.items.len() + merges.malformed) as u64);
    reader.done(Recent { transfers, files, merges })
}

/// What can be read of a list, up to `most`; nothing where there is no list, or none of it can be read.
fn items<W, T>(
    reader: &mut Reader,
    list: &List<W>,
    most: usize,
    mut read: impl FnMut(&mut Reader, &W) -> Option<T>,
) -> Option<Vec<T>> {
    reader.list(list.malformed);
    let mut items = Vec::new();
    for item in list {
        match read(reader, item) {
            Some(item) if items.len() < most => items.push(item),
            _ => reader.malformed += 1,
        }
    }
    (list.present && (list.malformed == 0 || !items.is_empty())).then_some(items)
}

fn transfer(
    reader: &mut Reader,
    item: &wire::ProcessingItem,
    homes: &BTreeMap<TaskId, ConnectionId>,
) -> Option<Transfer> {
    let task = task(reader, item.session_id)?;
    let (status, base_name) = (reader.text(&item.status), reader.text(&item.base_name));
    let path = reader.text(&item.path).filter(|path| !path.is_empty());
    Some(Transfer {
        connection: homes.get(&task).copied(),
        task,
        direction: Direction::parse(status.as_deref().unwrap_or_default()),
        status,
        path: path.or_else(|| base_name.clone()).unwrap_or_default(),
        base_name,
        user: reader.text(&item.user_name),
        bit_rate: reader.copy(item.bit_rate),
        done: reader.count(item.current_size),
        size: reader.count(item.total_size),
        stalled: false,
    })
}

fn file(
    reader: &mut Reader,
    item: &wire::HistoryItem,
    homes: &BTreeMap<TaskId, ConnectionId>,
) -> Option<RecentFile> {
    let task = task(reader, item.session_id)?;
    Some(RecentFile {
        connection: homes.get(&task).copied(),
        task,
        action: reader.copy(item.action),
        level: reader.copy(item.log_level),
        base_name: reader.text(&item.base_name),
        path: reader.text(&item.path),
        folder: reader.text(&item.syncfolder_basename),
    })
}

fn task(reader: &mut Reader, session_id: Field<i64>) -> Option<TaskId> {
    id(reader, session_id).map(TaskId)
}

/// A page of the log.
pub(in crate::poller) fn log_rows(answer: &wire::Log) -> Reduced<(Vec<Row>, Option<u64>)> {
    let mut reader = Reader::default();
    reader.list(answer.items.malformed);
    let rows =
        answer
            .items
            .items
            .iter()
            .map(|item| {
                let wire::LogItem {
                    action,
                    error_code,
                    file_name,
                    file_type,
                    log_level,
                    path,
                    session_id,
                    time,
                } = item;
                Row {
                    time: reader.copy(*time).unwrap_or(0),
                    fingerprint: Row::fingerprint((
                        (action, error_code, log_level, session_id, time),
                        (file_name, file_type, path),
                    )),
                    action: reader.copy(*action),
                    level: reader.copy(*log_level),
                    error_code: reader.copy(*error_code).unwrap_or(0),
                }
            })
            .collect();
    let total = reader.count(answer.total);
    reader.done((rows, total))
}
