//! The rules of groups.

use super::{super::Occasion, Object, one_of, security_identifier, texts};
use crate::model::{Group, GroupInput, bind::Violation, record::Input, value::Timestamp};

/// The type of a group whose members a rule makes.
const DYNAMIC: &str = "DynamicMembership";
/// The type of a Microsoft 365 group.
const UNIFIED: &str = "Unified";

impl Group {
    /// Whether it is of this type.
    fn is_of_type(&self, ty: &str) -> bool {
        texts(&self.group_types).iter().any(|known| known == ty)
    }

    /// Whether a rule makes its members, so that nobody else does.
    pub fn is_dynamic(&self) -> bool {
        self.is_of_type(DYNAMIC)
    }

    /// Whether it is a Microsoft 365 group, in which there are people only.
    pub fn is_unified(&self) -> bool {
        self.is_of_type(UNIFIED)
    }
}

impl Object for Group {
    fn deleted_at(&mut self) -> &mut Option<Timestamp> {
        &mut self.deleted_at
    }

    fn derive(&mut self, _: &Occasion) {
        if self.security_identifier.is_none() {
            self.security_identifier = security_identifier(&self.id);
        }
        if self.is_dynamic() {
            self.membership_rule_processing_state.get_or_insert_with(|| "On".to_owned());
        }
    }

    fn check(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut wrong = |property: &str, message: &str| violations.push(Violation::new(property, message));
        let types = texts(&self.group_types);
        if let Some(unknown) = types.iter().find(|ty| ![DYNAMIC, UNIFIED].contains(&ty.as_str())) {
            wrong("groupTypes", &format!("'groupTypes' takes {UNIFIED} and {DYNAMIC}, not '{unknown}'."));
        }
        if self.is_unified() && !self.mail_enabled {
            wrong("mailEnabled", "'mailEnabled' must be true for a group of type Unified.");
        }
        if self.mail_enabled && !self.is_unified() {
            wrong("mailEnabled", "'mailEnabled' must be false for a group that is not of type Unified.");
        }
        if !self.mail_enabled && !self.security_enabled {
            wrong("securityEnabled", "'securityEnabled' must be true for a group that takes no mail.");
        }
        if self.is_dynamic() && self.membership_rule.as_deref().is_none_or(|rule| rule.trim().is_empty()) {
            wrong("membershipRule", "'membershipRule' is required for a group of type DynamicMembership.");
        }
        if !self.is_dynamic() && self.membership_rule.is_some() {
            wrong("membershipRule", "'membershipRule' goes with the type DynamicMembership: set 'groupTypes', too.");
        }
        if self.is_assignable_to_role == Some(true) && (self.is_dynamic() || !self.security_enabled) {
            wrong("isAssignableToRole", "'isAssignableToRole' is for security groups whose members no rule makes.");
        }
        if let Some(bad) = self.mail_nickname.chars().find(|c| !c.is_ascii() || " @()\\[]\";:<>,".contains(*c)) {
            wrong("mailNickname", &format!("'mailNickname' must not contain '{bad}'."));
        }
        let visibility = ["Private", "Public", "HiddenMembership"];
        violations.extend(one_of("visibility", self.visibility.as_deref(), &visibility));
        let state = self.membership_rule_processing_state.as_deref();
        violations.extend(one_of("membershipRuleProcessingState", state, &["On", "Paused"]));
        violations
    }

    fn check_change(&self, before: &Self) -> Vec<Violation> {
        let is_hidden = |group: &Self| group.visibility.as_deref() == Some("HiddenMembership");
        let assignable = |group: &Self| group.is_assignable_to_role == Some(true);
        let mut violations = Vec::new();
        if assignable(self) != assignable(before) {
            let message = "'isAssignableToRole' is set when the group is created, and cannot be changed.";
            violations.push(Violation::new("isAssignableToRole", message));
        }
        if is_hidden(self) != is_hidden(before) {
            let message =
                "'visibility' is set to HiddenMembership when the group is created, and cannot be changed then.";
            violations.push(Violation::new("visibility", message));
        }
        violations
    }
}

/// A group as a body describes one; `domain` is where mail to it is sent.
pub fn make(id: String, input: GroupInput, domain: &str, on: &Occasion) -> Group {
    let mut group = Group::default();
    input.apply_to(&mut group);
    group.id = id;
    group.created_at = on.now;
    group.renewed_date_time = Some(on.now);
    if group.mail_enabled {
        let mail = format!("{}@{domain}", group.mail_nickname);
        group.proxy_addresses = serde_json::json!([format!("SMTP:{mail}")]).to_string();
        group.mail = Some(mail);
        group.visibility.get_or_insert_with(|| "Public".to_owned());
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::RowVersion;

    fn violations(change: impl FnOnce(&mut Group)) -> Vec<String> {
        let mut group =
            Group { display_name: "G".into(), mail_nickname: "g".into(), security_enabled: true, ..Group::default() };
        change(&mut group);
        group.derive(&Occasion { by: None, now: Timestamp(0), version: RowVersion(0) });
        group.check().into_iter().map(|v| v.target).collect()
    }

    #[test]
    fn kinds_of_groups_are_told_apart() {
        assert!(violations(|_| {}).is_empty());
        let unified = |g: &mut Group| {
            g.group_types = "[\"Unified\"]".into();
            g.mail_enabled = true;
        };
        assert!(violations(unified).is_empty());
        assert_eq!(violations(|g| g.group_types = "[\"Unified\"]".into()), ["mailEnabled"]);
        assert_eq!(violations(|g| g.mail_enabled = true), ["mailEnabled"]);
        assert_eq!(violations(|g| g.security_enabled = false), ["securityEnabled"]);
        assert_eq!(violations(|g| g.group_types = "[\"Other\"]".into()), ["groupTypes"]);
    }

    #[test]
    fn a_rule_goes_with_its_type() {
        let dynamic = |g: &mut Group| g.group_types = "[\"DynamicMembership\"]".into();
        assert_eq!(violations(dynamic), ["membershipRule"]);
        assert_eq!(violations(|g| g.membership_rule = Some("x".into())), ["membershipRule"]);
        assert!(
            violations(|g| {
                dynamic(g);
                g.membership_rule = Some("user.department -eq \"x\"".into());
            })
            .is_empty()
        );
    }

    #[test]
    fn a_nickname_is_the_beginning_of_an_address() {
        for bad in ["a b", "a@b", "ä", "a,b"] {
            assert_eq!(violations(|g| g.mail_nickname = bad.into()), ["mailNickname"], "{bad}");
        }
    }
}
