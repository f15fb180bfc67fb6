//! The bodies of requests, as handlers take them. The build script names them for each entity: `AccessPackageCreate`.

use std::marker::PhantomData;

use super::bind::Bound;

/// The body of a create.
#[derive(Debug)]
pub struct Create<I>(pub Bound<I>);

/// The body of an update.
#[derive(Debug)]
pub struct Update<I>(pub Bound<I>);

/// The body `{"@odata.id": …}` that refers to an entity.
#[derive(Debug)]
pub struct Reference<R> {
    /// The id of the entity.
    pub id: String,
    of: PhantomData<fn() -> R>,
}

impl<R> Reference<R> {
    /// A reference to the entity with this id.
    pub const fn new(id: String) -> Self {
        Self { id, of: PhantomData }
    }
}
