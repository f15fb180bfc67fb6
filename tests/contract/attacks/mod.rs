//! What an attacker tries: each test names what must not come of it.

mod addresses;
mod privilege;
mod sessions;
mod swagger;
mod tokens;
