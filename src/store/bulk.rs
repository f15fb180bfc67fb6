//! Looking up much at once: for who fills a tenant, or takes out what is in it.

use async_trait::async_trait;

use super::{Error, Life, TenantKey};
use crate::model::{
    meta::{EntityType, LinkTable},
    record::RowVersion,
    value::Value,
};

/// The part of a [`super::Store`] that looks up much at once. Writing much at once takes nothing but changesets put together.
#[async_trait]
pub trait Bulk: Send + Sync {
    /// The values and versions of the rows in which a column, which an index leads with, has one of these values.
    async fn rows_among(
        &self,
        tenant: TenantKey,
        entity: &'static EntityType,
        column: usize,
        values: Vec<String>,
        life: Life,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error>;

    /// Those of the targets that a source is linked to.
    async fn linked(
        &self,
        tenant: TenantKey,
        table: LinkTable,
        source: String,
        targets: Vec<String>,
    ) -> Result<Vec<String>, Error>;

    /// The links of these sources, source and target, in their order, from the one after `after` on, `most` at the most.
    async fn links(
        &self,
        tenant: TenantKey,
        table: LinkTable,
        sources: Vec<String>,
        after: Option<(String, String)>,
        most: usize,
    ) -> Result<Vec<(String, String)>, Error>;
}
