//! Taking out what is in the directory, as an import takes it.
//!
//! A line has what a caller may say of an object, its id and its links, and nothing that the server says: so what comes
//! out of one tenant makes the same objects in another, and what comes out of that is the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{App, Caller, Error, import::Kind};
use crate::{
    authz::GRAPH_APP_ID,
    model::{
        meta::{Link, Property, Write},
        value::{Timestamp, Value},
    },
    odata::{
        options,
        query::{Rows, Start},
    },
};

/// So many objects are taken out at once.
const OBJECTS: usize = 500;
/// So many links are read at once, and so many of one kind are on a line: an object that has more has more lines.
const LINKS: usize = 1000;

impl App {
    /// The objects of a kind after a place, each as an import takes it, and the place of the last, if there may be more.
    pub async fn directory_export(
        &self,
        caller: Caller<'_>,
        kind: Kind,
        after: Option<Vec<Value>>,
    ) -> Result<(Vec<Json>, Option<Vec<Value>>), Error> {
        let face = kind.face();
        let properties: Vec<&Property> = face.shown().filter(|property| is_said(kind, property)).collect();
        let names: Vec<&str> = properties.iter().map(|property| property.name).collect();
        let mut options = format!("$select={}", names.join(","));
        if face.navigations.iter().any(|n| n.by_reference && matches!(n.link, Link::Column(_))) {
            options += "&$expand=manager($select=id)";
        }
        let Ok(mut query) = options::parse_query(&options, Rows::All(face), None, Timestamp(0)) else {
            return Err(Error::NoSuchPath);
        };
        query.limit = OBJECTS;
        if let Some(after) = after {
            query.start = Start::After(after);
        }
        let page = self.read(caller, query).await?;
        let mut rows: Vec<Map<String, Json>> =
            serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap_or_default();
        // Every tenant has the application that this API is, each with another id.
        rows.retain(|row| kind != Kind::ServicePrincipal || row["appId"] != GRAPH_APP_ID);
        let ids: Vec<String> = rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
        let mut lines: Vec<Json> = rows.into_iter().map(|row| Json::Object(line(kind, row, &properties))).collect();
        let linked = self.linked_lines(caller, kind, ids, &mut lines).await?;
        lines.extend(linked);
        Ok((lines, page.next))
    }

    /// Puts links into the lines of their objects; gives the lines that hold the rest.
    async fn linked_lines(
        &self,
        caller: Caller<'_>,
        kind: Kind,
        ids: Vec<String>,
        lines: &mut [Json],
    ) -> Result<Vec<Json>, Error> {
        let mut rest = Vec::new();
        let places: BTreeMap<&String, usize> = ids.iter().zip(0..).collect();
        for navigation in kind.face().navigations.iter().filter(|navigation| navigation.by_reference) {
            let Link::Table(table) = navigation.link else { continue };
            let mut after = None;
            loop {
                let page = self.store().links(caller.tenant, table, ids.clone(), after, LINKS).await?;
                after = page.last().filter(|_| page.len() == LINKS).cloned();
                let mut by_source: BTreeMap<String, Vec<Json>> = BTreeMap::new();
                for (source, target) in page {
                    by_source.entry(source).or_default().push(json!({ "id": target }));
                }
                for (source, targets) in by_source {
                    match places.get(&source).and_then(|at| lines.get_mut(*at)) {
                        Some(line) if line.get(navigation.name).is_none() => line[navigation.name] = targets.into(),
                        _ => rest.push(json!({ "@odata.type": ty(kind), "id": source, navigation.name: targets })),
                    }
                }
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(rest)
    }
}

fn ty(kind: Kind) -> String {
    format!("#microsoft.graph.{}", kind.name())
}

/// Whether an import takes the property.
fn is_said(kind: Kind, property: &Property) -> bool {
    property.write != Write::Never || property.name == "id" || (kind == Kind::Application && property.name == "appId")
}

/// A row as a line. What an import would make of nothing is left out: nulls that are shown on request only.
fn line(kind: Kind, row: Map<String, Json>, properties: &[&Property]) -> Map<String, Json> {
    let mut line = Map::new();
    line.insert("@odata.type".to_owned(), ty(kind).into());
    for (name, value) in row {
        match properties.iter().find(|property| property.name == name) {
            Some(property) => {
                let empty = match (&value, property.default) {
                    (Json::Null, None) => !property.by_default,
                    (Json::Array(items), Some("[]")) => items.is_empty() && kind == Kind::User,
                    _ => false,
                };
                if !empty {
                    line.insert(name, value);
                }
            }
            None if name.contains('@') || value.is_null() => {}
            None => {
                line.insert(name, json!({ "id": value["id"] }));
            }
        }
    }
    line
}
