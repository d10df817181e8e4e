//! Who is let in, what is remembered, and who waits.

use hyper::header::HeaderValue;

use super::*;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn headers(values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
}

fn credentials(name: &str, password: &str) -> Option<Credentials> {
    let encoded = BASE64.encode(format!("{name}:{password}").as_bytes());
    Credentials::of(&headers(&[&format!("Basic {encoded}")]))
}

/// Cheap, as tests are many.
fn users() -> Users {
    Users::new([("alice".to_owned(), bcrypt::hash("wonder:land", 4).unwrap())])
}

#[test]
fn credentials_are_those_of_one_header() {
    let shown = |values: &[&str]| {
        Credentials::of(&headers(values)).map(|Credentials { name, password }| {
            (String::from_utf8(name).unwrap(), String::from_utf8(password).unwrap())
        })
    };
    let alice = Some(("alice".to_owned(), "a:b".to_owned()));
    for (values, expected) in [
        (&["Basic YWxpY2U6YTpi"][..], alice.clone()),
        (&["bAsIc YWxpY2U6YTpi"], alice.clone()),
        (&["Basic  YWxpY2U6YTpi "], alice),
        (&["Basic Og=="], Some((String::new(), String::new()))),
        (&["Basic YWxpY2U="], None),
        (&["Basic YWxpY2U6YTpi!"], None),
        (&["Basic YWxpY2U6YTpiYw"], None),
        (&["Basic"], None),
        (&["Basic "], None),
        (&["Bearer YWxpY2U6YTpi"], None),
        (&["Basic YWxpY2U6YTpi", "Basic YWxpY2U6YTpi"], None),
        (&[], None),
    ] {
        assert_eq!(shown(values), expected, "{values:?}");
    }
}

#[test]
fn hashes_are_checked_and_not_shown() {
    let good = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
    assert_eq!(Users::check(good), Ok(()));
    for (hash, part) in [
        ("", "no bcrypt hash"),
        ("secret", "no bcrypt hash"),
        ("$1$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zGa", "no bcrypt hash"),
        ("$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z", "no bcrypt hash"),
        ("$2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG", "the cost 3"),
        ("$2y$31$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG", "the cost 31"),
    ] {
        let message = Users::check(hash).unwrap_err();
        assert!(message.contains(part), "{hash}: {message}");
        assert!(hash.is_empty() || !message.contains(hash), "{message}");
    }
    let shown = format!("{:?}", Users::new([("alice".to_owned(), good.to_owned())]));
    assert!(shown.contains("alice") && !shown.contains("$2y$"), "{shown}");
}

#[test]
fn a_name_that_is_not_there_costs_what_the_slowest_does() {
    let hash = |cost| bcrypt::hash("x", cost).unwrap();
    let users = Users::new([("a".to_owned(), hash(4)), ("b".to_owned(), hash(6))]);
    let (nobody, is_known) = users.hash(b"c");
    assert!(!is_known);
    assert_eq!(Users::check(nobody), Ok(()));
    assert_eq!(nobody.parse::<HashParts>().unwrap().get_cost(), 6);
    assert_eq!(users.hash(&[0xff]), (nobody, false));
}

#[tokio::test]
async fn a_user_is_known_by_name_and_password() {
    let judge = Arc::new(Judge::default());
    // Twice: once judged, once remembered.
    for _ in 0..2 {
        for (given, expected) in [
            (credentials("alice", "wonder:land"), Verdict::Known),
            (credentials("alice", "wonder"), Verdict::Unknown),
            (credentials("Alice", "wonder:land"), Verdict::Unknown),
            (credentials("", ""), Verdict::Unknown),
            (credentials("alice", "nul\0"), Verdict::Unknown),
            (credentials("alice", &"x".repeat(30_000)), Verdict::Unknown),
            (None, Verdict::Unknown),
        ] {
            assert_eq!(judge.judge(&users_of_test(), given, PEER).await, expected);
        }
    }
}

/// The same hash at every call, so that what is remembered counts.
fn users_of_test() -> Users {
    static USERS: std::sync::OnceLock<Users> = std::sync::OnceLock::new();
    USERS.get_or_init(users).clone()
}

#[tokio::test]
async fn a_changed_hash_counts_at_once() {
    let judge = Arc::new(Judge::default());
    assert_eq!(judge.judge(&users(), credentials("alice", "wonder:land"), PEER).await, Verdict::Known);
    let changed = Users::new([("alice".to_owned(), bcrypt::hash("other", 4).unwrap())]);
    assert_eq!(judge.judge(&changed, credentials("alice", "wonder:land"), PEER).await, Verdict::Unknown);
    assert_eq!(judge.judge(&changed, credentials("alice", "other"), PEER).await, Verdict::Known);
}

#[tokio::test]
async fn who_waits_is_bounded_and_one_answer_serves_all_that_ask_the_same() {
    let judge = Arc::new(Judge::default());
    let users = users();
    let turn = Arc::clone(&judge.turn).acquire_owned().await.unwrap();
    let peer = |number: u8| IpAddr::from([192, 0, 2, number]);
    let mut asking = Vec::new();
    for number in 0..20 {
        for _ in 0..10 {
            let (judge, users) = (Arc::clone(&judge), users.clone());
            asking.push(tokio::spawn(async move {
                judge.judge(&users, credentials("alice", "wonder:land"), peer(number)).await
            }));
        }
    }
    while judge.waiting().all < MOST_WAITING {
        tokio::task::yield_now().await;
    }
    assert!(judge.waiting().by_peer.values().all(|waiting| *waiting <= MOST_WAITING_OF_PEER));
    drop(turn);
    let mut counts = HashMap::new();
    for asked in asking {
        *counts.entry(format!("{:?}", asked.await.unwrap())).or_insert(0) += 1;
    }
    assert_eq!(counts, HashMap::from([("Known".to_owned(), 64), ("Busy".to_owned(), 136)]));
    assert!(judge.waiting().by_peer.is_empty() && judge.waiting().all == 0);
}
