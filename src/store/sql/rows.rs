//! Which rows a path leads to, as a condition.

use super::Sql;
use crate::{
    model::{
        meta::{Closure, ID, Link, LinkTable},
        scope::Scope,
        value::Value,
    },
    odata::query::Rows,
};

/// The table of directory objects.
pub(super) const DIRECTORY: &str = "directory_object";

impl Sql<'_> {
    /// ` AND …`: the rows named `alias` are those that the path leads to.
    pub(super) fn within(&mut self, rows: &Rows, alias: &str) {
        self.within_or_one(rows, alias, false);
    }

    /// The same; `one`: it is known already which one it is, and asked whether it is among them. So it is looked up, and not
    /// all of them, which may be a million.
    fn within_or_one(&mut self, rows: &Rows, alias: &str, one: bool) {
        match rows {
            Rows::All(_) | Rows::Deleted(_) => {}
            Rows::Cast { of, .. } => self.within_or_one(of, alias, one),
            Rows::Keyed { of, property, value } => {
                self.push(" AND ").column(alias, property.column_name).push(" = ");
                self.value(&Value::Text(value.clone()));
                self.within_or_one(of, alias, true);
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
                    Link::Table(table) if one => {
                        let link = self.alias();
                        self.push("EXISTS (SELECT 1").tenant_rows(table.table, &link);
                        self.push(" AND ").column(&link, table.target).push(" = ").column(alias, "id");
                        self.push(" AND ").column(&link, table.source);
                        self.source_ids(of);
                        self.disclosed(&table, &link);
                        self.push(")");
                    }
                    Link::Table(table) => {
                        let link = self.alias();
                        self.column(alias, "id").push(" IN (SELECT ").column(&link, table.target);
                        self.tenant_rows(table.table, &link);
                        self.push(" AND ").column(&link, table.source);
                        self.source_ids(of);
                        self.disclosed(&table, &link);
                        self.push(")");
                    }
                    Link::Closure(closure) if closure.nesting_first && (one || self.many) => {
                        let link = self.alias();
                        self.push("EXISTS (SELECT 1").tenant_rows(closure.links.table, &link);
                        self.push(" AND ").column(&link, closure.links.target).push(" = ").column(alias, "id");
                        self.push(" AND ").column(&link, closure.links.source).push(" IN (");
                        let reached = self.reaching(closure, |sql| sql.source_ids(of));
                        self.push(" SELECT id FROM ").push(&reached).push(")");
                        self.disclosed(&closure.links, &link);
                        self.push(")");
                    }
                    Link::Closure(closure) => {
                        self.column(alias, "id").push(" IN ");
                        self.closure(closure, |sql| sql.source_ids(of));
                    }
                }
            }
        }
    }

    /// `(SELECT id …)`: the ids that a closure leads to from the ids that `sources` compares with.
    pub(super) fn closure(&mut self, closure: &Closure, sources: impl FnOnce(&mut Self)) {
        self.push("(");
        let reached = self.reaching(closure, sources);
        if closure.nesting_first {
            let (links, last) = (closure.links, self.alias());
            self.push(" SELECT ").column(&last, links.target).push(" FROM ").push(&reached);
            self.push(" CROSS JOIN ").push(links.table).push(" ").push(&last).push(" WHERE ");
            self.column(&last, "tenant_id").push(" = ").tenant();
            self.push(" AND ").column(&last, links.source).push(" = ").column(&reached, "id");
            self.disclosed(&links, &last);
        } else {
            self.push(" SELECT id FROM ").push(&reached);
        }
        self.push(")");
    }

    /// `WITH RECURSIVE …`: what is reached by the nesting of a closure, and by its links if they begin the way; the name of that
    /// table, whose column is `id`.
    ///
    /// SQLite takes the tables of a CROSS JOIN in this order, and else goes through all links; to PostgreSQL it is a join like
    /// others. The way is walked over groups, which are few, not over their members; and not beyond those that were deleted.
    fn reaching(&mut self, closure: &Closure, sources: impl FnOnce(&mut Self)) -> String {
        let Closure { links, nesting, nesting_first } = closure;
        let [reached, link] = [self.alias(), self.alias()];
        // On the way down nobody is reached through a group that was deleted; on the way up such a group is the last one.
        let living_end = if *nesting_first { nesting.target } else { nesting.source };
        self.push("WITH RECURSIVE ").push(&reached).push("(id) AS (SELECT ");
        if *nesting_first {
            self.column(&link, "id").push(" FROM ").push(DIRECTORY).push(" ").push(&link).push(" WHERE ");
            self.column(&link, "tenant_id").push(" = ").tenant().push(" AND ").column(&link, "deleted_at");
            self.push(" IS NULL AND ").column(&link, "id");
        } else {
            self.column(&link, links.target);
            self.tenant_rows(links.table, &link);
            self.push(" AND ").column(&link, links.source);
        }
        sources(self);
        if !nesting_first {
            self.disclosed(links, &link);
        }
        self.steps(nesting, &reached, living_end);
        self.push(")");
        reached
    }

    /// ` UNION …`: what is one step of nesting further than what was reached, where one end of the step, which is a column of
    /// it, was not deleted.
    pub(super) fn steps(&mut self, nesting: &LinkTable, reached: &str, living_end: &str) {
        let [step, living] = [self.alias(), self.alias()];
        self.push(" UNION SELECT ").column(&step, nesting.target).push(" FROM ").push(reached);
        self.push(" CROSS JOIN ").push(nesting.table).push(" ").push(&step).push(" WHERE ");
        self.column(&step, "tenant_id").push(" = ").tenant();
        self.push(" AND ").column(&step, nesting.source).push(" = ").column(reached, "id");
        // What is nested is a group. A single value, and not EXISTS, of which SQLite would make a join that it may turn round.
        self.push(" AND (SELECT 1").tenant_rows(DIRECTORY, &living);
        self.push(" AND ").column(&living, "kind").push(" = 'group' AND ").column(&living, "deleted_at");
        self.push(" IS NULL AND ").column(&living, "id").push(" = ").column(&step, living_end).push(") IS NOT NULL");
        self.disclosed(nesting, &step);
    }

    /// ` = ?` where the rows are named by their id and nothing else and all may be seen, else ` IN (SELECT id …)`: what
    /// hangs on something that may not be seen is not there either.
    pub(super) fn source_ids(&mut self, rows: &Rows) {
        if let Some(id) = self.single(rows) {
            self.push(" = ").value(&Value::Text(id.to_owned()));
        } else {
            self.push(" IN ");
            self.sources(rows, ID);
        }
    }

    /// The id of rows that are named by it and nothing else, if all may be seen.
    pub(super) fn single<'r>(&self, rows: &'r Rows) -> Option<&'r str> {
        match rows {
            Rows::Keyed { of, property, value }
                if property.column == ID && matches!(**of, Rows::All(_)) && self.sight.scope == Scope::Tenant =>
            {
                Some(value)
            }
            _ => None,
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
