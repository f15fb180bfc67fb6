//! What the Terraform provider for Entra asks of users and groups, in its order and with its bodies.

use serde_json::{Value as Json, json};

use super::{caller, new_user};
use crate::{
    engines,
    support::{TestApp, client::Client},
};

engines! { the_provider_makes_changes_and_deletes_users, the_provider_makes_changes_and_deletes_groups }

const MORE: &str = "accountEnabled,ageGroup,city,companyName,consentProvidedForMinor,country,department,employeeHireDate,\
    employeeId,employeeOrgData,employeeType,faxNumber,mailNickname,onPremisesImmutableId,otherMails,passwordPolicies,\
    postalCode,state,streetAddress,usageLocation";

fn user(title: &str) -> Json {
    json!({
        "@odata.type": "#microsoft.graph.user",
        "accountEnabled": true, "ageGroup": null, "businessPhones": [], "city": null, "companyName": null,
        "consentProvidedForMinor": null, "country": null, "department": "Engines", "displayName": "Ada",
        "employeeHireDate": null, "employeeId": null, "employeeOrgData": { "costCenter": null, "division": null },
        "employeeType": null, "faxNumber": null, "givenName": null, "jobTitle": title, "mail": null,
        "mailNickname": "ada", "mobilePhone": null, "officeLocation": null, "onPremisesImmutableId": null, "otherMails": [],
        "passwordPolicies": null, "postalCode": null, "preferredLanguage": null, "state": null, "streetAddress": null,
        "surname": null, "usageLocation": null, "userPrincipalName": "ada@contoso.example",
    })
}

async fn the_provider_makes_changes_and_deletes_users(app: TestApp) {
    let (v1, beta) = (caller(&app, "v1.0").await, caller(&app, "beta").await);
    let manager = new_user(&v1, "charles").await;
    let mut body = user("Countess");
    body["passwordProfile"] = json!({ "forceChangePasswordNextSignIn": false, "password": "Correct horse 1" });
    let id = v1.post("/users", body).await.expect(201).id();
    let one = format!("/users/{id}");
    let shown = json!({ "@odata.type": "#microsoft.graph.user", "showInAddressList": true });
    beta.patch(&one, shown).await.expect(204);
    let reference = json!({ "@odata.id": v1.url(&format!("/directoryObjects/{manager}")) });
    v1.put(format!("{one}/manager/$ref"), reference).await.expect(204);
    for _ in 0..5 {
        v1.get(&one).await.expect(200);
    }
    read(&v1, &beta, &one, "Countess").await;
    assert_eq!(v1.get(format!("{one}/manager")).await.expect(200).id(), manager);
    // Planned again, nothing differs; then something changes in place.
    read(&v1, &beta, &one, "Countess").await;
    v1.patch(&one, user("Programmer")).await.expect(204);
    v1.delete(format!("{one}/manager/$ref")).await.expect(204);
    read(&v1, &beta, &one, "Programmer").await;
    v1.get(format!("{one}/manager")).await.problem(404);
    v1.delete(&one).await.expect(204);
    for _ in 0..5 {
        v1.get(&one).await.problem(404);
    }
}

async fn read(v1: &Client, beta: &Client, one: &str, title: &str) {
    let sent = user(title);
    let read = [
        v1.get(one).await.expect(200).json(),
        v1.get(format!("{one}?$select={MORE}")).await.expect(200).json(),
        beta.get(format!("{one}?$select=showInAddressList")).await.expect(200).json(),
    ];
    assert_eq!(read[2]["showInAddressList"], true);
    for (name, value) in sent.as_object().unwrap().iter().filter(|(name, _)| !name.contains('@')) {
        let found = read.iter().find_map(|body| body.get(name)).unwrap_or_else(|| panic!("{name} is not read"));
        assert_eq!(found, value, "{name}");
    }
}

async fn the_provider_makes_changes_and_deletes_groups(app: TestApp) {
    let client = caller(&app, "beta").await;
    let [owner, member, other] =
        [new_user(&client, "ada").await, new_user(&client, "grace").await, new_user(&client, "charles").await];
    let found = client.get("/groups").query("$filter", "displayName eq 'Sales'").await.expect(200);
    assert!(found.rows().is_empty());
    for _ in 0..3 {
        let object = client.get(format!("/directoryObjects/{owner}")).await.expect(200).json();
        assert_eq!(object["@odata.type"], "#microsoft.graph.user");
    }
    let body = json!({
        "@odata.type": "#microsoft.graph.group", "displayName": "Sales", "description": null, "groupTypes": [],
        "isAssignableToRole": false, "mailEnabled": false, "mailNickname": "99e33d61-8", "membershipRule": null,
        "owners@odata.bind": [client.url(&format!("/directoryObjects/{owner}"))],
        "resourceBehaviorOptions": [], "resourceProvisioningOptions": [], "securityEnabled": true,
    });
    let id = client.post("/groups", body).await.expect(201).id();
    let one = format!("/groups/{id}");
    for name in ["TERRAFORM_UPDATE_1", "Sales"] {
        client.patch(&one, json!({ "displayName": name })).await.expect(204);
    }
    for _ in 0..5 {
        assert_eq!(client.get(&one).await.expect(200).json()["displayName"], "Sales");
    }
    let address = |id: &str| json!({ "@odata.id": client.url(&format!("/directoryObjects/{id}")) });
    client.post(format!("{one}/members/$ref"), address(&member)).await.expect(204);
    let read = client.get(&one).await.expect(200).json();
    assert_eq!((&read["mailNickname"], &read["isAssignableToRole"]), (&json!("99e33d61-8"), &json!(false)));
    for list in ["groupTypes", "proxyAddresses", "resourceBehaviorOptions", "resourceProvisioningOptions"] {
        assert_eq!(read[list], json!([]), "{list}");
    }
    assert_eq!(client.get(format!("{one}/owners")).await.expect(200).column("id"), [owner]);
    assert_eq!(client.get(format!("{one}/members")).await.expect(200).column("id"), std::slice::from_ref(&member));
    assert!(client.get(format!("{one}/memberOf")).await.expect(200).rows().is_empty());
    let change = json!({
        "description": "Everybody in sales.", "displayName": "Sales", "mailEnabled": false, "membershipRule": null,
        "securityEnabled": true,
    });
    client.patch(&one, change).await.expect(204);
    client.post(format!("{one}/members/$ref"), address(&other)).await.expect(204);
    client.delete(format!("{one}/members/{member}/$ref")).await.expect(204);
    assert_eq!(client.get(format!("{one}/members")).await.expect(200).column("id"), [other]);
    client.get(&one).await.expect(200);
    client.delete(&one).await.expect(204);
    for _ in 0..5 {
        client.get(&one).await.problem(404);
    }
    // What a team has beside is asked for by itself.
    let team = json!({
        "displayName": "Team", "groupTypes": ["Unified"], "mailEnabled": true, "mailNickname": "team", "securityEnabled": false,
    });
    let team = client.post("/groups", team).await.expect(201).id();
    let select = "allowExternalSenders,autoSubscribeNewMembers,hideFromAddressLists,hideFromOutlookClients";
    client.get(format!("/groups/{team}?$select={select}")).await.expect(200);
}
