//! Operations on a resource that is there.

use serde_json::{Map, Value};

use super::{
    super::{
        error::{Error, invalid_path, invalid_syntax, invalid_value, mutability},
        json::{describe, shown},
        schema::{Attribute, Mutability, Place, ResourceType, Schema},
    },
    Op, Operation, PatchOp, edit,
};

/// Applies a patch to a resource in canonical spelling; what comes out is in it too. All operations succeed or none does.
///
/// To remove what is not there changes nothing and is no error.
pub fn apply(patch: &PatchOp, kind: &'static ResourceType, resource: &Value) -> Result<Value, Error> {
    let Value::Object(members) = resource else {
        return Err(Error::new(500, "The stored resource is not an object."));
    };
    let mut resource = members.clone();
    for operation in &patch.operations {
        let applied = operate(operation, kind, &mut resource);
        applied.map_err(|error| error.of(&format!("Operation {}", operation.number)))?;
    }
    if let Some(missing) = kind.schema.attributes.iter().find(|a| a.required && !resource.contains_key(a.name)) {
        return Err(invalid_value(format!("'{}' is required.", missing.name)));
    }
    let mut schemas = vec![kind.schema.id];
    for extension in kind.extensions {
        match resource.get(extension.id) {
            Some(Value::Object(members)) if !members.is_empty() => schemas.push(extension.id),
            _ => drop(resource.shift_remove(extension.id)),
        }
    }
    resource.insert("schemas".to_owned(), schemas.into());
    Ok(Value::Object(resource))
}

fn operate(operation: &Operation, kind: &'static ResourceType, resource: &mut Map<String, Value>) -> Result<(), Error> {
    let path = operation.path.attr_path();
    let change = match (operation.op, &operation.value) {
        (Op::Remove, given) => edit::Change::Remove(given.as_ref().filter(|given| !given.is_null())),
        (Op::Add, Some(value)) if !value.is_null() => edit::Change::Add(value),
        (Op::Add, _) => return Err(invalid_value(format!("'add' of '{path}' needs a 'value'."))),
        // The same as nothing, says RFC 7643, section 2.5.
        (Op::Replace, Some(Value::Null)) => edit::Change::Remove(None),
        (Op::Replace, Some(value)) => edit::Change::Replace(value),
        (Op::Replace, None) => return Err(invalid_value(format!("'replace' of '{path}' needs a 'value'."))),
    };
    match kind.resolve(&path) {
        None => Err(invalid_path(kind.unknown(&path))),
        Some(Place::Extension(schema)) if operation.path.filter.is_none() => extension(schema, change, resource),
        Some(Place::Extension(schema)) => Err(invalid_path(format!("'{}' has no values to filter.", schema.id))),
        Some(Place::Attribute { extension, attribute, sub }) => {
            writable(attribute, sub, &path.to_string())?;
            let filter = operation.path.filter.as_ref();
            let target = edit::Target { attribute, filter, sub, at: path.to_string() };
            match extension {
                None => edit::edit(&target, change, resource),
                Some(schema) => inside(schema, resource, |members| edit::edit(&target, change, members)),
            }
        }
    }
}

/// Refuses what only the server may write.
fn writable(attribute: &Attribute, sub: Option<&Attribute>, at: &str) -> Result<(), Error> {
    let read_only = |attribute: &Attribute| attribute.mutability == Mutability::ReadOnly;
    if read_only(attribute) || sub.is_some_and(read_only) {
        return Err(mutability(format!("'{at}' is readOnly, so it cannot be changed.")));
    }
    Ok(())
}

/// Edits the attributes of an extension.
fn inside(
    schema: &Schema,
    resource: &mut Map<String, Value>,
    edit: impl FnOnce(&mut Map<String, Value>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut members = match resource.get_mut(schema.id).map(Value::take) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    edit(&mut members)?;
    resource.insert(schema.id.to_owned(), Value::Object(members));
    Ok(())
}

/// A change of a whole extension: one of each attribute that is given.
fn extension(
    schema: &'static Schema,
    change: edit::Change<'_>,
    resource: &mut Map<String, Value>,
) -> Result<(), Error> {
    let given = match change {
        edit::Change::Remove(_) => {
            resource.shift_remove(schema.id);
            return Ok(());
        }
        edit::Change::Add(given) | edit::Change::Replace(given) => given,
    };
    let Value::Object(given) = given else {
        return Err(invalid_value(format!("'{}' must be an object, not {}.", schema.id, describe(given))));
    };
    inside(schema, resource, |members| {
        // Some clients say of an extension, too, what it is.
        for (name, value) in given.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
            let Some(attribute) = schema.attribute(name) else {
                return Err(invalid_syntax(format!("'{}' is not an attribute of '{}'.", shown(name), schema.id)));
            };
            let at = format!("{}:{}", schema.id, attribute.name);
            writable(attribute, None, &at)?;
            let change = if value.is_null() { edit::Change::Remove(None) } else { change.with(value) };
            edit::edit(&edit::Target { attribute, filter: None, sub: None, at }, change, members)?;
        }
        Ok(())
    })
}
