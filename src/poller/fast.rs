//! The fast part of a cycle: one request for the connections, the transfers, and for each known
//! connection its tasks and the head of its log. New connections get a second request at once.

use super::cycle::{Memory, Poller};
use super::logs;
use super::reduce::{self, Recent};
use super::trouble::Section;
use crate::dsm::cloud_sync::read::{self, GroupBy};
use crate::dsm::cloud_sync::wire;
use crate::dsm::{Answers, Batch, Error, Slot};
use crate::model::{Connection, ConnectionId, RecentFile, Task, TaskId, Transfer, Tray};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use tokio::time::Instant;

/// What the last fast part knew.
#[derive(Debug, Default)]
pub(super) struct Fast {
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) tasks: BTreeMap<TaskId, Task>,
    /// The connection of each task, also of tasks that the NAS did not list this time.
    pub(super) homes: BTreeMap<TaskId, ConnectionId>,
    pub(super) tray: Tray,
    pub(super) transfers: Option<Vec<Transfer>>,
    pub(super) recent: Option<Vec<RecentFile>>,
    /// Connections in which a transfer moved or a log row came.
    pub(super) worked: HashSet<ConnectionId>,
}

/// The questions about one connection.
struct Asked {
    connection: ConnectionId,
    tasks: Slot<wire::ListSess>,
    log: Slot<wire::Log>,
}

fn ask(batch: &mut Batch, connection: ConnectionId) -> Asked {
    Asked {
        connection,
        tasks: batch.add(read::list_sess(connection.0)),
        log: batch.add(read::get_log(Some(connection.0), &logs::first_page())),
    }
}

/// What the answers about connections add up to.
#[derive(Default)]
struct Taken {
    tasks: BTreeMap<TaskId, Task>,
    /// Connections whose tasks were not answered.
    unlisted: HashSet<ConnectionId>,
    logs: Vec<(ConnectionId, logs::Pages)>,
    malformed_tasks: u64,
}

impl Poller {
    /// Asks and remembers. An error means that the NAS is down; whatever else fails costs its section.
    pub(super) async fn fast(&self, memory: &mut Memory) -> Result<(), Error> {
        let mut batch = Batch::new();
        let list = batch.add(read::list_conn(GroupBy::User));
        let recent = batch.add(read::get_recently_change());
        let known: Vec<ConnectionId> = memory.fast.connections.keys().copied().collect();
        let asked: Vec<Asked> = known.iter().map(|id| ask(&mut batch, *id)).collect();
        let mut answers = self.client.run(batch).await?;

        let list = reduce::connections(&answers.take(list)?);
        self.malformed(&mut memory.troubles, Section::Connections, list.malformed);
        let (connections, tray) = list.value;
        let is_there = |id: &ConnectionId| connections.contains_key(id);

        let mut taken = Taken::default();
        let still_there = asked.into_iter().filter(|asked| is_there(&asked.connection)).collect();
        self.take(memory, &mut answers, still_there, &connections, &mut taken);
        let new = connections.keys().filter(|id| !known.contains(id)).copied().collect();
        self.ask_new(memory, new, &connections, &mut taken).await;
        self.malformed(&mut memory.troubles, Section::Tasks, taken.malformed_tasks);

        let mut worked = HashSet::new();
        let malformed = self.finish_logs(memory, taken.logs, &mut worked).await;
        self.malformed(&mut memory.troubles, Section::Log, malformed);

        let mut homes: BTreeMap<TaskId, ConnectionId> =
            taken.tasks.values().map(|task| (task.id, task.connection)).collect();
        for (task, home) in &memory.fast.homes {
            if taken.unlisted.contains(home) {
                homes.entry(*task).or_insert(*home);
            }
        }
        let Recent { mut transfers, files, merges } = self.take_recent(memory, answers.take(recent), &homes);
        if let Some(transfers) = &mut transfers {
            let moved = memory.transfers.observe(transfers, Instant::now());
            worked.extend(moved.iter().filter_map(|task| homes.get(task)));
        }
        let tray = Tray { server_merges: merges, ..tray };
        let tasks = taken.tasks;
        memory.fast = Fast { connections, tasks, homes, tray, transfers, recent: files, worked };
        Self::forget_the_gone(memory);
        Ok(())
    }

    /// Asks about connections that were not known before, so that their first poll is whole.
    async fn ask_new(
        &self,
        memory: &mut Memory,
        new: Vec<ConnectionId>,
        connections: &BTreeMap<ConnectionId, Connection>,
        taken: &mut Taken,
    ) {
        if new.is_empty() {
            return;
        }
        let mut batch = Batch::new();
        let asked = new.iter().map(|id| ask(&mut batch, *id)).collect();
        match self.client.run(batch).await {
            Ok(mut answers) => self.take(memory, &mut answers, asked, connections, taken),
            Err(error) => {
                for id in new {
                    memory.logs.follow(id);
                    self.section_down(&mut memory.troubles, Section::Tasks, Some(id.0), &error);
                    self.section_down(&mut memory.troubles, Section::Log, Some(id.0), &error);
                }
            }
        }
    }

    /// Takes the answers about some connections.
    fn take(
        &self,
        memory: &mut Memory,
        answers: &mut Answers,
        asked: Vec<Asked>,
        connections: &BTreeMap<ConnectionId, Connection>,
        taken: &mut Taken,
    ) {
        for Asked { connection, tasks: list, log } in asked {
            let id = Some(connection.0);
            match answers.take(list) {
                Ok(list) => {
                    memory.troubles.section_up(&self.nas, Section::Tasks, id);
                    let list = reduce::tasks(connection, &list, connections);
                    taken.malformed_tasks += list.malformed;
                    for task in list.value {
                        // An id that another connection has already shown would be a series twice.
                        match taken.tasks.entry(task.id) {
                            Entry::Occupied(_) => taken.malformed_tasks += 1,
                            Entry::Vacant(place) => drop(place.insert(task)),
                        }
                    }
                }
                Err(error) => {
                    taken.unlisted.insert(connection);
                    self.section_down(&mut memory.troubles, Section::Tasks, id, &error);
                }
            }
            match answers.take(log) {
                Ok(page) => {
                    taken.logs.push((connection, logs::Pages::first(&page)));
                }
                Err(error) => {
                    memory.logs.follow(connection);
                    self.section_down(&mut memory.troubles, Section::Log, id, &error);
                }
            }
        }
    }

    /// Takes the transfers, the recent files and the merges; `None` for what was not answered.
    fn take_recent(
        &self,
        memory: &mut Memory,
        answer: Result<wire::RecentlyChange, Error>,
        homes: &BTreeMap<TaskId, ConnectionId>,
    ) -> Recent {
        match answer {
            Ok(answer) => {
                memory.troubles.section_up(&self.nas, Section::Transfers, None);
                let recent = reduce::recent(&answer, homes);
                self.malformed(&mut memory.troubles, Section::Transfers, recent.malformed);
                recent.value
            }
            Err(error) => {
                self.section_down(&mut memory.troubles, Section::Transfers, None, &error);
                Recent::default()
            }
        }
    }
}
