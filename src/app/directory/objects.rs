//! What is done with objects whatever they are: restoring them, removing them for good.

use super::{App, Caller, Error, refused, rules, to_manage};
use crate::{
    domain::directory::Object,
    model::{
        Application, DIRECTORY_OBJECT, DirectoryObject, Group, ServicePrincipal, User,
        changeset::Changeset,
        record::{Record, Stored},
    },
    odata::query::Query,
    store::{self, Life, Page, directory::find_all},
};

impl App {
    /// Brings a deleted object back, and reads it: who may change its kind may read it.
    pub async fn object_restore(&self, caller: Caller<'_>, id: &str, query: Query) -> Result<Page, Error> {
        let found = self.deleted_object(caller, id).await?;
        match found.record.kind.as_str() {
            "user" => self.restore::<User>(caller, id).await?,
            "group" => self.restore::<Group>(caller, id).await?,
            "application" => self.restore::<Application>(caller, id).await?,
            _ => self.restore::<ServicePrincipal>(caller, id).await?,
        }
        self.store().read(caller.tenant, query).await?.ok_or(Error::NoSuchPath)
    }

    /// Removes a deleted object for good.
    pub async fn object_purge(&self, caller: Caller<'_>, id: &str) -> Result<(), Error> {
        let found = self.deleted_object(caller, id).await?;
        let changes = match found.record.kind.as_str() {
            "user" => {
                let changes = Changeset::default().delete(&self.deleted::<User>(caller, id).await?);
                self.without_manager(caller, id, changes).await?
            }
            "group" => Changeset::default().delete(&self.deleted::<Group>(caller, id).await?),
            "application" => Changeset::default().delete(&self.deleted::<Application>(caller, id).await?),
            _ => Changeset::default().delete(&self.deleted::<ServicePrincipal>(caller, id).await?),
        };
        self.commit_once(caller, changes).await.map_err(refused::<DirectoryObject>)
    }

    /// Whoever reports to somebody who is no more reports to nobody.
    async fn without_manager(&self, caller: Caller<'_>, id: &str, changes: Changeset) -> Result<Changeset, Error> {
        let reports = find_all::<User>(self.store(), caller.tenant, User::MANAGER_ID, id).await?;
        let on = self.occasion(caller);
        Ok(reports.into_iter().filter(|report| report.record.id != id).fold(changes, |changes, report| {
            let after = User { manager_id: None, ..report.record.clone() };
            changes.update(report, after, on.version)
        }))
    }

    async fn deleted_object(&self, caller: Caller<'_>, id: &str) -> Result<Stored<DirectoryObject>, Error> {
        let found = self.object(caller, id, Life::Deleted).await?;
        caller.allow(to_manage(Some(&found.record.kind)))?.everywhere()?;
        Ok(found)
    }

    async fn restore<R: Object>(&self, caller: Caller<'_>, id: &str) -> Result<(), Error> {
        let before = self.deleted::<R>(caller, id).await?;
        let (_, changes) = rules::restore(before, &self.occasion(caller));
        self.commit_once(caller, changes).await.map_err(refused::<R>)
    }

    async fn deleted<R: Record>(&self, caller: Caller<'_>, id: &str) -> Result<Stored<R>, Error> {
        let found = store::load_in(self.store(), caller.tenant, R::ENTITY.key(), id, Life::Deleted).await?;
        found.ok_or_else(|| Error::NotFound { entity: &DIRECTORY_OBJECT, id: id.to_owned() })
    }
}
