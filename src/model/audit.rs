//! Records of what was done, and the chain in which each vouches for those before it.

use aws_lc_rs::digest::{self, SHA256};
use data_encoding::HEXLOWER;

use super::{
    DirectoryAudit, SignIn,
    meta::EntityType,
    record::{Record, RowVersion},
    value::Value,
};

/// A record that has no place in the chain yet: that is given when it is written.
#[derive(Clone, Debug)]
pub struct Entry {
    entity: &'static EntityType,
    values: Vec<Value>,
    version: RowVersion,
}

/// Where a tenant's chain ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// How many records there are.
    pub sequence: i64,
    /// The hash of the last.
    pub hash: String,
}

/// Where a record of this type has its place and its hash.
fn places(entity: &EntityType) -> (usize, usize) {
    if entity.table == DirectoryAudit::ENTITY.table {
        (DirectoryAudit::SEQUENCE, DirectoryAudit::HASH)
    } else {
        (SignIn::SEQUENCE, SignIn::HASH)
    }
}

impl Entry {
    /// A change, or one that was refused.
    pub fn change(record: DirectoryAudit, version: RowVersion) -> Self {
        Self { entity: DirectoryAudit::ENTITY, values: record.into_values(), version }
    }

    /// A sign-in.
    pub fn sign_in(record: SignIn, version: RowVersion) -> Self {
        Self { entity: SignIn::ENTITY, values: record.into_values(), version }
    }

    /// Gives the record its place after `head`: what is to be written, and where the chain ends then.
    pub fn link(mut self, head: &Head) -> (&'static EntityType, Vec<Value>, RowVersion, Head) {
        let (sequence, hash) = places(self.entity);
        let mut next = Head { sequence: head.sequence + 1, hash: String::new() };
        if let Some(place) = self.values.get_mut(sequence) {
            *place = Value::Int(next.sequence);
        }
        next.hash = digest(self.entity, &head.hash, &self.values);
        if let Some(place) = self.values.get_mut(hash) {
            *place = Value::Text(next.hash.clone());
        }
        (self.entity, self.values, self.version, next)
    }
}

/// The place of a stored record in the chain and its hash.
pub fn place(entity: &EntityType, values: &[Value]) -> Option<Head> {
    let (sequence, hash) = places(entity);
    match (values.get(sequence), values.get(hash)) {
        (Some(Value::Int(sequence)), Some(Value::Text(hash))) => Some(Head { sequence: *sequence, hash: hash.clone() }),
        _ => None,
    }
}

/// The hash of a record that comes after the one whose hash is `previous`: SHA-256, in hexadecimal, over that hash, the
/// table and every column but the hash, each with its kind and its length before it.
pub fn digest(entity: &EntityType, previous: &str, values: &[Value]) -> String {
    let (_, hash) = places(entity);
    // Put together first: that is quicker than to hash it piece by piece.
    let mut record = Vec::with_capacity(2048);
    let mut add = |kind: u8, bytes: &[u8]| {
        record.push(kind);
        record.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        record.extend_from_slice(bytes);
    };
    add(b'p', previous.as_bytes());
    add(b't', entity.table.as_bytes());
    for (_, value) in values.iter().enumerate().filter(|(column, _)| *column != hash) {
        match value {
            Value::Null => add(b'n', &[]),
            Value::Text(text) => add(b's', text.as_bytes()),
            Value::Bool(truth) => add(b'b', &[u8::from(*truth)]),
            Value::Int(number) => add(b'i', &number.to_be_bytes()),
            Value::Time(time) => add(b'd', &time.0.to_be_bytes()),
        }
    }
    HEXLOWER.encode(digest::digest(&SHA256, &record).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        let record = DirectoryAudit { activity_display_name: name.to_owned(), ..DirectoryAudit::default() };
        Entry::change(record, RowVersion(1))
    }

    #[test]
    fn each_record_vouches_for_those_before_it() {
        let (entity, first, _, one) = entry("a").link(&Head::default());
        let (_, second, _, two) = entry("b").link(&one);
        assert_eq!((one.sequence, two.sequence), (1, 2));
        assert_eq!(place(entity, &second), Some(two.clone()));
        assert_eq!(digest(entity, "", &first), one.hash);
        assert_eq!(digest(entity, &one.hash, &second), two.hash);
        let mut altered = second.clone();
        altered[DirectoryAudit::ACTIVITY_DISPLAY_NAME] = Value::Text("c".to_owned());
        assert_ne!(digest(entity, &one.hash, &altered), two.hash);
        assert_ne!(digest(entity, "", &second), two.hash);
    }

    #[test]
    fn what_moves_from_one_column_to_the_next_is_seen() {
        let values = |a: &str, b: &str| {
            let record = DirectoryAudit {
                activity_display_name: a.to_owned(),
                category: b.to_owned(),
                ..DirectoryAudit::default()
            };
            digest(DirectoryAudit::ENTITY, "", &record.into_values())
        };
        assert_ne!(values("ab", "c"), values("a", "bc"));
    }
}
