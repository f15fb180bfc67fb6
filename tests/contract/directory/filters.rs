//! `$filter` on every stored property, lists and values with members among them.

use cardea::model::{
    ENTITY_TYPES,
    meta::{Type, Version},
};
use serde_json::json;

use super::{caller, user};
use crate::{engines, support::TestApp};

engines! {
    every_stored_property_is_filtered_and_ordered_by,
    lists_are_looked_into,
    members_are_looked_into,
    what_is_asked_of_other_types_takes_the_right_to_read_them,
}

async fn every_stored_property_is_filtered_and_ordered_by(app: TestApp) {
    for version in Version::ALL {
        let client = caller(&app, version.segment()).await;
        for face in ENTITY_TYPES.iter().map(|entity| entity.face(version)) {
            if !["users", "groups", "applications", "servicePrincipals", "directoryObjects"].contains(&face.path) {
                continue;
            }
            for property in face.shown() {
                let name = property.name;
                let filter = match property.ty {
                    Type::String | Type::Enum(_) => format!("{name} eq 'x'"),
                    Type::Boolean => format!("{name} eq true"),
                    Type::Int32 | Type::Int64 => format!("{name} gt 1"),
                    Type::DateTimeOffset => format!("{name} le 2026-01-01T00:00:00Z"),
                    Type::Strings => format!("{name}/any(x:startswith(x,'y'))"),
                    Type::Structured(_) => continue,
                };
                client.get(format!("/{}", face.path)).query("$filter", &filter).await.expect(200);
                client.get(format!("/{}", face.path)).query("$filter", &format!("not ({filter})")).await.expect(200);
                if !matches!(property.ty, Type::Strings) {
                    client
                        .get(format!("/{}", face.path))
                        .query("$filter", &format!("{name} ne null"))
                        .await
                        .expect(200);
                    client.get(format!("/{}", face.path)).query("$orderby", &format!("{name} desc")).await.expect(200);
                }
            }
        }
    }
}

async fn lists_are_looked_into(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    for (name, mails) in [("ada", json!(["a@home.example", "b@home.example"])), ("grace", json!([]))] {
        let mut body = user(name);
        body["otherMails"] = mails;
        client.post("/users", body).await.expect(201);
    }
    let found =
        async |filter: &str| client.get("/users").query("$filter", filter).await.expect(200).column("displayName");
    assert_eq!(found("otherMails/any(m:m eq 'b@home.example')").await, ["ada"]);
    assert_eq!(found("otherMails/any()").await, ["ada"]);
    assert_eq!(found("not otherMails/any()").await, ["grace"]);
    assert_eq!(found("otherMails/any(m:startswith(m,'a@') and endswith(m,'example'))").await, ["ada"]);
    assert_eq!(found("otherMails/all(m:startswith(m,'a@'))").await, ["grace"]);
    assert_eq!(found("otherMails/$count eq 2").await, ["ada"]);
    assert_eq!(found("memberOf/$count eq 0 and otherMails/$count lt 2").await, ["grace"]);
    let ordered = client.get("/users").query("$orderby", "otherMails/$count desc").await.expect(200);
    assert_eq!(ordered.column("displayName"), ["ada", "grace"]);
}

async fn members_are_looked_into(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let mut body = user("ada");
    body["employeeOrgData"] = json!({ "costCenter": "1843", "division": "Engines" });
    body["identities"] = json!([{ "issuer": "contoso.example", "issuerAssignedId": "ada", "signInType": "userName" }]);
    client.post("/users", body).await.expect(201);
    client.post("/users", user("grace")).await.expect(201);
    let found =
        async |filter: &str| client.get("/users").query("$filter", filter).await.expect(200).column("displayName");
    assert_eq!(found("employeeOrgData/costCenter eq '1843'").await, ["ada"]);
    assert_eq!(found("employeeOrgData/costCenter ne '1843'").await, ["grace"]);
    assert_eq!(found("identities/any(i:i/issuer eq 'contoso.example' and i/issuerAssignedId eq 'ada')").await, ["ada"]);
    assert!(found("identities/any(i:i/issuer eq 'other')").await.is_empty());
    let ordered = client.get("/users").query("$orderby", "employeeOrgData/costCenter desc").query("$top", "1");
    assert_eq!(ordered.await.expect(200).column("displayName"), ["ada"]);
}

async fn what_is_asked_of_other_types_takes_the_right_to_read_them(app: TestApp) {
    let client = app.application(&["User.Read.All"]).await.below("/v1.0");
    client.get("/users?$filter=memberOf/any(g:g/id eq 'x')").await.expect(200);
    for query in [
        "$filter=appRoleAssignments/any(a:a/appRoleId eq 'x')",
        "$filter=not (appRoleAssignments/$count gt 1)",
        "$orderby=appRoleAssignments/$count",
        "$expand=memberOf,appRoleAssignments",
    ] {
        client.get(format!("/users?{query}")).await.problem(403);
    }
    client.get("/users/$count?$filter=appRoleAssignments/any()").await.problem(403);
}
