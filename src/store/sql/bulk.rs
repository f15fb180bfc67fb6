//! The statements by which much is looked up at once.

use super::{Dialect, Sql, Statement};
use crate::{
    model::{
        meta::{EntityType, LinkTable},
        value::Value,
    },
    store::{Life, TenantKey},
};

/// The whole rows in which a column has one of these values: the version, then the columns.
pub fn rows_among(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    entity: &'static EntityType,
    column: usize,
    values: Vec<String>,
    life: Life,
) -> Statement {
    let mut sql = Sql::new(dialect, tenant);
    sql.push("SELECT t.row_version");
    for column in entity.columns {
        sql.push(", ").column("t", column.name);
    }
    sql.tenant_rows(entity.table, "t");
    sql.of_type(entity, "t", life == Life::Deleted);
    let name = entity.columns.get(column).map_or("id", |c| c.name);
    // Indexes on names hold only the rows that have one.
    sql.push(" AND ").column("t", name).push(" IS NOT NULL AND ").column("t", name);
    sql.among(values);
    sql.finish()
}

/// Those of the targets that a source is linked to.
pub fn linked(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    table: LinkTable,
    source: String,
    targets: Vec<String>,
) -> Statement {
    let mut sql = Sql::new(dialect, tenant);
    sql.push("SELECT ").column("t", table.target);
    sql.tenant_rows(table.table, "t");
    sql.push(" AND ").column("t", table.source).push(" = ").value(&Value::Text(source));
    sql.push(" AND ").column("t", table.target);
    sql.among(targets);
    sql.finish()
}

/// The links of these sources, in order, from one on: source and target.
pub fn links(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    table: LinkTable,
    sources: Vec<String>,
    after: Option<&(String, String)>,
    most: usize,
) -> Statement {
    let mut sql = Sql::new(dialect, tenant);
    sql.push("SELECT ").column("t", table.source).push(", ").column("t", table.target);
    sql.tenant_rows(table.table, "t");
    sql.push(" AND ").column("t", table.source);
    sql.among(sources);
    if let Some((source, target)) = after {
        let (source, target) = (Value::Text(source.clone()), Value::Text(target.clone()));
        sql.push(" AND (").column("t", table.source).push(" > ").value(&source);
        sql.push(" OR (").column("t", table.source).push(" = ").value(&source);
        sql.push(" AND ").column("t", table.target).push(" > ").value(&target).push("))");
    }
    sql.push(" ORDER BY ").column("t", table.source).push(", ").column("t", table.target);
    sql.push(" LIMIT ").value(&Value::Int(i64::try_from(most).unwrap_or(i64::MAX)));
    sql.finish()
}

impl Sql<'_> {
    /// ` IN (…)`
    fn among(&mut self, values: Vec<String>) {
        let [before, after] = self.dialect.keys();
        self.push(" IN (SELECT k.value FROM ").push(before).texts(values).push(after).push(")");
    }
}
