//! Entitlement management's own roles: who has them, and what they let one see and do, through every address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cardea::{
    authority::Subject,
    authz::{READ_WRITE_ALL, ROLES},
};
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        fixtures::{self, BETA, PACKAGES, VERSIONS},
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
