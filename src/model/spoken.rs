//! The version that is being described.
//!
//! `utoipa`'s traits describe a type by functions without arguments, and the two versions describe a type differently:
//! so the version is said around the call.

use std::cell::Cell;

use super::meta::Version;

thread_local! {
    static SPOKEN: Cell<Version> = const { Cell::new(Version::V1) };
}

/// What `describe` gives in this version.
pub fn spoken_in<T>(version: Version, describe: impl FnOnce() -> T) -> T {
    let before = SPOKEN.replace(version);
    let described = describe();
    SPOKEN.set(before);
    described
}

/// The version that is being described.
pub fn version() -> Version {
    SPOKEN.get()
}
