//! How PostgreSQL spells things. The functions named `odata_…` are made by the migrations.

use std::fmt::Write as _;

use crate::{
    model::meta::Kind,
    odata::query::Function,
    store::sql::{Dialect, ParameterKind},
};

/// Unicode's white space, as the second argument of `btrim`.
const WHITE_SPACE: &str = ", '\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
    \u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}')";

/// What stands around a text to make it a value of this kind.
const fn cast(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Text => ("(", " COLLATE \"C\")"),
        Kind::Bool => ("", "::boolean"),
        Kind::Int => ("", "::bigint"),
        // Points in time are microseconds everywhere.
        Kind::Time => ("(extract(epoch FROM ", "::timestamptz) * 1000000)::bigint"),
    }
}

/// PostgreSQL.
pub struct Postgres;

impl Dialect for Postgres {
    fn placeholder(&self, sql: &mut String, number: usize, kind: ParameterKind) {
        let ty = match kind {
            // Two literals would be compared by the database's locale; columns say for themselves how they are.
            ParameterKind::One(Kind::Text) => "text COLLATE \"C\"",
            ParameterKind::One(Kind::Bool) => "boolean",
            ParameterKind::One(Kind::Int | Kind::Time) => "bigint",
            ParameterKind::Texts => "text[]",
        };
        let _ = write!(sql, "${number}::{ty}");
    }

    fn function(&self, function: Function) -> [&'static str; 3] {
        match function {
            Function::Contains => ["(strpos(", ", ", ") > 0)"],
            Function::StartsWith => ["starts_with(", ", ", ")"],
            Function::EndsWith => ["odata_endswith(", ", ", ")"],
            Function::ToLower => ["odata_lower(", "", ")"],
            Function::ToUpper => ["odata_upper(", "", ")"],
            Function::Trim => ["btrim(", "", WHITE_SPACE],
            Function::Concat => ["(", " || ", ")"],
            Function::IndexOf => ["(strpos(", ", ", ") - 1)::bigint"],
            Function::Length => ["char_length(", "", ")::bigint"],
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
        ["unnest(", ") WITH ORDINALITY k(value, key)"]
    }

    fn json_value(&self, path: &[&str], kind: Kind) -> [String; 2] {
        let (before, after) = cast(kind);
        [format!("{before}("), format!("::jsonb #>> '{{{}}}'){after}", path.join(","))]
    }

    fn json_items(&self) -> [&'static str; 2] {
        ["jsonb_array_elements(", "::jsonb)"]
    }

    fn item_value(&self, path: &[&str], kind: Kind) -> [String; 2] {
        // `{}` is the value itself.
        let (before, after) = cast(kind);
        [format!("{before}("), format!(" #>> '{{{}}}'){after}", path.join(","))]
    }

    fn per_key(&self, _: &str) -> [String; 2] {
        [" CROSS JOIN LATERAL (SELECT x.*".to_owned(), ") t".to_owned()]
    }
}
