use proptest::prelude::*;

use super::*;
use crate::odata::{
    error::ErrorKind,
    test_model::{assignment, package, written},
};

const NOW: Timestamp = Timestamp(1_000_000);

fn read_on(text: &str, face: &'static Face) -> String {
    parse(text, face, NOW).map_or_else(|error| format!("refused: {error}"), |expr| written(&expr))
}

fn read(text: &str) -> String {
    read_on(text, package())
}

fn refused(text: &str) -> Error {
    parse(text, package(), NOW).expect_err(text)
}

#[test]
fn operators_bind_as_odata_says() {
    for (text, expected) in [
        ("isHidden", "0:isHidden"),
        ("displayName eq 'O''Neil'", r#"(0:displayName Eq Text("O'Neil"))"#),
        ("DISPLAYNAME EQ NULL", "(0:displayName Eq Null)"),
        ("isHidden or isHidden and isHidden", "(0:isHidden or (0:isHidden and 0:isHidden))"),
        ("(isHidden or isHidden) and isHidden", "((0:isHidden or 0:isHidden) and 0:isHidden)"),
        ("isHidden and isHidden or isHidden", "((0:isHidden and 0:isHidden) or 0:isHidden)"),
        ("isHidden eq true and not isHidden", "((0:isHidden Eq Bool(true)) and not 0:isHidden)"),
        ("priority gt 1 eq true", "((0:priority Gt Int(1)) Eq Bool(true))"),
        ("1 add 2 mul 3 sub -4 eq priority", "(Int(11) Eq 0:priority)"),
        ("priority eq -(7 div 2)", "(0:priority Eq Int(-3))"),
        ("not (priority in (1, -2,null))", "not (0:priority in [Int(1), Int(-2), Null])"),
        ("not priority in (1)", "not (0:priority in [Int(1)])"),
        ("true", "Bool(true)"),
        ("  isHidden\t", "0:isHidden"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn literals_take_the_type_of_what_they_are_compared_with() {
    for (text, expected) in [
        ("createdDateTime ge 1970-01-01T00:00:02Z", "(0:createdDateTime Ge Time(Timestamp(2000000)))"),
        ("createdDateTime ge '1970-01-01T00:00:02Z'", "(0:createdDateTime Ge Time(Timestamp(2000000)))"),
        ("'1970-01-01' lt createdDateTime", "(Time(Timestamp(0)) Lt 0:createdDateTime)"),
        ("createdDateTime lt now()", "(0:createdDateTime Lt Time(Timestamp(1000000)))"),
        ("createdDateTime lt now() sub duration'PT1S'", "(0:createdDateTime Lt Time(Timestamp(0)))"),
        ("createdDateTime in ('1970-01-01')", "(0:createdDateTime in [Time(Timestamp(0))])"),
        ("id eq c0ffee00-1111-2222-3333-444455556666", r#"(0:id Eq Text("c0ffee00-1111-2222-3333-444455556666"))"#),
        ("'a' eq 'b'", r#"(Text("a") Eq Text("b"))"#),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn members_of_enumerations_are_found_in_any_letter_case() {
    for (text, expected) in [
        ("state eq 'DELIVERED'", r#"(0:state Eq Text("Delivered"))"#),
        ("'delivered' ne state", r#"(Text("Delivered") Ne 0:state)"#),
        ("state in ('delivered','Expired')", r#"(0:state in [Text("Delivered"), Text("Expired")])"#),
        ("state eq microsoft.graph.accessPackageAssignmentState'expired'", r#"(0:state Eq Text("Expired"))"#),
        ("startswith(originSystem,'Aad')", r#"StartsWith(0:originSystem, Text("Aad"))"#),
        ("originSystem eq 'aadgroup'", r#"(0:originSystem Eq Text("AadGroup"))"#),
        (
            "state eq 'deliverd'",
            "refused: $filter: 'deliverd' is not one of 'delivering', 'delivered', 'expired' (position 10). \
             Did you mean 'delivered'?",
        ),
        (
            "state eq microsoft.graph.other'expired'",
            "refused: $filter: 'state' is microsoft.graph.accessPackageAssignmentState and \
             'microsoft.graph.other'expired'' is microsoft.graph.other; they cannot be compared (position 1).",
        ),
        (
            "state gt 'expired'",
            "refused: $filter: the order of the members of microsoft.graph.accessPackageAssignmentState is not \
             implemented (position 1).",
        ),
        (
            "contains(state,'x')",
            "refused: $filter: 'contains' of the enumeration 'state' is not implemented (position 10).",
        ),
    ] {
        assert_eq!(read_on(text, assignment()), expected, "{text}");
    }
}

#[test]
fn functions_are_called_with_what_they_take() {
    for (text, expected) in [
        ("contains(tolower(displayName),'x')", r#"Contains(ToLower(0:displayName), Text("x"))"#),
        ("StartsWith(displayName, 'x') eq false", r#"(StartsWith(0:displayName, Text("x")) Eq Bool(false))"#),
        ("year(createdDateTime) eq 2031", "(Year(0:createdDateTime) Eq Int(2031))"),
        ("date(createdDateTime) eq 1970-01-01", "(Date(0:createdDateTime) Eq Time(Timestamp(0)))"),
        ("length(trim(catalog/displayName)) gt 3", "(Length(Trim(0:catalog/displayName)) Gt Int(3))"),
        ("indexof('abc','b') eq 1", r#"(IndexOf(Text("abc"), Text("b")) Eq Int(1))"#),
        ("contains(displayName)", "refused: $filter: 'contains' takes 2 arguments, not 1 (position 1)."),
        ("length() eq 1", "refused: $filter: 'length' takes 1 argument, not 0 (position 1)."),
        ("contains(displayName,1)", "refused: $filter: 'contains' takes a text, and '1' is Edm.Int64 (position 22)."),
        (
            "year(displayName) eq 1",
            "refused: $filter: 'year' takes a time, and 'displayName' is Edm.String (position 6).",
        ),
        ("now(1) eq 1", "refused: $filter: 'now' takes no arguments, not 1 (position 1)."),
        (
            "startwith(displayName,'x')",
            "refused: $filter: 'startwith' is not a function (position 1). Did you mean 'startswith'?",
        ),
        (
            "substring(displayName,1) eq 'x'",
            "refused: $filter: the function 'substring' is not implemented (position 1).",
        ),
        ("geo.distance(a,b) lt 1", "refused: $filter: the function 'geo.distance' is not implemented (position 1)."),
        ("length(displayName", "refused: $filter: ')' is missing at the end (position 19)."),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn paths_and_lambdas_are_resolved() {
    for (text, expected) in [
        ("catalog/displayName eq 'x'", r#"(0:catalog/displayName Eq Text("x"))"#),
        ("$it/catalog/id eq 'x'", r#"(0:catalog/id Eq Text("x"))"#),
        ("assignments/any()", "Any(0:assignments, )"),
        ("assignments/any(a:a/state eq 'expired')", r#"Any(0:assignments, (1:state Eq Text("Expired")))"#),
        (
            "catalog/accessPackages/all(p:p/assignments/any(a:a/id eq p/id and isHidden))",
            "All(0:catalog/accessPackages, Any(1:assignments, ((2:id Eq 1:id) and 0:isHidden)))",
        ),
        (
            "microsoft.graph.accessPackage/catalog/microsoft.graph.accessPackageCatalog/id eq 'x'",
            r#"(0:catalog/id Eq Text("x"))"#,
        ),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    for (text, expected) in [
        (
            "displayNam eq 'x'",
            "$filter: 'displayNam' is not a property of microsoft.graph.accessPackage (position 1). \
             Did you mean 'displayName'?",
        ),
        (
            "catalogId eq 'x'",
            "$filter: 'catalogId' is not a property of microsoft.graph.accessPackage (position 1). \
             Did you mean 'catalog'?",
        ),
        (
            "catalog eq null",
            "$filter: 'catalog' is an entity, which has no value of its own (position 1). \
             Name a property of it: 'catalog/id'.",
        ),
        ("displayName/x eq 1", "$filter: 'displayName' has no properties of its own (position 1)."),
        (
            "assignments/state eq 'x'",
            "$filter: 'assignments' is a collection (position 1). \
             Ask 'assignments/any(x:…)' or 'assignments/all(x:…)', with 'x/…' for each, or \
             'assignments/$count'.",
        ),
        (
            "assignments/any(a:a/accessPackage/assignments/any(a:a/id eq ''))",
            "$filter: the variable 'a' is already in use around this (position 51).",
        ),
        ("assignments/all()", "$filter: ')' stands where a variable is expected (position 17)."),
        (
            "assignments/any(a:a)",
            "$filter: 'a' is an entity, which has no value of its own (position 19). \
             Name a property of it: 'a/id'.",
        ),
        (
            "catalog/microsoft.graph.user/id eq ''",
            "$filter: what leads here is microsoft.graph.accessPackageCatalog, never 'microsoft.graph.user' \
             (position 9).",
        ),
    ] {
        assert_eq!(refused(text).message, expected, "{text}");
    }
}

#[test]
fn operands_that_do_not_fit_are_refused() {
    for (text, expected) in [
        (
            "displayName",
            "$filter: 'displayName' is Edm.String, not a condition (position 1). \
             Compare it with something, as in displayName eq 'x'.",
        ),
        (
            "displayName eq 5",
            "$filter: 'displayName' is Edm.String and '5' is Edm.Int64; they cannot be compared (position 1).",
        ),
        (
            "isHidden eq 'true'",
            "$filter: 'isHidden' is Edm.Boolean and ''true'' is Edm.String; they cannot be compared (position 1).",
        ),
        (
            "createdDateTime gt 'soon'",
            "$filter: 'soon' is not a time; one looks like 2031-01-05T08:00:00Z (position 20).",
        ),
        (
            "createdDateTime gt 2031-01-05T08:00:00 02:00",
            "$filter: '2031-01-05T08:00:00' is not a time; one looks like 2031-01-05T08:00:00Z, and the '+' of an \
             offset is written '%2B' in a URL (position 20).",
        ),
        (
            "not displayName eq 'x'",
            "$filter: 'not' takes a condition, and 'displayName' is Edm.String (position 1). \
             Put a comparison in parentheses: not (… eq …).",
        ),
        (
            "priority eq 1.5",
            "$filter: '1.5' is not a whole number, and no property here holds other numbers (position 13).",
        ),
        ("priority eq 1 div 0", "$filter: '1 div 0' is not a whole number of 64 bits (position 13)."),
        ("priority add 1 eq 2", "$filter: 'add' on anything but literals is not implemented (position 1)."),
        ("-priority eq 2", "$filter: '-' on anything but literals is not implemented (position 1)."),
        ("id eq binary'AA'", "$filter: a literal of type 'binary' is not implemented (position 7)."),
        ("id eq guid'AA'", "$filter: 'guid' is not a type of literals (position 7)."),
    ] {
        assert_eq!(refused(text).message, expected, "{text}");
    }
}

#[test]
fn mistakes_in_the_grammar_are_pointed_at() {
    for (text, expected) in [
        ("", "$filter: a property, a literal or a function is missing at the end (position 1)."),
        ("displayName = 'é'", "$filter: the character '=' has no meaning here (position 13). Write 'eq'."),
        (
            "displayName eq \"x\"",
            "$filter: the character '\"' has no meaning here (position 16). Texts stand in single quotes: 'x'.",
        ),
        ("displayName eq 'é' ö", "$filter: the character 'ö' has no meaning here (position 20)."),
        ("displayName eq 'x", "$filter: the text that begins here has no closing quote (position 16)."),
        (
            "displayName equals 'x'",
            "$filter: 'equals' stands where an operator such as 'eq' or 'and' is expected (position 13).",
        ),
        ("displayName eq", "$filter: a property, a literal or a function is missing at the end (position 15)."),
        ("(isHidden", "$filter: ')' is missing at the end (position 10)."),
        ("isHidden)", "$filter: ')' stands where an operator such as 'eq' or 'and' is expected (position 9)."),
        ("priority in ()", "$filter: ')' stands where a property, a literal or a function is expected (position 14)."),
        ("priority in 1", "$filter: '1' stands where a list in parentheses is expected (position 13)."),
        ("priority has 1", "$filter: 'has' is not implemented (position 10)."),
        ("id eq @p", "$filter: a parameter alias ('@…') is not implemented (position 7)."),
    ] {
        assert_eq!(refused(text).message, expected, "{text}");
        assert_eq!(refused(text).target.as_deref(), Some("$filter"));
    }
}

#[test]
fn codes_tell_what_is_wrong_from_what_is_missing() {
    let error = refused("x eq 1");
    assert_eq!((error.kind, error.code), (ErrorKind::BadRequest, "InvalidFilter"));
    let error = refused("id has 1");
    assert_eq!((error.kind, error.code), (ErrorKind::NotImplemented, "NotImplemented"));
}

#[test]
fn sizes_are_limited() {
    let deep = "$filter: it is nested more than 32 levels deep (position 34).";
    assert_eq!(refused(&"(".repeat(10_000)).message, deep);
    assert_eq!(read(&format!("{}isHidden{}", "(".repeat(32), ")".repeat(32))), "0:isHidden");
    for bomb in ["not ", "- ", "tolower(", "-(", "not(", "id in ("] {
        let message = refused(&bomb.repeat(5_000)).message;
        assert!(message.contains("nested more than 32 levels"), "{message}");
    }
    let long = vec!["isHidden"; 101].join(" or ");
    assert!(refused(&long).message.starts_with("$filter: there are more than 200 operands and operators"));
    assert!(read(&vec!["isHidden"; 100].join(" and ")).ends_with("0:isHidden)"));
    let list = |n| format!("priority in ({})", vec!["1"; n].join(","));
    assert!(refused(&list(201)).message.starts_with("$filter: 'in' takes at most 200 values"));
    assert!(read(&list(200)).starts_with("(0:priority in [Int(1), "));
}

const PIECES: [&str; 34] = [
    "(",
    ")",
    ",",
    "/",
    ":",
    "-",
    "'",
    "''",
    "eq",
    "and",
    "not",
    "in",
    "add",
    "any(x:",
    "all(",
    "x/",
    "now()",
    "assignments",
    "catalog",
    "displayName",
    "priority",
    "createdDateTime",
    "state",
    "null",
    "true",
    "1",
    "'a'",
    "2031-01-01",
    "duration'P1D'",
    "contains(",
    "$it",
    "@",
    "é",
    "9223372036854775807",
];

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = parse(&text, package(), NOW);
    }

    #[test]
    fn no_sequence_of_tokens_panics(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40),
        spaced in any::<bool>(),
    ) {
        let text = pieces.join(if spaced { " " } else { "" });
        let _ = parse(&text, package(), NOW);
        let _ = parse(&text, assignment(), NOW);
    }

    #[test]
    fn no_mutation_panics(at in 0_usize..90, with in "\\PC{0,3}") {
        let valid = "assignments/any(a:a/state eq 'expired') and not contains(displayName,'é''x') or priority in (1)";
        let before: String = valid.chars().take(at).collect();
        let after: String = valid.chars().skip(at + 1).collect();
        let _ = parse(&format!("{before}{with}{after}"), package(), NOW);
    }
}
