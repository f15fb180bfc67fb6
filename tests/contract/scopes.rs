//! What somebody sees and may do who has a role in one catalog: at every address of a thing, and however a body names the
//! catalog.

use cardea::authz::{READ_ALL, READ_WRITE_ALL, Role};
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::Problem,
        fixtures::{self, BETA, PACKAGES, V1, VERSIONS, Words, give, package},
    },
};

engines! {
    an_owner_sees_the_own_catalog_and_no_other,
    nothing_tells_of_another_catalog,
    an_owner_changes_things_by_every_address,
    a_catalog_is_named_in_every_way_a_body_can,
    what_is_seen_and_may_not_be_changed_is_forbidden,
    links_lead_to_what_is_seen,
    a_creator_owns_what_it_creates,
    owners_give_roles_in_their_catalog_alone,
    a_role_that_was_taken_away_does_not_count,
    a_role_in_the_whole_tenant_counts_everywhere,
    an_application_s_role_stands_in_for_its_permission,
    who_reads_everything_may_change_the_own_catalog,
    requests_of_a_batch_are_judged_one_by_one,
}

const OWNER: &str = "Catalog owner";
const READER: &str = "Catalog reader";
const MANAGER: &str = "AccessPackages manager";
const CREATOR: &str = "Catalog creator";

fn id(role: &str) -> &'static str {
    Role::named(role).unwrap().id
}

/// Somebody without a directory role, and the id of the object.
async fn person(app: &TestApp, upn: &str, scopes: &[&str]) -> (Client, String) {
    let client = app.person(upn, scopes, &[]).await;
    let oid = client.oid();
    (client, oid)
}

/// Two catalogs with a package each, and somebody with a role in the first.
struct World {
    own: String,
    other: String,
    mine: String,
    theirs: String,
    ada: Client,
}

impl World {
    async fn new(app: &TestApp, role: &str) -> Self {
        let client = app.client();
        let (own, other) = (fixtures::catalog(&client, "Own").await, fixtures::catalog(&client, "Other").await);
        let mine =
            fixtures::package_of(&client, json!({ "displayName": "Mine", "catalogId": own, "uniqueName": "mine" }));
        let theirs = json!({ "displayName": "Theirs", "catalogId": other, "uniqueName": "theirs" });
        let (mine, theirs) = (mine.await, fixtures::package_of(&client, theirs).await);
        let (ada, oid) = person(app, "ada@contoso.example", &[READ_WRITE_ALL]).await;
        give(&client, &oid, role, Some(&own)).await;
        Self { own, other, mine, theirs, ada }
    }
}

async fn an_owner_sees_the_own_catalog_and_no_other(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    for words in VERSIONS {
        let ada = words.of(&world.ada);
        assert_eq!(ada.get(words.catalogs).await.expect(200).column("id"), [world.own.as_str()]);
        let packages = ada.get(PACKAGES).query("$count", "true").query("$expand", words.catalog).await.expect(200);
        assert_eq!(packages.column("id"), [world.mine.as_str()]);
        assert_eq!(packages.json()["@odata.count"], 1);
        assert_eq!(packages.rows()[0][words.catalog]["id"], world.own);
        assert_eq!(ada.get(format!("{PACKAGES}/$count")).await.expect(200).text(), "1");
        for path in [
            format!("{}/{}", words.catalogs, world.own),
            format!("{}/{}{PACKAGES}", words.catalogs, world.own),
            format!("{}/{}{PACKAGES}/$count", words.catalogs, world.own),
            format!("{}/{}{PACKAGES}/{}", words.catalogs, world.own, world.mine),
            format!("{PACKAGES}/{}", world.mine),
            format!("{PACKAGES}/{}/{}", world.mine, words.catalog),
            format!("{PACKAGES}/{}/incompatibleAccessPackages", world.mine),
        ] {
            ada.get(&path).await.expect(200);
        }
        for path in [
            format!("{}/{}", words.catalogs, world.other),
            format!("{}/{}{PACKAGES}", words.catalogs, world.other),
            format!("{}/{}{PACKAGES}/$count", words.catalogs, world.other),
            format!("{}/{}{PACKAGES}/{}", words.catalogs, world.other, world.theirs),
            format!("{PACKAGES}/{}", world.theirs),
            format!("{PACKAGES}/{}/{}", world.theirs, words.catalog),
            format!("{PACKAGES}/{}/incompatibleAccessPackages", world.theirs),
            format!("{PACKAGES}/{}/incompatibleAccessPackages/$ref", world.theirs),
        ] {
            ada.get(&path).await.problem(404);
        }
    }
    let ada = world.ada.beta();
    ada.get("/accessPackages(uniqueName='mine')").await.expect(200);
    ada.get("/accessPackages(uniqueName='theirs')").await.problem(404);
    let plain = "a property by itself is not among the documented addresses";
    ada.get(format!("{PACKAGES}/{}/displayName", world.mine)).undocumented(plain).await.expect(200);
    ada.get(format!("{PACKAGES}/{}/displayName", world.theirs)).undocumented(plain).await.problem(404);
}

async fn nothing_tells_of_another_catalog(app: TestApp) {
    let world = World::new(&app, READER).await;
    // A link between the two catalogs.
    fixtures::incompatible(&app.client(), &world.mine, &world.theirs).await;
    fixtures::incompatible(&app.client(), &world.theirs, &world.mine).await;
    let ada = world.ada.v1();
    let mine = format!("{PACKAGES}/{}", world.mine);
    let none = Vec::<Json>::new();
    for navigation in ["incompatibleAccessPackages", "accessPackagesIncompatibleWith"] {
        assert_eq!(ada.get(format!("{mine}/{navigation}")).await.expect(200).rows(), none);
        assert_eq!(ada.get(format!("{mine}/{navigation}/$count")).await.expect(200).text(), "0");
        // The other package does not exist, so nor does what hangs on it, though that is one's own.
        ada.get(format!("{PACKAGES}/{}/{navigation}", world.theirs)).await.problem(404);
        let expanded = ada.get(&mine).query("$expand", &format!("{navigation}($count=true)")).await.expect(200).json();
        assert_eq!((&expanded[navigation], &expanded[format!("{navigation}@odata.count")]), (&json!([]), &json!(0)));
        for (filter, found) in [
            (format!("{navigation}/any()"), false),
            (format!("{navigation}/any(p: p/displayName eq 'Theirs')"), false),
            (format!("{navigation}/all(p: p/displayName eq 'x')"), true),
            ("displayName eq 'Theirs'".to_owned(), false),
            (format!("catalog/id eq '{}'", world.other), false),
            (format!("not ({navigation}/any())"), true),
        ] {
            let rows = ada.get(PACKAGES).query("$filter", &filter).await.expect(200).column("id");
            assert_eq!(rows, if found { vec![world.mine.clone()] } else { Vec::new() }, "{filter}");
        }
    }
    assert_eq!(ada.get(format!("{mine}/incompatibleAccessPackages/$ref")).await.expect(200).rows(), none);
    assert_eq!(ada.get(PACKAGES).query("$search", "\"theirs\"").await.expect(200).rows(), none);
}

async fn an_owner_changes_things_by_every_address(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    let ada = world.ada.beta();
    for address in [format!("{PACKAGES}/{}", world.mine), "/accessPackages(uniqueName='mine')".to_owned()] {
        ada.patch(&address, json!({ "description": "by ada" })).await.expect(204);
    }
    for address in [format!("{PACKAGES}/{}", world.theirs), "/accessPackages(uniqueName='theirs')".to_owned()] {
        ada.patch(&address, json!({ "description": "by ada" })).await.problem(404);
        ada.delete(&address).await.problem(404);
    }
    for words in VERSIONS {
        let ada = words.of(&world.ada);
        ada.patch(format!("{}/{}", words.catalogs, world.own), json!({ "description": "by ada" })).await.expect(204);
        ada.patch(format!("{}/{}", words.catalogs, world.other), json!({ "description": "x" })).await.problem(404);
        ada.delete(format!("{}/{}", words.catalogs, world.other)).await.problem(404);
    }
    ada.delete(format!("{PACKAGES}/{}", world.mine)).await.expect(204);
    ada.delete(format!("{}/{}", BETA.catalogs, world.own)).await.expect(204);
    let everything = app.client().beta().get(PACKAGES).await.expect(200);
    assert_eq!(
        (everything.column("id"), everything.rows()[0]["description"].clone()),
        (vec![world.theirs], Json::Null)
    );
}

async fn a_catalog_is_named_in_every_way_a_body_can(app: TestApp) {
    let world = World::new(&app, MANAGER).await;
    let ways = |words: Words, client: &Client, catalog: &str| {
        let url = client.url(&format!("{}/{catalog}", words.catalogs));
        let bind = format!("{}@odata.bind", words.catalog);
        [
            json!({ "catalogId": catalog }),
            json!({ (words.catalog): { "id": catalog } }),
            json!({ (words.catalog): { "id": catalog, "displayName": "as the server gave it" } }),
            json!({ (bind.as_str()): url }),
            json!({ (bind.as_str()): format!("{}/{catalog}", words.catalogs.trim_start_matches('/')) }),
            json!({ "catalogId": catalog, (words.catalog): { "id": catalog } }),
        ]
    };
    for words in [V1, BETA] {
        let ada = words.of(&world.ada);
        for address in [PACKAGES.to_owned(), format!("{PACKAGES}/$ref")] {
            for mut body in ways(words, &ada, &world.own) {
                body["displayName"] = json!("New");
                ada.post(&address, body).await.expect(201);
            }
            for catalog in [world.other.as_str(), "nowhere"] {
                for mut body in ways(words, &ada, catalog) {
                    body["displayName"] = json!("New");
                    let problem = ada.post(&address, body.clone()).await.problem(404);
                    assert_eq!(problem.code, "CatalogNotFound", "{body}");
                    assert!(problem.message.contains(catalog), "{problem:?}");
                }
            }
        }
    }
    let other = app.client().v1().get(format!("/catalogs/{}{PACKAGES}/$count", world.other)).await.expect(200);
    assert_eq!(other.text(), "1");
}

#[track_caller]
fn forbidden(problem: &Problem) {
    problem.says("UnAuthorized", "", "User is not authorized to perform the operation");
}

async fn what_is_seen_and_may_not_be_changed_is_forbidden(app: TestApp) {
    let world = World::new(&app, READER).await;
    let before = fixtures::world(&app.client()).await;
    for words in VERSIONS {
        let ada = words.of(&world.ada);
        let mine = format!("{PACKAGES}/{}", world.mine);
        let link = json!({ "@odata.id": ada.url(&mine) });
        for request in [
            ada.post(PACKAGES, words.package(&world.own, "New")),
            ada.patch(&mine, json!({ "displayName": "New" })),
            ada.delete(&mine),
            ada.post(format!("{mine}/incompatibleAccessPackages/$ref"), link),
            ada.patch(format!("{}/{}", words.catalogs, world.own), json!({ "displayName": "New" })),
            ada.delete(format!("{}/{}", words.catalogs, world.own)),
            ada.post(words.catalogs, json!({ "displayName": "New" })),
        ] {
            forbidden(&request.await.problem(403));
        }
        ada.post(PACKAGES, words.package(&world.other, "New")).await.problem(404);
    }
    assert_eq!(fixtures::world(&app.client()).await, before);
    // The manager of packages does not manage the catalog, but changes what is in it.
    give(&app.client(), &world.ada.oid(), MANAGER, Some(&world.own)).await;
    let ada = world.ada.beta();
    forbidden(&ada.delete(format!("{}/{}", BETA.catalogs, world.own)).await.problem(403));
    ada.patch(format!("{PACKAGES}/{}", world.mine), json!({ "displayName": "New" })).await.expect(204);
    // Somebody who reads the own catalog and manages another.
    give(&app.client(), &world.ada.oid(), READER, Some(&world.other)).await;
    forbidden(&ada.delete(format!("{PACKAGES}/{}", world.theirs)).await.problem(403));
    forbidden(&ada.post(PACKAGES, BETA.package(&world.other, "New")).await.problem(403));
}

async fn links_lead_to_what_is_seen(app: TestApp) {
    let world = World::new(&app, MANAGER).await;
    let second = package(&app.client(), &world.own, "Second").await;
    let ada = world.ada.beta();
    let links = |package: &str| format!("{PACKAGES}/{package}/incompatibleAccessPackages");
    let to = |package: &str| json!({ "@odata.id": ada.url(&format!("{PACKAGES}/{package}")) });
    ada.post(format!("{}/$ref", links(&world.mine)), to(&second)).await.expect(204);
    ada.post(format!("{}/$ref", links(&world.mine)), to(&world.theirs)).await.problem(404);
    ada.post(format!("{}/$ref", links(&world.theirs)), to(&second)).await.problem(404);
    fixtures::incompatible(&app.client(), &world.mine, &world.theirs).await;
    ada.delete(format!("{}/{}/$ref", links(&world.mine), world.theirs)).await.problem(404);
    ada.delete(format!("{}/{second}/$ref", links(&world.mine))).await.expect(204);
    let left = app.client().beta().get(links(&world.mine)).await.expect(200).column("id");
    assert_eq!(left, [world.theirs.as_str()]);
    // A link into a catalog that one reads is one's own to make.
    give(&app.client(), &world.ada.oid(), READER, Some(&world.other)).await;
    ada.post(format!("{}/$ref", links(&second)), to(&world.theirs)).await.expect(204);
    forbidden(&ada.post(format!("{}/$ref", links(&world.theirs)), to(&second)).await.problem(403));
}

async fn a_creator_owns_what_it_creates(app: TestApp) {
    let existing = fixtures::catalog(&app.client(), "Existing").await;
    let (ada, oid) = person(&app, "ada@contoso.example", &[READ_WRITE_ALL]).await;
    forbidden(&ada.beta().post(BETA.catalogs, json!({ "displayName": "Mine" })).await.problem(403));
    give(&app.client(), &oid, CREATOR, None).await;
    for words in VERSIONS {
        let ada = words.of(&ada);
        let before = ada.get(words.catalogs).await.expect(200).rows().len();
        let made = ada.post(words.catalogs, json!({ "displayName": "Mine" })).await.expect(201).id();
        assert_eq!(ada.get(words.catalogs).await.expect(200).rows().len(), before + 1);
        ada.get(format!("{}/{existing}", words.catalogs)).await.problem(404);
        ada.post(PACKAGES, words.package(&made, "Package")).await.expect(201);
        ada.post(PACKAGES, words.package(&existing, "Package")).await.problem(404);
        let filter = format!("appScopeId eq '/AccessPackageCatalog/{made}'");
        let given =
            app.reader().roles(words.version).get("/roleAssignments").query("$filter", &filter).await.expect(200);
        assert_eq!(given.column("principalId"), [oid.as_str()]);
        assert_eq!(given.column("roleDefinitionId"), [id(OWNER)]);
    }
    // Who may make catalogs anyway gets no role by it.
    let made = fixtures::catalog(&app.client(), "Another").await;
    let filter = format!("appScopeId eq '/AccessPackageCatalog/{made}'");
    let given = app.reader().roles("beta").get("/roleAssignments").query("$filter", &filter).await.expect(200);
    assert_eq!(given.rows(), Vec::<Json>::new());
}

async fn owners_give_roles_in_their_catalog_alone(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    let theirs = give(&app.client(), "bob", OWNER, Some(&world.other)).await;
    let everywhere = give(&app.client(), "bob", READER, None).await;
    let ada = world.ada.roles("beta");
    let body = |scope: &str| json!({ "principalId": "eve", "roleDefinitionId": id(READER), "appScopeId": scope });
    let own = format!("/AccessPackageCatalog/{}", world.own);
    let made = ada.post("/roleAssignments", body(&own)).await.expect(201).id();
    let problem = ada.post("/roleAssignments", body(&format!("/AccessPackageCatalog/{}", world.other))).await;
    problem.problem(404).says("CatalogNotFound", "appScopeId", "There is no");
    forbidden(&ada.post("/roleAssignments", body("/")).await.problem(403));
    let directory = json!({
        "principalId": "eve", "roleDefinitionId": id(OWNER), "appScopeId": "/",
    });
    forbidden(&ada.post("/roleAssignments", directory).await.problem(403));
    assert_eq!(ada.get("/roleAssignments").await.expect(200).column("appScopeId"), [own.as_str(), own.as_str()]);
    for hidden in [&theirs, &everywhere] {
        ada.get(format!("/roleAssignments/{hidden}")).await.problem(404);
        ada.delete(format!("/roleAssignments/{hidden}")).await.problem(404);
    }
    ada.delete(format!("/roleAssignments/{made}")).await.expect(204);
    assert_eq!(ada.get("/roleDefinitions/$count").await.expect(200).text(), "5");
    // A manager of packages gives no roles, though it sees them.
    let (eve, oid) = person(&app, "eve@contoso.example", &[READ_WRITE_ALL]).await;
    let hers = give(&app.client(), &oid, MANAGER, Some(&world.own)).await;
    forbidden(&eve.roles("beta").post("/roleAssignments", body(&own)).await.problem(403));
    forbidden(&eve.roles("beta").delete(format!("/roleAssignments/{hers}")).await.problem(403));
    // An owner of everything gives roles in each catalog, and none that count everywhere.
    give(&app.client(), &oid, OWNER, None).await;
    eve.roles("beta").post("/roleAssignments", body(&own)).await.expect(201);
    forbidden(&eve.roles("beta").post("/roleAssignments", body("/")).await.problem(403));
    forbidden(&eve.roles("beta").delete(format!("/roleAssignments/{everywhere}")).await.problem(403));
}

async fn a_role_that_was_taken_away_does_not_count(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    let ada = world.ada.beta();
    ada.get(PACKAGES).await.expect(200);
    let given = world.ada.roles("beta").get("/roleAssignments").await.expect(200).column("id").remove(0);
    app.client().roles("beta").delete(format!("/roleAssignments/{given}")).await.expect(204);
    forbidden(&ada.get(PACKAGES).await.problem(403));
    forbidden(&ada.patch(format!("{PACKAGES}/{}", world.mine), json!({ "displayName": "x" })).await.problem(403));
    forbidden(&ada.post(PACKAGES, json!("not even a body")).await.problem(403));
}

async fn a_role_in_the_whole_tenant_counts_everywhere(app: TestApp) {
    let world = World::new(&app, READER).await;
    let ada = world.ada.v1();
    give(&app.client(), &world.ada.oid(), MANAGER, None).await;
    ada.patch(format!("{PACKAGES}/{}", world.theirs), json!({ "displayName": "By Ada" })).await.expect(204);
    ada.post(PACKAGES, V1.package(&world.other, "New")).await.expect(201);
    // The tenant's own catalog is among them.
    assert_eq!(ada.get("/catalogs/$count").await.expect(200).text(), "3");
    forbidden(&ada.patch(format!("/catalogs/{}", world.own), json!({ "displayName": "x" })).await.problem(403));
}

async fn an_application_s_role_stands_in_for_its_permission(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    let robot = app.application(&["User.Read.All"]).await;
    let problem = robot.v1().get(PACKAGES).await.problem(403);
    problem.says("Authorization_RequestDenied", "", "EntitlementManagement.Read.All");
    give(&app.client(), &robot.oid(), MANAGER, Some(&world.own)).await;
    assert_eq!(robot.v1().get(PACKAGES).await.expect(200).column("id"), [world.mine.as_str()]);
    robot.v1().post(PACKAGES, V1.package(&world.own, "New")).await.expect(201);
    robot.v1().post(PACKAGES, V1.package(&world.other, "New")).await.problem(404);
}

async fn who_reads_everything_may_change_the_own_catalog(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    let robot = app.application(&[READ_ALL]).await;
    give(&app.client(), &robot.oid(), OWNER, Some(&world.own)).await;
    let robot = robot.v1();
    assert_eq!(robot.get(format!("{PACKAGES}/$count")).await.expect(200).text(), "2");
    robot.patch(format!("{PACKAGES}/{}", world.mine), json!({ "displayName": "x" })).await.expect(204);
    forbidden(&robot.patch(format!("{PACKAGES}/{}", world.theirs), json!({ "displayName": "x" })).await.problem(403));
    forbidden(&robot.post(PACKAGES, V1.package(&world.other, "New")).await.problem(403));
    robot.post(PACKAGES, V1.package("nowhere", "New")).await.problem(404);
    // A person's scope bounds what its roles allow.
    let (ada, _) = person(&app, "ada@contoso.example", &[READ_ALL]).await;
    ada.v1().get(format!("{PACKAGES}/{}", world.mine)).await.expect(200);
    let problem = ada.v1().delete(format!("{PACKAGES}/{}", world.mine)).await.problem(403);
    problem.says("Authorization_RequestDenied", "", READ_WRITE_ALL);
}

async fn requests_of_a_batch_are_judged_one_by_one(app: TestApp) {
    let world = World::new(&app, OWNER).await;
    let root = crate::support::client::ROOT;
    let get = |id: &str, path: String| json!({ "id": id, "method": "GET", "url": format!("{root}{path}") });
    let create = |id: &str, catalog: &str| {
        json!({
            "id": id, "method": "POST", "url": format!("{root}{PACKAGES}"),
            "headers": { "Content-Type": "application/json" }, "body": BETA.package(catalog, "New"),
        })
    };
    let requests = json!({ "requests": [
        get("1", format!("{PACKAGES}/{}", world.mine)),
        get("2", format!("{PACKAGES}/{}", world.theirs)),
        create("3", &world.own),
        create("4", &world.other),
        { "id": "5", "method": "POST", "url": format!("{root}{}", BETA.catalogs),
          "headers": { "Content-Type": "application/json" }, "body": { "displayName": "New" } },
    ] });
    let answer = world.ada.below("/beta").post("/$batch", requests).await.expect(200).json();
    let statuses: Vec<_> =
        answer["responses"].as_array().unwrap().iter().map(|r| r["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 404, 201, 404, 403]);
}
