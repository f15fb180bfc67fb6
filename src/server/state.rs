//! What is known of one connection: what it does, what it holds, and whether it is to end.
//!
//! The connection's task writes it and the sweep reads it, now and then; a request costs a few atomics and no timer.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::Waker,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use crate::api::memory::Share;

/// What a connection may leave unread before its next request waits, in bytes.
const MAX_UNREAD: usize = 16 << 20;
/// How many requests of a connection may be given up by the client before it is told to end; it is cut after twice as
/// many.
const MAX_CANCELLED: u32 = 1_000;
/// Answers are counted by when they last moved on, in this many slots of a quarter of the time they have.
const SLOTS: usize = 8;
/// No slot.
const NONE: usize = usize::MAX;

/// How long what may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// From one request to the next; a request has twice this time for its answer.
    pub(super) idle: Duration,
    /// For the head of a request, from its first byte.
    pub(super) head: Duration,
    /// For each piece of an answer.
    pub(super) send: Duration,
}

/// How a connection is to end, from the gentlest to the harshest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// Not at all.
    Not,
    /// When what it asked is answered.
    Politely,
    /// At once, unless there is something to answer.
    GivesWay,
    /// At once.
    Cut,
}

/// One connection.
pub(super) struct State {
    pub(super) address: IpAddr,
    epoch: Instant,
    slot_millis: u64,
    begun: AtomicU32,
    active: AtomicU32,
    unread: AtomicUsize,
    cancelled: AtomicU32,
    http2: AtomicBool,
    both_lengths: AtomicBool,
    /// When it became idle, or the last request began or was answered in part.
    since: AtomicU64,
    /// When the head that is being read began; 0: none is.
    head_since: AtomicU64,
    /// Since when the client does not take what is written; 0: it does.
    blocked_since: AtomicU64,
    unsent: [AtomicU32; SLOTS],
    waiting: Mutex<Vec<Waker>>,
    end: AtomicU8,
    given_up: AtomicBool,
    told: Notify,
}

impl State {
    pub(super) fn new(address: IpAddr, epoch: Instant, times: &Times) -> Self {
        let state = Self {
            address,
            epoch,
            slot_millis: millis(times.send / 4).max(1),
            begun: AtomicU32::new(0),
            active: AtomicU32::new(0),
            unread: AtomicUsize::new(0),
            cancelled: AtomicU32::new(0),
            http2: AtomicBool::new(false),
            both_lengths: AtomicBool::new(false),
            since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            unsent: [const { AtomicU32::new(0) }; SLOTS],
            waiting: Mutex::new(Vec::new()),
            end: AtomicU8::new(End::Not as u8),
            given_up: AtomicBool::new(false),
            told: Notify::new(),
        };
        state.since.store(state.now(), Relaxed);
        state
    }

    /// Milliseconds since the server began, never 0.
    fn now(&self) -> u64 {
        millis(self.epoch.elapsed()) + 1
    }

    /// Whether there is nothing to answer and nothing to send.
    pub(super) fn is_idle(&self) -> bool {
        self.active.load(Relaxed) == 0 && self.blocked_since.load(Relaxed) == 0
    }

    /// Since when it is idle, unless it is not or was told to give way.
    pub(super) fn idle_since(&self) -> Option<u64> {
        (self.is_idle() && self.end() < End::GivesWay).then(|| self.since.load(Relaxed))
    }

    /// How many bytes of answers the client has not taken.
    pub(super) fn unread(&self) -> usize {
        self.unread.load(Relaxed)
    }

    /// How long nothing of its answers has been sent.
    pub(super) fn stalled_for(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.since.load(Relaxed)))
    }

    /// How many requests began.
    pub(super) fn begun(&self) -> u32 {
        self.begun.load(Relaxed)
    }

    /// Bytes were read. Whether they belong to the head of a request, of HTTP/1.
    pub(super) fn read(&self) -> bool {
        if self.active.load(Relaxed) > 0 || self.http2.load(Relaxed) {
            return false;
        }
        if self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
        true
    }

    /// The client speaks HTTP/2. From now on there is no head that is seen from outside.
    pub(super) fn speaks_http2(&self) {
        self.http2.store(true, Relaxed);
        self.head_since.store(0, Relaxed);
    }

    /// The head that is being read says twice how long its body is.
    pub(super) fn note_both_lengths(&self) {
        self.both_lengths.store(true, Relaxed);
    }

    /// Whether a head said twice how long its body is.
    pub(super) fn has_both_lengths(&self) -> bool {
        self.both_lengths.load(Relaxed)
    }

    /// The client does not take what is written, or not enough of it.
    pub(super) fn blocked(&self) {
        self.blocked_since.store(self.now(), Relaxed);
    }

    /// The client took what was written.
    pub(super) fn unblocked(&self) {
        self.blocked_since.store(0, Relaxed);
    }

    /// A request began.
    pub(super) fn begin(self: &Arc<Self>, share: Option<Share>) -> Arc<Exchange> {
        self.active.fetch_add(1, Relaxed);
        self.begun.fetch_add(1, Relaxed);
        self.since.store(self.now(), Relaxed);
        self.head_since.store(0, Relaxed);
        let (complete, slot) = (AtomicBool::new(false), AtomicUsize::new(NONE));
        Arc::new(Exchange { state: Arc::clone(self), _share: share, complete, slot })
    }

    /// Whether the client has too much unread for another request to be worked on.
    pub(super) fn is_crowded(&self) -> bool {
        self.unread() >= MAX_UNREAD
    }

    /// Whether the next request may be worked on. If not, the waker is called when it may.
    pub(super) fn has_room(&self, waker: &Waker) -> bool {
        if self.unread() < MAX_UNREAD {
            return true;
        }
        self.waiting.lock().push(waker.clone());
        // What was taken before the waker was there called nobody.
        self.unread() < MAX_UNREAD
    }

    pub(super) fn hold(&self, bytes: usize) {
        self.unread.fetch_add(bytes, Relaxed);
    }

    pub(super) fn release(&self, bytes: usize) {
        let before = self.unread.fetch_sub(bytes, Relaxed);
        if before >= MAX_UNREAD && before - bytes < MAX_UNREAD {
            std::mem::take(&mut *self.waiting.lock()).into_iter().for_each(Waker::wake);
        }
    }

    fn slot(&self, now: u64) -> usize {
        usize::try_from(now / self.slot_millis).unwrap_or_default() % SLOTS
    }

    /// How it is to end by what the times say.
    pub(super) fn judge(&self, times: &Times) -> End {
        let now = self.now();
        let late = |since: u64, time: Duration| since != 0 && now.saturating_sub(since) >= millis(time);
        // The slots that come next are the oldest: what is in one of three is older than the time.
        let slot = self.slot(now);
        let stuck = (1..4).any(|after| self.unsent[(slot + after) % SLOTS].load(Relaxed) > 0);
        let since = self.since.load(Relaxed);
        if late(self.blocked_since.load(Relaxed), times.send)
            || stuck
            || late(self.head_since.load(Relaxed), times.head)
            || late(since, times.idle * 2)
        {
            End::Cut
        } else if late(since, times.idle) {
            End::Politely
        } else {
            End::Not
        }
    }

    /// Tells the connection to end.
    pub(super) fn tell(&self, end: End) {
        if self.end.fetch_max(end as u8, Relaxed) < end as u8 {
            self.told.notify_one();
        }
    }

    /// Tells it to give way, for a place that is not counted as taken from now on.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Relaxed);
        self.tell(End::GivesWay);
    }

    /// Whether its place is not counted any more.
    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Relaxed)
    }

    /// How it is to end.
    pub(super) fn end(&self) -> End {
        let all = [End::Not, End::Politely, End::GivesWay, End::Cut];
        all.get(usize::from(self.end.load(Relaxed))).copied().unwrap_or(End::Cut)
    }

    /// Waits until it is told to end, or to end more harshly.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 4)
}

/// A request from when it begins until the last byte of its answer is sent, or either side gives up.
pub(super) struct Exchange {
    pub(super) state: Arc<State>,
    _share: Option<Share>,
    complete: AtomicBool,
    slot: AtomicUsize,
}

impl Exchange {
    /// Something of the answer was sent, or it begins: what comes next has its time from now on.
    pub(super) fn moves_on(&self) {
        let state = &self.state;
        let now = state.now();
        state.since.store(now, Relaxed);
        let new = state.slot(now);
        let old = self.slot.swap(new, Relaxed);
        if old != new {
            state.unsent[new].fetch_add(1, Relaxed);
            self.leave(old);
        }
    }

    /// The answer is on its way as a whole.
    pub(super) fn complete(&self) {
        self.complete.store(true, Relaxed);
    }

    fn leave(&self, slot: usize) {
        if let Some(count) = self.state.unsent.get(slot) {
            count.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let state = &self.state;
        self.leave(self.slot.load(Relaxed));
        if !self.complete.load(Relaxed) {
            match state.cancelled.fetch_add(1, Relaxed) {
                n if n >= 2 * MAX_CANCELLED => state.tell(End::Cut),
                n if n >= MAX_CANCELLED => state.tell(End::Politely),
                _ => {}
            }
        }
        state.since.store(state.now(), Relaxed);
        state.active.fetch_sub(1, Relaxed);
    }
}
