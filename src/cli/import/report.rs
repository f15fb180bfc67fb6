//! What an import prints.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::{Value as Json, json};

use super::super::{Error, print};
use crate::app::directory::import::{Difference, Kind, Outcome, Problem};

/// Prints what would be changed.
pub(super) fn differences(differences: &[Difference], as_json: bool) -> Result<(), Error> {
    let text: String = differences.iter().map(|one| if as_json { in_json(one) } else { in_words(one) }).collect();
    if text.is_empty() { Ok(()) } else { print(&text) }
}

fn in_words(difference: &Difference) -> String {
    let Difference { line, kind, id, name, created, properties, links } = difference;
    let called = name.as_deref().or(id.as_deref()).unwrap_or_default();
    let mut text = format!("{} {} {called} (line {line})\n", if *created { "+" } else { "~" }, kind.name());
    for (property, before, after) in properties {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let change = if *created { shown(after) } else { format!("{} -> {}", shown(before), shown(after)) };
        text.extend([format!("    {property}: {change}\n")]);
    }
    for (navigation, count) in links {
        text.extend([format!("    {navigation}: {count} more\n")]);
    }
    text
}

fn in_json(difference: &Difference) -> String {
    let Difference { line, kind, id, name, created, properties, links } = difference;
    let value = |text: &Option<String>| -> Json {
        text.as_deref().map_or(Json::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
    };
    let properties: Vec<Json> = properties
        .iter()
        .map(|(name, before, after)| json!({ "property": name, "old": value(before), "new": value(after) }))
        .collect();
    let links: serde_json::Map<String, Json> =
        links.iter().map(|(navigation, count)| ((*navigation).to_owned(), (*count).into())).collect();
    let json = json!({
        "line": line, "action": if *created { "create" } else { "change" }, "type": kind.name(), "id": id, "name": name,
        "properties": properties, "links": links,
    });
    format!("{json}\n")
}

/// Tells what is wrong, each with file, line and property.
pub(super) fn problems(file: &Path, problems: &[Problem]) {
    let mut out = io::stderr().lock();
    for Problem { line, property, message } in problems {
        let property = if property.is_empty() { String::new() } else { format!("{property}: ") };
        // Whoever does not listen does not want to know.
        let _ = writeln!(out, "cardea: {}, line {line}: {property}{message}", file.display());
    }
}

/// Prints what came of it.
pub(super) fn outcome(outcome: &Outcome, tenant_id: &str, (dry_run, as_json): (bool, bool)) -> Result<(), Error> {
    let total = outcome.total();
    let by_kind = Kind::ALL.iter().zip(&outcome.counts);
    if as_json {
        let counts: serde_json::Map<String, Json> = by_kind
            .map(|(kind, c)| {
                let counts = json!({ "created": c.created, "changed": c.changed, "unchanged": c.unchanged });
                (kind.name().to_owned(), counts)
            })
            .collect();
        let problems: Vec<Json> = outcome
            .problems
            .iter()
            .map(|p| json!({ "line": p.line, "property": p.property, "message": p.message }))
            .collect();
        return print(&format!(
            "{}\n",
            json!({
                "tenantId": tenant_id, "dryRun": dry_run, "created": total.created, "changed": total.changed,
                "unchanged": total.unchanged, "linksAdded": outcome.links, "failed": outcome.failed,
                "byType": counts, "problems": problems,
            })
        ));
    }
    let would = if dry_run { " (nothing was written)" } else { "" };
    let mut text = String::new();
    for (kind, counts) in by_kind.filter(|(_, c)| c.created + c.changed + c.unchanged > 0) {
        text.extend([format!(
            "{}: {} created, {} changed, {} unchanged\n",
            kind.face().set,
            counts.created,
            counts.changed,
            counts.unchanged
        )]);
    }
    text.extend([format!(
        "{} created, {} changed, {} unchanged, {} links added, {} failed{would}\n",
        total.created, total.changed, total.unchanged, outcome.links, outcome.failed
    )]);
    print(&text)
}
