//! Binding, accepting, serving HTTP/1.1 and HTTP/2, and stopping in an orderly way. It knows nothing of resources.
//!
//! What connections may cost is limited here; what one request may cost, in [`crate::api`]. A request comes to the router
//! with a whole target, scheme and an allowed authority included, and with its sender as `ConnectInfo<SocketAddr>`.

mod answer;
mod certificate;
mod connection;
mod forwarded;
mod head;
mod hosts;
mod local_ca;
mod places;
mod request;
mod state;
mod tls;
mod watched;

use std::{future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time,
};

pub use self::{certificate::Error as TlsError, forwarded::Proxies, hosts::Hosts, local_ca::LocalCa, tls::Tls};
use self::{
    connection::{Common, Connections},
    places::{Place, Places},
    state::Times,
};
use crate::api::memory::{self, Memory};

/// What can be set about the server.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many clients may be connected at once. For one more the connection that has been idle longest is closed.
    pub max_connections: usize,
    /// How many connections one address may have, 0 for any number; trusted proxies may have any number.
    pub max_connections_per_address: usize,
    /// How long the head of a request may take, from its first byte.
    pub header_timeout: Duration,
    /// How long the client may take for each piece of an answer, of 32 KiB.
    pub send_timeout: Duration,
    /// The hosts that are answered for.
    pub hosts: Hosts,
    /// What requests and answers may take in memory.
    pub memory: Arc<Memory>,
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
            max_connections_per_address: 1024,
            header_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
            hosts: Hosts::default(),
            memory: Memory::new(memory::DEFAULT_LIMIT),
            idle_timeout: Duration::from_mins(1),
            shutdown_grace: Duration::from_secs(10),
            proxies: Proxies::default(),
            tls: None,
        }
    }
}

impl Options {
    /// For a listener that health checks alone come to.
    pub fn for_health() -> Self {
        Self {
            max_connections: 128,
            max_connections_per_address: 0,
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
            hosts: Hosts::any(),
            memory: Memory::new(8 << 20),
            ..Self::default()
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
    // No time must be zero.
    let least = |time: Duration| time.max(Duration::from_millis(1));
    let times = Times {
        idle: least(options.idle_timeout),
        head: least(options.header_timeout),
        send: least(options.send_timeout),
    };
    let places = Places::new(options.max_connections, options.max_connections_per_address, times);
    let (stopping, stopped) = watch::channel(false);
    let (proxies, memory) = (options.proxies.clone(), Arc::clone(&options.memory));
    let common = Common { proxies: options.proxies, hosts: options.hosts, memory: options.memory };
    let connections = Arc::new(Connections::new(router, common, stopped));
    let tls = options.tls;
    let accept = async {
        loop {
            let (stream, peer) = accept(&listener, &places).await;
            let exempt = proxies.contain(peer.ip());
            let Some(place) = places.take(peer.ip(), exempt).await else {
                tracing::debug!(%peer, "the address has too many connections");
                continue;
            };
            start(stream, peer, place, tls.clone(), &connections);
        }
    };
    let refresh = async {
        match &tls {
            Some(tls) => tls.keep_fresh().await,
            None => future::pending().await,
        }
    };
    let sweep = async {
        loop {
            time::sleep(places.interval()).await;
            places.sweep(&memory);
        }
    };
    tokio::pin!(sweep);
    tokio::select! {
        () = accept => {}
        () = refresh => {}
        () = &mut sweep => {}
        _ = stop.recv() => {}
    }
    drop(listener);
    tracing::info!(connections = places.taken(), "stopping");
    stopping.send_replace(true);
    tokio::select! {
        () = places.empty() => tracing::info!("stopped"),
        () = &mut sweep => {}
        () = time::sleep(options.shutdown_grace) => tracing::warn!("stopped before all requests were answered"),
        _ = stop.recv() => tracing::warn!("stopped before all requests were answered"),
    }
}

/// Serves a connection in a task of its own.
fn start(stream: TcpStream, peer: SocketAddr, place: Place, tls: Option<Arc<Tls>>, connections: &Arc<Connections>) {
    // Two tasks of different size: plain HTTP does not pay for TLS.
    let Some(tls) = tls else {
        tokio::spawn(connections.serve(stream, peer, false, place));
        return;
    };
    let connections = Arc::clone(connections);
    tokio::spawn(async move {
        let accepted = tokio::select! {
            biased;
            () = place.state.told() => None,
            accepted = tls.accept(stream, connections.stopped()) => accepted,
        };
        if let Some(stream) = accepted {
            connections.serve(stream, peer, true, place).await;
        }
    });
}

/// The next connection. What goes wrong with one does not end the server.
async fn accept(listener: &TcpListener, places: &Places) -> (TcpStream, SocketAddr) {
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
                places.give_way();
                time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
