//! Use cases of catalogs.

use super::{ATTEMPTS, App, Caller, Error, Expected, Named, refused};
use crate::{
    authz::{self, Action},
    domain::{Occasion, Refusal, catalog as rules},
    ids,
    model::{
        ACCESS_PACKAGE_CATALOG, AccessPackageCatalog, AccessPackageCatalogInput,
        changeset::Changeset,
        meta::{Link, Version},
        record::Stored,
        value::Timestamp,
    },
    odata::query::Rows,
    store::{CommitError, Constraint},
};

/// The catalog that a tenant starts with.
pub fn first_catalog(now: Timestamp) -> Changeset {
    rules::general(ids::new_id(), &Occasion { by: None, now, version: ids::new_row_version() })
}

impl App {
    /// Makes a catalog.
    pub async fn catalog_create(
        &self,
        caller: Caller<'_>,
        input: AccessPackageCatalogInput,
    ) -> Result<Stored<AccessPackageCatalog>, Error> {
        authz::decide(caller.principal, Action::Write)?;
        let id = input.id.clone().unwrap_or_else(ids::new_id);
        let (made, changes) = rules::create(id, input, self.occasion(caller));
        self.commit(caller, changes).await.map_err(refused::<AccessPackageCatalog>)?;
        Ok(made)
    }

    /// Changes a catalog.
    pub async fn catalog_update(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
        input: AccessPackageCatalogInput,
    ) -> Result<Stored<AccessPackageCatalog>, Error> {
        authz::decide(caller.principal, Action::Write)?;
        for _ in 0..ATTEMPTS {
            let before: Stored<AccessPackageCatalog> = self.load(caller, named).await?;
            expected.check(before.version)?;
            let (after, changes) = rules::update(before, input.clone(), self.occasion(caller))?;
            if self.commit(caller, changes).await.map_err(refused::<AccessPackageCatalog>)? {
                return Ok(after);
            }
        }
        Err(Error::Contended)
    }

    /// Removes an empty catalog.
    pub async fn catalog_delete(&self, caller: Caller<'_>, named: Named<'_>, expected: &Expected) -> Result<(), Error> {
        authz::decide(caller.principal, Action::Write)?;
        for _ in 0..ATTEMPTS {
            let before: Stored<AccessPackageCatalog> = self.load(caller, named).await?;
            expected.check(before.version)?;
            let holds_packages = self.holds_packages(caller, named).await?;
            let changes = rules::delete(&before, holds_packages)?;
            match self.commit(caller, changes).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(CommitError::Constraint(Constraint::StillReferenced)) => {
                    return Err(Refusal::CatalogNotEmpty.into());
                }
                Err(error) => return Err(refused::<AccessPackageCatalog>(error)),
            }
        }
        Err(Error::Contended)
    }

    async fn holds_packages(&self, caller: Caller<'_>, named: Named<'_>) -> Result<bool, Error> {
        let face = ACCESS_PACKAGE_CATALOG.face(Version::V1);
        let Some(packages) = face.navigations.iter().find(|n| matches!(n.link, Link::Inverse(_))) else {
            return Ok(false);
        };
        let catalog = Rows::Keyed {
            of: Box::new(Rows::All(face)),
            property: named.property,
            value: named.value.to_owned(),
        };
        let rows = Rows::Related {
            of: Box::new(catalog),
            navigation: packages,
            face: packages.target.face(Version::V1),
        };
        Ok(self.store().exists(caller.tenant, rows).await?)
    }
}
