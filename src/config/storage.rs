//! Options of the server about its storage.

use std::time::Duration;

use clap::Args;

use super::duration;
use crate::store;

/// How reads that no index bounds take turns.
#[derive(Debug, Args)]
pub struct Storage {
    /// How many slow reads (searches, counts, filters and orders without an index) of one tenant may wait for their turn;
    /// more are answered with 503.
    #[arg(long, env = "CARDEA_SLOW_READS_WAITING", value_name = "N", default_value_t = store::Options::default().slow_reads_waiting)]
    pub slow_reads_waiting: usize,
    /// How long a slow read may wait for its turn before it is answered with 503.
    #[arg(long, env = "CARDEA_SLOW_READ_WAIT", value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub slow_read_wait: Duration,
}

impl Storage {
    /// These options, and the others of the store.
    pub fn options(&self, mut options: store::Options) -> store::Options {
        (options.slow_reads_waiting, options.slow_reads_patience) = (self.slow_reads_waiting, self.slow_read_wait);
        options
    }
}
