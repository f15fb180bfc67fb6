//! Floods: what a few callers can make the program take, in memory and in the time of an innocent caller.
//!
//! Bounds are generous, because the machine may be busy; what they exclude is many times as much.

mod connections;
