//! Where something is allowed.

use std::sync::Arc;

/// Where a caller may do something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere in the tenant.
    #[default]
    Tenant,
    /// In these catalogs, in order; where there is none, nowhere.
    Catalogs(Arc<[String]>),
}

impl Scope {
    /// These catalogs.
    pub fn catalogs(ids: impl IntoIterator<Item = String>) -> Self {
        let mut ids: Vec<String> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self::Catalogs(ids.into())
    }

    /// Nowhere.
    pub fn nowhere() -> Self {
        Self::catalogs([])
    }

    /// Whether there is nothing in it.
    pub fn is_nowhere(&self) -> bool {
        matches!(self, Self::Catalogs(ids) if ids.is_empty())
    }

    /// Whether what is in this catalog is in it; what is in no catalog is only in the whole tenant.
    pub fn includes(&self, catalog: Option<&str>) -> bool {
        match self {
            Self::Tenant => true,
            Self::Catalogs(ids) => {
                catalog.is_some_and(|catalog| ids.binary_search_by(|id| (**id).cmp(catalog)).is_ok())
            }
        }
    }
}
