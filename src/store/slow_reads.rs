//! Turns for reads that are not small.
//!
//! Only a few run at once, and the others wait in a queue of their tenant, which is limited in number and time. Tenants
//! take turns, whatever the length of their queues. Where a read may take as long as a statement may, a tenant never has so
//! much running that another one, which has nothing running, finds no place.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time};

use super::{Error, TenantKey};

/// What limits slow reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many run at once.
    pub(super) at_once: usize,
    /// How many of one tenant may wait.
    pub(super) waiting: usize,
    /// How long one may wait.
    pub(super) patience: Duration,
    /// Whether the last place is kept for a tenant that has nothing running: worth it where reads are long.
    pub(super) keep_last: bool,
}

/// Who has a turn, and who waits for one.
pub(super) struct SlowReads {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    tenants: HashMap<TenantKey, Tenant>,
    /// The tenants of which reads wait, each once, the next in turn first.
    order: VecDeque<TenantKey>,
}

#[derive(Default)]
struct Tenant {
    running: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// A read that may run, until this is dropped.
pub(super) struct Turn {
    reads: Arc<SlowReads>,
    tenant: TenantKey,
}

impl SlowReads {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits: Limits { at_once: limits.at_once.max(1), ..limits }, state: Mutex::default() })
    }

    /// Waits for a turn.
    pub(super) async fn turn(self: &Arc<Self>, tenant: TenantKey) -> Result<Turn, Error> {
        let turn = {
            let mut state = self.state.lock();
            if state.next_may_run(tenant, self.limits) {
                state.start(tenant);
                return Ok(self.of(tenant));
            }
            if state.waiting(tenant, self.limits.waiting) >= self.limits.waiting {
                return Err(Error::Busy);
            }
            state.wait(tenant)
        };
        time::timeout(self.limits.patience, turn).await.map_err(|_| Error::Busy)?.map_err(|_| Error::Closed)
    }

    fn of(self: &Arc<Self>, tenant: TenantKey) -> Turn {
        Turn { reads: Arc::clone(self), tenant }
    }

    /// Starts those who can be started. The turns that nobody waits for any more are to be dropped without the lock.
    fn start_next(self: &Arc<Self>, state: &mut State) -> Vec<Turn> {
        let (mut unwanted, mut passed) = (Vec::new(), 0);
        while passed < state.order.len() {
            let Some(tenant) = state.order.pop_front() else { break };
            if !state.may_run(tenant, self.limits) {
                state.order.push_back(tenant);
                passed += 1;
                continue;
            }
            let next = state.tenants.get_mut(&tenant).and_then(|queue| queue.waiting.pop_front());
            if state.tenants.get(&tenant).is_some_and(|queue| !queue.waiting.is_empty()) {
                state.order.push_back(tenant);
            }
            state.forget_if_idle(tenant);
            if let Some(next) = next.filter(|next| !next.is_closed()) {
                state.start(tenant);
                passed = 0;
                if let Err(turn) = next.send(self.of(tenant)) {
                    unwanted.push(turn);
                }
            }
        }
        unwanted
    }
}

impl State {
    /// Whether a tenant may start one more.
    fn may_run(&self, tenant: TenantKey, limits: Limits) -> bool {
        let free = limits.at_once.saturating_sub(self.running);
        let own = self.tenants.get(&tenant).map_or(0, |tenant| tenant.running);
        free > 0 && (own == 0 || !limits.keep_last || own < 2 * (free - 1))
    }

    /// Whether one that comes now may run: nobody of its tenant waits, and there is a place.
    fn next_may_run(&self, tenant: TenantKey, limits: Limits) -> bool {
        self.tenants.get(&tenant).is_none_or(|tenant| tenant.waiting.is_empty()) && self.may_run(tenant, limits)
    }

    fn start(&mut self, tenant: TenantKey) {
        self.running += 1;
        self.tenants.entry(tenant).or_default().running += 1;
    }

    fn end(&mut self, tenant: TenantKey) {
        self.running -= 1;
        if let Some(tenant) = self.tenants.get_mut(&tenant) {
            tenant.running -= 1;
        }
        self.forget_if_idle(tenant);
    }

    /// How many of a tenant wait. Those who went away count only as long as there is room for all.
    fn waiting(&mut self, tenant: TenantKey, most: usize) -> usize {
        let Some(tenant) = self.tenants.get_mut(&tenant) else { return 0 };
        if tenant.waiting.len() >= most {
            tenant.waiting.retain(|waiting| !waiting.is_closed());
        }
        tenant.waiting.len()
    }

    fn wait(&mut self, tenant: TenantKey) -> oneshot::Receiver<Turn> {
        let (send, turn) = oneshot::channel();
        self.tenants.entry(tenant).or_default().waiting.push_back(send);
        if !self.order.contains(&tenant) {
            self.order.push_back(tenant);
        }
        turn
    }

    fn forget_if_idle(&mut self, tenant: TenantKey) {
        if self.tenants.get(&tenant).is_some_and(|tenant| tenant.running == 0 && tenant.waiting.is_empty()) {
            self.tenants.remove(&tenant);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let unwanted = {
            let mut state = self.reads.state.lock();
            state.end(self.tenant);
            self.reads.start_next(&mut state)
        };
        drop(unwanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TenantKey = TenantKey(1);
    const B: TenantKey = TenantKey(2);
    const C: TenantKey = TenantKey(3);

    fn reads(at_once: usize, waiting: usize, millis: u64) -> Arc<SlowReads> {
        SlowReads::new(Limits { at_once, waiting, patience: Duration::from_millis(millis), keep_last: true })
    }

    /// How many a tenant has running when it wants as many as it can get.
    async fn greedy(reads: &Arc<SlowReads>, tenant: TenantKey) -> Vec<Turn> {
        let mut turns = Vec::new();
        while let Ok(turn) = reads.turn(tenant).await {
            turns.push(turn);
        }
        turns
    }

    #[tokio::test]
    async fn a_greedy_tenant_leaves_places_to_others() {
        for (at_once, a, b, c) in [(1, 1, 0, 0), (2, 1, 1, 0), (4, 2, 1, 1), (8, 5, 2, 1), (16, 10, 4, 1)] {
            let reads = reads(at_once, 0, 1);
            let turns = [greedy(&reads, A).await, greedy(&reads, B).await, greedy(&reads, C).await];
            assert_eq!(turns.each_ref().map(Vec::len), [a, b, c], "{at_once}");
            drop(turns);
            assert_eq!(greedy(&reads, C).await.len(), a);
            assert!(reads.state.lock().tenants.is_empty());
        }
    }

    #[tokio::test]
    async fn short_reads_use_every_place() {
        let limits = Limits { at_once: 4, waiting: 1, patience: Duration::from_secs(10), keep_last: false };
        let reads = SlowReads::new(limits);
        let mut running = Vec::new();
        for _ in 0..4 {
            running.push(reads.turn(A).await.unwrap());
        }
        let wait = |tenant| {
            let reads = Arc::clone(&reads);
            tokio::spawn(async move { reads.turn(tenant).await.is_ok() })
        };
        let (own, other) = (wait(A), wait(B));
        tokio::task::yield_now().await;
        drop(running);
        assert!(own.await.unwrap() && other.await.unwrap());
    }

    #[tokio::test]
    async fn tenants_take_turns_whatever_the_length_of_their_queues() {
        let reads = reads(1, 100, 10_000);
        let first = reads.turn(A).await.unwrap();
        let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
        for (tenant, reads_of) in [(A, 5), (B, 2), (C, 1)] {
            for _ in 0..reads_of {
                let (reads, told) = (Arc::clone(&reads), told.clone());
                tokio::spawn(async move {
                    let turn = reads.turn(tenant).await.unwrap();
                    told.send(tenant.0).unwrap();
                    drop(turn);
                });
                tokio::task::yield_now().await;
            }
        }
        drop((first, told));
        let mut got = Vec::new();
        while let Some(tenant) = order.recv().await {
            got.push(tenant);
        }
        assert_eq!(got, [1, 2, 3, 1, 2, 1, 1, 1]);
    }

    #[tokio::test]
    async fn a_queue_is_limited_in_number_and_time() {
        let reads = reads(1, 2, 50);
        let running = reads.turn(A).await.unwrap();
        let wait = || {
            tokio::spawn({
                let reads = Arc::clone(&reads);
                async move { reads.turn(A).await.map(drop) }
            })
        };
        let (one, two) = (wait(), wait());
        tokio::task::yield_now().await;
        assert!(matches!(reads.turn(A).await, Err(Error::Busy)), "there is no third place in the queue");
        for waited in [one.await, two.await] {
            assert!(matches!(waited.unwrap(), Err(Error::Busy)), "the time is over");
        }
        // Those who went away take no place, and get no turn.
        let (three, four) = (wait(), wait());
        tokio::task::yield_now().await;
        three.abort();
        assert!(three.await.is_err());
        let five = wait();
        tokio::task::yield_now().await;
        drop(running);
        assert!(four.await.unwrap().is_ok() && five.await.unwrap().is_ok());
        assert_eq!(reads.state.lock().running, 0);
        assert!(reads.turn(A).await.is_ok());
    }
}
