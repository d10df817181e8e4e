//! Changes that callers of the API make to settings that are held: such a setting is theirs from then on.

use super::survey::{number, pending};
use crate::actions::Actions;
use crate::actions::holds::Hold;
use crate::actions::now;
use crate::actions::port::Failure;
use crate::actions::schema::Document;
use crate::actions::settings::Subject;
use crate::model::NasName;

impl Actions {
    /// The settings of a subject, with what was written for holds and does not show yet: writing back what is shown
    /// would undo it.
    pub(in crate::actions) fn with_pending(
        &self,
        nas: &NasName,
        subject: Subject,
        shown: &Document,
    ) -> Document {
        let mut settings = shown.clone();
        if let Subject::Connection(id) = subject {
            let ledger = self.book().ledger_of(nas, id);
            settings.extend(pending(ledger.iter().map(|(setting, known)| (setting, &known.entry))));
        }
        settings
    }

    /// A caller is about to make this change. Gives the settings of it that holds have changed; should the program end
    /// now, the next one knows whose the change is.
    pub(in crate::actions) async fn expect_person(
        &self,
        nas: &NasName,
        subject: Subject,
        change: &Document,
    ) -> Vec<String> {
        let Subject::Connection(id) = subject else { return Vec::new() };
        let wanted = change.keys().map(|setting| (setting, number(change, setting)));
        self.book().note_person(nas, id, wanted, now()).await
    }

    /// What became of the change: what was made is the caller's, and no hold's any more; what was not made is as before;
    /// and where nobody knows, the keeper sees. Gives the holds that ended, as they have no other setting.
    pub(in crate::actions) async fn heed_person(
        &self,
        nas: &NasName,
        subject: Subject,
        settings: &[String],
        made: Result<(), &Failure>,
    ) -> Vec<Hold> {
        let Subject::Connection(id) = subject else { return Vec::new() };
        match made {
            _ if settings.is_empty() => Vec::new(),
            Ok(()) => {
                let (lost, ended) = self.book().yield_settings(nas, id, settings, now()).await;
                let holds: Vec<&str> = lost.iter().map(|hold| hold.id.as_str()).collect();
                let settings = settings.join(", ");
                tracing::info!(%nas, connection = id.0, settings, ?holds, "a caller changed held settings");
                ended
            }
            Err(failure) if failure.is_open => Vec::new(),
            Err(_) => {
                self.book().note_person(nas, id, settings.iter().map(|setting| (setting, None)), now()).await;
                Vec::new()
            }
        }
    }
}
