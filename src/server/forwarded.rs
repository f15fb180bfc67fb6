//! What a proxy says of the request that it passes on, and whether that is believed.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header, uri::Authority};
use ipnet::IpNet;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The networks of the proxies that are believed. Anybody else's headers say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// The proxies of these networks.
    pub const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Reads a network, `10.0.0.0/8`, or an address, which is a network of one.
    pub fn network(text: &str) -> Result<IpNet, String> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| format!("{text:?} is not a network such as 10.0.0.0/8 or fd00::/8, nor an address"))
    }

    /// Whether the address is one of theirs.
    pub(super) fn contain(&self, address: IpAddr) -> bool {
        // A socket for both families shows IPv4 clients as IPv6 ones.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// What is known of a request that came from `peer`.
    ///
    /// Each proxy adds what it saw at the end of the lists, so they are read from there, as long as it is a believed
    /// proxy that speaks. `Forwarded` (RFC 7239) counts where there is no `X-Forwarded-…` at all: most proxies write the
    /// latter and pass on whatever their client put in the former.
    pub(super) fn read(&self, peer: IpAddr, headers: &HeaderMap) -> Known {
        let mut known = Known { client: peer.to_canonical(), https: None, host: None };
        if !self.contain(peer) {
            return known;
        }
        let hops = if [FOR, PROTO, HOST].iter().any(|name| headers.contains_key(name)) {
            x_forwarded(headers)
        } else {
            forwarded(headers)
        };
        for hop in hops {
            known.https = hop.proto.and_then(scheme);
            known.host = hop.host.and_then(|host| host.parse().ok());
            let Some(client) = hop.client.and_then(address) else { break };
            known.client = client.to_canonical();
            if !self.contain(client) {
                break;
            }
        }
        known
    }
}

/// What is known of how a request came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Who sent it.
    pub(super) client: IpAddr,
    /// Whether the client spoke TLS, where a proxy says so.
    pub(super) https: Option<bool>,
    /// The host that the client asked for, where a proxy says so.
    pub(super) host: Option<Authority>,
}

/// What one proxy said.
#[derive(Default)]
struct Hop<'a> {
    client: Option<&'a str>,
    proto: Option<&'a str>,
    host: Option<&'a str>,
}

/// The hops, the nearest first. Proxies that write one scheme or host over another leave a shorter list of those.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop<'_>> {
    let list = |name| -> Vec<&str> {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let mut parts: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        parts.reverse();
        parts
    };
    let (clients, protos, hosts) = (list(FOR), list(PROTO), list(HOST));
    let at = |list: &[&'_ str], n: usize| list.len().checked_sub(1).map(|last| n.min(last));
    let hop = |n| Hop {
        client: clients.get(n).copied(),
        proto: at(&protos, n).map(|n| protos[n]),
        host: at(&hosts, n).map(|n| hosts[n]),
    };
    (0..clients.len().max(1)).map(hop).collect()
}

/// The hops, the nearest first.
fn forwarded(headers: &HeaderMap) -> Vec<Hop<'_>> {
    let values = headers.get_all(header::FORWARDED).into_iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<Hop<'_>> = values.flat_map(|value| unquoted(value, ',')).map(hop).collect();
    hops.reverse();
    hops
}

fn hop(element: &str) -> Hop<'_> {
    let mut hop = Hop::default();
    for (name, value) in unquoted(element, ';').filter_map(|pair| pair.split_once('=')) {
        let value = Some(value.trim().trim_matches('"'));
        match name.trim() {
            name if name.eq_ignore_ascii_case("for") => hop.client = value,
            name if name.eq_ignore_ascii_case("proto") => hop.proto = value,
            name if name.eq_ignore_ascii_case("host") => hop.host = value,
            _ => {}
        }
    }
    hop
}

/// Splits at a separator that is not between quotation marks.
fn unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

fn scheme(text: &str) -> Option<bool> {
    let is = |scheme: &str| text.eq_ignore_ascii_case(scheme);
    if is("https") { Some(true) } else { is("http").then_some(false) }
}

/// An address, perhaps with a port; IPv6 perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(proxies: &[&str], peer: &str, headers: &[(&'static str, &'static str)]) -> (String, Option<bool>, String) {
        let proxies = Proxies::new(proxies.iter().map(|text| Proxies::network(text).unwrap()).collect());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let known = proxies.read(peer.parse().unwrap(), &map);
        (known.client.to_string(), known.https, known.host.map(|host| host.to_string()).unwrap_or_default())
    }

    fn known(client: &str, https: impl Into<Option<bool>>, host: &str) -> (String, Option<bool>, String) {
        (client.to_owned(), https.into(), host.to_owned())
    }

    const ALL: &[(&str, &str)] =
        &[("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "a.example:8443")];

    #[test]
    fn only_proxies_of_the_networks_are_believed() {
        let believed = known("203.0.113.7", true, "a.example:8443");
        for (network, peer) in [
            ("10.0.0.0/8", "10.255.0.1"),
            ("10.0.0.0/8", "::ffff:10.255.0.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("fd00::/8", "fd12::1"),
            ("::1", "::1"),
        ] {
            assert_eq!(read(&["192.0.2.0/24", network], peer, ALL), believed, "{network} {peer}");
        }
        for (network, peer) in
            [("10.0.0.0/8", "11.0.0.1"), ("10.0.0.1", "10.0.0.2"), ("fd00::/8", "fe80::1"), ("0.0.0.0/0", "::1")]
        {
            assert_eq!(read(&[network], peer, ALL), known(peer, None, ""), "{network} {peer}");
        }
        assert_eq!(read(&[], "127.0.0.1", ALL), known("127.0.0.1", None, ""));
    }

    #[test]
    fn what_a_client_wrote_in_front_is_not_believed() {
        let spoofed = [
            ("x-forwarded-for", "127.0.0.1, 203.0.113.7"),
            ("x-forwarded-proto", "https,http"),
            ("x-forwarded-host", "b"),
        ];
        assert_eq!(read(&["10.0.0.0/8"], "10.0.0.1", &spoofed), known("203.0.113.7", false, "b"));
        let both = [("forwarded", "for=127.0.0.1;proto=https;host=evil"), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(read(&["10.0.0.0/8"], "10.0.0.1", &both), known("203.0.113.7", None, ""));
    }

    #[test]
    fn a_chain_is_followed_to_the_first_stranger() {
        let chain = [
            ("x-forwarded-for", "8.8.8.8, 203.0.113.7:555"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "http, https, http"),
            ("x-forwarded-host", "a.example"),
        ];
        assert_eq!(read(&["10.0.0.0/8"], "10.0.0.1", &chain), known("203.0.113.7", true, "a.example"));
        let chain =
            [("forwarded", r#"for=8.8.8.8, For="[2001:db8::1]:4711"; Proto=https;host="a.example:1", for=10.0.0.2"#)];
        assert_eq!(read(&["10.0.0.0/8"], "10.0.0.1", &chain), known("2001:db8::1", true, "a.example:1"));
        assert_eq!(read(&["10.0.0.1"], "10.0.0.1", &chain), known("10.0.0.2", None, ""));
    }

    #[test]
    fn nonsense_says_nothing() {
        for header in
            [("forwarded", "for=_hidden;proto=ftp;host=\"a b\""), ("forwarded", "\",;=="), ("x-forwarded-for", ",,")]
        {
            assert_eq!(read(&["::1"], "::1", &[header]), known("::1", None, ""), "{header:?}");
        }
        assert!(Proxies::network("10.0.0.0/33").is_err() && Proxies::network("proxy").is_err());
    }
}
