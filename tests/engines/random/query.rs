//! Queries: how they are written as URLs, and what must come out.

use cardea::model::{meta::Version, value::Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};

use super::{
    expr::Expr,
    rng::Rng,
    world::{Entity, Kind, Nav, Prop, Val, World, props},
};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A query.
#[derive(Debug)]
pub struct Query {
    pub version: Version,
    pub base: Base,
    pub options: Options,
    pub shape: Shape,
    /// `Prefer: maxpagesize`
    pub page: Option<usize>,
    /// Chooses among the ways to write the same.
    pub style: u64,
}

/// Where a query begins.
#[derive(Debug)]
pub struct Base {
    /// Below the service's root, encoded.
    pub path: String,
    pub entity: Entity,
    pub rows: Vec<usize>,
    pub single: bool,
}

/// Which rows, and in which order.
#[derive(Debug, Default)]
pub struct Options {
    pub filter: Option<Expr>,
    pub search: Option<Search>,
    pub order: Vec<(Expr, bool)>,
    pub top: Option<usize>,
    pub skip: Option<usize>,
    pub count: bool,
}

/// What of a row.
#[derive(Debug)]
pub struct Shape {
    pub select: Option<Vec<&'static Prop>>,
    pub expand: Vec<Expand>,
}

#[derive(Debug)]
pub struct Expand {
    pub nav: &'static Nav,
    pub options: Options,
    pub shape: Shape,
}

#[derive(Debug)]
pub enum Search {
    Term(Option<&'static Prop>, String),
    And(Box<Search>, Box<Search>),
    Or(Box<Search>, Box<Search>),
    Not(Box<Search>),
}

impl Query {
    /// The query string.
    pub fn write(&self) -> String {
        let mut rng = Rng::new(self.style);
        let mut options = self.options.write(&mut rng);
        options.extend(self.shape.write(&mut rng));
        let encoded = options.into_iter().map(|(name, value)| {
            let bare = rng.chance(20);
            let name = if bare { name.trim_start_matches('$') } else { name };
            let name = if rng.chance(5) { name.to_uppercase() } else { name.to_owned() };
            let plus = rng.chance(50);
            let value = encode(&value);
            format!("{name}={}", if plus { value.replace("%20", "+") } else { value })
        });
        encoded.collect::<Vec<_>>().join("&")
    }

    /// The query string of `/$count`: what narrows the rows, and nothing else.
    pub fn write_count(&self) -> String {
        let options = self.options.write(&mut Rng::new(self.style));
        let narrowing = options.into_iter().filter(|(name, _)| matches!(*name, "$filter" | "$search"));
        narrowing.map(|(name, value)| format!("{name}={}", encode(&value))).collect::<Vec<_>>().join("&")
    }

    /// The rows that the query allows, in order, and those of them that are given.
    pub fn rows(&self, world: &World) -> (Vec<usize>, Vec<usize>) {
        let all = self.options.rows(world, self.version, self.base.entity, self.base.rows.clone());
        let given = if self.options.top == Some(0) {
            Vec::new()
        } else {
            all.iter().skip(self.options.skip.unwrap_or(0)).copied().collect()
        };
        (all, given)
    }

    /// A row, as it must be written. Where targets of an expansion do not fit, there is `true` for the link to them.
    pub fn row(&self, world: &World, row: usize) -> Json {
        self.shape.row(world, self.version, self.base.entity, row)
    }
}

impl Options {
    fn write(&self, rng: &mut Rng) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        if let Some(filter) = &self.filter {
            options.push(("$filter", filter.write(rng)));
        }
        if let Some(search) = &self.search {
            options.push(("$search", search.write(rng)));
        }
        if !self.order.is_empty() {
            let keys = self.order.iter().map(|(key, descending)| {
                let direction = if *descending { " desc" } else { *rng.pick(&["", " asc"]) };
                format!("{}{direction}", key.write(rng))
            });
            options.push(("$orderby", keys.collect::<Vec<_>>().join(",")));
        }
        if let Some(top) = self.top {
            options.push(("$top", top.to_string()));
        }
        if let Some(skip) = self.skip {
            options.push(("$skip", skip.to_string()));
        }
        if self.count {
            options.push(("$count", "true".to_owned()));
        }
        options
    }

    fn rows(&self, world: &World, version: Version, entity: Entity, mut rows: Vec<usize>) -> Vec<usize> {
        let value = |expr: &Expr, row: usize| expr.eval(world, &mut vec![(String::new(), entity, row)]);
        rows.retain(|row| self.filter.as_ref().is_none_or(|f| value(f, *row) == Val::Bool(true)));
        rows.retain(|row| self.search.as_ref().is_none_or(|s| s.finds(world, version, entity, *row)));
        rows.sort_by(|a, b| {
            for (key, descending) in &self.order {
                let ordering = value(key, *a).cmp(&value(key, *b));
                let ordering = if *descending { ordering.reverse() } else { ordering };
                if ordering.is_ne() {
                    return ordering;
                }
            }
            world.id(entity, *a).cmp(world.id(entity, *b))
        });
        rows
    }
}

impl Shape {
    fn write(&self, rng: &mut Rng) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        if let Some(select) = &self.select {
            options.push(("$select", select.iter().map(|p| p.name).collect::<Vec<_>>().join(",")));
        }
        if !self.expand.is_empty() {
            let items = self.expand.iter().map(|expand| {
                let mut inner = expand.options.write(rng);
                inner.extend(expand.shape.write(rng));
                let inner: Vec<_> = inner.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                if inner.is_empty() {
                    expand.nav.name.to_owned()
                } else {
                    format!("{}({})", expand.nav.name, inner.join(";"))
                }
            });
            options.push(("$expand", items.collect::<Vec<_>>().join(",")));
        }
        options
    }

    fn row(&self, world: &World, version: Version, entity: Entity, row: usize) -> Json {
        let mut object = Map::new();
        for prop in props(entity, version) {
            if self.select.as_ref().is_some_and(|select| !select.iter().any(|p| p.name == prop.name)) {
                continue;
            }
            let value = match (prop.kind, (prop.value)(world, row)) {
                (_, Val::Null) if prop.omitted => continue,
                (_, Val::Null) => Json::Null,
                (Kind::Enum(members, _), Val::Text(stored)) => {
                    json!(members.iter().find(|(_, s)| *s == stored).unwrap().0)
                }
                (_, Val::Text(text)) => json!(text),
                (_, Val::Bool(truth)) => json!(truth),
                (_, Val::Int(number)) => json!(number),
                (_, Val::Time(micros)) => json!(Timestamp(micros).to_string()),
            };
            object.insert(prop.name.to_owned(), value);
        }
        for expand in &self.expand {
            expand.write_into(&mut object, world, version, row);
        }
        Json::Object(object)
    }
}

impl Expand {
    /// The targets of a row that do not fit into it, in order.
    pub fn rest(&self, world: &World, version: Version, row: usize) -> Vec<Json> {
        let (skip, top) = (self.options.skip.unwrap_or(0), self.options.top.unwrap_or(usize::MAX));
        let targets = self.options.rows(world, version, self.nav.to, (self.nav.targets)(world, row));
        let rest = targets.iter().skip(skip.saturating_add(top));
        rest.map(|target| self.shape.row(world, version, self.nav.to, *target)).collect()
    }

    fn write_into(&self, object: &mut Map<String, Json>, world: &World, version: Version, row: usize) {
        let name = self.nav.name;
        let all = self.options.rows(world, version, self.nav.to, (self.nav.targets)(world, row));
        let shown = |target: &usize| self.shape.row(world, version, self.nav.to, *target);
        if !self.nav.many {
            object.insert(name.to_owned(), all.first().map_or(Json::Null, shown));
            return;
        }
        if self.options.count {
            object.insert(format!("{name}@odata.count"), json!(all.len()));
        }
        let (skip, top) = (self.options.skip.unwrap_or(0), self.options.top.unwrap_or(usize::MAX));
        object.insert(name.to_owned(), all.iter().skip(skip).take(top).map(shown).collect());
        if top > 0 && all.len() > skip.saturating_add(top) {
            object.insert(format!("{name}@odata.nextLink"), json!(true));
        }
    }
}

/// A text without its letter case.
pub fn caseless(text: &str) -> String {
    text.to_lowercase().to_uppercase()
}

impl Search {
    fn finds(&self, world: &World, version: Version, entity: Entity, row: usize) -> bool {
        match self {
            Self::Term(wanted, text) => props(entity, version).iter().any(|prop| {
                prop.searched
                    && wanted.is_none_or(|wanted| wanted.name == prop.name)
                    && matches!((prop.value)(world, row), Val::Text(v) if caseless(&v).contains(&caseless(text)))
            }),
            Self::And(left, right) => {
                left.finds(world, version, entity, row) && right.finds(world, version, entity, row)
            }
            Self::Or(left, right) => {
                left.finds(world, version, entity, row) || right.finds(world, version, entity, row)
            }
            Self::Not(operand) => !operand.finds(world, version, entity, row),
        }
    }

    fn write(&self, rng: &mut Rng) -> String {
        match self {
            Self::Term(prop, text) => {
                let prefix = prop.map_or_else(String::new, |p| format!("{}:", p.name));
                let plain = |c: char| c.is_alphanumeric() || c == '_';
                let reserved = matches!(text.as_str(), "AND" | "OR" | "NOT");
                if text.chars().all(plain) && !reserved && rng.chance(60) {
                    format!("{prefix}{text}")
                } else {
                    format!("\"{prefix}{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                }
            }
            Self::And(left, right) => {
                format!("({}) {}({})", left.write(rng), rng.pick(&["", "AND "]).to_owned(), right.write(rng))
            }
            Self::Or(left, right) => format!("({}) OR ({})", left.write(rng), right.write(rng)),
            Self::Not(operand) => format!("NOT ({})", operand.write(rng)),
        }
    }
}
