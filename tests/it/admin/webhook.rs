//! The webhook's route: who may send, how it is answered, and what it hands on.

use super::api::{Api, head};
use cloudsync_exporter::admin::NotTaken;
use cloudsync_exporter::web::{BodyLimit, Handler};
use hyper::body::Bytes;
use serde_json::json;

const PATH: &str = "/webhooks/alertmanager";

#[tokio::test]
async fn a_notification_is_handed_on_as_it_came() {
    let api = Api::new();
    // No content type: relays leave it out, and what it is says the body itself.
    let got =
        api.send(head("on_dropbox", "POST", PATH).body(Bytes::from_static(b"{ \"any\" }")).unwrap()).await;
    assert_eq!((got.status, got.body.clone()), (200, json!({ "accepted": 2, "malformed": 1 })), "{got:?}");
    let kept = api.inbox.kept.lock().unwrap();
    assert_eq!((kept.len(), kept[0].body.as_slice()), (1, &b"{ \"any\" }"[..]));
    assert_eq!((kept[0].token.as_str(), kept[0].peer.as_str()), ("on_dropbox", "192.0.2.1:9"));
    assert_eq!(kept[0].reach.connections, ["Dropbox"]);
    assert_eq!(api.counted.lock().unwrap().as_slice(), [("webhook", 200)]);
}

#[tokio::test]
async fn only_tokens_for_it_may_send() {
    let api = Api::new();
    for (token, expected) in
        [("", "401 unauthorized"), ("reader", "403 forbidden"), ("holder", "403 forbidden")]
    {
        let got = api.send(head(token, "POST", PATH).body(Bytes::new()).unwrap()).await;
        assert_eq!(got.short(), expected);
    }
    let got = api.send(head("root", "GET", PATH).body(Bytes::new()).unwrap()).await;
    assert_eq!(got.short(), "405 method-not-allowed");
    assert!(api.inbox.kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_taken_is_said_so_that_its_sender_does_what_helps() {
    let api = Api::new();
    for (verdict, expected) in [
        (NotTaken::Malformed("why".to_owned()), "400 malformed-body"),
        (NotTaken::TooMany("why".to_owned()), "413 too-many-alerts"),
        (NotTaken::Later("why".to_owned()), "503 notification-not-kept"),
    ] {
        *api.inbox.verdict.lock().unwrap() = Err(verdict);
        let got = api.send(head("root", "POST", PATH).body(Bytes::new()).unwrap()).await;
        assert_eq!((got.short().as_str(), got.body["detail"].as_str()), (expected, Some("why")));
        assert_eq!(got.headers.contains_key("retry-after"), got.status == 503);
    }
}

#[tokio::test]
async fn sixteen_mebibytes_are_read_and_no_more() {
    let api = Api::new();
    let limit = |length: usize| {
        let request = head("root", "POST", PATH).header("content-length", length).body(()).unwrap();
        api.admin.body_limit(&request.into_parts().0)
    };
    assert_eq!(limit(16 << 20), BodyLimit::Bytes(16 << 20));
    assert_eq!(limit((16 << 20) + 1), BodyLimit::Unread);
    let long =
        head("root", "POST", PATH).header("content-length", (16 << 20) + 1).body(Bytes::new()).unwrap();
    assert_eq!(api.send(long).await.short(), "413 body-too-large");
    assert_eq!(*api.inbox.too_large.lock().unwrap(), 1);
    let unread = head("reader", "POST", PATH).body(()).unwrap();
    assert_eq!(api.admin.body_limit(&unread.into_parts().0), BodyLimit::Unread);
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_has_to_wait_for_others_guesses_is_told_to_come_again() {
    let api = Api::new();
    for guess in 0..40 {
        let got = api.send(head(&format!("guess-{guess}"), "POST", PATH).body(Bytes::new()).unwrap()).await;
        assert!(matches!(got.status, 401 | 503), "never 429: {got:?}");
    }
    let first = api.send(head("root", "POST", PATH).body(Bytes::new()).unwrap()).await;
    assert!(matches!(first.status, 200 | 503), "{first:?}");
    let second = api.send(head("root", "POST", PATH).body(Bytes::new()).unwrap()).await;
    assert_eq!(second.status, 200, "{second:?}");
}
