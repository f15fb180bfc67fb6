//! Floods, measured: what they take of memory and disk, and how long an innocent caller waits meanwhile.

mod sign_ins;
mod slow_reads;
