//! The listener: an accept loop of its own, since faults need to close, cut and hold connections.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use hyper::{
    Request, Response,
    body::Incoming,
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Control, SimOptions,
    handle::handle,
    respond::{Aborted, Body},
    state::{Shared, State},
};

/// How long open answers may take to end at shutdown.
const GRACE: Duration = Duration::from_secs(1);

/// How long the accept loop waits after an error, such as no file descriptor left.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// A running simulated NAS. Dropping it ends it too, without waiting.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    base_url: String,
}

impl Simulator {
    /// Takes the port (0 = any) and starts to answer.
    ///
    /// # Errors
    /// The address cannot be bound, or the second factor's secret is not base32.
    pub async fn bind(addr: SocketAddr, options: SimOptions) -> io::Result<Self> {
        let tls = options.tls.clone().map(TlsAcceptor::from);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let prefix = options.path_prefix.clone();
        let keep_alive = options.keep_alive;
        let moving = options.moving;
        let shared = Arc::new(Shared::new(State::new(options)?));
        let listener = TcpListener::bind(addr).await?;
        let address = listener.local_addr()?;
        let server = Server { listener, tls, keep_alive };
        shared.tasks.spawn(server.run(Arc::clone(&shared), handle));
        if moving {
            Control::new(Arc::clone(&shared)).set_moving(true);
        }
        let mut reachable = address;
        if address.ip().is_unspecified() {
            reachable.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Ok(Self { shared, address, base_url: format!("{scheme}://{reachable}{prefix}") })
    }

    /// The address taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, host, port and path prefix, as a client is configured with.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The handle for tests.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.shared))
    }

    /// Ends listeners, connections and the ticking world, and waits for them: about a second at most.
    pub async fn shutdown(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

/// A listener and how it talks.
pub(super) struct Server {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) keep_alive: Duration,
}

impl Server {
    /// Accepts until the simulator stops; each connection is a task of the tracker.
    pub(super) async fn run<H, F>(self, shared: Arc<Shared>, handler: H)
    where
        H: Fn(Arc<Shared>, Request<Incoming>, SocketAddr) -> F + Copy + Send + Sync + 'static,
        F: Future<Output = Result<Response<Body>, Aborted>> + Send + 'static,
    {
        let keep_alive = self.keep_alive;
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shared.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection =
                        connection(Arc::clone(&shared), stream, peer, self.tls.clone(), keep_alive, handler);
                    shared.tasks.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "the simulated NAS cannot accept a connection");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }
}

async fn connection<H, F>(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    keep_alive: Duration,
    handler: H,
) where
    H: Fn(Arc<Shared>, Request<Incoming>, SocketAddr) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Result<Response<Body>, Aborted>> + Send + 'static,
{
    // Small answers go out at once; a failure to set this only costs latency.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return converse(shared, stream, peer, keep_alive, handler).await };
    let stream = tokio::select! {
        stream = tls.accept(stream) => stream,
        () = shared.stop.cancelled() => return,
    };
    match stream {
        Ok(stream) => converse(shared, stream, peer, keep_alive, handler).await,
        Err(error) => tracing::debug!(%error, "a TLS handshake with the simulated NAS failed"),
    }
}

async fn converse<S, H, F>(shared: Arc<Shared>, stream: S, peer: SocketAddr, keep_alive: Duration, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Arc<Shared>, Request<Incoming>, SocketAddr) -> F,
    F: Future<Output = Result<Response<Body>, Aborted>>,
{
    let service = service_fn(|request| {
        let answer = handler(Arc::clone(&shared), request, peer);
        async move {
            let mut response = answer.await?;
            if let Ok(value) = HeaderValue::from_str(&format!("timeout={}", keep_alive.as_secs())) {
                response.headers_mut().insert("keep-alive", value);
            }
            response.headers_mut().insert(header::SERVER, HeaderValue::from_static("nginx"));
            Ok::<_, Aborted>(response)
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(keep_alive)
            .serve_connection(TokioIo::new(stream), service)
    );
    // How a connection ends is the client's affair, or a fault's doing.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shared.stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(GRACE, connection).await;
}
