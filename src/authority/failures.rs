//! Failed sign-ins, as they are recorded: in sums.
//!
//! Anybody can fail to sign in, as often as the network allows, so no failure is written by itself. Those of one tenant that
//! failed for the same reason, in the same way, from the same network and in the same minute are one record, which tells how
//! many they were. There are [`MOST`] such records in a tenant and minute, and one more for all others. They are written
//! when the minute is over, and when the server stops; a crash loses those of the current minute.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use tokio::{
    sync::oneshot,
    time::{MissedTickBehavior, interval},
};

use super::{Authority, gate::network, remember::Attempt};
use crate::{
    ids,
    model::{SignIn, audit::Entry, changeset::Changeset, value::Timestamp},
    store::{CommitError, TenantKey},
};

/// Sums in one tenant and minute, without the one for all others.
const MOST: usize = 1_000;
/// Sums in memory, of all tenants and minutes; what comes then is counted with the others of its tenant and minute.
const ROOM: usize = 16 << 10;
/// What could not be written for so long is given up.
const KEPT_MINUTES: u64 = 60;
/// Sums that are written in one transaction.
const TOGETHER: usize = 200;
/// Lines of the log in a minute.
const LINES: u32 = 60;
/// How often it is looked whether a minute is over.
const LOOK: Duration = Duration::from_secs(5);

/// How all others are told that have no record of their own.
const OTHERS: &str = "several";
/// And why they failed, in Entra's numbers: invalid credentials.
const OTHERS_CODE: i64 = 50_126;

/// A tenant and a minute.
type Place = (TenantKey, i64);

/// What failed in one minute and is not written yet.
#[derive(Default)]
pub(super) struct Failures(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    places: HashMap<Place, Sums>,
    sums: usize,
    /// The minute whose lines of the log are counted, and how many there were.
    logged: (i64, u32),
}

#[derive(Default)]
struct Sums {
    alike: HashMap<Alike, Sum>,
    others: Option<Sum>,
}

/// What failures of one sum have in common.
#[derive(PartialEq, Eq, Hash)]
struct Alike {
    code: i64,
    grant: &'static str,
    network: Option<IpAddr>,
}

/// Failures that are one record.
struct Sum {
    /// The first of them.
    first: SignIn,
    reason: String,
    count: u64,
    /// The name in the last of them, and its time.
    last: (Option<String>, Timestamp),
}

/// What is to be logged of a failure.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    This,
    /// This, and that it is the last one in this minute.
    Last,
    None,
}

impl Failures {
    fn note(&self, tenant: TenantKey, attempt: &Attempt<'_>, now: Timestamp) {
        let (code, reason) = attempt.failure.unwrap_or_default();
        let network = attempt.visit.address.map(network);
        let minute = now.0.div_euclid(60_000_000);
        let mut pending = self.0.lock();
        let pending = &mut *pending;
        let sums = pending.places.entry((tenant, minute)).or_default();
        let alike = Alike { code, grant: attempt.grant, network };
        if let Some(sum) = sums.alike.get_mut(&alike) {
            sum.add(attempt, now);
        } else if sums.alike.len() < MOST && pending.sums < ROOM {
            pending.sums += 1;
            let first = SignIn { ip_address: network.map(told), ..attempt.record(now) };
            sums.alike.insert(alike, Sum::new(first, reason.to_owned(), attempt, now));
        } else if let Some(sum) = &mut sums.others {
            sum.add(attempt, now);
        } else {
            let first = SignIn { client_app_used: OTHERS.to_owned(), error_code: OTHERS_CODE, ..attempt.record(now) };
            let first = SignIn { ip_address: None, resource_display_name: None, ..first };
            let reason = "failed sign-ins from further addresses, for several reasons".to_owned();
            sums.others = Some(Sum::new(first, reason, attempt, now));
        }
    }

    /// Whether one more line is logged.
    fn line(&self, now: Timestamp) -> Line {
        let minute = now.0.div_euclid(60_000_000);
        let logged = &mut self.0.lock().logged;
        if logged.0 != minute {
            *logged = (minute, 0);
        }
        logged.1 = logged.1.saturating_add(1);
        match logged.1 {
            number if number < LINES => Line::This,
            LINES => Line::Last,
            _ => Line::None,
        }
    }

    /// Takes the sums whose minutes are over; all, if `now` is none.
    fn take(&self, now: Option<Timestamp>) -> Vec<(Place, Sums)> {
        let minute = now.map(|now| now.0.div_euclid(60_000_000));
        let mut pending = self.0.lock();
        // A clock that was set back makes no minute wait for its end.
        let over: Vec<Place> = pending.places.keys().filter(|(_, of)| Some(*of) != minute).copied().collect();
        let mut taken: Vec<_> = over.into_iter().filter_map(|place| pending.places.remove_entry(&place)).collect();
        taken.sort_by_key(|((tenant, minute), _)| (tenant.0, *minute));
        pending.sums = pending.places.values().map(|sums| sums.alike.len()).sum();
        taken
    }

    /// Takes back what could not be written, unless it is too old.
    fn give_back(&self, place: Place, mut left: Sums, now: Timestamp) -> bool {
        if now.0.div_euclid(60_000_000).abs_diff(place.1) > KEPT_MINUTES {
            return false;
        }
        let mut pending = self.0.lock();
        let known = pending.places.entry(place).or_default();
        // That minute is over, so it has nothing new, unless the clock was set back.
        left.alike.retain(|alike, _| !known.alike.contains_key(alike));
        let added = left.alike.len();
        known.alike.extend(left.alike);
        known.others = known.others.take().or(left.others);
        pending.sums += added;
        true
    }
}

impl Sums {
    fn count(&self) -> u64 {
        self.alike.values().chain(&self.others).map(|sum| sum.count).sum()
    }

    /// Takes some of them out; none: there are no more.
    fn some(&mut self) -> Option<Self> {
        let mut all: Vec<_> = std::mem::take(&mut self.alike).into_iter().collect();
        all.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.first.created_at));
        let some: HashMap<_, _> = all.split_off(all.len().saturating_sub(TOGETHER)).into_iter().collect();
        self.alike = all.into_iter().collect();
        let others = if self.alike.is_empty() { self.others.take() } else { None };
        (!some.is_empty() || others.is_some()).then_some(Self { alike: some, others })
    }

    fn put_back(&mut self, some: Self) {
        self.alike.extend(some.alike);
        self.others = self.others.take().or(some.others);
    }

    /// As records. Those that failed first come first.
    fn entries(&self) -> Vec<Entry> {
        let mut sums: Vec<&Sum> = self.alike.values().collect();
        sums.sort_by_key(|sum| sum.first.created_at);
        sums.into_iter().chain(&self.others).map(Sum::entry).collect()
    }
}

impl Sum {
    fn new(first: SignIn, reason: String, attempt: &Attempt<'_>, now: Timestamp) -> Self {
        Self { first, reason, count: 1, last: (attempt.name(), now) }
    }

    fn add(&mut self, attempt: &Attempt<'_>, now: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.last = (attempt.name(), now);
    }

    fn entry(&self) -> Entry {
        let details = if self.count == 1 {
            Json::Null
        } else {
            let (name, until) = &self.last;
            let name = name.as_deref().map_or_else(String::new, |name| format!(", the last one of '{name}'"));
            let (number, from) = (self.count, self.first.created_at);
            json!(format!("{number} failed sign-ins from {from} to {until}{name}"))
        };
        let status =
            json!({ "errorCode": self.first.error_code, "failureReason": self.reason, "additionalDetails": details });
        let record = SignIn { id: ids::new_id(), status: status.to_string(), ..self.first.clone() };
        Entry::sign_in(record, ids::new_row_version())
    }
}

/// An address as a record tells it: of IPv6, the network.
fn told(network: IpAddr) -> String {
    match network {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

impl Authority {
    /// Notes a sign-in that failed, for the records of the tenant and for the log.
    pub(super) fn note_failure(&self, (tenant, tenant_id): (TenantKey, &str), attempt: &Attempt<'_>) {
        self.failures.note(tenant, attempt, self.clock.now());
        self.log_failure(tenant_id, attempt);
    }

    /// Notes a sign-in that failed for the log alone: nobody knows in which tenant.
    pub(super) fn log_failure(&self, tenant: &str, attempt: &Attempt<'_>) {
        let line = self.failures.line(self.clock.now());
        if line == Line::None {
            return;
        }
        let (code, reason) = attempt.failure.unwrap_or_default();
        let name = attempt.name().map(|name| printable(&name)).unwrap_or_default();
        let address = attempt.visit.address.map(|address| address.to_string()).unwrap_or_default();
        tracing::warn!(tenant, by = attempt.grant, name, address, code, reason, "a sign-in failed");
        if line == Line::Last {
            tracing::warn!("more sign-ins failed in this minute than are logged one by one");
        }
    }

    /// Records the sign-ins that failed, a while after each minute, until `stop` is sent or dropped; then all the others. It
    /// is to be polled to its end, since what it is just writing would be lost.
    pub async fn keep_failures_recorded(&self, mut stop: oneshot::Receiver<()>) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = &mut stop => break,
            }
            if let Err(error) = self.record_failures().await {
                tracing::error!(%error, "failed sign-ins cannot be recorded just now");
            }
        }
        if let Err(error) = self.record_last_failures().await {
            tracing::error!(%error, "the last failed sign-ins cannot be recorded");
        }
    }

    /// Records the sign-ins that failed in the minutes that are over.
    pub async fn record_failures(&self) -> Result<(), CommitError> {
        self.record(self.failures.take(Some(self.clock.now()))).await
    }

    /// Records all sign-ins that failed: the server stops.
    pub async fn record_last_failures(&self) -> Result<(), CommitError> {
        self.record(self.failures.take(None)).await
    }

    async fn record(&self, taken: Vec<(Place, Sums)>) -> Result<(), CommitError> {
        if taken.is_empty() {
            return Ok(());
        }
        let tenants = self.store.tenants().await;
        let living: Option<HashSet<TenantKey>> = tenants.ok().map(|all| all.iter().map(|tenant| tenant.key).collect());
        let mut outcome = Ok(());
        for (place, mut sums) in taken {
            // A tenant that is gone has no records.
            let gone = living.as_ref().is_some_and(|living| !living.contains(&place.0));
            if gone {
                continue;
            }
            let number = sums.count();
            match self.write(place.0, &mut sums).await {
                Ok(()) if number > u64::from(LINES) => tracing::warn!(number, "sign-ins failed in one minute"),
                Ok(()) => {}
                Err(error) => {
                    if !self.failures.give_back(place, sums, self.clock.now()) {
                        tracing::error!(number, "failed sign-ins are not recorded: they could not be for an hour");
                    }
                    outcome = Err(error);
                }
            }
        }
        outcome
    }

    /// Writes sums; those that are left were not written.
    async fn write(&self, tenant: TenantKey, sums: &mut Sums) -> Result<(), CommitError> {
        while let Some(some) = sums.some() {
            let changes = Changeset { audit: some.entries(), ..Changeset::default() };
            if let Err(error) = self.store.commit(tenant, changes).await {
                sums.put_back(some);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// What somebody says, for a line of the log.
fn printable(text: &str) -> String {
    text.chars().take(64).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Visit;

    const T: TenantKey = TenantKey(1);

    fn attempt<'a>(name: &'a str, address: &str) -> Attempt<'a> {
        let visit = Visit { address: address.parse().ok(), correlation_id: None };
        Attempt { user_name: Some(name), grant: "test", visit, failure: Some((1, "no")), ..Attempt::default() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    fn sizes(failures: &Failures) -> (usize, bool, u64) {
        let taken = failures.take(None);
        let [(_, sums)] = taken.as_slice() else { panic!("{} places", taken.len()) };
        (sums.alike.len(), sums.others.is_some(), sums.count())
    }

    #[test]
    fn what_is_alike_is_one_sum() {
        let failures = Failures::default();
        for name in ["a", "b", "c"] {
            failures.note(T, &attempt(name, "2001:db8::1"), at(5));
        }
        failures.note(T, &attempt("d", "2001:db8::2"), at(6));
        failures.note(T, &attempt("d", "192.0.2.1"), at(6));
        assert!(failures.take(Some(at(59))).is_empty(), "the minute is not over");
        let taken = failures.take(Some(at(60)));
        let sums = &taken[0].1;
        assert_eq!((sums.alike.len(), sums.count()), (2, 5));
        let sum = sums.alike.values().find(|sum| sum.count == 4).unwrap();
        assert_eq!(sum.first.user_principal_name.as_deref(), Some("a"));
        assert_eq!((sum.last.0.as_deref(), sum.last.1), (Some("d"), at(6)));
        assert_eq!(sum.first.ip_address.as_deref(), Some("2001:db8::/64"));
        assert!(failures.take(None).is_empty());
    }

    #[test]
    fn sums_are_not_many_whatever_comes() {
        let failures = Failures::default();
        let long = "x".repeat(10_000);
        for number in 0..5_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(number).to_string();
            failures.note(T, &attempt(&long, &address), at(5));
        }
        let kept = failures
            .0
            .lock()
            .places
            .values()
            .flat_map(|sums| sums.alike.values())
            .map(|sum| {
                sum.first.user_principal_name.as_deref().unwrap_or_default().len()
                    + sum.last.0.as_deref().unwrap_or_default().len()
            })
            .max();
        assert!(kept.unwrap() <= 256);
        assert_eq!(sizes(&failures), (MOST, true, 5_000));
        for tenant in 0..100 {
            for number in 0..500_u32 {
                let address = std::net::Ipv4Addr::from_bits(number).to_string();
                failures.note(TenantKey(tenant), &attempt("a", &address), at(5));
            }
        }
        assert_eq!(failures.0.lock().sums, ROOM);
        let taken = failures.take(None);
        assert_eq!(taken.iter().map(|(_, sums)| sums.count()).sum::<u64>(), 50_000);
        assert_eq!(failures.0.lock().sums, 0);
    }

    #[test]
    fn what_could_not_be_written_is_kept_for_an_hour() {
        let failures = Failures::default();
        failures.note(T, &attempt("a", "192.0.2.1"), at(5));
        let (place, sums) = failures.take(Some(at(60))).remove(0);
        assert!(failures.give_back(place, sums, at(60)));
        assert_eq!(failures.0.lock().sums, 1);
        let (place, sums) = failures.take(Some(at(120))).remove(0);
        assert_eq!(sums.count(), 1);
        assert!(!failures.give_back(place, sums, at(3700)));
    }

    #[test]
    fn the_log_has_so_many_lines_a_minute_and_no_line_breaks_of_others() {
        let failures = Failures::default();
        let lines: Vec<Line> = (0..100).map(|_| failures.line(at(1))).collect();
        assert_eq!(lines.iter().filter(|line| **line != Line::None).count(), 60);
        assert_eq!(failures.line(at(61)), Line::This);
        assert_eq!(printable("a\r\nb\u{2028}c é"), "a??b?c??");
    }
}
