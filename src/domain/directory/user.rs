//! The rules of people.

use serde_json::Value as Json;

use super::{super::Occasion, Object, Refusal, one_of, security_identifier};
use crate::model::{User, UserInput, bind::Violation, password::Policy, record::Input, value::Timestamp};

impl Object for User {
    fn deleted_at(&mut self) -> &mut Option<Timestamp> {
        &mut self.deleted_at
    }

    fn derive(&mut self, _: &Occasion) {
        self.upn_key = self.user_principal_name.to_lowercase();
        let local = self.user_principal_name.split('@').next().unwrap_or_default();
        let nickname: String = local.chars().take(64).collect();
        self.mail_nickname.get_or_insert(nickname);
        self.user_type.get_or_insert_with(|| "Member".to_owned());
        if self.security_identifier.is_none() {
            self.security_identifier = security_identifier(&self.id);
        }
        if let Some(location) = &mut self.usage_location {
            location.make_ascii_uppercase();
        }
    }

    fn loses_tokens(&self, after: &Self) -> bool {
        let sessions = |user: &Self| user.sign_in_sessions_valid_from_date_time;
        (self.account_enabled && !after.account_enabled)
            || self.deleted_at != after.deleted_at
            || self.password_hash != after.password_hash
            || sessions(self) != sessions(after)
    }

    fn check(&self) -> Vec<Violation> {
        let name = check_name(&self.user_principal_name).err();
        let country = self
            .usage_location
            .as_deref()
            .filter(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()));
        let country = country.map(|code| {
            let message = format!("'usageLocation' must be two letters, as ISO 3166 has them, not '{code}'.");
            Violation::new("usageLocation", message)
        });
        let kind = one_of("userType", self.user_type.as_deref(), &["Member", "Guest"]);
        [name, country, kind].into_iter().flatten().collect()
    }
}

/// What is wrong with a user principal name, if anything.
fn check_name(name: &str) -> Result<(), Violation> {
    let wrong = |why: &str| {
        let message = format!("'userPrincipalName' must look like 'somebody@contoso.example': {why}.");
        Err(Violation::new("userPrincipalName", message))
    };
    let Some((local, domain)) = name.rsplit_once('@') else { return wrong("it has no '@'") };
    if local.is_empty() || local.contains('@') {
        return wrong("there must be a name before a single '@'");
    }
    if local.starts_with('.') || local.ends_with('.') {
        return wrong("the name before the '@' must not begin or end with a dot");
    }
    if let Some(bad) = local.chars().find(|c| c.is_whitespace() || "\\/\"[]:;|=,<>?*%&()".contains(*c)) {
        return wrong(&format!("the name before the '@' must not contain '{bad}'"));
    }
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if !domain.split('.').all(label) {
        return wrong("what follows the '@' must be the name of a domain");
    }
    Ok(())
}

/// The password that a body gives, if it gives one.
///
/// # Errors
/// It is missing where it must be given.
pub fn password(input: &UserInput, create: bool) -> Result<Option<String>, Refusal> {
    let given = profile(input)["password"].as_str().map(str::to_owned);
    let guest = matches!(&input.user_type, Some(Some(kind)) if kind == "Guest");
    if given.is_none() && create && !guest {
        let message = "'passwordProfile' with a 'password' is required.";
        return Err(Refusal::Invalid(vec![Violation::new("passwordProfile", message)]));
    }
    Ok(given)
}

/// Whether a person may have a password.
///
/// # Errors
/// It is too simple.
pub fn check_password(password: &str, user: &User, policy: Policy) -> Result<(), Refusal> {
    let refused = |message| Refusal::Invalid(vec![Violation::new("passwordProfile/password", message)]);
    policy.check(password, user.into()).map_err(refused)
}

/// Whether a body says that the password must be changed at the next sign-in. A second factor, which one of the two
/// properties asks for, is not had here.
pub fn forces_change(input: &UserInput) -> Option<bool> {
    let profile = profile(input);
    let said = ["forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa"];
    said.iter().filter_map(|name| profile[*name].as_bool()).reduce(|one, other| one || other)
}

fn profile(input: &UserInput) -> Json {
    let given = input.password_profile.as_ref().and_then(Option::as_ref);
    given.and_then(|profile| serde_json::from_str(profile).ok()).unwrap_or_default()
}

/// A person as a body describes one; `hash` is that of the password.
pub fn make(id: String, input: UserInput, hash: Option<String>, on: &Occasion) -> User {
    let mut user = User { force_change_password: forces_change(&input), ..User::default() };
    input.apply_to(&mut user);
    user.id = id;
    user.created_at = on.now;
    user.sign_in_sessions_valid_from_date_time = Some(on.now);
    set_password(&mut user, hash, on);
    user
}

/// Gives a person a password.
pub fn set_password(user: &mut User, hash: Option<String>, on: &Occasion) {
    if let Some(hash) = hash {
        user.password_hash = Some(hash);
        user.last_password_change_date_time = Some(on.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_to_sign_in_by_is_like_an_address() {
        for name in
            ["ada@contoso.example", "a.b-c_d'e+f@x.y", "grüß@straße.de", "guest_mail.example#EXT#@contoso.example"]
        {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "ada", "@x.y", "a@", "a@b@c.d", ".a@b.c", "a.@b.c", "a b@c.d", "a@b..c", "a@-b.c", "a/b@c.d"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_profile_says_the_password_and_whether_to_change_it() {
        let input = |profile: serde_json::Value| UserInput {
            password_profile: Some(Some(profile.to_string())),
            ..UserInput::default()
        };
        let given = input(serde_json::json!({ "password": "Abcdef12" }));
        assert_eq!((password(&given, true).unwrap().as_deref(), forces_change(&given)), (Some("Abcdef12"), None));
        assert!(password(&UserInput::default(), true).is_err());
        assert_eq!(password(&UserInput::default(), false), Ok(None));
        for (first, second, forced) in [
            (Some(true), None, true),
            (None, Some(true), true),
            (Some(false), Some(true), true),
            (Some(false), None, false),
        ] {
            let profile = serde_json::json!({
                "forceChangePasswordNextSignIn": first, "forceChangePasswordNextSignInWithMfa": second,
            });
            assert_eq!(forces_change(&input(profile)), Some(forced), "{first:?} {second:?}");
        }
    }
}
