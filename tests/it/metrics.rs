//! Whole expositions against committed ones, and what holds for every exposition.

mod alerts;

use crate::bench::{Bench, OPTIONS};
use cloudsync_exporter::metrics::{Coding, CollectOptions, Format, Selection};
use cloudsync_exporter::sim::world::Transfer;
use cloudsync_exporter::sim::{Fault, FaultKind, SimOptions, World};
use serde_json::json;

/// The exposition without what differs from run to run: our own timings, and when things were seen.
pub(crate) fn without_the_volatile(text: &str) -> String {
    let is_volatile = |line: &str| {
        let name = line.strip_prefix("# HELP ").or(line.strip_prefix("# TYPE ")).unwrap_or(line);
        ["cloudsync_poll_", "cloudsync_nas_request", "cloudsync_malformed"]
            .iter()
            .any(|family| name.starts_with(family))
    };
    let mut kept: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !is_volatile(line)) {
        match line.rsplit_once(' ') {
            Some((series, _)) if !line.starts_with('#') && series.contains("_timestamp_seconds{") => {
                kept.push(format!("{series} WHEN"));
            }
            _ => kept.push(line.to_owned()),
        }
    }
    // Counters of a log that stands still: one line for all.
    kept.retain(|line| !(line.starts_with("cloudsync_log_") && line.ends_with(" 0")));
    // The order of a family's series means nothing, and differs for our own counters.
    kept.chunk_by(|a, b| a.starts_with('#') == b.starts_with('#'))
        .flat_map(|lines| {
            let mut lines = lines.to_vec();
            if !lines[0].starts_with('#') {
                lines.sort();
            }
            lines
        })
        .fold(String::new(), |text, line| text + &line + "\n")
}

async fn exposition(bench: &mut Bench) -> String {
    assert_eq!(bench.cycle().await, None);
    without_the_volatile(&bench.text())
}

#[tokio::test]
async fn an_empty_nas() {
    let mut bench = Bench::new(World::empty()).await;
    insta::assert_snapshot!(exposition(&mut bench).await);
    bench.end().await;
}

#[tokio::test]
async fn the_two_connections_of_the_documentation() {
    let mut bench = Bench::new(World::documented()).await;
    insta::assert_snapshot!(exposition(&mut bench).await);
    bench.end().await;
}

#[tokio::test]
async fn error_and_stall() {
    let mut world = World::empty();
    let connection = world.add_connection("gd", "Google Drive");
    connection.status = "error".into();
    connection.unfinished_files = 12;
    connection.error = Some(cloudsync_exporter::sim::world::ConnectionError {
        code: -12,
        desc: "Sync folder missing".into(),
        kind: "local".into(),
    });
    let id = connection.id;
    let task = world.add_task(id, "/share/gone", "/gone").unwrap();
    task.fail(-12, "Sync folder missing");
    let task = task.id;
    world.add_transfer(Transfer::upload(task, "/share/gone/stuck.iso", 4_000_000_000)).current_size =
        4_000_000_000;
    let mut bench = Bench::new(world).await;
    insta::assert_snapshot!(exposition(&mut bench).await);
    bench.end().await;
}

#[tokio::test]
async fn a_cloud_without_a_quota() {
    let mut world = World::empty();
    for (kind, quota) in [("wd", None), ("az", Some(0)), ("db", Some(-1)), ("od_v1", Some(5_368_709_120))] {
        let connection = world.add_connection(kind, kind);
        connection.property.quota_total = quota;
        connection.property.quota_used = quota.map(|total| total.max(0) / 2);
    }
    let mut bench = Bench::new(world).await;
    insta::assert_snapshot!(exposition(&mut bench).await);
    bench.end().await;
}

#[tokio::test]
async fn a_status_that_nobody_knows() {
    let mut world = World::empty();
    world.add_connection("db", "Dropbox").status = "meditating".into();
    let mut bench = Bench::new(world).await;
    insta::assert_snapshot!(exposition(&mut bench).await);
    bench.end().await;
}

#[tokio::test]
async fn hostile_names() {
    let mut world = World::empty();
    let connection = world.add_connection("db", "a \"quoted\" \\ name\nwith a line end \u{1F980}");
    connection.task_display_name.clone_from(&connection.task_name);
    connection.user_name = "# HELP cloudsync_up no\n# EOF".into();
    let id = connection.id;
    world.add_task(id, "/share/}{,=\"", "/\u{202e}evil\t\u{1}");
    let options = SimOptions { world, ..SimOptions::default() };
    let mut bench = Bench::with(options, CollectOptions { per_file: true, ..OPTIONS }).await;
    insta::assert_snapshot!(exposition(&mut bench).await);
    bench.end().await;
}

#[tokio::test]
async fn a_nas_that_is_down() {
    let mut bench = Bench::new(World::documented()).await;
    bench.control.add_fault(Fault::everywhere(FaultKind::Status(503, "<html>booting</html>".into())));
    assert!(bench.cycle().await.is_some());
    insta::assert_snapshot!(without_the_volatile(&bench.text()));
    bench.end().await;
}

#[tokio::test]
async fn the_other_format() {
    let mut bench = Bench::new(World::documented()).await;
    bench.cycle().await;
    let open_metrics = bench.render(Format::OpenMetrics);
    assert!(open_metrics.ends_with("\n# EOF\n"));
    assert!(
        open_metrics.contains(
            "# TYPE cloudsync_transferred_bytes counter\n# UNIT cloudsync_transferred_bytes bytes\n"
        )
    );
    let samples = |text: &str| -> Vec<String> {
        let mut lines: Vec<String> =
            text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(samples(&open_metrics), samples(&bench.text()), "the same samples in both");
    bench.end().await;
}

#[tokio::test]
async fn files_have_series_only_when_asked_for() {
    let mut world = World::empty();
    let id = world.add_connection("db", "Dropbox").id;
    let task = world.add_task(id, "/share/a", "/a").unwrap().id;
    for file in 0..5 {
        world.add_transfer(Transfer::download(task, &format!("/share/a/{file}"), 10));
    }
    for (per_file, files) in [(false, 0), (true, 3)] {
        let options = SimOptions { world: world.clone(), ..SimOptions::default() };
        let collect = CollectOptions { per_file, max_files: 3, ..OPTIONS };
        let mut bench = Bench::with(options, collect).await;
        bench.cycle().await;
        let lines =
            bench.text().lines().filter(|line| line.starts_with("cloudsync_file_size_bytes{")).count();
        assert_eq!(lines, files);
        bench.end().await;
    }
}

#[tokio::test]
async fn too_many_series_cost_whole_families_the_largest_first() {
    let options = SimOptions { world: World::documented(), ..SimOptions::default() };
    let mut bench = Bench::with(options, CollectOptions { max_series: 150, ..OPTIONS }).await;
    bench.cycle().await;
    assert!(!bench.has("cloudsync_log_errors_total") && !bench.has("cloudsync_log_events_total"));
    assert!(bench.has("cloudsync_connection_status") && bench.has("cloudsync_up"));
    let dropped = bench
        .value("cloudsync_exporter_series_dropped_total{nas=\"home\",family=\"cloudsync_log_errors_total\"}");
    assert!(dropped.is_some_and(|series| series >= 112.0), "{dropped:?}");
    bench.end().await;
}

#[tokio::test]
async fn our_own_families_are_well_formed() {
    let mut bench = Bench::new(World::empty()).await;
    bench.cycle().await;
    let rendered = bench.exposition.render(&Selection::All, Format::Text, Coding::Identity).unwrap();
    let text = String::from_utf8(rendered.body.to_vec()).unwrap();
    for family in
        ["process_open_fds", "process_cpu_seconds_total", "cloudsync_exporter_config_last_reload_successful"]
    {
        assert!(text.lines().any(|line| line.starts_with(&format!("{family} "))), "{family}: {text}");
    }
    assert!(!text.contains("{}"), "{text}");
    bench.end().await;
}

#[tokio::test]
async fn every_family_is_written_once_in_the_order_of_the_catalogue() {
    let mut bench = Bench::new(World::demo()).await;
    bench.cycle().await;
    let catalogue: Vec<_> = cloudsync_exporter::metrics::catalogue::all().map(|metric| metric.name).collect();
    let places: Vec<usize> = bench
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .map(|name| catalogue.iter().position(|known| **known == name).unwrap_or_else(|| panic!("{name}")))
        .collect();
    assert!(places.is_sorted() && places.len() > 50, "{places:?}");
    let mut unique = places.clone();
    unique.dedup();
    assert_eq!(unique, places);
    bench.end().await;
}

#[tokio::test]
async fn a_hundred_thousand_connections_do_not_fill_the_memory() {
    let conn: Vec<_> = (0..60_000).map(|id| json!({"id": id, "status": "uptodate"})).collect();
    let mut bench = Bench::new(World::empty()).await;
    bench.control.add_fault(Fault::cloud_sync(
        "list_conn",
        FaultKind::RawData(json!({"conn": conn, "total": 60_000})),
    ));
    assert_eq!(bench.cycle().await, None);
    assert!(bench.value("cloudsync_connections{nas=\"home\"}").unwrap() <= 2_000.0);
    assert!(bench.text().lines().count() < 60_000);
    bench.end().await;
}
