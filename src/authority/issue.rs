//! Issuing tokens.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    Authority, PERSON_TOKEN_LIFETIME, Redemption, Scopes,
    claims::{Claims, derived_id, idtyp},
    keys::TokenType,
};
use crate::{
    authz::{DIRECTORY_ROLES, DirectoryRole, Kind},
    ids,
    store::{self, ServicePrincipal, User},
};

/// The longest that a token may live.
pub const MAX_LIFETIME: Duration = Duration::from_hours(24);

/// The name of the application that `cardea token` is.
const APPLICATION: &str = "cardea token";

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The tenant's id; none is the default tenant.
    pub tenant: Option<String>,
    /// For whom.
    pub subject: Subject,
    /// For how long, from one second to [`MAX_LIFETIME`].
    pub lifetime: Duration,
}

/// For whom a token is.
#[derive(Clone, Debug)]
pub enum Subject {
    /// For an application that calls for itself.
    Application {
        /// Its application permissions.
        roles: Vec<String>,
    },
    /// For an application that calls for a user.
    User {
        /// The user principal name.
        upn: String,
        /// The delegated permissions.
        scopes: Vec<String>,
        /// The directory roles, by name or template id.
        directory_roles: Vec<String>,
    },
}

/// A token was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// There is no such tenant.
    #[error("there is no tenant {0:?}")]
    Tenant(String),
    /// A token cannot live that long, or that short.
    #[error("a token lives from 1 second to {} hours", MAX_LIFETIME.as_secs() / 3600)]
    Lifetime,
    /// A permission's name cannot be written into a token.
    #[error("{0:?} is not the name of a permission: it has 1 to 128 characters of ASCII without spaces")]
    Permission(String),
    /// There is no such directory role.
    #[error("{0:?} is not a directory role that means something here: there are {names}", names = directory_role_names())]
    DirectoryRole(String),
    /// A user's name cannot be one.
    #[error(
        "{0:?} is not a user principal name: it has 1 to 256 characters, none of them a space or control character"
    )]
    User(String),
    /// Signing failed.
    #[error("the token could not be signed")]
    Signing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A token for an application that has signed in.
pub(super) struct TokenFor<'a> {
    pub tenant_id: &'a str,
    pub principal: &'a ServicePrincipal,
    /// For whom the token is.
    pub audience: String,
    /// Scheme and authority at which it was asked for.
    pub origin: &'a str,
    pub lifetime: Duration,
}

impl Authority {
    /// Issues a token. The application and the user of a token need not exist; the same name is the same object.
    pub async fn issue(&self, request: &TokenRequest) -> Result<String, IssueError> {
        let tenant = request.tenant.as_deref().unwrap_or(&self.default_tenant.id);
        let mut claims = self.claims(tenant, request)?;
        let Some(key) = self.tenant(tenant).await? else {
            return Err(IssueError::Tenant(tenant.to_owned()));
        };
        if let Subject::User { upn, .. } = &request.subject
            && let Some((user, _)) = self.store.user_named(key, upn).await?
        {
            claims.oid.clone_from(&user.id);
            claims.sub = user.id;
        }
        self.signing().sign(TokenType::Access, &claims).ok_or(IssueError::Signing)
    }

    fn claims(&self, tenant: &str, request: &TokenRequest) -> Result<Claims, IssueError> {
        if request.lifetime < Duration::from_secs(1) || request.lifetime > MAX_LIFETIME {
            return Err(IssueError::Lifetime);
        }
        let app_id = derived_id(&["application", tenant, APPLICATION]);
        let common = Claims {
            aud: self.options.audiences.first().cloned().unwrap_or_default(),
            iss: self.options.issuer(tenant, None),
            appid: Some(app_id.clone()),
            azp: Some(app_id),
            app_displayname: Some(APPLICATION.to_owned()),
            ..self.fresh(tenant, request.lifetime)
        };
        Ok(match &request.subject {
            Subject::Application { roles } => {
                let oid = derived_id(&["service principal", tenant, APPLICATION]);
                Claims {
                    sub: oid.clone(),
                    oid,
                    idtyp: Some(idtyp(Kind::Application).to_owned()),
                    roles: Some(permissions(roles)?.to_vec()),
                    ..common
                }
            }
            Subject::User { upn, scopes, directory_roles } => {
                let oid = derived_id(&["user", tenant, &user(upn)?.to_lowercase()]);
                Claims {
                    sub: oid.clone(),
                    oid,
                    idtyp: Some(idtyp(Kind::Delegated).to_owned()),
                    scp: Some(permissions(scopes)?.join(" ")),
                    wids: Some(template_ids(directory_roles)?),
                    upn: Some(upn.clone()),
                    name: Some(upn.clone()),
                    ..common
                }
            }
        })
    }

    /// What the token of an application says that has signed in.
    pub(super) fn application_claims(&self, token: &TokenFor<'_>) -> Claims {
        let principal = token.principal;
        Claims {
            aud: token.audience.clone(),
            iss: self.options.issuer(token.tenant_id, Some(token.origin)),
            oid: principal.id.clone(),
            sub: principal.id.clone(),
            appid: Some(principal.app_id.clone()),
            azp: Some(principal.app_id.clone()),
            app_displayname: Some(principal.display_name.clone()),
            idtyp: Some(idtyp(Kind::Application).to_owned()),
            roles: Some(principal.roles.clone()),
            ..self.fresh(token.tenant_id, token.lifetime)
        }
    }

    /// What the token of a person says whose client shows a code or a refresh token.
    pub(super) fn person_claims(&self, asked: &Redemption<'_>, user: &User, scopes: &Scopes, family: &str) -> Claims {
        Claims {
            aud: scopes.audience.clone(),
            iss: self.options.issuer(&asked.tenant.id, Some(asked.origin)),
            oid: user.id.clone(),
            sub: user.id.clone(),
            appid: Some(asked.app.app_id.clone()),
            azp: Some(asked.app.app_id.clone()),
            app_displayname: Some(asked.app.display_name.clone()),
            idtyp: Some(idtyp(Kind::Delegated).to_owned()),
            scp: Some(scopes.permissions.join(" ")),
            upn: Some(user.user_principal_name.clone()),
            name: Some(user.display_name.clone()),
            wids: Some(user.directory_roles.clone()),
            sid: Some(family.to_owned()),
            ..self.fresh(&asked.tenant.id, PERSON_TOKEN_LIFETIME)
        }
    }

    /// What a client learns of a person who has signed in (OpenID Connect Core 1.0, 2).
    pub(super) fn id_claims(&self, asked: &Redemption<'_>, user: &User, nonce: Option<String>) -> Json {
        let now = self.now();
        let lifetime = i64::try_from(PERSON_TOKEN_LIFETIME.as_secs()).unwrap_or_default();
        let mut claims = json!({
            "aud": asked.app.app_id, "iss": self.options.issuer(&asked.tenant.id, Some(asked.origin)),
            "iat": now, "nbf": now, "exp": now.saturating_add(lifetime), "sub": user.id, "oid": user.id,
            "tid": asked.tenant.id, "preferred_username": user.user_principal_name, "name": user.display_name,
            "uti": ids::new_id(), "ver": "2.0",
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        claims
    }

    /// What every token says: a tenant, a time, and which token it is.
    fn fresh(&self, tenant_id: &str, lifetime: Duration) -> Claims {
        let now = self.now();
        Claims {
            iat: now,
            nbf: now,
            exp: now.saturating_add(i64::try_from(lifetime.as_secs()).unwrap_or_default()),
            tid: tenant_id.to_owned(),
            uti: Some(ids::new_id()),
            ver: Some("2.0".to_owned()),
            ..Claims::default()
        }
    }
}

/// The template ids of directory roles.
pub(super) fn template_ids(names: &[String]) -> Result<Vec<String>, IssueError> {
    let id = |name: &String| DirectoryRole::named(name).map(|role| role.id.to_owned());
    names.iter().map(|name| id(name).ok_or_else(|| IssueError::DirectoryRole(name.clone()))).collect()
}

fn directory_role_names() -> String {
    DIRECTORY_ROLES.iter().map(|role| role.name).collect::<Vec<_>>().join(", ")
}

fn permissions(names: &[String]) -> Result<&[String], IssueError> {
    permission_names(names).map_err(|name| IssueError::Permission(name.to_owned()))
}

/// The names, if all of them can be written into a token; else the first that cannot.
pub(super) fn permission_names(names: &[String]) -> Result<&[String], &str> {
    let good = |name: &String| (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    names.iter().find(|name| !good(name)).map_or(Ok(names), |name| Err(name))
}

fn user(upn: &str) -> Result<&str, IssueError> {
    let good =
        !upn.is_empty() && upn.chars().count() <= 256 && !upn.chars().any(|c| c.is_control() || c.is_whitespace());
    if good { Ok(upn) } else { Err(IssueError::User(upn.to_owned())) }
}
