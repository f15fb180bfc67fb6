//! What an attacker tries: each test names what must not come of it.

mod addresses;
mod catalogs;
mod hidden_members;
mod hosts;
mod passwords;
mod privilege;
mod sessions;
mod sign_ins;
mod swagger;
mod tokens;
mod unread;
mod unreadable_members;
