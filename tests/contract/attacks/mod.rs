//! What attackers would try, and what comes of it.

mod privilege;
