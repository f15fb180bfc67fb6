//! From a query to JSON, without a database.
//!
//! A [`Reader`] says which statement it needs next and is fed the rows; an engine runs the statements, nothing else.
//! One statement for the page, one for its count, one for each level of each expansion, whatever the number of rows.
//!
//! Rows are written to JSON as they come; where something is expanded inside them, without braces, and it is put in when
//! all rows are there. At most the rows of one answer are held.

use std::collections::{HashMap, VecDeque};

use super::{
    Page, TenantKey,
    sql::{Dialect, Statement, select},
};
use crate::{
    model::{
        meta::Face,
        record::RowVersion,
        value::Value,
        write::{Row, write_properties, write_text},
    },
    odata::{
        links,
        query::{Expand, Query, Shape},
    },
};

/// A read under way.
pub(super) struct Reader<'q> {
    dialect: &'q dyn Dialect,
    tenant: TenantKey,
    query: &'q Query,
    steps: VecDeque<Step>,
    current: Step,
    /// The page's rows, then those of each expansion.
    nodes: Vec<Node<'q>>,
    count: Option<u64>,
    /// Whether the closure that the rows are reached by leads to many.
    many: bool,
    /// The order keys of the last row that fits on the page.
    last: Option<Vec<Value>>,
    more: bool,
    version: Option<RowVersion>,
    exists: bool,
}

/// A statement to run.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// How much the closure leads to that the rows are reached by.
    Links,
    Page,
    Count,
    /// Whether what the path hangs on exists: asked when the page is empty.
    Parent,
    /// The rows of a node that is not the page.
    Expand(usize),
    /// How many targets each source of a node has.
    ExpandCount(usize),
}

/// The rows of the page or of an expansion.
struct Node<'q> {
    face: &'static Face,
    shape: &'q Shape,
    /// The expansion; none for the page.
    expand: Option<&'q Expand>,
    /// What it starts from: the sources and, for each by its number, the rows found and how many there are in all.
    sources: Sources,
    found: Vec<Vec<usize>>,
    counts: Vec<u64>,
    /// The JSON of all rows.
    json: Vec<u8>,
    /// Where each row's JSON ends; it begins where its predecessor's ends.
    ends: Vec<usize>,
    /// For each of the shape's expansions: what it starts from.
    links: Vec<Sources>,
    /// The nodes of the shape's expansions, in order.
    children: Vec<usize>,
}

/// What an expansion starts from: each source once, numbered in the order of the rows.
#[derive(Default)]
struct Sources {
    keys: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The source of each row, by its number.
    of_rows: Vec<Option<usize>>,
}

impl Sources {
    /// Notes the source of the next row. Neighbours often have the same: that needs no look-up.
    fn push(&mut self, key: Option<&str>) {
        let last = self.of_rows.last().copied().flatten();
        let number = key.map(|key| match last {
            Some(last) if self.keys.get(last).is_some_and(|k| k == key) => last,
            _ => self.number(key).unwrap_or_else(|| {
                self.keys.push(key.to_owned());
                self.numbers.insert(key.to_owned(), self.keys.len() - 1);
                self.keys.len() - 1
            }),
        });
        self.of_rows.push(number);
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.numbers.get(key).copied()
    }
}

impl<'q> Reader<'q> {
    /// A read of this query.
    pub(super) fn new(dialect: &'q dyn Dialect, tenant: TenantKey, query: &'q Query) -> Self {
        let mut steps = VecDeque::from([Step::Links, Step::Page]);
        if query.count {
            steps.push_back(Step::Count);
        }
        let mut page = Node::new(query.rows.face(), &query.shape, None, Sources::default());
        page.json.reserve(query.limit.min(128) * 512);
        Self {
            dialect,
            tenant,
            query,
            steps,
            current: Step::Page,
            nodes: vec![page],
            count: None,
            many: false,
            last: None,
            more: false,
            version: None,
            exists: true,
        }
    }

    /// The statement to run next; none when the read is done.
    pub(super) fn next_statement(&mut self) -> Option<Statement> {
        let (dialect, tenant, query) = (self.dialect, self.tenant, self.query);
        self.current = self.steps.pop_front()?;
        Some(match self.current {
            Step::Links => match select::links_of_closure(dialect, tenant, query) {
                Some(statement) => statement,
                None => return self.next_statement(),
            },
            Step::Page => select::page(dialect, tenant, query, self.many),
            Step::Count => select::count(dialect, tenant, query),
            Step::Parent => select::exists(dialect, tenant, &query.sight, query.rows.parent()?),
            Step::Expand(node) => {
                let node = self.nodes.get(node)?;
                select::expansion(dialect, tenant, &query.sight, node.expand?, node.sources.keys.clone())
            }
            Step::ExpandCount(node) => {
                let node = self.nodes.get(node)?;
                select::expansion_count(dialect, tenant, &query.sight, node.expand?, node.sources.keys.clone())
            }
        })
    }

    /// Takes a row of the statement.
    pub(super) fn row(&mut self, row: &dyn Row) {
        match self.current {
            Step::Links => self.many = row.int(0).is_some_and(|links| links >= select::MANY),
            Step::Page => self.page_row(row),
            Step::Count => self.count = row.int(0).and_then(|n| u64::try_from(n).ok()),
            Step::Parent => self.exists = true,
            Step::Expand(node) => {
                if let (Some(node), Some(source)) = (self.nodes.get_mut(node), row.text(0))
                    && let Some(number) = node.sources.number(source)
                    && let Some(found) = node.found.get_mut(number)
                {
                    found.push(node.ends.len());
                    node.write(row, 1);
                }
            }
            Step::ExpandCount(node) => {
                if let (Some(node), Some(source), Some(n)) = (self.nodes.get_mut(node), row.text(0), row.int(1))
                    && let Some(number) = node.sources.number(source)
                    && let Some(count) = node.counts.get_mut(number)
                {
                    *count = u64::try_from(n).unwrap_or_default();
                }
            }
        }
    }

    fn page_row(&mut self, row: &dyn Row) {
        let Some(page) = self.nodes.first_mut() else { return };
        let collection = self.query.rows.is_collection();
        if collection && page.ends.len() == self.query.limit {
            self.more = true;
            return;
        }
        page.write(row, select::page_prefix(self.query));
        self.version = row.int(0).map(RowVersion);
        if collection && page.ends.len() == self.query.limit {
            self.last = Some(select::order_values(&self.query.order, row));
        }
    }

    /// The statement has no more rows.
    pub(super) fn end(&mut self) {
        match self.current {
            Step::Page => {
                let empty = self.nodes.first().is_none_or(|n| n.ends.is_empty());
                if empty && self.query.rows.is_collection() && self.query.rows.parent().is_some() {
                    self.exists = false;
                    self.steps.push_back(Step::Parent);
                }
                self.plan_expansions(0);
            }
            Step::Expand(node) => self.plan_expansions(node),
            Step::Links | Step::Count | Step::Parent | Step::ExpandCount(_) => {}
        }
    }

    /// Makes a node for each expansion of a node's rows, and its statements where there is anything to start from.
    fn plan_expansions(&mut self, node: usize) {
        let Some(shape) = self.nodes.get(node).map(|n| n.shape) else { return };
        let links = self.nodes.get_mut(node).map(|n| std::mem::take(&mut n.links)).unwrap_or_default();
        for (expand, sources) in shape.expand.iter().zip(links) {
            let child = self.nodes.len();
            if !sources.keys.is_empty() {
                self.steps.push_back(Step::Expand(child));
                if expand.count {
                    self.steps.push_back(Step::ExpandCount(child));
                }
            }
            self.nodes.push(Node::new(expand.face, &expand.shape, Some(expand), sources));
            if let Some(node) = self.nodes.get_mut(node) {
                node.children.push(child);
            }
        }
    }

    /// What was read. None: the path does not exist, or it leads to one row and there is none.
    pub(super) fn finish(self) -> Option<Page> {
        let page = self.nodes.first()?;
        let collection = self.query.rows.is_collection();
        if !self.exists || (!collection && page.ends.is_empty()) {
            return None;
        }
        let next = if self.more { self.last.clone() } else { None };
        let version = if collection { None } else { self.version };
        if page.is_whole() {
            let Self { nodes, count, .. } = self;
            let rows = nodes.into_iter().next().map(|n| n.json).unwrap_or_default();
            return Some(Page { rows, count, next, version });
        }
        let mut rows = Vec::with_capacity(page.json.len() + 3 * page.ends.len());
        for row in 0..page.ends.len() {
            if row > 0 {
                rows.push(b',');
            }
            self.assemble(&mut rows, page, row);
        }
        Some(Page { rows, count: self.count, next, version })
    }

    /// Appends a row with what is expanded inside it.
    fn assemble(&self, out: &mut Vec<u8>, node: &Node<'_>, row: usize) {
        out.push(b'{');
        let json = node.json_of(row);
        out.extend_from_slice(json);
        let mut empty = json.is_empty();
        for child in node.children.iter().filter_map(|child| self.nodes.get(*child)) {
            let Some(expand) = child.expand else { continue };
            if !std::mem::take(&mut empty) {
                out.push(b',');
            }
            let source = child.sources.of_rows.get(row).copied().flatten();
            let found = source.and_then(|s| child.found.get(s)).map_or(&[][..], Vec::as_slice);
            if expand.navigation.is_collection() {
                self.assemble_many(out, node.face, child, expand, source, found);
            } else {
                out.extend_from_slice(expand.navigation.json_name.as_bytes());
                match found.first() {
                    Some(target) => self.assemble(out, child, *target),
                    None => out.extend_from_slice(b"null"),
                }
            }
        }
        out.push(b'}');
    }

    /// Appends `"nav@odata.count":n,"nav":[…],"nav@odata.nextLink":"…"`.
    fn assemble_many(
        &self,
        out: &mut Vec<u8>,
        face: &Face,
        child: &Node<'_>,
        expand: &Expand,
        source: Option<usize>,
        found: &[usize],
    ) {
        let name = expand.navigation.name;
        if expand.count {
            let count = source.and_then(|s| child.counts.get(s)).copied().unwrap_or_default();
            out.extend_from_slice(format!("\"{name}@odata.count\":{count},").as_bytes());
        }
        out.extend_from_slice(expand.navigation.json_name.as_bytes());
        out.push(b'[');
        for (at, target) in found.iter().take(expand.limit).enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.assemble(out, child, *target);
        }
        out.push(b']');
        let key = source.and_then(|s| child.sources.keys.get(s));
        // Who asks for none is not sent on: the next page would hold none either.
        if let (true, Some(key)) = (expand.limit > 0 && found.len() > expand.limit, key) {
            let link = links::expanded(&self.query.root, face, key, name, &expand.rest);
            out.extend_from_slice(format!(",\"{name}@odata.nextLink\":").as_bytes());
            write_text(out, &link);
        }
    }
}

impl<'q> Node<'q> {
    fn new(face: &'static Face, shape: &'q Shape, expand: Option<&'q Expand>, sources: Sources) -> Self {
        let count = sources.keys.len();
        Self {
            face,
            shape,
            expand,
            found: vec![Vec::new(); count],
            counts: vec![0; count],
            sources,
            json: Vec::new(),
            ends: Vec::new(),
            links: shape.expand.iter().map(|_| Sources::default()).collect(),
            children: Vec::new(),
        }
    }

    /// Writes a row whose columns before `prefix` are not the shape's.
    fn write(&mut self, row: &dyn Row, prefix: usize) {
        if self.is_whole() {
            if !self.json.is_empty() {
                self.json.push(b',');
            }
            self.json.push(b'{');
            write_shape(&mut self.json, row, prefix, self.shape);
            self.json.push(b'}');
        } else {
            for (column, link) in (prefix..).zip(&mut self.links) {
                link.push(row.text(column));
            }
            write_shape(&mut self.json, row, prefix + self.links.len(), self.shape);
        }
        self.ends.push(self.json.len());
    }

    /// Whether the JSON is that of the answer as it stands: the page's, with nothing to put inside.
    fn is_whole(&self) -> bool {
        self.expand.is_none() && self.shape.expand.is_empty()
    }

    fn json_of(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.json.get(start..end).unwrap_or_default()
    }
}

/// Writes what a shape selects of a row. A row that is of one of several types says of which.
fn write_shape(out: &mut Vec<u8>, row: &dyn Row, first: usize, shape: &Shape) {
    if shape.kinds.is_empty() {
        write_properties(out, row, first, &shape.select);
        return;
    }
    let kind = row.text(first).unwrap_or_default();
    let Some(of) = shape.kinds.iter().find(|of| of.face.entity.kind == Some(kind)) else { return };
    out.extend_from_slice(b"\"@odata.type\":\"#");
    out.extend_from_slice(of.face.qualified_name().as_bytes());
    out.push(b'"');
    for (at, property) in &of.select {
        let before = out.len();
        out.push(b',');
        if !write_properties(out, row, first + 1 + at, &[property]) {
            out.truncate(before);
        }
    }
}
