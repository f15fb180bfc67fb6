//! What a token says, in Graph's words.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::{Unauthenticated, verified::Seconds};
use crate::authz::{DirectoryRoles, Kind, Permissions, Principal};

/// The claims of an access token. Those that are not optional must be there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Claims {
    /// Whom the token is for.
    pub aud: String,
    /// Who issued it.
    pub iss: String,
    /// When it was issued,
    pub iat: Seconds,
    /// from when it counts,
    pub nbf: Seconds,
    /// and until when.
    pub exp: Seconds,
    /// The caller's tenant.
    pub tid: String,
    /// The caller's object.
    pub oid: String,
    /// The caller, for whoever does not know objects.
    pub sub: String,
    /// The application, as tokens of version 1 name it,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// and as tokens of version 2 do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// The application's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_displayname: Option<String>,
    /// `app` or `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idtyp: Option<String>,
    /// Application permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Delegated permissions, with spaces between. A token has them if and only if it is for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    /// The user's principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The template ids of the user's directory roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wids: Option<Vec<String>>,
    /// The sign-in that the token came of, which all that came of it ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// This token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uti: Option<String>,
    /// The form of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ver: Option<String>,
}

impl Claims {
    /// Who the token says calls, provided that the token is believed.
    pub(super) fn into_principal(self) -> Result<Principal, Unauthenticated> {
        let marked = self.roles.is_some() || self.idtyp.as_deref() == Some(idtyp(Kind::Application));
        let (kind, permissions) = match &self.scp {
            Some(scopes) => (Kind::Delegated, Permissions::named(scopes.split(' '))),
            None if marked => (Kind::Application, Permissions::named(self.roles.iter().flatten().map(String::as_str))),
            None => return Err(Unauthenticated::Kind),
        };
        let consistent = match self.idtyp.as_deref() {
            None => true,
            Some(said) => said == idtyp(kind),
        };
        if !consistent || self.oid.is_empty() {
            return Err(Unauthenticated::Claims);
        }
        let app_id = self.appid.or(self.azp);
        let name = self.upn.or(self.name).or(self.app_displayname).or_else(|| app_id.clone());
        let directory_roles = DirectoryRoles::named(self.wids.iter().flatten().map(String::as_str));
        Ok(Principal { tenant_id: self.tid, oid: self.oid, name, app_id, kind, permissions, directory_roles })
    }
}

/// What `idtyp` says.
pub(super) const fn idtyp(kind: Kind) -> &'static str {
    match kind {
        Kind::Application => "app",
        Kind::Delegated => "user",
    }
}

/// The id of something that is known by name: the same name gives the same id, a UUID of version 8, and no other name
/// gives it.
pub(super) fn derived_id(name: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in name {
        context.update(&part.len().to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn createdby_is_the_best_name_there_is() {
        let name = |change: fn(&mut Claims)| {
            let mut claims =
                Claims { oid: "o".to_owned(), appid: Some("id".to_owned()), roles: Some(vec![]), ..Claims::default() };
            change(&mut claims);
            claims.into_principal().unwrap().name.unwrap()
        };
        assert_eq!(name(|_| {}), "id");
        assert_eq!(name(|c| c.app_displayname = Some("App".to_owned())), "App");
        let user = |c: &mut Claims| (c.upn, c.name) = (Some("a@x".to_owned()), Some("Ann".to_owned()));
        assert_eq!(name(user), "a@x");
    }

    #[test]
    fn roles_of_a_delegated_token_permit_nothing() {
        let roles = Some(vec![crate::authz::READ_ALL.to_owned()]);
        let claims = Claims { oid: "o".to_owned(), roles, ..Claims::default() };
        let application = claims.clone().into_principal().unwrap();
        assert!(application.permissions.has(crate::authz::READ_ALL));
        let delegated = Claims { scp: Some(String::new()), ..claims.clone() }.into_principal().unwrap();
        assert_eq!((delegated.kind, delegated.permissions), (Kind::Delegated, Permissions::default()));
        let contradiction = Claims { idtyp: Some("user".to_owned()), ..claims.clone() };
        assert_eq!(contradiction.into_principal(), Err(Unauthenticated::Claims));
        let neither = Claims { roles: None, ..claims };
        assert_eq!(neither.clone().into_principal(), Err(Unauthenticated::Kind), "for nobody and of no application");
        let marked = Claims { idtyp: Some("app".to_owned()), ..neither };
        assert_eq!(marked.into_principal().unwrap().kind, Kind::Application);
    }

    #[test]
    fn a_derived_id_depends_on_every_part() {
        let id = derived_id(&["ab", "c"]);
        assert_eq!(id, derived_id(&["ab", "c"]));
        assert_ne!(id, derived_id(&["a", "bc"]));
        assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 8);
    }
}
