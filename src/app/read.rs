//! Reads: authorize, then ask the store. Rules have no part in them.

use super::{App, Caller, Error};
use crate::{
    authz::{Action, Principal, table::to_read},
    model::{
        DIRECTORY_OBJECT, DirectoryObject,
        meta::{ID, Version},
        scope::Scope,
    },
    odata::query::{Expr, OrderKey, Query, Rows, Shape},
    store::{self, Life, Page},
};

impl App {
    /// A page of a collection, or one entity.
    pub async fn read(&self, caller: Caller<'_>, mut query: Query) -> Result<Page, Error> {
        query.scope = self.allow_read(caller, &query.rows).await?;
        allow_questions(caller, query.filter.as_ref(), &query.order)?;
        allow_expansions(caller, action(caller.principal, &query.rows), &query.shape)?;
        self.store().read(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// How many entities there are.
    pub async fn count(&self, caller: Caller<'_>, mut query: Query) -> Result<u64, Error> {
        query.scope = self.allow_read(caller, &query.rows).await?;
        allow_questions(caller, query.filter.as_ref(), &query.order)?;
        self.store().count(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// What of these rows the caller may see.
    async fn allow_read(&self, caller: Caller<'_>, rows: &Rows) -> Result<Scope, Error> {
        let seen = caller.allow(action(caller.principal, rows))?.act;
        if let Some(id) = deleted_one(rows) {
            let key = DIRECTORY_OBJECT.key();
            let found = store::load_in::<DirectoryObject>(self.store(), caller.tenant, key, id, Life::Deleted).await?;
            let missing = || Error::NotFound { entity: &DIRECTORY_OBJECT, id: id.to_owned() };
            let kind = DIRECTORY_OBJECT.face(Version::V1).of_kind(&found.ok_or_else(missing)?.record.kind);
            caller.allow(to_read(kind.ok_or_else(missing)?.entity))?;
        }
        Ok(seen)
    }
}

/// What reading these rows is.
///
/// What is of one of several types is read with the right to read what it hangs on: who may read groups may read who is in
/// them. And everybody may read who they are.
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
        Rows::Related { of, face, .. } if !face.entity.derived.is_empty() => match action(principal, of) {
            Action::ReadMe => Action::ReadUsers,
            other => other,
        },
        other => to_read(other.face().entity),
    }
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

/// What a filter or an order asks of other types is read, too. Of one of several types may be asked what hangs on what is read.
fn allow_questions(caller: Caller<'_>, filter: Option<&Expr>, order: &[OrderKey]) -> Result<(), Error> {
    let mut asked = Vec::new();
    for expr in filter.into_iter().chain(order.iter().map(|key| &key.expr)) {
        expr.navigations(&mut |navigation| asked.push(navigation.target));
    }
    for entity in asked.into_iter().filter(|entity| entity.derived.is_empty()) {
        caller.allow(to_read(entity))?;
    }
    Ok(())
}

/// What is expanded is read, too: with the right to read `what` it hangs on, as by a path.
fn allow_expansions(caller: Caller<'_>, what: Action, shape: &Shape) -> Result<(), Error> {
    for expand in &shape.expand {
        let what = match what {
            _ if expand.face.entity.derived.is_empty() => to_read(expand.face.entity),
            Action::ReadMe => Action::ReadUsers,
            what => what,
        };
        caller.allow(what)?;
        allow_questions(caller, expand.filter.as_ref(), &expand.order)?;
        allow_expansions(caller, what, &expand.shape)?;
    }
    Ok(())
}
