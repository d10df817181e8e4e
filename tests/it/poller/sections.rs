//! Each section fails alone, and bad values cost at most their own series.

use crate::bench::Bench;
use cloudsync_exporter::model::DownReason;
use cloudsync_exporter::sim::{Fault, FaultKind, SimOptions, World};
use serde_json::{Value, json};

/// Families by the method whose refusal takes them away.
const SECTIONS: [(&str, &str, &[&str]); 7] = [
    (
        "get_recently_change",
        "transfers",
        &["cloudsync_transfers", "cloudsync_transfer_bit_rate", "cloudsync_server_merges"],
    ),
    ("list_sess", "tasks", &["cloudsync_task_info", "cloudsync_task_status", "cloudsync_task_no_delete"]),
    (
        "get_config",
        "package",
        &["cloudsync_package_info", "cloudsync_package_workers", "cloudsync_volume_free_bytes"],
    ),
    (
        "get_connection_setting",
        "settings",
        &["cloudsync_connection_pull_period_seconds", "cloudsync_connection_schedule_open"],
    ),
    (
        "get_property",
        "quota",
        &["cloudsync_connection_quota_total_bytes", "cloudsync_connection_quota_used_bytes"],
    ),
    (
        "get_session_setting",
        "task_settings",
        &["cloudsync_task_no_delete", "cloudsync_task_consistency_check"],
    ),
    (
        "get_selective_sync_config",
        "task_filters",
        &["cloudsync_task_filtered_paths", "cloudsync_task_max_upload_size_bytes"],
    ),
];

#[tokio::test]
async fn a_refused_section_costs_its_own_series() {
    for (method, section, families) in SECTIONS {
        let mut bench = Bench::new(World::documented()).await;
        bench.control.add_fault(Fault::cloud_sync(method, FaultKind::Code(105)));
        assert_eq!(bench.cycle().await, None, "{method}: the NAS is up");
        for family in families {
            assert!(!bench.has(family), "{method} was refused, {family} is there");
        }
        for (other, _, others) in SECTIONS {
            // Without its list a task has no settings either.
            if other != method && method != "list_sess" && other != "list_sess" {
                assert!(bench.has(others[0]), "{method} was refused, {} is gone", others[0]);
            }
        }
        assert!(
            bench.has("cloudsync_connection_status") && bench.has("cloudsync_log_events_total"),
            "{method}"
        );
        let failures = format!("cloudsync_poll_section_failures_total{{nas=\"home\",section=\"{section}\"}}");
        assert!(bench.value(&failures).is_some_and(|count| count >= 1.0), "{failures}\n{}", bench.text());
        bench.end().await;
    }
}

#[tokio::test]
async fn a_section_that_fails_later_takes_its_old_numbers_along_and_brings_them_back() {
    let mut bench = Bench::new(World::documented()).await;
    bench.cycle().await;
    assert!(bench.has("cloudsync_task_status"));
    bench.control.add_fault(Fault::cloud_sync("list_sess", FaultKind::Code(117)).times(2));
    bench.cycle().await;
    assert!(!bench.has("cloudsync_task_status"));
    assert!(bench.has("cloudsync_transferred_bytes_total"), "what was counted is not forgotten");
    bench.cycle().await;
    assert!(bench.has("cloudsync_task_status") && bench.has("cloudsync_task_no_delete"));
    bench.end().await;
}

#[tokio::test]
async fn a_refused_log_costs_no_counter() {
    let mut bench = Bench::new(World::documented()).await;
    bench.control.add_fault(Fault::cloud_sync("get_log", FaultKind::Code(100)));
    assert_eq!(bench.cycle().await, None);
    assert!(bench.has("cloudsync_log_events_total"), "counters are there from the first poll on");
    bench.end().await;
}

#[tokio::test]
async fn list_conn_decides_whether_the_nas_is_up() {
    for (kind, reason) in [
        (FaultKind::Code(105), DownReason::Permission),
        (FaultKind::Code(117), DownReason::Api),
        (FaultKind::RawData(json!({"total": 2})), DownReason::Decode),
        (FaultKind::RawData(json!("nonsense")), DownReason::Decode),
        (FaultKind::Status(502, "<html>".into()), DownReason::Http),
        (FaultKind::Html200, DownReason::Decode),
        (FaultKind::CutBody(10), DownReason::Http),
        (FaultKind::HugeBody(64 << 20), DownReason::Decode),
    ] {
        let mut bench = Bench::new(World::documented()).await;
        assert_eq!(bench.cycle().await, None);
        bench.control.add_fault(Fault::cloud_sync("list_conn", kind.clone()));
        let found = bench.cycle().await;
        assert!(
            found == Some(reason)
                || (matches!(kind, FaultKind::HugeBody(_)) && found == Some(DownReason::Http)),
            "{kind:?}: {found:?}"
        );
        assert_eq!(bench.value("cloudsync_up{nas=\"home\"}"), Some(0.0));
        let found = found.unwrap().as_str();
        assert_eq!(
            bench.value(&format!("cloudsync_down_reason{{nas=\"home\",reason=\"{found}\"}}")),
            Some(1.0)
        );
        assert!(bench.has("cloudsync_connection_status"), "not old enough to be withdrawn");
        bench.control.clear_faults();
        assert_eq!(bench.cycle().await, None, "{kind:?}");
        assert_eq!(bench.value("cloudsync_up{nas=\"home\"}"), Some(1.0));
        bench.end().await;
    }
}

#[tokio::test]
async fn every_reason_that_needs_no_network_fault_is_told_apart() {
    let mut refused = Bench::new(World::documented()).await;
    refused.control.set_password("another");
    assert_eq!(refused.cycle().await, Some(DownReason::Auth));
    assert_eq!(refused.value("cloudsync_nas_login_suspended{nas=\"home\"}"), Some(1.0));
    for _ in 0..5 {
        assert_eq!(refused.cycle().await, Some(DownReason::Auth));
    }
    assert_eq!(refused.control.login_attempts(), 1, "the guard holds");
    refused.end().await;

    let options = SimOptions { package_installed: false, ..SimOptions::default() };
    let mut missing = Bench::with(options, crate::bench::OPTIONS).await;
    assert_eq!(missing.cycle().await, Some(DownReason::PackageMissing));
    missing.control.set_package_installed(true);
    assert_eq!(missing.cycle().await, None, "installed meanwhile");
    missing.end().await;

    let mut blocked = Bench::new(World::documented()).await;
    blocked.control.block_ip(true);
    assert_eq!(blocked.cycle().await, Some(DownReason::Blocked));
    blocked.end().await;
}

fn with_conn(field: &str, value: Value) -> Value {
    let mut conn = json!({
        "id": 3, "link_status": 1, "resource": "", "status": "syncing", "task_display_name": "Dropbox",
        "task_name": "Dropbox", "type": "db", "type_id": 2, "unfinished_files": 4, "user_id": "x", "user_name": "u"
    });
    conn[field] = value;
    json!({"conn": [conn], "is_admin_mode": true, "is_pause": false, "notification": null, "total": 1, "tray_status": "syncing"})
}

#[tokio::test]
async fn a_bad_value_costs_its_own_series() {
    let cases = [
        ("unfinished_files", json!("many"), "cloudsync_connection_unfinished_files", false),
        ("unfinished_files", json!(null), "cloudsync_connection_unfinished_files", false),
        ("unfinished_files", json!("7"), "cloudsync_connection_unfinished_files", true),
        ("link_status", json!([1]), "cloudsync_connection_link_status", false),
        ("status", json!(7.5), "cloudsync_connection_link_status", true),
        ("status", json!({"a": 1}), "cloudsync_connection_status", false),
        ("user_name", json!(false), "cloudsync_connection_info", true),
        ("type", json!("x".repeat(10_000)), "cloudsync_connection_info", true),
    ];
    let mut bench = Bench::new(World::documented()).await;
    for (field, value, family, is_there) in cases {
        bench.control.clear_faults();
        let data = with_conn(field, value.clone());
        bench.control.add_fault(Fault::cloud_sync("list_conn", FaultKind::RawData(data)));
        assert_eq!(bench.cycle().await, None, "{field} = {value}");
        assert_eq!(bench.has(family), is_there, "{field} = {value}: {family}");
    }
    let malformed = "cloudsync_malformed_values_total{nas=\"home\",section=\"connections\"}";
    assert!(bench.value(malformed).unwrap() >= 5.0);
    bench.end().await;
}

#[tokio::test]
async fn entries_without_an_id_and_ids_twice_are_left_out() {
    let mut bench = Bench::new(World::documented()).await;
    let mut data = with_conn("status", json!("uptodate"));
    let first = data["conn"][0].clone();
    data["conn"] = json!([first, first, {"status": "error"}, 7, null, "x"]);
    bench.control.add_fault(Fault::cloud_sync("list_conn", FaultKind::RawData(data)));
    let task = json!({"sess_id": 9, "conn_id": 3, "sync_status": "uptodate"});
    let data = json!({"sess": [task, task, {"sess_id": "x"}], "total": 3});
    bench.control.add_fault(Fault::cloud_sync("list_sess", FaultKind::RawData(data)));
    assert_eq!(bench.cycle().await, None);
    assert_eq!(bench.value("cloudsync_connections{nas=\"home\"}"), Some(1.0));
    assert_eq!(
        bench.value("cloudsync_task_status{nas=\"home\",conn_id=\"3\",task_id=\"9\",status=\"uptodate\"}"),
        Some(1.0)
    );
    bench.end().await;
}

#[tokio::test]
async fn other_builds_write_the_same_differently() {
    let mut plain = Bench::new(World::documented()).await;
    plain.cycle().await;
    let mut options = SimOptions { world: World::documented(), ..SimOptions::default() };
    options.quirks.numbers_as_strings = true;
    options.quirks.booleans_as_numbers = true;
    options.quirks.unknown_fields = true;
    let mut quirky = Bench::with(options, crate::bench::OPTIONS).await;
    quirky.cycle().await;
    let series = |bench: &Bench| crate::metrics::without_the_volatile(&bench.text());
    assert_eq!(series(&plain), series(&quirky));
    plain.end().await;
    quirky.end().await;
}

#[tokio::test]
async fn whatever_comes_as_an_answer_is_survived() {
    let methods = [
        "list_conn",
        "get_recently_change",
        "list_sess",
        "get_log",
        "get_config",
        "get_connection_setting",
        "get_property",
        "get_session_setting",
        "get_selective_sync_config",
    ];
    let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let garbage = [
        json!(null),
        json!([]),
        json!({}),
        json!(""),
        json!(-1),
        json!(true),
        deep,
        json!({"conn": {}, "sess": 1, "items": "x", "processing_items": {"a": 1}, "volume_list": 3, "total": "many"}),
        json!({"conn": [[]], "sess": [[]], "items": [[], 1, null], "processing_items": [1], "volume_list": [null]}),
        json!({"conn": [{"id": i64::MAX}], "sess": [{"sess_id": i64::MIN}], "items": [{"time": i64::MIN}, {"time": i64::MAX}],
               "processing_items": [{"session_id": i64::MIN, "current_size": -5, "total_size": 1e300}], "total": -7,
               "quota_total": -1, "part_size": i64::MAX, "schedule_info": "2"}),
    ];
    let mut bench = Bench::new(World::documented()).await;
    for method in methods {
        for data in &garbage {
            bench.control.clear_faults();
            bench.control.add_fault(Fault::cloud_sync(method, FaultKind::RawData(data.clone())));
            let failure = bench.cycle().await;
            assert!(failure.is_none() || method == "list_conn", "{method}: {data}");
            bench.text();
        }
    }
    bench.control.clear_faults();
    assert_eq!(bench.cycle().await, None);
    bench.end().await;
}
