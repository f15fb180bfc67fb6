//! The only reader of time.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::model::value::Timestamp;

/// Tells the time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's time.
    System,
    /// A time that stands still until it is moved.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `time`.
    pub fn manual(time: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(time.0)))
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => chrono::Utc::now().into(),
            Self::Manual(micros) => Timestamp(micros.load(Ordering::Relaxed)),
        }
    }

    /// The time that has passed since some moment in the past, which never is less than it was.
    pub fn elapsed(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => START.elapsed(),
            Self::Manual(micros) => {
                Duration::from_micros(micros.load(Ordering::Relaxed).try_into().unwrap_or_default())
            }
        }
    }

    /// Moves a manual clock on; the machine's time cannot be moved.
    pub fn advance(&self, micros: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(micros, Ordering::Relaxed);
        }
    }
}
