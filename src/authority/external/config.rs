//! Which issuers are believed and what their claims mean, as the operator writes it down.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jsonwebtoken::Algorithm;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value as Json;

/// An issuer of tokens other than this server: an OpenID provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Issuer {
    /// `iss` of its tokens, by the letter. `{tenantid}` in it stands for the value of the tenant's claim.
    pub issuer: String,
    /// Whom its tokens must be for: `aud` is, or holds, one of these.
    pub audiences: Vec<String>,
    /// Where its keys are. Without it, where its discovery document says.
    pub jwks_uri: Option<Url>,
    /// Where its discovery document is. Without it, below the issuer.
    pub discovery_uri: Option<Url>,
    /// What its tokens may be signed with.
    #[serde(default = "algorithms", deserialize_with = "signatures")]
    pub algorithms: Vec<Algorithm>,
    /// The tenant of the caller.
    pub tenant: TenantOf,
    /// Who calls.
    #[serde(default = "subject")]
    pub subject: Claim,
    /// Whether the subject is the id of an object in the tenant's directory. Without it a subject is somebody of this
    /// issuer, with an id that nobody else has.
    #[serde(default)]
    pub subject_is_object_id: bool,
    /// What the caller is called; the first claim that is there.
    #[serde(default = "name")]
    pub name: Vec<Claim>,
    /// The application that calls; the first claim that is there.
    #[serde(default = "client")]
    pub client: Vec<Claim>,
    /// What tells a token of an application that calls for itself. Without it, that there is no claim of scopes, and that
    /// the token names an application, has roles or `idtyp: app`, and says nothing of a person.
    pub application: Option<Sign>,
    /// The application permissions.
    #[serde(default = "roles")]
    pub roles: Names,
    /// The delegated permissions.
    #[serde(default = "scopes")]
    pub scopes: Names,
    /// The directory roles of a person, by their template ids or names.
    #[serde(default = "directory_roles")]
    pub directory_roles: Names,
}

/// The tenant of a caller.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum TenantOf {
    /// One for all: its id or one of its domain names.
    Fixed(String),
    /// What a claim says.
    Claimed(ClaimedTenant),
}

/// A tenant that a claim names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedTenant {
    /// The claim.
    pub claim: Claim,
    /// Which tenant, by id or domain name, a value means. Without it a value is the id or the domain name itself; with it
    /// other values mean none.
    pub map: Option<BTreeMap<String, String>>,
}

/// A claim with one value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// The claim,
    pub claim: Claim,
    /// and what it says.
    pub value: String,
}

/// Names that a claim lists: an array of texts, or one text with spaces between.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// The claim.
    pub claim: Claim,
    /// What a name means here. Without it, a name means itself; with it, other names mean nothing.
    pub map: Option<BTreeMap<String, Vec<String>>>,
}

/// Where a claim is: its name, or, if it begins with a slash, the way to it (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claim(String);

impl Claim {
    /// A claim by its name.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(super) fn of<'a>(&self, claims: &'a Json) -> Option<&'a Json> {
        if self.0.starts_with('/') { claims.pointer(&self.0) } else { claims.get(&self.0) }
    }

    /// The claim's text, if it is one and not empty.
    pub(super) fn text<'a>(&self, claims: &'a Json) -> Option<&'a str> {
        self.of(claims)?.as_str().filter(|text| !text.is_empty())
    }
}

/// An address that may be fetched from: over TLS, or on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri: http::Uri = text.parse().map_err(|_| format!("{text:?} is not a URL"))?;
        let local = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        match uri.scheme_str() {
            Some("https") => Ok(Self(text.to_owned())),
            Some("http") if local => Ok(Self(text.to_owned())),
            _ => Err(format!("{text:?} must begin with https:// (http:// is for this machine alone)")),
        }
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of the tenant in [`Issuer::issuer`].
pub(super) const TENANT: &str = "{tenantid}";

impl Issuer {
    /// Reads the issuers of a document in YAML (or JSON, which is YAML): a list.
    pub fn read_all(text: &str) -> Result<Vec<Self>, String> {
        let issuers: Vec<Self> = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        for (at, issuer) in issuers.iter().enumerate() {
            issuer.check().map_err(|reason| format!("issuer {}: {reason}", issuer.issuer))?;
            if issuers.iter().take(at).any(|other| other.issuer == issuer.issuer) {
                return Err(format!("issuer {} is there twice", issuer.issuer));
            }
        }
        Ok(issuers)
    }

    fn check(&self) -> Result<(), String> {
        if self.audiences.is_empty() || self.audiences.iter().any(String::is_empty) {
            return Err("'audiences' must name whom tokens are for".to_owned());
        }
        if self.issuer.contains(TENANT) {
            if !matches!(self.tenant, TenantOf::Claimed(_)) {
                return Err(format!("with {TENANT} in it, 'tenant' must name a claim"));
            }
            if self.jwks_uri.is_none() && self.discovery_uri.is_none() {
                return Err(format!("with {TENANT} in it, 'jwks-uri' or 'discovery-uri' is required"));
            }
        }
        self.discovery().map(drop)
    }

    /// Where the discovery document is (OpenID Connect Discovery 1.0, 4).
    pub(super) fn discovery(&self) -> Result<Url, String> {
        if let Some(url) = self.discovery_uri.as_ref().or(self.jwks_uri.as_ref()) {
            return Ok(url.clone());
        }
        format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/')).parse()
    }
}

fn algorithms() -> Vec<Algorithm> {
    vec![Algorithm::RS256]
}

/// Signatures with a public key: what is only shared with a secret would let its holder sign, too.
fn signatures<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Algorithm>, D::Error> {
    let algorithms = Vec::<Algorithm>::deserialize(deserializer)?;
    let shared = |a: &&Algorithm| matches!(a, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
    match algorithms.iter().find(shared) {
        Some(algorithm) => Err(de::Error::custom(format!("{algorithm:?} has no public key: name others"))),
        None if algorithms.is_empty() => Err(de::Error::custom("'algorithms' must name at least one")),
        None => Ok(algorithms),
    }
}

fn subject() -> Claim {
    Claim::named("sub")
}

fn name() -> Vec<Claim> {
    ["upn", "preferred_username", "email", "name", "app_displayname"].map(Claim::named).to_vec()
}

fn client() -> Vec<Claim> {
    ["appid", "azp", "client_id", "cid"].map(Claim::named).to_vec()
}

fn roles() -> Names {
    Names { claim: Claim::named("roles"), map: None }
}

fn scopes() -> Names {
    Names { claim: Claim::named("scp"), map: None }
}

fn directory_roles() -> Names {
    Names { claim: Claim::named("wids"), map: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
- issuer: https://sso.example/realms/contoso
  audiences: [cardea]
  tenant: contoso.example
  scopes: {claim: scope}
  roles:
    claim: /realm_access/roles
    map: {governors: [EntitlementManagement.ReadWrite.All]}
";

    fn fails(from: &str, to: &str) -> String {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD);
        Issuer::read_all(&text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_list_of_issuers_is_read() {
        let issuers = Issuer::read_all(GOOD).unwrap();
        let [issuer] = issuers.as_slice() else { panic!("{issuers:?}") };
        assert_eq!(issuer.algorithms, [Algorithm::RS256]);
        let discovery = issuer.discovery().unwrap();
        assert_eq!(discovery.as_str(), "https://sso.example/realms/contoso/.well-known/openid-configuration");
        assert_eq!(issuer.subject, Claim::named("sub"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, part) in [
            ("[cardea]", "[]", "'audiences'"),
            ("https://sso", "http://sso", "must begin with https://"),
            ("  tenant:", "  algorithms: [HS256]\n  tenant:", "HS256 has no public key"),
            ("  tenant:", "  algorithms: [none]\n  tenant:", "none"),
            ("  tenant:", "  audience: x\n  tenant:", "audience"),
            ("contoso\n", "{tenantid}\n", "must name a claim"),
            ("contoso.example", "{claim: tid}\n  issuers: 1", "issuers"),
        ] {
            let error = fails(from, to);
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
        assert!(Issuer::read_all(&format!("{GOOD}{GOOD}")).unwrap_err().contains("twice"));
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_the_way_to_it() {
        let claims = serde_json::json!({ "a": { "b": "x" }, "https://c/roles": "y", "e": "" });
        assert_eq!(Claim::named("/a/b").text(&claims), Some("x"));
        assert_eq!(Claim::named("https://c/roles").text(&claims), Some("y"));
        assert_eq!(Claim::named("e").text(&claims), None);
    }
}
