//! Entitlement management's own roles: who has them, and what they let one see and do, through every address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cardea::{
    api,
    authority::{Subject, TokenRequest},
    authz::{self, Action, READ_ALL, READ_WRITE_ALL, ROLES, table},
    model::meta::Version,
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::Request,
        fixtures::{self, BETA, PACKAGES, VERSIONS, Words},
    },
};

engines! {
    the_roles_are_those_of_graph,
    terraforms_requests_are_answered_as_it_needs,
    a_role_is_assigned_once_and_to_something_that_is_there,
    roles_go_with_their_catalog,
    a_creator_owns_what_it_creates_and_sees_no_more,
    a_service_principals_role_stands_in_for_a_permission,
    lists_show_what_the_caller_may_see,
    expansions_and_filters_do_not_reach_beyond_what_the_caller_may_see,
    everything_is_as_the_table_of_permissions_says,
}

const DEFINITIONS: &str = "/roleManagement/entitlementManagement/roleDefinitions";
const ASSIGNMENTS: &str = "/roleManagement/entitlementManagement/roleAssignments";
const OWNER: &str = "ae79f266-94d4-4dab-b730-feca7e132178";
const CREATOR: &str = "ba92d953-d8e0-4e39-a797-0cbedb0a89e8";
const READER: &str = "44272f93-9762-48e8-af59-1b5351b1d6b3";
const MANAGER: &str = "7f480852-ebdc-47d4-87de-0d8498384a83";

/// A caller and the id that roles are assigned to.
struct Somebody {
    client: Client,
    oid: String,
}

fn somebody(app: &TestApp, token: &str) -> Somebody {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Json = serde_json::from_slice(&claims).unwrap();
    Somebody { client: app.with_token(token), oid: claims["oid"].as_str().unwrap().to_owned() }
}

/// A person who has no directory role.
async fn person(app: &TestApp, upn: &str) -> Somebody {
    let (scopes, directory_roles) = (vec![READ_WRITE_ALL.to_owned()], Vec::new());
    let subject = Subject::User { upn: upn.to_owned(), scopes, directory_roles };
    somebody(app, &app.issue(subject, std::time::Duration::from_hours(1)).await)
}

fn scope(catalog: &str) -> String {
    format!("/AccessPackageCatalog/{catalog}")
}

/// Gives a role and gives the assignment's id.
async fn assign(app: &TestApp, oid: &str, role: &str, scope: &str) -> String {
    let body = json!({ "principalId": oid, "roleDefinitionId": role, "appScopeId": scope });
    app.client().below("/beta").post(ASSIGNMENTS, body).await.expect(201).id()
}

async fn the_roles_are_those_of_graph(app: TestApp) {
    for version in ["/v1.0", "/beta"] {
        let client = app.client().below(version);
        let mut rows = client.get(DEFINITIONS).await.expect(200).rows();
        assert_eq!(rows.len(), ROLES.len());
        rows.sort_by_key(|row| row["id"].to_string());
        for row in &rows {
            assert_eq!(row["id"], row["templateId"]);
            assert_eq!(
                (&row["isBuiltIn"], &row["isEnabled"], &row["version"]),
                (&json!(true), &json!(true), &json!("1.0"))
            );
        }
        let found = client.get(DEFINITIONS).query("$filter", "displayName eq 'Catalog owner'").await.expect(200);
        assert_eq!(found.column("id"), [OWNER]);
        let one = client.get(format!("{DEFINITIONS}/{MANAGER}")).await.expect(200).json();
        assert_eq!(one["displayName"], "AccessPackages manager");
        client.get(format!("{DEFINITIONS}/$count")).await.expect(200);
        client.delete(format!("{DEFINITIONS}/{MANAGER}")).undocumented("built-in roles stay").await.expect(405);
    }
}

async fn terraforms_requests_are_answered_as_it_needs(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let client = app.client().below("/beta");
    let body = json!({
        "appScopeId": scope(&catalog), "directoryScopeId": "/", "principalId": "p", "roleDefinitionId": READER,
    });
    let made = client.post(ASSIGNMENTS, body.clone()).await.expect(201);
    let one = format!("{ASSIGNMENTS}/{}", made.id());
    let read = client.get(&one).await.expect(200).json();
    for name in ["appScopeId", "directoryScopeId", "principalId", "roleDefinitionId"] {
        assert_eq!(read[name], body[name], "{name}");
    }
    client.delete(&one).await.expect(204);
    client.get(&one).await.expect(404);
}

async fn a_role_is_assigned_once_and_to_something_that_is_there(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for version in ["/v1.0", "/beta"] {
        let client = app.client().below(version);
        let create = |body: Json| client.post(ASSIGNMENTS, body);
        let body = json!({ "principalId": "p", "roleDefinitionId": READER, "appScopeId": scope(&catalog) });
        let made = create(body.clone()).await.expect(201);
        create(body.clone()).await.problem(409).says("DuplicateKey", "principalId", "already");
        let with = |name: &str, value: Json| {
            let mut body = body.clone();
            body[name] = value;
            body
        };
        for (body, status, code, target) in [
            (with("appScopeId", json!(scope("x"))), 404, "CatalogNotFound", "appScopeId"),
            (with("roleDefinitionId", json!("x")), 404, "RoleNotFound", "roleDefinitionId"),
            (with("appScopeId", Json::Null), 400, "InvalidModel", "appScopeId"),
            (with("appScopeId", json!("/administrativeUnits/1")), 400, "InvalidModel", "appScopeId"),
            (with("roleDefinitionId", json!(CREATOR)), 400, "InvalidModel", "appScopeId"),
            (with("principalId", Json::Null), 400, "InvalidModel", "principalId"),
        ] {
            create(body.clone()).await.problem(status).says(code, target, "");
        }
        let found = client.get(ASSIGNMENTS).query("$filter", "principalId eq 'p'").query("$expand", "roleDefinition");
        let found = found.await.expect(200).rows();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["roleDefinition"]["displayName"], "Catalog reader");
        client.delete(format!("{ASSIGNMENTS}/{}", made.id())).await.expect(204);
    }
}

async fn roles_go_with_their_catalog(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let made = assign(&app, "p", READER, &scope(&catalog)).await;
    app.client().beta().delete(format!("{}/{catalog}", BETA.catalogs)).await.expect(204);
    app.client().below("/beta").get(format!("{ASSIGNMENTS}/{made}")).await.expect(404);
}

async fn a_creator_owns_what_it_creates_and_sees_no_more(app: TestApp) {
    fixtures::catalog(&app.client(), "Others'").await;
    let ada = person(&app, "ada@contoso.example").await;
    ada.client.beta().get(BETA.catalogs).await.expect(403);
    let assignment = assign(&app, &ada.oid, CREATOR, "/").await;
    assert!(ada.client.beta().get(BETA.catalogs).await.expect(200).rows().is_empty());
    let made = fixtures::catalog(&ada.client, "Ada's").await;
    assert_eq!(ada.client.beta().get(BETA.catalogs).await.expect(200).column("displayName"), ["Ada's"]);
    fixtures::package(&ada.client, &made, "P").await;
    let own = ada.client.below("/v1.0").get(ASSIGNMENTS).await.expect(200).rows();
    assert_eq!(own.len(), 1, "those of her catalog, not that by which she creates");
    assert_eq!((&own[0]["roleDefinitionId"], &own[0]["appScopeId"]), (&json!(OWNER), &json!(scope(&made))));
    app.client().below("/beta").delete(format!("{ASSIGNMENTS}/{assignment}")).await.expect(204);
    let another = ada.client.beta().post(BETA.catalogs, json!({ "displayName": "Another" }));
    another.await.expect(403);
}

async fn a_service_principals_role_stands_in_for_a_permission(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let subject = Subject::Application { roles: Vec::new() };
    let robot = somebody(&app, &app.issue(subject, std::time::Duration::from_hours(1)).await);
    robot.client.v1().get(PACKAGES).await.expect(403);
    let assignment = assign(&app, &robot.oid, MANAGER, &scope(&catalog)).await;
    // Every way in which a body names the catalog.
    let v1 = robot.client.v1();
    for body in [
        json!({ "displayName": "P", "catalog": { "id": catalog } }),
        json!({ "displayName": "P", "catalog@odata.bind": v1.url(&format!("/catalogs/{catalog}")) }),
        json!({ "displayName": "P", "catalog@odata.bind": format!("catalogs('{catalog}')") }),
    ] {
        v1.post(PACKAGES, body).await.expect(201);
    }
    let beta = robot.client.beta();
    for body in [
        json!({ "displayName": "P", "catalogId": catalog }),
        json!({ "displayName": "P", "accessPackageCatalog": { "id": catalog } }),
        json!({ "displayName": "P", "accessPackageCatalog@odata.bind": format!("accessPackageCatalogs/{catalog}") }),
    ] {
        beta.post(PACKAGES, body).await.expect(201);
    }
    let request = json!({
        "id": "1", "method": "POST", "url": format!("/identityGovernance/entitlementManagement{PACKAGES}"),
        "headers": { "Content-Type": "application/json" }, "body": { "displayName": "P", "catalogId": catalog },
    });
    let batch = robot.client.below("/beta").post("/$batch", json!({ "requests": [request] })).await.expect(200).json();
    assert_eq!(batch["responses"][0]["status"], 201, "{batch}");
    let other = fixtures::catalog(&app.client(), "Other").await;
    let refused = beta.post(PACKAGES, json!({ "displayName": "P", "catalogId": other })).await;
    refused.problem(404).says("CatalogNotFound", "catalogId", &other);
    app.client().below("/beta").delete(format!("{ASSIGNMENTS}/{assignment}")).await.expect(204);
    robot.client.v1().get(PACKAGES).await.expect(403);
}

async fn lists_show_what_the_caller_may_see(app: TestApp) {
    let own = fixtures::catalog_with(&app.client(), &["A", "B", "C"]).await;
    let second = fixtures::catalog_with(&app.client(), &["D"]).await;
    fixtures::catalog_with(&app.client(), &["E", "F"]).await;
    let ada = person(&app, "ada@contoso.example").await;
    assign(&app, &ada.oid, READER, &scope(&own)).await;
    assign(&app, &ada.oid, MANAGER, &scope(&second)).await;
    for words in VERSIONS {
        let client = words.of(&ada.client);
        let page =
            client.get(PACKAGES).query("$orderby", "displayName").query("$count", "true").query("$top", "3").await;
        let page = page.expect(200);
        assert_eq!(
            (page.column("displayName"), &page.json()["@odata.count"]),
            (vec!["A".into(), "B".into(), "C".into()], &json!(4))
        );
        let next = page.json()["@odata.nextLink"].as_str().unwrap().to_owned();
        assert_eq!(client.get(next).await.expect(200).column("displayName"), ["D"]);
        assert_eq!(client.get(format!("{PACKAGES}/$count")).await.expect(200).text(), "4");
        assert_eq!(client.get(words.catalogs).await.expect(200).rows().len(), 2);
        let found = client.get(PACKAGES).query("$search", "\"E\"").await.expect(200);
        assert!(found.rows().is_empty());
    }
}

async fn expansions_and_filters_do_not_reach_beyond_what_the_caller_may_see(app: TestApp) {
    let admin = app.client();
    let (own, other) = (fixtures::catalog(&admin, "Own").await, fixtures::catalog(&admin, "Other").await);
    let mine = fixtures::package(&admin, &own, "Mine").await;
    let theirs = fixtures::package(&admin, &other, "Theirs").await;
    fixtures::incompatible(&admin, &mine, &theirs).await;
    let ada = person(&app, "ada@contoso.example").await;
    assign(&app, &ada.oid, MANAGER, &scope(&own)).await;
    for words in VERSIONS {
        let client = words.of(&ada.client);
        let expand = "incompatibleAccessPackages($count=true)";
        let one = client.get(format!("{PACKAGES}/{mine}")).query("$expand", expand).await.expect(200).json();
        assert_eq!(one["incompatibleAccessPackages"], json!([]));
        assert_eq!(one["incompatibleAccessPackages@odata.count"], 0);
        let below = format!("{PACKAGES}/{mine}/incompatibleAccessPackages");
        assert!(client.get(&below).await.expect(200).rows().is_empty());
        assert_eq!(client.get(format!("{below}/$count")).await.expect(200).text(), "0");
        assert!(client.get(format!("{below}/$ref")).await.expect(200).rows().is_empty());
        let filter = "incompatibleAccessPackages/any(p:p/displayName eq 'Theirs')";
        assert!(client.get(PACKAGES).query("$filter", filter).await.expect(200).rows().is_empty());
        client.get(format!("{PACKAGES}/{theirs}/{}", words.catalog)).await.expect(404);
        client.get(format!("{}/{other}{PACKAGES}", words.catalogs)).await.expect(404);
        let reference = json!({ "@odata.id": client.url(&format!("{PACKAGES}/{theirs}")) });
        client.post(format!("{below}/$ref"), reference).await.expect(404);
    }
}

/// What there is in one catalog.
#[derive(Clone)]
struct World {
    catalog: String,
    package: String,
    other_package: String,
    assignment: String,
    /// Of a change.
    record: String,
    name: String,
}

async fn world(app: &TestApp, name: &str) -> World {
    let client = app.client();
    let body = json!({ "displayName": name, "uniqueName": name });
    let catalog = client.beta().post(BETA.catalogs, body).await.expect(201).id();
    let body = json!({ "displayName": name, "uniqueName": name, "catalogId": catalog });
    let package = fixtures::package_of(&client, body).await;
    let other_package = fixtures::package(&client, &catalog, "Another").await;
    fixtures::incompatible(&client, &package, &other_package).await;
    let assignment = assign(app, "somebody", READER, &scope(&catalog)).await;
    let records = app.application(&[authz::AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs");
    let record = records.get("/directoryAudits").query("$top", "1").await.expect(200).column("id").remove(0);
    World { catalog, package, other_package, assignment, record, name: name.to_owned() }
}

impl World {
    fn request(&self, client: &Client, words: Words, operation: &api::operations::Operation) -> Request {
        let path = operation
            .template
            .replace("{accessPackage-id1}", &self.other_package)
            .replace("{accessPackage-id}", &self.package)
            .replace("{accessPackageCatalog-id}", &self.catalog)
            .replace("{unifiedRoleAssignment-id}", &self.assignment)
            .replace("{unifiedRoleDefinition-id}", OWNER)
            .replace("{directoryAudit-id}", &self.record)
            .replace("{uniqueName}", &self.name);
        let client = client.below(&format!("/{}", words.version));
        let request = client.request(operation.method.clone(), path);
        let reference =
            client.url(&format!("/identityGovernance/entitlementManagement{PACKAGES}/{}", self.other_package));
        let body = match operation.id.as_str() {
            "createAccessPackage" | "createAccessPackageByReference" => words.package(&self.catalog, "New"),
            "createRoleAssignment" => {
                json!({ "principalId": "new", "roleDefinitionId": READER, "appScopeId": scope(&self.catalog) })
            }
            "addIncompatibleAccessPackage" => json!({ "@odata.id": reference }),
            "removeIncompatibleAccessPackageById" => return request.query("@id", &reference),
            _ if operation.method == Method::POST || operation.method == Method::PATCH => {
                json!({ "displayName": "New" })
            }
            _ => return request,
        };
        request.json(body)
    }
}

/// What a caller is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Denied,
    Missing,
}

/// What the table says of an operation on something in the caller's own catalog or in another one.
fn expected(who: &Who, operation: &api::operations::Operation, own: bool) -> Answer {
    let row = table::row(operation.action);
    let reads = table::row(Action::Read);
    let (may, sees) = match who {
        Who::Application(permission) => {
            let allows = |row: &table::Row| row.permissions.contains(permission);
            return if allows(row) { Answer::Done } else { Answer::Denied };
        }
        Who::Stranger if !row.permissions.contains(&READ_WRITE_ALL) => return Answer::Denied,
        Who::Stranger => {
            let collection = !operation.template.contains('{');
            let names_something = matches!(
                operation.id.as_str(),
                "createAccessPackage" | "createAccessPackageByReference" | "createRoleAssignment"
            );
            let everywhere = operation.template.starts_with(DEFINITIONS);
            return if (collection && !names_something) || everywhere { Answer::Done } else { Answer::Missing };
        }
        Who::Nobody => return Answer::Denied,
        Who::Role { name, everywhere } => {
            if row.roles.is_empty() {
                return Answer::Denied;
            }
            let here = own || *everywhere;
            (row.roles.contains(name) && here, reads.roles.contains(name) && here)
        }
    };
    let of_no_catalog = operation.template.starts_with(DEFINITIONS) || !operation.template.contains('{');
    let names_a_catalog = matches!(
        operation.id.as_str(),
        "createAccessPackage" | "createAccessPackageByReference" | "createRoleAssignment"
    );
    if operation.action == Action::Read && of_no_catalog {
        return Answer::Done;
    }
    if operation.action == Action::CreateCatalog {
        let tenant_wide = matches!(who, Who::Role { everywhere: true, .. });
        let allowed = tenant_wide && matches!(who, Who::Role { name, .. } if row.roles.contains(name));
        return if allowed { Answer::Done } else { Answer::Denied };
    }
    debug_assert!(names_a_catalog || operation.template.contains('{'), "{}", operation.id);
    match (may, sees) {
        (true, _) => Answer::Done,
        (false, true) => Answer::Denied,
        (false, false) => Answer::Missing,
    }
}

enum Who {
    /// An application with this permission.
    Application(&'static str),
    /// A person with this role, in one catalog or in the tenant.
    Role { name: &'static str, everywhere: bool },
    /// A person with no role at all.
    Nobody,
    /// An application of another tenant that may do everything there.
    Stranger,
}

/// Every operation, by everybody, on what is theirs and on what is others'.
async fn everything_is_as_the_table_of_permissions_says(app: TestApp) {
    let mut own = world(&app, "own").await;
    let mut other = world(&app, "other").await;
    let mut callers = vec![
        (Who::Application(READ_ALL), app.application(&[READ_ALL]).await),
        (Who::Application(READ_WRITE_ALL), app.client()),
        (Who::Application(authz::AUDIT_LOG_READ_ALL), app.application(&[authz::AUDIT_LOG_READ_ALL]).await),
        (Who::Nobody, person(&app, "nobody@contoso.example").await.client),
        (Who::Stranger, stranger(&app).await),
    ];
    let mut scoped = Vec::new();
    for role in ROLES {
        for everywhere in [true, false] {
            if everywhere || role.per_catalog {
                let who = person(&app, &format!("{}-{everywhere}@contoso.example", role.id)).await;
                let place = if everywhere { "/".to_owned() } else { scope(&own.catalog) };
                assign(&app, &who.oid, role.id, &place).await;
                if !everywhere {
                    scoped.push((who.oid.clone(), role.id));
                }
                callers.push((Who::Role { name: role.name, everywhere }, who.client));
            }
        }
    }
    let mut tried = 0;
    for (version, words) in Version::ALL.into_iter().zip(VERSIONS) {
        // Of sign-ins there are none here.
        for operation in api::operations(version).into_iter().filter(|operation| operation.id != "getSignIn") {
            for (who, client) in &callers {
                for is_own in [true, false] {
                    let place = if is_own { &own } else { &other };
                    let status = place.request(client, words, &operation).await.status;
                    let answer = match status {
                        403 => Answer::Denied,
                        404 => Answer::Missing,
                        401 | 500.. => panic!("{} gives {status}", operation.id),
                        _ => Answer::Done,
                    };
                    let wanted = expected(who, &operation, is_own);
                    let name = match who {
                        Who::Application(name) | Who::Role { name, .. } => name,
                        Who::Nobody => "no role",
                        Who::Stranger => "another tenant",
                    };
                    let everywhere = matches!(who, Who::Role { everywhere: true, .. });
                    assert_eq!(
                        answer, wanted,
                        "{version} {} by {name} (everywhere: {everywhere}, own: {is_own}): {status}",
                        operation.id
                    );
                    tried += 1;
                    if operation.kind.is_write() && (200..300).contains(&status) && !matches!(who, Who::Stranger) {
                        // Each case begins with the same.
                        clear(&app).await;
                        own = world(&app, "own").await;
                        other = world(&app, "other").await;
                        for (oid, role) in &scoped {
                            assign(&app, oid, role, &scope(&own.catalog)).await;
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// Removes all packages and catalogs but the built-in one.
async fn clear(app: &TestApp) {
    let client = app.client().beta();
    for set in [PACKAGES, BETA.catalogs] {
        let rows = client.get(set).query("$top", "999").await.expect(200).rows();
        for row in rows.iter().filter(|row| row["catalogType"] != "ServiceDefault") {
            client.delete(format!("{set}/{}", row["id"].as_str().unwrap())).await.expect(204);
        }
    }
}

/// An application that may do everything in a tenant of its own.
async fn stranger(app: &TestApp) -> Client {
    let authority = &app.api.authority;
    let tenant = authority.tenant_create("Other", &[], cardea::app::catalog::first_catalog).await.unwrap();
    let subject = Subject::Application { roles: vec![READ_WRITE_ALL.to_owned()] };
    let lifetime = std::time::Duration::from_hours(1);
    let request = TokenRequest { tenant: Some(tenant.id), subject, lifetime };
    app.with_token(&authority.issue(&request).await.unwrap())
}
