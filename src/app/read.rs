//! Reads: authorize, then ask the store. Rules have no part in them.

use super::{App, Caller, Error};
use crate::{
    authz::{self, Action, Principal, table::to_read},
    model::{
        DIRECTORY_OBJECT, DirectoryObject, ENTITY_TYPES,
        meta::{ID, Version},
        scope::Sight,
    },
    odata::query::{Expr, OrderKey, Query, Rows, Shape},
    store::{self, Life, Page},
};

impl App {
    /// A page of a collection, or one entity.
    pub async fn read(&self, caller: Caller<'_>, mut query: Query) -> Result<Page, Error> {
        query.sight = self.allow_read(caller, &query.rows).await?;
        allow_questions(caller, query.filter.as_ref(), &query.order)?;
        allow_expansions(caller, onward(caller.principal, &query.rows), &query.shape)?;
        self.store().read(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// How many entities there are.
    pub async fn count(&self, caller: Caller<'_>, mut query: Query) -> Result<u64, Error> {
        query.sight = self.allow_read(caller, &query.rows).await?;
        allow_questions(caller, query.filter.as_ref(), &query.order)?;
        self.store().count(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// What of these rows, and of what hangs on them, the caller may see.
    async fn allow_read(&self, caller: Caller<'_>, rows: &Rows) -> Result<Sight, Error> {
        let sight = sight(caller, rows)?;
        if let Some(id) = deleted_one(rows) {
            let key = DIRECTORY_OBJECT.key();
            let found = store::load_in::<DirectoryObject>(self.store(), caller.tenant, key, id, Life::Deleted).await?;
            let missing = || Error::NotFound { entity: &DIRECTORY_OBJECT, id: id.to_owned() };
            let kind = DIRECTORY_OBJECT.face(Version::V1).of_kind(&found.ok_or_else(missing)?.record.kind);
            caller.allow(to_read(kind.ok_or_else(missing)?.entity))?;
        }
        Ok(sight)
    }
}

/// What of these rows, and of what hangs on them, the caller may see; denied, where it is nothing.
pub(crate) fn sight(caller: Caller<'_>, rows: &Rows) -> Result<Sight, Error> {
    let scope = caller.allow(action(caller.principal, rows))?.act;
    let of_several = ENTITY_TYPES.iter().copied().filter(|entity| entity.base.is_some());
    let unreadable = of_several
        .filter(|entity| caller.allow(to_read(entity)).is_err())
        // The right to read what the path itself is of has just been asked for.
        .filter(|entity| taken_for(rows) || *entity != rows.face().entity)
        .collect();
    let outsider = (!authz::sees_hidden_members(caller.principal)).then(|| caller.principal.oid.clone());
    Ok(Sight { scope, unreadable, outsider })
}

/// Whether rows are taken for a type that the path does not ask the right to read for: they hang on something else.
fn taken_for(rows: &Rows) -> bool {
    match rows {
        Rows::All(_) | Rows::Deleted(_) | Rows::Related { .. } => false,
        Rows::Keyed { of, .. } => taken_for(of),
        Rows::Cast { of, .. } => !matches!(**of, Rows::All(_) | Rows::Deleted(_)),
    }
}

/// What reading these rows is.
///
/// What is of one of several types is read with the right to read what it hangs on: to read groups is to read which objects
/// are in them, and no property but the id of those whose type the caller may not read. And everybody may read who they are.
pub(crate) fn action(principal: &Principal, rows: &Rows) -> Action {
    match rows {
        Rows::Keyed { of, property, value } => match &**of {
            Rows::Deleted(_) => Action::ReadDeleted,
            Rows::All(face) if property.column == ID && *value == principal.oid => match to_read(face.entity) {
                Action::ReadUsers => Action::ReadMe,
                other => other,
            },
            of => action(principal, of),
        },
        // Of all there is, it is those of the type alone.
        Rows::Cast { of, face } if matches!(**of, Rows::All(_) | Rows::Deleted(_)) => to_read(face.entity),
        Rows::Cast { of, .. } => action(principal, of),
        Rows::Related { of, face, .. } if !face.entity.derived.is_empty() => onward(principal, of),
        other => to_read(other.face().entity),
    }
}

/// What reading what hangs on these rows is, where it is of one of several types: what it hangs on is a property of theirs.
fn onward(principal: &Principal, rows: &Rows) -> Action {
    let entity = rows.face().entity;
    if entity.derived.is_empty() { to_read(entity) } else { action(principal, rows) }
}

/// The id of the deleted object that rows are, or hang on, if the path does not say of which kind it is.
fn deleted_one(rows: &Rows) -> Option<&str> {
    match rows {
        Rows::All(_) | Rows::Deleted(_) => None,
        Rows::Keyed { of, value, .. } => match &**of {
            Rows::Deleted(_) => Some(value),
            of => deleted_one(of),
        },
        Rows::Cast { of, .. } | Rows::Related { of, .. } => deleted_one(of),
    }
}

/// What a filter or an order follows navigation properties to, and from, is read, too. Of one of several types may be asked
/// what hangs on what is read; its properties are null where the caller may not read the type.
fn allow_questions(caller: Caller<'_>, filter: Option<&Expr>, order: &[OrderKey]) -> Result<(), Error> {
    let mut asked = Vec::new();
    for expr in filter.into_iter().chain(order.iter().map(|key| &key.expr)) {
        expr.navigations(&mut |navigation| asked.extend([navigation.source, navigation.target]));
    }
    for entity in asked.into_iter().filter(|entity| entity.derived.is_empty()) {
        caller.allow(to_read(entity))?;
    }
    Ok(())
}

/// What is expanded is read, too: with the right to read `what` it hangs on, as by a path.
fn allow_expansions(caller: Caller<'_>, what: Action, shape: &Shape) -> Result<(), Error> {
    for expand in &shape.expand {
        let entity = expand.face.entity;
        let onward = if entity.derived.is_empty() { to_read(entity) } else { what };
        caller.allow(onward)?;
        allow_questions(caller, expand.filter.as_ref(), &expand.order)?;
        allow_expansions(caller, onward, &expand.shape)?;
    }
    Ok(())
}
