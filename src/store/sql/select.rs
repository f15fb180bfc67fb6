//! The statements of a read.

use super::{Dialect, Sql, Statement};
use crate::{
    model::{
        meta::{EntityType, Face, ID, Link, LinkTable, Navigation, Property},
        scope::Sight,
        value::Value,
    },
    odata::query::{Expand, Expr, OrderKey, Query, Rows, Search, Shape, Start},
    store::{Life, TenantKey},
};

/// The rows of a query's path; `many`: as its closure leads to many. Columns: the row's version, the order keys, the links that expansions start from, the
/// selected properties. One more row than the limit is asked for, to know whether there are more.
pub fn page(dialect: &dyn Dialect, tenant: TenantKey, query: &Query, many: bool) -> Statement {
    let entity = query.rows.face().entity;
    let mut sql = Sql::new(dialect, tenant).seeing(&query.sight);
    sql.many = many;
    sql.push("SELECT t.row_version");
    if query.rows.is_collection() {
        let mut scopes = vec![("t".to_owned(), entity)];
        for key in &query.order {
            sql.push(", ");
            sql.expr(&key.expr, &mut scopes, false);
        }
    }
    sql.shape(&query.shape, "t", entity);
    let link = sql.linked_rows(&query.rows, "t");
    sql.narrow(query.filter.as_ref(), query.search.as_ref(), "t", entity, &searchable(&query.rows));
    if query.rows.is_collection() {
        let mut scopes = vec![("t".to_owned(), entity)];
        match (link.filter(|_| by_id(&query.order)), &query.start) {
            // The links are in this order, so that no more of them are read than are wanted.
            (Some(link), start) => {
                if let Start::After(values) = start {
                    sql.push(" AND ").column("k", link.target).push(" > ");
                    sql.list(values, |sql, value| _ = sql.value(value));
                }
                sql.push(" ORDER BY ").column("k", link.target);
            }
            (None, Start::After(values)) => {
                sql.push(" AND ");
                sql.after(&query.order, values, &mut scopes);
                sql.order_by("", &query.order, &mut scopes);
            }
            (None, _) => sql.order_by("", &query.order, &mut scopes),
        }
        sql.page(query.limit + 1, &query.start);
    }
    sql.finish()
}

/// The whole rows of a query's page: the version, then the columns.
pub fn records(dialect: &dyn Dialect, tenant: TenantKey, query: &Query) -> Statement {
    let entity = query.rows.face().entity;
    let mut sql = Sql::new(dialect, tenant).seeing(&query.sight);
    sql.columns(entity);
    sql.rows(&query.rows, "t");
    sql.narrow(query.filter.as_ref(), query.search.as_ref(), "t", entity, &searchable(&query.rows));
    sql.order_by("", &query.order, &mut vec![("t".to_owned(), entity)]);
    sql.page(query.limit, &query.start);
    sql.finish()
}

/// How many rows a query's path, filter and search allow.
pub fn count(dialect: &dyn Dialect, tenant: TenantKey, query: &Query) -> Statement {
    let entity = query.rows.face().entity;
    let mut sql = Sql::new(dialect, tenant).seeing(&query.sight);
    sql.push("SELECT count(*)");
    sql.linked_rows(&query.rows, "t");
    sql.narrow(query.filter.as_ref(), query.search.as_ref(), "t", entity, &searchable(&query.rows));
    sql.finish()
}

/// So many links make a closure one that leads to many rows.
pub const MANY: i64 = 20_000;

/// How many links end the ways of the closure that a query's rows are reached by, [`MANY`] at the most. None: they are not
/// reached so, or it makes no difference.
pub fn links_of_closure(dialect: &dyn Dialect, tenant: TenantKey, query: &Query) -> Option<Statement> {
    let mut rows = &query.rows;
    while let Rows::Cast { of, .. } = rows {
        rows = of;
    }
    let Rows::Related { of, navigation: Navigation { link: Link::Closure(closure), .. }, .. } = rows else {
        return None;
    };
    if !closure.nesting_first {
        return None;
    }
    let mut sql = Sql::new(dialect, tenant).seeing(&query.sight);
    sql.push("SELECT count(*) FROM (SELECT 1 FROM ");
    sql.closure(closure, |sql| sql.source_ids(of));
    sql.push(" c LIMIT ").value(&Value::Int(MANY)).push(") m");
    Some(sql.finish())
}

/// One row if there is any, else none.
pub fn exists(dialect: &dyn Dialect, tenant: TenantKey, sight: &Sight, rows: &Rows) -> Statement {
    let mut sql = Sql::new(dialect, tenant).seeing(sight);
    sql.push("SELECT 1");
    sql.rows(rows, "t");
    sql.push(" LIMIT 1");
    sql.finish()
}

/// A whole row by a key column, one that lives or one that was deleted: its version, then its columns.
pub fn row(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    entity: &'static EntityType,
    column: usize,
    value: String,
    life: Life,
) -> Statement {
    let mut sql = Sql::new(dialect, tenant);
    sql.columns(entity);
    sql.tenant_rows(entity.table, "t");
    sql.of_type(entity, "t", life == Life::Deleted);
    sql.push(" AND ").column("t", entity.columns.get(column).map_or("id", |c| c.name)).push(" = ");
    sql.value(&Value::Text(value));
    sql.finish()
}

/// The whole rows whose column is in a range, both ends included, in its order: the version, then the columns.
pub fn range(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    entity: &'static EntityType,
    column: &str,
    (from, to): (i64, i64),
) -> Statement {
    let mut sql = Sql::new(dialect, tenant);
    sql.columns(entity);
    sql.tenant_rows(entity.table, "t");
    sql.push(" AND ").column("t", column).push(" BETWEEN ").value(&Value::Int(from));
    sql.push(" AND ").value(&Value::Int(to));
    sql.push(" ORDER BY ").column("t", column);
    sql.finish()
}

/// The targets of a navigation property for the sources with these keys. Columns: the source's key, the links that
/// further expansions start from, the selected properties. Ordered for each source; one more than the limit for each.
pub fn expansion(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    sight: &Sight,
    expand: &Expand,
    keys: Vec<String>,
) -> Statement {
    let entity = expand.face.entity;
    let mut sql = Sql::new(dialect, tenant).seeing(sight);
    if let Link::Column(_) = expand.navigation.link {
        sql.push("SELECT t.id");
        sql.shape(&expand.shape, "t", entity);
        sql.rows_of(entity, "t");
        sql.push(" AND t.id IN (SELECT value FROM ");
        sql.keys(keys);
        sql.push(")");
        sql.narrow(expand.filter.as_ref(), expand.search.as_ref(), "t", entity, &expand.searchable());
        return sql.finish();
    }
    let [before, after] = dialect.per_key(entity.table);
    sql.push("SELECT k.value");
    sql.shape(&expand.shape, "t", entity);
    sql.push(" FROM ");
    sql.keys(keys);
    sql.push(&before);
    sql.targets(expand, "k.value", " = ");
    let mut scopes = vec![("x".to_owned(), entity)];
    sql.order_by("", &expand.order, &mut scopes);
    sql.push(" LIMIT ").value(&number(expand.limit + 1));
    if expand.skip > 0 {
        sql.push(" OFFSET ").value(&Value::Int(i64::try_from(expand.skip).unwrap_or(i64::MAX)));
    }
    sql.push(&after);
    let mut scopes = vec![("t".to_owned(), entity)];
    sql.order_by("k.key, ", &expand.order, &mut scopes);
    sql.finish()
}

/// How many targets each source has. Columns: the source's key, the number.
pub fn expansion_count(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    sight: &Sight,
    expand: &Expand,
    keys: Vec<String>,
) -> Statement {
    let source = match expand.navigation.link {
        Link::Inverse(column) => {
            expand.face.entity.columns.get(column).map_or("x.id".into(), |c| format!("x.{}", c.name))
        }
        Link::Table(table) => format!("l.{}", table.source),
        // The parser lets nobody count these.
        Link::Column(_) | Link::Closure(_) => "x.id".to_owned(),
    };
    let mut sql = Sql::new(dialect, tenant).seeing(sight);
    sql.push("SELECT ").push(&source).push(", count(*)");
    sql.push(" FROM ").push(expand.face.entity.table).push(" x");
    sql.targets_where(expand, &source, " IN (SELECT value FROM ");
    sql.keys(keys);
    sql.push(")");
    sql.narrow(expand.filter.as_ref(), expand.search.as_ref(), "x", expand.face.entity, &expand.searchable());
    sql.push(" GROUP BY ").push(&source);
    sql.finish()
}

impl Sql<'_> {
    /// `SELECT`: the version of a row, then its columns.
    fn columns(&mut self, entity: &EntityType) {
        self.push("SELECT t.row_version");
        for column in entity.columns {
            self.push(", ").column("t", column.name);
        }
    }

    /// ` LIMIT … OFFSET …`
    fn page(&mut self, limit: usize, start: &Start) {
        self.push(" LIMIT ").value(&number(limit));
        if let Start::Skip(skip @ 1..) = start {
            self.push(" OFFSET ").value(&Value::Int(i64::try_from(*skip).unwrap_or(i64::MAX)));
        }
    }

    /// `, …`: the links that expansions start from, then the selected properties.
    fn shape(&mut self, shape: &Shape, alias: &str, entity: &'static EntityType) {
        for column in shape.expand.iter().map(link_column) {
            if let Some(column) = entity.columns.get(column) {
                self.push(", ").column(alias, column.name);
            }
        }
        if !shape.kinds.is_empty() {
            self.push(", ").column(alias, "kind");
        }
        for property in &shape.select {
            self.push(", ").shown(alias, entity, property.column_name);
        }
    }

    /// `FROM table alias WHERE …`: the rows that a path leads to, as far as the caller may see them.
    fn rows(&mut self, rows: &Rows, alias: &str) {
        let entity = rows.face().entity;
        self.tenant_rows(entity.table, alias);
        self.of_type(entity, alias, rows.are_deleted());
        self.seen(entity, alias);
        self.within(rows, alias);
    }

    /// The same; what hangs on a table of links is read along it, as `k`. The table, if that is so.
    fn linked_rows(&mut self, rows: &Rows, alias: &str) -> Option<LinkTable> {
        let mut inner = rows;
        while let Rows::Cast { of, .. } = inner {
            inner = of;
        }
        let (of, table) =
            if let Rows::Related { of, navigation: Navigation { link: Link::Table(table), .. }, .. } = inner {
                (of, *table)
            } else {
                self.rows(rows, alias);
                return None;
            };
        let entity = rows.face().entity;
        self.push(" FROM ").push(table.table).push(" k CROSS JOIN ").push(entity.table).push(" ").push(alias);
        self.push(" WHERE ").column(alias, "tenant_id").push(" = ").tenant();
        self.push(" AND ").column(alias, "id").push(" = ").column("k", table.target);
        self.push(" AND ").column("k", "tenant_id").push(" = ").tenant();
        self.push(" AND ").column("k", table.source);
        self.source_ids(of);
        match self.single(of) {
            Some(id) => self.disclosed_from(&table, "k", id),
            None => self.disclosed(&table, "k"),
        }
        self.of_type(entity, alias, false);
        self.seen(entity, alias);
        Some(table)
    }

    pub(super) fn keys(&mut self, keys: Vec<String>) {
        let [before, after] = self.dialect.keys();
        self.push(before).texts(keys).push(after);
    }

    /// The select of a source's targets, but for order and limit: `SELECT … WHERE link = key AND filter`.
    fn targets(&mut self, expand: &Expand, key: &str, operator: &str) {
        let entity = expand.face.entity;
        self.push(" FROM ").push(entity.table).push(" x");
        match expand.navigation.link {
            Link::Table(table) => {
                let source = format!("l.{}", table.source);
                self.targets_where(expand, &source, operator);
            }
            Link::Inverse(column) => {
                let source = entity.columns.get(column).map_or("x.id".into(), |c| format!("x.{}", c.name));
                self.targets_where(expand, &source, operator);
            }
            Link::Column(_) => self.targets_where(expand, "x.id", operator),
            Link::Closure(closure) => {
                self.targets_where(expand, "x.id", " IN ");
                self.closure(closure, |sql| {
                    sql.push(operator).push(key);
                });
                return self.narrow(expand.filter.as_ref(), expand.search.as_ref(), "x", entity, &expand.searchable());
            }
        }
        self.push(key);
        self.narrow(expand.filter.as_ref(), expand.search.as_ref(), "x", entity, &expand.searchable());
    }

    /// Joins the table of links if there is one, then ` WHERE tenant AND source operator`.
    fn targets_where(&mut self, expand: &Expand, source: &str, operator: &str) {
        if let Link::Table(table) = expand.navigation.link {
            self.push(" JOIN ").push(table.table).push(" l ON l.tenant_id = ").tenant();
            self.push(" AND l.").push(table.target).push(" = x.id");
            self.disclosed(&table, "l");
        }
        self.push(" WHERE x.tenant_id = ").tenant();
        self.of_type(expand.face.entity, "x", false);
        self.seen(expand.face.entity, "x");
        self.push(" AND ").push(source).push(operator);
    }

    /// ` AND …` for a filter and a search.
    fn narrow(
        &mut self,
        filter: Option<&Expr>,
        search: Option<&Search>,
        alias: &str,
        entity: &'static EntityType,
        searchable: &[&Property],
    ) {
        if let Some(filter) = filter {
            self.push(" AND ");
            self.expr(filter, &mut vec![(alias.to_owned(), entity)], false);
        }
        if let Some(search) = search {
            self.push(" AND ");
            self.search(search, (alias, entity), searchable);
        }
    }
}

/// Whether rows are ordered by their ids alone.
fn by_id(order: &[OrderKey]) -> bool {
    match order {
        [OrderKey { expr: Expr::Property(path), descending: false }] => {
            path.navigations.is_empty() && path.property.column == ID
        }
        _ => false,
    }
}

impl Expand {
    fn searchable(&self) -> Vec<&'static Property> {
        searchable_of(self.face)
    }
}

fn searchable(rows: &Rows) -> Vec<&'static Property> {
    searchable_of(rows.face())
}

/// What `$search` looks into: of one of several types, what any of them says.
fn searchable_of(face: &'static Face) -> Vec<&'static Property> {
    let mut found: Vec<&'static Property> = Vec::new();
    for property in std::iter::once(face).chain(face.derived()).flat_map(Face::shown).filter(|p| p.searchable) {
        if found.iter().all(|p| p.column_name != property.column_name) {
            found.push(property);
        }
    }
    found
}

/// The source's column that an expansion starts from.
fn link_column(expand: &Expand) -> usize {
    match expand.navigation.link {
        Link::Column(column) => column,
        Link::Inverse(_) | Link::Table(_) | Link::Closure(_) => ID,
    }
}

pub(super) fn number(n: usize) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

/// How many columns stand before the links and selected properties of a page's rows.
pub fn page_prefix(query: &Query) -> usize {
    1 + if query.rows.is_collection() { query.order.len() } else { 0 }
}

/// The order keys' values of a row of a page.
pub fn order_values(order: &[OrderKey], row: &dyn crate::model::write::Row) -> Vec<Value> {
    use crate::model::{meta::Kind, value::Timestamp};
    let value = |(at, key): (usize, &OrderKey)| {
        let column = at + 1;
        let value = match key.expr.kind() {
            Some(Kind::Text) => row.text(column).map(|t| Value::Text(t.to_owned())),
            Some(Kind::Bool) => row.bool(column).map(Value::Bool),
            Some(Kind::Int) => row.int(column).map(Value::Int),
            Some(Kind::Time) => row.int(column).map(|us| Value::Time(Timestamp(us))),
            None => None,
        };
        value.unwrap_or(Value::Null)
    };
    order.iter().enumerate().map(value).collect()
}
