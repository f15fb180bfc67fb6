//! Use cases of people.

use super::{App, Caller, Error, Expected, Named, new_id, nobody};
use crate::{
    authz::Action,
    domain::directory::user as rules,
    model::{DIRECTORY_OBJECT, USER, User, UserInput, bind::Bind, meta::ID, record::Stored},
    store::Life,
};

/// The password that a body gives, if it gives one. A create of a member must.
///
/// # Errors
/// It is too simple, or missing.
pub fn new_password(input: &UserInput, create: bool) -> Result<Option<String>, Error> {
    Ok(rules::password(input, create)?)
}

pub use rules::set_password;

impl App {
    /// Makes a person; `hash` is that of the password.
    pub async fn user_create(
        &self,
        caller: Caller<'_>,
        (input, links): (UserInput, Vec<Bind>),
        hash: Option<String>,
    ) -> Result<Stored<User>, Error> {
        caller.allow(Action::ManageUsers)?.everywhere()?;
        let on = self.occasion(caller);
        if let Some(manager) = input.manager_id.as_ref().and_then(Option::as_ref) {
            self.check_manager(caller, manager).await?.ok_or_else(|| nobody("manager", manager))?;
        }
        let user = rules::make(new_id(), input, hash, &on);
        self.object_create(caller, user, links, &on).await
    }

    /// Changes a person; `hash` is that of a new password.
    pub async fn user_update(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        body: (UserInput, Vec<Bind>),
        hash: Option<String>,
    ) -> Result<Stored<User>, Error> {
        let refine = |user: &mut User, on: &crate::domain::Occasion| rules::set_password(user, hash.clone(), on);
        self.object_update(caller, (named, expected), body, refine).await
    }

    /// Deletes a person, who can be restored.
    pub async fn user_delete(&self, caller: Caller<'_>, named: Named<'_>, expected: &Expected) -> Result<(), Error> {
        self.object_delete::<User>(caller, named, expected).await
    }

    /// Says whose direct report a person is; none: nobody's.
    pub async fn manager_set(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        manager: Option<String>,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManageUsers)?;
        if let Some(id) = &manager {
            let missing = || Error::NoSuchTarget { entity: &DIRECTORY_OBJECT, id: id.clone(), column: None };
            self.check_manager(caller, id).await?.ok_or_else(missing)?;
        }
        let named_user: Stored<User> = self.load(caller, &allowed, named).await?;
        if manager.is_none() && named_user.record.manager_id.is_none() {
            return Err(Error::NoSuchPath);
        }
        if manager.as_deref() == Some(&named_user.record.id) {
            let message = "Nobody is their own manager.";
            let violation = crate::model::bind::Violation::new("@odata.id", message);
            return Err(crate::domain::Refusal::Invalid(vec![violation]).into());
        }
        let refine = |user: &mut User, _: &crate::domain::Occasion| user.manager_id.clone_from(&manager);
        let body = (UserInput::default(), Vec::new());
        self.object_update(caller, (named, &Expected::Any), body, refine).await.map(drop)
    }

    /// Whether somebody can be a manager: whoever is there.
    pub(super) async fn check_manager(&self, caller: Caller<'_>, id: &str) -> Result<Option<()>, Error> {
        Ok(self.store().row(caller.tenant, &USER, ID, id.to_owned(), Life::Living).await?.map(drop))
    }

    /// Ends all sessions of a person.
    pub async fn sessions_revoke(&self, caller: Caller<'_>, named: Named<'_>) -> Result<(), Error> {
        let refine = |user: &mut User, on: &crate::domain::Occasion| {
            user.sign_in_sessions_valid_from_date_time = Some(on.now);
        };
        let body = (UserInput::default(), Vec::new());
        self.object_update(caller, (named, &Expected::Any), body, refine).await.map(drop)
    }
}
