//! What a statement says, for both engines.
//!
//! The text depends on the shape of a query only; every value is a parameter. So the text is a good key for the
//! engines' caches of prepared statements, and nothing that a caller sends is ever part of it.
//!
//! The few things that the databases spell differently are methods of [`Dialect`].

pub mod bulk;
mod expr;
pub mod holdings;
pub mod reach;
mod rows;
pub mod select;
mod sight;
pub mod write;

use std::sync::Arc;

use crate::{
    model::{
        meta::{EntityType, Kind, Scoping},
        scope::{Scope, Sight},
        value::Value,
    },
    odata::query::Function,
    store::TenantKey,
};

/// A statement and its parameters.
#[derive(Debug)]
pub struct Statement {
    /// The text.
    pub sql: Arc<str>,
    /// The parameters, in the order of their numbers.
    pub parameters: Vec<Parameter>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub enum Parameter {
    /// One value.
    Value(Value),
    /// A list of texts, as [`Dialect::keys`] takes it apart.
    Texts(Vec<String>),
}

/// What the databases spell differently.
pub trait Dialect: Send + Sync {
    /// Writes a placeholder for the parameter with this number, counted from 1.
    fn placeholder(&self, sql: &mut String, number: usize, kind: ParameterKind);
    /// What stands before, between and after a function's operands.
    fn function(&self, function: Function) -> [&'static str; 3];
    /// A table of the texts in a parameter, with the columns `value` and `key` (the position), named `k`.
    fn keys(&self) -> [&'static str; 2];
    /// What stands before and after a select that runs for each key of `k` and names the wanted rows of `table`: the
    /// outer rows are then named `t`, those of the select, which begins with its FROM, `x`.
    fn per_key(&self, table: &str) -> [String; 2];
    /// What stands before and after a JSON text to get the value at a path in it, as of this kind.
    fn json_value(&self, path: &[&str], kind: Kind) -> [String; 2];
    /// What stands before and after a JSON array's text to make a table of its items, with a column `value`.
    fn json_items(&self) -> [&'static str; 2];
    /// The same as [`Self::json_value`], for the column `value` of that table.
    fn item_value(&self, path: &[&str], kind: Kind) -> [String; 2];
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A value of this kind.
    One(Kind),
    /// A list of texts.
    Texts,
}

/// A statement being written. Parameter 1 is the tenant.
pub(super) struct Sql<'d> {
    dialect: &'d dyn Dialect,
    text: String,
    parameters: Vec<Parameter>,
    aliases: usize,
    /// What the caller may see.
    sight: Sight,
    /// The parameter that lists the catalogs, once something depends on them.
    catalogs: Option<usize>,
    /// Whether closures lead to so many rows that it is quicker to ask of each row whether it is among them.
    many: bool,
}

impl<'d> Sql<'d> {
    fn new(dialect: &'d dyn Dialect, tenant: TenantKey) -> Self {
        let parameters = vec![Parameter::Value(Value::Int(tenant.0))];
        Self {
            dialect,
            text: String::with_capacity(512),
            parameters,
            aliases: 0,
            sight: Sight::default(),
            catalogs: None,
            many: false,
        }
    }

    /// For a caller who may see this.
    fn seeing(mut self, sight: &Sight) -> Self {
        self.sight = sight.clone();
        self
    }

    fn finish(self) -> Statement {
        Statement { sql: self.text.into(), parameters: self.parameters }
    }

    fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// `alias.column`
    fn column(&mut self, alias: &str, column: &str) -> &mut Self {
        self.push(alias).push(".").push(column)
    }

    /// The tenant's placeholder.
    fn tenant(&mut self) -> &mut Self {
        self.dialect.placeholder(&mut self.text, 1, ParameterKind::One(Kind::Int));
        self
    }

    /// A placeholder for a value; NULL itself for nothing.
    fn value(&mut self, value: &Value) -> &mut Self {
        let Some(kind) = value.kind() else { return self.push("NULL") };
        self.parameters.push(Parameter::Value(value.clone()));
        self.dialect.placeholder(&mut self.text, self.parameters.len(), ParameterKind::One(kind));
        self
    }

    /// A placeholder for a list of texts.
    fn texts(&mut self, texts: Vec<String>) -> &mut Self {
        self.parameters.push(Parameter::Texts(texts));
        self.dialect.placeholder(&mut self.text, self.parameters.len(), ParameterKind::Texts);
        self
    }

    /// A name that nothing else in the statement has.
    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("n{}", self.aliases)
    }

    /// `FROM table alias WHERE …`: the rows of an entity that the caller may see.
    fn rows_of(&mut self, entity: &EntityType, alias: &str) -> &mut Self {
        self.living(entity, alias);
        self.seen(entity, alias)
    }

    /// `FROM table alias WHERE …`: the rows of an entity that were not deleted.
    fn living(&mut self, entity: &EntityType, alias: &str) -> &mut Self {
        self.tenant_rows(entity.table, alias);
        self.of_type(entity, alias, false)
    }

    /// ` AND` the row named `alias` is of this type, and lives or is deleted.
    fn of_type(&mut self, entity: &EntityType, alias: &str, deleted: bool) -> &mut Self {
        if let Some(kind) = entity.kind {
            // What the schemas say, and no caller.
            self.push(" AND ").column(alias, "kind").push(" = '").push(kind).push("'");
        }
        if entity.soft_delete {
            self.push(" AND ").column(alias, "deleted_at").push(if deleted { " IS NOT NULL" } else { " IS NULL" });
        }
        self
    }

    /// ` AND` the row named `alias` is one that the caller may see.
    fn seen(&mut self, entity: &EntityType, alias: &str) -> &mut Self {
        let Scope::Catalogs(catalogs) = self.sight.scope.clone() else { return self };
        let name = |column: usize| entity.columns.get(column).map_or("id", |c| c.name);
        match entity.scope {
            Scoping::Everyone => self,
            Scoping::Tenant => self.push(" AND FALSE"),
            Scoping::Column(column) => {
                self.push(" AND ").column(alias, name(column));
                self.one_of(&catalogs)
            }
            Scoping::Through(column, other) => {
                let through = self.alias();
                self.push(" AND ").column(alias, name(column)).push(" IN (SELECT ").column(&through, "id");
                self.rows_of(other, &through).push(")")
            }
        }
    }

    /// ` = ?` for a single catalog, so that an index gives the order of what is in it, else ` IN (SELECT …)`.
    fn one_of(&mut self, catalogs: &[String]) -> &mut Self {
        let (kind, parameter) = match catalogs {
            [one] => (ParameterKind::One(Kind::Text), Parameter::Value(Value::Text(one.clone()))),
            several => (ParameterKind::Texts, Parameter::Texts(several.to_vec())),
        };
        let number = self.catalogs.unwrap_or_else(|| {
            self.parameters.push(parameter);
            self.parameters.len()
        });
        self.catalogs = Some(number);
        let [before, after] = self.dialect.keys();
        let (before, after) = match kind {
            ParameterKind::One(_) => (" = ".to_owned(), String::new()),
            ParameterKind::Texts => (format!(" IN (SELECT value FROM {before}"), format!("{after})")),
        };
        self.push(&before);
        self.dialect.placeholder(&mut self.text, number, kind);
        self.push(&after)
    }

    /// `FROM table alias WHERE alias.tenant_id = …`
    fn tenant_rows(&mut self, table: &str, alias: &str) -> &mut Self {
        self.push(" FROM ").push(table).push(" ").push(alias).push(" WHERE ");
        self.column(alias, "tenant_id").push(" = ").tenant()
    }
}
