//! Filling a tenant from files, and taking out what is in it.

use std::{fmt::Write as _, fs, path::PathBuf, time::Duration};

use serde_json::{Value as Json, json};

use super::{LOAD, Server, cardea, database, http, output, token};
use crate::stores::{Place, on_each_engine};

/// People and groups who refer to each other in any order, an application and what it is in the tenant.
const ALL_KINDS: &str = r##"
{"@odata.type":"#microsoft.graph.group","id":"sales","displayName":"Sales","mailEnabled":false,"mailNickname":"sales","securityEnabled":true,"members":["ada@contoso.example",{"id":"bob"},"nested"],"owners@odata.bind":["https://graph.microsoft.com/v1.0/users/bob"]}
{"@odata.type":"#microsoft.graph.group","id":"nested","displayName":"Nested","mailEnabled":false,"mailNickname":"nested","securityEnabled":true}
{"@odata.type":"#microsoft.graph.group","displayName":"No id","mailEnabled":true,"groupTypes":["Unified"],"mailNickname":"noid","securityEnabled":false,"members":["bob"]}
{"@odata.type":"#microsoft.graph.user","userPrincipalName":"Ada@contoso.example","displayName":"Ada","accountEnabled":true,"manager":{"userPrincipalName":"bob@contoso.example"},"businessPhones":["+1"],"createdDateTime":"2020-01-01T00:00:00Z","assignedPlans":[],"passwordProfile":{"password":"Correct horse 1"}}
{"@odata.type":"#microsoft.graph.user","id":"bob","userPrincipalName":"bob@contoso.example","displayName":"Bob","accountEnabled":true,"jobTitle":"Clerk","sponsors":["sales"]}
{"@odata.type":"#microsoft.graph.servicePrincipal","appId":"app-1","owners":["bob"]}
{"@odata.type":"#microsoft.graph.servicePrincipal","id":"graph-elsewhere","appId":"00000003-0000-0000-c000-000000000000","displayName":"Microsoft Graph"}
{"@odata.type":"#microsoft.graph.application","appId":"app-1","displayName":"App","identifierUris":["api://x"]}
"##;

/// The client id of the application that the API is.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// So many that there is time to interrupt it.
const PEOPLE: usize = 3_000;

const OBJECTS: &str = "SELECT count(*) FROM directory_object WHERE kind IN ('user', 'group', 'application')";
const RECORDS: &str = "SELECT count(*) FROM directory_audit";
const MEMBERS: &str = "SELECT count(*) FROM group_member";

/// Runs a command to its end: its code, what it printed, and what it said.
async fn told(place: &Place, args: &[&str]) -> (Option<i32>, String, String) {
    let database = database(place);
    let mut all = args.to_vec();
    all.extend(database.iter().map(String::as_str));
    let output = output(&all).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A file in the place's directory.
fn file(place: &Place, name: &str, text: &str) -> PathBuf {
    let path = place.data().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Imports a file that is right; gives the summary.
async fn import(place: &Place, file: &std::path::Path, more: &[&str]) -> Json {
    let args = [&["import", "directory", file.to_str().unwrap(), "--json"], more].concat();
    let (code, out, said) = told(place, &args).await;
    assert_eq!((code, said.as_str()), (Some(0), ""), "{out}");
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

async fn export(place: &Place, more: &[&str]) -> String {
    let (code, out, said) = told(place, &[&["export", "directory"], more].concat()).await;
    assert_eq!(code, Some(0), "{said}");
    out
}

/// What came of an import: made, changed, as they were, links.
fn counts(summary: &Json) -> [u64; 4] {
    ["created", "changed", "unchanged", "linksAdded"].map(|name| summary[name].as_u64().unwrap())
}

async fn whole(place: &Place) {
    let (code, out, said) = told(place, &["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{out}{said}");
}

/// So many people, each with the next as manager.
fn people(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let manager = (n + 1) % count;
        let user = json!({
            "@odata.type": "#microsoft.graph.user", "id": format!("u{n}"), "userPrincipalName": format!("u{n}@contoso.example"),
            "displayName": format!("Person {n}"), "accountEnabled": true, "manager": format!("u{manager}"),
        });
        writeln!(text, "{user}").unwrap();
        text
    })
}

on_each_engine! {
    async fn what_is_imported_twice_is_written_once(place: Place) {
        let all = file(&place, "all.jsonl", ALL_KINDS);
        assert_eq!(counts(&import(&place, &all, &[]).await), [7, 0, 1, 7]);
        assert_eq!(place.number(OBJECTS).await, 6);
        assert_eq!(place.number(MEMBERS).await, 4);
        assert_eq!(place.number("SELECT count(*) FROM group_nesting").await, 1);
        assert_eq!(place.number("SELECT count(*) FROM object_owner").await, 2);
        let ada = "SELECT count(*) FROM directory_object WHERE upn_key = 'ada@contoso.example' AND manager_id = 'bob' \
                   AND business_phones = '[\"+1\"]' AND password_hash LIKE '$argon2id$%'";
        assert_eq!(place.number(ada).await, 1);
        let records = place.number(RECORDS).await;
        assert_eq!(counts(&import(&place, &all, &[]).await), [0, 0, 8, 0]);
        assert_eq!(place.number(RECORDS).await, records, "nothing was written");

        let changed = ALL_KINDS.replace("\"jobTitle\":\"Clerk\"", "\"jobTitle\":\"Analyst\"").replace("\"members\":[\"bob\"]", "\"members\":[\"ada@contoso.example\"]");
        let changed = file(&place, "changed.jsonl", &changed);
        let (code, out, _) = told(&place, &["import", "directory", changed.to_str().unwrap(), "--dry-run"]).await;
        assert_eq!(code, Some(0));
        assert!(out.contains("~ user bob@contoso.example (line 6)\n    jobTitle: \"Clerk\" -> \"Analyst\"\n"), "{out}");
        assert!(out.contains("~ group No id (line 4)\n    members: 1 more\n") && out.contains("0 created, 2 changed, 6 unchanged, 1 links"), "{out}");
        assert_eq!(place.number(RECORDS).await, records, "nothing was written");
        assert_eq!(counts(&import(&place, &changed, &[]).await), [0, 2, 6, 1]);
        assert_eq!(counts(&import(&place, &changed, &[]).await), [0, 0, 8, 0]);
        whole(&place).await;
    }

    async fn files_of_every_form_are_taken(place: Place) {
        let list = file(&place, "users.json", r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users",
            "value":[{"@odata.id":"x","userPrincipalName":"a@contoso.example","displayName":"A",
            "accountEnabled":true,"businessPhones":[],"deletedDateTime":null,"createdDateTime":"2020-01-01T00:00:00Z"},
            {"userPrincipalName":"b@contoso.example","displayName":"B","accountEnabled":false}],"@odata.nextLink":"y"}"#);
        assert_eq!(counts(&import(&place, &list, &[]).await), [2, 0, 0, 0]);
        let csv = file(&place, "people.csv", "userPrincipalName,displayName,accountEnabled,businessPhones,manager,department\n\
            c@contoso.example,\"C, the third\",true,+1; +2,a@contoso.example,\nB@contoso.example,B,false,,,Sales\n");
        assert_eq!(counts(&import(&place, &csv, &[]).await), [1, 1, 0, 0]);
        assert_eq!(place.number("SELECT count(*) FROM directory_object c JOIN directory_object a ON c.manager_id = a.id \
            WHERE c.display_name = 'C, the third' AND c.business_phones = '[\"+1\",\"+2\"]' AND a.display_name = 'A'").await, 1);
        let untyped = file(&place, "groups.txt", "{\"displayName\":\"G\",\"mailEnabled\":false,\"mailNickname\":\"g\",\"securityEnabled\":true,\n");
        let (code, _, said) = told(&place, &["import", "directory", untyped.to_str().unwrap(), "--type", "group"]).await;
        assert!(code == Some(1) && said.contains("line 2: This is not a list"), "{said}");
        let untyped = file(&place, "groups.txt", "{\"displayName\":\"G\",\"mailEnabled\":false,\"mailNickname\":\"g\",\"securityEnabled\":true}\n");
        assert_eq!(counts(&import(&place, &untyped, &["--type", "group", "--format", "jsonl"]).await), [1, 0, 0, 0]);
        assert_eq!(counts(&import(&place, &untyped, &["--type", "group"]).await), [0, 0, 1, 0]);
        whole(&place).await;
    }

    async fn a_bad_line_is_named_and_a_bad_file_leaves_nothing(place: Place) {
        let user = |upn: &str, more: &str| format!("{{\"@odata.type\":\"#microsoft.graph.user\",\"userPrincipalName\":\"{upn}\",\"displayName\":\"X\",\"accountEnabled\":true{more}}}");
        let group = |id: &str, more: &str| format!("{{\"@odata.type\":\"#microsoft.graph.group\",\"id\":\"{id}\",\"displayName\":\"G\",\"mailEnabled\":false,\"mailNickname\":\"{id}\",\"securityEnabled\":true{more}}}");
        let app = |more: &str| format!("{{\"@odata.type\":\"#microsoft.graph.application\",\"appId\":\"app-9\",\"displayName\":\"App\",{more}}}");
        let good = user("good@contoso.example", "");
        told(&place, &["tenant", "list"]).await;
        let (objects, records) = (place.number(OBJECTS).await, place.number(RECORDS).await);
        for (bad, says) in [
            (user("b@contoso.example", ",\"jobTittle\":\"x\""), "line 2: jobTittle: 'jobTittle' is not a property"),
            (user("b@contoso.example", ",\"usageLocation\":\"Germany\""), "line 2: usageLocation: "),
            (user("b@contoso.example", ",\"manager\":\"nobody@contoso.example\""), "line 2: manager: 'nobody@contoso.example' is neither"),
            (user("GOOD@contoso.example", ""), "line 2: userPrincipalName: The 'userPrincipalName' is that of line 1"),
            (user("nobody", ""), "line 2: userPrincipalName: "),
            ("{\"@odata.type\":\"#microsoft.graph.user\",\"displayName\":\"X\"}".into(), "line 2: userPrincipalName: 'userPrincipalName' is required"),
            (group("g", ",\"members\":[\"gone\"]"), "line 2: members: 'gone' is neither"),
            (group("g", ",\"members\":[\"g\"]"), "line 2: members: A group cannot be in itself"),
            (group("g", &format!(",\"members\":[\"h\"]}}\n{}", group("h", ",\"members\":[\"g\"]").trim_end_matches('}'))), "members: A group cannot be in itself"),
            (group("g", ",\"members\":[{\"id\":1}]"), "line 2: members: "),
            (app("\"web\":{\"redirectUris\":[\"javascript:alert(1)\"]}"), "line 2: web: 'web/redirectUris' must be an address such as https://"),
            (app("\"spa\":{\"redirectUris\":[\"http://evil.example\"]}"), "line 2: spa: 'spa/redirectUris' must be"),
            (app("\"web\":{\"logoutUrl\":\"http://evil.example\"}"), "line 2: web: 'web/logoutUrl' must be"),
            (app("\"identifierUris\":[\"javascript:x\"]"), "line 2: identifierUris: "),
            ("{\"displayName\":\"X\"}".into(), "line 2: @odata.type: "),
            (format!("{{\"@odata.type\":\"#microsoft.graph.application\",\"appId\":\"{GRAPH}\",\"displayName\":\"X\"}}"), "line 2: appId: The application that this API is cannot be changed"),
            (format!("{{\"@odata.type\":\"#microsoft.graph.servicePrincipal\",\"appId\":\"{GRAPH}\",\"owners\":[\"good@contoso.example\"]}}"), "line 2: owners: The application that this API is cannot be changed"),
            ("{".into(), "line 2: This is not a JSON object"),
        ] {
            let path = file(&place, "bad.jsonl", &format!("{good}\n{bad}\n"));
            let (code, out, said) = told(&place, &["import", "directory", path.to_str().unwrap()]).await;
            assert!(code == Some(1) && out.is_empty() && said.contains(says), "{bad}: {out}{said}");
            assert_eq!((place.number(OBJECTS).await, place.number(RECORDS).await), (objects, records), "{bad}");
        }
        let path = file(&place, "bad.jsonl", &format!("{}\n{good}\nnonsense\n{}\n", user("b@contoso.example", ",\"x\":1"), user("c@contoso.example", "")));
        let (code, out, said) = told(&place, &["import", "directory", path.to_str().unwrap(), "--keep-going"]).await;
        assert_eq!(code, Some(1));
        assert!(out.contains("2 created, 0 changed, 0 unchanged, 0 links added, 2 failed"), "{out}");
        assert!(said.contains("line 1: x: ") && said.contains("line 3: ") && said.contains("2 not imported"), "{said}");
        assert_eq!(place.number(OBJECTS).await, objects + 2);
    }

    async fn an_interrupted_import_goes_on(place: Place) {
        let _alone = LOAD.lock().await;
        let text = people(PEOPLE) + &(0..3).fold(String::new(), |mut text, n| {
            let members: Vec<String> = (0..PEOPLE / 4).map(|m| format!("u{}", m * (n + 1))).collect();
            let group = json!({
                "@odata.type": "#microsoft.graph.group", "id": format!("g{n}"), "displayName": "G", "mailEnabled": false,
                "mailNickname": format!("g{n}"), "securityEnabled": true, "members": members,
            });
            writeln!(text, "{group}").unwrap();
            text
        });
        let path = file(&place, "people.jsonl", &text);
        place.open().await.close().await;
        for reached in ["SELECT count(*) FROM directory_object WHERE kind = 'user'", MEMBERS] {
            let database = database(&place);
            let mut args = vec!["import", "directory", path.to_str().unwrap()];
            args.extend(database.iter().map(String::as_str));
            let mut child = cardea(&args).spawn().unwrap();
            while place.number(reached).await == 0 && child.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            whole(&place).await;
        }
        let summary = import(&place, &path, &[]).await;
        assert_eq!(summary["failed"], 0);
        assert_eq!(counts(&import(&place, &path, &[]).await), [0, 0, PEOPLE as u64 + 3, 0]);
        assert_eq!(place.number("SELECT count(*) FROM directory_object WHERE kind = 'user' AND manager_id IS NOT NULL").await, 3_000);
        assert_eq!(place.number(MEMBERS).await, 3 * (3_000 / 4));
        whole(&place).await;
    }

    async fn two_imports_at_once_make_everybody_once(place: Place) {
        let _alone = LOAD.lock().await;
        // More than one batch, so that batches that are written together are refused together.
        let (count, said) = (6_000, people(6_000));
        let path = file(&place, "people.jsonl", &said);
        place.open().await.close().await;
        let (one, other) = tokio::join!(import(&place, &path, &[]), import(&place, &path, &[]));
        let (one, other) = (counts(&one), counts(&other));
        assert_eq!(one[0] + other[0], count, "{one:?} {other:?}");
        for counts in [one, other] {
            assert_eq!(counts[..3].iter().sum::<u64>(), count, "{counts:?}");
        }
        assert_eq!(place.number("SELECT count(*) FROM directory_object WHERE kind = 'user' AND manager_id IS NOT NULL").await, 6_000);
        assert_eq!(counts(&import(&place, &path, &[]).await), [0, 0, count, 0]);
        whole(&place).await;
    }

    async fn managers_by_name_are_found_when_two_imports_make_the_same_people(place: Place) {
        let _alone = LOAD.lock().await;
        // Nobody has an id in the file, and the manager of the first of the second batch is the last of the first one.
        let said = (0..5_200).fold(String::new(), |mut text, n| {
            let (upn, manager) = (format!("u{n}@contoso.example"), format!("u{}@contoso.example", (n + 5_199) % 5_200));
            let user = json!({
                "@odata.type": "#microsoft.graph.user", "userPrincipalName": upn, "displayName": "P", "accountEnabled": true,
                "manager": { "userPrincipalName": manager },
            });
            writeln!(text, "{user}").unwrap();
            text
        });
        let path = file(&place, "people.jsonl", &said);
        place.open().await.close().await;
        let (one, other) = tokio::join!(import(&place, &path, &[]), import(&place, &path, &[]));
        assert_eq!(counts(&one)[0] + counts(&other)[0], 5_200, "{one} {other}");
        let right = "SELECT count(*) FROM directory_object u JOIN directory_object m ON m.tenant_id = u.tenant_id AND m.id = u.manager_id \
                     WHERE u.kind = 'user' AND m.kind = 'user'";
        assert_eq!(place.number(right).await, 5_200);
        assert_eq!(counts(&import(&place, &path, &[]).await), [0, 0, 5_200, 0]);
        whole(&place).await;
    }

    async fn what_is_exported_makes_the_same_elsewhere(place: Place) {
        let all = file(&place, "all.jsonl", &(ALL_KINDS.to_owned() + &people(1200)));
        import(&place, &all, &[]).await;
        let members: Vec<String> = (0..1200).map(|n| format!("u{n}")).collect();
        let more = json!({ "@odata.type": "#microsoft.graph.group", "id": "nested", "members": members });
        let more = file(&place, "more.jsonl", &more.to_string());
        assert_eq!(counts(&import(&place, &more, &[]).await), [0, 1, 0, 1200]);
        let exported = export(&place, &[]).await;
        assert!(!exported.contains("argon2") && !exported.contains("createdDateTime"));
        let file = file(&place, "exported.jsonl", &exported);
        assert_eq!(counts(&import(&place, &file, &[]).await)[..2], [0, 0], "here there is no difference");

        told(&place, &["tenant", "create", "--name", "B", "--domain", "b.example"]).await;
        let there = import(&place, &file, &["--tenant", "b.example"]).await;
        assert_eq!(counts(&there), [1207, 0, 0, 1207]);
        assert_eq!(export(&place, &["--tenant", "b.example"]).await, exported);
        let again = import(&place, &file, &["--tenant", "b.example"]).await;
        assert_eq!(counts(&again), [0, 0, 1207, 0]);
        let output = place.data().join("users.jsonl");
        assert_eq!(export(&place, &["--type", "user", "--output", output.to_str().unwrap()]).await, "");
        assert_eq!(fs::read_to_string(output).unwrap().lines().count(), 1202);
        whole(&place).await;
    }

    async fn an_import_works_while_the_server_runs(place: Place) {
        let server = Server::start(&place).await;
        let path = file(&place, "people.jsonl", &people(50));
        assert_eq!(counts(&import(&place, &path, &[]).await), [50, 0, 0, 0]);
        let token = token(&place, &["--role", "Directory.Read.All"]).await;
        let answer = http().get(format!("{}/v1.0/users/u7/manager", server.base)).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let manager: Json = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(manager["id"], "u8");
    }
}
