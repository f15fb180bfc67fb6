//! The shape of the source: which module may use which, and how long a file may be.
//!
//! What may use what is read from the table in `src/lib.rs`, so that the table is never only prose.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// No file is longer.
const MAX_LINES: usize = 600;
/// What every module may use.
const FREE: [&str; 2] = ["clock", "ids"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            // What a generator or a build has left there is not ours.
            if !matches!(entry.file_name().to_str(), Some("target" | "node_modules" | "generated" | ".work")) {
                found.extend(files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The names in square brackets and backquotes.
fn names(cell: &str) -> Vec<String> {
    let words = cell.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What each module may use, from the table.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows =
        text.lines().filter_map(|line| line.strip_prefix("//! | [")).map(|row| row.split('|').collect::<Vec<_>>());
    let rows: Vec<(Vec<String>, String)> = rows.map(|cells| (names(cells[0]), cells[2].trim().to_owned())).collect();
    let all: BTreeSet<String> = rows.iter().flat_map(|(modules, _)| modules.clone()).collect();
    let mut table = BTreeMap::new();
    for (modules, uses) in rows {
        let uses: BTreeSet<String> = if uses == "everything below" {
            all.iter().cloned().chain(["config".to_owned()]).collect()
        } else {
            names(&uses).into_iter().collect()
        };
        for module in modules {
            table.insert(module, uses.clone());
        }
    }
    table
}

/// The code of a file without comments and without its tests.
fn code(text: &str) -> String {
    let lines = text.lines().take_while(|line| *line != "mod tests {" && *line != "mod tests;");
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules that a file's code names after `crate::`.
fn used(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            found.extend(list_heads(list));
        } else {
            found.extend(names(
                &rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>(),
            ));
        }
    }
    found
}

/// The first names of the items in a list, up to the brace that closes it.
fn list_heads(list: &str) -> Vec<String> {
    let (mut heads, mut depth, mut start) = (Vec::new(), 0_usize, true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && depth == 0 && c.is_ascii_lowercase() => {
                heads.push(list[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
                start = false;
            }
            _ => {}
        }
    }
    heads
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    assert!(table.len() >= 9, "{table:?}");
    let mut wrong = Vec::new();
    for file in files(&root().join("src")) {
        let below = file.strip_prefix(root().join("src")).unwrap();
        let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        // They are no modules of the map, or stand beside it and know the whole of it.
        if matches!(module, "lib" | "main" | "config" | "clock" | "ids") {
            continue;
        }
        // A module of tests and nothing else.
        if below.ends_with("tests.rs") || below.ends_with("test_model.rs") {
            continue;
        }
        let allowed = table.get(module).unwrap_or_else(|| panic!("{module} is not in the table of src/lib.rs"));
        for name in used(&code(&fs::read_to_string(&file).unwrap())) {
            if name != module && !allowed.contains(&name) && !FREE.contains(&name.as_str()) {
                wrong.push(format!("{} uses {name}", below.display()));
            }
        }
    }
    assert_eq!(wrong, [] as [&str; 0]);
}

#[test]
fn the_table_names_every_module() {
    let declared = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = declared.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let table = table();
    for module in declared.filter(|module| !matches!(*module, "config" | "clock" | "ids")) {
        assert!(table.contains_key(module), "{module} is not in the table of src/lib.rs");
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let code = "use crate::app;\nuse crate::{\n    api::{self, Api},\n    odata::query::{Query, Rows}, ids,\n};\nlet x = crate::model::ID;";
    let expected = ["api", "app", "ids", "model", "odata"].map(str::to_owned);
    assert_eq!(used(code), BTreeSet::from(expected));
}

#[test]
fn no_file_is_too_long() {
    let folders = ["src", "build", "tests", "benches"];
    let all = folders.iter().flat_map(|folder| files(&root().join(folder)));
    let long: Vec<String> = all
        .filter_map(|file| {
            let lines = fs::read_to_string(&file).unwrap_or_default().lines().count();
            (lines > MAX_LINES).then(|| format!("{}: {lines} lines", file.strip_prefix(root()).unwrap().display()))
        })
        .collect();
    assert_eq!(long, [] as [&str; 0]);
}

#[test]
fn every_file_of_the_source_says_what_it_is() {
    let silent: Vec<PathBuf> = files(&root().join("src"))
        .into_iter()
        .filter(|file| !file.ends_with("tests.rs") && !file.ends_with("main.rs"))
        .filter(|file| !fs::read_to_string(file).unwrap_or_default().starts_with("//!"))
        .collect();
    assert_eq!(silent, [] as [PathBuf; 0]);
}

/// `SECURITY.md` names a test for each claim: those names lead somewhere.
#[test]
fn the_tests_that_security_md_names_are_there() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let code: String = ["src", "tests"]
        .iter()
        .flat_map(|f| files(&root().join(f)))
        .filter_map(|f| fs::read_to_string(f).ok())
        .collect();
    let names =
        text.split('`').skip(1).step_by(2).filter(|name| {
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b':'))
        });
    let leaf = |name: &str| name.rsplit("::").next().unwrap_or_default().to_owned();
    // A test is called by a sentence, a module by a word or two.
    let tests: Vec<String> = names.map(leaf).filter(|name| name.matches('_').count() > 2).collect();
    assert!(tests.len() > 50, "{tests:?}");
    let missing: Vec<&String> = tests.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert_eq!(missing, [] as [&String; 0]);
}
