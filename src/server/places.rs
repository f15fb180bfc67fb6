//! The places for connections: how many there are, for each address and in all, and which connection gives way for a new
//! one.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};

use super::state::{End, State, Times};
use crate::api::memory::Memory;

/// How long a connection that gives way may take for it before another one has to.
const PATIENCE: Duration = Duration::from_millis(50);
/// When memory is short: what has not been read for so long is given up.
const STALLED: Duration = Duration::from_secs(2);

/// The places.
pub(super) struct Places {
    all: usize,
    /// For one address; 0: any number.
    per_address: usize,
    times: Times,
    epoch: Instant,
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
}

/// The connections that there are.
#[derive(Default)]
struct Taken {
    states: Vec<Option<Arc<State>>>,
    vacant: Vec<usize>,
    /// How many connections of an address there are that were not told to give way.
    by_address: HashMap<IpAddr, usize>,
}

impl Places {
    pub(super) fn new(all: usize, per_address: usize, times: Times) -> Arc<Self> {
        let all = all.clamp(1, Semaphore::MAX_PERMITS.min(1 << 20));
        let (free, taken) = (Arc::new(Semaphore::new(all)), Mutex::default());
        Arc::new(Self { all, per_address, times, epoch: Instant::now(), free, taken })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.all - self.free.available_permits()
    }

    /// Waits until none is taken.
    pub(super) async fn empty(&self) {
        let all = u32::try_from(self.all).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }

    /// A place for a connection from this address. Where there is none, the connection that has been idle longest gives
    /// way; if none of the address is idle, there is no place for another one of it, and if none at all is, it waits.
    ///
    /// `exempt`: the address may have any number.
    pub(super) async fn take(self: &Arc<Self>, address: IpAddr, exempt: bool) -> Option<Place> {
        let address = network(address);
        if !exempt && self.per_address > 0 {
            let mut taken = self.taken.lock();
            let many = taken.by_address.get(&address).copied().unwrap_or_default();
            if many >= self.per_address && !taken.give_way(Some(address)) {
                return None;
            }
        }
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            self.give_way();
            // A closed semaphore has no permits; nobody closes this one.
            if let Ok(permit) = time::timeout(PATIENCE, Arc::clone(&self.free).acquire_owned()).await {
                break permit.ok()?;
            }
        };
        let state = Arc::new(State::new(address, self.epoch, &self.times));
        let index = self.taken.lock().put(Arc::clone(&state));
        Some(Place { places: Arc::clone(self), state, index, _permit: permit })
    }

    /// Lets the connection that has been idle longest end.
    pub(super) fn give_way(&self) {
        self.taken.lock().give_way(None);
    }

    /// Ends the connections whose time is up, and those that keep answers unread when there is no memory for others.
    pub(super) fn sweep(&self, memory: &Memory) {
        let taken = self.taken.lock();
        for state in taken.states.iter().flatten() {
            let end = state.judge(&self.times);
            if end != End::Not {
                state.tell(end);
            }
        }
        if memory.is_full() {
            taken.free_memory(memory);
        }
    }

    /// How often to sweep.
    pub(super) fn interval(&self) -> Duration {
        let Times { idle, head, send } = self.times;
        (idle.min(head).min(send) / 8).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

impl Taken {
    fn put(&mut self, state: Arc<State>) -> usize {
        *self.by_address.entry(state.address).or_default() += 1;
        let Some(index) = self.vacant.pop() else {
            self.states.push(Some(state));
            return self.states.len() - 1;
        };
        self.states[index] = Some(state);
        index
    }

    fn leave(&mut self, index: usize) {
        let state = self.states.get_mut(index).and_then(Option::take);
        self.vacant.push(index);
        if let Some(state) = state.filter(|state| !state.is_given_up()) {
            self.forget(state.address);
        }
    }

    fn forget(&mut self, address: IpAddr) {
        if let Some(many) = self.by_address.get_mut(&address) {
            *many = many.saturating_sub(1);
            if *many == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    fn give_way(&mut self, of: Option<IpAddr>) -> bool {
        let states = self.states.iter().flatten().filter(|state| of.is_none_or(|address| state.address == address));
        let longest = states.filter_map(|state| Some((state.idle_since()?, state))).min_by_key(|(since, _)| *since);
        let Some(state) = longest.map(|(_, state)| Arc::clone(state)) else { return false };
        state.give_up();
        self.forget(state.address);
        true
    }

    /// Those that read nothing go first, then those that keep most.
    fn free_memory(&self, memory: &Memory) {
        let mut keeping: Vec<&Arc<State>> = self.states.iter().flatten().filter(|state| state.unread() > 0).collect();
        keeping.sort_by_key(|state| std::cmp::Reverse((state.stalled_for() >= STALLED, state.unread())));
        let mut excess = memory.used().saturating_sub(memory.limit() / 2);
        for state in keeping {
            let unread = state.unread();
            if excess == 0 || (state.stalled_for() < STALLED && unread < memory.limit() / 32) {
                break;
            }
            tracing::debug!(unread, "a connection that does not read its answers is cut");
            excess = excess.saturating_sub(unread);
            state.tell(End::Cut);
        }
    }
}

/// A place, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    pub(super) state: Arc<State>,
    index: usize,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().leave(self.index);
    }
}

/// What counts as one address: of IPv6 a client has a whole network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}
