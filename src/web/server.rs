//! Answering on bound ports: accept, one task a connection, drain.

mod activity;
mod connection;
mod patience;
mod room;
mod sending;
mod service;
mod streams;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::handler::Handler;
use super::limits::Limits;
use super::listener::Bound;
use super::live::Live;
use connection::Connection;
use room::{Place, Room};

/// After an accept error, such as too many open files: at once would be a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Bound {
    /// Answers with `handler` until `shutdown`, then lets the responses under way end within
    /// [`Limits::drain`] and cuts off the rest. The handle ends when no task is left.
    pub fn serve(
        self,
        handler: Arc<dyn Handler>,
        limits: Limits,
        shutdown: CancellationToken,
    ) -> JoinHandle<()> {
        let room = Room::new(limits.max_connections);
        let server = Server { handler, limits, live: self.live, shutdown, room };
        tokio::spawn(async move {
            let mut accepting = JoinSet::new();
            for listener in self.listeners {
                accepting.spawn(server.clone().accept(listener));
            }
            while accepting.join_next().await.is_some() {}
        })
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    handler: Arc<dyn Handler>,
    limits: Limits,
    live: Option<Arc<Live>>,
    shutdown: CancellationToken,
    room: Arc<Room>,
}

impl Server {
    /// Accepts until shutdown, then drains the connections it accepted.
    async fn accept(self, listener: TcpListener) {
        let mut tasks = JoinSet::new();
        // Accepted, and without room so far.
        let mut waiting = None;
        loop {
            // Ended tasks are taken away as they end, so that the set does not grow.
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => break,
                Some(_) = tasks.join_next() => {}
                place = self.room.enter(), if waiting.is_some() => {
                    if let Some((stream, peer)) = waiting.take() {
                        tasks.spawn(self.clone().connection(stream, peer, place));
                    }
                }
                accepted = listener.accept(), if waiting.is_none() => match accepted {
                    Ok(accepted) => waiting = Some(accepted),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        let drained = async { while tasks.join_next().await.is_some() {} };
        if timeout(self.limits.drain, drained).await.is_err() {
            tasks.shutdown().await;
        }
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr, place: Place) {
        let connection = Connection { server: self, peer, activity: Arc::clone(&place.activity) };
        tokio::select! {
            () = connection.serve(stream) => {}
            () = place.cut.cancelled() => tracing::debug!(%peer, "an idle connection makes way"),
        }
    }
}
