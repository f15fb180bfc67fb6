//! PATCH (RFC 7644, section 3.5.2).
//!
//! An operation without a path is taken for one operation for each member of its value, which may be a path itself, as
//! Entra ID writes it. [`apply()`] makes of a resource a new one; for groups of any size [`members_delta`] says what
//! becomes of the members without looking at them.

use serde_json::Value;

use super::{
    error::{Error, invalid_path, invalid_syntax, invalid_value, no_target},
    json::{self, describe, get, shown},
    message,
    path::PatchPath,
};

mod apply;
mod edit;
mod list;
mod members;
#[cfg(test)]
mod sequences;
#[cfg(test)]
mod tests;

pub use self::{
    apply::apply,
    members::{MembersDelta, members_delta},
};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Adds values to those that are there.
    Add,
    /// Puts values in the place of those that are there.
    Replace,
    /// Takes values away.
    Remove,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Which one it is in the message, from 1; for messages.
    pub number: usize,
    /// What it does.
    pub op: Op,
    /// Where.
    pub path: PatchPath,
    /// With what.
    pub value: Option<Value>,
}

/// The message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchOp {
    /// The operations, each with a path, in order.
    pub operations: Vec<Operation>,
}

impl PatchOp {
    /// Reads the body of a PATCH.
    pub fn parse(body: &Value) -> Result<Self, Error> {
        let members = json::message(body, message::PATCH_OP)?;
        let Some(Value::Array(written)) = get(members, "Operations") else {
            return Err(invalid_syntax("'Operations' must be an array of operations."));
        };
        let mut patch = Self::default();
        for (operation, number) in written.iter().zip(1..) {
            patch.read(operation, number).map_err(|error| error.of(&format!("Operation {number}")))?;
        }
        Ok(patch)
    }

    fn read(&mut self, written: &Value, number: usize) -> Result<(), Error> {
        let Value::Object(members) = written else {
            return Err(invalid_syntax(format!("An operation must be an object, not {}.", describe(written))));
        };
        let op = op(get(members, "op"))?;
        let value = get(members, "value").cloned();
        let path = match get(members, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.is_empty() => None,
            Some(Value::String(path)) => Some(PatchPath::parse(path)?),
            Some(other) => return Err(invalid_path(format!("'path' must be a string, not {}.", describe(other)))),
        };
        match (path, value, op) {
            (Some(path), value, _) => self.operations.push(Operation { number, op, path, value }),
            (None, _, Op::Remove) => return Err(no_target("'remove' needs a 'path'.")),
            (None, Some(Value::Object(values)), _) => {
                for (name, value) in values {
                    // Some clients send back with the change what they were given with the resource.
                    if ["schemas", "id", "meta"].iter().any(|common| common.eq_ignore_ascii_case(&name)) {
                        continue;
                    }
                    let path = PatchPath::parse(&name).map_err(|error| error.of(&format!("'{}'", shown(&name))))?;
                    self.operations.push(Operation { number, op, path, value: Some(value) });
                }
            }
            (None, ..) => return Err(invalid_value("Without a 'path', 'value' must be an object of attributes.")),
        }
        Ok(())
    }
}

fn op(written: Option<&Value>) -> Result<Op, Error> {
    let word = written.and_then(Value::as_str).unwrap_or_default();
    // Entra ID begins them with a capital.
    match word.to_ascii_lowercase().as_str() {
        "add" => Ok(Op::Add),
        "replace" => Ok(Op::Replace),
        "remove" => Ok(Op::Remove),
        _ => Err(invalid_syntax("'op' must be 'add', 'replace' or 'remove'.")),
    }
}
