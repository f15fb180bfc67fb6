//! How much memory answers may take, from when they are built until they are sent.
//!
//! A body that was charged carries its [`Share`] in its bytes: the share is given back when the last of them is sent or
//! dropped, in whatever buffer they are. Bodies that are the same for everybody are kept once and cost nothing here.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

/// The limit where none is set.
pub const DEFAULT_LIMIT: usize = 256 << 20;
/// An answer of this size or less is not refused: what was written is told, too. How many there are is limited where
/// requests come in.
const SMALL: usize = 64 << 10;

/// The memory that all answers share.
#[derive(Debug)]
pub struct Memory {
    limit: usize,
    used: AtomicUsize,
}

impl Memory {
    /// Memory of this many bytes.
    pub fn new(limit: usize) -> Arc<Self> {
        // What arithmetic with usize can hold, and enough to answer at all.
        let limit = limit.clamp(1 << 20, usize::MAX / 4);
        Arc::new(Self { limit, used: AtomicUsize::new(0) })
    }

    /// A share for an answer of this many bytes. The last quarter is kept for requests and for small answers.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Share> {
        if bytes <= SMALL { Some(self.force(bytes)) } else { self.take_below(bytes, self.limit / 4 * 3) }
    }

    /// A share for a request of this many bytes that begins.
    pub fn admit(self: &Arc<Self>, bytes: usize) -> Option<Share> {
        self.take_below(bytes, self.limit)
    }

    /// A share for an answer that must be given, however large it is.
    pub fn force(self: &Arc<Self>, bytes: usize) -> Share {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        Share { memory: Arc::clone(self), bytes }
    }

    fn take_below(self: &Arc<Self>, bytes: usize, most: usize) -> Option<Share> {
        let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= most);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).ok()?;
        Some(Share { memory: Arc::clone(self), bytes })
    }

    /// Whether large answers find no room.
    pub fn is_full(&self) -> bool {
        self.used() >= self.limit / 4 * 3
    }

    /// How many bytes are taken.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// The limit.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

/// A part of the memory, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Share {
    /// The bytes, which from now on carry the share.
    pub fn hold(self, bytes: Bytes) -> Bytes {
        if bytes.is_empty() { bytes } else { Bytes::from_owner(Held { bytes, _share: self }) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Bytes and their share.
struct Held {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back_with_the_last_of_the_bytes() {
        let memory = Memory::new(4 << 20);
        let mut body = memory.take(1 << 20).unwrap().hold(Bytes::from(vec![1; 1 << 20]));
        let last = body.split_off((1 << 20) - 1);
        drop(body);
        assert_eq!(memory.used(), 1 << 20);
        drop(last);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn requests_and_small_answers_find_room_when_large_answers_do_not() {
        let memory = Memory::new(4 << 20);
        let large = memory.take(3 << 20).unwrap();
        assert!(memory.is_full() && memory.take(SMALL + 1).is_none());
        let requests: Vec<Share> = std::iter::from_fn(|| memory.admit(SMALL)).collect();
        assert_eq!((requests.len() * SMALL, memory.used()), (1 << 20, 4 << 20));
        let small = memory.take(SMALL).unwrap();
        drop((large, requests, small));
        assert_eq!(memory.used(), 0);
        assert!(memory.take(usize::MAX).is_none());
    }
}
