//! How many requests a cycle makes, and what comes and goes between cycles.

use crate::bench::Bench;
use cloudsync_exporter::sim::{Fault, FaultKind, SimOptions, World};

fn world(connections: usize) -> World {
    let mut world = World::empty();
    for index in 0..connections {
        let id = world.add_connection("db", &format!("connection {index}")).id;
        world.add_task(id, &format!("/share/{index}"), "/");
    }
    world
}

#[tokio::test]
async fn the_steady_state_is_one_request_whatever_the_number_of_connections() {
    for connections in [0, 1, 2, 50] {
        let mut bench = Bench::new(world(connections)).await;
        bench.cycle().await;
        for _ in 0..3 {
            assert_eq!(bench.requests().await, 1, "{connections} connections");
        }
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let expected = connections as f64;
        assert_eq!(bench.value("cloudsync_connections{nas=\"home\"}"), Some(expected));
        bench.end().await;
    }
}

#[tokio::test]
async fn two_hundred_connections_take_at_most_four_requests() {
    let mut bench = Bench::new(world(200)).await;
    bench.cycle().await;
    assert!(bench.requests().await <= 4);
    bench.end().await;
}

#[tokio::test]
async fn the_first_cycle_is_whole_and_its_slow_part_is_one_request() {
    let mut bench = Bench::new(world(50)).await;
    bench.control.take_requests();
    bench.cycle().await;
    let requests = bench.control.take_requests();
    let methods: Vec<&str> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["query", "login", "request", "request", "request"], "Info, login, list, new, slow");
    for family in ["cloudsync_task_info", "cloudsync_log_events_total", "cloudsync_task_no_delete"] {
        assert!(bench.has(family), "{family}");
    }
    bench.end().await;
}

#[tokio::test]
async fn a_poll_says_which_sessions_were_known_to_be_lost_as_it_began() {
    let mut bench = Bench::new(world(2)).await;
    let lost = |bench: &Bench| {
        let snapshot = bench.poller.snapshot();
        (snapshot.up.unwrap(), snapshot.sessions_lost)
    };
    bench.cycle().await;
    assert_eq!(lost(&bench), (true, 0));
    bench.control.restart();
    bench.cycle().await;
    assert_eq!(lost(&bench), (true, 0), "this one found it");
    bench.cycle().await;
    assert_eq!(lost(&bench), (true, 1));
    // One that fails shows what the last good one saw.
    bench.control.restart();
    bench.control.add_fault(Fault::everywhere(FaultKind::Status(502, String::new())));
    bench.cycle().await;
    assert_eq!(lost(&bench), (false, 1));
    bench.control.clear_faults();
    bench.cycle().await;
    assert_eq!(lost(&bench), (true, 1));
    bench.cycle().await;
    assert_eq!(lost(&bench), (true, 2));
    bench.end().await;
}

#[tokio::test]
async fn a_new_connection_is_there_after_the_next_cycle_and_a_vanished_one_is_gone() {
    let mut bench = Bench::new(world(2)).await;
    bench.cycle().await;
    let id = bench.control.world(|world| {
        let id = world.add_connection("gd", "newcomer").id;
        world.add_task(id, "/share/new", "/new");
        id
    });
    bench.cycle().await;
    let series = |family: &str| format!("cloudsync_{family}{{nas=\"home\",conn_id=\"{id}\"");
    let text = bench.text();
    for family in [
        "connection_info",
        "connection_status",
        "task_info",
        "log_events_total",
        "connection_pull_period_seconds",
    ] {
        assert!(text.contains(&series(family)), "{family}");
    }
    bench.control.world(|world| world.remove_connection(id));
    bench.cycle().await;
    assert!(!bench.text().contains(&format!("conn_id=\"{id}\"")), "all its series are gone");
    bench.end().await;
}

#[tokio::test]
async fn a_nas_without_compound_requests_is_asked_one_by_one() {
    let options = SimOptions { world: world(2), compound: false, ..SimOptions::default() };
    let mut bench = Bench::with(options, crate::bench::OPTIONS).await;
    assert_eq!(bench.cycle().await, None);
    assert_eq!(bench.requests().await, 2 + 2 * 2);
    assert!(bench.has("cloudsync_task_status"));
    bench.end().await;
}

#[tokio::test]
async fn a_session_that_is_lost_costs_one_more_login_and_nothing_else() {
    let mut bench = Bench::new(world(2)).await;
    bench.cycle().await;
    bench.control.drop_sessions();
    assert_eq!(bench.requests().await, 3, "refused, login, again");
    bench.control.expire_sessions();
    assert_eq!(bench.cycle().await, None);
    assert_eq!(bench.requests().await, 1);
    bench.end().await;
}

#[tokio::test]
async fn a_slow_part_that_is_too_much_for_the_nas_is_not_asked_for_at_every_poll() {
    let mut bench = Bench::new(world(2)).await;
    bench.control.add_fault(Fault::cloud_sync("get_config", FaultKind::Reset));
    assert_eq!(bench.cycle().await, None, "the NAS is up all the same");
    let mut asked = 0;
    for _ in 0..10 {
        asked += bench.requests().await - 1;
    }
    assert!(asked <= 1, "{asked} slow requests within an instant");
    assert!(bench.has("cloudsync_connection_status"));
    bench.end().await;
}
