//! The typed side of the tables: a record is a stored row, an input what a body says of one.

use super::{
    meta::{EntityType, ID},
    value::{Timestamp, Value},
};

/// A row of an entity's table, typed. The build script implements it.
pub trait Record: Sized + Clone {
    /// The entity type.
    const ENTITY: &'static EntityType;
    /// From the columns' values, in order; none where a value is not of the column's kind.
    fn from_values(values: Vec<Value>) -> Option<Self>;
    /// To the columns' values, in order.
    fn into_values(self) -> Vec<Value>;
    /// The key.
    fn id(&self) -> &str;

    /// The columns in which `self` differs from `before`, with their new values. The key never does.
    fn changes_since(self, before: Self) -> Vec<(usize, Value)> {
        let pairs = self.into_values().into_iter().zip(before.into_values()).enumerate();
        pairs.filter(|(column, (new, old))| *column != ID && new != old).map(|(c, (new, _))| (c, new)).collect()
    }
}

/// What a body says of an entity, typed. The build script implements it.
pub trait Input: Default {
    /// The record it is about.
    type Record: Record;
    /// Takes a column's value; none where the value is not of the column's kind.
    fn set(&mut self, column: usize, value: Value) -> Option<()>;
    /// Writes what was said into a record.
    fn apply_to(self, record: &mut Self::Record);
}

/// A record that says who made and changed it, and when. The build script implements it for every record that has the
/// columns.
pub trait Authored: Record + Default {
    /// Where the record says so.
    fn authorship(&mut self) -> Authorship<'_>;
}

/// Who made and changed a record, and when.
#[derive(Debug)]
pub struct Authorship<'a> {
    /// Who made it.
    pub created_by: &'a mut Option<String>,
    /// When it was made.
    pub created_at: &'a mut Timestamp,
    /// Who changed it last.
    pub modified_by: &'a mut Option<String>,
    /// When it was changed last.
    pub modified_at: &'a mut Timestamp,
}

/// A stored record and the version of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<R> {
    /// The record.
    pub record: R,
    /// The version, as [`RowVersion`] says.
    pub version: RowVersion,
}

/// Which state of a row this is: a number that every change of the row replaces and that is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowVersion(pub i64);

impl RowVersion {
    /// As an entity tag: weak, since the versions of the API and `$select` show the same state in different bytes.
    pub fn to_etag(self) -> String {
        format!("W/\"{:x}\"", self.0)
    }
}
