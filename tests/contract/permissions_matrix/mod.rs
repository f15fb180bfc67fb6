//! Every operation of both versions, called by every kind of caller, on things of the own and of another catalog and
//! tenant: what comes is what the permission table says. The expectation is computed from `authz`, never written out; the
//! table itself is pinned in `authz::table`.

mod objects;
mod tenants;

use cardea::{
    api::operations::{Kind as OperationKind, Operation},
    authz::{
        AUDIT_LOG_READ_ALL, Action, ByToken, DIRECTORY_READ_ALL, DIRECTORY_ROLES, DirectoryRoles, Grant, Kind, OWNER,
        Permissions, Principal, READ_ALL, READ_WRITE_ALL, ROLES, Role, by_roles, by_token,
        table::{self, to_read},
    },
    model::{meta::Version, scope::Scope},
};
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::Response,
        fixtures::{self, BETA, PACKAGES, give},
    },
};

use self::{
    objects::what_a_caller_may_do_in_the_directory_is_what_the_table_says,
    tenants::{nobody_reaches_another_tenant, nobody_reaches_the_directory_of_another_tenant},
};

engines! {
    what_a_caller_may_do_is_what_the_table_says,
    what_a_caller_may_do_in_the_directory_is_what_the_table_says,
    nobody_reaches_another_tenant,
    nobody_reaches_the_directory_of_another_tenant,
}

/// The ids of the catalogs: nothing else holds these words.
const PLACES: [&str; 2] = ["ours7", "theirs7"];

/// A catalog with two packages, the first incompatible with the second, and a role assignment in it.
struct Place {
    /// Its id, and the beginning of the ids of what is in it.
    id: &'static str,
    assignment: String,
}

impl Place {
    async fn new(admin: &Client, id: &'static str) -> Self {
        let body = json!({ "id": id, "displayName": id, "uniqueName": id });
        admin.beta().post(BETA.catalogs, body).await.expect(201);
        let mut place = Self { id, assignment: String::new() };
        place.restore(admin).await;
        place
    }

    /// Makes what an operation may have removed.
    async fn restore(&mut self, admin: &Client) {
        let client = admin.beta();
        for name in self.packages() {
            let body = json!({ "id": name, "displayName": name, "uniqueName": name, "catalogId": self.id });
            let made = client.post(PACKAGES, body).await.status;
            assert!(matches!(made, 201 | 409), "{made}");
        }
        let [one, other] = self.packages();
        fixtures::incompatible(admin, &one, &other).await;
        let assignments = admin.roles("beta");
        if self.assignment.is_empty()
            || assignments.get(format!("/roleAssignments/{}", self.assignment)).await.status != 200
        {
            self.assignment = give(admin, "somebody", "Catalog reader", Some(self.id)).await;
        }
    }

    fn packages(&self) -> [String; 2] {
        [format!("{}-one", self.id), format!("{}-other", self.id)]
    }

    /// Where an operation is called on what is here; `record` is one of the audit log, which is of no catalog.
    fn path(&self, operation: &Operation, record: &str) -> String {
        let [one, other] = self.packages();
        let unique = if operation.template.contains("/accessPackages(") { &one } else { self.id };
        let path = operation
            .template
            .replace("{accessPackageCatalog-id}", self.id)
            .replace("{accessPackage-id1}", &other)
            .replace("{accessPackage-id}", &one)
            .replace("{unifiedRoleAssignment-id}", &self.assignment)
            .replace("{directoryAudit-id}", record)
            .replace("{unifiedRoleDefinition-id}", OWNER.id)
            .replace("{uniqueName}", unique);
        assert!(!path.contains('{'), "{path}: say what this is");
        match operation.kind {
            OperationKind::RemoveReferenceById(_) => format!("{path}?@id=/accessPackages/{other}"),
            _ => path,
        }
    }

    /// The body of an operation on what is here.
    fn body(&self, operation: &Operation) -> Option<Json> {
        Some(match (operation.kind, operation.face.name) {
            (OperationKind::Create, "accessPackageCatalog") => json!({ "displayName": "New" }),
            (OperationKind::Create, "accessPackage") => json!({ "displayName": "New", "catalogId": self.id }),
            (OperationKind::Create, "unifiedRoleAssignment") => json!({
                "principalId": "anybody",
                "roleDefinitionId": Role::named("Catalog reader").unwrap().id,
                "appScopeId": format!("/AccessPackageCatalog/{}", self.id),
            }),
            (OperationKind::Create, other) => panic!("a create of {other}: say its body"),
            (OperationKind::Update, _) => json!({ "description": "changed" }),
            (OperationKind::AddReference(_), _) => {
                json!({ "@odata.id": format!("/accessPackages/{}", self.packages()[1]) })
            }
            _ => return None,
        })
    }
}

/// A caller as a test knows it: who it is, and what it has.
struct Persona {
    name: String,
    client: Client,
    principal: Principal,
    grants: Vec<Grant>,
}

impl Persona {
    /// Where the caller may do it; none: it is not even let in. Who has some role is let in, and told what it may see.
    fn may(&self, action: Action) -> Option<Scope> {
        match by_token(&self.principal, action) {
            ByToken::Yes => return Some(Scope::Tenant),
            ByToken::No(_) => return None,
            ByToken::AskRoles => {}
        }
        let scope = by_roles(&self.grants, action);
        let sees_all = by_token(&self.principal, Action::Read) == ByToken::Yes
            || by_roles(&self.grants, Action::Read) == Scope::Tenant;
        let no_role_would_do = self.grants.is_empty() || table::row(action).roles.is_empty();
        (!scope.is_nowhere() || !(no_role_would_do || sees_all)).then_some(scope)
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

/// Every kind of caller: applications and persons with each permission, each directory role, each role of entitlement
/// management in one catalog and everywhere.
async fn personas(app: &TestApp, own: &str) -> Vec<Persona> {
    let mut all = Vec::new();
    for permissions in
        [&[][..], &["User.Read.All"], &[AUDIT_LOG_READ_ALL], &[DIRECTORY_READ_ALL], &[READ_ALL], &[READ_WRITE_ALL]]
    {
        all.push(Persona {
            name: format!("an application with {permissions:?}"),
            client: app.application(permissions).await,
            principal: principal(Kind::Application, permissions, &[]),
            grants: Vec::new(),
        });
    }
    for scopes in [&["User.Read"][..], &[READ_ALL], &[READ_WRITE_ALL]] {
        let one = DIRECTORY_ROLES.iter().map(|role| vec![role.name]);
        for roles in [Vec::new()].into_iter().chain(one) {
            let client = app.person("nobody@contoso.example", scopes, &roles).await;
            let principal = principal(Kind::Delegated, scopes, &roles);
            let name = format!("a person with {scopes:?}, {roles:?}");
            all.push(Persona { name, client, principal, grants: Vec::new() });
        }
    }
    for role in ROLES {
        for catalog in [Some(own), None].into_iter().filter(|c| c.is_none() || role.per_catalog) {
            for scopes in [&[READ_ALL][..], &[READ_WRITE_ALL]] {
                let upn = format!("{}{}@contoso.example", role.id, catalog.unwrap_or_default());
                let client = app.person(&upn, scopes, &[]).await;
                if scopes == [READ_ALL] {
                    give(&app.client(), &client.oid(), role.name, catalog).await;
                }
                let grants = vec![Grant { role, catalog: catalog.map(str::to_owned) }];
                let name = format!("a person with {scopes:?}, {} in {catalog:?}", role.name);
                all.push(Persona { name, client, principal: principal(Kind::Delegated, scopes, &[]), grants });
            }
        }
    }
    all
}

/// What the table says comes of an operation on what is in this catalog.
fn expected(persona: &Persona, operation: &Operation, catalog: &str) -> u16 {
    let (Some(may), Some(sees)) = (persona.may(operation.action), persona.may(to_read(operation.face.entity))) else {
        return 403;
    };
    let creates_catalog = operation.id == "createCatalog";
    let in_catalog = ["Catalog-id}", "accessPackage-id}", "Assignment-id}", "{uniqueName}"];
    let is_here = operation.kind == OperationKind::Create || in_catalog.iter().any(|k| operation.template.contains(k));
    if creates_catalog && may != Scope::Tenant {
        return 403;
    }
    if is_here && !creates_catalog && !may.includes(Some(catalog)) {
        return if sees.includes(Some(catalog)) { 403 } else { 404 };
    }
    match operation.kind {
        OperationKind::List | OperationKind::Count | OperationKind::Get | OperationKind::ListReferences(_) => 200,
        OperationKind::Create => 201,
        // Allowed and refused all the same: it holds packages.
        OperationKind::Delete if operation.face.name == "accessPackageCatalog" => 400,
        _ => 204,
    }
}

async fn call(client: &Client, version: Version, operation: &Operation, place: &Place, record: &str) -> Response {
    let request = client.below(&format!("/{version}")).request(operation.method.clone(), place.path(operation, record));
    match place.body(operation) {
        Some(body) => request.json(body).await,
        None => request.await,
    }
}

async fn what_a_caller_may_do_is_what_the_table_says(app: TestApp) {
    let admin = app.client();
    let mut places = [Place::new(&admin, PLACES[0]).await, Place::new(&admin, PLACES[1]).await];
    let (personas, record) = (personas(&app, places[0].id).await, record(&app).await);
    for version in Version::ALL {
        for operation in operations(version) {
            for persona in &personas {
                for place in &mut places {
                    let answer = call(&persona.client, version, &operation, place, &record).await;
                    let what = format!("{version} {} on {} by {}", operation.id, place.id, persona.name);
                    let expected = expected(persona, &operation, place.id);
                    assert_eq!(answer.status, expected, "{what}");
                    if answer.status == 200 {
                        shows_what_is_seen(persona, &operation, &answer, &what);
                    }
                    if operation.kind == OperationKind::Create && answer.status == 201 {
                        undo(&admin, &operation, &answer.id()).await;
                    }
                    if matches!(
                        operation.kind,
                        OperationKind::Delete
                            | OperationKind::RemoveReference(_)
                            | OperationKind::RemoveReferenceById(_)
                    ) && answer.status == 204
                    {
                        place.restore(&admin).await;
                    }
                }
            }
        }
    }
}

/// Nothing of a catalog that the caller does not see is in an answer.
fn shows_what_is_seen(persona: &Persona, operation: &Operation, answer: &Response, what: &str) {
    let Some(sees) = persona.may(to_read(operation.face.entity)) else { panic!("{what}: it sees nothing") };
    for id in PLACES.into_iter().filter(|id| !sees.includes(Some(id))) {
        assert!(!answer.text().contains(id), "{what}: {id} in {}", answer.text());
    }
}

/// The operations of a version on what is in catalogs, on roles and on the audit log; but for the one sign-in: there is
/// none here.
fn operations(version: Version) -> impl Iterator<Item = Operation> {
    let all = cardea::api::operations(version).into_iter();
    all.filter(|operation| of_governance(operation) && operation.id != "getSignIn")
}

/// The operations of a version on the directory: all others.
fn of_directory(version: Version) -> impl Iterator<Item = Operation> {
    cardea::api::operations(version).into_iter().filter(|operation| !of_governance(operation))
}

fn of_governance(operation: &Operation) -> bool {
    let roots = ["/identityGovernance/", "/roleManagement/", "/auditLogs/"];
    roots.iter().any(|root| operation.template.starts_with(root))
}

/// The id of a record of the audit log.
async fn record(app: &TestApp) -> String {
    let client = app.application(&[AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
    client.get("/directoryAudits").query("$top", "1").await.expect(200).column("id").remove(0)
}

async fn undo(admin: &Client, operation: &Operation, id: &str) {
    let client = admin.below("/beta");
    let set = match operation.face.name {
        "accessPackageCatalog" => "identityGovernance/entitlementManagement/accessPackageCatalogs",
        "accessPackage" => "identityGovernance/entitlementManagement/accessPackages",
        _ => "roleManagement/entitlementManagement/roleAssignments",
    };
    client.delete(format!("/{set}/{id}")).await.expect(204);
}
