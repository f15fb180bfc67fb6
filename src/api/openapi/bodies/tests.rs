use super::*;
use crate::{
    model::{
        ACCESS_PACKAGE, ACCESS_PACKAGE_CATALOG, APP_ROLE_ASSIGNMENT, APPLICATION, AccessPackageCatalogInput,
        AccessPackageInput, AppRoleAssignmentInput, ApplicationInput, GROUP, GroupInput, SERVICE_PRINCIPAL,
        ServicePrincipalInput, USER, UserInput,
        bind::{Bound, Violation, bind},
        record::Input,
    },
    odata::reference::parse_reference,
};

/// The faces whose bodies are compared.
fn faces(version: Version) -> impl Iterator<Item = &'static Face> {
    let types = [
        &ACCESS_PACKAGE,
        &ACCESS_PACKAGE_CATALOG,
        &USER,
        &GROUP,
        &APPLICATION,
        &SERVICE_PRINCIPAL,
        &APP_ROLE_ASSIGNMENT,
    ];
    types.into_iter().map(move |entity| entity.face(version))
}

/// A validator of a body, with the schemas that it refers to.
fn validator(version: Version, name: &str) -> jsonschema::Validator {
    let schemas = super::super::schemas::all(version);
    let root = json!({
        "$ref": format!("#/components/schemas/{NAMESPACE}.{name}"),
        "components": { "schemas": schemas },
    });
    jsonschema::options().should_validate_formats(true).build(&root).unwrap()
}

/// Whether the binder takes a body.
fn binds(face: &'static Face, purpose: Purpose, body: &Value) -> bool {
    fn taken<I: Input>(face: &'static Face, purpose: Purpose, body: &Value) -> bool {
        let resolve = |url: &str| parse_reference(face.version, url).map_err(|e| e.message);
        let bound: Result<Bound<I>, Vec<Violation>> = bind(face, body, purpose, &resolve);
        bound.is_ok()
    }
    match face.entity.name {
        "accessPackage" => taken::<AccessPackageInput>(face, purpose, body),
        "accessPackageCatalog" => taken::<AccessPackageCatalogInput>(face, purpose, body),
        "user" => taken::<UserInput>(face, purpose, body),
        "group" => taken::<GroupInput>(face, purpose, body),
        "application" => taken::<ApplicationInput>(face, purpose, body),
        "servicePrincipal" => taken::<ServicePrincipalInput>(face, purpose, body),
        _ => taken::<AppRoleAssignmentInput>(face, purpose, body),
    }
}

/// Values of all kinds. Members of enumerations are spelled as responses spell them: that the binder takes any
/// letter case is beyond a schema.
fn values(face: &Face) -> Vec<Value> {
    let texts = [
        "",
        " ",
        "\t\n\u{A0}",
        "x",
        "a b",
        " é\u{1F600}",
        "a\u{0}",
        "\u{7F}",
        "a\u{85}",
        "\u{200F}x",
        "x\u{202E}",
        "\u{FEFF}",
        "\u{2028}",
        "\u{2028}x",
        "unknownFutureValue",
        "2026-01-01T00:00:00Z",
    ];
    let long = [128, 129, 256, 257, 4000, 4001].map(|n| json!("é".repeat(n)));
    let members = face.properties.iter().filter_map(|p| match p.ty {
        Type::Enum(enumeration) => enumeration.members.first().map(|m| json!(m.wire)),
        _ => None,
    });
    let others = [
        json!(null),
        json!(true),
        json!(7),
        json!([]),
        json!([1]),
        json!({}),
        json!({ "id": "x" }),
        json!({ "id": "" }),
        json!(["x"]),
        json!([""]),
        json!(["x", null]),
        json!(["é".repeat(256), "y"]),
        json!(["é".repeat(257)]),
        json!(["a\u{0}"]),
        json!([{}]),
        json!([{ "id": "x", "value": "y", "isEnabled": true }]),
        json!([{ "id": "x", "isEnabled": "yes" }]),
        json!([null]),
        json!({ "password": "x" }),
        json!({ "password": 7 }),
        json!({ "password": "é".repeat(8193) }),
        json!({ "password": null, "x@y": 1 }),
        json!({ "redirectUris": ["https://x.example"] }),
        json!({ "redirectUris": [7] }),
        json!({ "redirectUris": null, "implicitGrantSettings": { "enableIdTokenIssuance": true } }),
        json!({ "implicitGrantSettings": { "other": true } }),
        json!({ "requestedAccessTokenVersion": 2 }),
        json!({ "requestedAccessTokenVersion": 3_000_000_000_u64 }),
        json!(2_147_483_648_i64),
        json!({ "requestedAccessTokenVersion": 2.0 }),
        json!({ "requestedAccessTokenVersion": 2.5 }),
    ];
    texts.iter().map(|t| json!(t)).chain(long).chain(members).chain(others).collect()
}

fn names(face: &Face) -> Vec<String> {
    let navigations = face.navigations.iter().map(|n| n.name.to_owned());
    let others = ["@odata.etag", "x@y", "unknown", "DisplayName"].map(str::to_owned);
    face.properties.iter().map(|p| p.name.to_owned()).chain(navigations).chain(others).collect()
}

/// What a create needs at least.
fn needed(face: &Face) -> Map<String, Value> {
    let value = |p: &Property| match p.ty {
        Type::Boolean => json!(true),
        _ => json!("xyz"),
    };
    face.properties.iter().filter(|p| p.required).map(|p| (p.name.to_owned(), value(p))).collect()
}

/// Bodies with one member of interest, each also with what a create requires.
fn bodies(face: &Face) -> Vec<Value> {
    let required = face.navigations.iter().find(|n| n.required);
    let target = required.map(|n| format!("{}/x", n.target.face(face.version).set));
    let needed = needed(face);
    let with = |members: Vec<(String, Value)>| {
        let mut body = needed.clone();
        body.extend(members);
        Value::Object(body)
    };
    let mut bodies = vec![json!([]), json!({}), with(vec![])];
    for name in names(face) {
        for value in values(face) {
            bodies.push(with(vec![(name.clone(), value.clone())]));
            // Two ways to name a target that contradict each other are beyond a schema too.
            let names_it = name == "catalogId" || required.is_some_and(|n| n.name == name);
            if let (Some(navigation), Some(target), false) = (required, &target, names_it) {
                bodies.push(with(vec![
                    (name.clone(), value.clone()),
                    (format!("{}@odata.bind", navigation.name), json!(target)),
                ]));
            }
        }
    }
    let urls =
        ["users/x", "groups/x", "https://h/v1.0/directoryObjects/x", "/beta/applications('x')", "users", "x/y", ""];
    for navigation in face.navigations {
        let bind = format!("{}@odata.bind", navigation.name);
        for url in urls {
            bodies.push(with(vec![(bind.clone(), json!(url))]));
            bodies.push(with(vec![(bind.clone(), json!([url]))]));
        }
        let many = |n: usize| json!((0..n).map(|n| format!("directoryObjects/{n}")).collect::<Vec<_>>());
        for value in [json!([]), json!([null]), Value::Null, many(MAX_LINKS), many(MAX_LINKS + 1)] {
            bodies.push(with(vec![(bind.clone(), value)]));
        }
    }
    bodies
}

#[test]
fn a_body_is_valid_exactly_if_the_binder_takes_it() {
    for version in Version::ALL {
        for face in faces(version) {
            for (purpose, suffix) in [(Purpose::Create, "Create"), (Purpose::Update, "Update")] {
                if purpose == Purpose::Update && face.properties.iter().all(|p| p.write != Write::Always) {
                    continue;
                }
                let validator = validator(version, &format!("{}{suffix}", face.name));
                for body in bodies(face) {
                    let (valid, bound) = (validator.is_valid(&body), binds(face, purpose, &body));
                    assert_eq!(valid, bound, "{version} {}{suffix} {body}", face.name);
                }
            }
        }
    }
}

#[test]
fn a_target_is_named_by_its_url() {
    for version in Version::ALL {
        let face = ACCESS_PACKAGE_CATALOG.face(version);
        let (set, pattern) = (face.set, url_pattern(version, &[face]));
        let root = "identityGovernance/entitlementManagement";
        let validator = jsonschema::validator_for(&json!({ "pattern": pattern })).unwrap();
        for good in [
            format!("http://127.0.0.1:8080/{version}/{root}/{set}/Catalog%20Id%20value"),
            format!("https://graph.example/{version}/{root}/{set}('7c1f9e0a-52a3')"),
            format!("/{root}/{set}/x"),
            format!("{root}/{set}/x"),
            format!("{set}/x"),
            format!("{set}/%20a%27%24"),
            format!("{set}('a''%24')"),
        ] {
            assert!(validator.is_valid(&json!(good)), "{good}");
        }
        for bad in [
            "",
            set,
            "x",
            &format!("{set}/"),
            &format!("x/{set}/y"),
            &format!("{set}/a/b"),
            &format!("{set}('a/b')"),
            &format!("{set}/%20"),
            &format!("{set}/%24count"),
            &format!("{set}('a%27b')"),
        ] {
            assert!(!validator.is_valid(&json!(bad)), "{bad}");
        }
    }
}
