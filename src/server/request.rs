//! What the server does to every request before the router has it, and to its answer.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{Router, extract::ConnectInfo, response::Response, routing::future::RouteFuture};
use http::{
    Request, Uri, Version, header,
    uri::{Authority, Scheme},
};
use tower::Service;

use super::{
    answer::{Answering, Sending},
    connection::Common,
    forwarded::Known,
    state::State,
};
use crate::api::{
    self,
    error::{Code, Error},
};

/// What a request takes beside its head while it is worked on.
const REQUEST_BYTES: usize = 8 << 10;

/// The router of one connection: requests that are malformed or too many do not come to it, and the others come with
/// whole targets.
#[derive(Clone)]
pub(super) struct Requests {
    pub(super) router: Router,
    pub(super) common: Arc<Common>,
    pub(super) state: Arc<State>,
    pub(super) peer: SocketAddr,
    /// Whether the connection is TLS.
    pub(super) secure: bool,
}

impl<B> Service<Request<B>> for Requests
where
    Router: Service<Request<B>, Response = Response, Error = Infallible, Future = RouteFuture<Infallible>>,
{
    type Response = http::Response<Sending>;
    type Error = Infallible;
    type Future = Answering<B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let share = self.common.memory.admit(head_bytes(&request) + REQUEST_BYTES);
        let health = api::is_health(request.uri().path());
        let room = share.is_some() || health;
        let exchange = self.state.begin(share);
        if !room {
            return Answering::refused(api::refuse_for_memory(request.headers()), exchange);
        }
        let known = self.common.proxies.read(self.peer.ip(), request.headers());
        let port = if known.client == self.peer.ip().to_canonical() { self.peer.port() } else { 0 };
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(known.client, port)));
        let checked = self.check(&request).and_then(|host| {
            let authority = known.host.clone().or_else(|| request.uri().authority().cloned()).or(host);
            self.check_host(authority.as_ref(), health).map(|()| authority)
        });
        let authority = match checked {
            Ok(authority) => authority,
            Err(error) => return Answering::refused(api::refuse(error, request.headers()), exchange),
        };
        let target = std::mem::take(request.uri_mut());
        *request.uri_mut() = whole(target, authority, &known, self.secure);
        let strict = self.secure && !is_local(request.uri());
        if self.state.is_crowded() {
            Answering::waiting(self.router.clone(), request, exchange, strict)
        } else {
            Answering::running(self.router.call(request), exchange, strict)
        }
    }
}

impl Requests {
    /// The host that the request's header names. A request must say for which host it is, once (RFC 9112, 3.2; RFC 9113,
    /// 8.3.1), and how long its body is, once (RFC 9112, 6.3).
    fn check<B>(&self, request: &Request<B>) -> Result<Option<Authority>, Error> {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (first, more) = (hosts.next(), hosts.next());
        if more.is_some() {
            return Err(bad("The request has more than one Host header: send one.", "Host"));
        }
        if request.headers().contains_key(header::TRANSFER_ENCODING) && self.state.has_both_lengths() {
            let message = "The request has both Transfer-Encoding and Content-Length: send one of them.";
            return Err(bad(message, "Content-Length"));
        }
        let named = request.uri().authority();
        let http2 = request.version() == Version::HTTP_2;
        let Some(first) = first else {
            return match named {
                None if http2 => Err(bad("The request has no :authority: send one.", ":authority")),
                None if request.version() == Version::HTTP_11 => {
                    Err(bad("The request has no Host header: send one.", "Host"))
                }
                _ => Ok(None),
            };
        };
        let host = Authority::try_from(first.as_bytes());
        let host = host.map_err(|_| bad("The Host header is not a host, such as example.com:8443.", "Host"))?;
        if http2 && named.is_some_and(|named| *named != host) {
            return Err(bad(
                "The Host header is not what :authority says: send the same, or :authority alone.",
                "Host",
            ));
        }
        Ok(Some(host))
    }

    /// That this is a host that is answered for. Who watches the server may ask by any.
    fn check_host(&self, authority: Option<&Authority>, health: bool) -> Result<(), Error> {
        let Some(authority) = authority.filter(|authority| !health && !self.common.hosts.allow(authority)) else {
            return Ok(());
        };
        let host: String = authority.host().chars().take(256).collect();
        let message = format!(
            "This server does not answer for the host '{host}'. Its operator allows it with --allowed-host {host}, or \
             says with --public-url how clients reach the server."
        );
        Err(Error::new(Code::BAD_REQUEST, message).about("Host"))
    }
}

fn bad(message: &str, target: &str) -> Error {
    Error::new(Code::BAD_REQUEST, message).about(target)
}

/// About what the head takes in memory.
fn head_bytes<B>(request: &Request<B>) -> usize {
    let uri = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    request.headers().values().fold(uri, |sum, value| sum + value.len() + 64)
}

/// The target with scheme and authority (RFC 9112 §3.3): what is known of how the request came wins over what the target
/// itself says of them, and that over `Host`.
fn whole(target: Uri, authority: Option<Authority>, known: &Known, secure: bool) -> Uri {
    if target.path_and_query().is_none_or(|path| !path.as_str().starts_with('/')) {
        return target;
    }
    let mut parts = target.into_parts();
    let https = known.https.unwrap_or(secure);
    parts.scheme = Some(if https { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority.unwrap_or_else(|| Authority::from_static("localhost")));
    // All three parts are there, so it is one.
    Uri::from_parts(parts).unwrap_or_default()
}

/// Browsers would apply the header to every server of the machine, whatever its port.
fn is_local(target: &Uri) -> bool {
    target.host().is_some_and(|host| host == "localhost" || host.ends_with(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(target: &str, host: Option<&str>, https: Option<bool>, secure: bool) -> String {
        let known = Known { client: SocketAddr::from(([1, 1, 1, 1], 1)).ip(), https, host: None };
        let target: Uri = target.parse().unwrap();
        let authority = target.authority().cloned().or_else(|| host?.parse().ok());
        whole(target, authority, &known, secure).to_string()
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
