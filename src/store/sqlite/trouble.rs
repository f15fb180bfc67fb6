//! Whether the disk takes what is written.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::store::Error;

/// After a write has failed, one is tried no more often than this.
const BETWEEN: Duration = Duration::from_secs(1);
/// With less than this the disk is full, whether or not a write has failed yet.
const LEAST_SPACE: u64 = 1 << 20;

/// What the last write failed of, if it did, and when one was last tried.
#[derive(Default)]
pub(super) struct Trouble(Mutex<Option<(Error, Instant)>>);

impl Trouble {
    /// Notes how a write ended. The log is told when that changes.
    pub(super) fn note(&self, error: Option<&Error>) {
        let mut known = self.0.lock();
        match error {
            Some(error @ (Error::Full(_) | Error::Unreachable(_))) => {
                let before = known.replace((error.again(), Instant::now()));
                if before.is_none() {
                    tracing::error!(%error, "what is written is lost until this is mended");
                }
            }
            Some(error) => tracing::error!(%error, "a write failed"),
            None if known.take().is_some() => tracing::info!("the disk takes what is written again"),
            None => {}
        }
    }

    /// What the last write failed of.
    pub(super) fn now(&self) -> Option<Error> {
        self.0.lock().as_ref().map(|(error, _)| error.again())
    }

    /// Whether it is time to try again. Who is told so does.
    pub(super) fn may_try(&self) -> bool {
        let mut known = self.0.lock();
        let due = known.as_mut().filter(|(_, tried)| tried.elapsed() >= BETWEEN);
        due.map(|(_, tried)| *tried = Instant::now()).is_some()
    }
}

/// Whether there is space for files in a directory. Where the system does not tell, there is.
pub(super) fn space(directory: &Path) -> Result<(), Error> {
    match rustix::fs::statvfs(directory) {
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_SPACE => {
            Err(Error::Full(format!("less than {} KiB are free in {}", LEAST_SPACE / 1024, directory.display())))
        }
        _ => Ok(()),
    }
}
