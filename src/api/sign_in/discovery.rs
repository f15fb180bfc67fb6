//! What a client asks before it signs in: where the endpoints are, and what tokens are signed with.

use axum::response::Response;
use serde_json::{Value as Json, json};

use super::{
    Asked, Named, public,
    refusal::{Kind, Refusal},
};

/// The provider's metadata, which `/.well-known/openid-configuration` names.
pub(super) async fn configuration(asked: Asked) -> Response {
    let outcome = asked.tenant().await.map(|tenant| public(&describe(&asked, &tenant)));
    asked.answer(outcome)
}

fn describe(asked: &Asked, tenant: &Named) -> Json {
    let origin = &asked.origin;
    // Whoever asks for any tenant learns the issuer's form; Entra spells the place of the id so.
    let issuer_tenant = match tenant {
        Named::One(tenant) => &tenant.id,
        Named::Any => "{tenantid}",
    };
    let base = match tenant {
        Named::One(tenant) => format!("{origin}/{}", tenant.id),
        Named::Any => format!("{origin}/{}", asked.tenant.to_ascii_lowercase()),
    };
    json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic", "none"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", super::token::DEVICE_CODE],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": asked.api.authority.options().issuer(issuer_tenant, Some(origin)),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nbf", "tid", "oid", "azp", "appid", "roles", "ver"],
        "tenant_region_scope": null,
        "cloud_instance_name": host(origin),
        "cloud_graph_host_name": host(origin),
        "msgraph_host": host(origin),
    })
}

/// The public halves of the signing keys, as a JSON web key set (RFC 7517).
pub(super) async fn keys(asked: Asked) -> Response {
    let outcome = key_set(&asked).await;
    asked.answer(outcome)
}

async fn key_set(asked: &Asked) -> Result<Response, Refusal> {
    asked.tenant().await?;
    let keys = asked.api.authority.public_keys().await.map_err(|error| Refusal::store(&error))?;
    let key = |key: &crate::authority::PublicKey| json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid, "n": key.n, "e": key.e });
    Ok(public(&json!({ "keys": keys.iter().map(key).collect::<Vec<_>>() })))
}

/// Which authorities there are: this one. Microsoft's libraries ask it whether they may trust an authority.
pub(super) async fn instance(asked: Asked) -> Response {
    let outcome = instance_of(&asked);
    asked.answer(outcome)
}

fn instance_of(asked: &Asked) -> Result<Response, Refusal> {
    let endpoint = asked.query("authorization_endpoint").filter(|given| !given.is_empty());
    let endpoint = endpoint.ok_or_else(|| Refusal::missing("authorization_endpoint"))?;
    let unknown = || Refusal::new(Kind::UnknownInstance, "Unknown or invalid instance.");
    let (scheme, rest) = endpoint.split_once("://").ok_or_else(unknown)?;
    let (authority, path) = rest.split_once('/').ok_or_else(unknown)?;
    let tenant = path.split('/').next().unwrap_or_default();
    let ours = host(&asked.origin);
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !matches!(scheme, "https" | "http") || !authority.eq_ignore_ascii_case(ours) || !tenant.bytes().all(harmless) {
        return Err(unknown());
    }
    let version = asked.query("api-version").unwrap_or_default();
    let version = if version == "1.0" { "1.0" } else { "1.1" };
    Ok(public(&json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", asked.origin),
        "api-version": version,
        "metadata": [{ "preferred_network": ours, "preferred_cache": ours, "aliases": [ours] }],
    })))
}

/// The cloud metadata document: by it the Terraform provider and other tools learn a whole cloud from one address.
pub(super) async fn cloud(asked: Asked) -> Response {
    let origin = &asked.origin;
    let document = json!({
        "name": "cardea",
        "portal": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [origin],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": origin,
        "microsoftGraphResourceId": origin,
        "suffixes": {},
    });
    // Before 2022 the document was a list with an entry for each cloud.
    let version = asked.query("api-version").unwrap_or_default();
    let listed = ["2018", "2019", "2020"].iter().any(|year| version.starts_with(year));
    public(&if listed { json!([document]) } else { document })
}

/// Host and port of an origin.
fn host(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
