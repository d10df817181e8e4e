//! The admin API without a socket, and its description, as committed.

pub(crate) mod api;
mod describing;
mod granting;
mod passing;
mod repeating;
mod webhook;

use std::path::Path;

use cloudsync_exporter::admin::description;

/// Set, the committed file is written anew instead of compared.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_committed_description_is_that_of_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/openapi.json");
    let made = serde_json::to_string_pretty(&description()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap();
    assert!(
        committed == made,
        "deploy/openapi.json is not that of the code; {UPDATE}=1 cargo test writes it"
    );
}
