//! What the server does to every request before the router has it, and to its answer.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use axum::{Router, extract::ConnectInfo, response::Response, routing::future::RouteFuture};
use futures_util::{
    FutureExt,
    future::{Either, Map},
};
use http::{
    HeaderMap, HeaderValue, Request, Uri, header,
    uri::{Authority, Scheme},
};
use tower::Service;

use super::forwarded::{Known, Proxies};

/// A browser that has seen it speaks TLS to this host for a year.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The router of one connection: it counts the requests that begin, and makes their targets whole.
#[derive(Clone)]
pub(super) struct Requests {
    pub(super) router: Router,
    pub(super) begun: Arc<AtomicU32>,
    pub(super) proxies: Arc<Proxies>,
    pub(super) peer: SocketAddr,
    /// Whether the connection is TLS.
    pub(super) secure: bool,
}

type Outcome = Result<Response, Infallible>;

impl<B> Service<Request<B>> for Requests
where
    Router: Service<Request<B>, Response = Response, Error = Infallible, Future = RouteFuture<Infallible>>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<RouteFuture<Infallible>, Map<RouteFuture<Infallible>, fn(Outcome) -> Outcome>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let known = self.proxies.read(self.peer.ip(), request.headers());
        let port = if known.client == self.peer.ip().to_canonical() { self.peer.port() } else { 0 };
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(known.client, port)));
        let target = std::mem::take(request.uri_mut());
        *request.uri_mut() = whole(target, request.headers(), known, self.secure);
        let strict = self.secure && !is_local(request.uri());
        let answer = self.router.call(request);
        if strict { Either::Right(answer.map(strictly as fn(Outcome) -> Outcome)) } else { Either::Left(answer) }
    }
}

/// The target with scheme and authority (RFC 9112 §3.3): what is known of how the request came wins over what the target
/// itself says of them, and that over `Host`.
fn whole(target: Uri, headers: &HeaderMap, known: Known, secure: bool) -> Uri {
    if target.path_and_query().is_none_or(|path| !path.as_str().starts_with('/')) {
        return target;
    }
    let mut parts = target.into_parts();
    let https = known.https.unwrap_or(secure);
    parts.scheme = Some(if https { Scheme::HTTPS } else { Scheme::HTTP });
    let said = || headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let authority = known.host.or_else(|| parts.authority.take()).or_else(said);
    parts.authority = Some(authority.unwrap_or_else(|| Authority::from_static("localhost")));
    // All three parts are there, so it is one.
    Uri::from_parts(parts).unwrap_or_default()
}

/// Browsers would apply the header to every server of the machine, whatever its port.
fn is_local(target: &Uri) -> bool {
    target.host().is_some_and(|host| host == "localhost" || host.ends_with(".localhost"))
}

fn strictly(outcome: Outcome) -> Outcome {
    outcome.map(|mut response| {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
        response
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(target: &str, host: Option<&str>, https: Option<bool>, secure: bool) -> String {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let known = Known { client: SocketAddr::from(([1, 1, 1, 1], 1)).ip(), https, host: None };
        whole(target.parse().unwrap(), &headers, known, secure).to_string()
    }

    #[test]
    fn a_target_is_made_whole() {
        assert_eq!(completed("/a?b", Some("h:1"), None, false), "http://h:1/a?b");
        assert_eq!(completed("/a", Some("h"), None, true), "https://h/a");
        assert_eq!(completed("/a", Some("h"), Some(true), false), "https://h/a");
        assert_eq!(completed("/a", Some("h"), Some(false), true), "http://h/a");
        assert_eq!(completed("/", None, None, true), "https://localhost/");
        assert_eq!(completed("/", Some("a b"), None, true), "https://localhost/");
        assert_eq!(
            completed("https://i:2/a", Some("h"), None, false),
            "http://i:2/a",
            "a client does not say how it came"
        );
        assert_eq!(completed("*", Some("h"), None, true), "*");
    }
}
