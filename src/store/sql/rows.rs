//! Which rows a path leads to, as a condition.

use super::Sql;
use crate::{
    model::{
        meta::{ID, Link},
        scope::Scope,
        value::Value,
    },
    odata::query::Rows,
};

impl Sql<'_> {
    /// ` AND …`: the rows named `alias` are those that the path leads to.
    pub(super) fn within(&mut self, rows: &Rows, alias: &str) {
        match rows {
            Rows::All(_) => {}
            Rows::Keyed { of, property, value } => {
                self.push(" AND ").column(alias, column(rows, property.column)).push(" = ");
                self.value(&Value::Text(value.clone()));
                self.within(of, alias);
            }
            Rows::Related { of, navigation, .. } => {
                self.push(" AND ");
                match navigation.link {
                    Link::Column(link) => {
                        self.column(alias, "id").push(" IN ");
                        self.sources(of, link);
                    }
                    Link::Inverse(link) => {
                        self.column(alias, column(rows, link));
                        self.source_ids(of);
                    }
                    Link::Table(table) => {
                        let link = self.alias();
                        self.column(alias, "id").push(" IN (SELECT ").column(&link, table.target);
                        self.tenant_rows(table.table, &link);
                        self.push(" AND ").column(&link, table.source);
                        self.source_ids(of);
                        self.push(")");
                    }
                }
            }
        }
    }

    /// ` = ?` where the rows are named by their id and nothing else and all may be seen, else ` IN (SELECT id …)`: what
    /// hangs on something that may not be seen is not there either.
    fn source_ids(&mut self, rows: &Rows) {
        match rows {
            Rows::Keyed { of, property, value }
                if property.column == ID && matches!(**of, Rows::All(_)) && self.scope == Scope::Tenant =>
            {
                self.push(" = ").value(&Value::Text(value.clone()));
            }
            _ => {
                self.push(" IN ");
                self.sources(rows, ID);
            }
        }
    }

    /// `(SELECT column FROM …)`
    fn sources(&mut self, rows: &Rows, of_column: usize) {
        let source = self.alias();
        self.push("(SELECT ").column(&source, column(rows, of_column));
        self.rows_of(rows.face().entity, &source);
        self.within(rows, &source);
        self.push(")");
    }
}

fn column(rows: &Rows, column: usize) -> &'static str {
    rows.face().entity.columns.get(column).map_or("id", |c| c.name)
}
