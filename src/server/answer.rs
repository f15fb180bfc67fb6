//! An answer on its way: it comes when the client has read enough of those before it, and goes in pieces that are counted
//! until they are sent.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{Router, body::Body, routing::future::RouteFuture};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::{Body as _, Frame, SizeHint};
use tower::Service;

use super::state::Exchange;

/// The longest piece. A client that takes less of an answer in the time that there is for it is too slow.
const PIECE: usize = 32 << 10;
/// A browser that has seen it speaks TLS to this host for a year.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The answer to a request.
pub(super) struct Answering<B> {
    step: Step<B>,
    exchange: Arc<Exchange>,
    /// Whether browsers are told to come over TLS alone.
    strict: bool,
}

#[expect(clippy::large_enum_variant, reason = "the largest is the usual one")]
enum Step<B> {
    /// The client has not read what it got.
    Waiting(Option<Box<(Router, Request<B>)>>),
    Running(RouteFuture<Infallible>),
    Refused(Option<Box<Response<Body>>>),
}

impl<B> Answering<B> {
    pub(super) fn refused(response: Response<Body>, exchange: Arc<Exchange>) -> Self {
        Self { step: Step::Refused(Some(Box::new(response))), exchange, strict: false }
    }

    pub(super) fn waiting(router: Router, request: Request<B>, exchange: Arc<Exchange>, strict: bool) -> Self {
        Self { step: Step::Waiting(Some(Box::new((router, request)))), exchange, strict }
    }

    pub(super) fn running(answer: RouteFuture<Infallible>, exchange: Arc<Exchange>, strict: bool) -> Self {
        Self { step: Step::Running(answer), exchange, strict }
    }
}

impl<B> Future for Answering<B>
where
    Router: Service<Request<B>, Future = RouteFuture<Infallible>>,
{
    type Output = Result<Response<Sending>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut response = loop {
            match &mut this.step {
                Step::Waiting(waiting) => {
                    if !this.exchange.state.has_room(context.waker()) {
                        return Poll::Pending;
                    }
                    let Some((mut router, request)) = waiting.take().map(|waiting| *waiting) else {
                        return Poll::Pending;
                    };
                    this.step = Step::Running(router.call(request));
                }
                Step::Running(answer) => {
                    let Ok(response) = ready!(Pin::new(answer).poll(context));
                    break response;
                }
                Step::Refused(response) => {
                    let Some(response) = response.take() else { return Poll::Pending };
                    break *response;
                }
            }
        };
        if this.strict {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
        }
        let exchange = Arc::clone(&this.exchange);
        Poll::Ready(Ok(response.map(|body| Sending::new(body, exchange))))
    }
}

/// A body that is cut into pieces.
pub(super) struct Sending {
    body: Body,
    rest: Bytes,
    /// What is counted as unread and was not handed out yet.
    counted: usize,
    exchange: Arc<Exchange>,
}

impl Sending {
    fn new(body: Body, exchange: Arc<Exchange>) -> Self {
        if body.is_end_stream() {
            exchange.complete();
            return Self { body, rest: Bytes::new(), counted: 0, exchange };
        }
        let counted = body.size_hint().exact().and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
        exchange.state.hold(counted);
        exchange.moves_on();
        Self { body, rest: Bytes::new(), counted, exchange }
    }

    fn next_piece(&mut self) -> Bytes {
        let piece = if self.rest.len() > PIECE { self.rest.split_to(PIECE) } else { std::mem::take(&mut self.rest) };
        // A body that did not say how long it is is counted now.
        let more = piece.len().saturating_sub(self.counted);
        self.exchange.state.hold(more);
        self.counted = self.counted + more - piece.len();
        let last = self.is_end_stream();
        if last {
            self.exchange.complete();
        }
        Bytes::from_owner(Piece { bytes: piece, last, exchange: Arc::clone(&self.exchange) })
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.exchange.complete();
                    return Poll::Ready(None);
                }
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.next_piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.exchange.state.release(self.counted);
    }
}

/// A piece, until it is sent or thrown away.
struct Piece {
    bytes: Bytes,
    last: bool,
    exchange: Arc<Exchange>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.exchange.state.release(self.bytes.len());
        // After the last one nothing has to move on.
        if !self.last {
            self.exchange.moves_on();
        }
    }
}
