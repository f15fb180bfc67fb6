//! Who has which role in an application.

use serde_json::Value as Json;

use super::{App, Caller, Error, Expected, Named, refused};
use crate::{
    app::privilege::NO_ROLE,
    authz::Action,
    domain::Refusal,
    ids,
    model::{
        APP_ROLE_ASSIGNMENT, AppRoleAssignment, AppRoleAssignmentInput, Application, DIRECTORY_OBJECT, Group,
        SERVICE_PRINCIPAL, ServicePrincipal, User,
        bind::Violation,
        changeset::Changeset,
        meta::EntityType,
        record::{Record, Stored},
    },
    odata::query::Rows,
    store::{self, Life},
};

impl App {
    /// Gives somebody a role in an application.
    pub async fn app_role_assignment_create(
        &self,
        caller: Caller<'_>,
        input: AppRoleAssignmentInput,
    ) -> Result<Stored<AppRoleAssignment>, Error> {
        caller.allow(Action::AssignAppRoles)?.everywhere()?;
        let (principal_id, resource_id) =
            (input.principal_id.unwrap_or_default(), input.resource_id.unwrap_or_default());
        let role = input.app_role_id.unwrap_or_else(|| NO_ROLE.to_owned());
        let resource =
            store::load::<ServicePrincipal>(self.store(), caller.tenant, SERVICE_PRINCIPAL.key(), &resource_id);
        let resource = resource.await?.ok_or(Error::NoSuchTarget {
            entity: &SERVICE_PRINCIPAL,
            id: resource_id.clone(),
            column: None,
        })?;
        let (kind, name) = self.principal_named(caller, &principal_id).await?;
        check_role(&resource.record, &role, &kind)?;
        let on = self.occasion(caller);
        let record = AppRoleAssignment {
            id: ids::new_id(),
            deleted_date_time: None,
            app_role_id: role,
            created_at: Some(on.now),
            principal_display_name: Some(name),
            principal_id,
            principal_type: Some(kind),
            resource_display_name: Some(resource.record.display_name),
            resource_id,
        };
        let changes = Changeset::default().insert(record.clone(), on.version);
        self.commit_once(caller, changes).await.map_err(refused::<AppRoleAssignment>)?;
        Ok(Stored { record, version: on.version })
    }

    /// That an assignment belongs where it is made: to the principal or to the application that the path names.
    pub async fn check_assigned(
        &self,
        caller: Caller<'_>,
        (source, named): (&'static EntityType, Named<'_>),
        input: &AppRoleAssignmentInput,
    ) -> Result<(), Error> {
        caller.allow(Action::AssignAppRoles)?.everywhere()?;
        let id = self.link_source(caller, source, named).await?;
        let given = [&input.principal_id, &input.resource_id];
        if given.into_iter().any(|given| given.as_ref() == Some(&id)) {
            return Ok(());
        }
        let message = format!("'principalId' or 'resourceId' must be '{id}', which the path names.");
        Err(Refusal::Invalid(vec![Violation::new("principalId", message)]).into())
    }

    /// Takes a role away, if it is among these.
    pub async fn app_role_assignment_delete(
        &self,
        caller: Caller<'_>,
        rows: Rows,
        named: super::Named<'_>,
        expected: &Expected,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::AssignAppRoles)?;
        if !self.store().exists(caller.tenant, rows).await? {
            return Err(Error::NotFound { entity: &APP_ROLE_ASSIGNMENT, id: named.value.to_owned() });
        }
        let decide = |before: Stored<AppRoleAssignment>| Ok(((), Changeset::default().delete(&before)));
        self.decide(caller, &allowed, named, expected, decide).await
    }

    /// What kind of principal this is, in the words of assignments, and its name.
    async fn principal_named(&self, caller: Caller<'_>, id: &str) -> Result<(String, String), Error> {
        let found = self.object(caller, id, Life::Living).await.map_err(|error| match error {
            Error::NotFound { entity, id } => Error::NoSuchTarget { entity, id, column: None },
            other => other,
        })?;
        let name = match found.record.kind.as_str() {
            "user" => self.named_object::<User>(caller, id).await?.map(|user| user.display_name),
            "group" => self.named_object::<Group>(caller, id).await?.map(|group| group.display_name),
            "application" => self.named_object::<Application>(caller, id).await?.map(|app| app.display_name),
            _ => self.named_object::<ServicePrincipal>(caller, id).await?.map(|principal| principal.display_name),
        };
        let kind = match found.record.kind.as_str() {
            "user" => "User",
            "group" => "Group",
            "servicePrincipal" => "ServicePrincipal",
            _ => {
                let message = "An application has no roles by itself: name its service principal.";
                return Err(Refusal::Invalid(vec![Violation::new("principalId", message)]).into());
            }
        };
        let missing = || Error::NoSuchTarget { entity: &DIRECTORY_OBJECT, id: id.to_owned(), column: None };
        Ok((kind.to_owned(), name.ok_or_else(missing)?))
    }

    async fn named_object<R: Record>(&self, caller: Caller<'_>, id: &str) -> Result<Option<R>, Error> {
        let found = store::load::<R>(self.store(), caller.tenant, R::ENTITY.key(), id).await?;
        Ok(found.map(|found| found.record))
    }
}

/// That an application has this role, and that such a principal can be given it.
fn check_role(resource: &ServicePrincipal, role: &str, kind: &str) -> Result<(), Refusal> {
    if role == NO_ROLE {
        return Ok(());
    }
    let wrong = |message: String| Err(Refusal::Invalid(vec![Violation::new("appRoleId", message)]));
    let roles: Vec<Json> = serde_json::from_str(&resource.app_roles).unwrap_or_default();
    let Some(found) = roles.iter().find(|known| known["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(role)))
    else {
        return wrong(format!("'{}' has no role with the id '{role}'.", resource.display_name));
    };
    let wanted = if kind == "ServicePrincipal" { "Application" } else { "User" };
    let types = found["allowedMemberTypes"].as_array().cloned().unwrap_or_default();
    if !types.iter().any(|ty| ty.as_str() == Some(wanted)) {
        return wrong(format!("The role with the id '{role}' is not for principals of the type {kind}."));
    }
    Ok(())
}
