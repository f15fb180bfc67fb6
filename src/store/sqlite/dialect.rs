//! How SQLite spells things.

use std::fmt::Write as _;

use crate::{
    model::meta::Kind,
    odata::query::Function,
    store::sql::{Dialect, ParameterKind},
};

/// SQLite.
pub struct Sqlite;

impl Dialect for Sqlite {
    fn placeholder(&self, sql: &mut String, number: usize, _: ParameterKind) {
        let _ = write!(sql, "?{number}");
    }

    fn function(&self, function: Function) -> [&'static str; 3] {
        match function {
            Function::Contains => ["(instr(", ", ", ") > 0)"],
            Function::StartsWith => ["odata_startswith(", ", ", ")"],
            Function::EndsWith => ["odata_endswith(", ", ", ")"],
            Function::ToLower => ["odata_lower(", "", ")"],
            Function::ToUpper => ["odata_upper(", "", ")"],
            Function::Trim => ["odata_trim(", "", ")"],
            Function::Concat => ["(", " || ", ")"],
            Function::IndexOf => ["(instr(", ", ", ") - 1)"],
            Function::Length => ["length(", "", ")"],
            Function::Year => ["odata_year(", "", ")"],
            Function::Month => ["odata_month(", "", ")"],
            Function::Day => ["odata_day(", "", ")"],
            Function::Hour => ["odata_hour(", "", ")"],
            Function::Minute => ["odata_minute(", "", ")"],
            Function::Second => ["odata_second(", "", ")"],
            Function::Date => ["odata_date(", "", ")"],
        }
    }

    fn keys(&self) -> [&'static str; 2] {
        ["json_each(", ") k"]
    }

    fn json_value(&self, path: &[&str], _: Kind) -> [String; 2] {
        ["json_extract(".to_owned(), format!(", '$.{}')", path.join("."))]
    }

    fn json_items(&self) -> [&'static str; 2] {
        ["json_each(", ")"]
    }

    fn item_value(&self, path: &[&str], kind: Kind) -> [String; 2] {
        if path.is_empty() { [String::new(), String::new()] } else { self.json_value(path, kind) }
    }

    fn per_key(&self, table: &str) -> [String; 2] {
        // CROSS JOIN keeps SQLite from turning the loops round. The inner select runs once for each key.
        [format!(" CROSS JOIN {table} t ON t.rowid IN (SELECT x.rowid"), ")".to_owned()]
    }
}
