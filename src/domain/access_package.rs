//! The rules of access packages.

use super::{Decision, Occasion, Refusal, change, insert, make};
use crate::model::{
    AccessPackage, AccessPackageInput,
    changeset::{Changeset, RowWrite},
    meta::LinkTable,
    record::Stored,
};

/// Makes a package. That its catalog exists when it is written, the database sees to.
pub fn create(id: String, input: AccessPackageInput, on: &Occasion) -> Decision<AccessPackage> {
    insert(make(id, input, on), on)
}

/// Changes a package. It stays in its catalog.
pub fn update(
    before: Stored<AccessPackage>,
    input: AccessPackageInput,
    on: Occasion,
) -> Result<Decision<AccessPackage>, Refusal> {
    change(before, input, on)
}

/// Removes a package, and with it what says that it is incompatible with others.
pub fn delete(before: &Stored<AccessPackage>) -> Changeset {
    Changeset::default().delete(before)
}

/// Makes holders of one package ineligible for another.
pub fn add_incompatible(table: LinkTable, package: &str, other: &str) -> Result<Changeset, Refusal> {
    if package == other {
        return Err(Refusal::IncompatibleWithItself);
    }
    let (source, target) = (package.to_owned(), other.to_owned());
    Ok(Changeset { writes: vec![RowWrite::Link { table, source, target }], ..Changeset::default() })
}

/// Undoes [`add_incompatible`].
pub fn remove_incompatible(table: LinkTable, package: &str, other: &str) -> Changeset {
    let (source, target) = (package.to_owned(), other.to_owned());
    Changeset { writes: vec![RowWrite::Unlink { table, source, target }], ..Changeset::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ACCESS_PACKAGE, meta::ID, record::RowVersion, value::Timestamp};

    fn on(at: i64) -> Occasion {
        Occasion { by: Some("ada".into()), now: Timestamp(at), version: RowVersion(at) }
    }

    fn package() -> Stored<AccessPackage> {
        let input = AccessPackageInput { catalog_id: Some("c".into()), ..AccessPackageInput::default() };
        create("p".into(), input, &on(1)).0
    }

    #[test]
    fn a_declared_author_is_kept_and_an_undeclared_one_is_the_caller() {
        let input = AccessPackageInput { created_by: Some(Some("eve".into())), ..AccessPackageInput::default() };
        let (made, _) = create("p".into(), input, &on(1));
        assert_eq!(made.record.created_by.as_deref(), Some("eve"));
        assert_eq!(made.record.modified_by.as_deref(), Some("ada"));
    }

    #[test]
    fn a_package_stays_in_its_catalog() {
        let moved = AccessPackageInput { catalog_id: Some("d".into()), ..AccessPackageInput::default() };
        let column = AccessPackage::CATALOG_ID;
        let refusal = update(package(), moved, on(2)).err();
        assert_eq!(refusal, Some(Refusal::Fixed { entity: &ACCESS_PACKAGE, column }));
        let same = AccessPackageInput { catalog_id: Some("c".into()), ..AccessPackageInput::default() };
        assert!(update(package(), same, on(2)).is_ok());
    }

    #[test]
    fn an_id_is_never_changed() {
        let renamed = AccessPackageInput { id: Some("q".into()), ..AccessPackageInput::default() };
        let refusal = update(package(), renamed, on(2)).err();
        assert_eq!(refusal, Some(Refusal::Fixed { entity: &ACCESS_PACKAGE, column: ID }));
    }

    #[test]
    fn an_update_that_changes_nothing_writes_nothing() {
        let (after, changes) = update(package(), AccessPackageInput::default(), on(2)).unwrap();
        assert_eq!(after, package());
        assert!(changes.writes.is_empty());
    }
}
