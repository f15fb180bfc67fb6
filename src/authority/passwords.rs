//! People who change their own passwords: because they want to, or because they must before anything is granted to them.

use super::{Authority, PasswordSignIn, SignInError, Visit, remember::by_person};
use crate::{
    ids,
    model::{self, activity::target, changeset::Changeset, meta::ID, record::Stored, value::Timestamp},
    store::{ServicePrincipal, SignInSettings, User, directory::find},
};

/// How a change outside of the sign-in page is remembered.
const GRANT: &str = "change_password";
/// Tokens tell the second in which they were issued: those of this one may have been issued after the change.
const SECOND: i64 = 1_000_000;

/// Somebody who wants another password.
pub struct PasswordChange<'a> {
    /// The id of the tenant.
    pub tenant_id: &'a str,
    /// The name of the person.
    pub upn: &'a str,
    /// The application through which.
    pub app_id: Option<&'a str>,
    /// The password.
    pub current: &'a str,
    /// The one to have from now on.
    pub new: &'a str,
    /// From where, and by which request.
    pub visit: Visit<'a>,
}

impl Authority {
    /// Changes the password of somebody who knows the current one; a wrong one counts as a failed sign-in. What was granted
    /// so far ends.
    pub async fn change_password(&self, change: PasswordChange<'_>) -> Result<(), SignInError> {
        let PasswordChange { tenant_id, upn, app_id, current, new, visit } = change;
        let tenant = self.tenant_named(tenant_id).await?.ok_or(SignInError::Password)?;
        let app = through(app_id.unwrap_or_default(), tenant.created_at);
        let (password, new_password) = (current, Some(new));
        let asked = PasswordSignIn { tenant: &tenant, app: &app, upn, password, new_password, grant: GRANT, visit };
        self.sign_in(asked).await.map(drop)
    }

    /// Gives a person who has just signed in the new password, if there is one; else sees that none is due.
    pub(super) async fn with_new_password(&self, asked: &PasswordSignIn<'_>, user: User) -> Result<User, SignInError> {
        let row: Option<Stored<model::User>> = find(&*self.store, asked.tenant.key, ID, &user.id).await?;
        let row = row.ok_or(SignInError::Password)?;
        let Some(new) = asked.new_password else {
            let due = row.record.force_change_password == Some(true);
            return if due { Err(SignInError::MustChangePassword) } else { Ok(user) };
        };
        // Nobody has changed it since the current one was found to be right.
        if row.version != user.version {
            return Err(SignInError::Busy);
        }
        if new == asked.password {
            return Err(SignInError::NewPassword("It is the current one: choose another.".to_owned()));
        }
        self.options.passwords.check(new, (&row.record).into()).map_err(SignInError::NewPassword)?;
        let hash = self.hash(asked.tenant.key, new.to_owned()).await.map_err(|_| SignInError::Busy)?;
        let now = self.clock.now();
        let after = model::User {
            password_hash: Some(hash),
            last_password_change_date_time: Some(now),
            force_change_password: None,
            ..row.record.clone()
        };
        // A client that is about to get a token gets it in this second, perhaps.
        let until = if asked.grant == GRANT { now } else { Timestamp(now.0 - SECOND) };
        let version = ids::new_row_version();
        let changes = Changeset::default().update(row, after, version).revoke(&user.id, until);
        let about = target(&user.id, Some(&user.user_principal_name), "user");
        let audit = vec![by_person("Change password (self-service)", &user, about, asked, now)];
        self.store.commit(asked.tenant.key, Changeset { audit, ..changes }).await?;
        Ok(User { version, ..user })
    }
}

/// The application through which a person changes the password, as far as its token tells.
fn through(app_id: &str, created_at: Timestamp) -> ServicePrincipal {
    ServicePrincipal {
        id: app_id.to_owned(),
        version: model::record::RowVersion(1),
        app_id: app_id.to_owned(),
        display_name: app_id.to_owned(),
        account_enabled: true,
        roles: Vec::new(),
        sign_in: SignInSettings::default(),
        created_at,
    }
}
