//! People pushed by a provisioning client: what is stored, what Graph shows of it, what can be asked.

use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        client::{Request, Response},
    },
};

engines! {
    a_person_is_what_graph_shows,
    what_graph_changes_is_what_is_shown,
    patches_as_identity_providers_write_them,
    a_person_is_found_by_the_names_of_the_client,
    filters_mean_what_the_rfc_says,
    lists_are_sorted_and_paged,
    tags_guard_changes_and_save_reads,
    what_cannot_be_is_refused_with_a_keyword,
    names_without_a_domain_get_the_tenants,
    passwords_are_taken_and_never_told,
    many_operations_in_one_message,
    what_the_server_can_do_is_told,
}

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A provisioning client.
pub struct Scim(Client);

impl Scim {
    pub async fn new(app: &TestApp) -> Self {
        let authority = &app.api.authority;
        let (_, token) = authority.provisioning_create(authority.default_tenant(), "Okta", None).await.unwrap();
        Self::with(&app.with_token(&token))
    }

    pub fn with(client: &Client) -> Self {
        Self(client.below("/scim/v2"))
    }

    pub fn request(&self, method: Method, path: impl AsRef<str>) -> Request {
        self.0.request(method, path).undocumented("SCIM describes itself").unchecked()
    }

    pub fn get(&self, path: impl AsRef<str>) -> Request {
        self.request(Method::GET, path)
    }

    pub fn send(&self, method: Method, path: impl AsRef<str>, body: &Json) -> Request {
        self.request(method, path).body("application/scim+json", body.to_string())
    }

    pub async fn made(&self, path: &str, body: &Json) -> Json {
        self.send(Method::POST, path, body).await.expect(201).json()
    }

    pub fn patch(&self, path: impl AsRef<str>, operations: &Json) -> Request {
        self.send(Method::PATCH, path, &json!({ "schemas": [PATCH], "Operations": operations }))
    }

    /// What a filter finds, by a member of each.
    pub async fn found(&self, path: &str, filter: &str, member: &str) -> Vec<String> {
        let list = self.get(path).query("filter", filter).await.expect(200).json();
        let resources = list["Resources"].as_array().unwrap().clone();
        assert_eq!(list["totalResults"], resources.len(), "{list}");
        let mut found: Vec<String> = resources.iter().map(|one| one[member].as_str().unwrap().to_owned()).collect();
        found.sort();
        found
    }
}

/// The keyword and the words of an error.
pub fn refused(answer: Response, status: u16) -> (String, String) {
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), "application/scim+json");
    let error = answer.json();
    assert_eq!(error["status"], status.to_string());
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("scimType"), text("detail"))
}

fn ada() -> Json {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "ada@contoso.example",
        "externalId": "00u1",
        "name": { "givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace" },
        "displayName": "Ada L.",
        "nickName": "The Enchantress",
        "title": "Analyst",
        "userType": "Employee",
        "preferredLanguage": "en-GB",
        "active": true,
        "emails": [
            { "value": "ada@contoso.example", "type": "work", "primary": true },
            { "value": "ada@home.example", "type": "home" },
        ],
        "phoneNumbers": [{ "value": "+44 1", "type": "work" }, { "value": "+44 2", "type": "mobile" }],
        "addresses": [
            { "streetAddress": "St James's Square", "locality": "London", "country": "GB", "type": "work" },
            { "formatted": "Room 12", "type": "other" },
        ],
        ENTERPRISE: { "employeeNumber": "1815", "department": "Mathematics", "organization": "Engines", "costCenter": "7" },
    })
}

fn person(name: &str) -> Json {
    json!({ "schemas": [USER], "userName": format!("{name}@contoso.example"), "displayName": name })
}

async fn graph(app: &TestApp) -> Client {
    app.application(&["Directory.ReadWrite.All"]).await.below("/v1.0")
}

async fn a_person_is_what_graph_shows(app: TestApp) {
    let scim = Scim::new(&app).await;
    let answer = scim.send(Method::POST, "/Users", &ada()).await.expect(201);
    let made = answer.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("{}/scim/v2/Users/{id}", app.base));
    assert_eq!(
        (made["meta"]["location"].as_str().unwrap(), made["meta"]["version"].as_str().unwrap()),
        (answer.header("location"), answer.header("etag"))
    );
    for (name, value) in ada().as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(scim.get(format!("/Users/{id}")).await.expect(200).json(), made);

    let client = graph(&app).await;
    let select = "userPrincipalName,displayName,givenName,surname,jobTitle,employeeType,mail,otherMails,mobilePhone,\
                  businessPhones,officeLocation,streetAddress,city,country,preferredLanguage,employeeId,department,\
                  companyName,employeeOrgData,accountEnabled";
    let mut shown = client.get(format!("/users/{id}")).query("$select", select).await.expect(200).json();
    shown.as_object_mut().unwrap().remove("@odata.context");
    let expected = json!({
        "userPrincipalName": "ada@contoso.example", "displayName": "Ada L.", "givenName": "Ada", "surname": "Lovelace",
        "jobTitle": "Analyst", "employeeType": "Employee", "mail": "ada@contoso.example",
        "otherMails": ["ada@home.example"], "mobilePhone": "+44 2", "businessPhones": ["+44 1"],
        "officeLocation": "Room 12", "streetAddress": "St James's Square", "city": "London", "country": "GB",
        "preferredLanguage": "en-GB", "employeeId": "1815", "department": "Mathematics", "companyName": "Engines",
        "employeeOrgData": { "costCenter": "7", "division": null }, "accountEnabled": true,
    });
    for (name, value) in expected.as_object().unwrap().iter().filter(|(name, _)| *name != "employeeOrgData") {
        assert_eq!(&shown[name], value, "{name}");
    }
    assert_eq!(shown["employeeOrgData"]["costCenter"], "7");

    // What a replacement leaves out is gone; the names of clients are Graph's business no more than before.
    let answer = scim.send(Method::PUT, format!("/Users/{id}"), &person("ada")).await.expect(200).json();
    assert_eq!(answer["displayName"], "ada");
    for gone in ["externalId", "title", "emails", "phoneNumbers", "addresses", "name", "nickName", ENTERPRISE] {
        assert_eq!(answer[gone], Json::Null, "{gone}");
    }
    scim.request(Method::DELETE, format!("/Users/{id}")).await.expect(204);
    assert_eq!(refused(scim.get(format!("/Users/{id}")).await, 404).0, "");
    client.get(format!("/directory/deletedItems/{id}")).undocumented("a deep path").unchecked().await.expect(200);
    // The name is free again.
    scim.made("/Users", &person("ada")).await;
}

async fn what_graph_changes_is_what_is_shown(app: TestApp) {
    let scim = Scim::new(&app).await;
    let id = scim.made("/Users", &ada()).await["id"].as_str().unwrap().to_owned();
    let client = graph(&app).await;
    let change = json!({ "mail": "new@contoso.example", "surname": "King", "accountEnabled": false, "city": null });
    client.patch(format!("/users/{id}"), change).await.expect(204);
    let shown = scim.get(format!("/Users/{id}")).await.expect(200).json();
    assert_eq!(
        shown["emails"],
        json!([
            { "value": "new@contoso.example", "type": "work", "primary": true },
            { "value": "ada@home.example", "type": "other" },
        ])
    );
    assert_eq!((&shown["name"]["familyName"], &shown["active"]), (&json!("King"), &json!(false)));
    assert_eq!(shown["addresses"][0], json!({ "streetAddress": "St James's Square", "country": "GB", "type": "work" }));
    assert_eq!(shown["phoneNumbers"], ada()["phoneNumbers"], "what nobody has changed is as it was said");
}

async fn patches_as_identity_providers_write_them(app: TestApp) {
    let scim = Scim::new(&app).await;
    let boss = scim.made("/Users", &person("boss")).await["id"].as_str().unwrap().to_owned();
    let id = scim.made("/Users", &ada()).await["id"].as_str().unwrap().to_owned();
    let one = format!("/Users/{id}");
    // Entra ID.
    let operations = json!([
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "a.lovelace@contoso.example" },
        { "op": "Replace", "path": "name.familyName", "value": "King" },
        { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": boss },
        { "op": "Remove", "path": "title" },
    ]);
    let shown = scim.patch(&one, &operations).await.expect(200).json();
    assert_eq!((&shown["active"], &shown["title"]), (&json!(false), &Json::Null));
    assert_eq!(shown["emails"][0], json!({ "value": "a.lovelace@contoso.example", "type": "work", "primary": true }));
    assert_eq!(shown[ENTERPRISE]["manager"]["value"], boss);
    let manager = graph(&app).await.get(format!("/users/{id}/manager")).await.expect(200).json();
    assert_eq!(manager["id"], boss);
    let names =
        scim.get(&one).query("attributes", &format!("{ENTERPRISE}:manager.displayName")).await.expect(200).json();
    assert_eq!(names[ENTERPRISE]["manager"]["displayName"], "boss");
    // Okta.
    let shown = scim.patch(&one, &json!([{ "op": "replace", "value": { "active": true } }])).await.expect(200).json();
    assert_eq!(shown["active"], true);
    // What people always have is not shown once it was taken away, and is there all the same.
    let shown = scim.patch(&one, &json!([{ "op": "remove", "path": "displayName" }])).await.expect(200).json();
    assert_eq!(shown["displayName"], Json::Null);
    assert_eq!(graph(&app).await.get(format!("/users/{id}")).await.expect(200).json()["displayName"], "Ada Lovelace");

    for (operation, keyword) in [
        (json!({ "op": "replace", "path": "nope", "value": 1 }), "invalidPath"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "replace", "path": "id", "value": "x" }), "mutability"),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
        (json!({ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "nobody" }), "invalidValue"),
        (json!({ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": id }), "invalidValue"),
    ] {
        assert_eq!(refused(scim.patch(&one, &json!([operation])).await, 400).0, keyword, "{operation}");
    }
}

async fn a_person_is_found_by_the_names_of_the_client(app: TestApp) {
    let scim = Scim::new(&app).await;
    let id = scim.made("/Users", &ada()).await["id"].as_str().unwrap().to_owned();
    scim.made("/Users", &person("grace")).await;
    for filter in [
        "externalId eq \"00u1\"",
        "userName eq \"ADA@contoso.example\"",
        &format!("{USER}:userName eq \"ada@contoso.example\""),
        &format!("id eq \"{id}\""),
        "externalId eq \"00u1\" or externalId eq \"none\"",
    ] {
        assert_eq!(scim.found("/Users", filter, "id").await, [id.as_str()], "{filter}");
    }
    for filter in ["externalId eq \"00U1\"", "userName eq \"nobody@contoso.example\"", "id eq \"x\""] {
        assert_eq!(scim.found("/Users", filter, "id").await, [] as [&str; 0], "{filter}");
    }
    let (keyword, detail) = refused(scim.send(Method::POST, "/Users", &person("ADA")).await, 409);
    assert_eq!((keyword.as_str(), detail.as_str()), ("uniqueness", "Another user has this 'userName'."));
    let (keyword, _) = refused(
        scim.patch(
            format!("/Users/{id}"),
            &json!([{ "op": "replace", "path": "userName", "value": "grace@contoso.example" }]),
        )
        .await,
        409,
    );
    assert_eq!(keyword, "uniqueness");
}

async fn filters_mean_what_the_rfc_says(app: TestApp) {
    let scim = Scim::new(&app).await;
    scim.made("/Users", &ada()).await;
    scim.made("/Users", &person("grace")).await;
    let mut alan = person("alan");
    alan["active"] = false.into();
    alan["title"] = "Logician".into();
    alan["emails"] = json!([{ "value": "Turing@contoso.example", "type": "work" }]);
    scim.made("/Users", &alan).await;
    let [a, g, t] = ["ada@contoso.example", "grace@contoso.example", "alan@contoso.example"];
    let nobody: &[&str] = &[];
    for (filter, expected) in [
        ("title pr", &[a, t][..]),
        ("not (title pr)", &[g]),
        ("title eq \"ANALYST\"", &[a]),
        ("title ne \"Analyst\"", &[t, g]),
        ("not (title co \"analyst\")", &[t, g]),
        ("title eq null", &[g]),
        ("userName sw \"A\"", &[a, t]),
        ("userName ew \"grace@contoso.example\"", &[g]),
        ("displayName gt \"b\"", &[g]),
        ("active eq false", &[t]),
        ("active eq \"True\" and title pr", &[a]),
        ("name.familyName co \"LOVE\"", &[a]),
        ("name.formatted eq \"ada lovelace\"", &[a]),
        ("nickName sw \"the\"", &[a]),
        ("emails.value eq \"turing@CONTOSO.example\"", &[t]),
        ("emails eq \"ada@home.example\"", &[a]),
        ("emails[type eq \"work\" and value co \"turing\"]", &[t]),
        ("emails[value ew \"home.example\"]", &[a]),
        ("phoneNumbers.value eq \"+44 1\"", &[a]),
        ("phoneNumbers[type eq \"mobile\" and value eq \"+44 2\"]", &[a]),
        ("addresses.locality eq \"london\"", &[a]),
        ("emails pr", &[a, t]),
        (&format!("{ENTERPRISE}:department eq \"mathematics\""), &[a]),
        (&format!("{ENTERPRISE}:costCenter eq \"7\""), &[a]),
        ("(title eq \"Analyst\" or title eq \"Logician\") and not (active eq true)", &[t]),
        ("meta.created gt \"2020-01-01T00:00:00Z\"", &[a, t, g]),
        ("meta.resourceType eq \"User\"", &[a, t, g]),
        ("meta.created lt \"2020-01-01T00:00:00Z\"", nobody),
        ("groups pr", nobody),
    ] {
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(scim.found("/Users", filter, "userName").await, expected, "{filter}");
    }
    for filter in [
        "x",
        "title",
        "title eq",
        "unknown eq \"x\"",
        "password eq \"x\"",
        "active gt true",
        "emails[type eq \"home\" and value eq \"x\"]",
        "emails.type eq \"work\"",
        "meta.version eq \"x\"",
        "title eq 5",
    ] {
        assert_eq!(refused(scim.get("/Users").query("filter", filter).await, 400).0, "invalidFilter", "{filter}");
    }
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "title pr",
        "attributes": ["userName"], "sortBy": "userName", "count": 1,
    });
    let list = scim.send(Method::POST, "/Users/.search", &search).await.expect(200).json();
    assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(2), &json!(1)));
    let one = list["Resources"][0].as_object().unwrap();
    assert_eq!(one.keys().collect::<Vec<_>>(), ["schemas", "id", "userName"]);
}

async fn lists_are_sorted_and_paged(app: TestApp) {
    let scim = Scim::new(&app).await;
    for (name, title) in [("c", Some("x")), ("a", None), ("b", Some("Y"))] {
        let mut one = person(name);
        one["title"] = title.into();
        scim.made("/Users", &one).await;
    }
    let list = async |pairs: &[(&str, &str)]| {
        let request = pairs.iter().fold(scim.get("/Users"), |request, (name, value)| request.query(name, value));
        let list = request.await.expect(200).json();
        let names: Vec<String> = list["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["displayName"].as_str().unwrap().to_owned())
            .collect();
        (names.join(""), list["totalResults"].as_u64().unwrap())
    };
    assert_eq!(list(&[("sortBy", "userName")]).await, ("abc".to_owned(), 3));
    assert_eq!(list(&[("sortBy", "userName"), ("sortOrder", "descending")]).await, ("cba".to_owned(), 3));
    // Who has none comes last, ascending.
    assert_eq!(list(&[("sortBy", "title")]).await, ("cba".to_owned(), 3));
    assert_eq!(list(&[("sortBy", "title"), ("sortOrder", "descending")]).await, ("abc".to_owned(), 3));
    assert_eq!(list(&[("sortBy", "userName"), ("startIndex", "2"), ("count", "1")]).await, ("b".to_owned(), 3));
    assert_eq!(list(&[("startIndex", "9")]).await, (String::new(), 3));
    assert_eq!(list(&[("count", "0")]).await, (String::new(), 3));
    assert_eq!(refused(scim.get("/Users").query("sortBy", "groups").await, 400).0, "invalidPath");
    let all = scim.get("/").await.expect(200).json();
    assert_eq!(all["totalResults"], 3);
    let first = scim.get("/").query("filter", "userName eq \"a@contoso.example\"").await.expect(200).json();
    assert_eq!(first["Resources"][0]["displayName"], "a");
}

async fn tags_guard_changes_and_save_reads(app: TestApp) {
    let scim = Scim::new(&app).await;
    let made = scim.made("/Users", &ada()).await;
    let (one, tag) = (format!("/Users/{}", made["id"].as_str().unwrap()), made["meta"]["version"].as_str().unwrap());
    let read = scim.get(&one).header("if-none-match", tag).await.expect(304);
    assert_eq!((read.header("etag"), read.body.len()), (tag, 0));
    let change = json!([{ "op": "replace", "path": "title", "value": "Countess" }]);
    let after = scim.patch(&one, &change).header("if-match", tag).await.expect(200);
    assert_ne!(after.header("etag"), tag);
    for refusal in [
        scim.patch(&one, &change).header("if-match", tag),
        scim.send(Method::PUT, &one, &ada()).header("if-match", tag),
        scim.request(Method::DELETE, &one).header("if-match", tag),
    ] {
        refused(refusal.await, 412);
    }
    // What changes nothing leaves the tag.
    let again = scim.patch(&one, &change).header("if-match", after.header("etag")).await.expect(200);
    assert_eq!(again.header("etag"), after.header("etag"));
    scim.get(&one).header("if-none-match", tag).await.expect(200);
}

async fn what_cannot_be_is_refused_with_a_keyword(app: TestApp) {
    let scim = Scim::new(&app).await;
    let with = |name: &str, value: Json| {
        let mut one = person("ada");
        one[name] = value;
        one
    };
    for (body, keyword) in [
        (json!({}), "invalidSyntax"),
        (json!({ "schemas": [USER] }), "invalidValue"),
        (with("unknown", json!(1)), "invalidSyntax"),
        (with("title", json!(1)), "invalidValue"),
        (with("userName", json!("a b@contoso.example")), "invalidValue"),
        (with("title", json!("x".repeat(129))), "invalidValue"),
        (with("name", json!({ "givenName": "x".repeat(65) })), "invalidValue"),
        (with("externalId", json!("x".repeat(257))), "invalidValue"),
        (with("password", json!("short")), "invalidValue"),
        (with("title", json!("a\u{0}b")), "invalidValue"),
    ] {
        assert_eq!(refused(scim.send(Method::POST, "/Users", &body).await, 400).0, keyword, "{body}");
    }
    let (_, detail) =
        refused(scim.send(Method::POST, "/Users", &with("name", json!({ "givenName": "x".repeat(65) }))).await, 400);
    assert!(detail.contains("'name.givenName'"), "{detail}");
    refused(scim.request(Method::POST, "/Users").body("application/scim+json", "{").await, 400);
    refused(scim.request(Method::POST, "/Users").body("text/plain", "{}").await, 415);
    refused(scim.request(Method::DELETE, "/Users").await, 405);
    refused(scim.get("/Me").await, 501);
    for nothing in ["/Nothing", "/Users/%00", "/Users/%ff", "/Users/a%2Fb"] {
        refused(scim.get(nothing).await, 404);
    }
    assert_eq!(scim.get("/Users").await.expect(200).json()["totalResults"], 0);
}

async fn names_without_a_domain_get_the_tenants(app: TestApp) {
    let scim = Scim::new(&app).await;
    let body = json!({ "schemas": [USER], "userName": "ada" });
    let made = scim.made("/Users", &body).await;
    assert_eq!(
        (&made["userName"], &made["displayName"], &made["active"]),
        (&json!("ada"), &json!("ada"), &json!(true))
    );
    let id = made["id"].as_str().unwrap();
    let shown = graph(&app).await.get(format!("/users/{id}")).await.expect(200).json();
    assert_eq!(shown["userPrincipalName"], "ada@localhost");
    assert_eq!(scim.found("/Users", "userName eq \"Ada\"", "userName").await, ["ada"]);
    assert_eq!(refused(scim.send(Method::POST, "/Users", &body).await, 409).0, "uniqueness");
}

async fn passwords_are_taken_and_never_told(app: TestApp) {
    let scim = Scim::new(&app).await;
    let mut body = person("ada");
    body["password"] = "correct Horse 1".into();
    let made = scim.made("/Users", &body).await;
    assert_eq!(made["password"], Json::Null);
    let id = made["id"].as_str().unwrap();
    let one = format!("/Users/{id}");
    let tenant = app.api.authority.default_tenant().key;
    let password = async || app.store.user_with_id(tenant, id).await.unwrap().unwrap().1.map(|kept| kept.hash);
    let first = password().await.unwrap();
    assert!(first.starts_with("$argon2id$"));
    scim.patch(&one, &json!([{ "op": "replace", "path": "title", "value": "x" }])).await.expect(200);
    assert_eq!(password().await.as_ref(), Some(&first));
    let weak = json!([{ "op": "replace", "path": "password", "value": "short" }]);
    assert_eq!(refused(scim.patch(&one, &weak).await, 400).0, "invalidValue");
    scim.patch(&one, &json!([{ "op": "replace", "path": "password", "value": "another Horse 2" }])).await.expect(200);
    assert_ne!(password().await, Some(first));
    scim.patch(&one, &json!([{ "op": "remove", "path": "password" }])).await.expect(200);
    assert_eq!(password().await, None);
}

async fn many_operations_in_one_message(app: TestApp) {
    let scim = Scim::new(&app).await;
    let bulk = |operations: Json, fail: Option<u64>| {
        let mut body =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
        if let Some(fail) = fail {
            body["failOnErrors"] = fail.into();
        }
        scim.send(Method::POST, "/Bulk", &body)
    };
    let group = json!({ "schemas": [GROUP], "displayName": "Engines", "members": [{ "value": "bulkId:ada" }] });
    let operations = json!([
        { "method": "POST", "path": "/Groups", "bulkId": "engines", "data": group },
        { "method": "POST", "path": "/Users", "bulkId": "ada", "data": ada() },
        { "method": "PATCH", "path": "/Users/bulkId:ada", "data": { "schemas": [PATCH], "Operations": [
            { "op": "replace", "path": "title", "value": "Countess" }] } },
        { "method": "DELETE", "path": "/Users/nobody" },
    ]);
    let answer = bulk(operations, None).await.expect(200).json();
    let statuses: Vec<&str> =
        answer["Operations"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["201", "201", "200", "404"], "{answer}");
    let at = answer["Operations"][0]["location"].as_str().unwrap();
    let shown = scim.get(at).await.expect(200).json();
    let ada = scim.get(shown["members"][0]["$ref"].as_str().unwrap()).await.expect(200).json();
    assert_eq!((&ada["title"], &ada["groups"][0]["display"]), (&json!("Countess"), &json!("Engines")));
    assert_eq!(answer["Operations"][3]["response"]["status"], "404");

    let stale = json!([
        { "method": "DELETE", "path": format!("/Users/{}", ada["id"].as_str().unwrap()), "version": "W/\"1\"" },
        { "method": "POST", "path": "/Users", "bulkId": "x", "data": person("x") },
    ]);
    let answer = bulk(stale, Some(1)).await.expect(200).json();
    assert_eq!(answer["Operations"].as_array().unwrap().len(), 1);
    assert_eq!(answer["Operations"][0]["status"], "412");
    let circle = json!([
        { "method": "POST", "path": "/Groups", "bulkId": "a", "data": { "schemas": [GROUP], "displayName": "a", "members": [{ "value": "bulkId:b" }] } },
        { "method": "POST", "path": "/Groups", "bulkId": "b", "data": { "schemas": [GROUP], "displayName": "b", "members": [{ "value": "bulkId:a" }] } },
    ]);
    refused(bulk(circle, None).await, 409);
    let many: Vec<Json> = (0..1001).map(|at| json!({ "method": "DELETE", "path": format!("/Users/{at}") })).collect();
    refused(bulk(many.into(), None).await, 413);
}

async fn what_the_server_can_do_is_told(app: TestApp) {
    let scim = Scim::new(&app).await;
    let config = scim.get("/ServiceProviderConfig").await.expect(200).json();
    for supported in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(config[supported]["supported"], true, "{supported}");
    }
    assert_eq!(config["bulk"]["maxPayloadSize"], 1 << 20);
    assert_eq!(config["meta"]["location"], format!("{}/scim/v2/ServiceProviderConfig", app.base));
    assert_eq!(scim.get("/Schemas").await.expect(200).json()["totalResults"], 3);
    assert_eq!(scim.get(format!("/Schemas/{ENTERPRISE}")).await.expect(200).json()["id"], ENTERPRISE);
    assert_eq!(scim.get("/ResourceTypes/User").await.expect(200).json()["schema"], USER);
    refused(scim.get("/Schemas/nope").await, 404);
}
