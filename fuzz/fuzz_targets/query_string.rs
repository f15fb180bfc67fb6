#![no_main]

#[allow(dead_code, reason = "each target enters in one way")]
#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::query_string(data));
