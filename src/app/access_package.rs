//! Use cases of access packages.

use super::{App, Caller, Error, Expected, Named, Uncommitted, refused};
use crate::{
    authz::Action,
    domain::access_package as rules,
    model::{
        ACCESS_PACKAGE, ACCESS_PACKAGE_CATALOG, AccessPackage, AccessPackageInput,
        meta::LinkTable,
        record::{Record, Stored},
        scope::Scope,
    },
    store::{self, CommitError, Constraint},
};

impl App {
    /// Makes an access package.
    pub async fn access_package_create(
        &self,
        caller: Caller<'_>,
        input: AccessPackageInput,
    ) -> Result<Stored<AccessPackage>, Error> {
        let allowed = caller.allow(Action::ManagePackages)?;
        let id = allowed.new_id(input.id.clone())?;
        let catalog = input.catalog_id.clone().unwrap_or_default();
        self.check_catalog(caller, &allowed, &catalog, AccessPackage::CATALOG_ID).await?;
        let (made, changes) = rules::create(id, input, &self.occasion(caller));
        match self.commit_once(caller, changes).await {
            Ok(()) => Ok(made),
            // The only other entity that a package names is its catalog.
            Err(Uncommitted::Store(CommitError::Constraint(Constraint::MissingReference))) => {
                let column = Some(AccessPackage::CATALOG_ID);
                Err(Error::NoSuchTarget { entity: &ACCESS_PACKAGE_CATALOG, id: catalog, column })
            }
            Err(error) => Err(refused::<AccessPackage>(error)),
        }
    }

    /// Changes an access package.
    pub async fn access_package_update(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
        input: AccessPackageInput,
    ) -> Result<Stored<AccessPackage>, Error> {
        let allowed = caller.allow(Action::ManagePackages)?;
        self.decide(caller, &allowed, named, expected, |before| {
            rules::update(before, input.clone(), self.occasion(caller))
        })
        .await
    }

    /// Removes an access package.
    pub async fn access_package_delete(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManagePackages)?;
        self.decide(caller, &allowed, named, expected, |before: Stored<AccessPackage>| Ok(((), rules::delete(&before))))
            .await
    }

    /// Makes holders of `other` ineligible for the package.
    pub async fn access_package_add_incompatible(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        table: LinkTable,
        other: &str,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManagePackages)?;
        let package: Stored<AccessPackage> = self.load(caller, &allowed, named).await?;
        if allowed.see != Scope::Tenant {
            let found = store::load::<AccessPackage>(self.store(), caller.tenant, ACCESS_PACKAGE.key(), other).await?;
            if !found.is_some_and(|other| allowed.see.includes(Some(&other.record.catalog_id))) {
                return Err(Error::NoSuchTarget { entity: &ACCESS_PACKAGE, id: other.to_owned(), column: None });
            }
        }
        let changes = rules::add_incompatible(table, package.record.id(), other)?;
        match self.commit_once(caller, changes).await {
            Ok(()) => Ok(()),
            Err(Uncommitted::Store(CommitError::Constraint(Constraint::MissingReference))) => {
                Err(Error::NoSuchTarget { entity: &ACCESS_PACKAGE, id: other.to_owned(), column: None })
            }
            Err(error) => Err(refused::<AccessPackage>(error)),
        }
    }

    /// Makes holders of `other` eligible for the package again.
    pub async fn access_package_remove_incompatible(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        table: LinkTable,
        other: &str,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManagePackages)?;
        let package: Stored<AccessPackage> = self.load(caller, &allowed, named).await?;
        let seeing = caller.allow(Action::Read)?;
        let target: Stored<AccessPackage> = self.load(caller, &seeing, by_id::<AccessPackage>(other)).await?;
        let changes = rules::remove_incompatible(table, package.record.id(), target.record.id());
        self.commit_once(caller, changes).await.map_err(refused::<AccessPackage>)
    }
}

/// An entity by its id.
fn by_id<R: Record>(id: &str) -> Named<'_> {
    Named { property: R::ENTITY.key(), value: id }
}
