//! Callers who want too much: what they cost, and what an innocent one notices of it.

mod slow_reads;
