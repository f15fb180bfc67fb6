//! Callers who try to see or become more than they may.

mod hidden_members;
mod passwords;
mod unreadable_members;
