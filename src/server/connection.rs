//! One connection: HTTP/1.1 or HTTP/2, whichever the client begins with.

use std::{future, net::SocketAddr, pin::pin, sync::Arc, task::Poll};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use super::{forwarded::Proxies, hosts::Hosts, places::Place, request::Requests, state::End, watched::Watched};
use crate::api::memory::Memory;

/// The largest head of a request: method, path, query and headers. A token alone may take 16 KiB.
const MAX_HEAD_BYTES: u32 = 64 << 10;
/// The largest number of requests that one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;
/// What an HTTP/2 client may send of bodies before somebody reads them: one of them, and all of a connection.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// How much of an answer is handed over before the client takes it, over HTTP/2.
const SEND_BUFFER: usize = 64 << 10;
/// How many requests may be reset before they are looked at, and how many the library may reset itself, until the
/// connection ends. What is reset later is counted where it is answered.
const MAX_RESETS: usize = 64;

/// How connections are served.
pub(super) struct Connections {
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
    common: Arc<Common>,
    stopped: watch::Receiver<bool>,
}

/// What the requests of all connections have in common.
pub(super) struct Common {
    pub(super) proxies: Proxies,
    pub(super) hosts: Hosts,
    pub(super) memory: Arc<Memory>,
}

impl Connections {
    pub(super) fn new(router: Router, common: Common, stopped: watch::Receiver<bool>) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        // Answers are small or come in pieces: one buffer costs less than a vector of them.
        builder.http1().max_buf_size(MAX_HEAD_BYTES as usize).writev(false);
        builder
            .http2()
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_pending_accept_reset_streams(MAX_RESETS)
            .max_local_error_reset_streams(MAX_RESETS);
        Self { router, builder: Arc::new(builder), common: Arc::new(common), stopped }
    }

    /// Told when the server stops.
    pub(super) fn stopped(&self) -> watch::Receiver<bool> {
        self.stopped.clone()
    }

    /// Serves a connection until the client closes it, it is told to end, or the server stops.
    ///
    /// What a client may take its time for is judged by the sweep over all connections ([`super::places`]); a request
    /// costs no timer. `peer` is who sends, `secure` whether `io` is TLS.
    pub(super) fn serve<I>(
        &self,
        io: I,
        peer: SocketAddr,
        secure: bool,
        place: Place,
    ) -> impl Future<Output = ()> + Send + use<I>
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (router, common) = (self.router.clone(), Arc::clone(&self.common));
        let service = Requests { router, common, state: Arc::clone(&place.state), peer, secure };
        let builder = Arc::clone(&self.builder);
        let mut stopped = self.stopped.clone();
        async move {
            let state = &place.state;
            let io = TokioIo::new(Watched::new(io, Arc::clone(state)));
            let mut connection = pin!(builder.serve_connection(io, TowerToHyperService::new(service)));
            // Made once: each poll of a new one would queue anew for the news.
            let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
            let mut stopping = false;
            loop {
                tokio::select! {
                    biased;
                    result = connection.as_mut() => {
                        if let Err(error) = result {
                            tracing::debug!(%error, "connection");
                        }
                        return;
                    }
                    _ = stop.as_mut(), if !stopping => stopping = true,
                    () = state.told() => {}
                }
                if state.end() == End::Cut {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                if state.end() == End::GivesWay {
                    // Once, so that an HTTP/2 client is told.
                    let told = future::poll_fn(|context| Poll::Ready(connection.as_mut().poll(context).is_ready()));
                    if told.await || state.is_idle() {
                        return;
                    }
                }
            }
        }
    }
}
