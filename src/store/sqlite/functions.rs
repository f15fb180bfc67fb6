//! OData's functions that SQLite has no word for.

use chrono::{Datelike, Timelike};
use rusqlite::{Connection, functions::FunctionFlags, types::ValueRef};

use crate::model::value::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Adds the functions to a connection. Each yields null where an operand is null.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    let text = |name: &str, f: fn(&str) -> String| {
        connection.create_scalar_function(name, 1, flags, move |c| Ok(as_text(c.get_raw(0)).map(f)))
    };
    let truth = |name: &str, f: fn(&str, &str) -> bool| {
        connection.create_scalar_function(name, 2, flags, move |c| {
            Ok(as_text(c.get_raw(0)).zip(as_text(c.get_raw(1))).map(|(a, b)| f(a, b)))
        })
    };
    let part = |name: &str, f: fn(Timestamp) -> i64| {
        connection.create_scalar_function(name, 1, flags, move |c| Ok(c.get::<Option<i64>>(0)?.map(Timestamp).map(f)))
    };
    text("odata_lower", str::to_lowercase)?;
    text("odata_upper", str::to_uppercase)?;
    text("odata_trim", |text| text.trim().to_owned())?;
    truth("odata_startswith", |text, start| text.starts_with(start))?;
    truth("odata_endswith", |text, end| text.ends_with(end))?;
    part("odata_year", |t| i64::from(t.to_utc().year()))?;
    part("odata_month", |t| i64::from(t.to_utc().month()))?;
    part("odata_day", |t| i64::from(t.to_utc().day()))?;
    part("odata_hour", |t| i64::from(t.to_utc().hour()))?;
    part("odata_minute", |t| i64::from(t.to_utc().minute()))?;
    part("odata_second", |t| i64::from(t.to_utc().second()))?;
    part("odata_date", |t| t.0.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY)
}

fn as_text(value: ValueRef<'_>) -> Option<&str> {
    value.as_str_or_null().ok().flatten()
}
