//! A client's stream, watched: when the head of a request begins, and whether the client takes what it is sent.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{head::Head, state::State};

/// The first bytes of HTTP/2 (RFC 9113, 3.4), and how many there are in all.
const PREFACE: &[u8] = b"PRI";
const PREFACE_BYTES: usize = 24;
/// A client that takes this much while more is waiting has its time anew.
const ENOUGH: usize = 64 << 10;

/// A stream that tells a connection's state what happens on it.
pub(super) struct Watched<I> {
    io: I,
    state: Arc<State>,
    head: Head,
    /// The first bytes, until it is known what the client speaks.
    first: Vec<u8>,
    http1: bool,
    http2: bool,
    /// Whether the state says that the client does not take what it is sent, and how much it took since then.
    blocked: bool,
    taken: usize,
}

impl<I> Watched<I> {
    pub(super) fn new(io: I, state: Arc<State>) -> Self {
        let (head, first) = (Head::default(), Vec::new());
        Self { io, state, head, first, http1: false, http2: false, blocked: false, taken: 0 }
    }

    fn read(&mut self, bytes: &[u8]) {
        if self.http2 || bytes.is_empty() || !self.state.read() {
            return;
        }
        if !self.http1 {
            self.first.extend(bytes.iter().take(PREFACE_BYTES - self.first.len()));
            let known = self.first.len().min(PREFACE.len());
            if self.first[..known] != PREFACE[..known] {
                (self.http1, self.first) = (true, Vec::new());
            } else if self.first.len() == PREFACE_BYTES {
                (self.http2, self.first) = (true, Vec::new());
                self.state.speaks_http2();
                return;
            }
        }
        if self.head.read(self.state.begun(), bytes) {
            self.state.note_both_lengths();
        }
    }

    /// What came of writing this many bytes.
    fn wrote(&mut self, bytes: usize, outcome: &Poll<io::Result<usize>>) {
        match outcome {
            Poll::Ready(Ok(n)) if *n >= bytes => self.unblock(),
            Poll::Ready(Ok(n)) => {
                self.taken += n;
                if self.taken >= ENOUGH {
                    self.blocked = false;
                }
                self.block();
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.block(),
        }
    }

    fn block(&mut self) {
        if !self.blocked {
            (self.blocked, self.taken) = (true, 0);
            self.state.blocked();
        }
    }

    fn unblock(&mut self) {
        if self.blocked {
            self.blocked = false;
            self.state.unblocked();
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.io).poll_read(context, buffer);
        if let Some(bytes) = buffer.filled().get(before..) {
            self.read(bytes);
        }
        outcome
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.wrote(bytes.len(), &outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.wrote(slices.iter().map(|slice| slice.len()).sum(), &outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(context);
        match outcome {
            Poll::Pending => self.block(),
            Poll::Ready(_) => self.unblock(),
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
