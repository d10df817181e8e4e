//! Hosts and origins, ours and others', with everything that looks like ours.

use hyper::http::HeaderName;

use super::*;

fn policy(listen: Option<&str>, allowed: &[&str]) -> HostPolicy {
    let listen = ListenAddr { host: listen.map(str::to_owned), port: 9843 };
    let allowed: Vec<_> = allowed.iter().map(|host| (*host).to_owned()).collect();
    HostPolicy::new(&listen, &allowed).unwrap()
}

/// A Host that a listener on loopback answers to.
const OURS: (&str, &str) = ("host", "localhost:9843");

type Headers = &'static [(&'static str, &'static str)];

/// What is admitted by a listener on any of these.
fn assert_hosts(listen: &[Option<&str>], rows: &[(&str, bool)]) {
    for listen in listen {
        let policy = policy(*listen, &[]);
        for (host, admitted) in rows {
            assert_eq!(policy.admits_host(Some(host)), *admitted, "{host:?} at {listen:?}");
        }
    }
}

#[test]
fn a_listener_on_loopback_answers_to_loopback_names() {
    let loopback = [Some("127.0.0.1"), Some("localhost"), Some("::1"), Some("127.0.0.9"), Some("LocalHost.")];
    assert_hosts(
        &loopback,
        &[
            ("localhost", true),
            ("localhost:9843", true),
            ("localhost:1", true),
            ("LOCALHOST:9843", true),
            ("localhost.:9843", true),
            ("127.0.0.1", true),
            ("127.0.0.1.", true),
            ("127.255.0.3:80", true),
            ("[::1]", true),
            ("[::1]:9843", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("evil.example", false),
            ("evil.example:9843", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil.localhost", false),
            ("localhost..", false),
            (".localhost", false),
            ("localhost.localdomain", false),
            ("0.0.0.0", false),
            ("[::]", false),
            ("192.0.2.1", false),
            ("128.0.0.1", false),
        ],
    );
}

#[test]
fn what_is_no_host_is_refused_everywhere() {
    let long = "a.".repeat(126) + "b";
    let longer = long.clone() + "c";
    let everywhere = policy(None, &[&long]);
    assert!(everywhere.admits_host(Some(&long)));
    for host in [
        "",
        " ",
        ".",
        ":",
        ":9843",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:+80",
        "localhost: 80",
        "localhost:80:80",
        "localhost:000080",
        "localhost:8o",
        " localhost",
        "localhost ",
        "local host",
        "localhost\t",
        "localhost,evil.example",
        "localhost, localhost",
        "user@localhost",
        "user:pass@127.0.0.1:80",
        "evil.example#@localhost",
        "http://localhost",
        "localhost/",
        "localhost?",
        "localhost\\",
        "local%68ost",
        "127.0.0.1%00",
        "::1",
        "[::1",
        "::1]",
        "[::1]]",
        "[[::1]]",
        "[::1].",
        "[::1]9843",
        "[::1]:",
        "[::1%lo]",
        "[::1%25lo]",
        "[127.0.0.1]",
        "[localhost]",
        "[]",
        "127.1",
        "127.0.0.1.1",
        "127.0.0.01",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.0.0.0x1",
        "2130706433",
        "127.0.0.256",
        "１２７.0.0.1",
        "ｌocalhost",
        "löcalhost",
        &longer,
    ] {
        assert!(!everywhere.admits_host(Some(host)), "{host:?}");
        assert!(!policy(Some("127.0.0.1"), &[]).admits_host(Some(host)), "{host:?}");
    }
    assert!(!everywhere.admits_host(None));
}

#[test]
fn a_listener_on_every_interface_answers_to_every_address() {
    assert_hosts(
        &[None, Some("0.0.0.0"), Some("::"), Some("[::]")],
        &[
            ("192.0.2.7:9843", true),
            ("[2001:db8::7]:1", true),
            ("127.0.0.1", true),
            ("localhost", true),
            ("nas.lan", false),
            ("192.0.2.7.nip.example", false),
        ],
    );
}

#[test]
fn a_listener_on_one_address_answers_to_that() {
    assert_hosts(
        &[Some("192.0.2.7")],
        &[
            ("192.0.2.7", true),
            ("192.0.2.7:1", true),
            ("[::ffff:192.0.2.7]", true),
            ("192.0.2.8", false),
            ("localhost", false),
            ("127.0.0.1", false),
        ],
    );
    assert_hosts(&[Some("2001:db8::7")], &[("[2001:DB8:0::7]:80", true), ("[2001:db8::8]", false)]);
    assert_hosts(
        &[Some("nas.lan"), Some("NAS.lan.")],
        &[
            ("nas.lan", true),
            ("Nas.Lan.:80", true),
            ("nas", false),
            ("localhost", false),
            ("192.0.2.7", false),
        ],
    );
}

#[test]
fn allowed_hosts_are_compared_with_their_ports() {
    let allowed =
        ["any.example", "Admin.Example:8443", "web.example:443", "192.0.2.9", "2001:db8::9", "[::2]:5"];
    let policy = policy(Some("127.0.0.1"), &allowed);
    for (host, admitted) in [
        ("any.example", true),
        ("ANY.example.:12", true),
        ("sub.any.example", false),
        ("any.example.evil", false),
        ("admin.example:8443", true),
        ("admin.example.:8443", true),
        ("admin.example:8444", false),
        ("admin.example", false),
        // Browsers leave out a default port.
        ("web.example", true),
        ("web.example:443", true),
        ("web.example:80", false),
        ("192.0.2.9:3", true),
        ("[2001:db8::9]:3", true),
        ("[::2]:5", true),
        ("[::2]", false),
        ("[::2]:6", false),
    ] {
        assert_eq!(policy.admits_host(Some(host)), admitted, "{host}");
    }
}

#[test]
fn an_entry_that_is_no_host_is_named() {
    let listen = ListenAddr { host: None, port: 1 };
    for entry in ["", "a:b", "http://a", "*", "*.example", "a:0", "[", "127.1"] {
        let error = HostPolicy::new(&listen, &["fine".to_owned(), entry.to_owned()]).unwrap_err();
        assert_eq!(error, BadHost(entry.to_owned()));
    }
    let listen = ListenAddr { host: Some("a b".to_owned()), port: 1 };
    assert_eq!(
        HostPolicy::new(&listen, &[]).unwrap_err().to_string().split(';').next(),
        Some("\"a b\" is no host")
    );
}

#[test]
fn only_the_own_origin_is_admitted() {
    use Scheme::{Http, Https};

    assert!(admits_origin(None, "localhost", Http));
    for (origin, host, scheme, admitted) in [
        ("http://localhost:9843", "localhost:9843", Http, true),
        ("http://LOCALHOST.:9843", "localhost:9843", Http, true),
        ("http://localhost", "localhost", Http, true),
        ("http://localhost:80", "localhost", Http, true),
        ("http://localhost", "localhost:80", Http, true),
        ("https://a.example", "a.example", Https, true),
        ("https://a.example", "a.example:443", Https, true),
        ("http://[::1]:1", "[0::1]:1", Http, true),
        // A proxy before us took TLS off.
        ("https://a.example", "a.example", Http, true),
        ("https://a.example:8443", "a.example:8443", Http, true),
        ("http://a.example", "a.example", Https, false),
        ("http://a.example:443", "a.example", Https, false),
        ("https://a.example", "a.example:80", Http, false),
        ("http://localhost", "localhost:9843", Http, false),
        ("http://localhost:9843", "localhost", Http, false),
        ("http://localhost:9844", "localhost:9843", Http, false),
        ("http://127.0.0.1:9843", "localhost:9843", Http, false),
        ("http://evil.example", "localhost", Http, false),
        ("http://localhost.evil.example", "localhost", Http, false),
        ("http://localhost@evil.example", "localhost", Http, false),
        ("http://evil@localhost", "localhost", Http, false),
        ("null", "localhost", Http, false),
        ("null", "null", Http, false),
        ("", "localhost", Http, false),
        ("*", "localhost", Http, false),
        ("localhost", "localhost", Http, false),
        ("//localhost", "localhost", Http, false),
        ("http:localhost", "localhost", Http, false),
        ("http://", "", Http, false),
        ("http:///localhost", "localhost", Http, false),
        ("http://localhost/", "localhost", Http, false),
        ("http://localhost/a", "localhost", Http, false),
        ("http://localhost#", "localhost", Http, false),
        ("http://localhost http://localhost", "localhost", Http, false),
        ("http://localhost, http://localhost", "localhost", Http, false),
        (" http://localhost", "localhost", Http, false),
        ("http://localhost:", "localhost", Http, false),
        ("HTTP://localhost", "localhost", Http, false),
        ("ws://localhost", "localhost", Http, false),
        ("file://localhost", "localhost", Http, false),
        ("moz-extension://localhost", "localhost", Http, false),
        ("http://a b", "a b", Http, false),
    ] {
        assert_eq!(admits_origin(Some(origin), host, scheme), admitted, "{origin:?} {host:?} {scheme:?}");
    }
}

#[test]
fn other_sites_are_known_by_the_word_of_the_browser() {
    for (site, admitted) in [
        (None, true),
        (Some("same-origin"), true),
        (Some("none"), true),
        (Some("same-site"), false),
        (Some("cross-site"), false),
        (Some("Same-Origin"), false),
        (Some("none, none"), false),
        (Some(""), false),
    ] {
        assert_eq!(admits_fetch_site(site), admitted, "{site:?}");
    }
}

#[test]
fn a_whole_request_is_checked() {
    let policy = policy(Some("127.0.0.1"), &["a.example"]);
    let rows: &[(&str, Headers, Result<(), Stranger>)] = &[
        ("/", &[OURS], Ok(())),
        ("/", &[OURS, ("origin", "http://localhost:9843"), ("sec-fetch-site", "same-origin")], Ok(())),
        ("/", &[OURS, ("sec-fetch-site", "none")], Ok(())),
        ("/", &[], Err(Stranger::Host)),
        ("/", &[OURS, OURS], Err(Stranger::Host)),
        ("/", &[OURS, ("host", "evil.example")], Err(Stranger::Host)),
        ("/", &[("host", "evil.example")], Err(Stranger::Host)),
        ("/", &[("host", "l\u{f6}calhost")], Err(Stranger::Host)),
        ("/", &[("host", "evil.example"), ("x-forwarded-host", "localhost")], Err(Stranger::Host)),
        // The URI goes before the header (RFC 9112 §3.2.2).
        ("http://a.example/", &[("host", "evil.example")], Ok(())),
        ("http://a.example/", &[], Ok(())),
        ("http://evil.example/", &[OURS], Err(Stranger::Host)),
        ("http://user@localhost/", &[OURS], Err(Stranger::Host)),
        ("http://a.example/", &[OURS, OURS], Err(Stranger::Host)),
        ("/", &[OURS, ("origin", "http://evil.example")], Err(Stranger::Origin)),
        ("/", &[OURS, ("origin", "null")], Err(Stranger::Origin)),
        ("/", &[OURS, ("origin", "http://\u{e4}")], Err(Stranger::Origin)),
        (
            "/",
            &[OURS, ("origin", "http://localhost:9843"), ("origin", "http://localhost:9843")],
            Err(Stranger::Origin),
        ),
        ("/", &[OURS, ("sec-fetch-site", "cross-site")], Err(Stranger::Origin)),
        ("/", &[OURS, ("sec-fetch-site", "none"), ("sec-fetch-site", "none")], Err(Stranger::Origin)),
        (
            "/",
            &[OURS, ("origin", "http://localhost:9843"), ("sec-fetch-site", "same-site")],
            Err(Stranger::Origin),
        ),
    ];
    for (uri, headers, expected) in rows {
        let mut request = hyper::Request::builder().uri(*uri);
        for (name, value) in *headers {
            request = request.header(HeaderName::try_from(*name).unwrap(), value.as_bytes());
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(policy.check(&head, Scheme::Http), *expected, "{uri} {headers:?}");
    }
}
