//! The rules of catalogs.

use super::{Decision, Occasion, Refusal, change, insert, make};
use crate::model::{AccessPackageCatalog, AccessPackageCatalogInput, changeset::Changeset, record::Stored};

/// Who makes what comes with a tenant.
const BUILT_IN_AUTHOR: &str = "Azure AD";

/// The catalog that every tenant starts with.
pub fn general(id: String, on: &Occasion) -> Changeset {
    let author = Some(BUILT_IN_AUTHOR.to_owned());
    let record = AccessPackageCatalog {
        id,
        display_name: "General".to_owned(),
        description: Some("Built-in catalog.".to_owned()),
        catalog_type: "serviceDefault".to_owned(),
        created_by: author.clone(),
        created_at: on.now,
        modified_by: author,
        modified_at: on.now,
        ..AccessPackageCatalog::default()
    };
    Changeset::default().insert(record, on.version)
}

/// Makes a catalog.
pub fn create(id: String, input: AccessPackageCatalogInput, on: &Occasion) -> Decision<AccessPackageCatalog> {
    insert(make(id, input, on), on)
}

/// Changes a catalog.
pub fn update(
    before: Stored<AccessPackageCatalog>,
    input: AccessPackageCatalogInput,
    on: Occasion,
) -> Result<Decision<AccessPackageCatalog>, Refusal> {
    change(before, input, on)
}

/// Removes a catalog that holds no packages. That none is put in meanwhile, the database sees to.
pub fn delete(before: &Stored<AccessPackageCatalog>, holds_packages: bool) -> Result<Changeset, Refusal> {
    if holds_packages { Err(Refusal::CatalogNotEmpty) } else { Ok(Changeset::default().delete(before)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{record::RowVersion, value::Timestamp};

    #[test]
    fn a_catalog_with_packages_is_not_removed() {
        let on = Occasion { by: None, now: Timestamp(1), version: RowVersion(1) };
        let (catalog, _) = create("c".into(), AccessPackageCatalogInput::default(), &on);
        assert_eq!(delete(&catalog, true).err(), Some(Refusal::CatalogNotEmpty));
        assert_eq!(delete(&catalog, false).map(|c| c.writes.len()).ok(), Some(1));
    }
}
