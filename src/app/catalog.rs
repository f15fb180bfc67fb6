//! Use cases of catalogs.

use serde_json::json;

use super::{App, Caller, Error, Expected, Named, directory::graph, refused};
use crate::{
    authz::{Action, OWNER, ROLES},
    domain::{Occasion, Refusal, catalog as rules, role_assignment as roles},
    ids,
    model::{
        ACCESS_PACKAGE_CATALOG, AccessPackageCatalog, AccessPackageCatalogInput, UnifiedRoleDefinition,
        changeset::Changeset,
        meta::{Link, Version},
        record::Stored,
        value::Timestamp,
    },
    odata::{options, query::Rows},
    store::{self, Store, TenantKey},
};

/// What a tenant starts with: a catalog, the built-in roles, and the application that this API is.
pub fn first_catalog(now: Timestamp) -> Changeset {
    let mut first = rules::general(ids::new_id(), &Occasion { by: None, now, version: ids::new_row_version() });
    first.writes.extend(graph::first(now).writes);
    ROLES.iter().fold(first, |changes, role| {
        let definition = UnifiedRoleDefinition {
            id: role.id.to_owned(),
            template_id: role.id.to_owned(),
            display_name: role.name.to_owned(),
            description: Some(role.description.to_owned()),
            role_permissions: json!([{ "allowedResourceActions": role.actions, "condition": null }]).to_string(),
            ..UnifiedRoleDefinition::default()
        };
        changes.insert(definition, ids::new_row_version())
    })
}

/// Takes away from a tenant that is to go what it has started with.
pub async fn built_in(store: &dyn Store, tenant: TenantKey) -> Result<Changeset, store::Error> {
    let rows = Rows::All(ACCESS_PACKAGE_CATALOG.face(Version::V1));
    let Ok(query) =
        options::parse_query("$filter=catalogType eq 'serviceDefault'&$select=id", rows, None, Timestamp(0))
    else {
        return Ok(Changeset::default());
    };
    let page = store.read(tenant, query).await?.map(|page| page.rows).unwrap_or_default();
    let found: Vec<serde_json::Value> =
        serde_json::from_slice(&[b"[", page.as_slice(), b"]"].concat()).unwrap_or_default();
    let mut changes = graph::last(store, tenant).await?;
    for id in found.iter().filter_map(|row| row["id"].as_str()) {
        let stored = store::load::<AccessPackageCatalog>(store, tenant, ACCESS_PACKAGE_CATALOG.key(), id).await?;
        changes = stored.iter().fold(changes, Changeset::delete);
    }
    Ok(changes)
}

impl App {
    /// Makes a catalog.
    pub async fn catalog_create(
        &self,
        caller: Caller<'_>,
        input: AccessPackageCatalogInput,
    ) -> Result<Stored<AccessPackageCatalog>, Error> {
        let allowed = caller.allow(Action::CreateCatalog)?;
        allowed.everywhere()?;
        let id = allowed.new_id(input.id.clone())?;
        let (made, mut changes) = rules::create(id, input, &self.occasion(caller));
        if allowed.by_roles {
            // Who could not see the catalog otherwise owns it.
            let (id, version) = (ids::new_id(), ids::new_row_version());
            let owner = roles::owner(id, caller.principal.oid.clone(), OWNER.id, &made.record.id);
            changes = changes.insert(owner, version);
        }
        self.commit_once(caller, changes).await.map_err(refused::<AccessPackageCatalog>)?;
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
        let allowed = caller.allow(Action::ManageCatalog)?;
        self.decide(caller, &allowed, named, expected, |before| {
            rules::update(before, input.clone(), self.occasion(caller))
        })
        .await
    }

    /// Removes an empty catalog.
    pub async fn catalog_delete(&self, caller: Caller<'_>, named: Named<'_>, expected: &Expected) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManageCatalog)?;
        let holds_packages = self.holds_packages(caller, named).await?;
        let decide = |before: Stored<_>| rules::delete(&before, holds_packages).map(|changes| ((), changes));
        match self.decide(caller, &allowed, named, expected, decide).await {
            // A package was put in since we looked.
            Err(Error::InUse { .. }) => Err(Refusal::CatalogNotEmpty.into()),
            done => done,
        }
    }

    async fn holds_packages(&self, caller: Caller<'_>, named: Named<'_>) -> Result<bool, Error> {
        let face = ACCESS_PACKAGE_CATALOG.face(Version::V1);
        let Some(packages) = face.navigations.iter().find(|n| matches!(n.link, Link::Inverse(_))) else {
            return Ok(false);
        };
        let catalog =
            Rows::Keyed { of: Box::new(Rows::All(face)), property: named.property, value: named.value.to_owned() };
        let rows =
            Rows::Related { of: Box::new(catalog), navigation: packages, face: packages.target.face(Version::V1) };
        Ok(self.store().exists(caller.tenant, rows).await?)
    }
}
