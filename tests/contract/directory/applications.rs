//! Applications, and what they are in the tenant.

use http::Method;
use serde_json::{Value as Json, json};

use super::{caller, link, new_group, new_user};
use crate::{
    engines,
    support::{
        TestApp,
        client::{Client, Response},
    },
};

engines! {
    an_application_is_made_read_changed_and_deleted,
    what_an_application_says_wrongly_is_told,
    an_application_made_here_signs_in_at_once,
    secrets_come_and_go,
    roles_are_given_and_taken,
    what_cannot_be_given_is_refused,
    an_application_goes_with_its_service_principal,
    owners_of_applications,
    the_application_that_this_api_is_stays,
}

async fn an_application_is_made_read_changed_and_deleted(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let body = json!({
            "displayName": "Tool", "identifierUris": [format!("api://tool-{version}")], "signInAudience": "AzureADMyOrg",
            "web": { "redirectUris": ["https://tool.example/callback"], "implicitGrantSettings": { "enableIdTokenIssuance": true } },
            "tags": ["internal"],
            "appRoles": [{
                "id": "df021288-bdef-4463-88db-98f22de89214", "allowedMemberTypes": ["User"], "displayName": "Reader",
                "description": "Reads.", "isEnabled": true, "value": "reader",
            }],
        });
        let made = client.post("/applications", body).await.expect(201);
        let app_id = made.json()["appId"].as_str().unwrap().to_owned();
        let one = format!("/applications/{}", made.id());
        let read = client.get(&one).await.expect(200).json();
        assert_eq!(read["web"]["redirectUris"], json!(["https://tool.example/callback"]));
        assert_eq!(read["appRoles"][0]["value"], "reader");
        assert_eq!(client.get(format!("/applications(appId='{app_id}')")).await.expect(200).id(), made.id());
        let found = client.get("/applications").query("$filter", &format!("appId eq '{app_id}'")).await.expect(200);
        assert_eq!(found.column("id"), [made.id()]);
        let found =
            client.get("/applications").query("$filter", &format!("identifierUris/any(u:u eq 'api://tool-{version}')"));
        assert_eq!(found.await.expect(200).column("id"), [made.id()]);
        client.patch(&one, json!({ "notes": "Ours." })).await.expect(204);
        client.delete(&one).await.expect(204);
        client.get(&one).await.problem(404);
    }
}

async fn what_an_application_says_wrongly_is_told(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let role = |id: &str, value: &str| json!({ "id": id, "value": value, "allowedMemberTypes": ["User"], "displayName": "R", "description": "R" });
    for (member, value, target) in [
        ("signInAudience", json!("Everybody"), "signInAudience"),
        ("identifierUris", json!(["tool"]), "identifierUris"),
        ("appRoles", json!([role("1", "a"), role("1", "b")]), "appRoles"),
        ("appRoles", json!([{ "value": "a" }]), "appRoles"),
        ("web", json!({ "redirect": [] }), "web"),
        ("api", json!({ "requestedAccessTokenVersion": 3_000_000_000_u64 }), "api"),
        ("displayName", json!(""), "displayName"),
    ] {
        let mut body = json!({ "displayName": "Tool" });
        body[member] = value;
        let problem = client.post("/applications", body).await.problem(400);
        assert_eq!((problem.code.as_str(), problem.target.as_str()), ("Request_BadRequest", target), "{problem:?}");
    }
    let body = json!({ "displayName": "One", "identifierUris": ["api://one"] });
    client.post("/applications", body.clone()).await.expect(201);
    client.post("/applications", body).await.problem(400).says("Request_BadRequest", "identifierUris", "api://one");
    client.post("/servicePrincipals", json!({ "appId": "none" })).await.problem(400);
}

/// An application, its service principal and a secret of it.
async fn tool(client: &Client) -> (Json, String, String) {
    let application = client.post("/applications", json!({ "displayName": "Tool" })).await.expect(201).json();
    let principal = client.post("/servicePrincipals", json!({ "appId": application["appId"] })).await.expect(201).id();
    let at = format!("/applications/{}/addPassword", application["id"].as_str().unwrap());
    let secret = client.post(at, json!({ "passwordCredential": { "displayName": "first" } })).await.expect(200).json();
    (application, principal, secret["secretText"].as_str().unwrap().to_owned())
}

async fn sign_in(app: &TestApp, application: &Json, secret: &str) -> Response {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", application["appId"].as_str().unwrap())
        .append_pair("client_secret", secret)
        .append_pair("scope", "https://graph.microsoft.com/.default")
        .finish();
    let request = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/token");
    request.body("application/x-www-form-urlencoded", form).undocumented("authority endpoint").unchecked().await
}

async fn an_application_made_here_signs_in_at_once(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let (application, principal, secret) = tool(&client).await;
        let token =
            sign_in(&app, &application, &secret).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        let itself = app.with_token(&token);
        assert_eq!(itself.oid(), principal);
        itself.get(format!("/{version}/users")).await.problem(403);
        // What it may do is given as in Graph: by a role of the application that this API is.
        let graph =
            client.get("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").await.expect(200).json();
        let role =
            graph["appRoles"].as_array().unwrap().iter().find(|r| r["value"] == "User.Read.All").unwrap()["id"].clone();
        let body = json!({ "principalId": principal, "resourceId": graph["id"], "appRoleId": role });
        let given =
            client.post(format!("/servicePrincipals/{principal}/appRoleAssignments"), body).await.expect(201).id();
        let token =
            sign_in(&app, &application, &secret).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        app.with_token(&token).get(format!("/{version}/users")).await.expect(200);
        client.delete(format!("/servicePrincipals/{principal}/appRoleAssignments/{given}")).await.expect(204);
        let token =
            sign_in(&app, &application, &secret).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        app.with_token(&token).get(format!("/{version}/users")).await.problem(403);
        client.patch(format!("/servicePrincipals/{principal}"), json!({ "accountEnabled": false })).await.expect(204);
        sign_in(&app, &application, &secret).await.expect(400);
    }
}

async fn secrets_come_and_go(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (application, principal, secret) = tool(&client).await;
    let one = format!("/applications/{}", application["id"].as_str().unwrap());
    let shown = client.get(&one).await.expect(200);
    let credentials = shown.json()["passwordCredentials"].clone();
    assert_eq!((&credentials[0]["displayName"], &credentials[0]["secretText"]), (&json!("first"), &Json::Null));
    assert_eq!(credentials[0]["hint"].as_str().unwrap(), &secret[..3]);
    assert!(!shown.text().contains(&secret) && !shown.text().contains("argon2"));
    // Those of a service principal count, too.
    let other = client.post(format!("/servicePrincipals/{principal}/addPassword"), json!({})).await.expect(200).json();
    sign_in(&app, &application, other["secretText"].as_str().unwrap()).await.expect(200);
    client
        .post(format!("/servicePrincipals/{principal}/removePassword"), json!({ "keyId": other["keyId"] }))
        .await
        .expect(204);
    sign_in(&app, &application, other["secretText"].as_str().unwrap()).await.expect(401);
    client.post(format!("{one}/removePassword"), json!({ "keyId": credentials[0]["keyId"] })).await.expect(204);
    client.post(format!("{one}/removePassword"), json!({ "keyId": credentials[0]["keyId"] })).await.problem(400);
    sign_in(&app, &application, &secret).await.expect(401);
    let backwards = json!({ "passwordCredential": { "startDateTime": "2026-02-02T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z" } });
    client.post(format!("{one}/addPassword"), backwards).await.problem(400);
    client
        .post(format!("{one}/addPassword"), json!({ "passwordCredential": { "endDateTime": "soon" } }))
        .await
        .problem(400);
}

/// A service principal with a role for people and one for applications.
async fn resource(client: &Client) -> (String, [&'static str; 2]) {
    let ids = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
    let role = |id: &str, ty: &str| {
        json!({
            "id": id, "allowedMemberTypes": [ty], "displayName": ty, "description": ty, "isEnabled": true, "value": ty,
        })
    };
    let body = json!({ "displayName": "API", "appRoles": [role(ids[0], "User"), role(ids[1], "Application")] });
    let application = client.post("/applications", body).await.expect(201).json();
    let principal = client.post("/servicePrincipals", json!({ "appId": application["appId"] })).await.expect(201).id();
    (principal, ids)
}

async fn roles_are_given_and_taken(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let (api, [for_people, for_apps]) = resource(&client).await;
        let name = format!("ada{}", &version[..2]);
        let (ada, sales) = (new_user(&client, &name).await, new_group(&client, "sales").await);
        let (_, principal, _) = tool(&client).await;
        for (at, who, role, kind) in [
            (format!("/users/{ada}/appRoleAssignments"), &ada, for_people, "User"),
            (format!("/groups/{sales}/appRoleAssignments"), &sales, for_people, "Group"),
            (format!("/servicePrincipals/{principal}/appRoleAssignments"), &principal, for_apps, "ServicePrincipal"),
        ] {
            let body = json!({ "principalId": who, "resourceId": api, "appRoleId": role });
            let made = client.post(&at, body.clone()).await.expect(201);
            assert_eq!(
                (&made.json()["principalType"], &made.json()["resourceDisplayName"]),
                (&json!(kind), &json!("API"))
            );
            // An assignment has no collection of its own: it is where it was created.
            let location = made.header("location");
            assert!(location.ends_with(&format!("/{version}{at}/{}", made.id())), "{location}");
            let context = made.json()["@odata.context"].as_str().unwrap().to_owned();
            let (source, name) = at.rsplit_once('/').unwrap();
            let source = source.replacen(who.as_str(), "", 1).trim_end_matches('/').to_owned();
            assert!(context.ends_with(&format!("$metadata#{}('{who}')/{name}/$entity", &source[1..])), "{context}");
            client.post(&at, body).await.problem(400);
            assert_eq!(client.get(&at).await.expect(200).column("id"), [made.id()]);
            assert_eq!(client.get(format!("{at}/{}", made.id())).await.expect(200).id(), made.id());
        }
        let to = format!("/servicePrincipals/{api}/appRoleAssignedTo");
        assert_eq!(client.get(&to).await.expect(200).rows().len(), 3);
        let filtered = client.get(&to).query("$filter", &format!("principalId eq '{sales}'")).await.expect(200);
        assert_eq!(filtered.column("principalType"), ["Group"]);
        let id = filtered.column("id").remove(0);
        client.delete(format!("{to}/{id}")).await.expect(204);
        assert!(client.get(format!("/groups/{sales}/appRoleAssignments")).await.expect(200).rows().is_empty());
        client.delete(format!("/users/{ada}")).await.expect(204);
    }
}

async fn what_cannot_be_given_is_refused(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (api, [for_people, for_apps]) = resource(&client).await;
    let ada = new_user(&client, "ada").await;
    let at = format!("/users/{ada}/appRoleAssignments");
    for (who, to, role, status) in [
        (ada.as_str(), api.as_str(), for_apps, 400),
        (&ada, &api, "none", 400),
        (&ada, "none", for_people, 404),
        ("other", &api, for_people, 400),
    ] {
        let body = json!({ "principalId": who, "resourceId": to, "appRoleId": role });
        client.post(&at, body).await.problem(status);
    }
    assert!(client.get(&at).await.expect(200).rows().is_empty());
    let nobody = json!({ "principalId": "nobody", "resourceId": api, "appRoleId": for_people });
    client.post(format!("/servicePrincipals/{api}/appRoleAssignedTo"), nobody).await.problem(404);
}

async fn an_application_goes_with_its_service_principal(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (application, principal, secret) = tool(&client).await;
    let token =
        sign_in(&app, &application, &secret).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    let id = application["id"].as_str().unwrap();
    client.delete(format!("/applications/{id}")).await.expect(204);
    client.get(format!("/servicePrincipals/{principal}")).await.problem(404);
    sign_in(&app, &application, &secret).await.expect(401);
    app.api.authority.refresh().await.unwrap();
    app.with_token(&token).get("/v1.0/users").await.problem(401);
    client.request(Method::POST, format!("/directory/deletedItems/{id}/restore")).await.expect(200);
    client.get(format!("/applications/{id}")).await.expect(200);
}

async fn owners_of_applications(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let (application, principal, _) = tool(&client).await;
    let ada = new_user(&client, "ada").await;
    for of in
        [format!("/applications/{}", application["id"].as_str().unwrap()), format!("/servicePrincipals/{principal}")]
    {
        let owners = format!("{of}/owners");
        link(&client, &owners, &ada).await;
        assert_eq!(client.get(&owners).await.expect(200).column("id"), std::slice::from_ref(&ada));
    }
    assert_eq!(client.get(format!("/users/{ada}/ownedObjects")).await.expect(200).rows().len(), 2);
    let mut body = json!({ "displayName": "Owned" });
    body["owners@odata.bind"] = json!([client.url(&format!("/directoryObjects/{ada}"))]);
    let owned = client.post("/applications", body).await.expect(201).id();
    assert_eq!(client.get(format!("/applications/{owned}/owners")).await.expect(200).column("id"), [ada]);
}

async fn the_application_that_this_api_is_stays(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let one = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
    let before = client.get(one).await.expect(200).json();
    client.delete(one).await.problem(400).says("Request_BadRequest", "appId", "it stays");
    client.delete(format!("/servicePrincipals/{}", before["id"].as_str().unwrap())).await.problem(400);
    client.patch(one, json!({ "accountEnabled": false })).await.problem(400);
    assert_eq!(client.get(one).await.expect(200).json(), before);
}
