//! Host, Origin and Sec-Fetch-Site: no stranger passes.

use std::net::IpAddr;

use cloudsync_exporter::web::ListenAddr;
use cloudsync_exporter::web::host::{HostPolicy, Scheme, admits_fetch_site, admits_origin};
use hyper::Request;
use hyper::header::HeaderValue;

/// Lines of `data`: Host, Origin, Sec-Fetch-Site, and an entry of the allowed hosts.
pub(crate) fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut line = || lines.next().filter(|line| !line.is_empty());
    let (host, origin, site) = (line(), line(), line());
    let allowed = line().and_then(|line| std::str::from_utf8(line).ok());
    let listen = |host: Option<&str>| ListenAddr { host: host.map(str::to_owned), port: 9843 };
    let loopback = HostPolicy::new(&listen(Some("127.0.0.1")), &[]).expect("an address");
    let everywhere = HostPolicy::new(&listen(None), &[]).expect("every interface");

    let text = host.and_then(|host| std::str::from_utf8(host).ok());
    for policy in [&loopback, &everywhere] {
        assert!(!policy.admits_host(None) && !policy.admits_host(Some("")));
        if policy.admits_host(text) {
            // Rebinding needs a name: one that we take is an address or leads to ourselves.
            let text = text.unwrap_or_default();
            let bare = match text.strip_prefix('[') {
                Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
                None => text.split(':').next().unwrap_or_default(),
            };
            let bare = bare.strip_suffix('.').unwrap_or(bare);
            let address: Option<IpAddr> = bare.parse().ok();
            assert!(address.is_some() || bare.eq_ignore_ascii_case("localhost"), "{text:?} passes");
            let is_loopback = address.is_none_or(|address| address.to_canonical().is_loopback());
            assert!(policy == &everywhere || is_loopback, "{text:?} passes on loopback");
        }
    }
    if let Some(entry) = allowed {
        match HostPolicy::new(&listen(Some("127.0.0.1")), &[entry.to_owned()]) {
            Ok(policy) => {
                // An allowed host allows itself, in capitals too; an address of IPv6 stands there without brackets.
                let itself = if entry.parse::<std::net::Ipv6Addr>().is_ok() {
                    format!("[{entry}]")
                } else {
                    entry.to_owned()
                };
                assert!(policy.admits_host(Some(&itself)), "{entry:?}");
                assert!(policy.admits_host(Some(&itself.to_ascii_uppercase())), "{entry:?}");
            }
            Err(error) => assert_eq!(error.0, entry),
        }
    }
    let site_text = site.and_then(|site| std::str::from_utf8(site).ok());
    if admits_fetch_site(site_text) {
        assert!(matches!(site_text, None | Some("none" | "same-origin")));
    }
    request(&loopback, host, origin, site);
}

/// As a whole: what passes names one of ours and comes from nowhere else.
fn request(policy: &HostPolicy, host: Option<&[u8]>, origin: Option<&[u8]>, site: Option<&[u8]>) {
    let mut builder = Request::builder().uri("/");
    for (name, value) in [("host", host), ("origin", origin), ("sec-fetch-site", site)] {
        if let Some(value) = value {
            let Ok(value) = HeaderValue::from_bytes(value) else { return };
            builder = builder.header(name, value);
        }
    }
    let (head, ()) = builder.body(()).expect("a request").into_parts();
    for scheme in [Scheme::Http, Scheme::Https] {
        if policy.check(&head, scheme).is_ok() {
            let text = |bytes: Option<&[u8]>| {
                bytes.map(|bytes| std::str::from_utf8(bytes).expect("text").to_owned())
            };
            let (host, origin, site) = (text(host), text(origin), text(site));
            assert!(policy.admits_host(host.as_deref()));
            assert!(admits_origin(origin.as_deref(), host.as_deref().unwrap_or_default(), scheme));
            assert!(admits_fetch_site(site.as_deref()));
            // Where we have TLS, a page without is another site.
            assert!(scheme == Scheme::Http || origin.is_none_or(|origin| origin.starts_with("https://")));
        }
    }
}
