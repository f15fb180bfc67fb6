//! What the checked documents hold, so that a document may refer to a later one, and no two are about the same.
//!
//! Names are kept as hashes of 64 bits: a million people take some 70 MB at the most. That two names have the same hash is
//! less likely than one in a million for ten million names, and as the hashes are other ones each time, it would happen
//! once: the import would refuse a document as the same as another, and writes nothing.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    mem,
};

use super::{Kind, line::Reference};

/// A name, as it is kept.
pub(super) type Mark = u64;

/// Lines.
#[derive(Default)]
pub(super) struct Lines(Vec<bool>);

impl Lines {
    /// Notes a line; false: it was noted before.
    pub(super) fn insert(&mut self, line: u32) -> bool {
        let line = usize::try_from(line).unwrap_or_default();
        if self.0.len() <= line {
            self.0.resize(line + 1, false);
        }
        self.0.get_mut(line).is_some_and(|noted| !mem::replace(noted, true))
    }

    /// Whether a line was noted.
    pub(super) fn contains(&self, line: u32) -> bool {
        usize::try_from(line).is_ok_and(|line| self.0.get(line).copied().unwrap_or_default())
    }
}

/// What the documents hold.
#[derive(Default)]
pub(super) struct Seen {
    random: RandomState,
    /// By id: on which line, and what it is.
    ids: HashMap<Mark, (u32, Kind)>,
    /// By kind, property and value: on which line.
    names: HashMap<Mark, u32>,
}

impl Seen {
    pub(super) fn mark(&self, id: &str) -> Mark {
        self.random.hash_one(id)
    }

    /// Notes an id; gives the line of another document that has it.
    pub(super) fn add_id(&mut self, id: &str, line: u32, kind: Kind) -> Option<u32> {
        let mark = self.mark(id);
        if let Some((other, _)) = self.ids.get(&mark) {
            return Some(*other);
        }
        self.ids.insert(mark, (line, kind));
        None
    }

    /// Notes a name that no two objects share; gives the line of another document that has it.
    pub(super) fn add_name(&mut self, kind: Kind, property: &str, name: &str, line: u32) -> Option<u32> {
        let mark = self.random.hash_one((kind, property, name));
        if let Some(other) = self.names.get(&mark) {
            return Some(*other);
        }
        self.names.insert(mark, line);
        None
    }

    /// What kind of thing a document describes that is referred to.
    pub(super) fn kind_of(&self, target: &Reference) -> Option<Kind> {
        match target {
            Reference::Id(id) => self.ids.get(&self.mark(id)).map(|(_, kind)| *kind),
            Reference::Person(name) => {
                let mark = self.random.hash_one((Kind::User, "userPrincipalName", name.as_str()));
                self.names.contains_key(&mark).then_some(Kind::User)
            }
        }
    }

    /// The line of the document with this id.
    pub(super) fn line_of(&self, mark: Mark) -> Option<u32> {
        self.ids.get(&mark).map(|(line, _)| *line)
    }
}
