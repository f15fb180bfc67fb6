//! People.

use serde_json::{Value as Json, json};

use super::{caller, new_user, reference, user};
use crate::{engines, support::TestApp};

engines! {
    a_user_is_made_read_changed_and_deleted,
    what_is_not_asked_for_is_not_shown,
    everything_that_is_written_is_read_back,
    a_user_principal_name_is_unique_in_any_letter_case,
    a_user_is_addressed_by_name_too,
    what_a_new_user_needs_is_told,
    a_password_is_never_shown,
    a_manager_is_set_read_and_removed,
    users_are_found,
}

async fn a_user_is_made_read_changed_and_deleted(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let made = client.post("/users", user("ada")).await.expect(201);
        let (id, body) = (made.id(), made.json());
        assert!(made.header("location").ends_with(&format!("/{version}/users/{id}")), "{}", made.header("location"));
        assert_eq!(body["userPrincipalName"], "ada@contoso.example");
        assert!(body["@odata.context"].as_str().unwrap().ends_with("/$metadata#users/$entity"));
        let one = format!("/users/{id}");
        let read = client.get(&one).await.expect(200);
        assert_eq!((read.json()["displayName"].as_str(), read.id()), (Some("ada"), id.clone()));
        client.patch(&one, json!({ "jobTitle": "Countess", "city": "London" })).await.expect(204);
        let after = client.get(&one).query("$select", "jobTitle,city").await.expect(200).json();
        assert_eq!((&after["jobTitle"], &after["city"]), (&json!("Countess"), &json!("London")));
        client.delete(&one).await.expect(204);
        let problem = client.get(&one).await.problem(404);
        problem.says("Request_ResourceNotFound", "", &id);
        client.delete(format!("/directory/deletedItems/{id}")).await.expect(204);
    }
}

async fn what_is_not_asked_for_is_not_shown(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let one = format!("/users/{}", new_user(&client, "ada").await);
    let shown = client.get(&one).await.expect(200).json();
    let mut names: Vec<&str> =
        shown.as_object().unwrap().keys().map(String::as_str).filter(|n| !n.contains('@')).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "businessPhones",
            "displayName",
            "givenName",
            "id",
            "jobTitle",
            "mail",
            "mobilePhone",
            "officeLocation",
            "preferredLanguage",
            "surname",
            "userPrincipalName",
        ]
    );
    let asked = client.get(&one).query("$select", "accountEnabled,userType,createdDateTime").await.expect(200).json();
    assert_eq!(asked["accountEnabled"], true);
    assert_eq!(asked["userType"], "Member");
    assert_eq!(asked["createdDateTime"], "2026-01-31T08:00:00Z");
    assert!(asked.get("displayName").is_none());
}

async fn everything_that_is_written_is_read_back(app: TestApp) {
    let client = caller(&app, "beta").await;
    let more = json!({
        "givenName": "Ada", "surname": "Lovelace", "jobTitle": "Countess", "mail": "ada@contoso.example",
        "mobilePhone": "+44 1", "officeLocation": "1", "preferredLanguage": "en-GB", "businessPhones": ["+44 2"],
        "ageGroup": "Adult", "city": "London", "companyName": "Engines", "consentProvidedForMinor": null,
        "country": "GB", "department": "Mathematics", "employeeHireDate": "2026-01-01T00:00:00Z", "employeeId": "1843",
        "employeeOrgData": { "costCenter": "1", "division": null }, "employeeType": "Employee", "faxNumber": null,
        "otherMails": ["ada@home.example"], "passwordPolicies": "DisablePasswordExpiration", "postalCode": "W1",
        "state": null, "streetAddress": "12 St James's Square", "usageLocation": "GB", "showInAddressList": false,
        "onPremisesImmutableId": "immutable", "identities": [
            { "issuer": "contoso.example", "issuerAssignedId": "ada", "signInType": "userName" }
        ],
        "onPremisesExtensionAttributes": { "extensionAttribute1": "one" },
    });
    let mut body = user("ada");
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = client.post("/users", body).await.expect(201).id();
    let names: Vec<&str> = more.as_object().unwrap().keys().map(String::as_str).collect();
    let read = client.get(format!("/users/{id}")).query("$select", &names.join(",")).await.expect(200).json();
    for (name, value) in more.as_object().unwrap() {
        match value {
            Json::Object(members) => {
                for (member, value) in members {
                    assert_eq!(read[name][member], *value, "{name}/{member}");
                }
            }
            _ => assert_eq!(read[name], *value, "{name}"),
        }
    }
    // A second write of the same thing changes nothing, not even the ETag.
    let one = format!("/users/{id}");
    let tag = client.get(&one).await.expect(200).header("etag").to_owned();
    client.patch(&one, more).await.expect(204);
    assert_eq!(client.get(&one).await.expect(200).header("etag"), tag);
}

async fn a_user_principal_name_is_unique_in_any_letter_case(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    new_user(&client, "ada").await;
    let mut twin = user("other");
    twin["userPrincipalName"] = json!("ADA@Contoso.Example");
    let problem = client.post("/users", twin).await.problem(400);
    problem.says("Request_BadRequest", "userPrincipalName", "Another object with the same value");
    let other = new_user(&client, "grace").await;
    let body = json!({ "userPrincipalName": "Ada@contoso.example" });
    client.patch(format!("/users/{other}"), body).await.problem(400);
    // The letter case of one's own name may change.
    client.patch(format!("/users/{other}"), json!({ "userPrincipalName": "Grace@contoso.example" })).await.expect(204);
}

async fn a_user_is_addressed_by_name_too(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let id = new_user(&client, "ada").await;
    for path in
        ["/users/ada@contoso.example", "/users/ADA@contoso.example", "/users(userPrincipalName='ada@contoso.example')"]
    {
        assert_eq!(client.get(path).await.expect(200).id(), id, "{path}");
    }
    client.patch("/users/ada@contoso.example", json!({ "jobTitle": "Countess" })).await.expect(204);
    client.get("/users/ada@contoso.example/memberOf").await.expect(200);
    client.delete("/users/ada@contoso.example").await.expect(204);
    client.get("/users/ada@contoso.example").await.problem(404);
}

async fn what_a_new_user_needs_is_told(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let problem = client.post("/users", json!({})).await.problem(400);
    for name in ["accountEnabled", "displayName", "userPrincipalName"] {
        assert!(problem.message.contains(name), "{name}: {problem:?}");
    }
    for (member, value, target) in [
        ("userPrincipalName", json!("ada"), "userPrincipalName"),
        ("userPrincipalName", json!("a b@contoso.example"), "userPrincipalName"),
        ("passwordProfile", json!({ "password": "short" }), "passwordProfile/password"),
        ("passwordProfile", json!({ "password": 7 }), "passwordProfile"),
        ("passwordProfile", Json::Null, "passwordProfile"),
        ("usageLocation", json!("Germany"), "usageLocation"),
        ("usageLocation", json!("1?"), "usageLocation"),
        ("userType", json!("Robot"), "userType"),
        ("otherMails", json!("ada@home.example"), "otherMails"),
        ("otherMails", json!([7]), "otherMails"),
        ("otherMails", json!([""]), "otherMails"),
        ("employeeOrgData", json!({ "salary": 1 }), "employeeOrgData"),
        ("employeeOrgData", json!("Engines"), "employeeOrgData"),
        ("employeeHireDate", json!("yesterday"), "employeeHireDate"),
        ("nickname", json!("x"), "nickname"),
    ] {
        let mut body = user("ada");
        body[member] = value.clone();
        let problem = client.post("/users", body).await.problem(400);
        assert_eq!(
            (problem.code.as_str(), problem.target.as_str()),
            ("Request_BadRequest", target),
            "{member} {value}: {problem:?}"
        );
    }
    let users = client.get("/users").await.expect(200).rows();
    assert!(users.is_empty(), "{users:?}");
}

async fn a_password_is_never_shown(app: TestApp) {
    let client = caller(&app, "beta").await;
    let id = new_user(&client, "ada").await;
    let made = client.get(format!("/users/{id}")).await.expect(200);
    assert!(!made.text().contains("horse") && !made.text().contains("argon2"));
    client.get(format!("/users/{id}?$select=passwordProfile")).await.problem(400);
    client.get(format!("/users/{id}?$select=passwordHash")).await.problem(400);
    client.get("/users?$filter=passwordHash ne null").await.problem(400);
    client.get("/users?$orderby=passwordHash").await.problem(400);
    client.get(format!("/users/{id}/passwordHash")).undocumented("leads nowhere").await.problem(404);
    let audits = app.application(&["AuditLog.Read.All"]).await.get("/beta/auditLogs/directoryAudits").await.expect(200);
    assert!(audits.text().contains(&id));
    assert!(!audits.text().contains("argon2") && !audits.text().contains("horse"));
}

async fn a_manager_is_set_read_and_removed(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let [ada, charles] = [new_user(&client, "ada").await, new_user(&client, "charles").await];
        let at = format!("/users/{ada}/manager");
        client.get(&at).await.problem(404);
        client.put(format!("{at}/$ref"), reference(&client, &charles)).await.expect(204);
        let manager = client.get(&at).await.expect(200);
        assert_eq!((manager.id(), &manager.json()["@odata.type"]), (charles.clone(), &json!("#microsoft.graph.user")));
        let reports = client.get(format!("/users/{charles}/directReports")).await.expect(200);
        assert_eq!(reports.column("id"), std::slice::from_ref(&ada));
        let expanded = client.get(format!("/users/{ada}?$expand=manager($select=id,displayName)")).await.expect(200);
        assert_eq!(expanded.json()["manager"]["id"], json!(charles));
        client.put(format!("{at}/$ref"), reference(&client, &ada)).await.problem(400);
        client.put(format!("{at}/$ref"), reference(&client, "nobody")).await.problem(404);
        client.delete(format!("{at}/$ref")).await.expect(204);
        client.delete(format!("{at}/$ref")).await.problem(404);
        client.get(&at).await.problem(404);
        // A body may name the manager, too.
        let mut body = user("grace");
        body["manager@odata.bind"] = json!(client.url(&format!("/users/{charles}")));
        let grace = client.post("/users", body).await.expect(201).id();
        assert_eq!(client.get(format!("/users/{grace}/manager")).await.expect(200).id(), charles);
        for id in [ada, charles, grace] {
            client.delete(format!("/users/{id}")).await.expect(204);
            client.delete(format!("/directory/deletedItems/{id}")).await.expect(204);
        }
    }
}

async fn users_are_found(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    for (name, department, enabled) in
        [("ada", "Mathematics", true), ("charles", "Engines", true), ("grace", "Engines", false)]
    {
        let mut body = user(name);
        body["department"] = json!(department);
        body["accountEnabled"] = json!(enabled);
        client.post("/users", body).await.expect(201);
    }
    let found = async |filter: &str| {
        let request =
            client.get("/users").query("$filter", filter).query("$orderby", "displayName").query("$count", "true");
        request.header("consistencylevel", "eventual").await.expect(200).column("displayName")
    };
    assert_eq!(found("department eq 'Engines'").await, ["charles", "grace"]);
    assert_eq!(found("department eq 'Engines' and accountEnabled eq true").await, ["charles"]);
    assert_eq!(found("userPrincipalName eq 'ADA@contoso.example'").await, ["ada"]);
    assert_eq!(found("startswith(userPrincipalName,'Gra')").await, ["grace"]);
    assert_eq!(found("userType eq 'Member' and displayName in ('ada','grace')").await, ["ada", "grace"]);
    let search = client.get("/users").query("$search", "\"displayName:rac\"").header("consistencylevel", "eventual");
    assert_eq!(search.await.expect(200).column("displayName"), ["grace"]);
    let count = client.get("/users/$count").header("consistencylevel", "eventual").await.expect(200);
    assert_eq!(count.text(), "3");
    // Pages go on until there is no more.
    let mut names = Vec::new();
    let mut next = Some(client.url("/users?$top=2&$select=displayName&$orderby=displayName"));
    while let Some(url) = next {
        let page = client.get(&url).await.expect(200);
        names.extend(page.column("displayName"));
        next = page.json()["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(names, ["ada", "charles", "grace"]);
}
