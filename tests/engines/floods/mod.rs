//! Floods, measured: what they take of memory and disk, and how long somebody else waits meanwhile.

mod sign_ins;
