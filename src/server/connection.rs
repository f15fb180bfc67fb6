//! One connection: HTTP/1.1 or HTTP/2, whichever the client begins with.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time,
};

use super::{forwarded::Proxies, request::Requests};

/// The largest head of a request: method, path, query and headers. A token alone may take 16 KiB.
const MAX_HEAD_BYTES: u32 = 64 << 10;
/// The largest number of requests that one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;

/// How connections are served.
pub(super) struct Connections {
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
    proxies: Arc<Proxies>,
    idle_timeout: Duration,
    stopped: watch::Receiver<bool>,
}

impl Connections {
    pub(super) fn new(
        router: Router,
        proxies: Proxies,
        idle_timeout: Duration,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        // Answers are small or already one piece: one buffer costs less than a vector of them.
        builder.http1().max_buf_size(MAX_HEAD_BYTES as usize).writev(false);
        builder.http2().max_header_list_size(MAX_HEAD_BYTES).max_concurrent_streams(MAX_STREAMS);
        // An interval must not be zero.
        let idle_timeout = idle_timeout.max(Duration::from_millis(1));
        Self { router, builder: Arc::new(builder), proxies: Arc::new(proxies), idle_timeout, stopped }
    }

    /// Told when the server stops.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stopped.clone()
    }

    /// Serves a connection until the client closes it, it is idle, or the server stops.
    ///
    /// Idle is a connection on which no request began during one whole tick of its timer: whether the client sends
    /// nothing, or a byte now and then. After that tick, what is being answered may be finished; after one more, the
    /// connection is cut. So a slow client holds its place for three ticks at most, every request has two for its
    /// answer, and the timer costs a request nothing but a counter.
    ///
    /// `peer` is who sends, `secure` whether `io` is TLS.
    pub(super) fn serve<I>(&self, io: I, peer: SocketAddr, secure: bool) -> impl Future<Output = ()> + Send + use<I>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let begun = Arc::new(AtomicU32::new(0));
        let service = Requests {
            router: self.router.clone(),
            begun: Arc::clone(&begun),
            proxies: Arc::clone(&self.proxies),
            peer,
            secure,
        };
        let builder = Arc::clone(&self.builder);
        let mut stopped = self.stopped.clone();
        let idle_timeout = self.idle_timeout;
        async move {
            let connection = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(service));
            let mut connection = pin!(connection);
            let mut ticks = time::interval_at(time::Instant::now() + idle_timeout, idle_timeout);
            ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
            // Made once: each poll of a new one would queue anew for the news.
            let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
            let (mut seen, mut closing, mut stopping) = (0, false, false);
            loop {
                tokio::select! {
                    biased;
                    result = connection.as_mut() => {
                        if let Err(error) = result {
                            tracing::debug!(%error, "connection");
                        }
                        return;
                    }
                    _ = stop.as_mut(), if !stopping => {
                        stopping = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    _ = ticks.tick() => {
                        let now = begun.load(Ordering::Relaxed);
                        if now != seen {
                            (seen, closing) = (now, false);
                        } else if closing {
                            return;
                        } else {
                            closing = true;
                            connection.as_mut().graceful_shutdown();
                        }
                    }
                }
            }
        }
    }
}
