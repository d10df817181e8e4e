//! A world that moves by itself, in steps of one second, the same way every time.
//!
//! A transfer's `current_size` grows by its `bit_rate` each second; a finished one leaves a log row and a recent change,
//! fills the cloud's quota or the NAS's volume, and makes room for the next file of its task's backlog. Nothing moves
//! in a connection that is paused, unlinked, suspended or outside its schedule, nor in a task that is in error.

use std::time::Duration;

use super::{HistoryItem, LogRow, Task, Transfer, Workload, World};

/// Errors that a real NAS's log shows now and then: locked, not supported, throttled, name exists.
const ERRORS: [i64; 4] = [-35, -36, -21, -23];

/// One finished file in so many fails instead.
const FAILS: u32 = 25;

/// One finished file in so many is followed by a deletion somewhere.
const DELETES: u32 = 12;

/// "No room in the cloud", API notes §5.
const REMOTE_QUOTA: i64 = -17;

/// What the names of new files are made of.
const FOLDERS: [&str; 4] = ["2025", "2026", "inbox", "shared"];
const ENDINGS: [&str; 5] = ["jpg", "pdf", "docx", "mp4", "zip"];

impl World {
    /// Moves everything by a time that ends at `now` (epoch seconds, which log rows and schedules go by). Fractions of
    /// a second add up over calls.
    pub fn advance(&mut self, by: Duration, now: i64) {
        self.milliseconds += u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let seconds = i64::try_from(self.milliseconds / 1000).unwrap_or(i64::MAX);
        self.milliseconds %= 1000;
        for left in (0..seconds).rev() {
            self.age += 1;
            self.second(now - left);
        }
    }

    fn second(&mut self, now: i64) {
        for at in 0..self.connections.len() {
            if !self.may_move(at, now) {
                continue;
            }
            for task in 0..self.connections[at].tasks.len() {
                if self.connections[at].tasks[task].error == 0 {
                    self.move_transfers(at, task, now);
                    self.find_files(at, task);
                    self.start_transfers(at, task);
                }
            }
            let transfers = &self.transfers;
            let connection = &mut self.connections[at];
            for task in &mut connection.tasks {
                task.status = task.working_status(transfers).into();
            }
            connection.status = connection.working_status().into();
        }
    }

    /// What a real NAS shows outside a schedule is not known; the simulator leaves the status as it is.
    fn may_move(&self, at: usize, now: i64) -> bool {
        let connection = &self.connections[at];
        let is_held = matches!(&*connection.status, "pause" | "suspended" | "unlink");
        !is_held
            && (!connection.settings.is_enabled_schedule || is_open(&connection.settings.schedule_info, now))
    }

    fn move_transfers(&mut self, at: usize, task: usize, now: i64) {
        let id = self.connections[at].tasks[task].id;
        let rate = self.connections[at].tasks[task].workload.as_ref().map(|workload| workload.rate);
        let mut finished = Vec::new();
        let rng = &mut self.rng;
        self.transfers.retain_mut(|transfer| {
            if transfer.session_id != id || transfer.stalled {
                return true;
            }
            if let Some(rate) = rate {
                transfer.bit_rate = rate / 100 * rng.i64(70..=130);
            }
            transfer.current_size = (transfer.current_size + transfer.bit_rate).min(transfer.total_size);
            let is_done = transfer.current_size >= transfer.total_size;
            if is_done {
                finished.push(transfer.clone());
            }
            !is_done
        });
        for transfer in finished {
            self.finish(at, task, &transfer, now);
        }
    }

    /// A transfer is at its end: it is done, or refused by the cloud.
    fn finish(&mut self, at: usize, task: usize, transfer: &Transfer, now: i64) {
        let is_upload = transfer.action() == 2;
        let property = &mut self.connections[at].property;
        let room = property.quota_total.zip(property.quota_used).map(|(total, used)| total - used);
        let is_full = is_upload && room.is_some_and(|room| room < transfer.total_size);
        let retries = self.connections[at].tasks[task].workload.is_some();
        let code = if is_full {
            REMOTE_QUOTA
        } else if retries && self.rng.u32(0..FAILS) == 0 {
            ERRORS[self.rng.usize(0..ERRORS.len())]
        } else {
            0
        };
        if code != 0 {
            // It waits for another try at the end of the backlog.
            if let Some(workload) = &mut self.connections[at].tasks[task].workload {
                workload.backlog += 1;
            }
            let action = if is_upload { 6 } else { 7 };
            self.log(
                at,
                task,
                LogRow::new(transfer.session_id, action, &transfer.path, now).with_error(code),
            );
            return;
        }
        if is_upload {
            property_used(&mut self.connections[at].property.quota_used, transfer.total_size);
        } else if let Some(volume) = self.config.volumes.first_mut() {
            volume.size_free = (volume.size_free - transfer.total_size).max(0);
        }
        let connection = &mut self.connections[at];
        connection.unfinished_files = (connection.unfinished_files - 1).max(0);
        self.log(at, task, LogRow::new(transfer.session_id, transfer.action(), &transfer.path, now));
        if self.rng.u32(0..DELETES) == 0 {
            let path = new_path(&self.connections[at].tasks[task], &mut self.rng);
            let action = if self.rng.bool() { 0 } else { 3 };
            self.log(at, task, LogRow::new(transfer.session_id, action, &path, now));
        }
    }

    fn log(&mut self, at: usize, task: usize, row: LogRow) {
        let connection = &self.connections[at];
        self.add_history(HistoryItem {
            action: row.action,
            log_level: row.log_level,
            path: row.path.clone(),
            session_id: row.session_id,
            syncfolder_basename: connection.tasks[task].basename().into(),
        });
        if let Some(notification) = &mut self.notification {
            notification.file_count += 1;
            notification.action = row.action;
            notification.log_level = row.log_level;
            notification.name = row.file_name().into();
        }
        let id = self.connections[at].id;
        self.add_log(id, row);
    }

    fn find_files(&mut self, at: usize, task: usize) {
        let connection = &mut self.connections[at];
        let Some(workload) = &mut connection.tasks[task].workload else { return };
        if workload.seconds_per_file > 0 && self.age.is_multiple_of(workload.seconds_per_file) {
            workload.backlog += 1;
            connection.unfinished_files += 1;
        }
    }

    fn start_transfers(&mut self, at: usize, task: usize) {
        let id = self.connections[at].tasks[task].id;
        let workers = usize::try_from(self.config.worker_count).unwrap_or(0);
        loop {
            let Some(workload) = &self.connections[at].tasks[task].workload else { return };
            let mine = self.transfers.iter().filter(|transfer| transfer.session_id == id).count();
            if workload.backlog <= 0 || mine >= workload.parallel.min(workers) {
                return;
            }
            let Workload { sizes: (low, high), downloads, .. } = *workload;
            let size = self.rng.i64(low..=high.max(low));
            let goes_down = self.rng.u8(0..100) < downloads;
            let path = new_path(&self.connections[at].tasks[task], &mut self.rng);
            let transfer = if goes_down {
                Transfer::download(id, &path, size)
            } else {
                Transfer::upload(id, &path, size)
            };
            let user_name = self.connections[at].user_name.clone();
            self.transfers.push(Transfer { user_name, ..transfer });
            if let Some(workload) = &mut self.connections[at].tasks[task].workload {
                workload.backlog -= 1;
            }
        }
    }
}

fn property_used(used: &mut Option<i64>, more: i64) {
    if let Some(used) = used {
        *used += more;
    }
}

fn new_path(task: &Task, rng: &mut fastrand::Rng) -> String {
    let folder = FOLDERS[rng.usize(0..FOLDERS.len())];
    let ending = ENDINGS[rng.usize(0..ENDINGS.len())];
    format!("{}/{folder}/file-{:05}.{ending}", task.local_path, rng.u32(0..100_000))
}

/// Whether a schedule lets a connection sync at this time. Sunday first, hour 0 first, in UTC.
fn is_open(schedule: &str, now: i64) -> bool {
    const HOUR: i64 = 3600;
    // 1970-01-01 was a Thursday.
    let hour = (now.div_euclid(HOUR) + 4 * 24).rem_euclid(168);
    let at = usize::try_from(hour).unwrap_or(0);
    schedule.as_bytes().get(at).is_none_or(|hour| *hour == b'1')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_begin_on_sunday() {
        let monday_noon = 1_767_614_400; // 2026-01-05T12:00:00Z
        let mut schedule = "0".repeat(168);
        assert!(!is_open(&schedule, monday_noon));
        schedule.replace_range(36..37, "1");
        assert!(is_open(&schedule, monday_noon));
        assert!(!is_open(&schedule, monday_noon + 3600));
    }
}
