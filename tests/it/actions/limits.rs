//! Holds on settings: taken, kept and let go, whatever persons, the NAS and the program itself do meanwhile.

mod crashing;
mod ending;
mod orders;
mod persons;
mod taking;
mod troubles;

use super::desk::{Desk, done, home, origin};
use cloudsync_exporter::actions::{ActionError, Cause, Effect, Hold, Holder, Origin, SettingsWish, Source};
use cloudsync_exporter::model::ConnectionId;
use cloudsync_exporter::state::StateFile;
use serde_json::Value;

const UPLOAD: &str = "max_upload_speed";
const DOWNLOAD: &str = "max_download_speed";
const PERIOD: &str = "pull_event_period";
const PART: &str = "part_size";

/// The rules' origin.
fn rules() -> Origin {
    Origin { token: "am".to_owned(), source: Source::Rule, ..origin() }
}

fn wish(rule: &str, set: &[(&str, u64)]) -> SettingsWish {
    SettingsWish {
        connection: ConnectionId(3),
        holder: Holder { rule: rule.to_owned(), episode: "e".to_owned(), until: None, latest: None },
        set: set.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        reason: "the line is full".to_owned(),
        latch: false,
    }
}

async fn take(desk: &Desk, rule: &str, set: &[(&str, u64)]) -> Result<Effect, ActionError> {
    desk.actions.hold_settings(&home(), &wish(rule, set), &rules()).await
}

/// A hold that the NAS shows, whose write the test has seen.
async fn held(desk: &Desk, rule: &str, set: &[(&str, u64)]) -> String {
    assert!(done(take(desk, rule, set).await).verified);
    desk.home.was_told(&[WRITE]);
    desk.home.times_asked();
    desk.newest()
}

const WRITE: &str = "set_connection_setting 3";

/// The time of a hold is over.
async fn expire(desk: &Desk, hold: &str) {
    desk.actions.book().renew(&[(hold.to_owned(), Some(0), None)], 0).await;
}

/// What the state file knows of settings: `3 max_upload_speed 0>512`, and `?` until it was seen.
fn ledger(desk: &Desk) -> Vec<String> {
    let state = StateFile::open(&desk.file).unwrap();
    let short = |setting: cloudsync_exporter::state::ChangedSetting| {
        let record: Value = serde_json::from_str(&setting.record).unwrap();
        let open = if record["is_settled"] == true { "" } else { "?" };
        let (before, written) = (&record["before"], &record["written"]);
        format!("{} {} {before}>{written}{open}", setting.connection, setting.setting)
    };
    state.changed_settings().unwrap().into_iter().map(short).collect()
}

/// The holds on disk and what they hold: `lax max_upload_speed=512`.
fn sets(desk: &Desk) -> Vec<String> {
    let short = |hold: &Hold| {
        let set: Vec<String> = hold.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}", hold.rule, set.join(" "))
    };
    desk.actions.book().all().iter().map(short).collect()
}

/// How the holds of rules ended.
fn causes(desk: &Desk) -> Vec<(String, Cause)> {
    let endings = desk.actions.book().endings_of(&home(), i64::MAX);
    let mut causes: Vec<_> = endings.into_iter().map(|ending| (ending.rule, ending.cause)).collect();
    causes.sort_by(|a, b| a.0.cmp(&b.0));
    causes
}

/// Nothing is held any more, and nothing is left to restore.
#[track_caller]
fn is_over(desk: &Desk) {
    assert_eq!((desk.holds(), ledger(desk)), (vec![], vec![]));
}
