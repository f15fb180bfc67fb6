//! What can go wrong in a use case, by what the caller can do about it. Nothing here knows HTTP.

use crate::{
    authz::Denied,
    domain::Refusal,
    model::{bind::Violation, meta::EntityType},
    store,
};

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not do this.
    #[error("denied")]
    Denied(#[from] Denied),
    /// There is no such entity.
    #[error("there is no {} {id:?}", entity.name)]
    NotFound {
        /// The entity type.
        entity: &'static EntityType,
        /// The key that was asked for.
        id: String,
    },
    /// A body names an entity that does not exist.
    #[error("there is no {} {id:?} to refer to", entity.name)]
    NoSuchTarget {
        /// The entity type of what is named.
        entity: &'static EntityType,
        /// The key.
        id: String,
        /// The column that was to hold the key; none for a reference.
        column: Option<usize>,
    },
    /// The path leads nowhere.
    #[error("the path leads nowhere")]
    NoSuchPath,
    /// The body is wrong.
    #[error("the body is wrong")]
    Invalid(Vec<Violation>),
    /// A rule forbids it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// Another entity has this value, which no two may share.
    #[error("taken")]
    Taken {
        /// The entity type.
        entity: &'static EntityType,
        /// The column.
        column: usize,
    },
    /// Other entities hang on the one that is to go.
    #[error("in use")]
    InUse {
        /// The entity type.
        entity: &'static EntityType,
    },
    /// The entity is not in the state that the caller expects.
    #[error("the entity is in another state")]
    PreconditionFailed,
    /// Others changed the same thing at the same time, again and again.
    #[error("others kept changing the same thing")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
