//! How many failures in a span of time one address or one tenant may have.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use parking_lot::Mutex;

use super::recent::Recent;
use crate::model::value::Timestamp;

/// So many addresses or tenants are remembered.
const ROOM: usize = 16 << 10;

/// Counts by the generic cell rate algorithm: all that are allowed may come at once, and then one at a time.
pub(super) struct Limit<K> {
    /// The time in which one more is allowed, and the time in which all are.
    each: i64,
    span: i64,
    /// When nothing would be left of what each has counted.
    clear: Mutex<Recent<K, Timestamp>>,
}

impl<K: Copy + Eq + Hash> Limit<K> {
    pub(super) fn new(allowed: NonZeroU32, span: Duration) -> Self {
        let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        Self { each: (span / i64::from(allowed.get())).max(1), span, clear: Mutex::new(Recent::new(ROOM)) }
    }

    /// For how long it has to wait, if it has had all that are allowed.
    pub(super) fn wait(&self, key: K, now: Timestamp) -> Option<Duration> {
        let clear = self.clear.lock().get(&key)?;
        let wait = self.counted(clear, now).saturating_add(self.each).saturating_sub(self.span);
        u64::try_from(wait).ok().filter(|wait| *wait > 0).map(Duration::from_micros)
    }

    /// Counts one more.
    pub(super) fn count(&self, key: K, now: Timestamp) {
        let mut known = self.clear.lock();
        let counted = known.get(&key).map_or(0, |clear| self.counted(clear, now));
        let clear = Timestamp(now.0.saturating_add(counted.saturating_add(self.each).min(self.span)));
        known.set(key, clear, |clear| *clear);
    }

    /// What is left of what was counted. A clock that was set back makes nobody wait for longer than a span.
    fn counted(&self, clear: Timestamp, now: Timestamp) -> i64 {
        clear.0.saturating_sub(now.0).clamp(0, self.span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn all_may_come_at_once_and_then_one_at_a_time() {
        let limit = Limit::new(NonZeroU32::new(6).unwrap(), Duration::from_mins(1));
        for _ in 0..6 {
            assert_eq!(limit.wait('a', at(0)), None);
            limit.count('a', at(0));
        }
        assert_eq!(limit.wait('a', at(0)), Some(Duration::from_secs(10)));
        assert_eq!(limit.wait('b', at(0)), None);
        // However many come at once, nobody waits for long.
        for _ in 0..100 {
            limit.count('a', at(0));
        }
        assert_eq!(limit.wait('a', at(0)), Some(Duration::from_secs(10)));
        assert_eq!(limit.wait('a', at(-3600)), Some(Duration::from_secs(10)), "the clock was set back");
        assert_eq!(limit.wait('a', at(10)), None);
        limit.count('a', at(10));
        assert_eq!(limit.wait('a', at(10)), Some(Duration::from_secs(10)));
        assert_eq!(limit.wait('a', at(3600)), None);
    }
}
