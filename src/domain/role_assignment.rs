//! The rules of role assignments.

use super::{Decision, Refusal};
use crate::model::{
    UnifiedRoleAssignment, UnifiedRoleAssignmentInput,
    changeset::Changeset,
    record::{RowVersion, Stored},
};

/// What a role assignment for a catalog names it by, before its id.
const CATALOG: &str = "/AccessPackageCatalog/";
/// The whole tenant.
const TENANT: &str = "/";

/// The catalog in which a role is to count; none: it is to count in the whole tenant.
pub fn catalog(input: &UnifiedRoleAssignmentInput) -> Result<Option<String>, Refusal> {
    let scope = input.app_scope_id.as_deref().unwrap_or_default();
    if scope == TENANT {
        return Ok(None);
    }
    let named = scope.get(..CATALOG.len()).is_some_and(|start| start.eq_ignore_ascii_case(CATALOG));
    match scope.get(CATALOG.len()..).filter(|id| named && !id.is_empty() && !id.contains('/')) {
        Some(id) => Ok(Some(id.to_owned())),
        None => Err(Refusal::BadRoleScope),
    }
}

/// Gives somebody a role. That the role and the catalog exist when this is written, the database sees to.
pub fn create(
    id: String,
    input: UnifiedRoleAssignmentInput,
    per_catalog: bool,
    version: RowVersion,
) -> Result<Decision<UnifiedRoleAssignment>, Refusal> {
    let catalog_id = catalog(&input)?;
    if catalog_id.is_some() && !per_catalog {
        return Err(Refusal::RoleForTenant);
    }
    let principal_id = input.principal_id.unwrap_or_default();
    let role_definition_id = input.role_definition_id.unwrap_or_default();
    let record = assignment(id, principal_id, role_definition_id, catalog_id, input.directory_scope_id.flatten());
    let changes = Changeset::default().insert(record.clone(), version);
    Ok((Stored { record, version }, changes))
}

/// Makes somebody the owner of a catalog; `role` is the owner's role.
pub fn owner(id: String, principal_id: String, role: &str, catalog: &str) -> UnifiedRoleAssignment {
    assignment(id, principal_id, role.to_owned(), Some(catalog.to_owned()), None)
}

fn assignment(
    id: String,
    principal_id: String,
    role_definition_id: String,
    catalog_id: Option<String>,
    directory_scope_id: Option<String>,
) -> UnifiedRoleAssignment {
    let app_scope_id = catalog_id.as_ref().map_or_else(|| TENANT.to_owned(), |id| format!("{CATALOG}{id}"));
    UnifiedRoleAssignment { id, principal_id, role_definition_id, app_scope_id, directory_scope_id, catalog_id }
}

/// Takes a role away.
pub fn delete(before: &Stored<UnifiedRoleAssignment>) -> Changeset {
    Changeset::default().delete(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(scope: &str) -> UnifiedRoleAssignmentInput {
        UnifiedRoleAssignmentInput { app_scope_id: Some(scope.to_owned()), ..UnifiedRoleAssignmentInput::default() }
    }

    #[test]
    fn a_scope_is_a_catalog_or_the_tenant() {
        let catalog = |scope| catalog(&input(scope));
        assert_eq!(catalog("/AccessPackageCatalog/c"), Ok(Some("c".to_owned())));
        assert_eq!(catalog("/accesspackagecatalog/c"), Ok(Some("c".to_owned())));
        assert_eq!(catalog("/"), Ok(None));
        for bad in ["", "c", "/AccessPackageCatalog/", "/AccessPackageCatalog/a/b", "/administrativeUnits/x", "//"] {
            assert_eq!(catalog(bad), Err(Refusal::BadRoleScope), "{bad}");
        }
    }

    #[test]
    fn a_role_for_the_tenant_is_not_assigned_in_a_catalog() {
        let made = |per_catalog, app| create("a".into(), input(app), per_catalog, RowVersion(1));
        assert_eq!(made(false, "/AccessPackageCatalog/c").err(), Some(Refusal::RoleForTenant));
        let (tenant, changes) = made(false, "/").unwrap();
        assert_eq!((tenant.record.catalog_id, changes.writes.len()), (None, 1));
    }
}
