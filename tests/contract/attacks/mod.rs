//! What attackers try, and what comes of it.

mod hosts;
mod unread;
