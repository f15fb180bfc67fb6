//! What is remembered: every change with what was before and after, every sign-in, every refusal.

use std::time::Duration;

use cardea::{
    authority::AppSettings,
    authz::{AUDIT_LOG_READ_ALL, READ_ALL},
    store,
};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        Client, TestApp,
        fixtures::{self, BETA, PACKAGES},
    },
};

engines! {
    every_change_leaves_one_record_of_what_was_and_what_is,
    who_did_it_by_which_request_is_told,
    a_declared_author_is_kept_and_marked,
    what_changes_nothing_leaves_no_record,
    refusals_are_remembered_once_a_minute_with_their_number,
    sign_ins_are_remembered_whether_they_succeed_or_not,
    records_are_filtered_by_what_graph_filters_by,
    records_are_not_changed_and_not_removed,
    the_chain_of_all_this_is_whole,
}

async fn auditor(app: &TestApp) -> Client {
    app.application(&[AUDIT_LOG_READ_ALL]).await.below("/v1.0/auditLogs")
}

/// The changes on record since the first `skip`, the oldest first.
async fn changes(app: &TestApp, skip: usize) -> Vec<Json> {
    let skip = skip.to_string();
    let list = auditor(app).await.get("/directoryAudits").query("$orderby", "id").query("$skip", &skip);
    list.query("$top", "999").await.expect(200).rows()
}

fn modified(record: &Json, name: &str) -> (Json, Json) {
    let properties = record["targetResources"][0]["modifiedProperties"].as_array().unwrap();
    let found = properties.iter().find(|property| property["displayName"] == name);
    found.map_or((Json::Null, Json::Null), |one| (one["oldValue"].clone(), one["newValue"].clone()))
}

async fn every_change_leaves_one_record_of_what_was_and_what_is(app: TestApp) {
    let client = app.client().beta();
    let before = changes(&app, 0).await.len();
    let catalog = client.post(BETA.catalogs, json!({ "displayName": "Sales" })).await.expect(201).id();
    let package = client.post(PACKAGES, json!({ "displayName": "P", "catalogId": catalog })).await.expect(201).id();
    let other = client.post(PACKAGES, json!({ "displayName": "Q", "catalogId": catalog })).await.expect(201).id();
    let one = format!("{PACKAGES}/{package}");
    client.patch(&one, json!({ "displayName": "R", "isHidden": true })).await.expect(204);
    let links = format!("{one}/incompatibleAccessPackages");
    let reference = json!({ "@odata.id": client.url(&format!("{PACKAGES}/{other}")) });
    client.post(format!("{links}/$ref"), reference).await.expect(204);
    client.delete(format!("{links}/{other}/$ref")).await.expect(204);
    client.delete(&one).await.expect(204);
    let records = changes(&app, before).await;
    let told: Vec<_> =
        records.iter().map(|record| (&record["activityDisplayName"], &record["operationType"])).collect();
    let expected = [
        ("Create access package catalog", "Add"),
        ("Create access package", "Add"),
        ("Create access package", "Add"),
        ("Update access package", "Update"),
        ("Add incompatible access packages of access package", "Assign"),
        ("Remove incompatible access packages of access package", "Unassign"),
        ("Delete access package", "Delete"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((name, operation), (expected, kind)) in told.into_iter().zip(expected) {
        assert_eq!((name, operation), (&json!(expected), &json!(kind)));
    }
    let target = |record: &Json| record["targetResources"][0]["id"].clone();
    assert_eq!([1, 3, 6].map(|at| target(&records[at])), [(); 3].map(|()| json!(package)));
    assert_eq!(modified(&records[1], "displayName"), (Json::Null, json!("\"P\"")));
    assert_eq!(modified(&records[3], "displayName"), (json!("\"P\""), json!("\"R\"")));
    assert_eq!(modified(&records[3], "isHidden"), (json!("false"), json!("true")));
    assert_eq!(modified(&records[3], "catalogId"), (Json::Null, Json::Null), "what did not change");
    assert_eq!(modified(&records[6], "displayName"), (json!("\"R\""), Json::Null));
    assert_eq!(records[4]["targetResources"][1]["id"], json!(other));
}

async fn who_did_it_by_which_request_is_told(app: TestApp) {
    let before = changes(&app, 0).await.len();
    let ada = app.user("ada@contoso.example", &[cardea::authz::READ_WRITE_ALL]).await.beta();
    let create = ada.post(BETA.catalogs, json!({ "displayName": "Sales" })).header("client-request-id", "my-own-id");
    create.await.expect(201);
    fixtures::catalog(&app.client(), "Robots").await;
    let records = changes(&app, before).await;
    let by = &records[0]["initiatedBy"];
    assert_eq!(by["user"]["userPrincipalName"], "ada@contoso.example");
    assert_eq!((&by["user"]["ipAddress"], &by["app"]), (&json!("127.0.0.1"), &Json::Null));
    assert_eq!(records[0]["correlationId"], "my-own-id");
    let by = &records[1]["initiatedBy"];
    assert_eq!((&by["app"]["displayName"], &by["user"]), (&json!("cardea token"), &Json::Null));
    assert_ne!(records[1]["correlationId"], Json::Null);
}

async fn a_declared_author_is_kept_and_marked(app: TestApp) {
    let before = changes(&app, 0).await.len();
    let ada = app.user("ada@contoso.example", &[cardea::authz::READ_WRITE_ALL]).await.beta();
    let catalog = ada.post(BETA.catalogs, json!({ "displayName": "Sales" })).await.expect(201).id();
    let body = json!({ "displayName": "P", "catalogId": catalog, "createdBy": "eve", "modifiedBy": "mallory" });
    let made = ada.post(PACKAGES, body).await.expect(201).json();
    assert_eq!(
        (&made["createdBy"], &made["modifiedBy"]),
        (&json!("eve"), &json!("mallory")),
        "what is declared is kept"
    );
    let one = format!("{PACKAGES}/{}", made["id"].as_str().unwrap());
    ada.patch(&one, json!({ "description": "x", "modifiedBy": "trudy" })).await.expect(204);
    ada.patch(&one, json!({ "description": "y" })).await.expect(204);
    let same = json!({ "displayName": "Q", "catalogId": catalog, "createdBy": "ada@contoso.example" });
    ada.post(PACKAGES, same).await.expect(201);
    let records = changes(&app, before).await;
    let declared = |record: &Json| -> Vec<(String, String)> {
        let details = record["additionalDetails"].as_array().unwrap().iter();
        let text = |detail: &Json, name: &str| detail[name].as_str().unwrap_or_default().to_owned();
        let all = details.map(|detail| (text(detail, "key"), text(detail, "value")));
        all.filter(|(key, _)| key.starts_with("declared")).collect()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(declared(&records[1]), [pair("declaredCreatedBy", "eve"), pair("declaredModifiedBy", "mallory")]);
    assert_eq!(modified(&records[1], "createdBy"), (Json::Null, json!("\"eve\"")));
    assert_eq!(declared(&records[2]), [pair("declaredModifiedBy", "trudy")]);
    for undeclared in [0, 3, 4] {
        assert!(declared(&records[undeclared]).is_empty(), "{}", records[undeclared]);
    }
    assert!(records.iter().all(|record| record["initiatedBy"]["user"]["userPrincipalName"] == "ada@contoso.example"));
}

async fn what_changes_nothing_leaves_no_record(app: TestApp) {
    let client = app.client().beta();
    let package = fixtures::package(&app.client(), &fixtures::catalog(&app.client(), "C").await, "P").await;
    let before = changes(&app, 0).await.len();
    client.patch(format!("{PACKAGES}/{package}"), json!({ "displayName": "P" })).await.expect(204);
    client.patch(format!("{PACKAGES}/{package}"), json!({ "displayName": null })).await.expect(400);
    client.delete(format!("{PACKAGES}/x")).await.expect(404);
    assert!(changes(&app, before).await.is_empty());
}

async fn refusals_are_remembered_once_a_minute_with_their_number(app: TestApp) {
    let before = changes(&app, 0).await.len();
    let refuse = async || {
        let reader = app.application(&[READ_ALL]).await.beta();
        reader.post(BETA.catalogs, json!({ "displayName": "No" })).await.expect(403);
    };
    for _ in 0..3 {
        refuse().await;
    }
    app.advance(Duration::from_mins(1)).await;
    refuse().await;
    let records = changes(&app, before).await;
    assert_eq!(records.len(), 2, "{records:?}");
    let count =
        |record: &Json| record["additionalDetails"].as_array().unwrap().iter().find(|d| d["key"] == "count").cloned();
    assert_eq!(records.iter().map(|r| count(r).unwrap()["value"].clone()).collect::<Vec<_>>(), ["1", "3"]);
    assert_eq!(
        (&records[0]["result"], &records[0]["activityDisplayName"]),
        (&json!("failure"), &json!("Create a catalog"))
    );
    assert!(records[0]["resultReason"].as_str().unwrap().contains("Insufficient privileges"));
}

async fn sign_in(app: &TestApp, client: &str, secret: &str) -> u16 {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = app.anonymous().request(Method::POST, "/common/oauth2/v2.0/token");
    let request = request.body("application/x-www-form-urlencoded", form).header("client-request-id", "the-request");
    request.undocumented("authority endpoint").unchecked().await.status
}

async fn sign_ins_are_remembered_whether_they_succeed_or_not(app: TestApp) {
    let authority = &app.api.authority;
    let settings = AppSettings { roles: vec![READ_ALL.to_owned()], ..AppSettings::default() };
    let made =
        authority.app_create(authority.default_tenant(), "Robot", settings, Duration::from_hours(1)).await.unwrap();
    let (id, secret) = (&made.principal.app_id, made.secret.clone().unwrap());
    assert_eq!(sign_in(&app, id, &secret).await, 200);
    assert_eq!(sign_in(&app, id, "wrong").await, 401);
    assert_eq!(sign_in(&app, "nobody", "wrong").await, 401);
    // Those that failed are recorded when their minute is over, those that are alike in one record.
    app.advance(Duration::from_mins(1)).await;
    app.api.authority.record_failures().await.unwrap();
    assert_eq!(sign_in(&app, "nobody", "wrong").await, 401);
    app.advance(Duration::from_mins(1)).await;
    app.api.authority.record_failures().await.unwrap();
    let auditor = auditor(&app).await;
    let records = auditor.get("/signIns").query("$orderby", "id").await.expect(200).rows();
    let told: Vec<_> = records.iter().map(|r| (r["appId"].clone(), r["status"]["errorCode"].clone())).collect();
    assert_eq!(told, [(json!(id), json!(0)), (json!(id), json!(7_000_215)), (json!("nobody"), json!(7_000_215))]);
    let sum = "2 failed sign-ins from 2026-01-31T08:00:00Z to 2026-01-31T08:00:00Z, the last one of 'nobody'";
    assert_eq!(
        (&records[1]["status"]["additionalDetails"], &records[1]["createdDateTime"]),
        (&json!(sum), &json!("2026-01-31T08:00:00Z"))
    );
    assert_eq!(records[2]["status"]["additionalDetails"], Json::Null, "one by itself");
    assert_eq!(records[1]["status"]["failureReason"], "wrong client id or secret");
    assert_eq!((&records[0]["appDisplayName"], &records[0]["correlationId"]), (&json!("Robot"), &json!("the-request")));
    assert_eq!(
        (&records[0]["ipAddress"], &records[0]["clientAppUsed"]),
        (&json!("127.0.0.1"), &json!("client_credentials"))
    );
    assert!(!records.iter().any(|record| record.to_string().contains(&secret)));
    let failed = auditor.get("/signIns").query("$filter", "status/errorCode ne 0").await.expect(200);
    assert_eq!(failed.rows().len(), 2);
    // So is the command that made it, without the secret.
    let made_it =
        changes(&app, 0).await.into_iter().find(|r| r["activityDisplayName"] == "Add service principal").unwrap();
    assert_eq!(made_it["targetResources"][0]["id"], json!(made.principal.id));
    assert!(!made_it.to_string().contains(&secret));
}

async fn records_are_filtered_by_what_graph_filters_by(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A"]).await;
    let ada = app.user("ada@contoso.example", &[cardea::authz::READ_WRITE_ALL]).await;
    fixtures::catalog(&ada, "Ada's").await;
    let auditor = auditor(&app).await;
    let all = changes(&app, 0).await;
    let hers = all.iter().find(|r| r["initiatedBy"]["user"] != Json::Null).unwrap();
    let found =
        async |filter: String| auditor.get("/directoryAudits").query("$filter", &filter).await.expect(200).rows();
    for filter in [
        "initiatedBy/user/userPrincipalName eq 'ada@contoso.example'".to_owned(),
        format!("initiatedBy/user/id eq {}", hers["initiatedBy"]["user"]["id"].to_string().replace('"', "'")),
        format!("correlationId eq {}", hers["correlationId"].to_string().replace('"', "'")),
        "startswith(initiatedBy/user/displayName,'ada')".to_owned(),
    ] {
        let rows = found(filter.clone()).await;
        assert_eq!(rows.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&hers["id"]], "{filter}");
    }
    assert_eq!(found("activityDisplayName eq 'Create access package'".to_owned()).await.len(), 1);
    let since = hers["activityDateTime"].as_str().unwrap();
    let filter = format!("activityDateTime ge {since} and category eq 'EntitlementManagement' and result eq 'success'");
    assert!(!found(filter).await.is_empty());
    let newest = auditor.get("/directoryAudits").query("$orderby", "activityDateTime desc").query("$top", "1");
    assert_eq!(newest.query("$select", "activityDisplayName,initiatedBy").await.expect(200).rows().len(), 1);
    // What a change was about is found by it, and in each of several things that it was about.
    let changed = &hers["targetResources"][0]["id"];
    let of_target = found(format!("targetResources/any(t:t/id eq '{}')", changed.as_str().unwrap())).await;
    assert_eq!(of_target.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&hers["id"]]);
    let about =
        |record: &&Json| record["targetResources"].as_array().unwrap().iter().any(|t| t["type"] == "accessPackage");
    let of_type = found("targetResources/any(t:t/type eq 'accessPackage')".to_owned()).await;
    assert_eq!(of_type.len(), all.iter().filter(about).count());
    assert!(found("targetResources/any(t:t/id eq 'x')".to_owned()).await.is_empty());
    let from = found("initiatedBy/user/ipAddress eq '127.0.0.1'".to_owned()).await;
    assert_eq!(from.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&hers["id"]]);
    let answer = auditor.get("/directoryAudits").query("$filter", "initiatedBy eq 'x'").await;
    answer.problem(400).says("InvalidFilter", "$filter", "has no value of its own");
    let one = format!("/directoryAudits/{}", hers["id"].as_str().unwrap());
    let by = auditor.get(format!("{one}/initiatedBy")).undocumented("one property").await.expect(200).json();
    assert_eq!(by["value"]["user"]["userPrincipalName"], "ada@contoso.example");
}

async fn records_are_not_changed_and_not_removed(app: TestApp) {
    fixtures::catalog(&app.client(), "C").await;
    let id = changes(&app, 0).await[0]["id"].as_str().unwrap().to_owned();
    let all = app.application(&[AUDIT_LOG_READ_ALL, cardea::authz::READ_WRITE_ALL]).await.below("/beta/auditLogs");
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        let request = all.request(method, format!("/directoryAudits/{id}"));
        request.undocumented("records are only read").await.expect(405);
    }
    all.post("/directoryAudits", json!({})).undocumented("records are only read").await.expect(405);
    app.client().below("/v1.0/auditLogs").get("/directoryAudits").await.expect(403);
}

async fn the_chain_of_all_this_is_whole(app: TestApp) {
    fixtures::catalog_with(&app.client(), &["A", "B"]).await;
    sign_in(&app, "nobody", "wrong").await;
    app.api.authority.record_last_failures().await.unwrap();
    app.application(&[READ_ALL]).await.beta().post(BETA.catalogs, json!({ "displayName": "No" })).await.expect(403);
    let tenant = app.api.authority.default_tenant().key;
    let head = store::verify(&*app.store, tenant, None).await.unwrap().unwrap();
    let (changes, sign_ins) = (changes(&app, 0).await.len(), 1);
    assert_eq!(head.sequence, i64::try_from(changes + sign_ins).unwrap());
    let mut lines = Vec::new();
    let collect = |line: &[u8]| {
        lines.push(serde_json::from_slice::<Json>(line).unwrap());
        Ok::<_, store::Error>(())
    };
    store::export(&*app.store, tenant, 0, collect).await.unwrap();
    let numbers: Vec<_> = lines.iter().map(|line| line["sequence"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=head.sequence).collect::<Vec<_>>());
    assert_eq!(lines.last().unwrap()["hash"], json!(head.hash));
}
