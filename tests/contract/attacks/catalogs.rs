//! Somebody with a role in one catalog learns nothing of another by what is refused.

use cardea::authz::READ_WRITE_ALL;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::{Problem, Request},
        fixtures::{self, PACKAGES, VERSIONS, Words, give},
    },
};

engines! {
    whoever_sees_some_catalogs_chooses_no_ids,
    a_name_that_is_taken_is_told_in_the_same_words_wherever_it_is,
    what_is_not_seen_is_refused_in_the_words_for_what_is_not_there,
}

/// A request about something with an id.
type Ask<'a> = Box<dyn Fn(&str) -> Request + 'a>;

/// An id and a name that are nobody's.
const NONE: &str = "4f0f6c1e-aaaa-4bbb-8ccc-2f6d3b7c1e10";

struct World {
    own: String,
    other: String,
    mine: String,
    theirs: String,
    owner: Client,
}

async fn world(app: &TestApp) -> World {
    let admin = app.client();
    let (own, other) = (fixtures::catalog(&admin, "Own").await, fixtures::catalog(&admin, "Other").await);
    let package = async |name: &str, catalog: &str| {
        let body = json!({ "displayName": name, "catalogId": catalog, "uniqueName": name });
        fixtures::package_of(&admin, body).await
    };
    let (mine, theirs) = (package("mine", &own).await, package("theirs", &other).await);
    let owner = app.person("ada@contoso.example", &[READ_WRITE_ALL], &[]).await;
    give(&admin, &owner.oid(), "Catalog owner", Some(&own)).await;
    World { own, other, mine, theirs, owner }
}

/// The body of a package in a catalog.
fn package(words: Words, catalog: &str) -> Json {
    json!({ "displayName": "New", (words.catalog): { "id": catalog } })
}

async fn whoever_sees_some_catalogs_chooses_no_ids(app: TestApp) {
    let world = world(&app).await;
    for words in VERSIONS {
        let owner = words.of(&world.owner);
        let mut problems = Vec::new();
        for id in [&world.theirs, &world.mine, NONE] {
            let mut body = package(words, &world.own);
            body["id"] = json!(id);
            problems.push(owner.post(PACKAGES, body).await.problem(400));
        }
        problems[0].says("InvalidModel", "id", "assigned by the server");
        assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
        owner.post(PACKAGES, package(words, &world.own)).await.expect(201);
        // Who creates catalogs does not see those of others.
        let creator = app.person("eve@contoso.example", &[READ_WRITE_ALL], &[]).await;
        give(&app.client(), &creator.oid(), "Catalog creator", None).await;
        let creator = words.of(&creator);
        for id in [&world.other, NONE] {
            let body = json!({ "id": id, "displayName": "New" });
            assert_eq!(creator.post(words.catalogs, body).await.problem(400), problems[0]);
        }
        creator.post(words.catalogs, json!({ "displayName": "New" })).await.expect(201);
        let eve = app.person("eve@contoso.example", &[READ_WRITE_ALL], &[]).await.oid();
        take_away(&app.client(), &eve).await;
    }
}

/// Takes all roles of somebody away.
async fn take_away(admin: &Client, principal: &str) {
    let admin = admin.roles("v1.0");
    let filter = format!("principalId eq '{principal}'");
    for id in admin.get("/roleAssignments").query("$filter", &filter).await.expect(200).column("id") {
        admin.delete(format!("/roleAssignments/{id}")).await.expect(204);
    }
}

async fn a_name_that_is_taken_is_told_in_the_same_words_wherever_it_is(app: TestApp) {
    let world = world(&app).await;
    let words = VERSIONS.into_iter().find(|words| words.version == "beta").unwrap();
    let owner = words.of(&world.owner);
    let mut problems = Vec::new();
    for name in ["mine", "theirs"] {
        let mut body = package(words, &world.own);
        body["uniqueName"] = json!(name);
        problems.push(owner.post(PACKAGES, body).await.problem(409));
        let another = owner.post(PACKAGES, package(words, &world.own)).await.expect(201).id();
        let changed = owner.patch(format!("{PACKAGES}/{another}"), json!({ "uniqueName": name })).await;
        if changed.status == 409 {
            problems.push(changed.problem(409));
        }
    }
    assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
    let told = format!("{:?}", problems[0]);
    assert!([&world.theirs, &world.other].iter().all(|id| !told.contains(id.as_str())), "{told}");
}

async fn what_is_not_seen_is_refused_in_the_words_for_what_is_not_there(app: TestApp) {
    let world = world(&app).await;
    for words in VERSIONS {
        let owner = words.of(&world.owner);
        let roles = world.owner.roles(words.version);
        let links = format!("{PACKAGES}/{}/incompatibleAccessPackages", world.mine);
        let reference = |id: &str| json!({ "@odata.id": owner.url(&format!("{PACKAGES}/{id}")) });
        let tag = |request: Request| request.header("if-match", "W/\"1\"");
        let of_packages: Vec<Ask<'_>> = vec![
            Box::new(|id| owner.get(format!("{PACKAGES}/{id}"))),
            Box::new(|id| owner.patch(format!("{PACKAGES}/{id}"), json!({ "description": "x" }))),
            Box::new(|id| tag(owner.patch(format!("{PACKAGES}/{id}"), json!({ "description": "x" })))),
            Box::new(|id| owner.patch(format!("{PACKAGES}/{id}"), json!({ "uniqueName": "mine" }))),
            Box::new(|id| tag(owner.delete(format!("{PACKAGES}/{id}")))),
            Box::new(|id| owner.post(format!("{links}/$ref"), reference(id))),
            Box::new(|id| owner.delete(format!("{links}/{id}/$ref"))),
            Box::new(|id| owner.delete(format!("{links}/$ref?@id={}", owner.url(&format!("{PACKAGES}/{id}"))))),
            Box::new(|id| {
                owner.post(format!("{PACKAGES}/{id}/incompatibleAccessPackages/$ref"), reference(&world.mine))
            }),
        ];
        let role = "7f480852-ebdc-47d4-87de-0d8498384a83";
        let bind = format!("{}@odata.bind", words.catalog);
        let of_catalogs: Vec<Ask<'_>> = vec![
            Box::new(|id| owner.patch(format!("{}/{id}", words.catalogs), json!({ "description": "x" }))),
            Box::new(|id| tag(owner.delete(format!("{}/{id}", words.catalogs)))),
            Box::new(|id| owner.post(PACKAGES, package(words, id))),
            Box::new(|id| {
                let url = owner.url(&format!("{}/{id}", words.catalogs));
                owner.post(PACKAGES, json!({ "displayName": "New", (bind.as_str()): url }))
            }),
            Box::new(|id| {
                let url = format!("{PACKAGES}/{}", world.mine);
                owner.patch(url, json!({ (words.catalog): { "id": id } }))
            }),
            Box::new(|id| {
                let scope = format!("/AccessPackageCatalog/{id}");
                let body = json!({ "principalId": "p", "roleDefinitionId": role, "appScopeId": scope });
                roles.post("/roleAssignments", body)
            }),
        ];
        for (requests, unseen) in [(of_packages, &world.theirs), (of_catalogs, &world.other)] {
            for (at, request) in requests.iter().enumerate() {
                let asked = async |id: &str| -> (u16, Problem) {
                    let answer = request(id).await;
                    let status = answer.status;
                    let problem = answer.problem(status);
                    (status, Problem { message: problem.message.replace(id, "…"), ..problem })
                };
                let (told, of_none) = (asked(unseen).await, asked(NONE).await);
                assert!(told.0 >= 400, "{} {at}: {told:?}", words.version);
                assert_eq!(told, of_none, "{} {at}", words.version);
            }
        }
    }
}
