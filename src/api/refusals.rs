//! Refusals that are written down: each once, and then once a minute with how often it has happened since, so that a caller
//! that does not listen cannot fill the disk.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{model::value::Timestamp, store::TenantKey};

/// The same refusal is written down once in this time.
const PAUSE_MICROS: i64 = 60_000_000;
/// So many are remembered; when there are more, all are forgotten, and written down anew.
const ROOM: usize = 4096;

/// Who was refused what.
type What = (TenantKey, String, String);

/// The refusals of late.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<What, (Timestamp, u64)>>);

impl Refusals {
    /// Notes a refusal. How often it has happened, if it is to be written down now.
    pub(super) fn note(&self, tenant: TenantKey, who: &str, what: &str, now: Timestamp) -> Option<u64> {
        let mut known = self.0.lock();
        if known.len() >= ROOM {
            known.clear();
        }
        let entry = known.entry((tenant, who.to_owned(), what.to_owned())).or_insert((Timestamp(i64::MIN), 0));
        entry.1 += 1;
        if now.0.saturating_sub(entry.0.0) < PAUSE_MICROS {
            return None;
        }
        entry.0 = now;
        Some(std::mem::take(&mut entry.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_is_written_down_once_a_minute_and_counted() {
        let refusals = Refusals::default();
        let note = |who: &str, seconds: i64| refusals.note(TenantKey(1), who, "read", Timestamp(seconds * 1_000_000));
        assert_eq!(note("a", 0), Some(1));
        assert_eq!(note("a", 1), None);
        assert_eq!(note("a", 59), None);
        assert_eq!(note("b", 59), Some(1));
        assert_eq!(note("a", 60), Some(3));
        for number in 0..2 * ROOM {
            note(&number.to_string(), 61);
        }
        assert!(refusals.0.lock().len() <= ROOM);
    }
}
