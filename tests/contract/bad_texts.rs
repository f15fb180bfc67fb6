//! Texts and ids with characters that break other programs: kept as they are, or refused.

use serde_json::json;

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS, refused},
    },
};

engines! {
    characters_that_mislead_are_refused,
    texts_that_are_too_long_are_refused,
    texts_as_long_as_allowed_are_kept,
    length_is_counted_in_characters,
    blank_names_are_refused,
    other_characters_are_kept_as_they_are,
    words_of_sql_mean_nothing,
    ids_may_hold_any_printable_character,
    ids_that_cannot_be_addressed_are_refused,
    an_id_is_compared_exactly,
}

async fn characters_that_mislead_are_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for character in [
            '\0', '\u{1}', '\u{7}', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}', '\u{61c}', '\u{200e}', '\u{200f}',
            '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            let name = format!("a{character}b");
            let code = format!("must not contain U+{:04X} (character 2)", u32::from(character));
            let request = client.post(PACKAGES, words.package(&catalog, &name));
            refused(&app.client(), request, 400).await.says("InvalidModel", "displayName", &code);
            let mut body = words.package(&catalog, "P");
            body["id"] = json!(name);
            refused(&app.client(), client.post(PACKAGES, body), 400).await.says("InvalidModel", "id", &code);
        }
        let request = client.post(words.catalogs, json!({ "displayName": "C", "description": "a\u{202e}b" }));
        refused(&app.client(), request, 400).await.says("InvalidModel", "description", "U+202E");
    }
}

async fn texts_that_are_too_long_are_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for (name, allowed) in [("id", 128), ("displayName", 256), ("description", 4000)] {
            let mut body = words.package(&catalog, "P");
            body[name] = json!("x".repeat(allowed + 1));
            let part = format!("too long: {} characters, {allowed} are allowed", allowed + 1);
            refused(&app.client(), client.post(PACKAGES, body), 400).await.says("InvalidModel", name, &part);
        }
    }
}

async fn texts_as_long_as_allowed_are_kept(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let mut body = words.package(&catalog, &"n".repeat(256));
        body["description"] = json!("d".repeat(4000));
        body["id"] = json!(words.version.repeat(128).chars().take(128).collect::<String>());
        let made = client.post(PACKAGES, body.clone()).await.expect(201);
        let found = client.get(made.header("location")).await.expect(200).json();
        for name in ["id", "displayName", "description"] {
            assert_eq!(found[name], body[name]);
        }
    }
}

async fn length_is_counted_in_characters(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        let name = "👩".repeat(256);
        let made = client.post(PACKAGES, words.package(&catalog, &name)).await.expect(201);
        assert_eq!(made.json()["displayName"], *name);
        client.post(PACKAGES, words.package(&catalog, &"👩".repeat(257))).await.expect(400);
    }
}

async fn blank_names_are_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for name in ["", " ", "\t\n", "\u{a0}\u{3000}"] {
            let request = client.post(PACKAGES, words.package(&catalog, name));
            refused(&app.client(), request, 400).await.says("InvalidModel", "displayName", "empty or blank");
            let mut body = words.package(&catalog, "P");
            body["id"] = json!(name);
            refused(&app.client(), client.post(PACKAGES, body), 400).await.says("InvalidModel", "id", "empty or blank");
        }
    }
}

async fn other_characters_are_kept_as_they_are(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for name in [
            "tab\tline\nreturn\r",
            "\"quoted\" \\ / 'single'",
            "<script>alert(1)</script>",
            "%00 %2F &amp; +",
            "日本語 العربية",
            "e\u{301} is not \u{e9}",
            "\u{10ffff}\u{fffd}\u{feff}",
            " leading and trailing ",
            "{}[],:",
            "null",
        ] {
            let made = client.post(PACKAGES, words.package(&catalog, name)).await.expect(201);
            assert_eq!(made.json()["displayName"], *name);
            assert_eq!(client.get(made.header("location")).await.expect(200).json()["displayName"], *name);
            let filter = format!("displayName eq '{}'", name.replace('\'', "''"));
            let found = client.get(PACKAGES).query("$filter", &filter).await.expect(200);
            assert_eq!(found.column("displayName"), [name]);
            client.delete(made.header("location")).await.expect(204);
        }
    }
}

async fn words_of_sql_mean_nothing(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        for text in [
            "'; DROP TABLE access_package; --",
            "' OR '1'='1",
            "\"; SELECT 1; --",
            "x$1",
            "?1",
            ":name",
            "@p",
            "%s",
            "\\'; --",
            "/* */",
            "x' UNION SELECT * FROM signing_key --",
        ] {
            let mut body = words.package(&catalog, text);
            (body["id"], body["description"]) = (json!(text), json!(text));
            let made = client.post(PACKAGES, body).await.expect(201);
            assert_eq!(client.get(made.header("location")).await.expect(200).id(), text);
            let quoted = text.replace('\'', "''");
            for filter in [
                format!("id eq '{quoted}'"),
                format!("endswith(description,'{quoted}')"),
                format!("displayName in ('{quoted}')"),
            ] {
                let found = client.get(PACKAGES).query("$filter", &filter).await.expect(200);
                assert_eq!(found.column("id"), [text], "{filter}");
            }
            let search = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            assert_eq!(
                client.get(PACKAGES).query("$search", &search).await.expect(200).column("id"),
                [text],
                "{search}"
            );
            client.delete(made.header("location")).await.expect(204);
        }
    }
}

async fn ids_may_hold_any_printable_character(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        for id in [
            "it's",
            "a/b",
            "a//b/",
            "100%",
            "%2F",
            "%252F",
            "a b",
            "a+b",
            "a?b=c&d",
            "a#b",
            "(x)",
            "('x')",
            "a;b",
            "a\\b",
            "zoë/日本",
            "a$count",
            "a..b",
            "a:b@c",
            "id=",
            "[1]",
            "{x}",
            "~-._",
            "null",
        ] {
            let made = client.post(words.catalogs, json!({ "id": id, "displayName": "C" })).await.expect(201);
            let path = made.header("location").to_owned();
            assert_eq!(client.get(&path).await.expect(200).id(), id);
            client.patch(&path, json!({ "displayName": "D" })).await.expect(204);
            let package = client.post(PACKAGES, words.package(id, "P")).await.expect(201);
            let below = client.get(format!("{path}{PACKAGES}")).await.expect(200);
            assert_eq!(below.column("id"), [package.id()]);
            let own = client.get(format!("{}/{}", package.header("location"), words.catalog)).await.expect(200);
            assert_eq!(own.id(), id);
            client.delete(package.header("location")).await.expect(204);
            client.delete(&path).await.expect(204);
            client.get(&path).await.expect(404);
        }
    }
}

async fn ids_that_cannot_be_addressed_are_refused(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.client());
        // Clients make another path of dots before they send it, and the others mean something else in a path.
        for id in [".", "..", "...", "$count", "$ref", " $count", "$1", "microsoft.graph.accessPackage"] {
            let mut body = words.package(&catalog, "P");
            body["id"] = json!(id);
            refused(&app.client(), client.post(PACKAGES, body), 400).await.says(
                "InvalidModel",
                "id",
                "must not begin with",
            );
            let request = client.post(words.catalogs, json!({ "id": id, "displayName": "C" }));
            refused(&app.client(), request, 400).await.says("InvalidModel", "id", "must not begin with");
        }
    }
}

async fn an_id_is_compared_exactly(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        let id = format!("Case-{}", words.version);
        client.post(words.catalogs, json!({ "id": id, "displayName": "C" })).await.expect(201);
        client.get(format!("{}/{}", words.catalogs, id.to_lowercase())).await.expect(404);
        client.post(words.catalogs, json!({ "id": id.to_lowercase(), "displayName": "C" })).await.expect(201);
    }
}
