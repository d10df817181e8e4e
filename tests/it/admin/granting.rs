//! Who may do what where: tokens for some NASes and some connections, on every kind of route.

use super::api::Api;
use crate::actions::desk::{done, one};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_token_for_a_connection_reaches_it_and_no_other() {
    let api = Api::new();
    api.desk.home.polled(true, 0.0);
    for (token, own, others) in [("on_dropbox", 3, [5, 7, 99]), ("on_five", 5, [3, 7, 99])] {
        for (method, rest, body) in [
            ("GET", "", Value::Null),
            ("GET", "/settings", Value::Null),
            ("GET", "/schedule", Value::Null),
            ("GET", "/auth", Value::Null),
            ("GET", "/logs", Value::Null),
            ("GET", "/tasks", Value::Null),
            ("PATCH", "/settings?dry_run=true", json!({"part_size": 1})),
            ("PUT", "/schedule?dry_run=true", json!({"enabled": true})),
            ("POST", "/pause?dry_run=true", json!({"reason": "x"})),
            ("POST", "/resume?dry_run=true", json!({})),
            ("POST", "/tasks?dry_run=true", json!({"local_path": "/s/a", "cloud_path": "/a"})),
            ("DELETE", "?confirm=Dropbox&dry_run=true", Value::Null),
        ] {
            let path = |id: i64| format!("/api/v1/nas/home/connections/{id}{rest}");
            let got = api.call(token, method, &path(own), body.clone()).await;
            assert!(!matches!(got.status, 401 | 403 | 404 | 500), "{token} {method} {}: {got:?}", path(own));
            for other in others {
                // Not even whether there is such a connection.
                let got = api.call(token, method, &path(other), body.clone()).await;
                assert_eq!(got.short(), "403 forbidden", "{token} {method} {}", path(other));
            }
            if token == "on_dropbox" {
                continue;
            }
            let got = api.call(token, method, &path(own).replace("home", "office"), body.clone()).await;
            assert_eq!(got.short(), "403 forbidden", "another NAS's five is another");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tasks_are_their_connections() {
    let api = Api::new();
    for polled in [false, true] {
        if polled {
            api.desk.home.polled(true, 0.0);
        }
        for (method, path, body) in [
            ("GET", "/50/settings", Value::Null),
            ("PATCH", "/50/settings?dry_run=true", json!({"no_delete": true})),
            ("GET", "/50/filters", Value::Null),
            ("PATCH", "/50/filters?dry_run=true", json!({"filtered_names": ["x"]})),
            ("GET", "/50/folders", Value::Null),
            ("DELETE", "/50?confirm=/share/a&dry_run=true", Value::Null),
        ] {
            let path = format!("/api/v1/nas/home/tasks{path}");
            let got = api.call("on_five", method, &path, body.clone()).await;
            assert_eq!(got.status, 200, "{method} {path}: {got:?}");
            let got = api.call("on_dropbox", method, &path, body.clone()).await;
            assert_eq!(got.short(), "403 forbidden", "{method} {path}");
            let got = api.call("on_five", method, &path.replace("50", "51"), body).await;
            assert_eq!(got.short(), "403 forbidden", "{method} {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_concerns_all_is_for_those_who_may_on_all() {
    let api = Api::new();
    for (method, path, body) in [
        ("POST", "/api/v1/nas/home/pause?dry_run=true", json!({"all": true, "reason": "x"})),
        ("POST", "/api/v1/nas/home/resume?dry_run=true", json!({"all": true})),
        ("PATCH", "/api/v1/nas/home/config?dry_run=true", json!({"worker_count": 2})),
    ] {
        assert_eq!(api.call("on_five", method, path, body.clone()).await.short(), "403 forbidden");
        assert_eq!(api.call("root", method, path, body).await.status, 200);
    }
    for body in
        [json!({"sync_mode": false}), json!({"repo_vol_path": "/volume1"}), json!({"admin_mode": "disable"})]
    {
        let path = "/api/v1/nas/home/config?dry_run=true";
        assert_eq!(api.call("setter", "PATCH", path, body.clone()).await.short(), "403 forbidden", "{body}");
        assert_eq!(api.call("root", "PATCH", path, body).await.status, 200);
    }
    let path = "/api/v1/nas/home/config?dry_run=true";
    assert_eq!(api.call("setter", "PATCH", path, json!({"admin_mode": "enable"})).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn lists_show_what_the_token_may_see() {
    let api = Api::new();
    for nas in [&api.desk.home, &api.desk.office] {
        nas.polled(true, 0.0);
    }
    let ids = |got: &super::api::Got| -> Vec<i64> {
        got.body["conn"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect()
    };
    let path = "/api/v1/nas/home/connections";
    assert_eq!(ids(&api.get("root", path).await), [3, 5, 7]);
    assert_eq!(ids(&api.get("on_dropbox", path).await), [3]);
    let five = api.get("on_five", path).await;
    assert_eq!((ids(&five), &five.body["total"]), (vec![5], &json!(1)));
    let names = async |token: &str| -> Vec<String> {
        let got = api.get(token, "/api/v1/nas").await;
        let list = got.body["nas"].as_array().unwrap();
        list.iter().map(|nas| nas["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("root").await, ["home", "office"]);
    assert_eq!(names("at_both").await, ["home", "office"]);
    assert_eq!(names("at_office").await, ["office"]);
}

/// Holds go with their connection, by every name that it has now.
#[tokio::test(start_paused = true)]
async fn holds_are_their_connections() {
    let api = Api::new();
    for (nas, id) in [("home", 3), ("home", 5), ("office", 3)] {
        let got =
            api.post("root", "/api/v1/holds", json!({"nas": nas, "connection_id": id, "reason": "x"})).await;
        assert_eq!(got.status, 201, "{got:?}");
    }
    api.desk.home.was_told(&["pause 3", "pause 5"]);
    api.desk.office.was_told(&["pause 3"]);
    let seen = async |token: &str, query: &str| -> Vec<String> {
        let got = api.get(token, &format!("/api/v1/holds{query}")).await;
        let holds = got.body["holds"].as_array().unwrap();
        holds
            .iter()
            .map(|hold| format!("{} {}", hold["nas"].as_str().unwrap(), hold["connection_id"]))
            .collect()
    };
    assert_eq!(seen("root", "").await, ["home 3", "home 5", "office 3"]);
    assert_eq!(seen("root", "?nas=home&connection=3").await, ["home 3"]);
    assert_eq!(seen("at_office", "").await, ["office 3"]);
    assert_eq!(seen("at_office", "?nas=home").await, Vec::<String>::new());
    assert_eq!(seen("on_dropbox", "").await, ["home 3", "office 3"]);
    assert_eq!(seen("on_five", "").await, ["home 5"]);
    let home_three = api.desk.actions.book().all()[0].id.clone();
    let path = format!("/api/v1/holds/{home_three}");
    for token in ["at_office", "on_five"] {
        assert_eq!(api.call(token, "DELETE", &path, Value::Null).await.short(), "404 unknown-hold");
    }
    // The name moves on to another connection: the token goes with it.
    api.desk.home.world().connections.get_mut(&3).unwrap().name = "Renamed";
    api.desk.home.world().connections.get_mut(&3).unwrap().owner_name = "Renamed";
    api.desk.home.world().connections.get_mut(&5).unwrap().owner_name = "Dropbox";
    api.desk.home.polled(true, 0.0);
    assert_eq!(seen("on_dropbox", "").await, ["home 5", "office 3"], "by the name that its owner gave it");
    assert_eq!(api.call("on_dropbox", "DELETE", &path, Value::Null).await.short(), "404 unknown-hold");
    assert_eq!(api.call("root", "DELETE", &path, Value::Null).await.status, 200);
    api.desk.home.was_told(&["resume 3"]);
}

#[tokio::test(start_paused = true)]
async fn making_a_hold_needs_the_same_as_a_pause() {
    let api = Api::new();
    let hold = |nas: &str, id: i64| json!({"nas": nas, "connection_id": id, "reason": "x"});
    for (token, nas, id, expected) in [
        ("reader", "home", 3, "403 forbidden"),
        ("at_office", "home", 3, "403 forbidden"),
        ("on_dropbox", "home", 5, "403 forbidden"),
        ("on_dropbox", "home", 99, "403 forbidden"),
        ("on_dropbox", "elsewhere", 3, "404 unknown-nas"),
        ("root", "home", 99, "404 unknown-connection"),
        ("root", "elsewhere", 3, "404 unknown-nas"),
    ] {
        let got = api.post(token, "/api/v1/holds", hold(nas, id)).await;
        assert_eq!(got.short(), expected, "{token} {nas} {id}");
    }
    let both = json!({"nas": "home", "connection_id": 3, "reason": "x", "for": "1h", "latch": true});
    assert_eq!(api.post("root", "/api/v1/holds", both).await.body["errors"][0]["pointer"], "/for");
    assert_eq!(api.post("on_dropbox", "/api/v1/holds", hold("office", 3)).await.status, 201);
    api.desk.office.was_told(&["pause 3"]);
}

#[tokio::test(start_paused = true)]
async fn the_audit_shows_what_the_token_may_see() {
    let api = Api::new();
    for id in [3, 5] {
        done(api.desk.pause(one(id), None).await);
    }
    api.post("root", "/api/v1/nas/office/pause", json!({"all": true, "reason": "x"})).await;
    api.post("root", "/api/v1/automation/freeze", json!({})).await;
    api.desk.home.was_told(&["pause 3", "pause 5"]);
    api.desk.office.was_told(&["pause all"]);
    let seen = async |token: &str, query: &str| -> Vec<i64> {
        let got = api.get(token, &format!("/api/v1/audit{query}")).await;
        got.body["records"].as_array().unwrap().iter().map(|record| record["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(seen("root", "").await, [4, 3, 2, 1]);
    assert_eq!(seen("at_office", "").await, [3]);
    assert_eq!(seen("at_office", "?nas=home").await, Vec::<i64>::new());
    assert_eq!(seen("at_both", "").await, [3, 2, 1]);
    assert_eq!(seen("on_dropbox", "").await, [1]);
    assert_eq!(seen("on_five", "").await, [2]);
    assert_eq!(seen("root", "?connection=5&action=pause&token=ops&outcome=succeeded").await, [2]);
    assert_eq!(seen("root", "?from=2999-01-01T00:00:00Z").await, Vec::<i64>::new());
    assert_eq!(seen("root", "?to=1970-01-01T00:00:00%2B01:00").await, Vec::<i64>::new());
    let page = api.get("root", "/api/v1/audit?limit=2").await;
    assert_eq!(page.body["next_before"], 3);
    assert_eq!(seen("root", "?limit=2&before=3").await, [2, 1]);
    assert!(api.get("root", "/api/v1/audit?before=1").await.body.get("next_before").is_none());
    assert_eq!(api.get("holder", "/api/v1/audit").await.short(), "403 forbidden");
}
