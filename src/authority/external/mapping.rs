//! From an issuer's claims to who calls.

use serde_json::Value as Json;

use super::config::{Issuer, Names, TENANT, TenantOf};
use crate::{
    authority::{Unauthenticated, claims::derived_id, verified::Seconds},
    authz::{DirectoryRoles, Kind, Permissions, Principal},
};

impl Issuer {
    /// The tenant that a token is for, by id or domain name.
    pub(super) fn tenant_named<'a>(&'a self, claims: &'a Json) -> Result<&'a str, Unauthenticated> {
        match &self.tenant {
            TenantOf::Fixed(name) => Ok(name),
            TenantOf::Claimed(claimed) => {
                let said = claimed.claim.text(claims).ok_or(Unauthenticated::Claims)?;
                match &claimed.map {
                    None => Ok(said),
                    Some(map) => map.get(said).map(String::as_str).ok_or(Unauthenticated::Tenant),
                }
            }
        }
    }

    /// Whether a token that says to come from `iss` is this issuer's to vouch for.
    pub(super) fn is(&self, iss: &str, claims: &Json) -> bool {
        match (self.issuer.split_once(TENANT), &self.tenant) {
            (None, _) => self.issuer == iss,
            (Some((before, after)), TenantOf::Claimed(claimed)) => {
                let tenant = iss.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                tenant.is_some() && tenant == claimed.claim.text(claims)
            }
            (Some(_), TenantOf::Fixed(_)) => false,
        }
    }

    /// Whether a token is meant for us.
    pub(super) fn is_for_us(&self, claims: &Json) -> bool {
        let ours = |audience: &Json| audience.as_str().is_some_and(|text| self.audiences.iter().any(|a| a == text));
        match claims.get("aud") {
            Some(Json::Array(several)) => several.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        }
    }

    /// Who calls.
    pub(super) fn principal(&self, claims: &Json, tenant_id: &str) -> Result<Principal, Unauthenticated> {
        let first = |of: &[super::config::Claim]| of.iter().find_map(|claim| claim.text(claims)).map(str::to_owned);
        let kind = self.kind(claims).ok_or(Unauthenticated::Kind)?;
        let permissions = match kind {
            Kind::Application => self.roles.mean(claims),
            Kind::Delegated => self.scopes.mean(claims),
        };
        let app_id = first(&self.client);
        Ok(Principal {
            tenant_id: tenant_id.to_owned(),
            oid: self.object_id(claims).ok_or(Unauthenticated::Claims)?,
            name: first(&self.name).or_else(|| app_id.clone()),
            app_id,
            kind,
            permissions: Permissions::named(permissions),
            directory_roles: DirectoryRoles::named(self.directory_roles.mean(claims)),
        })
    }
}

impl Issuer {
    /// For whom an application calls. None: that is not told, so the token is none by which anybody calls.
    fn kind(&self, claims: &Json) -> Option<Kind> {
        let scopes = self.scopes.claim.of(claims).is_some();
        match &self.application {
            Some(sign) if sign.claim.text(claims) == Some(&sign.value) => Some(Kind::Application),
            None if !scopes => self.is_of_an_application(claims).then_some(Kind::Application),
            _ => scopes.then_some(Kind::Delegated),
        }
    }

    /// Whether a token without scopes is an application's own, and not that of a person who has roles, as ID tokens are.
    fn is_of_an_application(&self, claims: &Json) -> bool {
        let idtyp = claims.get("idtyp").and_then(Json::as_str);
        let marked = idtyp == Some("app") || (idtyp.is_none() && self.roles.claim.of(claims).is_some());
        let named = self.client.iter().any(|claim| claim.text(claims).is_some());
        marked && named && PERSONAL.iter().all(|claim| claims.get(*claim).is_none())
    }

    /// The id by which the caller is known here. Who has the same name elsewhere is somebody else.
    fn object_id(&self, claims: &Json) -> Option<String> {
        let subject = self.subject.text(claims)?;
        if self.subject_is_object_id {
            return Some(subject.to_owned());
        }
        let issuer = claims.get("iss").and_then(Json::as_str).unwrap_or(&self.issuer);
        Some(derived_id(&["subject", issuer, subject]))
    }
}

/// Claims that say something of a person.
const PERSONAL: [&str; 6] = ["auth_time", "email", "family_name", "given_name", "preferred_username", "upn"];
/// Claims that ID tokens have (OpenID Connect Core 1.0, 2 and 3.3.2.11), and access tokens have not.
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// Whether a token is an access token, by what its issuer says of it: in the header (RFC 9068 §2.1), or as Keycloak (`typ`)
/// and Cognito (`token_use`) do in claims; or else because nothing says that it is an ID token.
pub(super) fn is_access_token(by_header: bool, claims: &Json) -> bool {
    let said = |claim: &str| claims.get(claim).and_then(Json::as_str);
    match (said("typ"), said("token_use")) {
        (Some(typ), _) => typ.eq_ignore_ascii_case("Bearer") || typ.eq_ignore_ascii_case("at+jwt"),
        (None, Some(used)) => used == "access",
        (None, None) => by_header || OF_ID_TOKENS.iter().all(|claim| claims.get(*claim).is_none()),
    }
}

impl Names {
    /// What the claim's names mean here.
    fn mean<'a>(&'a self, claims: &'a Json) -> Vec<&'a str> {
        let said: Vec<&str> = match self.claim.of(claims) {
            Some(Json::String(text)) => text.split_ascii_whitespace().collect(),
            Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        match &self.map {
            None => said,
            Some(map) => said.iter().filter_map(|name| map.get(*name)).flatten().map(String::as_str).collect(),
        }
    }
}

/// A point in time of a token (RFC 7519, 2: seconds since 1970, perhaps with a fraction).
pub(super) fn time(claims: &Json, name: &str) -> Result<Option<Seconds>, Unauthenticated> {
    match claims.get(name) {
        None | Some(Json::Null) => Ok(None),
        #[expect(clippy::cast_possible_truncation, reason = "a float is cut to the nearest whole number there is")]
        Some(value) => {
            let whole = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as Seconds));
            whole.map(Some).ok_or(Unauthenticated::Claims)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::authz::{READ_ALL, READ_WRITE_ALL};

    fn issuer(more: &str) -> Issuer {
        let text = format!("[{{issuer: 'https://i.example/x', audiences: [us], {more}}}]");
        Issuer::read_all(&text).unwrap().remove(0)
    }

    fn permissions(issuer: &Issuer, claims: &Json) -> (Kind, Permissions) {
        let principal = issuer.principal(claims, "t").unwrap();
        (principal.kind, principal.permissions)
    }

    #[test]
    fn entra_s_claims_mean_what_they_say() {
        let issuer = issuer("tenant: {claim: tid}, subject: oid, subject-is-object-id: true");
        let claims = json!({ "tid": "t", "oid": "o", "sub": "s", "roles": [READ_ALL], "azp": "app" });
        assert_eq!(issuer.tenant_named(&claims), Ok("t"));
        assert_eq!(permissions(&issuer, &claims), (Kind::Application, Permissions::named([READ_ALL])));
        let principal = issuer.principal(&claims, "t").unwrap();
        assert_eq!((principal.oid.as_str(), principal.name.as_deref()), ("o", Some("app")));
        let claims = json!({ "oid": "o", "scp": format!("openid {READ_WRITE_ALL}"), "roles": [READ_ALL] });
        assert_eq!(permissions(&issuer, &claims), (Kind::Delegated, Permissions::named([READ_WRITE_ALL])));
    }

    #[test]
    fn names_are_mapped_and_others_mean_nothing() {
        let roles = format!("roles: {{claim: /realm_access/roles, map: {{governors: [{READ_WRITE_ALL}]}}}}");
        let issuer = issuer(&format!("tenant: contoso.example, {roles}"));
        let claims = json!({ "sub": "s", "azp": "a", "realm_access": { "roles": ["governors", READ_ALL] } });
        assert_eq!(permissions(&issuer, &claims), (Kind::Application, Permissions::named([READ_WRITE_ALL])));
        let none = json!({ "sub": "s", "azp": "a", "idtyp": "app" });
        assert_eq!(permissions(&issuer, &none).1, Permissions::default());
    }

    #[test]
    fn a_sign_tells_applications_from_persons() {
        let issuer =
            issuer("tenant: a.example, application: {claim: gty, value: client-credentials}, scopes: {claim: scope}");
        let claims = |gty: &str| json!({ "sub": "s", "scope": READ_ALL, "roles": [READ_WRITE_ALL], "gty": gty });
        assert_eq!(permissions(&issuer, &claims("client-credentials")).1, Permissions::named([READ_WRITE_ALL]));
        assert_eq!(permissions(&issuer, &claims("password")).1, Permissions::named([READ_ALL]));
        let nobody = json!({ "sub": "s", "roles": [READ_WRITE_ALL] });
        assert_eq!(issuer.principal(&nobody, "t"), Err(Unauthenticated::Kind), "neither the sign nor scopes");
    }

    #[test]
    fn what_has_no_scopes_must_be_an_applications_own() {
        let issuer = issuer("tenant: a.example");
        let good = json!({ "sub": "s", "azp": "a", "roles": [READ_ALL] });
        assert_eq!(issuer.principal(&good, "t").unwrap().kind, Kind::Application);
        for (name, value) in [
            ("azp", Json::Null),
            ("roles", Json::Null),
            ("idtyp", json!("user")),
            ("email", json!("ada@contoso.example")),
            ("preferred_username", json!("ada@contoso.example")),
        ] {
            let mut claims = good.clone();
            match value {
                Json::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value,
            }
            assert_eq!(issuer.principal(&claims, "t"), Err(Unauthenticated::Kind), "{claims}");
        }
    }

    #[test]
    fn a_subject_is_known_by_its_issuer_too() {
        let (one, claims) = (issuer("tenant: a.example"), json!({ "sub": "ada", "scp": "" }));
        let id = |issuer: &Issuer| issuer.principal(&claims, "t").unwrap().oid;
        let other = Issuer { issuer: "https://other.example".to_owned(), ..one.clone() };
        assert_eq!(id(&one), id(&one));
        assert_ne!(id(&one), id(&other));
        assert_ne!(id(&one), "ada");
        assert_eq!(id(&Issuer { subject_is_object_id: true, ..one }), "ada");
    }

    #[test]
    fn an_id_token_is_told_apart() {
        for (by_header, claims, is_one) in [
            (false, json!({}), true),
            (false, json!({ "nonce": "n" }), false),
            (false, json!({ "at_hash": "n" }), false),
            (true, json!({ "nonce": "n" }), true),
            (false, json!({ "typ": "Bearer", "nonce": "n" }), true),
            (true, json!({ "typ": "ID" }), false),
            (false, json!({ "typ": "Refresh" }), false),
            (false, json!({ "token_use": "access" }), true),
            (false, json!({ "token_use": "id" }), false),
        ] {
            assert_eq!(is_access_token(by_header, &claims), is_one, "{claims}");
        }
    }

    #[test]
    fn a_tenant_that_is_not_mapped_is_unknown() {
        let issuer = issuer("tenant: {claim: org, map: {a: contoso.example}}");
        assert_eq!(issuer.tenant_named(&json!({ "org": "a" })), Ok("contoso.example"));
        assert_eq!(issuer.tenant_named(&json!({ "org": "b" })), Err(Unauthenticated::Tenant));
        assert_eq!(issuer.tenant_named(&json!({ "org": 1 })), Err(Unauthenticated::Claims));
    }

    #[test]
    fn a_subject_must_be_there() {
        let issuer = issuer("tenant: a.example");
        for mut claims in [json!({}), json!({ "sub": "" }), json!({ "sub": 1 })] {
            claims["scp"] = json!("");
            assert_eq!(issuer.principal(&claims, "t"), Err(Unauthenticated::Claims), "{claims}");
        }
    }

    #[test]
    fn an_issuer_of_many_tenants_vouches_for_the_one_it_names() {
        let text = "[{issuer: 'https://login.example/{tenantid}/v2.0', jwks-uri: 'https://login.example/keys', \
                    audiences: [us], tenant: {claim: tid}}]";
        let issuer = Issuer::read_all(text).unwrap().remove(0);
        let claims = json!({ "tid": "a" });
        assert!(issuer.is("https://login.example/a/v2.0", &claims));
        for iss in ["https://login.example/b/v2.0", "https://login.example/a/v1.0", "https://login.example//v2.0", ""] {
            assert!(!issuer.is(iss, &claims), "{iss}");
        }
        assert!(!issuer.is("https://login.example//v2.0", &json!({ "tid": "" })));
    }

    #[test]
    fn times_are_numbers() {
        assert_eq!(time(&json!({ "exp": 12 }), "exp"), Ok(Some(12)));
        assert_eq!(time(&json!({ "exp": 12.9 }), "exp"), Ok(Some(12)));
        assert_eq!(time(&json!({}), "exp"), Ok(None));
        assert_eq!(time(&json!({ "exp": "12" }), "exp"), Err(Unauthenticated::Claims));
    }
}
