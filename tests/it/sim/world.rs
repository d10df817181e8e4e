//! Worlds: the demo's, and how they move.

use std::{collections::BTreeSet, time::Duration};

use cloudsync_exporter::sim::{
    World,
    world::{Task, Transfer},
};

const NOW: i64 = 1_767_225_600;

fn second(world: &mut World, now: &mut i64) {
    *now += 1;
    world.advance(Duration::from_secs(1), *now);
}

#[test]
fn the_demo_shows_what_it_promises() {
    let world = World::demo();
    let statuses: Vec<&str> = world.connections.iter().map(|connection| &*connection.status).collect();
    assert_eq!(statuses, ["uptodate", "syncing", "error", "pause", "syncing", "uptodate"]);
    let kinds: Vec<&str> = world.connections.iter().map(|connection| &*connection.kind).collect();
    assert_eq!(kinds, ["db", "od_v1", "gd", "az", "gd", "wd"]);
    assert_eq!(world.task(3).unwrap().error, -12);
    assert!(world.connection(6).unwrap().property.quota_total.is_none());
    let rows = || world.connections.iter().flat_map(|connection| &connection.log);
    assert_eq!(rows().map(|row| row.log_level).collect::<BTreeSet<_>>(), BTreeSet::from([0, 1, 2]));
    let actions: BTreeSet<i64> = rows().map(|row| row.action).collect();
    assert!(actions.is_superset(&BTreeSet::from([0, 1, 2, 3, 4, 6, 7])));
    for transfer in &world.transfers {
        assert!(world.connection_of_task(transfer.session_id).is_some());
    }
    assert_eq!(world.secrets().len(), 10);
    // The counters agree with the files that there are.
    for connection in &world.connections {
        let flying = world.transfers.iter().chain(&connection.parked);
        let mine =
            flying.filter(|transfer| connection.tasks.iter().any(|task| task.id == transfer.session_id));
        let backlog: i64 =
            connection.tasks.iter().filter_map(|task| Some(task.workload.as_ref()?.backlog)).sum();
        let files = i64::try_from(mine.count()).unwrap() + backlog;
        assert_eq!(connection.unfinished_files, files, "{}", connection.task_name);
    }
    let later = World::demo_at(NOW + 1000);
    assert_eq!(later.connections[0].log[0].time, world.connections[0].log[0].time + 1000);
}

#[test]
fn it_moves_the_same_way_every_time() {
    let run = || {
        let mut world = World::demo();
        world.advance(Duration::from_secs(600), NOW + 600);
        format!("{world:?}")
    };
    assert_eq!(run(), run());
    // In one go or in pieces.
    let mut pieces = World::demo();
    for half in 1..=1200 {
        pieces.advance(Duration::from_millis(500), NOW + half / 2);
    }
    assert_eq!(format!("{pieces:?}"), run());
}

#[test]
fn ten_minutes_of_the_demo() {
    let mut world = World::demo();
    let mut now = NOW;
    let rows =
        |world: &World| world.connections.iter().map(|connection| connection.log.len()).collect::<Vec<_>>();
    let (before, quota) = (rows(&world), world.connections[4].property.quota_used);
    let stalled = world.transfers.iter().find(|transfer| transfer.stalled).cloned().unwrap();
    let parked = format!("{:?}", world.connections[3]);
    let mut moves = 0;
    let mut counts = BTreeSet::new();
    for _ in 0..600 {
        let sizes: Vec<(String, i64)> =
            world.transfers.iter().map(|transfer| (transfer.path.clone(), transfer.current_size)).collect();
        second(&mut world, &mut now);
        counts.insert(world.connections[1].unfinished_files);
        for transfer in world.transfers.iter().filter(|transfer| !transfer.stalled) {
            let size = sizes.iter().find(|(path, _)| *path == transfer.path);
            if let Some((_, size)) = size {
                assert_eq!(transfer.current_size - size, transfer.bit_rate, "{}", transfer.path);
                moves += 1;
            }
        }
    }
    assert!(moves > 1000);
    assert!(counts.len() > 3, "unfinished_files rises and falls: {counts:?}");
    let after = rows(&world);
    assert!(after[0] > before[0] && after[1] > before[1] && after[4] > before[4]);
    assert_eq!((after[2], after[3]), (before[2], before[3]));
    assert!(world.connections[4].property.quota_used > quota);
    let still = world.transfers.iter().find(|transfer| transfer.stalled).unwrap();
    assert_eq!(still.current_size, stalled.current_size);
    assert_eq!(format!("{:?}", world.connections[3]), parked);
    assert_eq!(world.history.len(), World::HISTORY_SHOWN);
    assert!(world.connections[1].log[0].time > NOW);
}

/// The quota fills, then uploads are refused for want of it.
#[test]
fn a_full_cloud_refuses_uploads() {
    let mut world = World::demo();
    world.advance(Duration::from_secs(3600), NOW + 3600);
    let connection = &world.connections[4];
    let property = &connection.property;
    assert!(property.quota_used <= property.quota_total);
    assert!(connection.log.iter().any(|row| row.action == 6 && row.error_code == -17 && row.log_level == 2));
}

#[test]
fn schedules_and_pauses_hold_everything() {
    let mut world = World::empty();
    let connection = world.add_connection("db", "Dropbox");
    connection.settings.is_enabled_schedule = true;
    connection.settings.schedule_info = "0".repeat(168);
    connection.unfinished_files = 1;
    let id = connection.id;
    let task = world.add_task(id, "/data/a", "/a").map(|task: &mut Task| task.id).unwrap();
    world.add_transfer(Transfer { bit_rate: 10, ..Transfer::upload(task, "/data/a/b.txt", 100) });
    world.advance(Duration::from_secs(5), NOW);
    assert_eq!(world.transfers[0].current_size, 0);
    world.connection_mut(id).unwrap().settings.is_enabled_schedule = false;
    world.advance(Duration::from_secs(5), NOW);
    assert_eq!(world.transfers[0].current_size, 50);
    assert_eq!(world.connection(id).unwrap().status, "syncing");
    world.pause(id);
    world.advance(Duration::from_secs(5), NOW);
    world.resume(id);
    assert_eq!(world.transfers[0].current_size, 50);
    world.advance(Duration::from_secs(5), NOW);
    assert!(world.transfers.is_empty());
    let connection = world.connection(id).unwrap();
    assert_eq!((&*connection.status, connection.unfinished_files), ("uptodate", 0));
    assert_eq!((connection.log[0].action, connection.log[0].file_name()), (2, "b.txt"));
    assert_eq!(connection.property.quota_used, Some(423_331_096));
}

#[test]
fn ids_are_never_given_twice() {
    let mut world = World::documented();
    assert!(world.remove_connection(3));
    assert!(!world.remove_connection(3));
    assert_eq!(world.add_connection("db", "again").id, 4);
    assert_eq!(world.add_task(4, "/a/b", "/b").unwrap().id, 5);
    assert!(world.add_task(99, "/a/b", "/b").is_none());
}
