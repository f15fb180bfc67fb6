//! Use cases of people.

use super::{App, Caller, Error, Expected, Named, new_id, nobody};
use crate::{
    authz::{Action, Kind},
    domain::directory::user as rules,
    model::{
        DIRECTORY_OBJECT, USER, User, UserInput,
        bind::Bind,
        meta::ID,
        record::{Input, Stored},
    },
    store::{self, Life},
};

pub use rules::set_password;

impl App {
    /// The password that a body gives a person, if it gives one; `named` is one who is there. A create of a member must.
    ///
    /// # Errors
    /// It is too simple, or missing.
    pub async fn new_password(
        &self,
        caller: Caller<'_>,
        named: Option<Named<'_>>,
        input: &UserInput,
    ) -> Result<Option<String>, Error> {
        let Some(password) = rules::password(input, named.is_none())? else { return Ok(None) };
        let found: Option<Stored<User>> = match named {
            Some(Named { property, value }) => store::load(self.store(), caller.tenant, property, value).await?,
            None => None,
        };
        let mut user = found.map(|found| found.record).unwrap_or_default();
        input.clone().apply_to(&mut user);
        rules::check_password(&password, &user, self.passwords)?;
        Ok(Some(password))
    }

    /// The person that a caller names, if it is the one for whom the caller calls.
    pub async fn oneself(&self, caller: Caller<'_>, named: Named<'_>) -> Result<Option<User>, Error> {
        caller.allow(Action::ChangePassword)?;
        let found: Option<Stored<User>> = store::load(self.store(), caller.tenant, named.property, named.value).await?;
        let own = |found: &Stored<User>| found.record.id == caller.principal.oid;
        Ok(found.filter(|found| caller.principal.kind == Kind::Delegated && own(found)).map(|found| found.record))
    }

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
        let force = rules::forces_change(&body.0);
        let refine = |user: &mut User, on: &crate::domain::Occasion| {
            rules::set_password(user, hash.clone(), on);
            user.force_change_password = force.or(user.force_change_password);
        };
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
