//! The rules of people.

use serde_json::Value as Json;

use super::{super::Occasion, Object, Refusal, one_of, security_identifier};
use crate::model::{User, UserInput, bind::Violation, record::Input, value::Timestamp};

/// The fewest characters of a password.
const SHORTEST_PASSWORD: usize = 8;
/// The most characters of a password.
const LONGEST_PASSWORD: usize = 256;

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
/// It is too simple, or it is missing where it must be given.
pub fn password(input: &UserInput, create: bool) -> Result<Option<String>, Refusal> {
    let refuse = |property: &str, message: String| Err(Refusal::Invalid(vec![Violation::new(property, message)]));
    let profile: Option<Json> =
        input.password_profile.clone().flatten().and_then(|profile| serde_json::from_str(&profile).ok());
    let given = profile.as_ref().and_then(|profile| profile["password"].as_str());
    let guest = matches!(&input.user_type, Some(Some(kind)) if kind == "Guest");
    let Some(password) = given else {
        if create && !guest {
            return refuse("passwordProfile", "'passwordProfile' with a 'password' is required.".to_owned());
        }
        return Ok(None);
    };
    let length = password.chars().count();
    if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        let message = format!("The password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.");
        return refuse("passwordProfile/password", message);
    }
    let weak = matches!(&input.password_policies, Some(Some(policies)) if policies.contains("DisableStrongPassword"));
    if !weak && kinds_of_characters(password) < 3 {
        let message = "The password must have characters of three of these kinds: small letters, capital letters, \
                       digits, others. Or set 'passwordPolicies' to 'DisableStrongPassword'.";
        return refuse("passwordProfile/password", message.to_owned());
    }
    Ok(Some(password.to_owned()))
}

fn kinds_of_characters(password: &str) -> usize {
    let kinds: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, |c| c.is_ascii_digit(), |c| !c.is_alphanumeric()];
    kinds.iter().filter(|is| password.chars().any(**is)).count()
}

/// A person as a body describes one; `hash` is that of the password.
pub fn make(id: String, input: UserInput, hash: Option<String>, on: &Occasion) -> User {
    let mut user = User::default();
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
    fn a_password_is_long_and_of_several_kinds() {
        let input = |password: &str| UserInput {
            password_profile: Some(Some(serde_json::json!({ "password": password }).to_string())),
            ..UserInput::default()
        };
        assert_eq!(password(&input("Abcdef12"), true).unwrap().as_deref(), Some("Abcdef12"));
        for weak in ["short1A", "alllowercase", "lower1234", ""] {
            assert!(password(&input(weak), true).is_err(), "{weak}");
        }
        let lax = UserInput { password_policies: Some(Some("DisableStrongPassword".into())), ..input("alllowercase") };
        assert!(password(&lax, true).is_ok());
        assert!(password(&UserInput::default(), true).is_err());
        assert_eq!(password(&UserInput::default(), false), Ok(None));
    }
}
