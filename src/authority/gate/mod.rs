//! The gate that every way of signing in passes: client secrets, assertions, passwords on both pages, codes, refresh tokens,
//! device codes and the tokens of provisioning clients.
//!
//! Failures are counted by name, by address and by tenant, in fixed memory; every server counts for itself and forgets when
//! it stops. A name that fails often is sent away for a while, and so is an address or a tenant with more failures than its
//! limit. Nobody can use that to keep others out: who has signed in by a name from an address of late is held up by
//! failures of that name from that address alone, and the limit of a tenant concerns neither addresses nor names that have
//! succeeded there of late.

mod limit;
mod recent;
mod throttle;

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use parking_lot::Mutex;

pub(super) use self::recent::{Keys, Recent};
use self::{limit::Limit, throttle::Throttle};
use crate::{model::value::Timestamp, store::TenantKey};

/// How many sign-ins may fail in a minute before those who fail are slowed; none: any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureLimits {
    /// From one address (IPv6: from one network of 64 bits), in all tenants.
    pub per_address: Option<NonZeroU32>,
    /// In one tenant.
    pub per_tenant: Option<NonZeroU32>,
}

impl FailureLimits {
    /// The default of [`Self::per_address`].
    pub const PER_ADDRESS: u32 = 60;
    /// The default of [`Self::per_tenant`].
    pub const PER_TENANT: u32 = 300;
}

impl Default for FailureLimits {
    fn default() -> Self {
        Self { per_address: NonZeroU32::new(Self::PER_ADDRESS), per_tenant: NonZeroU32::new(Self::PER_TENANT) }
    }
}

/// The span of the limits.
const SPAN: Duration = Duration::from_mins(1);
/// A success is a recent one for so long: who comes every workday stays known over a holiday week.
const RECENT_MICROS: i64 = 14 * 24 * 3600 * 1_000_000;
/// A success is noted anew after so long.
const AGAIN_MICROS: i64 = 3600 * 1_000_000;
/// So many successes are remembered; each takes up to three places.
const SUCCESSES: usize = 64 << 10;
/// So many devices may be started from one address in [`STARTS_SPAN`].
const STARTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(119);
/// As long as a device's code counts.
const STARTS_SPAN: Duration = Duration::from_mins(15);

/// By what somebody tries to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum By<'a> {
    /// The credentials of the client with this id.
    Client(&'a str),
    /// The password of the person with this name, in lower case.
    Person(&'a str),
    /// A code that a device shows, entered on the page. The name of who enters it is the address.
    UserCode,
    /// A code, a refresh token or a device's code of the client with this id, which anybody may say.
    Grant(&'a str),
    /// The token of the provisioning client with this id.
    Provisioning(&'a str),
}

impl By<'_> {
    /// Whether failures slow the name. Those of a name that anybody can say and that is many people's must not.
    fn has_name(self) -> bool {
        !matches!(self, Self::Grant(_) | Self::Provisioning(_))
    }
}

/// Somebody who tries to sign in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Try<'a> {
    /// In which tenant, if that is known.
    pub(super) tenant: Option<TenantKey>,
    pub(super) by: By<'a>,
    pub(super) address: Option<IpAddr>,
    pub(super) now: Timestamp,
}

impl Try<'_> {
    fn network(&self) -> Option<IpAddr> {
        self.address.map(network)
    }
}

/// What has succeeded of late: a name, an address, or both together.
#[derive(Hash)]
enum Success<'a> {
    Both(Option<TenantKey>, By<'a>, Option<IpAddr>),
    Name(Option<TenantKey>, By<'a>),
    Address(Option<TenantKey>, Option<IpAddr>),
}

/// The gate.
pub(super) struct Gate {
    keys: Keys,
    names: Throttle,
    addresses: Option<Limit<IpAddr>>,
    tenants: Option<Limit<TenantKey>>,
    successes: Mutex<Recent<u64, Timestamp>>,
    starts: Limit<IpAddr>,
}

impl Gate {
    pub(super) fn new(limits: FailureLimits) -> Self {
        Self {
            keys: Keys::default(),
            names: Throttle::default(),
            addresses: limits.per_address.map(|allowed| Limit::new(allowed, SPAN)),
            tenants: limits.per_tenant.map(|allowed| Limit::new(allowed, SPAN)),
            successes: Mutex::new(Recent::new(SUCCESSES)),
            starts: Limit::new(STARTS, STARTS_SPAN),
        }
    }

    /// Whether somebody may try now, or for how long to wait.
    pub(super) fn may_try(&self, one: &Try<'_>) -> Result<(), Duration> {
        let known = self.is_known(one);
        let by_name = one.by.has_name().then(|| self.names.wait(self.name(one, known), one.now)).flatten();
        let by_address = match (&self.addresses, one.network()) {
            (Some(limit), Some(network)) if !known => limit.wait(network, one.now),
            _ => None,
        };
        let by_tenant = match (&self.tenants, one.tenant) {
            (Some(limit), Some(tenant)) if !known => limit.wait(tenant, one.now).filter(|_| !self.is_half_known(one)),
            _ => None,
        };
        by_name.max(by_address).max(by_tenant).map_or(Ok(()), Err)
    }

    /// Somebody tried and failed.
    pub(super) fn failed(&self, one: &Try<'_>) {
        if one.by.has_name() {
            self.names.failed(self.name(one, self.is_known(one)), one.now);
        }
        if let (Some(limit), Some(network)) = (&self.addresses, one.network()) {
            limit.count(network, one.now);
        }
        if let (Some(limit), Some(tenant)) = (&self.tenants, one.tenant) {
            limit.count(tenant, one.now);
        }
    }

    /// Somebody tried and succeeded.
    pub(super) fn succeeded(&self, one: &Try<'_>) {
        if one.by.has_name() {
            self.names.succeeded(self.name(one, false));
            self.names.succeeded(self.name(one, true));
        }
        let network = one.network();
        let all = [
            Success::Both(one.tenant, one.by, network),
            Success::Name(one.tenant, one.by),
            Success::Address(one.tenant, network),
        ];
        let mut successes = self.successes.lock();
        for key in all.map(|success| self.keys.of(&success)) {
            if successes.get(&key).is_none_or(|then| one.now.0.abs_diff(then.0) > AGAIN_MICROS.unsigned_abs()) {
                successes.set(key, one.now, |then| *then);
            }
        }
    }

    /// Whether this name has succeeded from this address of late.
    pub(super) fn is_known(&self, one: &Try<'_>) -> bool {
        self.has_succeeded(&Success::Both(one.tenant, one.by, one.network()), one.now)
    }

    /// Whether this name or this address has succeeded in the tenant of late.
    fn is_half_known(&self, one: &Try<'_>) -> bool {
        self.has_succeeded(&Success::Name(one.tenant, one.by), one.now)
            || self.has_succeeded(&Success::Address(one.tenant, one.network()), one.now)
    }

    fn has_succeeded(&self, success: &Success<'_>, now: Timestamp) -> bool {
        let then = self.successes.lock().get(&self.keys.of(success));
        then.is_some_and(|then| now.0.abs_diff(then.0) <= RECENT_MICROS.unsigned_abs())
    }

    /// Where the failures of a name are counted: those from where it is known by themselves.
    fn name(&self, one: &Try<'_>, known: bool) -> u64 {
        let from = one.network().filter(|_| known || one.by == By::UserCode);
        self.keys.of(&(one.tenant, one.by, from))
    }

    /// Whether one more device may be started from an address.
    pub(super) fn start_device(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Duration> {
        let Some(network) = address.map(network) else { return Ok(()) };
        if let Some(wait) = self.starts.wait(network, now) {
            return Err(wait);
        }
        self.starts.count(network, now);
        Ok(())
    }
}

/// What one caller can have many of counts as one.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: TenantKey = TenantKey(1);

    fn one<'a>(by: By<'a>, address: &str) -> Try<'a> {
        Try { tenant: Some(T), by, address: Some(address.parse().unwrap()), now: Timestamp(1_000_000_000) }
    }

    fn gate(per_address: u32, per_tenant: u32) -> Gate {
        Gate::new(FailureLimits { per_address: NonZeroU32::new(per_address), per_tenant: NonZeroU32::new(per_tenant) })
    }

    #[test]
    fn many_names_from_one_address_are_slowed_by_the_address() {
        let gate = gate(20, 0);
        let names: Vec<String> = (0..150).map(|number| format!("user{number}")).collect();
        let mut heard = 0;
        for name in &names {
            let one = one(By::Person(name), "192.0.2.1");
            if gate.may_try(&one).is_ok() {
                heard += 1;
                gate.failed(&one);
            }
        }
        assert_eq!(heard, 20);
        assert!(gate.may_try(&one(By::Client("app"), "192.0.2.1")).is_err(), "by every way");
        assert!(gate.may_try(&one(By::Person("user1"), "192.0.2.2")).is_ok());
        // What one caller can have many of is one.
        for _ in 0..20 {
            gate.failed(&one(By::Grant("app"), "2001:db8::1"));
        }
        assert!(gate.may_try(&one(By::Grant("app"), "2001:db8::2:2")).is_err());
        assert!(gate.may_try(&one(By::Grant("app"), "2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn nobody_keeps_out_who_has_signed_in_from_there_of_late() {
        let gate = gate(20, 50);
        let (ada, far) = (one(By::Person("ada"), "192.0.2.1"), one(By::Person("ada"), "198.51.100.1"));
        gate.succeeded(&ada);
        for _ in 0..100 {
            gate.failed(&far);
            gate.failed(&one(By::Person("bob"), "192.0.2.1"));
        }
        assert!(gate.may_try(&ada).is_ok(), "not by failures of the name elsewhere, nor by others of the address");
        assert!(gate.may_try(&far).is_err());
        assert!(gate.may_try(&one(By::Person("eve"), "192.0.2.1")).is_err(), "the address is beyond its limit");
        for _ in 0..5 {
            gate.failed(&ada);
        }
        assert!(gate.may_try(&ada).is_err(), "its own failures count");
    }

    #[test]
    fn a_tenants_limit_concerns_addresses_and_names_without_a_recent_success() {
        let gate = gate(0, 50);
        gate.succeeded(&one(By::Person("ada"), "192.0.2.1"));
        for number in 0..60 {
            gate.failed(&one(By::Person(&number.to_string()), &format!("198.51.100.{number}")));
        }
        assert!(gate.may_try(&one(By::Person("new"), "203.0.113.1")).is_err());
        assert!(gate.may_try(&one(By::Person("ada"), "203.0.113.1")).is_ok(), "a known name, elsewhere");
        assert!(gate.may_try(&one(By::Person("new"), "192.0.2.1")).is_ok(), "a known address");
        let elsewhere = Try { tenant: Some(TenantKey(2)), ..one(By::Person("new"), "203.0.113.1") };
        assert!(gate.may_try(&elsewhere).is_ok(), "another tenant");
        let later = Timestamp(1_000_000_000 + RECENT_MICROS + 1);
        for number in 0..60 {
            gate.failed(&Try { now: later, ..one(By::Person(&number.to_string()), "198.51.100.1") });
        }
        assert!(gate.may_try(&Try { now: later, ..one(By::Person("ada"), "192.0.2.1") }).is_err(), "not of late");
    }

    #[test]
    fn a_client_id_that_anybody_may_say_is_not_slowed_as_a_name() {
        let gate = gate(0, 0);
        for _ in 0..20 {
            gate.failed(&one(By::Grant("app"), "192.0.2.1"));
            gate.failed(&one(By::UserCode, "192.0.2.1"));
        }
        assert!(gate.may_try(&one(By::Grant("app"), "192.0.2.1")).is_ok());
        assert!(gate.may_try(&one(By::UserCode, "192.0.2.1")).is_err());
        assert!(gate.may_try(&one(By::UserCode, "192.0.2.2")).is_ok());
    }

    #[test]
    fn devices_are_started_so_many_at_a_time() {
        let gate = gate(0, 0);
        let start = |seconds: i64| gate.start_device("192.0.2.1".parse().ok(), Timestamp(seconds * 1_000_000));
        assert_eq!((0..200).filter(|_| start(0).is_ok()).count(), 120);
        assert!(start(1).is_err());
        assert!(start(15 * 60).is_ok());
    }
}
