//! What only several polls tell: bytes that moved, rows that came.

use crate::bench::Bench;
use cloudsync_exporter::sim::World;
use cloudsync_exporter::sim::world::{LogRow, Transfer};

fn one_task() -> (World, i64, i64) {
    let mut world = World::empty();
    let connection = world.add_connection("db", "Dropbox").id;
    let task = world.add_task(connection, "/share/a", "/a").unwrap().id;
    (world, connection, task)
}

#[tokio::test]
async fn bytes_are_counted_as_they_move() {
    let (mut world, connection, task) = one_task();
    world.add_transfer(Transfer::upload(task, "/share/a/film.mkv", 1_000_000)).current_size = 100;
    let mut bench = Bench::new(world).await;
    bench.cycle().await;
    let series = |family: &str, direction: &str| {
        format!(
            "cloudsync_{family}{{nas=\"home\",conn_id=\"{connection}\",task_id=\"{task}\",direction=\"{direction}\"}}"
        )
    };
    assert_eq!(bench.value(&series("transferred_bytes_total", "upload")), Some(0.0));
    assert_eq!(bench.value(&series("transfers", "upload")), Some(1.0));
    assert_eq!(bench.value(&series("transfers", "download")), Some(0.0));
    assert_eq!(bench.value(&series("transfer_size_bytes", "upload")), Some(1_000_000.0));
    bench.control.world(|world| world.transfers[0].current_size = 5_100);
    bench.cycle().await;
    assert_eq!(bench.value(&series("transferred_bytes_total", "upload")), Some(5_000.0));
    assert_eq!(bench.value(&series("transfer_done_bytes", "upload")), Some(5_100.0));
    bench.control.world(|world| world.transfers.clear());
    bench.cycle().await;
    assert_eq!(bench.value(&series("transferred_bytes_total", "upload")), Some(5_000.0));
    assert_eq!(bench.value(&series("transfers", "upload")), Some(0.0));
    bench.end().await;
}

#[tokio::test]
async fn rows_are_counted_once_through_pages_and_equal_seconds() {
    let (mut world, connection, task) = one_task();
    for row in 0..300 {
        world.add_log(connection, LogRow::new(task, 2, &format!("/share/a/{row}"), 1_000 + row));
    }
    let mut bench = Bench::new(world).await;
    bench.cycle().await;
    let series = |action: &str, level: &str| {
        format!(
            "cloudsync_log_events_total{{nas=\"home\",conn_id=\"{connection}\",action=\"{action}\",level=\"{level}\"}}"
        )
    };
    assert_eq!(bench.value(&series("upload", "info")), Some(0.0), "what was there before us");
    bench.control.world(|world| {
        for row in 0..260 {
            world.add_log(connection, LogRow::new(task, 0, &format!("/share/a/{row}"), 2_000 + row / 100));
        }
        for _ in 0..3 {
            world.add_log(connection, LogRow::new(task, 1, "/share/a/same", 2_002).with_error(-36));
        }
    });
    bench.cycle().await;
    let errors = format!(
        "cloudsync_log_errors_total{{nas=\"home\",conn_id=\"{connection}\",error=\"remote_file_not_supported\"}}"
    );
    for _ in 0..2 {
        assert_eq!(bench.value(&series("delete_remote", "info")), Some(260.0));
        assert_eq!(bench.value(&errors), Some(3.0));
        bench.cycle().await;
    }
    let missed = format!("cloudsync_log_events_missed_total{{nas=\"home\",conn_id=\"{connection}\"}}");
    assert_eq!(bench.value(&missed), Some(0.0));
    bench.end().await;
}

#[tokio::test]
async fn a_flood_of_rows_is_counted_or_known_to_be_missed() {
    let (world, connection, task) = one_task();
    let mut bench = Bench::new(world).await;
    bench.cycle().await;
    bench.control.world(|world| {
        for row in 0..3_000 {
            world.add_log(connection, LogRow::new(task, 2, &format!("/share/a/{row}"), 5_000 + row));
        }
    });
    bench.cycle().await;
    let counted = bench.value(&format!("cloudsync_log_events_total{{nas=\"home\",conn_id=\"{connection}\",action=\"upload\",level=\"info\"}}")).unwrap();
    let missed = bench
        .value(&format!("cloudsync_log_events_missed_total{{nas=\"home\",conn_id=\"{connection}\"}}"))
        .unwrap();
    assert!(counted >= 1_000.0 && missed > 0.0);
    assert!((counted + missed - 3_000.0).abs() < 0.5, "{counted} + {missed}");
    bench.end().await;
}
