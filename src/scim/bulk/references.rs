//! References to what other operations create: `bulkId:qwerty`, anywhere in data and in paths.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{
    super::error::{Error, invalid_value},
    BulkOperation, BulkRequest, Method,
};

const PREFIX: &str = "bulkId:";

/// Whether a reference to this can be told from what is around it.
pub(super) fn is_bulk_id(id: &str) -> bool {
    !id.is_empty() && !id.contains(ends)
}

fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '"' | ']')
}

impl BulkRequest {
    /// The order in which the operations run, as indexes: as they are written, but each after those it refers to.
    ///
    /// A reference to what no operation creates is left for [`BulkOperation::resolve`] to refuse; one circle fails all.
    pub fn order(&self) -> Result<Vec<usize>, Error> {
        let mut makers = HashMap::new();
        for (index, operation) in self.operations.iter().enumerate() {
            if let (Method::Post, Some(id)) = (operation.method, operation.bulk_id.as_deref())
                && makers.insert(id, index).is_some()
            {
                return Err(invalid_value(format!("The bulkId '{id}' is given to more than one operation.")));
            }
        }
        let mut waiting_for = Vec::with_capacity(self.operations.len());
        let mut waiters: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, operation) in self.operations.iter().enumerate() {
            let makers: HashSet<usize> =
                operation.references().iter().filter_map(|id| makers.get(id).copied()).collect();
            waiting_for.push(makers.len());
            for maker in makers {
                waiters.entry(maker).or_default().push(index);
            }
        }
        let mut ready: BTreeSet<usize> =
            waiting_for.iter().enumerate().filter(|(_, count)| **count == 0).map(|(index, _)| index).collect();
        let mut order = Vec::with_capacity(self.operations.len());
        while let Some(index) = ready.pop_first() {
            order.push(index);
            for &waiter in waiters.get(&index).into_iter().flatten() {
                let Some(count) = waiting_for.get_mut(waiter) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.insert(waiter);
                }
            }
        }
        if order.len() == self.operations.len() {
            return Ok(order);
        }
        let stuck = self.operations.iter().zip(&waiting_for).filter(|(_, count)| **count > 0);
        let ids: Vec<_> = stuck.filter_map(|(operation, _)| operation.bulk_id.as_deref()).take(10).collect();
        Err(Error::new(409, format!("The operations '{}' refer to each other in a circle.", ids.join("', '"))))
    }
}

impl BulkOperation {
    /// The bulkIds that it refers to.
    fn references(&self) -> HashSet<&str> {
        let mut found = HashSet::new();
        collect_text(&self.path, &mut found);
        if let Some(data) = &self.data {
            collect(data, &mut found);
        }
        found
    }

    /// The operation with the ids of what was created in the place of the references, by bulkId.
    pub fn resolve(&self, created: &HashMap<String, String>) -> Result<Self, Error> {
        let mut resolved = self.clone();
        resolved.path = replaced(&self.path, created)?.unwrap_or(resolved.path);
        if let Some(data) = &mut resolved.data {
            replace(data, created)?;
        }
        Ok(resolved)
    }
}

fn collect<'a>(value: &'a Value, found: &mut HashSet<&'a str>) {
    match value {
        Value::String(text) => collect_text(text, found),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(members) => {
            for (name, value) in members {
                collect_text(name, found);
                collect(value, found);
            }
        }
        _ => {}
    }
}

fn collect_text<'a>(text: &'a str, found: &mut HashSet<&'a str>) {
    let mut rest = text;
    while let Some((_, id, after)) = next(rest) {
        found.insert(id);
        rest = after;
    }
}

/// The next reference: what is in front of it, its id, and what follows.
///
/// It begins where a value, a part of a URL or a text in a filter does; elsewhere the words are only words. What follows
/// one begins with what ended it, so there no other begins.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(PREFIX) {
        let at = from + found;
        from = at + PREFIX.len();
        let skipped = text.get(..at)?;
        let begins = skipped.is_empty() || skipped.ends_with(['/', '"']);
        let rest = text.get(from..)?;
        let end = rest.find(ends).unwrap_or(rest.len());
        if begins && end > 0 {
            let (id, after) = rest.split_at_checked(end)?;
            return Some((skipped, id, after));
        }
    }
    None
}

fn replace(value: &mut Value, created: &HashMap<String, String>) -> Result<(), Error> {
    match value {
        Value::String(text) => {
            if let Some(new) = replaced(text, created)? {
                *text = new;
            }
        }
        Value::Array(values) => {
            for value in values {
                replace(value, created)?;
            }
        }
        Value::Object(members) => {
            // The members of a PATCH without a path may be paths with a filter.
            for (name, mut value) in std::mem::take(members) {
                replace(&mut value, created)?;
                members.insert(replaced(&name, created)?.unwrap_or(name), value);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The text with ids in the place of references, if it has any.
fn replaced(text: &str, created: &HashMap<String, String>) -> Result<Option<String>, Error> {
    let mut new = String::new();
    let mut rest = text;
    while let Some((skipped, id, after)) = next(rest) {
        let Some(made) = created.get(id) else {
            return Err(Error::new(409, format!("'bulkId:{id}' refers to what no operation has created.")));
        };
        new.push_str(skipped);
        new.push_str(made);
        rest = after;
    }
    if rest.len() == text.len() {
        return Ok(None);
    }
    new.push_str(rest);
    Ok(Some(new))
}
