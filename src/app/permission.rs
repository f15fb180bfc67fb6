//! Who may do what, and where: the token decides, else the roles that the store knows.

use super::{App, Caller, Error};
use crate::{
    authz::{self, Action, ByToken, Denied, Grant, Role},
    model::{
        UNIFIED_ROLE_ASSIGNMENT, UnifiedRoleAssignment,
        record::{Record, Stored},
        scope::Scope,
        value::Value,
    },
};

/// Where a caller may do something.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// What it may see.
    pub(crate) see: Scope,
    /// Where it may do what it wants to do, by the roles that it has where not by its token.
    pub(crate) act: Scope,
    /// Whether it may by its roles alone.
    pub(crate) by_roles: bool,
    denied: Denied,
}

impl Allowed {
    /// Whether it may, with something in this catalog. What may not be seen is not there.
    pub(crate) fn check(&self, catalog: Option<&str>, missing: impl FnOnce() -> Error) -> Result<(), Error> {
        if self.act.includes(catalog) {
            Ok(())
        } else if self.see.includes(catalog) {
            Err(self.denied.into())
        } else {
            Err(missing())
        }
    }

    /// Whether it may everywhere in the tenant.
    pub(crate) fn everywhere(&self) -> Result<(), Error> {
        if self.act == Scope::Tenant { Ok(()) } else { Err(self.denied.into()) }
    }
}

/// The catalog that an entity belongs to, if it belongs to any.
pub(super) fn catalog_of<R: Record>(record: &R) -> Option<String> {
    let column = R::ENTITY.scope?;
    match record.clone().into_values().into_iter().nth(column) {
        Some(Value::Text(catalog)) => Some(catalog),
        _ => None,
    }
}

impl App {
    /// Where a caller may do this. Denied: nowhere, and it has no role at all.
    pub(crate) async fn allow(&self, caller: Caller<'_>, action: Action) -> Result<Allowed, Error> {
        let everywhere = |denied| Allowed { see: Scope::Tenant, act: Scope::Tenant, by_roles: false, denied };
        let denied = match authz::by_token(caller.principal, action) {
            ByToken::Yes => return Ok(everywhere(Denied { needed: authz::table::row(action).permissions })),
            ByToken::No(denied) => return Err(denied.into()),
            ByToken::AskRoles(denied) => denied,
        };
        let grants = self.grants(caller).await?;
        let see = match authz::by_token(caller.principal, Action::Read) {
            ByToken::Yes => Scope::Tenant,
            ByToken::No(_) => Scope::nowhere(),
            ByToken::AskRoles(_) => authz::by_roles(&grants, Action::Read),
        };
        let act = authz::by_roles(&grants, action);
        // Who has a role is told what is there as far as it may see; who sees nothing or everything is told at once.
        let by_no_role = grants.is_empty() || authz::table::row(action).roles.is_empty();
        if act.is_nowhere() && (by_no_role || see == Scope::Tenant) {
            return Err(denied.into());
        }
        Ok(Allowed { see, act, by_roles: true, denied })
    }

    /// The roles that a caller has.
    async fn grants(&self, caller: Caller<'_>) -> Result<Vec<Grant>, Error> {
        let (entity, column) = (&UNIFIED_ROLE_ASSIGNMENT, UnifiedRoleAssignment::PRINCIPAL_ID);
        let rows = self.store().rows(caller.tenant, entity, column, caller.principal.oid.clone()).await?;
        let grant = |values| {
            let assigned = UnifiedRoleAssignment::from_values(values)?;
            Some(Grant { role: Role::with_id(&assigned.role_definition_id)?, catalog: assigned.catalog_id })
        };
        Ok(rows.into_iter().filter_map(|(values, _)| grant(values)).collect())
    }

    /// Whether a caller may, with this entity.
    pub(super) fn check<R: Record>(allowed: &Allowed, stored: &Stored<R>, asked_for: &str) -> Result<(), Error> {
        if allowed.act == Scope::Tenant {
            return Ok(());
        }
        let missing = || Error::NotFound { entity: R::ENTITY, id: asked_for.to_owned() };
        allowed.check(catalog_of(&stored.record).as_deref(), missing)
    }
}
