//! How often somebody may call: each address, each client, each tenant. Whoever calls oftener is told when to come back.
//!
//! Calls are counted in each server by itself (GCRA: a second's worth may come at once), against a clock that nobody sets
//! back. A limit that is not set costs nothing.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use governor::{Quota, RateLimiter, clock, middleware::NoOpMiddleware, nanos::Nanos, state::keyed::HashMapStateStore};

use super::error::{Code, Error};
use crate::{authority::Caller, clock::Clock, store::TenantKey};

/// Calls in a second; none: as many as come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// From one address (IPv6: from one network of 64 bits), before anybody knows who calls.
    pub address: Option<NonZeroU32>,
    /// Of one application, or of one person who uses one.
    pub client: Option<NonZeroU32>,
    /// Of one tenant.
    pub tenant: Option<NonZeroU32>,
}

/// The calls of late.
pub(super) struct Limits {
    address: Option<Limit<IpAddr>>,
    client: Option<Limit<(TenantKey, String)>>,
    tenant: Option<Limit<TenantKey>>,
}

impl Limits {
    pub(super) fn new(rates: Rates, clock: &Clock) -> Self {
        Self {
            address: rates.address.map(|rate| Limit::new(rate, clock)),
            client: rates.client.map(|rate| Limit::new(rate, clock)),
            tenant: rates.tenant.map(|rate| Limit::new(rate, clock)),
        }
    }

    /// Whether this address may call now.
    pub(super) fn admit_address(&self, address: IpAddr) -> Result<(), Error> {
        let Some(limit) = &self.address else { return Ok(()) };
        limit.admit(&network(address)).map_err(|wait| refusal("from this address", wait))
    }

    /// Whether this caller may call now.
    pub(super) fn admit(&self, caller: &Caller) -> Result<(), Error> {
        if let Some(limit) = &self.client {
            let who = &caller.principal;
            let client = format!("{}/{}", who.app_id.as_deref().unwrap_or_default(), who.oid);
            limit.admit(&(caller.tenant, client)).map_err(|wait| refusal("of this client", wait))?;
        }
        if let Some(limit) = &self.tenant {
            limit.admit(&caller.tenant).map_err(|wait| refusal("in this tenant", wait))?;
        }
        Ok(())
    }
}

pub(super) fn refusal(whose: &str, wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let message = format!("There are too many calls {whose}: try again in {seconds} s.");
    Error::new(Code::TOO_MANY_REQUESTS, message).with(http::header::RETRY_AFTER, seconds.into())
}

/// What one caller can have many of counts as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// So many callers are remembered before those whose time is over are forgotten.
const ROOM: usize = 16 << 10;

type Store<K> = HashMapStateStore<K>;

struct Limit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, Store<K>, Monotonic, NoOpMiddleware<Nanos>>,
    clock: Monotonic,
    calls: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(rate: NonZeroU32, clock: &Clock) -> Self {
        let clock = Monotonic(clock.clone());
        let store = Store::new(HashMap::new());
        Self {
            limiter: RateLimiter::new(Quota::per_second(rate), store, clock.clone()),
            clock,
            calls: AtomicUsize::new(0),
        }
    }

    /// Admits a call, or tells how long to wait.
    fn admit(&self, key: &K) -> Result<(), Duration> {
        // Now and then, since it looks at all of them.
        if self.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(ROOM / 4) && self.limiter.len() > ROOM {
            self.limiter.retain_recent();
        }
        let now = clock::Clock::now(&self.clock);
        self.limiter.check_key(key).map_err(|until| until.wait_time_from(now))
    }
}

/// Our clock, as the library wants to read it.
#[derive(Clone, Debug)]
struct Monotonic(Clock);

impl clock::Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::Timestamp;

    fn limit<K: Hash + Eq + Clone>(rate: u32) -> (Limit<K>, Clock) {
        let clock = Clock::manual(Timestamp(1_000_000));
        (Limit::new(NonZeroU32::new(rate).unwrap(), &clock), clock)
    }

    #[test]
    fn a_seconds_worth_may_come_at_once_and_then_one_at_a_time() {
        let (limit, clock) = limit(4);
        let admitted = || (0..10).take_while(|_| limit.admit(&'a').is_ok()).count();
        assert_eq!(admitted(), 4);
        clock.advance(250_000);
        assert_eq!(admitted(), 1);
        assert_eq!(limit.admit(&'a'), Err(Duration::from_millis(250)));
        assert_eq!(limit.admit(&'b'), Ok(()), "another's calls do not count");
        clock.advance(3_600_000_000);
        assert_eq!((0..10).take_while(|_| limit.admit(&'a').is_ok()).count(), 4);
    }

    #[test]
    fn those_who_do_not_come_again_are_forgotten() {
        let (limit, clock) = limit(1);
        for number in 0..ROOM * 4 {
            let _ = limit.admit(&number);
            clock.advance(1_000);
        }
        assert!(limit.limiter.len() <= 2 * ROOM, "{}", limit.limiter.len());
    }

    #[test]
    fn the_addresses_of_one_network_are_one() {
        let parse = |text: &str| network(text.parse().unwrap());
        assert_eq!(parse("2001:db8:1:2:3:4:5:6"), parse("2001:db8:1:2:ffff::1"));
        assert_ne!(parse("2001:db8:1:2::1"), parse("2001:db8:1:3::1"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
    }
}
