//! People, as the commands manage them and as they sign in.

use super::{
    Authority, ManageError, SignInError,
    applications::display_name,
    gate::{By, Try},
    issue::template_ids,
    remember::{Attempt, Visit, by_command},
    secrets,
};
use crate::{
    ids,
    model::{self, activity::target, audit::Entry, changeset::Changeset, password::Whose, record::Stored},
    store::{
        ClientSecret, CommitError, Constraint, Password, ServicePrincipal, Tenant, User,
        directory::{find, find_all},
    },
};

/// Nobody's name or password is longer.
const MAX_LENGTH: usize = 256;

/// Somebody who wants to sign in by a password.
pub struct PasswordSignIn<'a> {
    /// The tenant.
    pub tenant: &'a Tenant,
    /// The application through which.
    pub app: &'a ServicePrincipal,
    /// The name.
    pub upn: &'a str,
    /// The password.
    pub password: &'a str,
    /// The one to have from now on, if the person gives one.
    pub new_password: Option<&'a str>,
    /// On the way to what, as it is remembered.
    pub grant: &'static str,
    /// From where, and by which request.
    pub visit: Visit<'a>,
}

impl Authority {
    /// The people of a tenant, by name.
    pub async fn user_list(&self, tenant: &Tenant) -> Result<Vec<User>, ManageError> {
        Ok(self.store.users(tenant.key).await?)
    }

    /// Makes a person who can sign in. Without a password one is made up, which is shown this once.
    pub async fn user_create(
        &self,
        tenant: &Tenant,
        upn: &str,
        name: Option<&str>,
        directory_roles: &[String],
        password: Option<String>,
    ) -> Result<(User, Option<String>), ManageError> {
        let shown_name = display_name(name.unwrap_or(upn))?;
        let whose = Whose { user_principal_name: upn, display_name: &shown_name, ..Whose::default() };
        let (shown, password) = self.new_password(password, whose)?;
        let user = User {
            id: ids::new_id(),
            version: ids::new_row_version(),
            user_principal_name: user_principal_name(upn)?,
            display_name: shown_name,
            account_enabled: true,
            directory_roles: template_ids(directory_roles).map_err(|e| ManageError::DirectoryRole(e.to_string()))?,
            created_at: self.clock.now(),
        };
        let mut changes = Changeset::default().insert(user.record(Some(password)), user.version);
        changes.audit = self.of_user("Add user", "Add", &user);
        self.store.commit(tenant.key, changes).await.map_err(|error| match error {
            CommitError::Constraint(Constraint::Unique { .. }) => ManageError::UserTaken(upn.to_owned()),
            other => other.into(),
        })?;
        Ok((user, shown))
    }

    /// Changes a person's password. What was granted by the old one ends, tokens too.
    pub async fn user_set_password(
        &self,
        tenant: &Tenant,
        upn: &str,
        password: Option<String>,
    ) -> Result<(User, Option<String>), ManageError> {
        let (user, row) = self.user_find(tenant, upn).await?;
        let (shown, Password { hash, changed_at }) = self.new_password(password, (&row.record).into())?;
        let after = model::User {
            password_hash: Some(hash),
            last_password_change_date_time: Some(changed_at),
            force_change_password: None,
            ..row.record.clone()
        };
        let changes = Changeset::default().update(row, after, ids::new_row_version()).revoke(&user.id, changed_at);
        let audit = self.of_user("Change password of user", "Update", &user);
        self.store.commit(tenant.key, Changeset { audit, ..changes }).await?;
        Ok((user, shown))
    }

    /// Removes a person for good, whose tokens end on every server within seconds.
    pub async fn user_delete(&self, tenant: &Tenant, upn: &str) -> Result<User, ManageError> {
        let (user, row) = self.user_find(tenant, upn).await?;
        let mut changes = Changeset::default().delete(&row).revoke(&user.id, self.clock.now());
        let reports = find_all::<model::User>(&*self.store, tenant.key, model::User::MANAGER_ID, &user.id).await?;
        for report in reports.into_iter().filter(|report| report.record.id != user.id) {
            let after = model::User { manager_id: None, ..report.record.clone() };
            changes = changes.update(report, after, ids::new_row_version());
        }
        changes.audit = self.of_user("Delete user", "Delete", &user);
        self.store.commit(tenant.key, changes).await?;
        Ok(user)
    }

    async fn user_find(&self, tenant: &Tenant, upn: &str) -> Result<(User, Stored<model::User>), ManageError> {
        let found = find::<model::User>(&*self.store, tenant.key, model::User::UPN_KEY, &upn.to_lowercase()).await?;
        let row = found.ok_or_else(|| ManageError::NoUser(upn.to_owned()))?;
        Ok((User::read(row.clone())?.0, row))
    }

    fn of_user(&self, name: &str, operation: &'static str, user: &User) -> Vec<Entry> {
        let about = target(&user.id, Some(&user.user_principal_name), "user");
        vec![by_command(name, "UserManagement", operation, about, self.clock.now())]
    }

    fn new_password(&self, given: Option<String>, whose: Whose<'_>) -> Result<(Option<String>, Password), ManageError> {
        let check = |password: &str| self.options.passwords.check(password, whose);
        let (shown, plain) = if let Some(plain) = given {
            check(&plain).map_err(ManageError::Password)?;
            (None, plain)
        } else {
            // One of a thousand has no digit, say.
            let mut made = secrets::random()?;
            while check(&made).is_err() {
                made = secrets::random()?;
            }
            (Some(made.clone()), made)
        };
        Ok((shown, Password { hash: secrets::hash(&plain)?, changed_at: self.clock.now() }))
    }

    /// Who it is, if the password is right. Whether there is nobody of that name, or the password is wrong, or the person
    /// may not sign in, is not told.
    pub async fn sign_in(&self, asked: PasswordSignIn<'_>) -> Result<User, SignInError> {
        let upn: String = asked.upn.trim().chars().take(MAX_LENGTH).collect();
        let outcome = match self.authenticate_person(&asked, &upn).await {
            Ok(user) => self.with_new_password(&asked, user).await,
            Err(error) => Err(error),
        };
        let attempt = Attempt {
            app_id: Some(&asked.app.app_id),
            app_name: Some(&asked.app.display_name),
            user_name: Some(&upn),
            grant: asked.grant,
            interactive: true,
            visit: asked.visit,
            ..Attempt::default()
        };
        match outcome {
            Ok(user) => {
                let (id, name) = (Some(user.id.as_str()), Some(user.display_name.as_str()));
                self.remember(asked.tenant.key, Attempt { user_id: id, user_display_name: name, ..attempt }).await?;
                Ok(user)
            }
            Err(error) => {
                if let Some(code) = error.number() {
                    let reason = error.to_string();
                    self.note_failure(
                        (asked.tenant.key, &asked.tenant.id),
                        &Attempt { failure: Some((code, &reason)), ..attempt },
                    );
                }
                Err(error)
            }
        }
    }

    async fn authenticate_person(&self, asked: &PasswordSignIn<'_>, upn: &str) -> Result<User, SignInError> {
        if !asked.app.account_enabled {
            return Err(SignInError::Disabled);
        }
        let (tenant, now, who) = (asked.tenant.key, self.clock.now(), upn.to_lowercase());
        let one = Try { tenant: Some(tenant), by: By::Person(&who), address: asked.visit.address, now };
        let may_try = || self.gate.may_try(&one).map_err(SignInError::Slow);
        may_try()?;
        if asked.password.len() > 4 * MAX_LENGTH {
            self.gate.failed(&one);
            return Err(SignInError::Password);
        }
        let (user, password) = self.store.user_named(tenant, upn).await?.unzip();
        let kept = password.flatten().map(|Password { hash, changed_at }| ClientSecret {
            key_id: String::new(),
            hash,
            hint: String::new(),
            created_at: changed_at,
            expires_at: changed_at,
        });
        let whose = (tenant, self.gate.is_known(&one));
        let found = self.hashing.find(whose, asked.password.to_owned(), kept.into_iter().collect(), may_try).await;
        let found = found.map_err(|_| SignInError::Busy)??;
        match user.zip(found) {
            Some((user, _)) if user.account_enabled => {
                self.gate.succeeded(&one);
                Ok(user)
            }
            _ => {
                self.gate.failed(&one);
                Err(SignInError::Password)
            }
        }
    }
}

/// A user principal name: something, an at sign, and a domain.
fn user_principal_name(upn: &str) -> Result<String, ManageError> {
    let parts = upn.split_once('@').filter(|(name, domain)| !name.is_empty() && !domain.is_empty());
    let plain = upn.len() <= 113 && upn.bytes().all(|byte| byte.is_ascii_graphic());
    match parts {
        Some((_, domain)) if plain && !domain.contains('@') => Ok(upn.to_owned()),
        _ => Err(ManageError::UserName(upn.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_principal_name_has_a_name_and_a_domain() {
        assert!(user_principal_name("ada@contoso.example").is_ok());
        for bad in ["", "ada", "@x", "ada@", "a b@c", "a@b@c", &format!("{}@c", "a".repeat(113))] {
            assert!(user_principal_name(bad).is_err(), "{bad}");
        }
    }
}
