//! The statements of a commit.

use std::{iter, sync::Arc};

use super::{Dialect, Parameter, ParameterKind, Sql, Statement};
use crate::{
    model::{
        changeset::{Changeset, Reliance, Revocation, RowWrite},
        meta::{EntityType, Kind, LinkTable},
        record::RowVersion,
        value::{Timestamp, Value},
    },
    store::TenantKey,
};

/// For so long, in microseconds, it is remembered whose tokens were revoked: a little longer than any token lives.
pub const REVOCATIONS_KEPT: i64 = 25 * 3_600_000_000;

/// A statement of a commit, and what its outcome must be.
#[derive(Debug)]
pub struct Write {
    /// The statement.
    pub statement: Statement,
    /// What must have come of it.
    pub must: Must,
    /// The entity type it is about; none for links.
    pub entity: Option<&'static EntityType>,
}

/// What must have come of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// It gives a row; it writes nothing.
    Find,
    /// It changed one row.
    Change,
    /// Nothing in particular.
    Run,
}

/// The statements of a changeset, in order. Its records are written by [`Inserts`], when they have their places.
pub fn statements(dialect: &dyn Dialect, tenant: TenantKey, changes: Changeset) -> Vec<Write> {
    let mut inserts = Inserts::default();
    let mut statements = Vec::with_capacity(changes.relies_on.len() + changes.writes.len());
    statements.extend(changes.relies_on.iter().map(|r| reliance(dialect, tenant, r)));
    for change in changes.writes {
        write(dialect, tenant, change, &mut inserts, &mut statements);
    }
    statements
}

/// The statements that insert rows: one for each entity, made once for all rows.
#[derive(Default)]
pub struct Inserts(Vec<(&'static EntityType, Arc<str>)>);

impl Inserts {
    /// The statement that inserts a row.
    pub fn row(
        &mut self,
        dialect: &dyn Dialect,
        tenant: TenantKey,
        entity: &'static EntityType,
        values: Vec<Value>,
        version: RowVersion,
    ) -> Write {
        let known = self.0.iter().find(|(of, _)| *of == entity).map(|(_, sql)| Arc::clone(sql));
        let sql = known.unwrap_or_else(|| {
            let sql = insert(dialect, entity);
            self.0.push((entity, Arc::clone(&sql)));
            sql
        });
        let mut parameters = Vec::with_capacity(values.len() + 2);
        parameters.extend([Value::Int(tenant.0), Value::Int(version.0)].map(Parameter::Value));
        parameters.extend(values.into_iter().map(Parameter::Value));
        Write { statement: Statement { sql, parameters }, must: Must::Run, entity: Some(entity) }
    }
}

/// The text that inserts a row: parameters are the tenant, the version and the columns. What is nothing is a parameter, too,
/// so that one text serves all rows.
fn insert(dialect: &dyn Dialect, entity: &EntityType) -> Arc<str> {
    let mut sql = format!("INSERT INTO {} (tenant_id, row_version", entity.table);
    for column in entity.columns {
        sql.push_str(", ");
        sql.push_str(column.name);
    }
    sql.push_str(") VALUES (");
    dialect.placeholder(&mut sql, 1, ParameterKind::One(Kind::Int));
    for (number, kind) in (2..).zip(iter::once(Kind::Int).chain(entity.columns.iter().map(|column| column.kind))) {
        sql.push_str(", ");
        dialect.placeholder(&mut sql, number, ParameterKind::One(kind));
    }
    sql.push(')');
    sql.into()
}

fn reliance(dialect: &dyn Dialect, tenant: TenantKey, reliance: &Reliance) -> Write {
    let Reliance { entity, id, version } = reliance;
    let mut sql = Sql::new(dialect, tenant);
    // An update that changes nothing would write a row version; a share lock is what PostgreSQL needs, and SQLite,
    // where writers are one, does without: so the engines add their lock.
    sql.push("SELECT 1");
    sql.tenant_rows(entity.table, "t");
    sql.state("t", id, *version);
    Write { statement: sql.finish(), must: Must::Find, entity: Some(entity) }
}

fn write(dialect: &dyn Dialect, tenant: TenantKey, change: RowWrite, inserts: &mut Inserts, writes: &mut Vec<Write>) {
    let mut sql = Sql::new(dialect, tenant);
    let (must, entity) = match change {
        RowWrite::Insert { entity, values, version } => {
            return writes.push(inserts.row(dialect, tenant, entity, values, version));
        }
        RowWrite::Update { entity, id, seen, changes, version, .. } => {
            sql.push("UPDATE ").push(entity.table).push(" SET row_version = ").value(&Value::Int(version.0));
            for (column, value) in &changes {
                if let Some(column) = entity.columns.get(*column) {
                    sql.push(", ").push(column.name).push(" = ").value(value);
                }
            }
            sql.push(" WHERE tenant_id = ").tenant();
            sql.state(entity.table, &id, seen);
            (Must::Change, Some(entity))
        }
        RowWrite::Delete { entity, id, seen, .. } => {
            sql.push("DELETE FROM ").push(entity.table).push(" WHERE tenant_id = ").tenant();
            sql.state(entity.table, &id, seen);
            (Must::Change, Some(entity))
        }
        RowWrite::Link { table, source, target } => {
            sql.push("INSERT INTO ").push(table.table).push(" (tenant_id, ");
            sql.push(table.source).push(", ").push(table.target).push(") VALUES (").tenant();
            sql.push(", ").value(&Value::Text(source)).push(", ").value(&Value::Text(target));
            sql.push(") ON CONFLICT DO NOTHING");
            (Must::Run, None)
        }
        RowWrite::Unlink { table, source, target } => {
            sql.unlink(table, &source, &target);
            (Must::Run, None)
        }
        RowWrite::Touch { entity, id, version } => {
            sql.push("UPDATE ").push(entity.table).push(" SET row_version = ").value(&Value::Int(version.0));
            sql.push(" WHERE tenant_id = ").tenant().push(" AND id = ").value(&Value::Text(id));
            (Must::Run, Some(entity))
        }
        RowWrite::Revoke { object_id, until } => {
            return writes.extend(revoke(
                dialect,
                tenant,
                (Revocation::Object(&object_id), "user_id", &object_id),
                until,
            ));
        }
        RowWrite::RevokeThrough { app_id, until } => {
            return writes.extend(revoke(
                dialect,
                tenant,
                (Revocation::Application(&app_id), "app_id", &app_id),
                until,
            ));
        }
    };
    writes.push(Write { statement: sql.finish(), must, entity });
}

/// Notes from when on whose tokens count, ends what was granted, and forgets what need not be known any more.
fn revoke(
    dialect: &dyn Dialect,
    tenant: TenantKey,
    (what, column, id): (Revocation<'_>, &str, &str),
    until: Timestamp,
) -> Vec<Write> {
    let (key, id) = (Value::Text(what.key()), Value::Text(id.to_owned()));
    let run = |write: &dyn Fn(&mut Sql<'_>)| {
        let mut sql = Sql::new(dialect, tenant);
        write(&mut sql);
        Write { statement: sql.finish(), must: Must::Run, entity: None }
    };
    vec![
        run(&|sql| {
            sql.push("DELETE FROM revocation WHERE tenant_id = ").tenant();
            sql.push(" AND object_id IN (SELECT object_id FROM revocation WHERE tenant_id = ").tenant();
            sql.push(" AND expires_at < ").value(&Value::Int(until.0)).push(" LIMIT 100)");
        }),
        run(&|sql| {
            sql.push("INSERT INTO revocation (tenant_id, object_id, revoked_at, expires_at) VALUES (").tenant();
            sql.push(", ").value(&key).push(", ").value(&Value::Int(until.0));
            sql.push(", ").value(&Value::Int(until.0.saturating_add(REVOCATIONS_KEPT)));
            sql.push(") ON CONFLICT (tenant_id, object_id) DO UPDATE SET revoked_at = excluded.revoked_at");
            sql.push(", expires_at = excluded.expires_at");
        }),
        run(&|sql| {
            sql.push("DELETE FROM sign_in_grant WHERE tenant_id = ").tenant();
            sql.push(" AND ").push(column).push(" = ").value(&id);
        }),
    ]
}

impl Sql<'_> {
    fn unlink(&mut self, table: LinkTable, source: &str, target: &str) {
        self.push("DELETE FROM ").push(table.table).push(" WHERE tenant_id = ").tenant();
        self.push(" AND ").push(table.source).push(" = ").value(&Value::Text(source.to_owned()));
        self.push(" AND ").push(table.target).push(" = ").value(&Value::Text(target.to_owned()));
    }

    /// ` AND` the row has this id and this version.
    fn state(&mut self, alias: &str, id: &str, version: RowVersion) {
        self.push(" AND ").column(alias, "id").push(" = ").value(&Value::Text(id.to_owned()));
        self.push(" AND ").column(alias, "row_version").push(" = ").value(&Value::Int(version.0));
    }
}
