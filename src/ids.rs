//! The only maker of ids.

use uuid::Uuid;

use crate::model::record::RowVersion;

/// A new id: a UUID of version 7, so that rows made one after the other lie side by side in every index.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn new_id() -> String {
    Uuid::now_v7().hyphenated().to_string()
}

/// A new row version: 63 random bits, which no row will see again, even one deleted and made anew.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn new_row_version() -> RowVersion {
    // The low half of a UUID of version 7 is random but for its two highest bits.
    let random = Uuid::now_v7().as_u64_pair().1;
    RowVersion(i64::try_from(random & (u64::MAX >> 2)).unwrap_or_default())
}
