//! What a caller may not see of rows that it may see: properties, and hidden links.

use super::Sql;
use crate::model::{
    meta::{EntityType, HiddenLinks, LinkTable},
    value::Value,
};

/// The columns of every row that may be seen: what it is, and of which type.
const OPEN: [&str; 2] = ["id", "kind"];

impl Sql<'_> {
    /// `alias.column`, or null where the caller may not read the type that the row is of.
    pub(super) fn shown(&mut self, alias: &str, entity: &EntityType, column: &str) {
        let unreadable = self.unreadable(entity);
        if unreadable.is_empty() || OPEN.contains(&column) {
            self.column(alias, column);
            return;
        }
        self.push("CASE WHEN ");
        if entity.derived.len() <= unreadable.len() {
            // A null that has the column's type.
            self.push("FALSE");
        } else {
            self.column(alias, "kind").push(" NOT IN (");
            self.list(&unreadable, |sql, kind| {
                sql.push("'").push(kind).push("'");
            });
            self.push(")");
        }
        self.push(" THEN ").column(alias, column).push(" END");
    }

    /// Whether a column of an entity's rows may be null because the caller may not read it.
    pub(super) fn may_be_kept(&self, entity: &EntityType, column: &str) -> bool {
        !OPEN.contains(&column) && !self.unreadable(entity).is_empty()
    }

    /// The kinds of an entity's rows that the caller may not read.
    fn unreadable(&self, entity: &EntityType) -> Vec<&'static str> {
        let of = |kind: &&'static EntityType| {
            std::ptr::eq(*kind, entity) || entity.derived.iter().any(|derived| derived == kind)
        };
        self.sight.unreadable.iter().filter(|kind| of(kind)).filter_map(|kind| kind.kind).collect()
    }

    /// ` AND` the link named `alias` is not hidden from the caller.
    pub(super) fn disclosed(&mut self, table: &LinkTable, alias: &str) {
        self.disclosed_of(table, |sql, hidden| {
            sql.column(alias, hidden.column);
        });
    }

    /// The same, for links of a single source, which need not be asked for each.
    pub(super) fn disclosed_from(&mut self, table: &LinkTable, alias: &str, source: &str) {
        self.disclosed_of(table, |sql, hidden| {
            if hidden.column == table.source {
                sql.value(&Value::Text(source.to_owned()));
            } else {
                sql.column(alias, hidden.column);
            }
        });
    }

    /// ` AND` the links of the entity with this id are not hidden from the caller.
    fn disclosed_of(&mut self, table: &LinkTable, id: impl FnOnce(&mut Self, &HiddenLinks)) {
        let (Some(hidden), Some(caller)) = (table.hidden, self.sight.outsider.clone()) else { return };
        let entity = self.alias();
        // State and value are what the schemas say, and no caller.
        self.push(" AND NOT EXISTS (SELECT 1").tenant_rows(hidden.entity, &entity);
        self.push(" AND ").column(&entity, "id").push(" = ");
        id(self, hidden);
        self.push(" AND ").column(&entity, hidden.state).push(" = '").push(hidden.value).push("'");
        for own in hidden.seen_by {
            let link = self.alias();
            self.push(" AND NOT EXISTS (SELECT 1").tenant_rows(own.table, &link);
            self.push(" AND ").column(&link, own.source).push(" = ").column(&entity, "id");
            self.push(" AND ").column(&link, own.target).push(" = ").value(&Value::Text(caller.clone())).push(")");
        }
        self.push(")");
    }
}
