use proptest::prelude::*;

use super::*;
use crate::{
    model::value::Value,
    odata::{
        error::ErrorKind,
        query::Expand,
        test_model::{package, written},
    },
};

const NOW: Timestamp = Timestamp(0);

fn read(query: &str) -> Result<Query, Error> {
    parse_query(query, Rows::All(package()), None, NOW)
}

#[track_caller]
fn refused(query: &str) -> Error {
    let Err(error) = read(query) else { panic!("{query} is taken") };
    error
}

fn names(shape: &Shape) -> Vec<&'static str> {
    shape.select.iter().map(|p| p.name).collect()
}

fn order(query: &str) -> Vec<String> {
    let suffix = |key: &OrderKey| if key.descending { " desc" } else { "" };
    read(query).unwrap().order.iter().map(|key| written(&key.expr) + suffix(key)).collect()
}

const ALL: [&str; 7] = ["id", "displayName", "description", "isHidden", "uniqueName", "createdDateTime", "priority"];

#[test]
fn without_options_all_is_written_in_pages() {
    let query = read("").unwrap();
    assert!(query.filter.is_none() && query.search.is_none() && !query.count);
    assert_eq!((query.limit, query.start), (DEFAULT_PAGE, Start::Skip(0)));
    assert_eq!(names(&query.shape), ALL);
    assert_eq!(order(""), ["0:id"]);
}

#[test]
fn options_are_decoded_and_named_in_any_letter_case() {
    for text in [
        "$filter=displayName+eq+'a%26b%2Bc'&$top=5",
        "%24FILTER=displayName%20eq%20'a%26b%2Bc'&&top=5&custom=%24filter",
        "filter=displayName eq 'a%26b%2Bc'&$Top=5&$format=application/json;odata.metadata=minimal",
    ] {
        let query = read(text).unwrap();
        assert_eq!(written(&query.filter.unwrap()), r#"(0:displayName Eq Text("a&b+c"))"#);
        assert_eq!(query.limit, 5);
    }
}

#[test]
fn pages_are_as_large_as_asked_within_limits() {
    let limit = |query, page| parse_query(query, Rows::All(package()), page, NOW).unwrap().limit;
    assert_eq!(limit("$top=0", None), 0);
    assert_eq!(limit("$top=5000", None), MAX_PAGE);
    assert_eq!(limit("", Some(7)), 7);
    assert_eq!(limit("", Some(7_000)), MAX_PAGE);
    assert_eq!(limit("$top=20", Some(7)), 7);
    assert_eq!(limit("$top=3", Some(7)), 3);
    assert_eq!(read("$skip=3&$count=TRUE").unwrap().start, Start::Skip(3));
    assert!(read("$skip=3&$count=TRUE").unwrap().count);
}

#[test]
fn what_is_wrong_with_an_option_is_told() {
    for (query, message) in [
        ("$top=-1", "$top: '-1' is not a whole number from 0."),
        ("$skip=99999999999999999999", "$skip: '99999999999999999999' is not a whole number from 0."),
        ("$count=yes", "$count: 'yes' is neither 'true' nor 'false'."),
        ("$top=1&top=2", "$top is given twice."),
        ("$filtr=x", "'$filtr' is not a query option. Did you mean '$filter'?"),
        (
            "$filter=%zz",
            "The query option '$filter' is malformed: '%' must be followed by two hexadecimal digits; a '%' itself is \
             written '%25'.",
        ),
        ("$skip=1&$skiptoken=x", "$skip and $skiptoken exclude each other."),
        (
            "id=x",
            "$id does not apply to a collection; only $filter, $search, $orderby, $select, $expand, $top, $skip, \
             $skiptoken and $count do.",
        ),
        (
            "$skiptoken=abc",
            "$skiptoken: this is not a token of this query; follow '@odata.nextLink' without changing it.",
        ),
    ] {
        let error = refused(query);
        assert_eq!((error.message.as_str(), error.kind), (message, ErrorKind::BadRequest), "{query}");
    }
    let long = format!("x={}", "y".repeat(MAX_QUERY));
    assert_eq!(refused(&long).message, "The query string is longer than 16384 bytes.");
}

#[test]
fn what_is_missing_is_named() {
    for (query, message) in [
        ("$apply=x", "$apply is not implemented."),
        ("deltatoken=x", "$deltatoken is not implemented."),
        ("$format=xml", "$format: 'xml' is not implemented; 'json' is."),
        ("$expand=catalog($levels=2)", "$expand=catalog: $levels is not implemented."),
        ("$expand=assignments/$ref", "$expand: 'assignments/$ref' is not implemented."),
        ("$expand=*($levels=2)", "$expand: '*($levels=2)' is not implemented."),
        ("$orderby=isHidden eq true", "$orderby: an order by a condition is not implemented (position 1)."),
    ] {
        let error = refused(query);
        assert_eq!((error.message.as_str(), error.kind), (message, ErrorKind::NotImplemented), "{query}");
    }
}

#[test]
fn other_places_take_fewer_options() {
    let entity =
        || Rows::Keyed { of: Box::new(Rows::All(package())), property: &package().properties[0], value: "x".into() };
    assert_eq!(names(&parse_entity("$select=id", entity(), NOW).unwrap().shape), ["id"]);
    assert_eq!(
        parse_entity("$filter=x", entity(), NOW).unwrap_err().message,
        "$filter does not apply to a single entity; only $select and $expand do."
    );
    let count = parse_count("$filter=isHidden&$search=x", Rows::All(package()), NOW).unwrap();
    assert!(count.count && count.filter.is_some() && count.search.is_some());
    assert_eq!(
        parse_count("$top=1", Rows::All(package()), NOW).unwrap_err().message,
        "$top does not apply to /$count; only $filter and $search do."
    );
    let references = parse_references("$top=3", Rows::All(package()), None, NOW).unwrap();
    assert_eq!((names(&references.shape), references.limit), (vec!["id"], 3));
    assert_eq!(parse_reference_id("@id=https://h/v1.0/x%2Fy").unwrap(), "https://h/v1.0/x/y");
    assert_eq!(parse_reference_id("%24id=x").unwrap(), "x");
    assert_eq!(
        parse_reference_id("").unwrap_err().message,
        "The option '@id' with the reference to remove is missing."
    );
    assert!(parse_none("a=b").is_ok());
    assert_eq!(parse_none("$top=1").unwrap_err().message, "$top does not apply to this request.");
}

#[test]
fn rows_are_always_in_a_total_order() {
    for (query, expected) in [
        ("$orderby=displayName", vec!["0:displayName", "0:id"]),
        (
            "$orderby=displayName desc, CATALOG/displayName asc",
            vec!["0:displayName desc", "0:catalog/displayName", "0:id"],
        ),
        ("$orderby=displayName,displayName desc", vec!["0:displayName", "0:id"]),
        ("$orderby=id desc,displayName", vec!["0:id desc"]),
        ("$orderby=tolower(displayName),tolower(displayName)", vec!["ToLower(0:displayName)", "0:id"]),
        ("$orderby=catalog/id", vec!["0:catalog/id", "0:id"]),
    ] {
        assert_eq!(order(query), expected, "{query}");
    }
    for (query, message) in [
        ("$orderby=", "$orderby: a property, a literal or a function is missing at the end (position 1)."),
        ("$orderby=displayName up", "$orderby: 'up' stands where 'asc', 'desc' or ',' is expected (position 13)."),
        ("$orderby=1", "$orderby: a literal orders nothing (position 1)."),
        (
            "$orderby=assignments/id",
            "$orderby: 'assignments' is a collection (position 1). \
            Ask 'assignments/any(x:…)' or 'assignments/all(x:…)', with 'x/…' for each, or 'assignments/$count'.",
        ),
        ("$orderby=id,id,id,id,id,id,id,id,id", "$orderby: there are more than 8 keys (position 25)."),
    ] {
        let error = refused(query);
        assert_eq!((error.message.as_str(), error.code), (message, "BadRequest"), "{query}");
    }
}

#[test]
fn select_chooses_properties_in_the_order_of_the_type() {
    for (query, expected) in [
        ("$select=priority, ID,displayname,priority", vec!["id", "displayName", "priority"]),
        ("$select=displayName,catalog", vec!["displayName"]),
        ("$select=microsoft.graph.accessPackage/id", vec!["id"]),
        ("$select=*", ALL.to_vec()),
        ("$select=id,*", ALL.to_vec()),
    ] {
        assert_eq!(names(&read(query).unwrap().shape), expected, "{query}");
    }
    let shape = read("$select=id,catalog/id&$expand=catalog,assignments").unwrap().shape;
    assert_eq!(names(&shape.expand[0].shape), ["id"]);
    assert_eq!(names(&shape.expand[1].shape), ["id", "state", "originSystem"]);
    let unknown = "Parsing OData Select and Expand failed: Could not find a property named";
    for (query, message) in [
        (
            "$select=displayNam",
            format!("{unknown} 'displayNam' on type 'microsoft.graph.accessPackage'. Did you mean 'displayName'?"),
        ),
        (
            "$select=catalogId",
            format!("{unknown} 'catalogId' on type 'microsoft.graph.accessPackage'. Did you mean 'catalog'?"),
        ),
        ("$select=", format!("{unknown} '' on type 'microsoft.graph.accessPackage'.")),
        ("$select=catalog/x", format!("{unknown} 'x' on type 'microsoft.graph.accessPackageCatalog'.")),
        ("$select=id/x", "$select: 'id' has no property 'x'.".into()),
        ("$expand=x", format!("{unknown} 'x' on type 'microsoft.graph.accessPackage'.")),
        ("$expand=", format!("{unknown} '' on type 'microsoft.graph.accessPackage'.")),
        ("$expand=catalog($select=x)", format!("{unknown} 'x' on type 'microsoft.graph.accessPackageCatalog'.")),
    ] {
        assert_eq!(refused(query).message, message, "{query}");
    }
}

/// An expansion, written compactly.
fn tree(expand: &[Expand]) -> String {
    let one = |e: &Expand| format!("{}({})", e.navigation.name, tree(&e.shape.expand));
    expand.iter().map(one).collect::<Vec<_>>().join(",")
}

#[test]
fn expand_nests_with_options_of_its_own() {
    for (query, expected) in [
        ("$expand=catalog, assignments", "catalog(),assignments()"),
        ("$expand=catalog($expand=accessPackages($expand=catalog;$select=id))", "catalog(accessPackages(catalog()))"),
        ("$expand=*", "catalog(),assignments(),incompatibleAccessPackages()"),
        ("$expand=*,assignments($top=1)", "assignments(),catalog(),incompatibleAccessPackages()"),
        ("$expand=microsoft.graph.accessPackage/catalog/microsoft.graph.accessPackageCatalog", "catalog()"),
        ("$expand=catalog()", "catalog()"),
    ] {
        assert_eq!(tree(&read(query).unwrap().shape.expand), expected, "{query}");
    }
    let query = "$expand=incompatibleAccessPackages(filter=displayName eq 'a;)(''b,';$orderby=priority desc;\
                 $top=2;$skip=1;$count=true;$search=\"it's;\";$select=id)";
    let expand = read(query).unwrap().shape.expand.remove(0);
    assert_eq!(written(&expand.filter.unwrap()), r#"(0:displayName Eq Text("a;)('b,"))"#);
    assert_eq!((expand.limit, expand.skip, expand.count, names(&expand.shape)), (2, 1, true, vec!["id"]));
    assert_eq!(written(&expand.order[0].expr), "0:priority");
    assert_eq!(format!("{:?}", expand.search.unwrap()), r#"Term { property: None, text: "it's;" }"#);
}

#[test]
fn what_is_wrong_with_expand_is_told() {
    let deep =
        |n: usize| format!("$expand={}catalog{}", "catalog($expand=accessPackages($expand=".repeat(n), "))".repeat(n));
    assert!(read("$expand=catalog($expand=accessPackages($expand=catalog($expand=accessPackages)))").is_ok());
    for (query, message) in [
        (deep(2).as_str(), "$expand: it nests more than 4 levels deep."),
        (deep(300).as_str(), "$expand: it nests more than 4 levels deep."),
        (deep(2_000).get(..16_000).unwrap(), "$expand: a '(' is not closed."),
        ("$expand=catalog,Catalog", "$expand: 'catalog' is expanded twice."),
        ("$expand=id", "$expand: 'id' is not a navigation property; it is always written."),
        (
            "$expand=catalog/accessPackages",
            "$expand: 'catalog/accessPackages' is a path; write 'catalog($expand=accessPackages)'.",
        ),
        (
            "$expand=catalog($top=1)",
            "$expand=catalog: $top does not apply to an expanded entity; only $select and $expand do.",
        ),
        ("$expand=catalog(selct=id)", "$expand=catalog: 'selct' is not a query option. Did you mean 'select'?"),
        ("$expand=catalog)", "$expand: a ')' has no '(' before it."),
        ("$expand=catalog('", "$expand: a text that begins with ' is not closed."),
        ("$expand=catalog()x", "$expand: 'catalog()x' does not end with ')'."),
        (
            "$expand=assignments($filter=x)",
            "$expand=assignments: $filter: 'x' is not a property of \
            microsoft.graph.accessPackageAssignment (position 1).",
        ),
    ] {
        assert_eq!(refused(query).message, message, "{query}");
    }
    let level = "catalog($expand=*),assignments($expand=*),incompatibleAccessPackages($expand=*)";
    assert!(read(&format!("$expand=catalog($expand=accessPackages($expand={level}))")).is_ok());
    let many = format!(
        "$expand=catalog($expand=accessPackages($expand={level})),incompatibleAccessPackages($expand={level}),assignments($expand=*)"
    );
    assert_eq!(refused(&many).message, "$expand: more than 20 navigation properties are expanded.");
}

#[test]
fn the_next_page_has_the_same_options() {
    for (query, expected) in [
        ("", "$skiptoken=T"),
        ("$top=5&$filter=a%20b", "$top=5&$filter=a%20b&$skiptoken=T"),
        ("%24skiptoken=old&$skip=4&x=y&", "x=y&$skiptoken=T"),
    ] {
        assert_eq!(next_query(query, "T"), expected);
    }
}

#[test]
fn a_page_begins_after_the_token() {
    let order = read("$orderby=priority desc").unwrap().order;
    let values = vec![Value::Int(3), Value::Text("x".into())];
    let token = cursor::encode(package(), &order, &values);
    let query = read(&next_query("$orderby=priority%20desc", &token)).unwrap();
    assert_eq!(query.start, Start::After(values));
    assert!(refused(&format!("$orderby=priority&$skiptoken={token}")).message.starts_with("$skiptoken: "));
}

const PIECES: [&str; 30] = [
    "$filter=",
    "$select=",
    "$expand=",
    "$orderby=",
    "$search=",
    "$top=",
    "$skip=",
    "$skiptoken=",
    "$count=",
    "&",
    "&",
    "(",
    ")",
    ";",
    ",",
    "'",
    "\"",
    "%",
    "%27",
    "+",
    "catalog",
    "assignments",
    "displayName",
    "id",
    "*",
    "/",
    "desc",
    "1",
    "true",
    "é",
];

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", option in prop::sample::select(&PIECES[..9])) {
        let _ = read(&text);
        let _ = read(&format!("{option}{text}"));
        let _ = next_query(&text, "");
        let _ = parse_reference_id(&text);
    }

    #[test]
    fn no_sequence_of_pieces_panics(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        let _ = read(&pieces.concat());
    }

    #[test]
    fn no_mutation_panics(at in 0_usize..170, with in "\\PC{0,3}") {
        let valid = "$expand=catalog($expand=accessPackages($filter=displayName eq 'é;';$orderby=tolower(displayName) \
                     desc,id;$top=3)),assignments&$select=id,catalog/id&$search=\"a b\" AND NOT (c OR d)&$count=true";
        let before: String = valid.chars().take(at).collect();
        let after: String = valid.chars().skip(at + 1).collect();
        let _ = read(&format!("{before}{with}{after}"));
    }
}
