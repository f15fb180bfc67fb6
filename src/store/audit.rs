//! The chain of records as the store keeps it.

use async_trait::async_trait;

use super::{Error, Store, TenantKey};
use crate::model::{
    audit::{self, Head},
    meta::{EntityType, Version},
    value::Value,
    write::{Row, write_properties},
};

/// So many records are held at once.
const WINDOW: i64 = 500;

/// A record of the chain, as it is stored.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The type of the record.
    pub entity: &'static EntityType,
    /// Its columns' values, in order.
    pub values: Vec<Value>,
}

/// The part of a [`super::Store`] that proves and exports what was done.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Where a tenant's chain ends by the store's own account.
    async fn audit_head(&self, tenant: TenantKey) -> Result<Head, Error>;

    /// The records whose places are in this range, both ends included, in the chain's order. A record that is missing is
    /// missing here.
    async fn audit_range(&self, tenant: TenantKey, from: i64, to: i64) -> Result<Vec<Linked>, Error>;

    /// The largest place that any record has.
    async fn audit_last(&self, tenant: TenantKey) -> Result<i64, Error>;
}

/// What is wrong with a chain, and at which place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is missing.
    #[error("record {0} is missing")]
    Missing(i64),
    /// A record, or one before it, is not what was written.
    #[error("record {0} has been altered, or what is before it")]
    Altered(i64),
    /// The chain does not end where it should.
    #[error("the chain ends at record {found}, and not at {expected}")]
    End {
        /// Where its last record is.
        found: i64,
        /// Where it should be.
        expected: i64,
    },
    /// The record at which the chain ended once is another now.
    #[error("record {0} is not the one that it was")]
    Replaced(i64),
}

/// Goes through a tenant's chain from its first record on: where it ends, or what is wrong with it. `anchor` is where it
/// ended once. Works while records are written; those that come meanwhile are not looked at.
pub async fn verify(
    store: &dyn Store,
    tenant: TenantKey,
    anchor: Option<&Head>,
) -> Result<Result<Head, Broken>, Error> {
    // In this order: the end that is read later is not before any record that was there sooner.
    let last = store.audit_last(tenant).await?;
    let head = store.audit_head(tenant).await?;
    if last > head.sequence {
        return Ok(Err(Broken::End { found: last, expected: head.sequence }));
    }
    let mut at = Head::default();
    while at.sequence < head.sequence {
        let to = head.sequence.min(at.sequence + WINDOW);
        for Linked { entity, values } in store.audit_range(tenant, at.sequence + 1, to).await? {
            let expected = at.sequence + 1;
            let Some(place) = audit::place(entity, &values).filter(|place| place.sequence == expected) else {
                return Ok(Err(Broken::Missing(expected)));
            };
            if audit::digest(entity, &at.hash, &values) != place.hash {
                return Ok(Err(Broken::Altered(expected)));
            }
            if anchor.is_some_and(|anchor| anchor.sequence == expected && anchor.hash != place.hash) {
                return Ok(Err(Broken::Replaced(expected)));
            }
            at = place;
        }
        if at.sequence < to {
            return Ok(Err(Broken::Missing(at.sequence + 1)));
        }
    }
    if at.hash != head.hash {
        return Ok(Err(Broken::Altered(head.sequence)));
    }
    if let Some(anchor) = anchor.filter(|anchor| anchor.sequence > at.sequence) {
        return Ok(Err(Broken::End { found: at.sequence, expected: anchor.sequence }));
    }
    Ok(Ok(at))
}

/// Gives a tenant's records to `write`, each as a JSON object without a line break, in the chain's order.
pub async fn export<E: From<Error>>(
    store: &dyn Store,
    tenant: TenantKey,
    after: i64,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let head = store.audit_head(tenant).await?;
    let mut from = after.saturating_add(1);
    while from <= head.sequence {
        let to = head.sequence.min(from + WINDOW - 1);
        for linked in store.audit_range(tenant, from, to).await? {
            write(&linked.json())?;
        }
        from = to + 1;
    }
    Ok(())
}

impl Linked {
    /// The record as the API shows it, with its type and its place in the chain.
    fn json(&self) -> Vec<u8> {
        let properties: Vec<_> = self.entity.face(Version::Beta).shown().collect();
        let row = Shown(properties.iter().filter_map(|property| self.values.get(property.column)).collect());
        let place = audit::place(self.entity, &self.values).unwrap_or_default();
        let (ty, Head { sequence, hash }) = (self.entity.name, place);
        let mut json = format!("{{\"@odata.type\":\"#microsoft.graph.{ty}\",\"sequence\":{sequence},").into_bytes();
        json.extend_from_slice(format!("\"hash\":\"{hash}\",").as_bytes());
        write_properties(&mut json, &row, 0, &properties);
        json.push(b'}');
        json
    }
}

/// Values as a row.
struct Shown<'a>(Vec<&'a Value>);

impl Row for Shown<'_> {
    fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn int(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Some(*number),
            Some(Value::Time(time)) => Some(time.0),
            _ => None,
        }
    }

    fn bool(&self, column: usize) -> Option<bool> {
        match self.0.get(column) {
            Some(Value::Bool(truth)) => Some(*truth),
            _ => None,
        }
    }
}
