//! What befalls a NAS, at random.

use crate::nas::{Nas, WORKLOAD};
use cloudsync_exporter::sim::world::{LogRow, Transfer};
use cloudsync_exporter::sim::{Fault, FaultKind};
use fastrand::Rng;
use serde_json::json;
use std::time::Duration;

const METHODS: [&str; 7] = [
    "list_conn",
    "list_sess",
    "get_log",
    "get_recently_change",
    "get_config",
    "get_connection_setting",
    "get_session_setting",
];
/// Codes that the NAS may refuse any call with; 107 is a contest, see [`Storm::second`].
const CODES: [i64; 9] = [100, 105, 106, 108, 114, 117, 119, 402, 9_999];
/// Three sessions within ten minutes that others ended make the client step back for long.
const BETWEEN_THEFTS: u64 = 11 * 60;

/// The weather at one NAS.
pub(crate) struct Storm {
    /// Seconds until the faults in force end; 0 when there are none.
    fault: u64,
    /// Seconds without a fault.
    pub(crate) calm: u64,
    since_theft: u64,
}

impl Storm {
    pub(crate) fn new() -> Self {
        Self { fault: 0, calm: 0, since_theft: BETWEEN_THEFTS }
    }

    /// One second in a storm. True when the NAS left the fleet and came back.
    pub(crate) async fn second(&mut self, nas: &mut Nas, rng: &mut Rng) -> bool {
        self.since_theft += 1;
        self.weather(nas, rng);
        match rng.u32(0..400) {
            0 => nas.control.drop_sessions(),
            1 => nas.control.expire_sessions(),
            2 => nas.control.change_client_ip(),
            3 => nas.control.restart(),
            4 if self.since_theft > BETWEEN_THEFTS => {
                self.since_theft = 0;
                nas.control.steal_session();
            }
            5..=8 => nas.poke.now(),
            9 => nas.reload(true).await,
            10 => nas.reload(false).await,
            11 if rng.u32(0..10) == 0 => {
                nas.leave_and_return().await;
                self.calm = 0;
                return true;
            }
            12..=60 => change(nas, rng),
            _ => {}
        }
        false
    }

    /// A second of calm: the faults are over.
    pub(crate) fn clear(&mut self, nas: &Nas) {
        if self.fault > 0 {
            self.end(nas);
        }
        self.calm += 1;
    }

    fn end(&mut self, nas: &Nas) {
        self.fault = 0;
        self.calm = 0;
        nas.control.clear_faults();
        nas.control.set_compound(true);
        nas.control.set_package_installed(true);
    }

    fn weather(&mut self, nas: &Nas, rng: &mut Rng) {
        if self.fault > 0 {
            self.fault -= 1;
            if self.fault == 0 {
                self.end(nas);
            }
            return;
        }
        self.calm += 1;
        if rng.u32(0..90) == 0 {
            self.fault = rng.u64(3..150);
            self.calm = 0;
            match rng.u32(0..20) {
                0 => nas.control.set_compound(false),
                1 => nas.control.set_package_installed(false),
                _ => nas.control.add_fault(fault(rng)),
            }
        }
    }
}

fn fault(rng: &mut Rng) -> Fault {
    let method = METHODS[rng.usize(0..METHODS.len())];
    let kind = match rng.u32(0..14) {
        0 | 1 => FaultKind::Code(CODES[rng.usize(0..CODES.len())]),
        2 => FaultKind::CodeWithErrors(120, json!({"name": "connection_id", "reason": "type"})),
        3 => FaultKind::RawData(
            [json!({}), json!(null), json!([]), json!({"conn": 3})][rng.usize(0..4)].clone(),
        ),
        4 => FaultKind::Latency(Duration::from_millis(rng.u64(100..12_000))),
        5 | 6 => FaultKind::Hang,
        7 => FaultKind::Status([302, 404, 500, 502, 503][rng.usize(0..5)], "<html>".to_owned()),
        8 => FaultKind::Html200,
        9 => FaultKind::CutBody(rng.usize(0..400)),
        10 => FaultKind::Reset,
        11 => FaultKind::HugeBody(2 << 20),
        12 => FaultKind::DripFeed(Duration::from_millis(rng.u64(1..50))),
        _ => FaultKind::RawBody(["", "{", "null", "{\"success\":true}"][rng.usize(0..4)].to_owned()),
    };
    let fault = match rng.u32(0..3) {
        0 => Fault::cloud_sync(method, kind),
        // A refused login would hold the next ones back for a quarter of an hour, which is tested elsewhere.
        1 => Fault::api("SYNO.CloudSync", kind),
        _ if matches!(kind, FaultKind::Code(_) | FaultKind::CodeWithErrors(..) | FaultKind::RawData(_)) => {
            Fault::call("SYNO.Entry.Request", "request", kind)
        }
        _ => Fault::everywhere(kind),
    };
    if rng.bool() { fault.times(rng.usize(1..6)) } else { fault }
}

/// Something changes in the NAS's world.
fn change(nas: &Nas, rng: &mut Rng) {
    let now = 1_800_000_000;
    nas.control.world(|world| {
        let ids: Vec<i64> = world.connections.iter().map(|connection| connection.id).collect();
        let id = ids[rng.usize(0..ids.len())];
        match rng.u32(0..10) {
            0 if ids.len() < 8 => {
                let added = world.add_connection("gd", "newcomer").id;
                let task = world.add_task(added, "/share/new", "/new").unwrap();
                task.workload = Some(WORKLOAD);
            }
            // Only a newcomer.
            1 if ids.len() > 4 => drop(world.remove_connection(ids[rng.usize(4..ids.len())])),
            2 | 3 => world.pause(id),
            4 | 5 => world.resume(id),
            6 => {
                let task =
                    world.connection(id).and_then(|connection| connection.tasks.first()).map(|task| task.id);
                for file in 0..rng.i64(1..400) {
                    let row = LogRow::new(task.unwrap_or(0), rng.i64(0..12), &format!("/share/{file}"), now);
                    world.add_log(id, row.with_error(-rng.i64(0..60)));
                }
            }
            7 => {
                let connection = world.connection_mut(id).unwrap();
                connection.status =
                    ["error", "suspended", "never seen", "syncing", "uptodate"][rng.usize(0..5)].into();
            }
            8 => {
                if let Some(task) = world.connection(id).and_then(|connection| connection.tasks.first()) {
                    let mut transfer = Transfer::upload(task.id, &format!("/share/{}", rng.u32(..)), 1 << 24);
                    transfer.stalled = rng.bool();
                    world.add_transfer(transfer);
                }
            }
            _ => {
                let connection = world.connection_mut(id).unwrap();
                connection.unfinished_files = rng.i64(0..5_000);
                connection.property.quota_used = rng.bool().then(|| rng.i64(0..1 << 40));
            }
        }
    });
}
