//! Where something is allowed.

use std::sync::Arc;

use super::meta::EntityType;

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

/// What a caller may see. All rows are read under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Where.
    pub scope: Scope,
    /// The types of which the caller may know that there is an object, and no property but its id. Rows of one of several
    /// types may be of these.
    pub unreadable: Vec<&'static EntityType>,
    /// The id of the caller's object, if hidden links are shown to those alone who are linked themselves; none: to the
    /// caller, too.
    pub outsider: Option<String>,
}

impl From<Scope> for Sight {
    fn from(scope: Scope) -> Self {
        Self { scope, ..Self::default() }
    }
}
