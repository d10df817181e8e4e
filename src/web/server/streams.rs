//! The tasks of one HTTP/2 connection: none outlives it.

use hyper::rt::Executor;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Where hyper runs the streams of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Streams {
    tasks: TaskTracker,
    cut: CancellationToken,
}

impl Streams {
    /// Ends what still runs when it is dropped, as when the connection is.
    pub(super) fn cut_when_dropped(&self) -> DropGuard {
        self.cut.clone().drop_guard()
    }

    /// Ends what still runs.
    pub(super) async fn end(self) {
        self.cut.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                _ = stream => {}
                () = cut.cancelled() => {}
            }
        });
    }
}
