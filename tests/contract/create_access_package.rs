//! The request that this project was made for: `POST …/accessPackages` as the document of "Add accessPackages" has it.
//!
//! The fixtures are the document's bodies, byte for byte.

use cardea::model::value::Timestamp;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        app::BEGINNING,
        fixtures::{self, BETA, PACKAGES, V1},
    },
};

const REQUEST: &str = include_str!("fixtures/add_access_packages_request.json");
const RESPONSE: &str = include_str!("fixtures/add_access_packages_response.json");

engines! {
    the_documented_request_gives_the_documented_response,
    the_request_is_the_same_at_ref,
    the_request_may_have_other_line_ends_and_a_byte_order_mark_is_refused,
    the_documented_request_in_v1_gives_what_v1_shows,
    v1_has_a_shape_of_its_own,
    the_location_leads_to_the_package,
    what_is_left_out_has_defaults,
    what_the_caller_does_not_declare_is_the_callers_name,
    an_id_of_the_callers_own_is_kept,
}

/// The catalog of the document.
async fn catalog(client: &Client) {
    let body = json!({ "id": "Catalog Id value", "displayName": "The catalog" });
    client.beta().post(BETA.catalogs, body).await.expect(201);
}

/// The documented response, with the id and the times of this one. The times must be RFC 3339, the id a UUID.
fn documented(answer: &Json) -> Json {
    let mut expected: Json = serde_json::from_str(RESPONSE).unwrap();
    for name in ["id", "createdDateTime", "modifiedDateTime"] {
        expected[name] = answer[name].clone();
    }
    for name in ["createdDateTime", "modifiedDateTime"] {
        assert_eq!(Timestamp::parse(answer[name].as_str().unwrap()), Timestamp::parse(BEGINNING), "{name}");
    }
    assert!(uuid::Uuid::try_parse(answer["id"].as_str().unwrap()).is_ok(), "{answer}");
    expected
}

async fn the_documented_request_gives_the_documented_response(app: TestApp) {
    catalog(&app.client()).await;
    for version in ["beta", "localtest"] {
        let client = app.client().version(version);
        let answer = client.request(http::Method::POST, PACKAGES).body("application/json", REQUEST).await.expect(201);
        let (body, expected) = (answer.json(), documented(&answer.json()));
        assert_eq!(body, expected);
        let order = |body: &Json| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(order(&body), order(&expected), "the members are in the document's order");
        assert_eq!(answer.header("content-type").split(';').next(), Some("application/json"));
        assert_eq!(answer.header("location"), client.url(&format!("{PACKAGES}/{}", answer.id())));
        let stored = client.get(answer.header("location")).await.expect(200).json();
        for (name, value) in body.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('@')) {
            assert_eq!(stored[name], *value, "{name}");
        }
    }
}

async fn the_request_is_the_same_at_ref(app: TestApp) {
    catalog(&app.client()).await;
    for version in ["beta", "localtest"] {
        let client = app.client().version(version);
        let path = format!("{PACKAGES}/$ref");
        let answer = client.request(http::Method::POST, path).body("application/json", REQUEST).await.expect(201);
        assert_eq!(answer.json(), documented(&answer.json()));
        assert_eq!(answer.header("location"), client.url(&format!("{PACKAGES}/{}", answer.id())));
    }
    let answer = app.client().v1().post(format!("{PACKAGES}/$ref"), V1.package("Catalog Id value", "P")).await;
    assert_eq!(answer.expect(201).json()["displayName"], "P");
}

async fn the_request_may_have_other_line_ends_and_a_byte_order_mark_is_refused(app: TestApp) {
    catalog(&app.client()).await;
    let client = app.client().beta();
    let post = |body: String| client.request(http::Method::POST, PACKAGES).body("application/json;charset=utf-8", body);
    let crlf = REQUEST.replace('\n', "\r\n");
    let answer = post(crlf).await.expect(201);
    assert_eq!(answer.json(), documented(&answer.json()));
    post(format!("\u{feff}{REQUEST}")).await.problem(400).says("BadRequest", "", "not valid JSON");
}

async fn the_documented_request_in_v1_gives_what_v1_shows(app: TestApp) {
    catalog(&app.client()).await;
    let client = app.client().v1();
    let answer = client.request(http::Method::POST, PACKAGES).body("application/json", REQUEST).await.expect(201);
    let mut expected = documented(&answer.json());
    for name in ["catalogId", "isRoleScopesVisible", "createdBy", "modifiedBy"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(answer.json(), expected);
    let catalog = client.get(format!("{PACKAGES}/{}/catalog", answer.id())).await.expect(200);
    assert_eq!(catalog.id(), "Catalog Id value");
    let seen = app.client().beta().get(format!("{PACKAGES}/{}", answer.id())).await.expect(200).json();
    assert_eq!(seen["createdBy"], "Created By value", "what v1.0 does not show is kept");
    assert_eq!(seen["isRoleScopesVisible"], true);
}

async fn v1_has_a_shape_of_its_own(app: TestApp) {
    let client = app.client().v1();
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let body = json!({
        "displayName": "sales reps",
        "description": "outside sales representatives",
        "isHidden": false,
        "catalog": { "id": catalog },
    });
    let answer = client.post(PACKAGES, body).await.expect(201);
    let url = client.url("");
    let context = url.replace("/identityGovernance", "/$metadata#identityGovernance");
    assert_eq!(
        answer.json(),
        json!({
            "@odata.context": format!("{context}/accessPackages/$entity"),
            "id": answer.id(),
            "displayName": "sales reps",
            "description": "outside sales representatives",
            "isHidden": false,
            "createdDateTime": BEGINNING,
            "modifiedDateTime": BEGINNING,
        })
    );
}

async fn the_location_leads_to_the_package(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in fixtures::VERSIONS {
        let client = words.of(&app.client());
        let mut body = words.package(&catalog, "P");
        body["id"] = json!(format!("it's 50% a/b? #{}", words.version));
        let answer = client.post(PACKAGES, body).await.expect(201);
        let found = client.get(answer.header("location")).await.expect(200);
        assert_eq!(found.id(), format!("it's 50% a/b? #{}", words.version));
        assert_eq!(found.header("etag"), answer.header("etag"));
    }
}

async fn what_is_left_out_has_defaults(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let made = app.client().beta().post(PACKAGES, BETA.package(&catalog, "P")).await.expect(201).json();
    assert_eq!((&made["description"], &made["isHidden"]), (&Json::Null, &json!(false)));
    assert_eq!(made["isRoleScopesVisible"], true);
    assert_eq!(made.get("uniqueName"), None);
    let body = json!({ "displayName": "Q", "catalogId": catalog, "isHidden": null, "isRoleScopesVisible": null });
    let made = app.client().beta().post(PACKAGES, body).await.expect(201).json();
    assert_eq!((&made["isHidden"], &made["isRoleScopesVisible"]), (&json!(false), &json!(true)));
}

async fn what_the_caller_does_not_declare_is_the_callers_name(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let user = app.user("ada@contoso.example", &[cardea::authz::READ_WRITE_ALL]).await;
    let made = user.beta().post(PACKAGES, BETA.package(&catalog, "P")).await.expect(201).json();
    assert_eq!(
        (&made["createdBy"], &made["modifiedBy"]),
        (&json!("ada@contoso.example"), &json!("ada@contoso.example"))
    );
    let made = app.client().beta().post(PACKAGES, BETA.package(&catalog, "P")).await.expect(201).json();
    assert_eq!(made["createdBy"], "cardea token");
}

async fn an_id_of_the_callers_own_is_kept(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let body = json!({ "id": "my-own", "displayName": "P", "catalogId": catalog });
    assert_eq!(app.client().beta().post(PACKAGES, body).await.expect(201).id(), "my-own");
    assert_eq!(app.client().v1().get(format!("{PACKAGES}/my-own")).await.expect(200).id(), "my-own");
}
