//! The build script: what the schemas become, and how a wrong schema is refused.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../build/mod.rs"]
mod generator;

use std::{fs, path::Path};

/// A type with a key and one more property, as a file.
const SHELF: &str = "
title: shelf
description: A shelf.
type: object
x-table: shelf
x-sets: {v1.0: shelves, beta: bookShelves}
x-names: {one: a shelf, many: shelves}
properties:
  id: {description: The key., type: string}
  displayName: {description: Its name., type: [string, 'null'], maxLength: 10, examples: [Poetry]}
";

/// What a folder with these files makes: schemas, and the complex types.
fn generate(schemas: &[String], types: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    for (number, schema) in schemas.iter().enumerate() {
        fs::write(folder.path().join(format!("{number}.yaml")), schema).unwrap();
    }
    fs::create_dir(folder.path().join("types")).unwrap();
    fs::write(folder.path().join("types/all.yaml"), types).unwrap();
    generator::generate(folder.path()).map_err(|error| error.to_string())
}

/// The text without white space and trailing commas, which depend on the lengths of lines.
fn squeezed(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    [",}", ",]", ",)"].iter().fold(text, |text, end| text.replace(end, &end[1..]))
}

fn of(extra: &str) -> Result<String, String> {
    generate(&[format!("{SHELF}{extra}")], "{}").map(|text| squeezed(&text))
}

#[test]
fn a_schema_becomes_a_record_an_input_and_a_table() {
    let text = of("").unwrap();
    for part in [
        "pubstructShelf{pubid:String,pubdisplay_name:Option<String>",
        "pubstructShelfInput{pubid:Option<String>,pubdisplay_name:Option<Option<String>>",
        "pubstaticSHELF:EntityType=EntityType{name:\"shelf\",table:\"shelf\"",
        "pubconstDISPLAY_NAME:usize=1usize;",
        "set:\"shelves\",path:\"identityGovernance/entitlementManagement/shelves\"",
        "set:\"bookShelves\",path:\"identityGovernance/entitlementManagement/bookShelves\"",
        "max_length:10usize",
        "example:Some(\"\\\"Poetry\\\"\")",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("implAuthoredforShelf"), "it has no columns for authorship");
}

#[test]
fn each_version_has_its_own_properties_and_spelling() {
    let text = of("  size: {description: How large., type: string, enum: [small, large], x-enum: {beta: shelfSize}}
  colour: {description: Its colour., type: string, x-versions: [beta]}
")
    .unwrap();
    let (v1, beta) = text.split_once("version:Version::Beta").unwrap();
    assert!(v1.contains("Enum{name:None,members:&[Member{wire:\"Small\",stored:\"small\"}"), "{v1}");
    assert!(beta.contains("Enum{name:Some(\"shelfSize\"),members:&[Member{wire:\"small\",stored:\"small\"}"), "{beta}");
    let v1 = v1.rsplit_once("version:Version::V1").unwrap().1;
    assert!(!v1.contains("\"colour\"") && beta.contains("name:\"colour\""));
}

#[test]
fn links_are_hidden_where_the_schema_says_so() {
    let extra =
        "  beside: {description: Others., x-navigation: {target: shelf, table: beside, source: a_id, through: b_id}}
x-hidden-links: {tables: [beside], column: a_id, when: [display_name, Secret], seen_by: [[owner, a_id, b_id]]}
";
    let text = of(extra).unwrap();
    assert!(text.contains("hidden:Some(&SHELF_HIDDEN_LINKS)"), "{text}");
    let hidden = "staticSHELF_HIDDEN_LINKS:HiddenLinks=HiddenLinks{column:\"a_id\",entity:\"shelf\",\
                  state:\"display_name\",value:\"Secret\"";
    assert!(text.contains(hidden), "{text}");
}

#[test]
fn what_a_thing_is_called_comes_from_the_schema() {
    let text = of("x-documented: {list: {summary: All shelves}}\n").unwrap();
    assert!(text.contains("names:Names{one:\"ashelf\",many:\"shelves\",id:\"Shelf\"}"), "{text}");
    assert!(text.contains("(Reading::List,Wording{id:None,summary:Some(\"Allshelves\"),description:None})"), "{text}");
}

#[test]
fn a_derived_type_shares_the_table_and_the_properties_of_its_base() {
    let thing = SHELF.replace("shelf\n", "thing\n").replace("shelves", "things").replace("bookShelves", "things")
        + "  kind: {description: The type., type: string, x-versions: []}\n";
    let book = "
title: book
description: A book.
type: object
x-table: thing
x-sets: {v1.0: books, beta: books}
x-names: {one: a book, many: books}
x-base: thing
x-kind: book
properties:
  pages: {description: How many., type: [integer, 'null'], format: int32}
";
    let text = squeezed(&generate(&[thing, book.to_owned()], "{}").unwrap());
    let record = "pubstructBook{pubid:String,pubdisplay_name:Option<String>,pubkind:String,pubpages:Option<i64>";
    assert!(text.contains(record), "{text}");
    assert!(text.contains("kind:Some(\"book\"),base:Some(&THING),derived:&[]"), "{text}");
    assert!(text.contains("kind:None,base:None,derived:&[&BOOK]"), "{text}");
    assert!(text.contains("kind:\"book\".to_owned()"), "a new row is of its type");
}

#[test]
fn a_complex_type_becomes_a_table_of_members() {
    let types = "
size:
  description: A size.
  properties:
    width: {description: In centimetres., type: integer, format: int32, x-required: true}
    labels: {description: What it says., type: string, list: true}
";
    let shelf = format!("{SHELF}  size: {{description: Its size., type: [object, 'null'], x-type: size}}\n");
    let text = squeezed(&generate(std::slice::from_ref(&shelf), types).unwrap());
    assert!(
        text.contains("name:\"width\",description:\"Incentimetres.\",ty:MemberType::Scalar(Type::Int32)"),
        "{text}"
    );
    assert!(text.contains("Type::Structured(&Structured{complex:&COMPLEX_SIZE,collection:false"), "{text}");
    let unknown = types.replace("format: int32", "format: int16");
    assert_eq!(generate(&[shelf], &unknown).unwrap_err(), "width: no such type of a member");
}

#[test]
fn links_are_found_by_column_inverse_or_table() {
    let link = |how: &str| of(&format!("  other: {{description: Another., x-navigation: {{target: shelf, {how}}}}}\n"));
    assert!(link("column: display_name").unwrap().contains("link:Link::Column(1usize)"));
    assert!(link("inverse: display_name").unwrap().contains("link:Link::Inverse(1usize)"));
    let table = link("table: beside, source: a_id, through: b_id").unwrap();
    assert!(
        table.contains("Link::Table(LinkTable{table:\"beside\",source:\"a_id\",target:\"b_id\",hidden:None})"),
        "{table}"
    );
    for wrong in ["column: a, inverse: b", "table: beside", "source: a_id"] {
        let told = "a navigation property has column, or inverse, or table with source and through";
        assert_eq!(link(wrong).unwrap_err(), told, "{wrong}");
    }
}

#[test]
fn a_wrong_schema_is_refused_by_name() {
    for (extra, told) in [
        ("  size: {description: How large.}\n", "a property needs a type"),
        ("  size: {description: How large., type: 'null'}\n", "a property needs a type beside null"),
        ("  size: {description: How large., type: number}\n", "no column kind for"),
        (
            "  size: {description: How large., type: string, readOnly: true}\n",
            "size: readOnly goes with x-write: never",
        ),
        ("  size: {description: How large., type: object}\n", "size: x-type is missing"),
        ("  size: {description: How large., type: string, x-wight: 3}\n", "shelf.size: unknown field `x-wight`"),
        ("  o: {description: Another., x-navigation: {target: box, column: id}}\n", "o: no schema is called box"),
        ("  o: {description: Another., x-navigation: {target: shelf, column: box}}\n", "shelf has no column box"),
        ("x-scope: box\n", "shelf has no column box"),
        ("x-scope: {column: id, of: box}\n", "shelf: no schema is called box"),
        ("x-indexes: [[box]]\n", "shelf has no column box"),
        ("x-base: box\n", "no schema is called box"),
        (
            "x-documented: {lists: {summary: All}}\n",
            "shelf: x-documented knows list, count, get and references, not lists",
        ),
        ("x-hidden-links: {tables: [t], column: c, when: [box, v], seen_by: []}\n", "shelf has no column box"),
    ] {
        let error = of(extra).unwrap_err();
        assert!(error.contains(told), "{extra}: {error}");
    }
    let keyless = SHELF.replace("  id:", "  key:");
    assert_eq!(generate(&[keyless], "{}").unwrap_err(), "shelf: the first property is the key, id");
}

#[test]
fn the_same_schemas_make_the_same_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/schemas");
    let text = generator::generate(&folder).unwrap();
    assert_eq!(text, generator::generate(&folder).unwrap());
    assert_eq!(text, include_str!(concat!(env!("OUT_DIR"), "/model.rs")), "the build runs anew when a schema changes");
}
