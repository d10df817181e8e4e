//! Every method against the simulated NAS, which was written from the API's notes and not from this client.

use cloudsync_exporter::dsm::cloud_sync::act::{
    ConnectionSetting, GlobalConfig, ScheduleSetting, SelectiveSyncConfig, SessionSetting,
};
use cloudsync_exporter::dsm::cloud_sync::read::{GroupBy, LogQuery};
use cloudsync_exporter::dsm::cloud_sync::s3::{S3, S3Task};
use cloudsync_exporter::dsm::{Error, Field, Reason};
use cloudsync_exporter::sim::{Control, Fault, FaultKind, Quirks, SimOptions, Simulator};

use futures_util::future::join_all;

use super::Bench;

async fn start(options: SimOptions) -> (Simulator, Control, Bench) {
    let options = SimOptions { account: "ann".into(), password: super::PASSWORD.into(), ..options };
    let simulator = Simulator::bind("127.0.0.1:0".parse().unwrap(), options).await.unwrap();
    let bench = Bench::new(&simulator.base_url());
    let control = simulator.control();
    (simulator, control, bench)
}

/// Ids of a connection on Amazon S3 and of its first task.
async fn s3_connection(bench: &Bench) -> (i64, i64) {
    let list = bench.client.list_conn(GroupBy::User).await.unwrap();
    let s3 = list.conn.iter().find(|conn| conn.kind.as_str() == Some(S3)).unwrap();
    let id = s3.id.copied().unwrap();
    let tasks = bench.client.list_sess(id).await.unwrap();
    (id, tasks.sess.items[0].sess_id.copied().unwrap())
}

#[tokio::test]
async fn every_method_under_every_quirk() {
    let odd = Quirks { numbers_as_strings: true, booleans_as_numbers: true, unknown_fields: true };
    for (quirks, dsm_version) in [(Quirks::default(), 7), (odd, 6)] {
        let (_nas, control, bench) = start(SimOptions { quirks, dsm_version, ..SimOptions::default() }).await;
        let (conn, sess) = every_setting(&bench).await;
        every_action(&bench, conn).await;
        // Who writes numbers as strings would have to accept them, which the simulated NAS does not.
        if quirks == Quirks::default() {
            new_tasks(&bench, conn).await;
        }
        remove(&bench, conn, sess).await;
        assert_eq!(control.login_attempts(), 1);
        assert!(control.requests().iter().all(|request| !request.has_query_secrets));
        bench.client.logout().await;
        assert!(control.sessions().is_empty());
    }
}

/// Reads and writes everything; returns the ids of the connection and the task that it did that to.
async fn every_setting(bench: &Bench) -> (i64, i64) {
    let client = &bench.client;
    let (conn, sess) = s3_connection(bench).await;
    client.list_conn(GroupBy::CloudType).await.unwrap();
    client.get_recently_change().await.unwrap();
    assert!(!client.get_log(None, &LogQuery::default()).await.unwrap().items.items.is_empty());
    client.get_log(Some(conn), &LogQuery { keyword: "7".into(), ..LogQuery::default() }).await.unwrap();
    let folder =
        client.list_sess(conn).await.unwrap().sess.items[0].remote_folder_id.clone().into_option().unwrap();
    client.get_selective_folder_list(sess, &folder, "/").await.unwrap();
    assert!(client.get_conn_auth_info(conn).await.unwrap().fields().count() > 5);
    assert_eq!(client.get_property(conn).await.unwrap().kind.as_str(), Some(S3));

    // Each setter writes the present settings back with one of them changed.
    let mut config = GlobalConfig::read_from(&client.get_config().await.unwrap()).unwrap();
    config.worker_count = 7;
    client.set_global_config(&config).await.unwrap();
    assert_eq!(GlobalConfig::read_from(&client.get_config().await.unwrap()).unwrap(), config);
    client.set_personal_config(true).await.unwrap();
    assert_eq!(client.get_config().await.unwrap().sync_mode, Field::Value(true));

    let mut setting =
        ConnectionSetting::read_from(&client.get_connection_setting(conn).await.unwrap()).unwrap();
    setting.max_upload_speed = 512;
    client.set_connection_setting(conn, &setting).await.unwrap();
    let mut schedule =
        ScheduleSetting::read_from(&client.get_connection_setting(conn).await.unwrap()).unwrap();
    schedule.schedule_info = "01".repeat(84);
    schedule.is_enabled_schedule = true;
    client.set_schedule_setting(conn, &schedule).await.unwrap();
    let present = client.get_connection_setting(conn).await.unwrap();
    assert_eq!(ConnectionSetting::read_from(&present).unwrap(), setting);
    assert_eq!(ScheduleSetting::read_from(&present).unwrap(), schedule);

    let mut setting = SessionSetting::read_from(&client.get_session_setting(sess).await.unwrap()).unwrap();
    setting.no_delete = !setting.no_delete;
    client.set_session_setting(sess, &setting).await.unwrap();
    assert_eq!(SessionSetting::read_from(&client.get_session_setting(sess).await.unwrap()).unwrap(), setting);

    let mut filters =
        SelectiveSyncConfig::read_from(&client.get_selective_sync_config(sess).await.unwrap()).unwrap();
    filters.filtered_names.push("123".into());
    client.set_selective_sync_config(sess, &filters).await.unwrap();
    let present = client.get_selective_sync_config(sess).await.unwrap();
    assert_eq!(SelectiveSyncConfig::read_from(&present).unwrap(), filters);
    (conn, sess)
}

/// The two calls that the published client misspells.
async fn new_tasks(bench: &Bench, conn: i64) {
    let client = &bench.client;
    let task = S3Task {
        local_path: "/documents/contracts/new".into(),
        cloud_path: "/contracts/2026".into(),
        sync_direction: "ONLY_UPLOAD".into(),
        storage_class: "STANDARD".into(),
        filtered_extensions: vec!["iso".into()],
        filtered_names: vec![],
        filtered_max_upload_size: 1024,
    };
    client.test_s3_task(conn, &task).await.unwrap();
    let before = client.list_sess(conn).await.unwrap().sess.items.len();
    let tasks = client.create_s3_task(conn, &task).await.unwrap().unwrap();
    assert_eq!(tasks.sess.items.len(), before + 1);
    let created =
        tasks.sess.iter().find(|sess| sess.remote_sync_path.as_str() == Some("/contracts/2026")).unwrap();
    client.unlink_session(conn, created.sess_id.copied().unwrap()).await.unwrap();
}

async fn every_action(bench: &Bench, conn: i64) {
    let client = &bench.client;
    let status = async |id: i64| {
        let list = client.list_conn(GroupBy::User).await.unwrap();
        list.conn
            .items
            .into_iter()
            .find(|conn| conn.id == Field::Value(id))
            .unwrap()
            .status
            .into_option()
            .unwrap()
    };
    client.pause(conn).await.unwrap();
    assert_eq!(status(conn).await, "pause");
    client.resume(conn).await.unwrap();
    assert_ne!(status(conn).await, "pause");
    client.pause_all().await.unwrap();
    assert_eq!(status(conn).await, "pause");
    client.resume_all().await.unwrap();
    assert_ne!(status(conn).await, "pause");
}

async fn remove(bench: &Bench, conn: i64, sess: i64) {
    let client = &bench.client;
    client.unlink_session(conn, sess).await.unwrap();
    client.unlink_connection(conn).await.unwrap();
    let list = client.list_conn(GroupBy::User).await.unwrap();
    assert!(list.conn.iter().all(|c| c.id != Field::Value(conn)));
}

#[tokio::test]
async fn s3_tasks_without_compound_requests() {
    let (_nas, _, bench) = start(SimOptions { compound: false, ..SimOptions::default() }).await;
    let (conn, _) = s3_connection(&bench).await;
    new_tasks(&bench, conn).await;
}

#[tokio::test]
async fn lost_sessions_and_changed_passwords() {
    let (_nas, control, bench) = start(SimOptions::default()).await;
    let client = &bench.client;
    client.get_config().await.unwrap();
    for lose in
        [Control::drop_sessions, Control::expire_sessions, Control::steal_session, Control::change_client_ip]
    {
        lose(&control);
        client.get_config().await.unwrap();
    }
    assert_eq!(client.sessions_lost(), 3, "the changed address is no loss");
    // Of many calls with one session, each is told, and it is one loss.
    control.restart();
    let answers = join_all((0..20).map(|_| client.get_config())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((client.sessions_lost(), control.login_attempts()), (4, 6));
    control.set_password("changed");
    control.restart();
    for _ in 0..20 {
        assert_eq!(client.get_config().await.unwrap_err().reason(), Reason::Auth);
    }
    assert_eq!(control.login_attempts(), 7, "one refused login and no more");
    bench.set_password("changed");
    client.get_config().await.unwrap();
    assert_eq!(client.sessions_lost(), 5);
}

#[tokio::test]
async fn faults_are_told_apart() {
    let (_nas, control, bench) = start(SimOptions::default()).await;
    let client = &bench.client;
    for (kind, reason) in [
        (FaultKind::Code(105), Reason::Permission),
        (FaultKind::Code(117), Reason::Api),
        (FaultKind::Status(502, "<html>".into()), Reason::Http),
        (FaultKind::Html200, Reason::Decode),
        (FaultKind::CutBody(10), Reason::Http),
        (FaultKind::HugeBody(20_000_000), Reason::Decode),
        (FaultKind::RawBody("nonsense".into()), Reason::Decode),
        (FaultKind::Redirect("https://elsewhere/".into()), Reason::Http),
    ] {
        control.add_fault(Fault::cloud_sync("get_config", kind.clone()));
        let error: Error = client.get_config().await.unwrap_err();
        assert_eq!(error.reason(), reason, "{kind:?}: {error}");
        super::assert_presentable(&error);
        control.clear_faults();
        client.get_config().await.unwrap();
    }
    assert_eq!(control.login_attempts(), 1);
    control.set_package_installed(false);
    assert_eq!(client.get_config().await.unwrap_err().reason(), Reason::PackageMissing);
    assert!(matches!(client.get_config().await, Err(Error::PackageMissing)));
    control.set_package_installed(true);
    client.get_config().await.unwrap();
}
