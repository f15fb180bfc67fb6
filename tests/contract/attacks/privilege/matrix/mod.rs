//! Every caller goes every way over objects that hold each kind of thing: what comes is what the table of `authz` says, and
//! what was refused has left no trace. The table itself is pinned in `authz::privilege`.

mod callers;
mod goals;
mod requests;

use cardea::{
    authz::{
        Action, ByToken, PERMISSIONS, ROLES, Role, by_token,
        privilege::{Class, Power, Target, WAYS, Way, may, may_give},
    },
    model::meta::Version,
};
use serde_json::json;

use self::{
    callers::{Caller, callers},
    goals::{Goal, World},
    requests::{Visitor, go},
};
use super::scene::{application, grant};
use crate::{directory::group, engines, support::TestApp};

engines! { every_way_is_open_to_those_the_table_names, permissions_and_roles_are_given_by_those_the_table_names }

/// What changing objects of a class takes, on this way.
fn action(way: Way, class: Class) -> Action {
    match (class, way) {
        (Class::Account, _) => Action::ManageUsers,
        (Class::Application, _) => Action::ManageApplications,
        (Class::Group, Way::AddMember) => Action::ManageMembers,
        (Class::Group, _) => Action::ManageGroups,
    }
}

impl Caller {
    /// Whether the caller may do such a thing at all.
    fn may(&self, action: Action) -> bool {
        by_token(&self.principal, action) == ByToken::Yes
    }
}

/// Whoever may change no object of a class at all tries it with one; all others with all.
async fn every_way_is_open_to_those_the_table_names(app: TestApp) {
    let world = World::new(&app).await;
    let callers = callers(&app, &world.catalog).await;
    let mut turn = 0;
    for row in WAYS.iter().filter(|row| row.way != Way::MakeRoleAssignable) {
        for class in row.over {
            let goals = world.goals.iter().filter(|goal| goal.class == *class);
            for (number, goal) in goals.enumerate().filter(|(_, goal)| goal.is_open_to(row.way)) {
                for caller in callers.iter().filter(|caller| number == 0 || caller.may(action(row.way, *class))) {
                    turn += 1;
                    let version = Version::ALL[turn % 2];
                    try_way(&world, row.way, goal, caller, version).await;
                }
            }
        }
    }
}

async fn try_way(world: &World<'_>, way: Way, goal: &Goal, caller: &Caller, version: Version) {
    let visitor = Visitor { id: &world.visitor, version };
    world.prepare(goal, way).await;
    let before = world.state(goal).await;
    let Some(answer) = go(way, goal, caller, &visitor).await else { return world.heal(goal).await };
    let target = Target { class: goal.class, powers: goal.powers.clone() };
    let allowed = caller.may(action(way, goal.class)) && may(&caller.holder(), way, &target).is_ok();
    let what = format!("{version} {way:?} of {} by {}", goal.name, caller.name);
    if allowed {
        assert!(answer.status < 300, "{what}: {} {}", answer.status, answer.text());
        assert_ne!(world.state(goal).await, before, "{what} has done nothing");
    } else {
        assert_eq!(answer.status, 403, "{what}: {}", answer.text());
        assert_eq!(world.state(goal).await, before, "{what} was refused and left a trace");
    }
    world.heal(goal).await;
}

async fn permissions_and_roles_are_given_by_those_the_table_names(app: TestApp) {
    let world = World::new(&app).await;
    let root = world.root.clone();
    let (_, principal) = application(&root, "Receiver").await;
    let given = format!("/servicePrincipals/{principal}/appRoleAssignments");
    for caller in callers(&app, &world.catalog).await.iter().filter(|caller| !caller.provisioning) {
        let client = caller.client.below("/v1.0");
        let permissions: Vec<&str> = PERMISSIONS.iter().filter(|one| one.id.is_some()).map(|one| one.name).collect();
        let some = if caller.may(Action::AssignAppRoles) { permissions.as_slice() } else { &permissions[..1] };
        for permission in some.iter().filter(|_| caller.may(Action::ReadApplications)) {
            let power = Power::Permission(permission);
            let allowed = caller.may(Action::AssignAppRoles) && may_give(&caller.holder(), &power).is_ok();
            let answer = grant(&client, &principal, permission).await;
            assert_eq!(answer.status, if allowed { 201 } else { 403 }, "{permission} by {}", caller.name);
            let there = root.get(&given).await.expect(200).rows().len();
            assert_eq!(there, usize::from(allowed), "{permission} by {}", caller.name);
            if allowed {
                root.delete(format!("{given}/{}", answer.id())).await.expect(204);
            }
        }
        for role in ROLES {
            for catalog in [Some(&world.catalog), None].into_iter().filter(|c| c.is_none() || role.per_catalog) {
                give_governance(&world, caller, role.name, catalog).await;
            }
        }
        let mut body = group("privileged");
        body["isAssignableToRole"] = json!(true);
        let target = Target { class: Class::Group, powers: [Power::RoleAssignable].into() };
        let allowed =
            caller.may(Action::ManageGroups) && may(&caller.holder(), Way::MakeRoleAssignable, &target).is_ok();
        let answer = client.post("/groups", body).await;
        assert_eq!(answer.status, if allowed { 201 } else { 403 }, "a role-assignable group by {}", caller.name);
    }
}

async fn give_governance(world: &World<'_>, caller: &Caller, role: &'static str, catalog: Option<&String>) {
    let power = Power::Governance { role, catalog: catalog.cloned() };
    let allowed = may_give(&caller.holder(), &power).is_ok();
    let scope = catalog.map_or_else(|| "/".to_owned(), |id| format!("/AccessPackageCatalog/{id}"));
    let role = Role::named(role).unwrap().id;
    let body = json!({ "principalId": "receiver", "roleDefinitionId": role, "appScopeId": scope });
    let answer = caller.client.roles("beta").post("/roleAssignments", body).await;
    assert_eq!(answer.status == 201, allowed, "{power:?} by {}: {}", caller.name, answer.text());
    let admin = world.app.client().roles("beta");
    let there = admin.get("/roleAssignments").query("$filter", "principalId eq 'receiver'").await.expect(200);
    assert_eq!(there.rows().len(), usize::from(allowed), "{power:?} by {}", caller.name);
    if allowed {
        admin.delete(format!("/roleAssignments/{}", answer.id())).await.expect(204);
    } else {
        assert!([403, 404].contains(&answer.status), "{power:?} by {}: {}", caller.name, answer.text());
    }
}
