//! Turns at work that is slow on purpose: a few at a time, and fair. Tenants take turns; in each, those who have signed in of
//! late come before those who have not. Lines are bounded, and who waits too long is sent away.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time};

use crate::store::TenantKey;

/// How many have their turn at once.
const AT_ONCE: usize = 2;
/// How many wait in a line. Each tenant has two.
const LINE: usize = 128;
/// Whoever waits longer for a turn is sent away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Too many sign in at this moment.
#[derive(Debug)]
pub(super) struct Busy;

/// Those who have their turn and those who wait.
pub(super) struct Turns(Arc<Mutex<Waiting>>);

struct Waiting {
    free: usize,
    /// The tenants in whose lines somebody waits, in the order of their turns.
    order: VecDeque<TenantKey>,
    lines: HashMap<TenantKey, Lines>,
}

#[derive(Default)]
struct Lines {
    known: VecDeque<oneshot::Sender<Turn>>,
    others: VecDeque<oneshot::Sender<Turn>>,
}

/// A turn; it ends when this is dropped.
pub(super) struct Turn(Option<Arc<Mutex<Waiting>>>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Waiting { free: AT_ONCE, order: VecDeque::new(), lines: HashMap::new() })))
    }
}

impl Turns {
    /// Waits for a turn. `known`: for somebody who has signed in of late.
    pub(super) async fn take(&self, tenant: TenantKey, known: bool) -> Result<Turn, Busy> {
        let turn = {
            let mut waiting = self.0.lock();
            if waiting.free > 0 {
                waiting.free -= 1;
                return Ok(Turn(Some(Arc::clone(&self.0))));
            }
            waiting.stand_in_line(tenant, known)?
        };
        match time::timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Busy),
        }
    }
}

impl Waiting {
    fn stand_in_line(&mut self, tenant: TenantKey, known: bool) -> Result<oneshot::Receiver<Turn>, Busy> {
        let lines = self.lines.entry(tenant).or_insert_with(|| {
            self.order.push_back(tenant);
            Lines::default()
        });
        let line = if known { &mut lines.known } else { &mut lines.others };
        if line.len() >= LINE {
            // Some may have gone meanwhile.
            line.retain(|one| !one.is_closed());
        }
        if line.len() >= LINE {
            return Err(Busy);
        }
        let (give, turn) = oneshot::channel();
        line.push_back(give);
        Ok(turn)
    }

    /// Who is next.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(tenant) = self.order.pop_front() {
            let Some(lines) = self.lines.get_mut(&tenant) else { continue };
            let next = lines.known.pop_front().or_else(|| lines.others.pop_front());
            if lines.known.is_empty() && lines.others.is_empty() {
                self.lines.remove(&tenant);
            } else {
                self.order.push_back(tenant);
            }
            if next.is_some() {
                return next;
            }
        }
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(waiting) = self.0.take() else { return };
        loop {
            let next = {
                let mut waiting = waiting.lock();
                let next = waiting.next();
                if next.is_none() {
                    waiting.free += 1;
                }
                next
            };
            let Some(next) = next else { return };
            match next.send(Turn(Some(Arc::clone(&waiting)))) {
                Ok(()) => return,
                // Who waited has gone: the turn is somebody else's. It must not end here, in its own end.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tenants_take_turns_and_known_ones_come_first() {
        let turns = Arc::new(Turns::default());
        let order = Arc::new(Mutex::new(Vec::new()));
        let held = [turns.take(TenantKey(1), false).await.unwrap(), turns.take(TenantKey(1), false).await.unwrap()];
        let mut waiting = Vec::new();
        for (tenant, known, name) in
            [(1, false, "a"), (1, false, "b"), (1, true, "c"), (2, false, "d"), (1, false, "e")]
        {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let turn = turns.take(TenantKey(tenant), known).await.unwrap();
                order.lock().push(name);
                tokio::task::yield_now().await;
                drop(turn);
            }));
            tokio::task::yield_now().await;
        }
        let [one, two] = held;
        drop(one);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock(), ["c", "d", "a", "b", "e"]);
        drop(two);
        assert_eq!(turns.0.lock().free, AT_ONCE);
        assert!(turns.0.lock().lines.is_empty());
    }

    #[tokio::test]
    async fn lines_are_bounded_and_who_goes_leaves_its_place() {
        let turns = Turns::default();
        let held = [turns.take(TenantKey(1), false).await.unwrap(), turns.take(TenantKey(1), false).await.unwrap()];
        let mut waiting: Vec<_> = (0..LINE).map(|_| Box::pin(turns.take(TenantKey(1), false))).collect();
        for one in &mut waiting {
            assert!(futures_poll(one).is_none());
        }
        assert!(turns.take(TenantKey(1), false).await.is_err(), "the line is full");
        let mut known = Box::pin(turns.take(TenantKey(1), true));
        assert!(futures_poll(&mut known).is_none(), "those who are known have their own");
        let mut other = Box::pin(turns.take(TenantKey(2), false));
        assert!(futures_poll(&mut other).is_none(), "and so has another tenant");
        drop(waiting.pop());
        let mut late = Box::pin(turns.take(TenantKey(1), false));
        assert!(futures_poll(&mut late).is_none());
        drop((waiting, late, other));
        drop(held);
        assert!(known.await.is_ok());
        assert_eq!(turns.0.lock().free, AT_ONCE);
    }

    fn futures_poll<T>(future: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        }
    }
}
