//! Tokens that were verified, so that using one again costs no signature check.
//!
//! A look-up hashes the end of the token, which is the end of its signature, and then compares the whole token: another
//! payload under a known signature is another token. Nothing is allocated. Only verified tokens get in, and the holder
//! of one cannot choose its signature, so nobody can make entries collide.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;

/// The token's last bytes, 24 of the signature's in base64.
const TAIL: usize = 32;
type Tail = [u8; TAIL];

const SHARDS: usize = 16;
/// 10,000 tokens in all,
const ENTRIES_PER_SHARD: usize = 625;
/// but no more than 16 MiB of them.
const BYTES_PER_SHARD: usize = 1 << 20;

/// A point in time, in whole seconds since 1970, as tokens have it.
pub(super) type Seconds = i64;

/// Verified tokens and what each proves.
pub(super) struct Verified<T> {
    shards: [RwLock<Shard<T>>; SHARDS],
}

struct Shard<T> {
    entries: HashMap<Tail, Entry<T>>,
    /// The length of all tokens together.
    bytes: usize,
}

struct Entry<T> {
    token: Box<[u8]>,
    /// The first and the last second at which the token counts.
    life: (Seconds, Seconds),
    proves: Arc<T>,
}

impl<T> Verified<T> {
    /// What the token proves at this time, if it was verified before.
    pub(super) fn get(&self, token: &[u8], now: Seconds) -> Option<Arc<T>> {
        let tail = token.last_chunk::<TAIL>()?;
        let shard = self.shard(tail).read();
        let entry = shard.entries.get(tail)?;
        let counts = *entry.token == *token && entry.life.0 <= now && now <= entry.life.1;
        counts.then(|| Arc::clone(&entry.proves))
    }

    /// Remembers what a token proves during its life.
    pub(super) fn insert(&self, token: &[u8], life: (Seconds, Seconds), proves: Arc<T>, now: Seconds) {
        let Some(tail) = token.last_chunk::<TAIL>() else { return };
        let mut shard = self.shard(tail).write();
        if shard.entries.len() >= ENTRIES_PER_SHARD || shard.bytes + token.len() > BYTES_PER_SHARD {
            shard.halve(now);
        }
        shard.bytes += token.len();
        if let Some(old) = shard.entries.insert(*tail, Entry { token: token.into(), life, proves }) {
            shard.bytes -= old.token.len();
        }
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        for shard in &self.shards {
            let mut shard = shard.write();
            shard.entries.clear();
            shard.bytes = 0;
        }
    }

    fn shard(&self, tail: &Tail) -> &RwLock<Shard<T>> {
        // The last two characters of a signature carry but eight bits: take others.
        let [.., a, b, _, _] = *tail;
        &self.shards[usize::from(a ^ b.rotate_left(4)) % SHARDS]
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().entries.len()).sum()
    }
}

impl<T> Default for Verified<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::new(Shard { entries: HashMap::new(), bytes: 0 })) }
    }
}

impl<T> Shard<T> {
    /// Forgets what has expired, and of the rest as many as it takes to be half full.
    fn halve(&mut self, now: Seconds) {
        let (mut entries, mut bytes) = (0, 0);
        self.entries.retain(|_, entry| {
            let room = entries < ENTRIES_PER_SHARD / 2 && bytes + entry.token.len() <= BYTES_PER_SHARD / 2;
            let stays = room && now <= entry.life.1;
            if stays {
                entries += 1;
                bytes += entry.token.len();
            }
            stays
        });
        self.bytes = bytes;
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn token(number: u64, length: usize) -> Vec<u8> {
        // A multiplication spreads the numbers as a signature would.
        let spread = |k: u64| (number + 1).wrapping_mul(k).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        let words = [1, 3, 5].map(spread);
        let mut token = vec![b'x'; length - TAIL];
        token.extend_from_slice(URL_SAFE_NO_PAD.encode(words.concat()).as_bytes());
        token
    }

    #[test]
    fn a_token_counts_during_its_life_and_only_as_it_is() {
        let verified = Verified::default();
        let token = token(1, 100);
        verified.insert(&token, (10, 20), Arc::new(7), 10);
        let counts = |now| verified.get(&token, now).is_some();
        assert_eq!([9, 10, 20, 21].map(counts), [false, true, true, false]);
        let mut other = token.clone();
        other[0] = b'y';
        assert!(verified.get(&other, 15).is_none());
        assert!(verified.get(&token[1..], 15).is_none());
        assert!(verified.get(b"short", 15).is_none());
    }

    #[test]
    fn memory_is_bounded_by_number_and_by_bytes() {
        for length in [100, 16 << 10] {
            let verified = Verified::default();
            for number in 0..30_000 {
                verified.insert(&token(number, length), (0, 100), Arc::new(()), 0);
            }
            let limit = (SHARDS * BYTES_PER_SHARD / length).min(SHARDS * ENTRIES_PER_SHARD);
            assert!(verified.len() <= limit, "{} tokens of {length} bytes", verified.len());
            assert!(verified.len() >= limit / 3, "{} tokens of {length} bytes", verified.len());
            assert!(verified.get(&token(29_999, length), 0).is_some(), "the newest is there");
        }
    }

    #[test]
    fn the_expired_go_first() {
        let verified = Verified::default();
        for number in 0..9_000 {
            verified.insert(&token(number, 100), (0, 1), Arc::new(()), 0);
        }
        for number in 10_000..14_000 {
            verified.insert(&token(number, 100), (0, 100), Arc::new(()), 50);
        }
        let alive = (10_000..14_000).filter(|number| verified.get(&token(*number, 100), 50).is_some()).count();
        assert_eq!(alive, 4_000);
    }
}
