//! Refusals that are written down: each once, and then once a minute with how often it has happened since, so that a caller
//! that does not listen cannot fill the disk. In a tenant and minute there are [`MOST`] of them and one for all others.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{model::value::Timestamp, store::TenantKey};

/// The same refusal is written down once in this time.
const PAUSE_MICROS: i64 = 60_000_000;
/// So many are written down in a tenant and minute, without the one for all others.
const MOST: u32 = 1_000;
/// So many are remembered; beyond that they are others.
const ROOM: usize = 16 << 10;
/// Those whose time is over are looked for so often at most.
const SWEEP_MICROS: i64 = 1_000_000;

/// Who was refused what.
type What = (TenantKey, String, String);

/// The refusals of late.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Known>);

#[derive(Default)]
struct Known {
    refusals: HashMap<What, (Timestamp, u64)>,
    tenants: HashMap<TenantKey, Written>,
    swept: Option<Timestamp>,
}

/// What was written of a tenant.
#[derive(Clone, Copy)]
struct Written {
    minute: i64,
    number: u32,
    /// How many others there were since they were written, and when that was.
    others: u64,
    others_at: Timestamp,
}

/// What is to be written down now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Noted {
    /// Nothing.
    Nothing,
    /// This refusal, so many times.
    This(u64),
    /// Others, so many times.
    Others(u64),
}

impl Refusals {
    /// Notes a refusal.
    pub(super) fn note(&self, tenant: TenantKey, who: &str, what: &str, now: Timestamp) -> Noted {
        let mut known = self.0.lock();
        let known = &mut *known;
        let key = (tenant, who.to_owned(), what.to_owned());
        if let Some((written, times)) = known.refusals.get_mut(&key)
            && is_recent(*written, now)
        {
            *times = times.saturating_add(1);
            return Noted::Nothing;
        }
        let room = known.has_room(now);
        let of_tenant = known.tenants.entry(tenant).or_insert(Written {
            minute: 0,
            number: 0,
            others: 0,
            others_at: Timestamp(i64::MIN),
        });
        let minute = now.0.div_euclid(PAUSE_MICROS);
        if of_tenant.minute != minute {
            (of_tenant.minute, of_tenant.number) = (minute, 0);
        }
        if of_tenant.number < MOST && (room || known.refusals.contains_key(&key)) {
            of_tenant.number += 1;
            let (written, times) = known.refusals.entry(key).or_insert((now, 0));
            *written = now;
            return Noted::This(std::mem::take(times).saturating_add(1));
        }
        of_tenant.others = of_tenant.others.saturating_add(1);
        if is_recent(of_tenant.others_at, now) {
            return Noted::Nothing;
        }
        of_tenant.others_at = now;
        Noted::Others(std::mem::take(&mut of_tenant.others))
    }
}

impl Known {
    /// Whether one more can be remembered. What is forgotten for that counts with the others of its tenant.
    fn has_room(&mut self, now: Timestamp) -> bool {
        let swept = self.swept.is_some_and(|then| now.0.abs_diff(then.0) < SWEEP_MICROS.unsigned_abs());
        if self.refusals.len() >= ROOM && !swept {
            self.swept = Some(now);
            let tenants = &mut self.tenants;
            self.refusals.retain(|(tenant, _, _), (written, times)| {
                let recent = is_recent(*written, now);
                if !recent && let Some(of_tenant) = tenants.get_mut(tenant) {
                    of_tenant.others = of_tenant.others.saturating_add(*times);
                }
                recent
            });
        }
        self.refusals.len() < ROOM
    }
}

/// Whether what was written then is not to be written again now.
fn is_recent(written: Timestamp, now: Timestamp) -> bool {
    now.0.abs_diff(written.0) < PAUSE_MICROS.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn the_same_refusal_is_written_down_once_a_minute_and_counted() {
        let refusals = Refusals::default();
        let note = |who: &str, seconds: i64| refusals.note(TenantKey(1), who, "read", at(seconds));
        assert_eq!(note("a", 0), Noted::This(1));
        assert_eq!(note("a", 1), Noted::Nothing);
        assert_eq!(note("a", 59), Noted::Nothing);
        assert_eq!(note("b", 59), Noted::This(1));
        assert_eq!(note("a", 60), Noted::This(3));
    }

    #[test]
    fn a_tenant_has_so_many_a_minute_and_one_for_all_others() {
        let refusals = Refusals::default();
        let flood = |tenant: i64, seconds: i64| {
            let (mut this, mut others) = (0, 0);
            for number in 0..5_000 {
                match refusals.note(TenantKey(tenant), &number.to_string(), "read", at(seconds)) {
                    Noted::This(_) => this += 1,
                    Noted::Others(_) => others += 1,
                    Noted::Nothing => {}
                }
            }
            (this, others)
        };
        assert_eq!(flood(1, 0), (1_000, 1));
        assert_eq!(flood(1, 30), (0, 0));
        assert_eq!(flood(1, 60), (1_000, 1));
        assert_eq!(flood(2, 60), (1_000, 1), "another tenant");
        for tenant in 3..30 {
            flood(tenant, 61);
        }
        assert!(refusals.0.lock().refusals.len() <= ROOM);
        assert_eq!(refusals.note(TenantKey(1), "x", "read", at(120)), Noted::This(1), "there is room again");
    }
}
