//! Which hosts a client may ask for. Links and issuers are made of the host, so it must not be any.

use std::net::{IpAddr, Ipv4Addr};

use http::uri::Authority;

use super::local_ca;

/// The hosts that are answered for: this machine as it calls itself, and these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    any: bool,
    names: Vec<String>,
}

impl Hosts {
    /// Every host.
    pub const fn any() -> Self {
        Self { any: true, names: Vec::new() }
    }

    /// These hosts beside the machine itself: names, `*.` and a name, or addresses; `*` is all.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut hosts = Self::default();
        names.into_iter().for_each(|name| hosts.add(&name));
        hosts
    }

    /// This one, too.
    pub fn add(&mut self, name: &str) {
        self.any |= name == "*";
        let name = bare(name);
        if !name.is_empty() && !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// Whether this text can be one of them.
    pub fn is_name(text: &str) -> bool {
        text == "*" || local_ca::is_name(text.trim_start_matches('[').trim_end_matches(']'))
    }

    pub(super) fn allow(&self, authority: &Authority) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host();
        self.any || is_this_machine(host) || self.listed(host)
    }

    fn listed(&self, host: &str) -> bool {
        let host = bare(host);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest == domain),
            None => *name == host,
        })
    }
}

/// A name as it is compared: in lower case, without the dot of the root, and addresses as they are usually written.
fn bare(name: &str) -> String {
    match address(name) {
        Some(address) => address.to_string(),
        None => name.trim_end_matches('.').to_ascii_lowercase(),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// `localhost` and what is below it (RFC 6761, 6.3), and the addresses of the loopback interface.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let ends = |end: &str| {
        let at = host.len().checked_sub(end.len());
        at.and_then(|at| host.get(at..)).is_some_and(|last| last.eq_ignore_ascii_case(end))
    };
    if host.eq_ignore_ascii_case("localhost") || ends(".localhost") {
        return true;
    }
    // Most names cannot be an address, and this is asked for every request.
    host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || (host.starts_with('[') && address(host).is_some_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(hosts: &Hosts, host: &str) -> bool {
        host.parse().is_ok_and(|authority| hosts.allow(&authority))
    }

    #[test]
    fn the_machine_itself_is_always_allowed() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "a.localhost",
            "localhost.",
            "127.0.0.1:1",
            "127.255.0.9",
            "[::1]:8080",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(allow(&Hosts::default(), host), "{host}");
        }
        for host in [
            "notlocalhost",
            "localhost.example",
            "127.0.0.1.example",
            "128.0.0.1",
            "[::2]",
            "evil.example",
            "localhost@evil.example",
            "user@localhost",
        ] {
            assert!(!allow(&Hosts::default(), host), "{host}");
        }
    }

    #[test]
    fn a_host_is_allowed_by_its_name() {
        let names = ["A.example", "*.b.example", "10.0.0.1", "2001:DB8::1"];
        let hosts = Hosts::new(names.map(str::to_owned));
        for host in ["a.example", "a.EXAMPLE.:8443", "x.b.example", "10.0.0.1:80", "[2001:db8:0::1]:443"] {
            assert!(allow(&hosts, host), "{host}");
        }
        for host in ["b.example", "x.y.b.example", ".b.example", "xa.example", "10.0.0.10", "[2001:db8::2]"] {
            assert!(!allow(&hosts, host), "{host}");
        }
        assert!(allow(&Hosts::any(), "x.example") && allow(&Hosts::new(["*".to_owned()]), "x.example"));
    }

    #[test]
    fn only_a_host_can_be_one() {
        assert!(["*", "a", "*.a.example", "10.0.0.1", "::1", "[::1]"].iter().all(|text| Hosts::is_name(text)));
        assert!(["", "a b", "https://a", "a:80", "a/b"].iter().all(|text| !Hosts::is_name(text)));
    }
}
