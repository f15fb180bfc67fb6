//! What must hold of storage, of queries and of the program itself, on both engines.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "tests; what they share is a module here")]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod binary;
mod cases;
mod commits;
mod device_codes;
mod floods;
mod fuzz;
mod identities;
mod limits;
mod moved;
mod paging;
mod random;
mod reach;
mod starts;
mod stores;
mod tenants;
