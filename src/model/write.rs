//! Rows to JSON, by the metadata.

use super::{
    meta::{Property, Type},
    value::Timestamp,
};

/// A row of an answer of the database. A column that holds nothing, or something of another kind, is none.
pub trait Row {
    /// The text in a column.
    fn text(&self, column: usize) -> Option<&str>;
    /// The whole number in a column; also a point in time's microseconds.
    fn int(&self, column: usize) -> Option<i64>;
    /// The truth value in a column.
    fn bool(&self, column: usize) -> Option<bool>;
}

/// Appends `"name":value` for each property, the row's columns from `first` on being theirs in order. Returns whether
/// anything was written.
pub fn write_properties(out: &mut Vec<u8>, row: &dyn Row, first: usize, properties: &[&Property]) -> bool {
    let start = out.len();
    for (column, property) in (first..).zip(properties) {
        let before = out.len();
        if before > start {
            out.push(b',');
        }
        out.extend_from_slice(property.json_name.as_bytes());
        let written = match property.ty {
            Type::String => row.text(column).map(|text| write_text(out, text)),
            Type::Enum(spelling) => row.text(column).map(|text| write_text(out, spelling.wire(text))),
            Type::Structured(_) | Type::Strings => row.text(column).map(|json| out.extend_from_slice(json.as_bytes())),
            Type::Boolean => row.bool(column).map(|b| out.extend_from_slice(if b { b"true" } else { b"false" })),
            Type::Int32 | Type::Int64 => row.int(column).map(|n| out.extend_from_slice(n.to_string().as_bytes())),
            Type::DateTimeOffset => row.int(column).map(|micros| write_time(out, Timestamp(micros))),
        };
        match written {
            Some(()) => {}
            None if property.omit_null => out.truncate(before),
            None if property.ty.is_collection() && !property.nullable => out.extend_from_slice(b"[]"),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.len() > start
}

/// Appends a JSON string. Most texts need no escapes, and that is found out many bytes at a time.
pub fn write_text(out: &mut Vec<u8>, text: &str) {
    // No early exit: so the compiler makes vector instructions of it.
    let special = |b| u8::from(b < b' ') | u8::from(b == b'"') | u8::from(b == b'\\');
    let escapes = text.bytes().fold(0, |any, b| any | special(b)) != 0;
    if escapes {
        // Writing to a Vec cannot fail.
        let _ = serde_json::to_writer(out, text);
    } else {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

fn write_time(out: &mut Vec<u8>, time: Timestamp) {
    out.push(b'"');
    time.write_to(out);
    out.push(b'"');
}
