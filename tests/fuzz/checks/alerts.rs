//! What an Alertmanager answers when it is asked for its alerts.

use cloudsync_exporter::automation::{AlertStatus, alertmanager};

use super::notification::whole;

/// Reads `data` as the answer.
pub(crate) fn check(data: &[u8]) {
    match alertmanager::parse(data) {
        Ok(list) => {
            assert_eq!(list.malformed > 0, list.fault.is_some());
            assert!(list.fault.as_ref().is_none_or(|fault| fault.len() <= 200));
            for listed in &list.alerts {
                whole(&listed.alert);
                assert_eq!(listed.alert.status, AlertStatus::Firing);
                assert!(listed.receivers.iter().all(|receiver| receiver.len() <= 1_024));
            }
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.len() <= 1_000 && !told.chars().any(char::is_control), "{told:?}");
        }
    }
}
