//! Reads: authorize, then ask the store. Rules have no part in them.

use super::{App, Caller, Error};
use crate::{
    authz::{self, Action},
    odata::query::Query,
    store::Page,
};

impl App {
    /// A page of a collection, or one entity.
    pub async fn read(&self, caller: Caller<'_>, query: Query) -> Result<Page, Error> {
        authz::decide(caller.principal, Action::Read)?;
        self.store().read(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// How many entities there are.
    pub async fn count(&self, caller: Caller<'_>, query: Query) -> Result<u64, Error> {
        authz::decide(caller.principal, Action::Read)?;
        self.store().count(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }
}
