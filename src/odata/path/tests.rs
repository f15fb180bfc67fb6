use proptest::prelude::*;

use super::*;
use crate::odata::{error::ErrorKind, test_model::TYPES};

const EM: &str = "/identityGovernance/entitlementManagement";

fn read(path: &str) -> Result<Path, Error> {
    parse_in(TYPES, Version::V1, path)
}

fn below(path: &str) -> Result<Path, Error> {
    read(&format!("{EM}/{path}"))
}

/// The keys on the way to the rows, outermost first.
fn keys(rows: &Rows) -> Vec<(&'static str, &str)> {
    let mut keys = match rows {
        Rows::All(_) | Rows::Deleted(_) => Vec::new(),
        Rows::Cast { of, .. } | Rows::Keyed { of, .. } | Rows::Related { of, .. } => keys(of),
    };
    if let Rows::Keyed { property, value, .. } = rows {
        keys.push((property.name, value));
    }
    keys
}

#[track_caller]
fn rows(path: &str) -> Rows {
    match below(path).unwrap().resource {
        Resource::Rows(rows) => rows,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn a_path_has_the_template_that_documents_it() {
    for (path, template) in [
        ("accessPackages", "/accessPackages"),
        ("ACCESSPACKAGES/x/", "/accessPackages/{accessPackage-id}"),
        ("accessPackages('x')/Catalog", "/accessPackages/{accessPackage-id}/catalog"),
        ("accessPackages(uniqueName='x')/$ref", "/accessPackages(uniqueName='{uniqueName}')/$ref"),
        ("catalogs/c/accessPackages", "/catalogs/{accessPackageCatalog-id}/accessPackages"),
        ("catalogs/c/accessPackages/$count", "/catalogs/{accessPackageCatalog-id}/accessPackages/$count"),
        (
            "accessPackages/a/incompatibleAccessPackages/b/$ref",
            "/accessPackages/{accessPackage-id}/incompatibleAccessPackages/{accessPackage-id1}/$ref",
        ),
        (
            "accessPackages/a/incompatibleAccessPackages/b/incompatibleAccessPackages('c')",
            "/accessPackages/{accessPackage-id}/incompatibleAccessPackages/{accessPackage-id1}\
             /incompatibleAccessPackages/{accessPackage-id2}",
        ),
        (
            "accessPackages(uniqueName='a')/incompatibleAccessPackages(uniqueName='b')",
            "/accessPackages(uniqueName='{uniqueName}')/incompatibleAccessPackages(uniqueName='{uniqueName1}')",
        ),
        ("accessPackages/a/displayname/$value", "/accessPackages/{accessPackage-id}/displayName/$value"),
        (
            "accessPackages/microsoft.graph.accessPackage/a/microsoft.graph.accessPackage/catalog",
            "/accessPackages/{accessPackage-id}/catalog",
        ),
    ] {
        assert_eq!(below(path).unwrap().template, format!("{EM}{template}"), "{path}");
    }
    for (path, template) in [("", "/"), ("/", "/"), ("$metadata", "/$metadata"), ("/%24batch/", "/$batch")] {
        assert_eq!(read(path).unwrap().template, template);
    }
}

#[test]
fn a_path_addresses_what_it_says() {
    use Resource as R;
    assert!(matches!(read("").unwrap().resource, R::ServiceDocument));
    assert!(matches!(read("$Metadata").unwrap().resource, R::Metadata));
    assert!(matches!(read("$batch").unwrap().resource, R::Batch));
    assert!(rows("accessPackages").is_collection());
    assert!(!rows("accessPackages/x").is_collection());
    assert!(!rows("accessPackages/x/catalog").is_collection());
    assert!(rows("accessPackages/x/catalog/accessPackages").is_collection());
    assert!(matches!(below("accessPackages/$count").unwrap().resource, R::Count(_)));
    assert!(matches!(below("accessPackages/x/catalog/$ref").unwrap().resource, R::References(_)));
    assert!(matches!(below("accessPackages/x/incompatibleAccessPackages/$ref").unwrap().resource, R::References(_)));
    assert!(matches!(below("accessPackages/x/incompatibleAccessPackages/y/$ref").unwrap().resource, R::Reference(_)));
    assert!(matches!(below("accessPackages/x/isHidden").unwrap().resource, R::Property(_, p) if p.name == "isHidden"));
    assert!(matches!(below("accessPackages/x/id/$value").unwrap().resource, R::PropertyValue(_, p) if p.name == "id"));
}

#[test]
fn keys_may_hold_any_character() {
    for (path, expected) in [
        ("accessPackages/a%2Fb%25+%20%C3%A9", ("id", "a/b%+ é")),
        ("accessPackages('O''Neil')", ("id", "O'Neil")),
        ("accessPackages(%27O%27%27Neil%27)", ("id", "O'Neil")),
        ("accessPackages(id='a)(b%2Fc')", ("id", "a)(b/c")),
        ("accessPackages(UNIQUENAME='a=b, c')", ("uniqueName", "a=b, c")),
        ("accessPackages('$count')", ("id", "$count")),
        ("accessPackages/displayName", ("id", "displayName")),
        ("accessPackages/f%28x%29", ("id", "f(x)")),
        ("accessPackages/'x'", ("id", "'x'")),
    ] {
        assert_eq!(keys(&rows(path)), [expected], "{path}");
    }
    assert_eq!(keys(&rows("catalogs('c')/accessPackages('p')")), [("id", "c"), ("id", "p")]);
}

#[test]
fn a_path_that_leads_nowhere_is_not_found() {
    for (path, segment) in [
        ("identityGovernance", "identityGovernance"),
        ("identityGovernance/entitlementManagement", "entitlementManagement"),
        ("groups/x", "groups"),
        ("identityGovernance/accessReviews", "accessReviews"),
        ("//", ""),
    ] {
        let error = read(path).unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::NotFound, "ResourceNotFound"), "{path}");
        assert_eq!(error.message, format!("Resource not found for the segment '{segment}'."), "{path}");
    }
    for (path, message) in [
        ("accessPackage", "'accessPackage'. Did you mean 'accessPackages'?"),
        ("accessPackages//catalog", "''."),
        ("accessPackages/$foo", "'$foo'."),
        ("accessPackages/x/catalogs", "'catalogs'. Did you mean 'catalog'?"),
        ("accessPackages/x/catalogId", "'catalogId'. Did you mean 'catalog'?"),
        ("accessPackages/x/$count", "'$count'."),
        ("accessPackages/x/displayName/x", "'x'."),
        ("accessPackages/$count/x", "'x'."),
        ("accessPackages/microsoft.graph.user", "'microsoft.graph.user'."),
        ("accessPackages/x/y", "'y'."),
    ] {
        let error = below(path).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{path}");
        assert_eq!(error.message, format!("Resource not found for the segment {message}"), "{path}");
    }
}

#[test]
fn a_malformed_path_is_refused() {
    for (path, message) in [
        (
            "accessPackages/100%",
            "The path segment '100%' is malformed: '%' must be followed by two hexadecimal digits; a '%' itself is \
             written '%25'.",
        ),
        ("accessPackages/%ff", "The path segment '%ff' is malformed: percent-encoded bytes must be UTF-8."),
        ("accessPackages/a%00", "The path segment 'a%00' is malformed: NUL ('%00') is not allowed."),
        ("accessPackages(x)", "'(x)' is not a key of 'accessPackages'; write ('value') or (id='value')."),
        ("accessPackages(id='a',b='c')", "'accessPackages' has one key property, not several: (id='a',b='c')."),
        ("accessPackages(displayName='a')", "'displayName' is not a key property of microsoft.graph.accessPackage."),
        (&format!("accessPackages{}", "/x".repeat(16)), "The path has more than 18 segments."),
    ] {
        let error = below(path).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadRequest, "{path}");
        assert_eq!(error.message, message, "{path}");
    }
}

#[test]
fn functions_are_known_by_their_parentheses() {
    for (path, message) in [
        ("accessPackages/filterByCurrentUser(on='x')", "The function 'filterByCurrentUser' is not implemented."),
        ("accessPackages/microsoft.graph.f()", "The function 'microsoft.graph.f' is not implemented."),
        ("accessPackages/x/f(a='b')", "The function 'f' is not implemented."),
        ("f(a='b')", "The function 'f' is not implemented."),
        ("accessPackages/$filter", "The segment '$filter' is not implemented."),
    ] {
        let error = below(path).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::NotImplemented, message), "{path}");
    }
}

#[test]
fn versions_have_names_of_their_own() {
    let path = format!("{EM}/accessPackageCatalogs/x");
    assert_eq!(read(&path).unwrap_err().kind, ErrorKind::NotFound);
    let path = parse_in(TYPES, Version::Beta, &path).unwrap();
    assert_eq!(path.template, format!("{EM}/accessPackageCatalogs/{{accessPackageCatalog-id}}"));
}

#[test]
fn a_collection_may_be_at_the_root_of_the_service() {
    let read = |path| parse_in(TYPES, Version::Beta, path);
    for path in ["/accessPackageAssignments/x", "ACCESSPACKAGEASSIGNMENTS('x')/", "accessPackage%41ssignments/x"] {
        assert_eq!(read(path).unwrap().template, "/accessPackageAssignments/{accessPackageAssignment-id}", "{path}");
    }
    for (path, message) in [
        ("accessPackageAssignment", "'accessPackageAssignment'. Did you mean 'accessPackageAssignments'?"),
        ("identityGovernanc/x", "'identityGovernanc'. Did you mean 'identityGovernance'?"),
        ("identityGovernance/accessPackageAssignments", "'accessPackageAssignments'."),
        ("identityGovernance/entitlementManagement/accessPackageAssignments", "'accessPackageAssignments'."),
    ] {
        assert_eq!(read(path).unwrap_err().message, format!("Resource not found for the segment {message}"), "{path}");
    }
    let (face, id) =
        super::super::reference::parse_reference_in(TYPES, Version::Beta, "/beta/accessPackageAssignments/x").unwrap();
    assert_eq!((face.set, id.as_str()), ("accessPackageAssignments", "x"));
}

proptest! {
    #[test]
    fn no_path_panics(text in "\\PC*") {
        let _ = read(&text);
        let _ = below(&text);
    }

    #[test]
    fn no_sequence_of_segments_panics(segments in prop::collection::vec(prop::sample::select(vec![
        "accessPackages", "catalogs", "catalog", "x", "'", "('x')", "(id='x')", "(", ")", "$ref", "$count", "$value", "id",
        "/", "/", "/", "incompatibleAccessPackages", "%", "%2F", "%C3", "microsoft.graph.accessPackage", "é", "''",
    ]), 0..24)) {
        let _ = below(&segments.concat());
    }

    #[test]
    fn every_id_has_a_path(id in "[^\0]{1,40}") {
        let encoded = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC);
        let quoted = id.replace('\'', "''");
        let quoted = percent_encoding::utf8_percent_encode(&quoted, percent_encoding::NON_ALPHANUMERIC);
        let in_quotes = rows(&format!("accessPackages('{quoted}')"));
        prop_assert_eq!(keys(&in_quotes), [("id", id.as_str())]);
        if !id.starts_with('$') {
            let as_segment = rows(&format!("accessPackages/{encoded}"));
            prop_assert_eq!(keys(&as_segment), [("id", id.as_str())]);
        }
    }
}
