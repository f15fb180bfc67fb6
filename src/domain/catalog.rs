//! The rules of catalogs.

use super::{Decision, Occasion, Refusal, apply};
use crate::model::{
    ACCESS_PACKAGE_CATALOG, AccessPackageCatalog, AccessPackageCatalogInput,
    changeset::Changeset,
    record::{Input, Stored},
};

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
pub fn create(id: String, input: AccessPackageCatalogInput, on: Occasion) -> Decision<AccessPackageCatalog> {
    let mut record =
        AccessPackageCatalog { id, created_by: on.by.clone(), modified_by: on.by, ..AccessPackageCatalog::default() };
    input.apply_to(&mut record);
    record.created_at = on.now;
    record.modified_at = on.now;
    let changes = Changeset::default().insert(record.clone(), on.version);
    (Stored { record, version: on.version }, changes)
}

/// Changes a catalog.
pub fn update(
    before: Stored<AccessPackageCatalog>,
    input: AccessPackageCatalogInput,
    on: Occasion,
) -> Result<Decision<AccessPackageCatalog>, Refusal> {
    let declares_author = input.modified_by.is_some();
    let mut after = apply(input, &before.record, ACCESS_PACKAGE_CATALOG.fixed)?;
    if after == before.record {
        return Ok((before, Changeset::default()));
    }
    after.modified_at = on.now;
    if !declares_author {
        after.modified_by = on.by;
    }
    let changes = Changeset::default().update(before, after.clone(), on.version);
    Ok((Stored { record: after, version: on.version }, changes))
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
        let (catalog, _) = create("c".into(), AccessPackageCatalogInput::default(), on);
        assert_eq!(delete(&catalog, true).err(), Some(Refusal::CatalogNotEmpty));
        assert_eq!(delete(&catalog, false).map(|c| c.writes.len()).ok(), Some(1));
    }
}
