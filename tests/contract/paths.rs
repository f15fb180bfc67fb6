//! Paths that lead nowhere, methods that a path does not take, and paths that are not documented one by one.

use cardea::{authz::READ_WRITE_ALL, model::ENTITY_TYPES};
use http::Method;
use serde_json::{Value as Json, json};

use crate::{
    engines,
    support::{
        TestApp,
        client::ROOT,
        fixtures::{self, PACKAGES, VERSIONS},
    },
};

engines! {
    a_path_that_leads_nowhere_is_a_404_with_the_envelope,
    a_path_of_no_version_says_where_the_api_is,
    a_misspelt_segment_is_told,
    a_method_that_a_path_does_not_take_is_a_405_that_names_those_it_takes,
    methods_that_nothing_takes_are_405,
    head_is_get_without_its_body,
    properties_have_paths_of_their_own,
    longer_paths_lead_on,
    a_path_that_is_too_long_is_refused,
    a_path_that_cannot_be_decoded_is_refused,
    segments_that_there_are_and_we_do_not_have_are_not_implemented,
    every_answer_names_its_request,
}

async fn a_path_that_leads_nowhere_is_a_404_with_the_envelope(app: TestApp) {
    for words in VERSIONS {
        let client = app.client().below(&format!("/{}", words.version));
        for path in [
            "/nothing",
            "/identityGovernance",
            ROOT,
            "/identityGovernance/nothing",
            "/directory",
            "/users/x/nothing",
            "/groups/x/members/x/nothing",
            &format!("{ROOT}/nothing"),
            &format!("{ROOT}{PACKAGES}/x/nothing"),
            &format!("{ROOT}{PACKAGES}/$count/x"),
            &format!("{ROOT}{PACKAGES}/x/displayName/x"),
        ] {
            for request in [client.get(path), client.post(path, json!({})), client.delete(path)] {
                let problem = request.undocumented("it leads nowhere").await.problem(404);
                assert_eq!(problem.code, "ResourceNotFound", "{path}");
            }
        }
    }
}

async fn a_path_of_no_version_says_where_the_api_is(app: TestApp) {
    for client in [app.client(), app.anonymous()] {
        for path in ["/nothing", "/v2.0/identityGovernance", "/V1.0x/", "/graph/beta"] {
            let answer = client.get(path).undocumented("no version").await;
            answer.problem(404).says("ResourceNotFound", "", "The API is at /v1.0 and /beta");
        }
    }
}

async fn a_misspelt_segment_is_told(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (path, hint) in [
            ("/accessPackage", "'accessPackages'"),
            ("/accessPackages/x/incompatibleAccessPackage", "'incompatibleAccessPackages'"),
        ] {
            let problem = client.get(path).undocumented("it leads nowhere").await.problem(404);
            assert!(problem.message.contains("Did you mean") && problem.message.contains(hint), "{problem:?}");
        }
    }
}

async fn a_method_that_a_path_does_not_take_is_a_405_that_names_those_it_takes(app: TestApp) {
    for words in VERSIONS {
        let client = app.user("ada@contoso.example", &[READ_WRITE_ALL]).await.below(&format!("/{}", words.version));
        let document = app.contracts().of(words.version);
        for operation in &document.operations {
            let path = operation.path("x");
            let same = document.operations.iter().filter(|other| other.template == operation.template);
            let mut taken: Vec<&str> = same.map(|other| other.method.as_str()).collect();
            // What a path leads to can be read, documented or not; but for a batch, and for what is called.
            let last = operation.template.rsplit('/').next().unwrap();
            let called = last == "$batch"
                || ENTITY_TYPES.iter().any(|e| e.actions.iter().chain(e.set_actions).any(|action| *action == last));
            if !called && !taken.contains(&"GET") {
                taken.push("GET");
            }
            taken.sort_unstable();
            for method in [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
                if taken.contains(&method.as_str()) {
                    continue;
                }
                let request = client.request(method.clone(), &path).json(json!({}));
                let answer = request.undocumented("the path does not take the method").await.expect(405);
                assert_eq!(answer.header("allow"), taken.join(", "), "{method} {path}");
                assert!(answer.problem(405).message.contains(&taken.join(", ")));
            }
        }
    }
}

async fn methods_that_nothing_takes_are_405(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        for method in ["TRACE", "PROPFIND", "BREW", "post"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = client.request(method, PACKAGES).undocumented("no such method").await.expect(405);
            assert_eq!(answer.header("allow"), "GET, POST");
        }
    }
}

async fn head_is_get_without_its_body(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (path, status) in [
            (PACKAGES.to_owned(), 200),
            (format!("{}/{catalog}", words.catalogs), 200),
            (format!("{PACKAGES}/$count"), 200),
            (format!("{PACKAGES}/nothing"), 404),
        ] {
            let get = client.get(&path).await.expect(status);
            let head = client.request(Method::HEAD, &path).await.expect(status);
            assert!(head.body.is_empty());
            for name in ["content-type", "etag", "odata-version", "content-length"] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
    }
}

async fn properties_have_paths_of_their_own(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    let body = json!({ "displayName": "P & Q", "catalogId": catalog, "isHidden": true });
    let package = fixtures::package_of(&app.client(), body).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let read = async |below: &str| {
            let request = client.get(format!("{PACKAGES}/{package}/{below}"));
            request.undocumented("a property by itself").await
        };
        assert_eq!(read("displayName").await.expect(200).json()["value"], "P & Q");
        assert_eq!(read("isHidden").await.expect(200).json()["value"], true);
        assert_eq!(read("displayName/$value").await.expect(200).text(), "P & Q");
        assert_eq!(read("isHidden/$value").await.expect(200).text(), "true");
        assert_eq!(read(&format!("{}/displayName/$value", words.catalog)).await.expect(200).text(), "Sales");
        assert!(read("description").await.expect(204).body.is_empty());
        read("nothing").await.expect(404);
        let missing = client.get(format!("{PACKAGES}/nothing/displayName")).undocumented("a property by itself").await;
        missing.problem(404);
    }
}

async fn longer_paths_lead_on(app: TestApp) {
    let client = app.client();
    let catalog = fixtures::catalog(&client, "Sales").await;
    let [a, b] = [fixtures::package(&client, &catalog, "A").await, fixtures::package(&client, &catalog, "B").await];
    fixtures::incompatible(&client, &a, &b).await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let (catalogs, up) = (words.catalogs, words.catalog);
        for (path, ids) in [
            (format!("{catalogs}/{catalog}{PACKAGES}/{a}/incompatibleAccessPackages"), vec![&b]),
            (
                format!("{PACKAGES}/{a}/incompatibleAccessPackages/{b}/{up}/accessPackages?$orderby=displayName"),
                vec![&a, &b],
            ),
            (format!("{PACKAGES}/{b}/accessPackagesIncompatibleWith/{a}/incompatibleAccessPackages"), vec![&b]),
            (format!("{PACKAGES}/{b}/incompatibleAccessPackages/{a}/incompatibleAccessPackages"), vec![]),
        ] {
            let answer = client.get(&path).undocumented("a longer path to a documented resource").await;
            if ids.is_empty() {
                answer.problem(404);
            } else {
                assert_eq!(answer.expect(200).column("id").iter().collect::<Vec<_>>(), ids, "{path}");
            }
        }
        let one = client.get(format!("{PACKAGES}/{a}/{up}/$ref")).undocumented("a reference to one entity").await;
        assert_eq!(one.expect(200).json()["@odata.id"], client.url(&format!("{catalogs}/{catalog}")));
    }
}

async fn a_path_that_is_too_long_is_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let path = format!("{PACKAGES}/x{}", "/incompatibleAccessPackages/x".repeat(8));
        let problem = client.get(path).undocumented("too long").await.problem(400);
        assert!(problem.message.contains("more than 18 segments"), "{problem:?}");
        client.get(format!("{PACKAGES}/{}", "x".repeat(8_000))).await.expect(404);
    }
}

async fn a_path_that_cannot_be_decoded_is_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        for (key, part) in
            [("%zz", "two hexadecimal digits"), ("%", "two hexadecimal digits"), ("%ff", "UTF-8"), ("%00", "%00")]
        {
            for request in [
                client.get(format!("{PACKAGES}/{key}")),
                client.patch(format!("{PACKAGES}/{key}"), json!({ "displayName": "P" })),
                client.delete(format!("{PACKAGES}/{key}")),
            ] {
                // Whether it is an address of a documented operation is not to be told without decoding it.
                let answer = if key == "%ff" { request.undocumented("no text").await } else { request.await };
                let problem = answer.problem(400);
                assert!(problem.code == "BadRequest" && problem.message.contains(part), "{problem:?}");
            }
        }
    }
}

async fn segments_that_there_are_and_we_do_not_have_are_not_implemented(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.client());
        for path in [
            "/accessPackages/$each",
            "/accessPackages/$query",
            "/accessPackages/filterByCurrentUser(on='allowedRequestor')",
            "/accessPackages/x/getApplicablePolicyRequirements()",
        ] {
            // A function in the place of a key looks like one to the document.
            let request = client.get(path);
            let is_key = path.contains("filterByCurrentUser");
            let request = if is_key { request } else { request.undocumented("not implemented") };
            let problem = request.await.problem(501);
            assert_eq!(problem.code, "NotImplemented", "{path}");
            assert!(problem.message.contains("is not implemented"), "{path}: {problem:?}");
        }
    }
}

async fn every_answer_names_its_request(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let [one, two] = [client.get(PACKAGES).await, client.get(PACKAGES).await];
        assert_ne!(one.header("request-id"), two.header("request-id"));
        assert_eq!(one.header("client-request-id"), one.header("request-id"));
        let named = client.get(PACKAGES).header("client-request-id", "my-own-1").await.expect(200);
        assert_eq!(named.header("client-request-id"), "my-own-1");
        let path = format!("{PACKAGES}/nothing");
        let refused = client.get(path).header("client-request-id", "my-own-2").await.expect(404);
        let inner = refused.json()["error"]["innerError"].clone();
        assert_eq!(inner["request-id"], refused.header("request-id"));
        assert_eq!(
            (&inner["client-request-id"], &inner["date"]),
            (&json!("my-own-2"), &Json::from("2026-01-31T08:00:00"))
        );
    }
}
