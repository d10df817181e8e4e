//! The vocabulary of Cloud Sync's log (API notes §5), and what was counted of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Actions by number, 0 to 10.
pub const ACTIONS: [&str; 11] = [
    "delete_remote",
    "download",
    "upload",
    "delete_local",
    "rename_remote",
    "rename_local",
    "upload_failed",
    "download_failed",
    "merge",
    "merge_deletion",
    "async_remove",
];

/// Levels by number, 0 to 2.
pub const LEVELS: [&str; 3] = ["info", "warning", "error"];

/// Error codes and their names. −45 has none.
pub const ERRORS: [(i64, &str); 56] = [
    (-1, "internal"),
    (-2, "io"),
    (-3, "system"),
    (-4, "invalid"),
    (-5, "protocol"),
    (-6, "auth"),
    (-7, "auth_token_expired"),
    (-8, "server"),
    (-9, "conflict"),
    (-10, "timeout"),
    (-11, "quota"),
    (-12, "sync_folder_missing"),
    (-13, "permission"),
    (-14, "local_disk_full"),
    (-15, "tls_verify_failed"),
    (-16, "remote_file"),
    (-17, "remote_quota"),
    (-18, "resume_failed"),
    (-19, "server_proxy"),
    (-20, "parent_folder_missing"),
    (-21, "request_throttled"),
    (-22, "operation_not_supported"),
    (-23, "file_name_exists"),
    (-24, "remote_file_not_found"),
    (-25, "share_unmounted"),
    (-26, "needs_resync"),
    (-27, "user_deleted"),
    (-28, "user_expired"),
    (-29, "user_disabled"),
    (-30, "app_privilege"),
    (-31, "cycle_found"),
    (-32, "local_time_skewed"),
    (-33, "hierarchy_too_deep"),
    (-34, "file_limit_exceeded"),
    (-35, "remote_file_locked"),
    (-36, "remote_file_not_supported"),
    (-37, "upload_too_large"),
    (-38, "bad_request"),
    (-39, "no_file_permission"),
    (-40, "directory_service_offline"),
    (-41, "content_restricted"),
    (-42, "remote_changed"),
    (-43, "baidu_app_quota_full"),
    (-44, "dropbox_request_limit"),
    (-46, "cloud_drive_not_supported"),
    (-47, "several_parents"),
    (-48, "sfr_not_supported"),
    (-49, "abusive_file"),
    (-50, "blob_archived"),
    (-51, "under_shortcut"),
    (-52, "dropbox_team_permission"),
    (-53, "baidu_app_id_empty"),
    (-54, "illegal_character_in_path"),
    (-55, "dropbox_team_space_permission"),
    (-56, "async_remove_done"),
    (-57, "dropbox_server_timeout"),
];

fn by_number(names: &'static [&'static str], number: i64) -> Cow<'static, str> {
    usize::try_from(number)
        .ok()
        .and_then(|index| names.get(index))
        .map_or_else(|| Cow::Owned(number.to_string()), |name| Cow::Borrowed(*name))
}

/// The name of an action, or its number where it has none.
pub fn action_name(number: i64) -> Cow<'static, str> {
    by_number(&ACTIONS, number)
}

/// The name of a level, or its number where it has none.
pub fn level_name(number: i64) -> Cow<'static, str> {
    by_number(&LEVELS, number)
}

/// The name of an error code, or its number where it has none. 0 is no error.
pub fn error_name(code: i64) -> Cow<'static, str> {
    ERRORS
        .iter()
        .find(|(known, _)| *known == code)
        .map_or_else(|| Cow::Owned(code.to_string()), |(_, name)| Cow::Borrowed(*name))
}

/// Log rows of one connection counted since start. Every known action, level and error is there
/// from the beginning, so that the first burst shows as an increase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogCounts {
    /// Rows by action and level.
    pub events: BTreeMap<(Cow<'static, str>, Cow<'static, str>), u64>,
    /// Rows with an error code, by its name.
    pub errors: BTreeMap<Cow<'static, str>, u64>,
    /// Rows that are known to have come and gone unseen.
    pub missed: u64,
}

/// Unknown actions, levels and errors that get a series of their own; a NAS that invents numbers
/// must not be able to fill the memory.
const MAX_UNKNOWN: usize = 64;
const UNKNOWN: Cow<'static, str> = Cow::Borrowed("unknown");
const OVERFLOW: Cow<'static, str> = Cow::Borrowed("other");

impl Default for LogCounts {
    fn default() -> Self {
        let events = ACTIONS
            .iter()
            .flat_map(|action| LEVELS.iter().map(move |level| (*action, *level)))
            .map(|(action, level)| ((Cow::Borrowed(action), Cow::Borrowed(level)), 0))
            .collect();
        let errors = ERRORS.iter().map(|(_, name)| (Cow::Borrowed(*name), 0)).collect();
        Self { events, errors, missed: 0 }
    }
}

impl LogCounts {
    /// Counts one row. What the NAS left out counts as `unknown`; an error code of 0 is no error.
    pub fn count(&mut self, action: Option<i64>, level: Option<i64>, error_code: i64) {
        let mut event = (action.map_or(UNKNOWN, action_name), level.map_or(UNKNOWN, level_name));
        if !self.events.contains_key(&event)
            && self.events.len() >= ACTIONS.len() * LEVELS.len() + MAX_UNKNOWN
        {
            event = (OVERFLOW, OVERFLOW);
        }
        *self.events.entry(event).or_default() += 1;
        if error_code != 0 {
            let mut error = error_name(error_code);
            if !self.errors.contains_key(&error) && self.errors.len() >= ERRORS.len() + MAX_UNKNOWN {
                error = OVERFLOW;
            }
            *self.errors.entry(error).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_unknown_numbers() {
        assert_eq!(action_name(0), "delete_remote");
        assert_eq!(action_name(10), "async_remove");
        assert_eq!(action_name(11), "11");
        assert_eq!(action_name(-1), "-1");
        assert_eq!(level_name(2), "error");
        assert_eq!(error_name(-12), "sync_folder_missing");
        assert_eq!(error_name(-45), "-45");
        assert_eq!(error_name(-57), "dropbox_server_timeout");
    }

    #[test]
    fn every_known_name_starts_at_zero() {
        let counts = LogCounts::default();
        assert_eq!(counts.events.len(), 33);
        assert_eq!(counts.errors.len(), 56);
        assert!(counts.events.values().chain(counts.errors.values()).all(|n| *n == 0));
    }

    #[test]
    fn invented_numbers_cannot_grow_without_bound() {
        let mut counts = LogCounts::default();
        for number in 100..10_000 {
            counts.count(Some(number), Some(number), number);
        }
        assert!(counts.events.len() <= 33 + MAX_UNKNOWN + 1);
        assert!(counts.errors.len() <= 56 + MAX_UNKNOWN + 1);
        assert_eq!(counts.events.values().sum::<u64>(), 9_900);
    }
}
