//! The admin API: whatever is asked, an answer that its description has, and nothing of the other side's secrets.

use std::sync::LazyLock;

use cloudsync_exporter::admin::description;
use cloudsync_exporter::web::Peer;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::Value;

use crate::actions::desk::Desk;
use crate::admin::api::{Api, Got};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(description);

/// Reads `data` as a request: a line with method and path, lines of headers, an empty line, and the body.
pub(crate) fn check(data: &[u8]) {
    let Some(request) = request(data) else { return };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let api = Api::over(Desk::in_memory());
        let got = api.send(request).await;
        assert!(is_described(method.as_str(), &path, got.status), "{method} {path} gave {got:?}");
        sound(&got);
        // It goes on answering.
        assert_eq!(api.get("root", "/api/v1/nas").await.status, 200);
        for nas in [&api.desk.home, &api.desk.office] {
            let told = std::mem::take(&mut nas.world().told);
            // What was told was asked for with a token, and never by a GET.
            assert!(told.is_empty() || method != "GET", "{method} {path} told {told:?}");
        }
    });
}

fn request(data: &[u8]) -> Option<Request<Bytes>> {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, path) = first.split_once(' ')?;
    // As the server has it: a path, and no scheme.
    let path = path.starts_with('/').then_some(path)?;
    let mut builder = Request::builder().method(method).uri(path);
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        builder = builder.header(&line[..at], line[at + 1..].trim_ascii());
    }
    let peer = Peer(([192, 0, 2, 1], 9).into());
    builder.extension(peer).body(Bytes::copy_from_slice(body)).ok()
}

/// Whether the API's description has this answer, or it is one that the listener gives for all paths.
fn is_described(method: &str, path: &str, status: u16) -> bool {
    // Host, origin and path come before any route.
    if [403, 404, 405, 421].contains(&status) {
        return true;
    }
    let method = if method == "HEAD" { "GET" } else { method }.to_ascii_lowercase();
    let paths = DESCRIPTION["paths"].as_object().into_iter().flatten();
    let mut routes = paths.filter(|(template, _)| fits(template, path));
    routes.any(|(_, route)| route[&method]["responses"].get(status.to_string()).is_some())
}

/// Whether a path is one of a template such as `/a/{b}/c`.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(known, given)| known.starts_with('{') || known == given)
}

fn sound(got: &Got) {
    if got.status >= 400 {
        assert!(!got.problem().is_empty() || got.body.is_null(), "{got:?}");
        assert!(got.status < 500 || got.problem() != "internal", "{got:?}");
    }
    let detail = got.body["detail"].as_str().unwrap_or_default();
    assert!(detail.len() <= 4_000 && !detail.chars().any(char::is_control), "{detail:?}");
}
