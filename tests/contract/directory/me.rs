//! `/me`: who is signed in.

use serde_json::json;

use super::{caller, link, new_group, new_user};
use crate::{engines, support::TestApp};

engines! {
    a_person_is_me,
    an_application_is_not_me,
    a_person_with_little_reads_oneself_alone,
    what_concerns_the_tenant_is_read,
}

async fn a_person_is_me(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = caller(&app, version).await;
        let (id, ada) = (new_group(&client, "sales").await, new_user(&client, &format!("ada{}", &version[..2])).await);
        link(&client, &format!("/groups/{id}/members"), &ada).await;
        let upn = format!("ada{}@contoso.example", &version[..2]);
        let person = app.person(&upn, &["User.Read.All", "Group.Read.All"], &[]).await.below(&format!("/{version}"));
        assert_eq!(person.get("/me").await.expect(200).id(), ada);
        assert_eq!(person.get("/me?$select=id,accountEnabled").await.expect(200).json()["accountEnabled"], true);
        assert_eq!(person.get("/me/memberOf").await.expect(200).column("id"), std::slice::from_ref(&id));
        assert_eq!(
            person.get("/me/transitiveMemberOf/microsoft.graph.group").await.expect(200).column("id"),
            std::slice::from_ref(&id)
        );
        let asked = person.post("/me/checkMemberGroups", json!({ "groupIds": [id] })).await.expect(200);
        assert_eq!(asked.json()["value"], json!([id]));
        person.get("/me/manager").await.problem(404);
    }
}

async fn an_application_is_not_me(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let read = client.get("/me/checkMemberGroups").undocumented("an action is not read").await;
    assert_eq!(read.status, 405);
    client.get("/me").await.problem(400).says("BadRequest", "", "/me");
}

async fn a_person_with_little_reads_oneself_alone(app: TestApp) {
    let client = caller(&app, "v1.0").await;
    let [ada, grace] = [new_user(&client, "ada").await, new_user(&client, "grace").await];
    let person = app.person("ada@contoso.example", &["User.Read"], &[]).await.below("/v1.0");
    assert_eq!(person.get("/me").await.expect(200).id(), ada);
    assert_eq!(person.get(format!("/users/{ada}")).await.expect(200).id(), ada);
    person.get(format!("/users/{grace}")).await.problem(403);
    person.get("/users").await.problem(403);
    person.patch("/me", json!({ "jobTitle": "Boss" })).undocumented("nobody changes oneself").await.problem(405);
}

async fn what_concerns_the_tenant_is_read(app: TestApp) {
    for version in ["v1.0", "beta"] {
        let client = app.application(&["Organization.Read.All", "Domain.Read.All"]).await.below(&format!("/{version}"));
        let organizations = client.get("/organization").await.expect(200).rows();
        assert_eq!(organizations.len(), 1);
        let id = organizations[0]["id"].as_str().unwrap();
        let one = client.get(format!("/organization/{id}")).await.expect(200).json();
        let domains = client.get("/domains").await.expect(200).column("id");
        let verified: Vec<_> =
            one["verifiedDomains"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(verified, domains);
        assert!(!domains.is_empty());
        client.get(format!("/domains/{}", domains[0])).await.expect(200);
        client.get("/domains?$filter=isDefault eq true").await.expect(200);
    }
}
