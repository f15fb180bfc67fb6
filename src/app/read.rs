//! Reads: authorize, then ask the store. Rules have no part in them.

use super::{App, Caller, Error};
use crate::{
    authz::{Action, Principal, table::to_read},
    model::meta::ID,
    odata::query::{Query, Rows, Shape},
    store::Page,
};

impl App {
    /// A page of a collection, or one entity.
    pub async fn read(&self, caller: Caller<'_>, mut query: Query) -> Result<Page, Error> {
        query.scope = caller.allow(action(caller.principal, &query.rows))?.act;
        allow_expansions(caller, &query.shape)?;
        self.store().read(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// How many entities there are.
    pub async fn count(&self, caller: Caller<'_>, mut query: Query) -> Result<u64, Error> {
        query.scope = caller.allow(action(caller.principal, &query.rows))?.act;
        self.store().count(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }
}

/// What reading these rows is.
///
/// What is of one of several types is read with the right to read what it hangs on: who may read groups may read who is in
/// them. And everybody may read who they are.
pub(crate) fn action(principal: &Principal, rows: &Rows) -> Action {
    match rows {
        Rows::Keyed { of, property, value } => match &**of {
            Rows::All(face) if property.column == ID && *value == principal.oid => match to_read(face.entity) {
                Action::ReadUsers => Action::ReadMe,
                other => other,
            },
            of => action(principal, of),
        },
        Rows::Cast { of, .. } => action(principal, of),
        Rows::Related { of, face, .. } if !face.entity.derived.is_empty() => match action(principal, of) {
            Action::ReadMe => Action::ReadUsers,
            other => other,
        },
        other => to_read(other.face().entity),
    }
}

/// What is expanded is read, too.
fn allow_expansions(caller: Caller<'_>, shape: &Shape) -> Result<(), Error> {
    for expand in &shape.expand {
        if expand.face.entity.derived.is_empty() {
            caller.allow(to_read(expand.face.entity))?;
        }
        allow_expansions(caller, &expand.shape)?;
    }
    Ok(())
}
