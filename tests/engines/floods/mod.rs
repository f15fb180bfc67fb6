//! Floods, measured: what they take of memory and disk, and how long an innocent caller waits meanwhile.
//!
//! Bounds are generous, because the machine may be busy; what they exclude is many times as much.

mod connections;
mod sign_ins;
mod slow_reads;
