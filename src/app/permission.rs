//! Who may do what, and where: the token decides, else the roles that the store knows.

use super::{App, Caller, Error};
use crate::{
    authz::{self, Action, ByToken, Denied, Grant, Principal, Role},
    domain::Refusal,
    ids,
    model::{
        ACCESS_PACKAGE_CATALOG, UNIFIED_ROLE_ASSIGNMENT, UnifiedRoleAssignment,
        bind::Violation,
        meta::{EntityType, ID, Scoping},
        record::{Record, Stored},
        scope::Scope,
        value::Value,
    },
    store::{Life, TenantKey},
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

    /// The id of something new: the one that the body gives, or another. To be told that an id is taken is to be told that
    /// something is there, so who does not see the whole tenant gives none.
    pub(crate) fn new_id(&self, given: Option<String>) -> Result<String, Error> {
        match given {
            None => Ok(ids::new_id()),
            Some(id) if self.see == Scope::Tenant => Ok(id),
            Some(_) => {
                let message = "'id' is assigned by the server to what is created by callers whose roles are not for the \
                               whole tenant: leave it out.";
                Err(Refusal::Invalid(vec![Violation::new("id", message)]).into())
            }
        }
    }

    /// Whether it may everywhere in the tenant.
    pub(crate) fn everywhere(&self) -> Result<(), Error> {
        if self.act == Scope::Tenant { Ok(()) } else { Err(self.denied.into()) }
    }
}

impl App {
    /// The roles of a caller whose token does not decide by itself; none of one whose token does. Denied: it may do this
    /// nowhere, and has no role at all.
    pub(crate) async fn grants(
        &self,
        tenant: TenantKey,
        principal: &Principal,
        action: Action,
    ) -> Result<Vec<Grant>, Error> {
        match authz::by_token(principal, action) {
            ByToken::Yes => return Ok(Vec::new()),
            ByToken::No(denied) => return Err(denied.into()),
            ByToken::AskRoles => {}
        }
        let (entity, column) = (&UNIFIED_ROLE_ASSIGNMENT, UnifiedRoleAssignment::PRINCIPAL_ID);
        let rows = self.store().rows(tenant, entity, column, principal.oid.clone()).await?;
        let grant = |values| {
            let assigned = UnifiedRoleAssignment::from_values(values)?;
            Some(Grant { role: Role::with_id(&assigned.role_definition_id)?, catalog: assigned.catalog_id })
        };
        let grants: Vec<Grant> = rows.into_iter().filter_map(|(values, _)| grant(values)).collect();
        decide(principal, &grants, action)?;
        Ok(grants)
    }

    /// Whether a caller may, in the catalog that a body names in this column. One that may not be seen is not there; and
    /// one that is not there is told as such to those who see all there are.
    pub(super) async fn check_catalog(
        &self,
        caller: Caller<'_>,
        allowed: &Allowed,
        catalog: &str,
        column: usize,
    ) -> Result<(), Error> {
        let missing =
            || Error::NoSuchTarget { entity: &ACCESS_PACKAGE_CATALOG, id: catalog.to_owned(), column: Some(column) };
        let checked = allowed.check(Some(catalog), missing);
        if checked.is_err() && allowed.see == Scope::Tenant {
            let found =
                self.store().row(caller.tenant, &ACCESS_PACKAGE_CATALOG, ID, catalog.to_owned(), Life::Living).await?;
            found.ok_or_else(missing)?;
        }
        checked
    }

    /// Whether a caller may, with this entity.
    pub(super) async fn check<R: Record>(
        &self,
        caller: Caller<'_>,
        allowed: &Allowed,
        stored: &Stored<R>,
        asked_for: &str,
    ) -> Result<(), Error> {
        if allowed.act == Scope::Tenant {
            return Ok(());
        }
        let missing = || Error::NotFound { entity: R::ENTITY, id: asked_for.to_owned() };
        let catalog = self.catalog_of(caller, R::ENTITY, stored.record.clone().into_values()).await?;
        allowed.check(catalog.as_deref(), missing)
    }

    /// The catalog that a row belongs to, if it belongs to any.
    async fn catalog_of(
        &self,
        caller: Caller<'_>,
        mut entity: &'static EntityType,
        mut values: Vec<Value>,
    ) -> Result<Option<String>, Error> {
        loop {
            let text = |column: usize| match values.get(column) {
                Some(Value::Text(id)) => Some(id.clone()),
                _ => None,
            };
            match entity.scope {
                Scoping::Everyone | Scoping::Tenant => return Ok(None),
                Scoping::Column(column) => return Ok(text(column)),
                Scoping::Through(column, other) => {
                    let Some(id) = text(column) else { return Ok(None) };
                    let Some((row, _)) = self.store().row(caller.tenant, other, ID, id, Life::Living).await? else {
                        return Ok(None);
                    };
                    (entity, values) = (other, row);
                }
            }
        }
    }
}

impl Caller<'_> {
    /// Where the caller may do this. Denied: nowhere, and it has no role at all.
    pub(crate) fn allow(&self, action: Action) -> Result<Allowed, Denied> {
        decide(self.principal, self.grants, action)
    }
}

fn decide(principal: &Principal, grants: &[Grant], action: Action) -> Result<Allowed, Denied> {
    let denied = authz::lacking(principal, grants, action);
    match authz::by_token(principal, action) {
        ByToken::Yes => {
            return Ok(Allowed { see: Scope::Tenant, act: Scope::Tenant, by_roles: false, denied });
        }
        ByToken::No(denied) => return Err(denied),
        ByToken::AskRoles => {}
    }
    let see = match authz::by_token(principal, Action::Read) {
        ByToken::Yes => Scope::Tenant,
        ByToken::No(_) => Scope::nowhere(),
        ByToken::AskRoles => authz::by_roles(grants, Action::Read),
    };
    let act = authz::by_roles(grants, action);
    // Who has a role is told what is there as far as it may see; who sees nothing or everything is told at once.
    let by_no_role = grants.is_empty() || authz::table::row(action).roles.is_empty();
    if act.is_nowhere() && (by_no_role || see == Scope::Tenant) {
        return Err(denied);
    }
    Ok(Allowed { see, act, by_roles: true, denied })
}
