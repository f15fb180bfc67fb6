//! Slows down those who fail to sign in.
//!
//! Failures are counted for each client of each tenant, whether or not there is such a client, in memory: every server
//! counts for itself and forgets when it stops. The first few cost nothing; each one after that doubles the time for which
//! the client is sent away unheard.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;

use crate::{model::value::Timestamp, store::TenantKey};

/// So many failures are anybody's mistakes.
const FREE: u32 = 5;
/// The longest that a client is sent away for. It is short, since anybody who knows a client id can fail for it.
const LONGEST: Duration = Duration::from_mins(1);
/// After so long without a failure all is forgotten.
const MEMORY_MICROS: i64 = 15 * 60 * 1_000_000;
/// The largest number of clients that are remembered.
const CLIENTS: usize = 4096;

type Client = (TenantKey, String);

/// The failures of each client.
#[derive(Default)]
pub(super) struct Throttle {
    failures: Mutex<HashMap<Client, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    number: u32,
    last: Timestamp,
    until: Timestamp,
}

impl Throttle {
    /// For how long a client has to wait, if it has to.
    pub(super) fn wait(&self, tenant: TenantKey, client: &str, now: Timestamp) -> Option<Duration> {
        let failures = self.failures.lock();
        let until = failures.get(&(tenant, client.to_owned()))?.until.0;
        let micros = u64::try_from(until.saturating_sub(now.0)).ok().filter(|micros| *micros > 0)?;
        Some(Duration::from_micros(micros).min(LONGEST))
    }

    /// A client failed; this is the number of its failures.
    pub(super) fn failed(&self, tenant: TenantKey, client: &str, now: Timestamp) -> u32 {
        let mut failures = self.failures.lock();
        let key = (tenant, client.to_owned());
        if !failures.contains_key(&key) && failures.len() >= CLIENTS {
            make_room(&mut failures, now);
        }
        let fresh = Failures { number: 0, last: now, until: now };
        let entry = failures.entry(key).or_insert(fresh);
        if now.0.abs_diff(entry.last.0) > MEMORY_MICROS.unsigned_abs() {
            *entry = fresh;
        }
        entry.number = entry.number.saturating_add(1);
        entry.last = now;
        if let Some(beyond) = entry.number.checked_sub(FREE) {
            let wait = Duration::from_secs(1 << beyond.min(16)).min(LONGEST);
            entry.until = Timestamp(now.0.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)));
        }
        entry.number
    }

    /// A client succeeded.
    pub(super) fn succeeded(&self, tenant: TenantKey, client: &str) {
        self.failures.lock().remove(&(tenant, client.to_owned()));
    }
}

/// Forgets those whose time is over, else the one that failed least.
fn make_room(failures: &mut HashMap<Client, Failures>, now: Timestamp) {
    failures.retain(|_, entry| now.0.abs_diff(entry.last.0) <= MEMORY_MICROS.unsigned_abs());
    if failures.len() < CLIENTS {
        return;
    }
    let least = failures.iter().min_by_key(|(_, entry)| (entry.number, entry.last)).map(|(client, _)| client.clone());
    if let Some(client) = least {
        failures.remove(&client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: TenantKey = TenantKey(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn each_failure_after_the_free_ones_doubles_the_wait() {
        let throttle = Throttle::default();
        for _ in 1..FREE {
            throttle.failed(T, "a", at(0));
            assert_eq!(throttle.wait(T, "a", at(0)), None);
        }
        let mut now = 0;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            throttle.failed(T, "a", at(now));
            assert_eq!(throttle.wait(T, "a", at(now)), Some(Duration::from_secs(seconds)));
            assert_eq!(throttle.wait(T, "b", at(now)), None, "another client");
            assert_eq!(throttle.wait(TenantKey(2), "a", at(now)), None, "another tenant");
            now += i64::try_from(seconds).unwrap();
            assert_eq!(throttle.wait(T, "a", at(now)), None);
        }
        throttle.succeeded(T, "a");
        throttle.failed(T, "a", at(now));
        assert_eq!(throttle.wait(T, "a", at(now)), None);
    }

    #[test]
    fn failures_are_forgotten_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for _ in 0..9 {
            throttle.failed(T, "a", at(0));
        }
        assert_eq!(throttle.failed(T, "a", at(16 * 60)), 1);
        for _ in 0..9 {
            throttle.failed(T, "a", at(16 * 60));
        }
        for number in 0..2 * CLIENTS {
            throttle.failed(T, &number.to_string(), at(16 * 60));
        }
        assert!(throttle.failures.lock().len() <= CLIENTS);
        assert!(throttle.wait(T, "a", at(16 * 60)).is_some(), "made-up names do not push out who fails often");
    }
}
