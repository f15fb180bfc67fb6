//! What a password must be like, wherever one is set. Pure.

/// The fewest characters of a password.
const SHORTEST: usize = 8;
/// The most characters of a password.
const LONGEST: usize = 256;
/// The score is worked out of so many characters: longer texts take too long and get the best one anyway.
const SCORED: usize = 100;
/// A shorter name is in many words.
const SHORTEST_NAME: usize = 4;

/// What is asked of passwords beside Graph's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The least score of zxcvbn, 0 to 4, where 0 asks for none.
    pub min_score: u8,
}

impl Default for Policy {
    fn default() -> Self {
        Self { min_score: 2 }
    }
}

/// Whose password it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whose<'a> {
    /// The name to sign in by.
    pub user_principal_name: &'a str,
    /// The name that people see.
    pub display_name: &'a str,
    /// The address for mail.
    pub mail: &'a str,
    /// What holds for the person's passwords: `DisableStrongPassword` lifts the rule about kinds of characters.
    pub policies: &'a str,
}

impl<'a> From<&'a super::User> for Whose<'a> {
    fn from(user: &'a super::User) -> Self {
        Self {
            user_principal_name: &user.user_principal_name,
            display_name: &user.display_name,
            mail: user.mail.as_deref().unwrap_or_default(),
            policies: user.password_policies.as_deref().unwrap_or_default(),
        }
    }
}

impl Policy {
    /// Whether somebody may have this password.
    ///
    /// # Errors
    /// What is wrong with it, a sentence.
    pub fn check(self, password: &str, whose: Whose<'_>) -> Result<(), String> {
        let length = password.chars().count();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(format!("The password must have {SHORTEST} to {LONGEST} characters."));
        }
        if !whose.policies.contains("DisableStrongPassword") && kinds_of_characters(password) < 3 {
            return Err("The password must have characters of three of these kinds: small letters, capital letters, \
                        digits, others. Or set 'passwordPolicies' to 'DisableStrongPassword'."
                .to_owned());
        }
        let name = whose.user_principal_name.split('@').next().unwrap_or_default().to_lowercase();
        if name.chars().count() >= SHORTEST_NAME && password.to_lowercase().contains(&name) {
            return Err("The password must not contain the user name.".to_owned());
        }
        if score(password, whose) < self.min_score {
            return Err("The password is too easy to guess: use a longer one, or less common words.".to_owned());
        }
        Ok(())
    }
}

fn kinds_of_characters(password: &str) -> usize {
    let kinds: [fn(char) -> bool; 4] =
        [char::is_lowercase, char::is_uppercase, |c| c.is_ascii_digit(), |c| !c.is_alphanumeric()];
    kinds.iter().filter(|is| password.chars().any(**is)).count()
}

/// How hard a password is to guess for somebody who knows whose it is.
fn score(password: &str, whose: Whose<'_>) -> u8 {
    let scored: String = password.chars().take(SCORED).collect();
    let names = [whose.user_principal_name, whose.display_name, whose.mail];
    let parts = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
    let known: Vec<&str> = names.iter().copied().chain(parts).filter(|part| !part.is_empty()).collect();
    zxcvbn::zxcvbn(&scored, &known).score().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Whose<'_> = Whose {
        user_principal_name: "ada.lovelace@contoso.example",
        display_name: "Ada Lovelace",
        mail: "countess@contoso.example",
        policies: "",
    };

    #[test]
    fn a_password_is_long_and_of_several_kinds() {
        let policy = Policy::default();
        assert_eq!(policy.check("Correct horse 1", ADA), Ok(()));
        for weak in ["short1A", "small letters alone", "small1letters2and3digits"] {
            let lax = Whose { policies: "DisableStrongPassword", ..ADA };
            assert!(policy.check(weak, ADA).is_err(), "{weak}");
            assert_eq!(policy.check(weak, lax).is_ok(), weak.len() > 8, "{weak}");
        }
        assert!(policy.check(&"aB3 ".repeat(65), ADA).is_err());
    }

    #[test]
    fn a_password_is_not_what_everybody_guesses() {
        let policy = Policy::default();
        for easy in ["P@ssw0rd1!", "Password1", "Qwerty123!", "Summer2026", "Aaaaaaa1"] {
            assert!(policy.check(easy, ADA).is_err(), "{easy}");
            assert_eq!(Policy { min_score: 0 }.check(easy, ADA), Ok(()), "{easy}: none is asked for");
        }
        assert!(Policy { min_score: 4 }.check("Summer-2026", ADA).is_err());
    }

    #[test]
    fn the_names_of_a_person_make_no_password() {
        let (policy, nobody) = (Policy::default(), Whose::default());
        let message = policy.check("Ada.Lovelace1", ADA).unwrap_err();
        assert!(message.contains("must not contain the user name"), "{message}");
        assert_eq!(policy.check("Ada.Lovelace1-Babbage", nobody), Ok(()));
        assert!(score("Countess 1815", ADA) < score("Countess 1815", nobody));
    }

    #[test]
    fn the_longest_passwords_are_scored_at_once() {
        let began = std::time::Instant::now();
        for text in ["aB3$", "passwordA1", "qwertyQ1!", "1qaz2wsx3edcA!", "äÖ1 "] {
            let long: String = text.chars().cycle().take(LONGEST).collect();
            let _ = Policy::default().check(&long, ADA);
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(20));
    }
}
