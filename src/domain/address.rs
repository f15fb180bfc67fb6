//! Which addresses people may be sent to, and which a page may link to.
//!
//! An address of a scheme that a browser runs as a script, or reads from the person's own machine, is neither, however it is
//! spelt.

/// Schemes that a browser runs or reads itself instead of asking a server or another program.
const OF_THE_BROWSER: [&str; 19] = [
    "about",
    "blob",
    "chrome",
    "data",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "livescript",
    "mhtml",
    "mocha",
    "resource",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// The longest address that people are sent to, in bytes.
const MAX_REDIRECT: usize = 512;

/// What [`may_redirect_to`] takes, for messages.
pub const REDIRECT: &str = "https://…, http://localhost…, or a scheme of an application's own";

/// Whether people may be sent back to this address: over TLS, to their own machine, or to an application by a scheme of its
/// own.
pub fn may_redirect_to(uri: &str) -> bool {
    let plain = uri.len() <= MAX_REDIRECT
        && uri.bytes().all(|byte| byte.is_ascii_graphic())
        && !uri.contains(['#', '"', '\'', '<', '>', '\\']);
    let Some((scheme, rest)) = split(uri).filter(|_| plain) else { return false };
    match scheme.as_str() {
        "https" => host(rest).is_some(),
        "http" => host(rest).is_some_and(|host| matches!(host, "localhost" | "127.0.0.1")),
        own => !rest.is_empty() && !OF_THE_BROWSER.contains(&own),
    }
}

/// Whether a page may link to this address: to another page.
pub fn is_page(uri: &str) -> bool {
    let plain = !uri.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    let found = split(uri).filter(|_| plain);
    found.is_some_and(|(scheme, rest)| matches!(scheme.as_str(), "http" | "https") && host(rest).is_some())
}

/// Whether this names something: an absolute URI, and no script.
pub fn is_identifier(uri: &str) -> bool {
    let plain = !uri.contains(|c: char| c.is_whitespace() || c.is_control());
    let found = split(uri).filter(|_| plain);
    found.is_some_and(|(scheme, rest)| !rest.is_empty() && !OF_THE_BROWSER.contains(&scheme.as_str()))
}

/// The scheme in lower case, and what comes after its colon (RFC 3986 §3.1).
fn split(uri: &str) -> Option<(String, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    good.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// The host that comes after a scheme's colon, with a port or without one, and with nobody's name before it.
fn host(rest: &str) -> Option<&str> {
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.rfind(']').map_or(authority, |end| &authority[end..]).rfind(':') {
        Some(_) => authority.rsplit_once(':')?,
        None => (authority, "0"),
    };
    let good = !host.is_empty()
        && !authority.contains('@')
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && (host.starts_with('[') || !host.contains(':'));
    good.then_some(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::{Host, Url};

    use super::*;

    #[test]
    fn people_are_sent_over_tls_to_their_own_machine_or_to_a_program() {
        for good in [
            "https://a.example",
            "HTTPS://a.example/cb?x=y",
            "https://[::1]:8443/",
            "https://[2001:db8::1]/",
            "http://localhost",
            "http://localhost:1/cb",
            "http://127.0.0.1?x",
            "msal1234://auth",
            "com.example.app:/cb",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(may_redirect_to(good), "{good}");
        }
        for bad in [
            "",
            ":",
            "callback",
            "https:",
            "https://",
            "https:///x",
            "https:a.example",
            "https://u@a.example",
            "https://a.example:x/",
            "https://a.example#x",
            "https://a.example\\x",
            "https://a b.example",
            "http://evil.example",
            "HTTP://evil.example",
            "http://[::1]/",
            "http://localhost.evil.example",
            "http://localhost:1@evil.example",
            "http://localhost:1:2/",
            "javascript:alert(1)",
            "JavaScript://x/%0aalert(1)",
            "java\tscript:x",
            "data:text/html,x",
            "view-source:https://a.example",
            "feed:javascript:alert(1)",
            "wss://a.example",
            "1a:x",
            "own:",
        ] {
            assert!(!may_redirect_to(bad), "{bad}");
        }
    }

    #[test]
    fn pages_and_identifiers_are_no_scripts() {
        for good in ["http://intranet", "https://a.example:8443/ä?x#y", "HTTPS://A.EXAMPLE"] {
            assert!(is_page(good), "{good}");
        }
        for bad in ["", "x", "ftp://a", "javascript:x", "https://", "https://u:p@a.example/", " https://a.example"] {
            assert!(!is_page(bad), "{bad}");
        }
        for good in ["api://tool", "urn:x:y", "https://a.example", "app:x"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in ["", "tool", "api:", ":x", "a b:c", "JAVASCRIPT:x", "blob:x", "x:\u{0}"] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }

    /// Texts that are like addresses, with what tricks browsers and readers of addresses.
    fn addresses() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("http"),
            Just("https"),
            Just("HtTp"),
            Just("javascript"),
            Just("data"),
            Just("own"),
            Just(":"),
            Just("//"),
            Just("/"),
            Just("\\"),
            Just("@"),
            Just("localhost"),
            Just("127.0.0.1"),
            Just("evil.example"),
            Just(":80"),
            Just("?"),
            Just("#"),
            Just("%2f"),
            Just("[::1]"),
            Just("\t"),
            Just(" "),
            Just("\n"),
            Just("x"),
        ];
        prop_oneof![proptest::collection::vec(part, 0..9).prop_map(|parts| parts.concat()), "\\PC{0,24}"]
    }

    proptest! {
        /// What a browser reads in an address that is taken is what was meant.
        #[test]
        fn a_browser_reads_what_was_checked(text in addresses()) {
            let read = Url::parse(&text).ok();
            let scheme = read.as_ref().map(|url| url.scheme().to_owned()).unwrap_or_default();
            let plain = read.as_ref().is_some_and(|url| url.username().is_empty() && url.password().is_none());
            if may_redirect_to(&text) && !matches!(scheme.as_str(), "") {
                prop_assert!(!OF_THE_BROWSER.contains(&scheme.as_str()), "{}", scheme);
                if scheme == "http" {
                    let host = read.as_ref().and_then(Url::host);
                    let local = [Some(Host::Domain("localhost")), Some(Host::Ipv4([127, 0, 0, 1].into()))];
                    prop_assert!(plain && local.contains(&host), "{:?}", host);
                }
                if scheme == "https" {
                    prop_assert!(plain);
                }
            }
            if is_page(&text) && read.is_some() {
                prop_assert!(plain && matches!(scheme.as_str(), "http" | "https"), "{}", scheme);
            }
            if is_identifier(&text) {
                prop_assert!(!OF_THE_BROWSER.contains(&scheme.as_str()), "{}", scheme);
            }
        }
    }
}
