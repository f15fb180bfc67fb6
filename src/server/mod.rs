//! Binding, accepting, serving HTTP/1.1 and HTTP/2, and stopping in an orderly way. It knows nothing of the API.
//!
//! What one connection may cost is limited here; what one request may cost, in [`crate::api`]. A request comes to the
//! router with a whole target, scheme and authority included, and with its sender as `ConnectInfo<SocketAddr>`.

mod certificate;
mod connection;
mod forwarded;
mod local_ca;
mod request;
mod tls;

use std::{future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    time,
};

use self::connection::Connections;
pub use self::{certificate::Error as TlsError, forwarded::Proxies, local_ca::LocalCa, tls::Tls};

/// What can be set about the server.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many clients may be connected at once. More wait in the system's queue.
    pub max_connections: usize,
    /// A connection on which no request arrives in this time is closed. A request has twice this time for its answer.
    pub idle_timeout: Duration,
    /// How long requests may take to finish once the server was told to stop.
    pub shutdown_grace: Duration,
    /// The proxies whose word is taken for how a request came.
    pub proxies: Proxies,
    /// TLS; none: plain HTTP.
    pub tls: Option<Arc<Tls>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            idle_timeout: Duration::from_mins(1),
            shutdown_grace: Duration::from_secs(10),
            proxies: Proxies::default(),
            tls: None,
        }
    }
}

/// Listens on an address, given as host and port.
pub async fn bind(address: &str) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until there is a message to `stop`. Then no connection is accepted, those without a request are closed, and
/// requests that came before are answered, until the grace is over or there is a second message.
pub async fn serve(listener: TcpListener, router: Router, options: Options, mut stop: mpsc::Receiver<()>) {
    let places = options.max_connections.clamp(1, Semaphore::MAX_PERMITS.min(1 << 20));
    let free = Arc::new(Semaphore::new(places));
    let (stopping, stopped) = watch::channel(false);
    let connections = Arc::new(Connections::new(router, options.proxies, options.idle_timeout, stopped));
    let tls = options.tls;
    let accept = async {
        loop {
            // A closed semaphore has no permits; nobody closes this one.
            let Ok(place) = Arc::clone(&free).acquire_owned().await else { return };
            let (stream, peer) = accept(&listener).await;
            // Two tasks of different size: plain HTTP does not pay for TLS.
            if let Some(tls) = &tls {
                let (tls, connections) = (Arc::clone(tls), Arc::clone(&connections));
                tokio::spawn(async move {
                    if let Some(stream) = tls.accept(stream, connections.stopped()).await {
                        connections.serve(stream, peer, true).await;
                    }
                    drop(place);
                });
            } else {
                let connection = connections.serve(stream, peer, false);
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
        }
    };
    let refresh = async {
        match &tls {
            Some(tls) => tls.keep_fresh().await,
            None => future::pending().await,
        }
    };
    tokio::select! {
        () = accept => {}
        () = refresh => {}
        _ = stop.recv() => {}
    }
    drop(listener);
    tracing::info!(connections = places - free.available_permits(), "stopping");
    stopping.send_replace(true);
    // Whoever holds all places knows that every connection is closed.
    let all = u32::try_from(places).unwrap_or(u32::MAX);
    tokio::select! {
        _ = free.acquire_many(all) => tracing::info!("stopped"),
        () = time::sleep(options.shutdown_grace) => tracing::warn!("stopped before all requests were answered"),
        _ = stop.recv() => tracing::warn!("stopped before all requests were answered"),
    }
}

/// The next connection. What goes wrong with one does not end the server.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole: waiting for more would only delay them.
                if stream.set_nodelay(true).is_ok() {
                    return (stream, peer);
                }
            }
            // The client gave up while waiting.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {
            }
            // Out of file descriptors or memory: that passes when connections are closed.
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
