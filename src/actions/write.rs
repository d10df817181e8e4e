//! One write of settings: the NAS is told, and read back.

use super::fault_point;
use super::list::ask;
use super::perform::Performance;
use super::port::{Command, Failure, Source};
use super::schema::Document;
use super::settings::{Subject, missing};

/// What became of a write.
pub(super) struct Written {
    /// Whether the NAS did it; where it says that it did not, or nobody knows, what it shows may tell.
    pub(super) result: Result<(), Failure>,
    /// Whether the NAS shows what was not so before.
    pub(super) is_shown: bool,
    /// What it shows; none when it does not say.
    pub(super) after: Option<Document>,
    /// The fields that are not as wanted; none when it does not say.
    pub(super) differs: Option<Vec<String>>,
}

impl Performance<'_> {
    /// Tells the NAS to set `fields` of a subject, which were in `current`, and reads back.
    pub(super) async fn write(
        &self,
        subject: Subject,
        command: Command,
        fields: &Document,
        current: &Document,
    ) -> Written {
        let told = self.tell(command).await;
        match self.source() {
            Source::Rule => fault_point::reach("set_told").await,
            Source::Release => fault_point::reach("restore_told").await,
            Source::Api => {}
        }
        let after = ask(self.port(), subject.question()).await.ok();
        let differs: Option<Vec<String>> =
            after.as_ref().map(|after| missing(fields, after).into_iter().map(str::to_owned).collect());
        // What was so before shows nothing of this change.
        let is_shown = differs.as_ref().is_some_and(Vec::is_empty) && !missing(fields, current).is_empty();
        // Where nobody knows, what the NAS shows tells.
        let result = told.or_else(|failure| if failure.is_open && is_shown { Ok(()) } else { Err(failure) });
        Written { result, is_shown, after, differs }
    }
}
