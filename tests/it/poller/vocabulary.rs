//! What the model keeps of the NAS's own words, for those who show them.

use crate::bench::Bench;
use cloudsync_exporter::model::{ConnectionId, Data, Direction, RecentFile, TaskId};
use cloudsync_exporter::sim::{Fault, FaultKind, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::SystemTime;

async fn data(bench: &mut Bench) -> Arc<Data> {
    assert_eq!(bench.cycle().await, None);
    bench.poller.snapshot().data.clone().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "the model has options to compare with")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn the_documented_nas_in_its_own_words() {
    let mut bench = Bench::new(World::documented()).await;
    let data = data(&mut bench).await;
    let connection = &data.connections[&ConnectionId(2)];
    assert_eq!(connection.name, "Microsoft OneDrive");
    assert_eq!(connection.task_name, text("Microsoft OneDrive"));
    assert_eq!(connection.task_display_name, text("Microsoft OneDrive"));
    assert_eq!((connection.type_id, connection.user_id.clone()), (Some(22), text("xxxxxx")));
    assert_eq!((connection.error_code, connection.error_desc.clone()), (Some(0), None));
    let task = &data.tasks[&TaskId(4)];
    assert_eq!((task.remote_folder_id.clone(), task.error_desc.clone()), (text("id:xxxx"), text("")));
    let package = data.package.as_ref().unwrap();
    assert_eq!(package.volume_count, Some(2));
    assert_eq!(package.volumes[0].display, text("Volume 1 (Available capacity: 715.84 GB )"));
    let transfer = &data.transfers.as_ref().unwrap()[1];
    assert_eq!((transfer.direction, transfer.status.clone()), (Direction::Upload, text("uploading")));
    assert_eq!((transfer.base_name.clone(), transfer.user.clone()), (text("ans1.3.png"), text("username")));
    let recent = data.recent.as_ref().unwrap();
    assert_eq!(recent.len(), 5);
    let last = RecentFile {
        connection: Some(ConnectionId(3)),
        task: TaskId(4),
        action: Some(1),
        level: Some(2),
        base_name: text("The Tao of Harp.paper"),
        path: text("/test_share/WebDAV test/subfolder/song ideas/The Tao of Harp.paper"),
        folder: text("subfolder"),
    };
    assert_eq!(recent[4], last);
    bench.end().await;
}

#[tokio::test]
async fn the_two_names_of_a_connection_are_kept_apart() {
    let mut bench = Bench::new(World::documented()).await;
    let conn = json!([
        {"id": 1, "task_name": "given", "task_display_name": "shown"},
        {"id": 2, "task_name": "given", "task_display_name": ""},
        {"id": 3, "task_name": "given", "user_id": "x".repeat(5_000), "type_id": "many"},
        {"id": 4, "status": "error", "error": -12, "error_desc": "Sync folder missing"},
    ]);
    let list = FaultKind::RawData(json!({"conn": conn, "total": 4}));
    bench.control.add_fault(Fault::cloud_sync("list_conn", list));
    let data = data(&mut bench).await;
    let names: Vec<_> = data
        .connections
        .values()
        .map(|connection| {
            let [given, shown] = [&connection.task_name, &connection.task_display_name];
            (connection.name.as_str(), given.as_deref(), shown.as_deref())
        })
        .collect();
    assert_eq!(
        names,
        [
            ("shown", Some("given"), Some("shown")),
            ("given", Some("given"), Some("")),
            ("given", Some("given"), None),
            ("", None, None)
        ]
    );
    let odd = &data.connections[&ConnectionId(3)];
    assert_eq!((odd.user_id.as_ref(), odd.type_id), (None, None), "too long, and no number");
    assert_eq!(data.connections[&ConnectionId(4)].error_desc, text("Sync folder missing"));
    bench.end().await;
}

#[tokio::test]
async fn recent_files_are_few_and_cost_nothing_else() {
    let mut bench = Bench::new(World::documented()).await;
    let mut recent = async |history: Value| {
        bench.control.clear_faults();
        let answer = json!({"processing_items": [{"session_id": 4}], "history_items": history});
        bench.control.add_fault(Fault::cloud_sync("get_recently_change", FaultKind::RawData(answer)));
        let data = data(&mut bench).await;
        assert_eq!(data.transfers.as_ref().map(Vec::len), Some(1));
        data.recent.clone()
    };
    assert_eq!(recent(Value::Null).await, None);
    assert_eq!(recent(json!("none")).await, None);
    assert_eq!(recent(json!([7])).await, None);
    assert_eq!(recent(json!([])).await, Some(vec![]));
    let many: Vec<_> = (0..1_000).map(|action| json!({"session_id": 4, "action": action})).collect();
    assert_eq!(recent(json!(many)).await.unwrap().len(), 50);
    let mixed = recent(json!([{"action": 2}, {"session_id": 99, "log_level": [], "path": "/a"}])).await;
    let unknown = RecentFile {
        connection: None,
        task: TaskId(99),
        action: None,
        level: None,
        base_name: None,
        path: text("/a"),
        folder: None,
    };
    assert_eq!(mixed, Some(vec![unknown]));
    bench.control.clear_faults();
    bench.control.add_fault(Fault::cloud_sync("get_recently_change", FaultKind::Code(105)));
    assert_eq!(data(&mut bench).await.recent, None);
    bench.end().await;
}

#[tokio::test]
async fn a_snapshot_says_when_its_data_were_asked_for() {
    let seconds = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let mut bench = Bench::new(World::documented()).await;
    let before = seconds();
    data(&mut bench).await;
    let snapshot = bench.poller.snapshot();
    let (asked, answered) = (snapshot.asked.unwrap(), snapshot.last_success.unwrap());
    assert!(before <= asked && asked <= answered && answered <= seconds(), "{before} {asked} {answered}");
    bench.control.add_fault(Fault::everywhere(FaultKind::Reset));
    assert!(bench.cycle().await.is_some());
    let failed = bench.poller.snapshot();
    assert_eq!(
        (failed.asked, failed.last_success),
        (Some(asked), Some(answered)),
        "the data are those of then"
    );
    bench.control.clear_faults();
    data(&mut bench).await;
    assert!(bench.poller.snapshot().asked.unwrap() >= answered);
    bench.end().await;
}

#[tokio::test]
async fn settings_are_as_old_as_the_last_look_at_all_of_them() {
    let mut bench = Bench::new(World::documented()).await;
    let first = data(&mut bench).await;
    let asked = first.settings_asked.unwrap();
    assert!(bench.poller.snapshot().asked.unwrap() <= asked, "they are asked for after the rest");
    assert!(asked <= SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64());
    // A new connection is asked about by itself, which says nothing of the others.
    bench.control.world(|world| world.add_connection("gd", "newcomer").id);
    let second = data(&mut bench).await;
    assert!(second.settings.len() > first.settings.len());
    assert!(bench.poller.snapshot().asked.unwrap() > asked);
    assert_eq!(second.settings_asked, Some(asked));
    bench.end().await;
}
