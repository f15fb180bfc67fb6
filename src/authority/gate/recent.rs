//! A map that never holds more than so many entries.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash},
};

/// A map with room for a fixed number of entries. When it is full, the quarter with the lowest ranks is dropped at once, so
/// that a stream of new keys costs little for each.
pub(in crate::authority) struct Recent<K, V> {
    entries: HashMap<K, V>,
    room: usize,
}

impl<K: Copy + Eq + Hash, V: Copy> Recent<K, V> {
    pub(in crate::authority) fn new(room: usize) -> Self {
        Self { entries: HashMap::new(), room: room.max(4) }
    }

    pub(in crate::authority) fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).copied()
    }

    pub(in crate::authority) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Sets an entry, and makes room for it first if it is new.
    pub(in crate::authority) fn set<R: Ord>(&mut self, key: K, value: V, rank: impl Fn(&V) -> R) {
        if self.entries.len() >= self.room && !self.entries.contains_key(&key) {
            let mut all: Vec<(R, K)> = self.entries.iter().map(|(key, value)| (rank(value), *key)).collect();
            let quarter = all.len() / 4;
            all.select_nth_unstable_by(quarter, |one, other| one.0.cmp(&other.0));
            for (_, key) in all.into_iter().take(quarter.max(1)) {
                self.entries.remove(&key);
            }
        }
        self.entries.insert(key, value);
    }

    #[cfg(test)]
    pub(in crate::authority) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Makes keys of a fixed size from names of any length. Nobody outside can tell which names share a key.
#[derive(Clone, Default)]
pub(in crate::authority) struct Keys(RandomState);

impl Keys {
    pub(in crate::authority) fn of(&self, name: &impl Hash) -> u64 {
        self.0.hash_one(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_ranks_make_room() {
        let mut map = Recent::new(100);
        map.set(1_000_000, 50, |rank| *rank);
        for number in 0..10_000 {
            map.set(number, 1, |rank| *rank);
            assert!(map.len() <= 100);
        }
        assert_eq!((map.get(&1_000_000), map.get(&9_999)), (Some(50), Some(1)));
        map.remove(&9_999);
        assert_eq!(map.get(&9_999), None);
    }

    #[test]
    fn a_name_has_one_key() {
        let keys = Keys::default();
        assert_eq!(keys.of(&("a", 1)), keys.of(&("a", 1)));
        assert_ne!(keys.of(&("a", 1)), keys.of(&("b", 1)));
    }
}
