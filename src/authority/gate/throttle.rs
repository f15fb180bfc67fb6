//! Slows down who fails to sign in by one name.
//!
//! Failures are counted for each name of each tenant, whether or not there is such a name, in memory: every server counts
//! for itself and forgets when it stops. The first few cost nothing; each one after that doubles the time for which the
//! name is sent away unheard.

use std::time::Duration;

use parking_lot::Mutex;

use super::recent::Recent;
use crate::model::value::Timestamp;

/// So many failures are anybody's mistakes.
const FREE: u32 = 5;
/// The longest that a name is sent away for. It is short, since anybody who knows a name can fail for it.
const LONGEST: Duration = Duration::from_mins(1);
/// After so long without a failure all is forgotten.
const MEMORY_MICROS: i64 = 15 * 60 * 1_000_000;
/// The largest number of names that are remembered.
const NAMES: usize = 16 << 10;

/// The failures of each name, by a key of it.
pub(super) struct Throttle {
    failures: Mutex<Recent<u64, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    number: u32,
    last: Timestamp,
    until: Timestamp,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { failures: Mutex::new(Recent::new(NAMES)) }
    }
}

impl Throttle {
    /// For how long a name has to wait, if it has to.
    pub(super) fn wait(&self, name: u64, now: Timestamp) -> Option<Duration> {
        let until = self.failures.lock().get(&name)?.until.0;
        let micros = u64::try_from(until.saturating_sub(now.0)).ok().filter(|micros| *micros > 0)?;
        Some(Duration::from_micros(micros).min(LONGEST))
    }

    /// A name failed.
    pub(super) fn failed(&self, name: u64, now: Timestamp) {
        let mut failures = self.failures.lock();
        let fresh = Failures { number: 0, last: now, until: now };
        let known = failures.get(&name).filter(|known| now.0.abs_diff(known.last.0) <= MEMORY_MICROS.unsigned_abs());
        let mut entry = known.unwrap_or(fresh);
        entry.number = entry.number.saturating_add(1);
        entry.last = now;
        if let Some(beyond) = entry.number.checked_sub(FREE) {
            let wait = Duration::from_secs(1 << beyond.min(16)).min(LONGEST);
            entry.until = Timestamp(now.0.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)));
        }
        // Names that failed once, which somebody may make up, do not push out one that fails often.
        failures.set(name, entry, |entry| (entry.number, entry.last));
    }

    /// A name succeeded.
    pub(super) fn succeeded(&self, name: u64) {
        self.failures.lock().remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn each_failure_after_the_free_ones_doubles_the_wait() {
        let throttle = Throttle::default();
        for _ in 1..FREE {
            throttle.failed(1, at(0));
            assert_eq!(throttle.wait(1, at(0)), None);
        }
        let mut now = 0;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            throttle.failed(1, at(now));
            assert_eq!(throttle.wait(1, at(now)), Some(Duration::from_secs(seconds)));
            assert_eq!(throttle.wait(2, at(now)), None, "another name");
            now += i64::try_from(seconds).unwrap();
            assert_eq!(throttle.wait(1, at(now)), None);
        }
        throttle.succeeded(1);
        throttle.failed(1, at(now));
        assert_eq!(throttle.wait(1, at(now)), None);
    }

    #[test]
    fn failures_are_forgotten_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for _ in 0..9 {
            throttle.failed(u64::MAX, at(0));
        }
        throttle.failed(u64::MAX, at(16 * 60));
        assert_eq!(throttle.wait(u64::MAX, at(16 * 60)), None);
        for _ in 0..9 {
            throttle.failed(u64::MAX, at(16 * 60));
        }
        for number in 0..2 * NAMES {
            throttle.failed(u64::try_from(number).unwrap(), at(16 * 60));
        }
        assert!(throttle.failures.lock().len() <= NAMES);
        assert!(throttle.wait(u64::MAX, at(16 * 60)).is_some(), "made-up names do not push out who fails often");
    }
}
