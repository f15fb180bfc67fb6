//! The grants by which a client gets tokens for a person: the authorization code (RFC 6749 §4.1) with PKCE (RFC 7636), and
//! the refresh token (§6), which is another one each time (RFC 9700 §4.14.2).
//!
//! A code and a refresh token count once. Who shows one again has stolen it or was robbed, and there is no telling which: so
//! everything that came of that sign-in ends.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Authority, ClientCredentials, SignInError, TOKEN_LIFETIME,
    client_credentials::{enabled, is_reserved},
    keys::TokenType,
    secrets,
};
use crate::{
    authz::PERMISSIONS,
    domain::address::may_redirect_to,
    ids,
    model::value::Timestamp,
    store::{self, CommitError, Grant, GrantDetails, GrantKind, ServicePrincipal, SignInSettings, Tenant, User},
};

/// How long a code counts.
const CODE_LIFETIME: Duration = Duration::from_mins(5);
/// How long a refresh token counts.
const REFRESH_LIFETIME: Duration = Duration::from_hours(24 * 90);

/// The client that Swagger UI is, in every tenant. It needs no registration, so anybody can name it: people sign in through it
/// by a code with PKCE that goes back to this server, and in no other way, and it gets nothing that lasts.
pub const SWAGGER_UI: &str = "c3a2f0de-0000-4000-8000-5a6a67657275";

/// What a client gets.
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// Who signed in, for the client to know: with the scope `openid`.
    pub id_token: Option<String>,
    /// How to get the next: with the scope `offline_access`.
    pub refresh_token: Option<String>,
    /// What was granted.
    pub scope: String,
}

/// A client that shows a code, a refresh token or a device's code.
pub struct Redemption<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The client.
    pub app: &'a ServicePrincipal,
    /// What it shows.
    pub shown: &'a str,
    /// Where the code was sent to, for a code.
    pub redirect_uri: &'a str,
    /// What the client knows that began the flow (PKCE).
    pub verifier: Option<&'a str>,
    /// What of the granted scopes it wants now; none: all of them.
    pub scope: Option<&'a str>,
    /// Scheme and authority at which it asks.
    pub origin: &'a str,
}

/// Scopes that a client asked for and may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Whom the access token is for.
    pub audience: String,
    /// The delegated permissions.
    pub permissions: Vec<String>,
    /// Whether an ID token is wanted.
    pub openid: bool,
    /// Whether a refresh token is wanted.
    pub offline_access: bool,
}

impl Scopes {
    /// As the answer names them.
    fn text(&self) -> String {
        let mut names = self.permissions.clone();
        names.extend(self.openid.then(|| "openid profile".to_owned()));
        names.extend(self.offline_access.then(|| "offline_access".to_owned()));
        names.join(" ")
    }
}

impl Authority {
    /// The client with this id in a tenant.
    pub async fn client(
        &self,
        tenant: &Tenant,
        client_id: &str,
        origin: &str,
    ) -> Result<Option<ServicePrincipal>, store::Error> {
        if is_reserved(client_id) {
            let there = client_id == SWAGGER_UI && self.options.swagger_ui;
            return Ok(there.then(|| swagger_ui(origin, tenant.created_at)));
        }
        Ok(self.store.service_principal(tenant.key, client_id).await?.map(|(principal, _)| principal))
    }

    /// What of the scopes a client may have. Names without a resource are Graph's. None: a scope of something else.
    pub fn scopes(&self, app: &ServicePrincipal, asked: &str, origin: &str) -> Option<Scopes> {
        let mut scopes = Scopes::default();
        let granted = &app.sign_in.scopes;
        for scope in asked.split_ascii_whitespace() {
            match scope {
                "openid" | "profile" | "email" => scopes.openid = true,
                "offline_access" => scopes.offline_access = app.app_id != SWAGGER_UI,
                other => {
                    let (resource, name) = match other.rsplit_once('/') {
                        Some((resource, name)) => (resource.trim_end_matches('/'), name),
                        None => (super::GRAPH, other),
                    };
                    let same = scopes.audience.is_empty() || scopes.audience == resource;
                    if !same || !self.options.is_ours(resource, Some(origin)) {
                        return None;
                    }
                    resource.clone_into(&mut scopes.audience);
                    let wanted = granted.iter().filter(|granted| name == ".default" || *granted == name);
                    scopes.permissions.extend(wanted.cloned());
                }
            }
        }
        if scopes.audience.is_empty() {
            self.options.audiences.first().unwrap_or(&String::new()).clone_into(&mut scopes.audience);
        }
        scopes.permissions.sort_unstable();
        scopes.permissions.dedup();
        Some(scopes)
    }

    /// A code for a person who has signed in.
    pub async fn code(
        &self,
        tenant: &Tenant,
        app: &ServicePrincipal,
        user: &User,
        details: GrantDetails,
    ) -> Result<String, SignInError> {
        let (shown, now) = (secrets::random().map_err(|_| SignInError::Signing)?, self.clock.now());
        let grant = Grant {
            hash: hash(&shown),
            kind: GrantKind::Code,
            family: ids::new_id(),
            app_id: app.app_id.clone(),
            user_id: user.id.clone(),
            details,
            created_at: now,
            expires_at: after(now, CODE_LIFETIME),
        };
        self.store.grant_add(tenant.key, grant, user.version, now).await?;
        Ok(shown)
    }

    /// A refresh token in the place of the grant that was shown, unless that has ended meanwhile.
    async fn refresh_token(&self, tenant: &Tenant, shown: Grant) -> Result<String, SignInError> {
        let (next, now) = (secrets::random().map_err(|_| SignInError::Signing)?, self.clock.now());
        let grant = Grant {
            hash: hash(&next),
            kind: GrantKind::Refresh,
            details: GrantDetails { nonce: None, challenge: None, ..shown.details },
            created_at: now,
            expires_at: after(now, REFRESH_LIFETIME),
            ..shown
        };
        match self.store.grant_follow(tenant.key, &shown.hash, grant, now).await {
            Err(CommitError::Conflict) => Err(SignInError::Grant("it has ended meanwhile")),
            outcome => Ok(outcome.map(|()| next)?),
        }
    }

    /// The client of a request for tokens: a public one by its id alone, any other by its secret.
    pub async fn authenticate_client(
        &self,
        asked: ClientCredentials<'_>,
        secret: Option<&str>,
    ) -> Result<ServicePrincipal, SignInError> {
        let known = self.client(asked.tenant, asked.client_id, asked.origin).await?;
        match (known, secret) {
            (Some(app), None) if app.sign_in.public => enabled(app),
            (_, Some(secret)) => self.authenticate(&ClientCredentials { secret, ..asked }).await,
            (_, None) => Err(SignInError::Credentials),
        }
    }

    /// Tokens for a code.
    pub async fn redeem_code(&self, asked: Redemption<'_>) -> Result<Tokens, SignInError> {
        let grant = self.use_grant(&asked, GrantKind::Code).await?;
        if grant.details.redirect_uri != asked.redirect_uri {
            return Err(SignInError::Grant("the redirect URI is not the one that the code was sent to"));
        }
        let proven = match (&grant.details.challenge, asked.verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                let good = (43..=128).contains(&verifier.len()) && verifier.bytes().all(|byte| byte.is_ascii_graphic());
                let shown = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
                good && aws_lc_rs::constant_time::verify_slices_are_equal(shown.as_bytes(), challenge.as_bytes())
                    .is_ok()
            }
            _ => false,
        };
        if !proven {
            return Err(SignInError::Grant("the code verifier does not fit"));
        }
        self.tokens(&asked, grant).await
    }

    /// Tokens for a refresh token, and another refresh token in place of it.
    pub async fn redeem_refresh(&self, asked: Redemption<'_>) -> Result<Tokens, SignInError> {
        not_by_a_page(asked.app)?;
        let grant = self.use_grant(&asked, GrantKind::Refresh).await?;
        self.tokens(&asked, grant).await
    }

    pub(super) async fn use_grant(&self, asked: &Redemption<'_>, kind: GrantKind) -> Result<Grant, SignInError> {
        let now = self.clock.now();
        let used = self.store.grant_use(asked.tenant.key, &hash(asked.shown), now).await?;
        let used = used.filter(|used| used.grant.kind == kind && used.grant.app_id == asked.app.app_id);
        let used = used.ok_or(SignInError::Grant("it is not known, or of another client"))?;
        if !used.first {
            tracing::warn!(tenant = asked.tenant.id, client = asked.app.app_id, "a grant was shown twice");
            self.store.family_end(asked.tenant.key, &used.grant.family, now).await?;
            return Err(SignInError::Grant("it has been used before"));
        }
        if now >= used.grant.expires_at {
            return Err(SignInError::GrantExpired);
        }
        Ok(used.grant)
    }

    pub(super) async fn tokens(&self, asked: &Redemption<'_>, grant: Grant) -> Result<Tokens, SignInError> {
        let found = self.store.user_with_id(asked.tenant.key, &grant.user_id).await?;
        let Some((user, _)) = found.filter(|(user, _)| user.account_enabled) else {
            return Err(SignInError::Grant("the person may not sign in any more"));
        };
        let granted = self.scopes(asked.app, &grant.details.scope, asked.origin).ok_or(SignInError::Scope)?;
        let mut scopes = granted.clone();
        if let Some(wanted) = asked.scope {
            let wanted = self.scopes(asked.app, wanted, asked.origin).ok_or(SignInError::Scope)?;
            if wanted.permissions.iter().any(|name| !granted.permissions.contains(name)) {
                return Err(SignInError::Scope);
            }
            scopes.permissions = wanted.permissions;
        }
        let claims = self.person_claims(asked, &user, &scopes, &grant.family);
        let access_token = self.signing().sign(TokenType::Access, &claims).ok_or(SignInError::Signing)?;
        let id_token = if scopes.openid {
            let id = self.id_claims(asked, &user, grant.details.nonce.clone());
            Some(self.signing().sign(TokenType::Id, &id).ok_or(SignInError::Signing)?)
        } else {
            None
        };
        let refresh_token =
            if granted.offline_access { Some(self.refresh_token(asked.tenant, grant).await?) } else { None };
        Ok(Tokens { access_token, id_token, refresh_token, scope: scopes.text() })
    }
}

/// How long an access token lives that a person's client gets.
pub const PERSON_TOKEN_LIFETIME: Duration = TOKEN_LIFETIME;

/// That a client is not the one in the pages of this server, which anybody can name.
pub(super) fn not_by_a_page(app: &ServicePrincipal) -> Result<(), SignInError> {
    if app.app_id == SWAGGER_UI { Err(SignInError::Flow) } else { Ok(()) }
}

fn after(now: Timestamp, lifetime: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(i64::try_from(lifetime.as_micros()).unwrap_or_default()))
}

/// Whether a client may have people sent to this address: one that is registered, by the letter; the port of an address on
/// the person's own machine does not matter (RFC 8252 §7.3). What may not be registered is no such address, however it came
/// to be there.
pub fn may_redirect(app: &ServicePrincipal, uri: &str) -> bool {
    if app.app_id == SWAGGER_UI {
        return app.sign_in.redirect_uris.iter().any(|known| known == uri);
    }
    if !may_redirect_to(uri) {
        return false;
    }
    let portless = |uri: &str| {
        let rest = uri.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = authority.split_once(':').unwrap_or((authority, "1"));
        // Else a name and a password could stand where the port does, and another host after them.
        let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        (is_port && matches!(host, "localhost" | "127.0.0.1")).then(|| format!("http://{host}{path}"))
    };
    app.sign_in
        .redirect_uris
        .iter()
        .any(|known| known == uri || (portless(known).is_some() && portless(known) == portless(uri)))
}

fn swagger_ui(origin: &str, created_at: Timestamp) -> ServicePrincipal {
    ServicePrincipal {
        id: SWAGGER_UI.to_owned(),
        version: crate::model::record::RowVersion(1),
        app_id: SWAGGER_UI.to_owned(),
        display_name: "Swagger UI".to_owned(),
        account_enabled: true,
        roles: Vec::new(),
        sign_in: SignInSettings {
            redirect_uris: vec![format!("{origin}/swagger-ui/oauth2-redirect.html")],
            scopes: PERMISSIONS.iter().map(|permission| permission.name.to_owned()).collect(),
            public: true,
            certificates: Vec::new(),
        },
        created_at,
    }
}

/// What is kept of something that is shown.
pub(super) fn hash(shown: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, shown.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_goes_to_a_registered_address_by_the_letter() {
        let page = "http://localhost:8080/swagger-ui/oauth2-redirect.html";
        let mut app = swagger_ui("http://localhost:8080", Timestamp(0));
        assert!(may_redirect(&app, page) && !may_redirect(&app, &page.replace("8080", "8081")));
        app.app_id = "app".to_owned();
        app.sign_in.redirect_uris = vec![
            "https://app.example/cb".into(),
            "http://localhost/cb".into(),
            "javascript:alert(1)".into(),
            "http://intranet/cb".into(),
        ];
        for good in ["https://app.example/cb", "http://localhost/cb", "http://localhost:4711/cb"] {
            assert!(may_redirect(&app, good), "{good}");
        }
        for bad in [
            "",
            "https://app.example/cb/",
            "https://app.example/cb?x=y",
            "https://app.example:444/cb",
            "http://app.example/cb",
            "http://localhost:4711/",
            "http://127.0.0.1:4711/cb",
            "http://localhost.evil.example/cb",
            "http://localhost:1@evil.example/cb",
            "https://localhost/cb",
            "javascript:alert(1)",
            "http://intranet/cb",
        ] {
            assert!(!may_redirect(&app, bad), "{bad}");
        }
    }
}
