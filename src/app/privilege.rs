//! Whether a caller is privileged enough for a change. Every use case passes here on its way to the store, and the changeset
//! itself says what is done ([`privilege::attempts`]). Imports and commands belong to the operator and do not pass here.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::{App, Caller, Error, Refusal};
use crate::{
    authz::{
        DirectoryRole, GRAPH_APP_ID, Kind, Permission, Principal, Role,
        privilege::{self, Attempt, Class, Holder, Power, Target, Way},
    },
    model::{
        SERVICE_PRINCIPAL, ServicePrincipal, USER,
        bind::Violation,
        changeset::{Changeset, Reliance},
    },
    store::{self, Held, HeldObject},
};

/// The role that somebody in a tenant must keep.
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
/// Not a role, but access to an application without one.
pub(super) const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";

/// A stored object that a change is about.
struct Found {
    target: Target,
    /// Whether it has the role Global Administrator.
    administrator: bool,
}

impl App {
    /// Checks that the caller is privileged enough for a change. The rows that must stay as they were found are added to what
    /// the change relies on.
    pub(super) async fn guard(&self, caller: Caller<'_>, changes: &mut Changeset) -> Result<(), Error> {
        if privilege::changes_built_in(changes) {
            return Err(built_in());
        }
        let attempts = privilege::attempts(changes);
        let mut targets = HashMap::new();
        for attempt in &attempts {
            if let Attempt::Go { id, .. } = attempt
                && !targets.contains_key(id)
            {
                targets.insert(*id, self.target(caller, id).await?);
            }
        }
        let holds_nothing = |target: &Option<Found>| target.as_ref().is_none_or(|found| found.target.powers.is_empty());
        let over_nothing = targets.values().all(holds_nothing);
        let gives =
            |attempt: &Attempt<'_>| !matches!(attempt, Attempt::Go { way, .. } if *way != Way::MakeRoleAssignable);
        if over_nothing && !attempts.iter().any(gives) {
            return Ok(());
        }
        let own = self.own_powers(caller).await?;
        let holder = self.holder(caller, &own);
        let mut relies_on = Vec::new();
        for attempt in attempts {
            match attempt {
                Attempt::Give { resource, role } => self.may_give(caller, &holder, resource, role).await?,
                Attempt::Go { way: Way::MakeRoleAssignable, .. } => {
                    privilege::may_give(&holder, &Power::RoleAssignable)?;
                }
                Attempt::Go { way, id } => {
                    let Some(Some(found)) = targets.get(id) else { continue };
                    privilege::may(&holder, way, &found.target)?;
                    if matches!(way, Way::Disable | Way::Delete) && found.administrator {
                        relies_on.push(self.another_administrator(caller, id).await?);
                    }
                }
            }
        }
        changes.relies_on.extend(relies_on);
        Ok(())
    }

    /// An object and what it holds; `None` if there is no such object.
    async fn target(&self, caller: Caller<'_>, id: &str) -> Result<Option<Found>, Error> {
        let held = self.store.holdings(caller.tenant, id).await?;
        let Some(object) = object(&held, id) else { return Ok(None) };
        if object.app_id.as_deref() == Some(GRAPH_APP_ID) {
            return Err(built_in());
        }
        let target = Target { class: Class::of(&object.kind), powers: powers(&held) };
        Ok(Some(Found { target, administrator: has_role(object, GLOBAL_ADMINISTRATOR) }))
    }

    fn holder<'a>(&self, caller: Caller<'a>, own: &'a BTreeSet<Power>) -> Holder<'a> {
        Holder {
            principal: caller.principal,
            own,
            provisioning: is_provisioning(caller.principal),
            takeover: self.takeover,
        }
    }

    /// What the caller's own object holds directly. A caller from another authority may have no object here.
    async fn own_powers(&self, caller: Caller<'_>) -> Result<BTreeSet<Power>, Error> {
        let oid = &caller.principal.oid;
        let mut held = self.store.holdings(caller.tenant, oid).await?;
        held.retain(|held| match held {
            Held::Object(object) => object.id == *oid,
            Held::AppRole { holder, .. } | Held::Governance { holder, .. } => holder == oid,
        });
        Ok(powers(&held))
    }

    /// Checks that the caller may grant an app role, if it is a permission of this API.
    async fn may_give(&self, caller: Caller<'_>, holder: &Holder<'_>, resource: &str, role: &str) -> Result<(), Error> {
        let found = store::load::<ServicePrincipal>(self.store(), caller.tenant, SERVICE_PRINCIPAL.key(), resource);
        let of_graph = found.await?.is_some_and(|found| found.record.app_id == GRAPH_APP_ID);
        match Permission::of_role(role) {
            Some(permission) if of_graph => Ok(privilege::may_give(holder, &Power::Permission(permission.name))?),
            _ => Ok(()),
        }
    }

    /// Another enabled Global Administrator; the change relies on that row, so that two administrators who delete each other
    /// at the same time conflict.
    async fn another_administrator(&self, caller: Caller<'_>, id: &str) -> Result<Reliance, Error> {
        let found = self.store.another_with_role(caller.tenant, GLOBAL_ADMINISTRATOR, id).await?;
        let Some((id, version)) = found else {
            let message = "The user is the last enabled Global Administrator, who can be neither deleted nor disabled: give \
                           somebody else the role first.";
            return Err(Refusal::Invalid(vec![Violation::new("", message)]).into());
        };
        Ok(Reliance { entity: &USER, id, version })
    }
}

/// Whether a caller is a provisioning client. Its client id is the id of its object, which no application's is.
fn is_provisioning(principal: &Principal) -> bool {
    principal.kind == Kind::Application && principal.app_id.as_deref() == Some(&principal.oid)
}

fn built_in() -> Error {
    let message = "This is the service principal of this API, by whose roles applications have permissions: it stays.";
    Refusal::Invalid(vec![Violation::new("appId", message)]).into()
}

/// The object itself, among the rows about it.
fn object<'a>(held: &'a [Held], id: &str) -> Option<&'a HeldObject> {
    held.iter().find_map(|held| match held {
        Held::Object(object) if object.id == id => Some(object),
        _ => None,
    })
}

/// The powers among holdings. Permissions and roles that are unknown here are none.
fn powers(held: &[Held]) -> BTreeSet<Power> {
    let mut powers = BTreeSet::new();
    for held in held {
        match held {
            Held::Object(object) => powers.extend(powers_of(object)),
            Held::AppRole { app_id, role, .. } if app_id == GRAPH_APP_ID => {
                powers.extend(Permission::of_role(role).map(|permission| Power::Permission(permission.name)));
            }
            Held::AppRole { resource, role, .. } if role != NO_ROLE => {
                powers.insert(Power::AppRole { resource: resource.clone(), role: role.clone() });
            }
            Held::AppRole { .. } => {}
            Held::Governance { role, catalog, .. } => {
                let power = |role: &Role| Power::Governance { role: role.name, catalog: catalog.clone() };
                powers.extend(Role::with_id(role).map(power));
            }
        }
    }
    powers
}

fn powers_of(object: &HeldObject) -> Vec<Power> {
    // An unknown role counts as one that only Global and Privileged Authentication Administrators reach.
    let role = |id: &String| Power::DirectoryRole(DirectoryRole::named(id).map_or("", |role| role.name));
    let mut found: Vec<Power> = texts(object.directory_roles.as_deref()).iter().map(role).collect();
    let granted = texts(object.granted_roles.as_deref());
    found.extend(granted.iter().filter_map(|name| Some(Power::Permission(Permission::named(name)?.name))));
    let sign_in: Json = object.sign_in.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let scopes = sign_in["scopes"].as_array().into_iter().flatten().filter_map(Json::as_str);
    found.extend(scopes.filter_map(|name| Some(Power::Scope(Permission::named(name)?.name))));
    found.extend(object.role_assignable.then_some(Power::RoleAssignable));
    found
}

fn has_role(object: &HeldObject, role: &str) -> bool {
    texts(object.directory_roles.as_deref()).iter().any(|held| held == role)
}

fn texts(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}
