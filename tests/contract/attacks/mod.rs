//! Callers who try to see or become more than they may.

mod catalogs;
mod hidden_members;
mod passwords;
mod unreadable_members;
