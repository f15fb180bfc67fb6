//! A change as a value: what a decision wants written and what it relied on. The store applies it whole or not at all.

use super::{
    audit::Entry,
    meta::{EntityType, LinkTable},
    record::{Record, RowVersion, Stored},
    value::{Timestamp, Value},
};

/// A decided change.
#[derive(Clone, Debug, Default)]
pub struct Changeset {
    /// What must still hold when the change is written.
    pub relies_on: Vec<Reliance>,
    /// The rows to write, in this order.
    pub writes: Vec<RowWrite>,
    /// What is remembered of it.
    pub audit: Vec<Entry>,
}

/// Something a decision relied on.
#[derive(Clone, Debug)]
pub struct Reliance {
    /// A row of this entity,
    pub entity: &'static EntityType,
    /// with this id,
    pub id: String,
    /// is in this state.
    pub version: RowVersion,
}

/// The writing of one row.
#[derive(Clone, Debug)]
pub enum RowWrite {
    /// A new row.
    Insert {
        /// Of this entity.
        entity: &'static EntityType,
        /// The columns' values, in order.
        values: Vec<Value>,
        /// The version it gets.
        version: RowVersion,
    },
    /// Other values in a row that is still in the state the decision saw.
    Update {
        /// Of this entity.
        entity: &'static EntityType,
        /// The row.
        id: String,
        /// The state the decision saw.
        seen: RowVersion,
        /// Columns and their new values.
        changes: Vec<(usize, Value)>,
        /// The values of all columns before, in order.
        before: Vec<Value>,
        /// The version it gets.
        version: RowVersion,
    },
    /// A row, still in the state the decision saw, that goes.
    Delete {
        /// Of this entity.
        entity: &'static EntityType,
        /// The row.
        id: String,
        /// The state the decision saw.
        seen: RowVersion,
        /// The values of all columns before, in order.
        before: Vec<Value>,
    },
    /// A link; one that is there already stays.
    Link {
        /// The table, in the direction of the navigation property.
        table: LinkTable,
        /// The source's id.
        source: String,
        /// The target's id.
        target: String,
    },
    /// A link that goes.
    Unlink {
        /// The table, in the direction of the navigation property.
        table: LinkTable,
        /// The source's id.
        source: String,
        /// The target's id.
        target: String,
    },
    /// Another version for a row, whatever state it is in: something that hangs on it has changed.
    Touch {
        /// Of this entity.
        entity: &'static EntityType,
        /// The row.
        id: String,
        /// The version it gets.
        version: RowVersion,
    },
    /// What somebody was granted ends, and the tokens that were issued until then.
    Revoke {
        /// Who: the id of a person or a service principal.
        object_id: String,
        /// Until when.
        until: Timestamp,
    },
    /// What people were granted through an application ends, and the tokens that were issued until then.
    RevokeThrough {
        /// The application: its client id.
        app_id: String,
        /// Until when.
        until: Timestamp,
    },
}

/// Whose tokens, or which, are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation<'a> {
    /// Those of a person or a service principal, by its id.
    Object(&'a str),
    /// Those that people have got through an application, by its client id.
    Application(&'a str),
    /// Those of one sign-in.
    Family(&'a str),
}

impl Revocation<'_> {
    /// As a row names it; no id of an object has a colon.
    pub fn key(self) -> String {
        match self {
            Self::Object(id) => id.to_owned(),
            Self::Application(id) => format!("application:{id}"),
            Self::Family(id) => format!("family:{id}"),
        }
    }
}

impl Changeset {
    /// Writes a new row.
    #[must_use]
    pub fn insert<R: Record>(mut self, record: R, version: RowVersion) -> Self {
        self.writes.push(RowWrite::Insert { entity: R::ENTITY, values: record.into_values(), version });
        self
    }

    /// Writes what `after` changes of a row.
    #[must_use]
    pub fn update<R: Record>(mut self, before: Stored<R>, after: R, version: RowVersion) -> Self {
        let (id, seen) = (before.record.id().to_owned(), before.version);
        let changes = after.changes_since(before.record.clone());
        let before = before.record.into_values();
        self.writes.push(RowWrite::Update { entity: R::ENTITY, id, seen, changes, before, version });
        self
    }

    /// Removes a row.
    #[must_use]
    pub fn delete<R: Record>(mut self, row: &Stored<R>) -> Self {
        let id = row.record.id().to_owned();
        let before = row.record.clone().into_values();
        self.writes.push(RowWrite::Delete { entity: R::ENTITY, id, seen: row.version, before });
        self
    }

    /// Ends what a person or a service principal was granted, and the tokens that were issued until then.
    #[must_use]
    pub fn revoke(mut self, object_id: &str, until: Timestamp) -> Self {
        self.writes.push(RowWrite::Revoke { object_id: object_id.to_owned(), until });
        self
    }

    /// Ends what people were granted through an application, and the tokens that were issued until then.
    #[must_use]
    pub fn revoke_through(mut self, app_id: &str, until: Timestamp) -> Self {
        self.writes.push(RowWrite::RevokeThrough { app_id: app_id.to_owned(), until });
        self
    }

    /// Relies on a row being in the state it was seen in.
    #[must_use]
    pub fn relying_on<R: Record>(mut self, row: &Stored<R>) -> Self {
        let id = row.record.id().to_owned();
        self.relies_on.push(Reliance { entity: R::ENTITY, id, version: row.version });
        self
    }
}
