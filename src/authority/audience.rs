//! For whom tokens are and who issues them, as claims name it.

use super::{Options, Unauthenticated, claims::Claims};

/// Microsoft Graph's application id, by which some clients name it as the resource.
const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";

/// OpenID Connect Core 1.0, 5.4 and 11.
const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

impl Options {
    /// `iss` of a tenant's tokens: what the discovery document of that origin says. `cardea token`, which is asked at no
    /// origin, has a name of its own.
    pub fn issuer(&self, tenant_id: &str, origin: Option<&str>) -> String {
        match origin.or(self.public_url.as_deref()) {
            Some(origin) => format!("{origin}/{tenant_id}/v2.0"),
            None => format!("{}/{tenant_id}", self.issuer),
        }
    }

    /// `aud` of a token for what the scope `<resource>/.default` names. None: that is not us. OpenID's own scopes, which
    /// some libraries always send, mean nothing to an application.
    pub(super) fn audience(&self, scope: &str, origin: &str) -> Option<String> {
        let mut scopes = scope.split_ascii_whitespace().filter(|scope| !OPENID_SCOPES.contains(scope));
        let (Some(scope), None) = (scopes.next(), scopes.next()) else { return None };
        let resource = scope.strip_suffix("/.default")?;
        let resource = resource.strip_suffix('/').unwrap_or(resource);
        self.is_ours(resource, Some(origin)).then(|| resource.to_owned())
    }

    /// Whether a token is for us and from our own issuer, for exactly the tenant that it names. Its signature proves
    /// that we wrote it; a server that has no public URL therefore takes its word for the origin it was asked at.
    pub(super) fn check(&self, claims: &Claims) -> Result<(), Unauthenticated> {
        let asked = self.asked(&claims.iss, &claims.tid).ok_or(Unauthenticated::Issuer)?;
        let origin = match asked {
            Asked::Nowhere => None,
            Asked::At(origin) => Some(origin),
        };
        if self.is_ours(&claims.aud, origin) { Ok(()) } else { Err(Unauthenticated::Audience) }
    }

    pub(super) fn is_ours(&self, audience: &str, origin: Option<&str>) -> bool {
        audience == GRAPH_APP_ID
            || self.audiences.iter().any(|ours| ours == audience)
            || self.public_url.as_deref().or(origin) == Some(audience)
    }

    /// Where an issuer was asked. None: it is not ours.
    fn asked<'a>(&self, issuer: &'a str, tenant_id: &str) -> Option<Asked<'a>> {
        let above = issuer.strip_suffix(tenant_id).and_then(|rest| rest.strip_suffix('/'));
        if above.is_some_and(|name| name == self.issuer) {
            return Some(Asked::Nowhere);
        }
        let origin = issuer.strip_suffix("/v2.0")?.strip_suffix(tenant_id)?.strip_suffix('/')?;
        let ours = match &self.public_url {
            Some(url) => url == origin,
            None => is_origin(origin),
        };
        ours.then_some(Asked::At(origin))
    }
}

/// Where a token was asked for.
enum Asked<'a> {
    /// On the command line.
    Nowhere,
    /// At this origin.
    At(&'a str),
}

/// Scheme and authority, and nothing after that.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://localhost:8443";

    fn claims(aud: &str, iss: &str) -> Claims {
        Claims { aud: aud.to_owned(), iss: iss.to_owned(), tid: "t".to_owned(), ..Claims::default() }
    }

    #[test]
    fn a_scope_names_one_resource_and_it_is_us() {
        let audience = |scope| Options::default().audience(scope, ORIGIN);
        for (scope, aud) in [
            ("https://graph.microsoft.com/.default", "https://graph.microsoft.com"),
            ("https://graph.microsoft.com//.default", "https://graph.microsoft.com"),
            ("https://localhost:8443/.default", ORIGIN),
            ("00000003-0000-0000-c000-000000000000/.default", GRAPH_APP_ID),
            ("https://localhost:8443/.default openid offline_access profile", ORIGIN),
        ] {
            assert_eq!(audience(scope).as_deref(), Some(aud), "{scope}");
        }
        for scope in [
            "",
            "openid profile",
            ".default",
            "/.default",
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/User.Read",
            "https://management.azure.com/.default",
            "https://localhost:8443/.default https://graph.microsoft.com/.default",
            "https://localhost/.default",
        ] {
            assert_eq!(audience(scope), None, "{scope}");
        }
    }

    #[test]
    fn with_a_public_url_no_other_origin_is_believed() {
        let options = Options { public_url: Some(ORIGIN.to_owned()), ..Options::default() };
        let iss = options.issuer("t", None);
        assert_eq!(iss, "https://localhost:8443/t/v2.0");
        assert_eq!(options.check(&claims(ORIGIN, &iss)), Ok(()));
        assert_eq!(options.check(&claims("https://graph.microsoft.com", "cardea/t")), Ok(()));
        for iss in
            ["https://evil.example/t/v2.0", "https://localhost:8443/u/v2.0", "https://localhost:8443/t", "cardea/u"]
        {
            assert_eq!(options.check(&claims(ORIGIN, iss)), Err(Unauthenticated::Issuer), "{iss}");
        }
        for aud in ["https://evil.example", "https://localhost:8443/", ""] {
            assert_eq!(options.check(&claims(aud, &iss)), Err(Unauthenticated::Audience), "{aud}");
        }
    }

    #[test]
    fn without_one_issuer_and_audience_must_agree() {
        let options = Options::default();
        let iss = options.issuer("t", Some(ORIGIN));
        assert_eq!(options.check(&claims(ORIGIN, &iss)), Ok(()));
        assert_eq!(options.check(&claims("http://localhost:8443", &iss)), Err(Unauthenticated::Audience));
        assert_eq!(options.check(&claims(ORIGIN, "cardea/t")), Err(Unauthenticated::Audience));
        for iss in
            ["https:///t/v2.0", "https://a/b/t/v2.0", "ftp://a/t/v2.0", "/t/v2.0", "t/v2.0", "https://t/v2.0", "cardea"]
        {
            assert_eq!(options.check(&claims(ORIGIN, iss)), Err(Unauthenticated::Issuer), "{iss}");
        }
    }
}
