//! Tenants and applications, managed while the server runs.

use serde_json::{Value as Json, json};

use super::{Server, database, http, output};
use crate::stores::{Place, on_each_engine};

/// What a command prints as JSON.
async fn managed(place: &Place, args: &[&str]) -> Json {
    let (code, out, said) = tried(place, args).await;
    assert_eq!(code, Some(0), "{args:?}: {said}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
}

async fn tried(place: &Place, args: &[&str]) -> (Option<i32>, String, String) {
    let database = database(place);
    let mut all = args.to_vec();
    all.push("--json");
    all.extend(database.iter().map(String::as_str));
    let output = output(&all).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}"))
}

/// Status and body of a request for a token.
async fn sign_in(server: &Server, tenant: &str, app: &Json, secret: &str) -> (u16, Json) {
    let body = format!(
        "client_id={}&client_secret={secret}&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
        text(app, "clientId")
    );
    let url = format!("{}/{tenant}/oauth2/v2.0/token", server.base);
    let request = http().post(url).header("content-type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

on_each_engine! {
    async fn applications_made_while_the_server_runs_sign_in_at_once(place: Place) {
        let server = Server::start(&place).await;
        let app = managed(&place, &["app", "create", "--name", "Terraform"]).await;
        let (tenant, secret) = (text(&app, "tenantId"), text(&app, "clientSecret"));
        let (status, answer) = sign_in(&server, tenant, &app, secret).await;
        assert_eq!(status, 200, "{answer}");
        let token = text(&answer, "access_token");
        let made = http().post(server.url("/accessPackageCatalogs")).bearer_auth(token).json(&json!({ "displayName": "C" }));
        let made = made.send().await.unwrap();
        assert_eq!(made.status().as_u16(), 201);
        let made: Json = serde_json::from_slice(&made.bytes().await.unwrap()).unwrap();
        assert_eq!(text(&made, "createdBy"), "Terraform");

        // The secret is shown when it is made, and nowhere else.
        let list = managed(&place, &["app", "list"]).await;
        assert_eq!(list[0]["clientId"], app["clientId"]);
        assert!(!list.to_string().contains(secret));
        assert_eq!(place.number(&format!("SELECT count(*) FROM directory_object WHERE secret_hashes LIKE '%{secret}%' OR password_credentials LIKE '%{secret}%'")).await, 0);
        assert_eq!(place.number("SELECT count(*) FROM directory_object WHERE secret_hashes LIKE '%$argon2id$%'").await, 1);

        let rotated = managed(&place, &["app", "rotate-secret", text(&app, "clientId")]).await;
        assert_eq!(sign_in(&server, tenant, &app, secret).await.0, 401);
        assert_eq!(sign_in(&server, tenant, &app, text(&rotated, "clientSecret")).await.0, 200);
        managed(&place, &["app", "delete", text(&app, "clientId")]).await;
        assert_eq!(sign_in(&server, tenant, &app, text(&rotated, "clientSecret")).await.0, 401);
        let (code, out, said) = tried(&place, &["app", "delete", text(&app, "clientId")]).await;
        assert_eq!((code, out.as_str(), said.lines().count()), (Some(1), "", 1), "{said}");
    }

    async fn tenants_made_while_the_server_runs_are_there_at_once(place: Place) {
        let server = Server::start(&place).await;
        let tenant = managed(&place, &["tenant", "create", "--name", "Contoso", "--domain", "Contoso.example"]).await;
        let id = text(&tenant, "tenantId");
        let app = managed(&place, &["app", "create", "--name", "A", "--role", "EntitlementManagement.Read.All", "--tenant", "contoso.example"]).await;
        assert_eq!(text(&app, "tenantId"), id);
        for name in [id, "contoso.example"] {
            let (status, answer) = sign_in(&server, name, &app, text(&app, "clientSecret")).await;
            assert_eq!(status, 200, "{answer}");
            let list = http().get(server.url("/accessPackageCatalogs")).bearer_auth(text(&answer, "access_token")).send().await.unwrap();
            assert_eq!(list.status().as_u16(), 200);
        }
        let default = managed(&place, &["tenant", "list"]).await;
        assert_eq!(default.as_array().unwrap().len(), 2);
        let (default, first) = (text(&default[0], "tenantId"), &default[0]);
        assert_eq!(first["domains"], json!([]));
        let (status, _) = sign_in(&server, default, &app, text(&app, "clientSecret")).await;
        assert_eq!(status, 401, "an application of another tenant");
        for (refused, says) in [
            (&["tenant", "delete", "contoso.example"][..], "delete them first"),
            (&["tenant", "delete", default], "default tenant"),
            (&["tenant", "delete", "nobody.example"], "no tenant"),
            (&["tenant", "create", "--name", "X", "--domain", "contoso.example"], "domain names"),
            (&["tenant", "create", "--name", "X", "--domain", "common"], "not a domain name"),
            (&["app", "create", "--name", "X", "--tenant", "nobody"], "no tenant"),
            (&["app", "create", "--name", "X", "--role", "a b"], "not the name of a permission"),
            (&["app", "create", "--name", "X", "--secret-lifetime", "0s"], "a secret counts"),
        ] {
            let (code, out, said) = tried(&place, refused).await;
            let said = said.lines().last().unwrap_or_default();
            assert!(code == Some(1) && out.is_empty() && said.contains(says), "{refused:?}: {out}{said}");
        }
        managed(&place, &["app", "delete", text(&app, "clientId"), "--tenant", id]).await;
        managed(&place, &["tenant", "delete", "contoso.example"]).await;
        assert_eq!(place.number("SELECT count(*) FROM tenant").await, 1);
    }
}

on_each_engine! {
    async fn provisioning_clients_are_managed_while_the_server_runs(place: Place) {
        let server = Server::start(&place).await;
        let client = managed(&place, &["scim", "create", "--name", "Okta", "--expires", "1h"]).await;
        let (id, token) = (text(&client, "id"), text(&client, "token"));
        let users = format!("{}{}/Users", server.base, text(&client, "path"));
        let status = async |token: &str| http().get(&users).bearer_auth(token).send().await.unwrap().status().as_u16();
        assert_eq!(status(token).await, 200);

        // The token is shown when it is made, and nowhere else.
        let list = managed(&place, &["scim", "list"]).await;
        assert_eq!((&list[0]["id"], &list[0]["displayName"]), (&client["id"], &client["displayName"]));
        assert!(list[0]["expiresDateTime"].is_string());
        let secret = token.strip_prefix(&format!("scim_{id}_")).unwrap();
        assert!(!list.to_string().contains(secret));
        assert_eq!(place.number(&format!("SELECT count(*) FROM provisioning_client WHERE hash LIKE '%{secret}%'")).await, 0);

        let rotated = managed(&place, &["scim", "rotate", id]).await;
        assert_eq!(rotated["expiresDateTime"], Json::Null);
        managed(&place, &["scim", "delete", id]).await;
        let gone = async {
            while status(token).await == 200 {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
        assert_eq!(status(text(&rotated, "token")).await, 401);
        let (code, out, said) = tried(&place, &["scim", "delete", id]).await;
        assert_eq!((code, out.as_str(), said.lines().count()), (Some(1), "", 1), "{said}");
    }
}
