//! What they try it with: an object of each kind that holds each kind of thing.

use std::{collections::BTreeSet, time::Duration};

use cardea::{
    authority::AppSettings,
    authz::{
        DIRECTORY_ROLES,
        privilege::{Class, Power, Way},
    },
    model::{
        APPLICATION, Application, GROUP, SERVICE_PRINCIPAL, ServicePrincipal, USER, User,
        changeset::{Changeset, RowWrite},
        meta::{EntityType, ID, Link, LinkTable, Version},
        record::RowVersion,
        value::{Timestamp, Value},
    },
    store::{Life, SignInSettings, TenantKey},
};
use serde_json::{Value as Json, json};

use super::super::scene::{administrator, application, grant, person};
use crate::{
    directory::{group, link, new_group, new_user},
    support::{Client, TestApp, fixtures},
};

/// A row: its values and its version.
type Row = (Vec<Value>, RowVersion);

/// An object that holds something.
pub struct Goal {
    pub name: String,
    pub class: Class,
    pub id: String,
    pub powers: BTreeSet<Power>,
    entity: &'static EntityType,
    /// As it is before anybody tries anything.
    row: Row,
    /// What a purge takes along: groups that it is in, what it owns, roles that it has.
    memberships: Vec<RowWrite>,
}

impl Goal {
    /// The collection that it is in.
    pub fn set(&self) -> &'static str {
        self.entity.face(Version::V1).set
    }

    /// Whether it can be tried: nobody is in a role-assignable group by a rule, and applications have no switch.
    pub fn is_open_to(&self, way: Way) -> bool {
        match way {
            Way::ChangeRule => !self.powers.contains(&Power::RoleAssignable),
            Way::Enable => self.entity != &APPLICATION,
            _ => true,
        }
    }

    /// The columns that say when it was deleted and whether it is enabled.
    fn switches(&self) -> (usize, usize) {
        if self.class == Class::Account {
            (User::DELETED_AT, User::ACCOUNT_ENABLED)
        } else {
            (Application::DELETED_AT, ServicePrincipal::ACCOUNT_ENABLED)
        }
    }
}

/// All of them.
pub struct World<'a> {
    pub app: &'a TestApp,
    pub root: Client,
    pub catalog: String,
    /// Somebody who is to be a member or an owner.
    pub visitor: String,
    pub goals: Vec<Goal>,
    tenant: TenantKey,
}

fn table(entity: &'static EntityType, name: &str) -> LinkTable {
    match entity.face(Version::V1).navigation(name).unwrap().link {
        Link::Table(table) => table,
        _ => panic!("{name} is no table"),
    }
}

impl<'a> World<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        let root = administrator(app, "root", &["Global Administrator"]).await;
        let catalog = fixtures::catalog(&app.client(), "Sales").await;
        let visitor = new_user(&root, "visitor").await;
        // So that no other is the last one.
        person(app, "spare", &["Global Administrator"]).await;
        let tenant = app.api.authority.default_tenant().key;
        let mut world = Self { app, root, catalog, visitor, goals: Vec::new(), tenant };
        world.accounts().await;
        world.applications().await;
        world.groups().await;
        world
    }

    async fn row(&self, entity: &'static EntityType, id: &str) -> Option<Row> {
        let row = |life| self.app.store.row(self.tenant, entity, ID, id.to_owned(), life);
        match row(Life::Living).await.unwrap() {
            Some(row) => Some(row),
            None => row(Life::Deleted).await.unwrap(),
        }
    }

    async fn add(&mut self, entity: &'static EntityType, id: &str, powers: &[Power], memberships: Vec<RowWrite>) {
        let class = Class::of(entity.kind.unwrap());
        let (name, row) = (format!("{} with {powers:?}", entity.name), self.row(entity, id).await.unwrap());
        let powers = powers.iter().cloned().collect();
        self.goals.push(Goal { name, class, id: id.to_owned(), powers, entity, row, memberships });
    }

    fn linked(table: LinkTable, source: &str, target: &str) -> RowWrite {
        RowWrite::Link { table, source: source.to_owned(), target: target.to_owned() }
    }

    /// Gives a role of entitlement management, and says what it is.
    async fn govern(&self, principal: &str, role: &'static str, everywhere: bool) -> Power {
        let catalog = (!everywhere).then(|| self.catalog.clone());
        fixtures::give(&self.app.client(), principal, role, catalog.as_deref()).await;
        Power::Governance { role, catalog }
    }

    /// A group to which roles can be assigned.
    async fn privileged_group(&self, name: &str) -> String {
        let mut body = group(name);
        body["isAssignableToRole"] = json!(true);
        self.root.post("/groups", body).await.expect(201).id()
    }

    async fn accounts(&mut self) {
        let root = self.root.clone();
        let id = new_user(&root, "plain").await;
        self.add(&USER, &id, &[], Vec::new()).await;
        for role in DIRECTORY_ROLES {
            let name: String = role.name.chars().filter(char::is_ascii_alphabetic).collect();
            let id = person(self.app, &name, &[role.name]).await;
            self.add(&USER, &id, &[Power::DirectoryRole(role.name)], Vec::new()).await;
        }
        let id = new_user(&root, "governor").await;
        let power = self.govern(&id, "Catalog reader", false).await;
        self.add(&USER, &id, &[power], Vec::new()).await;

        let (id, outer, inner) =
            (new_user(&root, "nested").await, new_group(&root, "outer").await, new_group(&root, "inner").await);
        link(&root, &format!("/groups/{outer}/members"), &inner).await;
        link(&root, &format!("/groups/{inner}/members"), &id).await;
        let power = self.govern(&outer, "AccessPackages manager", true).await;
        let membership = Self::linked(table(&GROUP, "members"), &inner, &id);
        self.add(&USER, &id, &[power], vec![membership]).await;

        let (member, owner) = (new_user(&root, "member").await, new_user(&root, "owner").await);
        let privileged = self.privileged_group("privileged").await;
        link(&root, &format!("/groups/{privileged}/members"), &member).await;
        link(&root, &format!("/groups/{privileged}/owners"), &owner).await;
        for (id, way) in [(member, "members"), (owner, "owners")] {
            let membership = Self::linked(table(&GROUP, way), &privileged, &id);
            self.add(&USER, &id, &[Power::RoleAssignable], vec![membership]).await;
        }

        let keeper = new_user(&root, "keeper").await;
        let (tool, principal) = application(&root, "Owned").await;
        grant(&root, &principal, "User.Read.All").await.expect(201);
        link(&root, &format!("/applications/{tool}/owners"), &keeper).await;
        let membership = Self::linked(table(&APPLICATION, "owners"), &tool, &keeper);
        self.add(&USER, &keeper, &[Power::Permission("User.Read.All")], vec![membership]).await;
    }

    async fn applications(&mut self) {
        let root = self.root.clone();
        let mut both = Vec::new();
        both.push((application(&root, "Plain").await, Vec::new()));
        for permission in [
            "EntitlementManagement.ReadWrite.All",
            "User.Read.All",
            "Directory.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
        ] {
            let ids = application(&root, permission).await;
            grant(&root, &ids.1, permission).await.expect(201);
            both.push((ids, vec![Power::Permission(permission)]));
        }
        for (role, everywhere) in [("Catalog reader", false), ("Catalog owner", true)] {
            let ids = application(&root, role).await;
            let power = self.govern(&ids.1, role, everywhere).await;
            both.push((ids, vec![power]));
        }
        let (ids, through) = (application(&root, "In a group").await, new_group(&root, "through").await);
        link(&root, &format!("/groups/{through}/members"), &ids.1).await;
        let power = self.govern(&through, "Catalog creator", true).await;
        both.push((ids, vec![power]));
        let (ids, power) = self.with_role_elsewhere().await;
        both.push((ids, vec![power]));
        for ((id, principal), powers) in both {
            self.add(&APPLICATION, &id, &powers, Vec::new()).await;
            self.add(&SERVICE_PRINCIPAL, &principal, &powers, Vec::new()).await;
        }
        // Those that commands make are granted by name.
        let authority = &self.app.api.authority;
        let sign_in = SignInSettings { scopes: vec!["User.Read".to_owned()], ..SignInSettings::default() };
        let settings = [
            (AppSettings { sign_in, ..AppSettings::default() }, Power::Scope("User.Read")),
            (
                AppSettings { roles: vec!["Group.Read.All".to_owned()], ..AppSettings::default() },
                Power::Permission("Group.Read.All"),
            ),
        ];
        for (settings, power) in settings {
            let made =
                authority.app_create(authority.default_tenant(), "Made", settings, Duration::from_hours(1)).await;
            let id = made.unwrap().principal.id;
            self.add(&SERVICE_PRINCIPAL, &id, &[power], Vec::new()).await;
        }
    }

    /// An application with a role in another one.
    async fn with_role_elsewhere(&self) -> ((String, String), Power) {
        let role = json!({
            "id": "22222222-2222-4222-8222-222222222222", "allowedMemberTypes": ["Application"], "displayName": "R",
            "description": "R", "isEnabled": true, "value": "r",
        });
        let body = json!({ "displayName": "API", "appRoles": [role] });
        let made: Json = self.root.post("/applications", body).await.expect(201).json();
        let resource = self.root.post("/servicePrincipals", json!({ "appId": made["appId"] })).await.expect(201).id();
        let ids = application(&self.root, "Elsewhere").await;
        let body = json!({ "principalId": ids.1, "resourceId": resource, "appRoleId": role["id"] });
        let path = format!("/servicePrincipals/{}/appRoleAssignments", ids.1);
        self.root.post(path, body).await.expect(201);
        (ids, Power::AppRole { resource, role: role["id"].as_str().unwrap().to_owned() })
    }

    async fn groups(&mut self) {
        let root = self.root.clone();
        let id = new_group(&root, "plain").await;
        self.add(&GROUP, &id, &[], Vec::new()).await;
        let id = self.privileged_group("admins").await;
        self.add(&GROUP, &id, &[Power::RoleAssignable], Vec::new()).await;
        let [outer, inner] = [new_group(&root, "above").await, new_group(&root, "below").await];
        link(&root, &format!("/groups/{outer}/members"), &inner).await;
        let power = self.govern(&outer, "Catalog owner", false).await;
        for id in [outer, inner] {
            self.add(&GROUP, &id, std::slice::from_ref(&power), Vec::new()).await;
        }
    }

    async fn write(&self, writes: Vec<RowWrite>) {
        self.app.store.commit(self.tenant, Changeset { writes, ..Changeset::default() }).await.unwrap();
    }

    /// Puts an object into the state from which a way begins.
    pub async fn prepare(&self, goal: &Goal, way: Way) {
        let (deleted_at, enabled) = goal.switches();
        let change = match way {
            Way::Restore | Way::Purge => (deleted_at, Value::Time(Timestamp(1))),
            Way::Enable => (enabled, Value::Bool(false)),
            // The clock stands still, so they would end when they have ended.
            Way::EndSessions => (User::SIGN_IN_SESSIONS_VALID_FROM_DATE_TIME, Value::Time(Timestamp(1))),
            _ => return,
        };
        let (before, seen) = self.row(goal.entity, &goal.id).await.unwrap();
        let (id, version) = (goal.id.clone(), RowVersion(seen.0 + 1));
        let update = RowWrite::Update { entity: goal.entity, id, seen, changes: vec![change], before, version };
        self.write(vec![update]).await;
    }

    /// All that somebody could have changed of an object.
    pub async fn state(&self, goal: &Goal) -> (Option<Row>, bool) {
        let mut visited = false;
        for name in ["members", "owners"] {
            if let Some(navigation) = goal.entity.face(Version::V1).navigation(name)
                && let Link::Table(table) = navigation.link
            {
                let ids = vec![self.visitor.clone()];
                visited |= !self.app.store.linked(self.tenant, table, goal.id.clone(), ids).await.unwrap().is_empty();
            }
        }
        (self.row(goal.entity, &goal.id).await, visited)
    }

    /// Makes an object what it was.
    pub async fn heal(&self, goal: &Goal) {
        let (now, visited) = self.state(goal).await;
        let (entity, id, (values, version)) = (goal.entity, goal.id.clone(), goal.row.clone());
        let mut writes = Vec::new();
        match now {
            Some(row) if row == goal.row => {}
            Some((before, seen)) => {
                let changes = values.into_iter().enumerate().skip(1).collect();
                writes.push(RowWrite::Update { entity, id, seen, changes, before, version });
            }
            None => {
                writes.push(RowWrite::Insert { entity, values, version });
                writes.extend(goal.memberships.clone());
            }
        }
        if visited {
            let unlink = |table| RowWrite::Unlink { table, source: goal.id.clone(), target: self.visitor.clone() };
            writes.push(unlink(table(entity, "owners")));
            if goal.class == Class::Group {
                writes.push(unlink(table(entity, "members")));
            }
        }
        if !writes.is_empty() {
            self.write(writes).await;
        }
    }
}
