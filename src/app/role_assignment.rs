//! Use cases of role assignments.

use super::{App, Caller, Error, Expected, Named, Uncommitted, refused};
use crate::{
    authz::{Action, Role},
    domain::role_assignment as rules,
    ids,
    model::{
        ACCESS_PACKAGE_CATALOG, UNIFIED_ROLE_DEFINITION, UnifiedRoleAssignment, UnifiedRoleAssignmentInput,
        record::Stored,
    },
    store::{CommitError, Constraint},
};

impl App {
    /// Gives somebody a role.
    pub async fn role_assignment_create(
        &self,
        caller: Caller<'_>,
        input: UnifiedRoleAssignmentInput,
    ) -> Result<Stored<UnifiedRoleAssignment>, Error> {
        let allowed = caller.allow(Action::AssignRoles)?;
        let catalog = rules::catalog(&input)?;
        let column = Some(UnifiedRoleAssignment::APP_SCOPE_ID);
        let id = catalog.clone().unwrap_or_default();
        let no_catalog = || Error::NoSuchTarget { entity: &ACCESS_PACKAGE_CATALOG, id: id.clone(), column };
        match &catalog {
            Some(catalog) => {
                self.check_catalog(caller, &allowed, catalog, UnifiedRoleAssignment::APP_SCOPE_ID).await?;
            }
            // Who owns every catalog does not govern the tenant.
            None => caller.allow(Action::Govern)?.everywhere()?,
        }
        let role = input.role_definition_id.clone().unwrap_or_default();
        let known = Role::with_id(&role).ok_or(Error::NoSuchTarget {
            entity: &UNIFIED_ROLE_DEFINITION,
            id: role,
            column: Some(UnifiedRoleAssignment::ROLE_DEFINITION_ID),
        })?;
        let (made, changes) = rules::create(ids::new_id(), input, known.per_catalog, ids::new_row_version())?;
        match self.commit_once(caller, changes).await {
            Ok(()) => Ok(made),
            // The role is there, so it is the catalog that is not.
            Err(Uncommitted::Store(CommitError::Constraint(Constraint::MissingReference))) => Err(no_catalog()),
            Err(error) => Err(refused::<UnifiedRoleAssignment>(error)),
        }
    }

    /// Takes a role away.
    pub async fn role_assignment_delete(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::AssignRoles)?;
        let seen: Stored<UnifiedRoleAssignment> = self.load(caller, &allowed, named).await?;
        if seen.record.catalog_id.is_none() {
            caller.allow(Action::Govern)?.everywhere()?;
        }
        let decide = |before: Stored<UnifiedRoleAssignment>| Ok(((), rules::delete(&before)));
        self.decide(caller, &allowed, named, expected, decide).await
    }
}
