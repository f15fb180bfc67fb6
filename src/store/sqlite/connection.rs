//! Connections: how they are set up, how values go in and rows come out.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, Statement,
    config::DbConfig,
    ffi,
    types::{ToSqlOutput, ValueRef},
};

use super::functions;
use crate::{
    model::{value::Value, write::Row},
    store::{Error, sql},
};

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;
/// How many virtual machine steps SQLite runs between two looks at the clock.
const STEPS_BETWEEN_CHECKS: i32 = 20_000;

/// The connection that writes. There is one, and it creates the file.
pub(super) fn open_writer(path: &Path, bulk: bool) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Fewer, larger checkpoints write a page that many commits touched once instead of many times.
    connection.pragma_update(None, "wal_autocheckpoint", if bulk { 100_000 } else { 4000 })?;
    // Whoever writes much touches many pages of each index in one transaction.
    connection.pragma_update(None, "cache_size", if bulk { -262_144 } else { -32_768 })?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without this SQLite plans a cached statement anew each time a value is bound to its LIMIT.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    functions::register(&connection)?;
    Ok(connection)
}

/// The connections that read. They are used last in, first out, so that few of them hold a warm cache.
pub(super) struct Readers {
    path: PathBuf,
    cache_kib: usize,
    timeout: Duration,
    idle: Mutex<Vec<Reader>>,
    /// What deadlines are counted from.
    epoch: Instant,
}

/// A connection, and until when it may work, in microseconds since the epoch.
struct Reader {
    connection: Connection,
    deadline: Arc<AtomicU64>,
}

impl Readers {
    pub(super) fn new(path: &Path, cache_kib: usize, timeout: Duration) -> Self {
        let (path, idle) = (path.to_owned(), Mutex::new(Vec::new()));
        Self { path, cache_kib, timeout, idle, epoch: Instant::now() }
    }

    /// Runs `f`, which is given up when it takes too long.
    pub(super) fn with<T>(&self, f: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.open().map_err(failure)?,
        };
        reader.deadline.store(micros(self.epoch.elapsed() + self.timeout), Ordering::Relaxed);
        let result = f(&reader.connection);
        // A connection that failed, perhaps within a transaction, is not trusted with the next read.
        if result.is_ok() {
            self.idle.lock().push(reader);
        }
        result
    }

    fn open(&self) -> rusqlite::Result<Reader> {
        let mut connection = open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "cache_size", -i64::try_from(self.cache_kib).unwrap_or(2000))?;
        let deadline = Arc::new(AtomicU64::new(u64::MAX));
        let (epoch, until) = (self.epoch, Arc::clone(&deadline));
        let late = move || micros(epoch.elapsed()) > until.load(Ordering::Relaxed);
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(late))?;
        Ok(Reader { connection, deadline })
    }

    pub(super) fn close(&self) {
        self.idle.lock().clear();
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Runs a statement that has no parameters and gives no rows.
pub(super) fn execute(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.prepare_cached(sql).and_then(|mut s| s.raw_execute()).map(drop).map_err(failure)
}

/// Binds a statement's parameters.
pub(super) fn bind(prepared: &mut Statement<'_>, parameters: &[sql::Parameter]) -> rusqlite::Result<()> {
    for (at, parameter) in parameters.iter().enumerate() {
        let texts;
        let value = match parameter {
            sql::Parameter::Value(value) => ToSqlOutput::Borrowed(match value {
                Value::Null => ValueRef::Null,
                Value::Text(text) => ValueRef::Text(text.as_bytes()),
                Value::Bool(b) => ValueRef::Integer(i64::from(*b)),
                Value::Int(n) => ValueRef::Integer(*n),
                Value::Time(time) => ValueRef::Integer(time.0),
            }),
            sql::Parameter::Texts(list) => {
                texts = serde_json::json!(list).to_string();
                ToSqlOutput::Borrowed(ValueRef::Text(texts.as_bytes()))
            }
        };
        prepared.raw_bind_parameter(at + 1, value)?;
    }
    Ok(())
}

/// A row of SQLite's.
pub(super) struct SqliteRow<'a>(pub(super) &'a rusqlite::Row<'a>);

impl Row for SqliteRow<'_> {
    fn text(&self, column: usize) -> Option<&str> {
        self.0.get_ref(column).ok()?.as_str_or_null().ok()?
    }

    fn int(&self, column: usize) -> Option<i64> {
        self.0.get_ref(column).ok()?.as_i64_or_null().ok()?
    }

    fn bool(&self, column: usize) -> Option<bool> {
        self.int(column).map(|n| n != 0)
    }
}

/// A failure that is the database's.
pub(super) fn failure(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(code, _) = &error else { return Error::database(error) };
    match (code.code, code.extended_code) {
        // Busy: another process writes, and goes on writing.
        (ErrorCode::OperationInterrupted | ErrorCode::DatabaseBusy, _) => Error::Timeout,
        // A quota, or a file that may get no larger, is told by the system as a write that fails.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE) => {
            Error::Full(error.to_string())
        }
        (ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly, _) => {
            Error::Unreachable(error.to_string())
        }
        _ => Error::database(error),
    }
}
