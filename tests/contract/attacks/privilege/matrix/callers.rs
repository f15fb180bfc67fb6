//! Who tries.

use std::collections::BTreeSet;

use cardea::authz::{
    DIRECTORY_ROLES, DirectoryRoles, Kind, PERMISSIONS, Permissions, Principal, ROLES,
    privilege::{Holder, Power},
};

use crate::{
    scim::Scim,
    support::{Client, TestApp, fixtures::give},
};

/// A caller as a test knows it.
pub struct Caller {
    pub name: String,
    pub client: Client,
    /// Whether it calls at SCIM's addresses, as a provisioning client.
    pub provisioning: bool,
    pub principal: Principal,
    own: BTreeSet<Power>,
}

impl Caller {
    pub fn holder(&self) -> Holder<'_> {
        Holder { principal: &self.principal, own: &self.own, provisioning: self.provisioning, takeover: false }
    }

    /// The caller at SCIM's addresses.
    pub fn scim(&self) -> Option<Scim> {
        self.provisioning.then(|| Scim::with(&self.client))
    }

    async fn application(app: &TestApp, permissions: &[&str]) -> Self {
        Self {
            name: format!("an application with {permissions:?}"),
            client: app.application(permissions).await,
            provisioning: false,
            principal: principal(Kind::Application, permissions, &[]),
            own: BTreeSet::new(),
        }
    }

    async fn person(app: &TestApp, upn: &str, scopes: &[&str], roles: &[&str]) -> Self {
        Self {
            name: format!("a person with {scopes:?}, {roles:?}"),
            client: app.person(upn, scopes, roles).await,
            provisioning: false,
            principal: principal(Kind::Delegated, scopes, roles),
            own: BTreeSet::new(),
        }
    }
}

fn principal(kind: Kind, permissions: &[&str], directory_roles: &[&str]) -> Principal {
    Principal {
        tenant_id: String::new(),
        oid: String::new(),
        name: None,
        app_id: None,
        kind,
        permissions: Permissions::named(permissions.iter().copied()),
        directory_roles: DirectoryRoles::named(directory_roles.iter().copied()),
    }
}

/// Applications with each permission and with some together; persons with each directory role, with each permission, with
/// each role of entitlement management; a provisioning client.
pub async fn callers(app: &TestApp, catalog: &str) -> Vec<Caller> {
    let names: Vec<&str> = PERMISSIONS.iter().map(|permission| permission.name).collect();
    let mut all = vec![
        Caller::application(app, &[]).await,
        Caller::application(app, &names).await,
        Caller::application(app, &["Application.ReadWrite.All", "EntitlementManagement.ReadWrite.All"]).await,
        Caller::application(app, &["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"]).await,
        Caller::application(app, &["Group.ReadWrite.All", "EntitlementManagement.ReadWrite.All"]).await,
    ];
    let person = "caller@contoso.example";
    for name in &names {
        all.push(Caller::application(app, &[name]).await);
        all.push(Caller::person(app, person, &[name], &["Global Administrator"]).await);
    }
    all.push(Caller::person(app, person, &names, &[]).await);
    for role in DIRECTORY_ROLES {
        all.push(Caller::person(app, person, &names, &[role.name]).await);
    }
    let both = ["Application Administrator", "Identity Governance Administrator"];
    all.push(Caller::person(app, person, &names, &both).await);
    for role in ROLES {
        for catalog in [Some(catalog), None].into_iter().filter(|catalog| catalog.is_none() || role.per_catalog) {
            let upn = format!("{}{}@contoso.example", role.id, if catalog.is_some() { "c" } else { "t" });
            let mut caller = Caller::person(app, &upn, &names, &[]).await;
            give(&app.client(), &caller.client.oid(), role.name, catalog).await;
            caller.own.insert(Power::Governance { role: role.name, catalog: catalog.map(str::to_owned) });
            caller.name = format!("a person with {} in {catalog:?}", role.name);
            all.push(caller);
        }
    }
    let authority = &app.api.authority;
    let (_, token) = authority.provisioning_create(authority.default_tenant(), "Provider", None).await.unwrap();
    all.push(Caller {
        name: "a provisioning client".to_owned(),
        client: app.with_token(&token),
        provisioning: true,
        principal: principal(Kind::Application, &["User.ReadWrite.All", "Group.ReadWrite.All"], &[]),
        own: BTreeSet::new(),
    });
    all
}
