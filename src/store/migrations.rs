//! The migrations of both engines, embedded. They run at start, each once, in order.

use super::Error;

/// A migration.
pub(super) struct Migration {
    /// Its number; they count up from 1.
    pub(super) version: i64,
    /// What it says.
    pub(super) sql: &'static str,
}

macro_rules! migrations {
    ($engine:literal, $($file:literal),+) => {
        &[$(Migration {
            version: number($file),
            sql: include_str!(concat!("../../migrations/", $engine, "/", $file, ".sql")),
        }),+]
    };
}

pub(super) static SQLITE: &[Migration] = migrations!(
    "sqlite",
    "0001_first",
    "0002_authority",
    "0003_roles",
    "0004_audit",
    "0005_people",
    "0006_device_codes",
    "0007_assertions",
    "0008_directory",
    "0009_provisioning",
    "0010_privileges",
    "0011_families",
    "0012_passwords",
    "0013_device_codes"
);
pub(super) static POSTGRES: &[Migration] = migrations!(
    "postgres",
    "0001_first",
    "0002_authority",
    "0003_roles",
    "0004_audit",
    "0005_people",
    "0006_device_codes",
    "0007_assertions",
    "0008_directory",
    "0009_provisioning",
    "0010_privileges",
    "0011_families",
    "0012_passwords",
    "0013_device_codes"
);

/// The number at the start of a file's name.
const fn number(name: &str) -> i64 {
    let digits = name.as_bytes();
    let (mut n, mut at) = (0, 0);
    while at < digits.len() && digits[at].is_ascii_digit() {
        n = n * 10 + (digits[at] - b'0') as i64;
        at += 1;
    }
    n
}

/// The migrations that a database at version `found` still needs.
pub(super) fn pending(all: &'static [Migration], found: i64) -> Result<&'static [Migration], Error> {
    let known = all.last().map_or(0, |m| m.version);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    let from = all.iter().position(|m| m.version > found).unwrap_or(all.len());
    Ok(all.get(from..).unwrap_or_default())
}
