//! The one writer, with group commit.
//!
//! A thread owns the only connection that writes. It takes the changesets that wait at that moment, applies each in a
//! savepoint of its own inside one transaction, commits, and only then answers: many requests share one fsync, and an
//! answer means that the change is on disk.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rusqlite::{Connection, ffi};
use tokio::sync::oneshot;

use super::{
    chain::Chains,
    connection::{bind, execute, failure},
    trouble::Trouble,
};
use crate::{
    model::{audit::Entry, meta::EntityType},
    store::{
        CommitError, Constraint, Error, TenantKey,
        sql::write::{Must, Write},
    },
};

/// The largest number of changesets in one transaction: bounds how long the first of them waits for its answer.
const BATCH: usize = 256;
/// The same for who writes much. Ids are anywhere in their indexes: the more rows are written together, the fewer pages are
/// written again and again.
const BULK_BATCH: usize = 8;

pub(super) type Outcome = Result<(), CommitError>;

/// Something to write that waits.
struct Job {
    work: Work,
    /// What is remembered of it, in whose chain.
    audit: Option<(TenantKey, Vec<Entry>)>,
    reply: oneshot::Sender<Outcome>,
}

/// What a job does, whole or not at all.
enum Work {
    /// The statements of a changeset.
    Statements(Vec<Write>),
    /// Anything else.
    Task(Task),
}

/// Something other than a changeset's statements.
type Task = Box<dyn FnOnce(&Connection) -> Outcome + Send>;

/// The writer's handle.
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Job>>>,
    trouble: Arc<Trouble>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, bulk: bool) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let trouble = Arc::<Trouble>::default();
        let seen = Arc::clone(&trouble);
        let run = move || run(&connection, &jobs, bulk.then(Turns::new), &seen);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(run)?;
        Ok(Self { queue: Mutex::new(Some(queue)), trouble, thread: Mutex::new(Some(thread)) })
    }

    /// Whether writing works, as far as it is known. After it has failed it is tried, now and then.
    pub(super) async fn works(&self) -> Result<(), Error> {
        let Some(error) = self.trouble.now() else { return Ok(()) };
        if !self.trouble.may_try() {
            return Err(error);
        }
        // As much as a change may need, and away again.
        let tried = match self
            .batch("DROP TABLE IF EXISTS write_probe; CREATE TABLE write_probe AS SELECT zeroblob(65536)")
            .await
        {
            Ok(()) => self.batch("DROP TABLE write_probe").await,
            failed => failed,
        };
        match tried {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(_) => Err(error),
        }
    }

    async fn batch(&self, sql: &'static str) -> Outcome {
        self.run(move |connection| Ok(connection.execute_batch(sql).map_err(failure)?)).await
    }

    /// Applies a changeset's statements whole or not at all; returns when they are on disk.
    pub(super) async fn commit(&self, writes: Vec<Write>, tenant: TenantKey, audit: Vec<Entry>) -> Outcome {
        self.queue(Work::Statements(writes), Some((tenant, audit))).await
    }

    /// Does something else, whole or not at all; returns when it is on disk.
    pub(super) async fn run(&self, task: impl FnOnce(&Connection) -> Outcome + Send + 'static) -> Outcome {
        self.queue(Work::Task(Box::new(task)), None).await
    }

    /// The same, and what is remembered of it.
    pub(super) async fn run_audited(
        &self,
        tenant: TenantKey,
        audit: Vec<Entry>,
        task: impl FnOnce(&Connection) -> Outcome + Send + 'static,
    ) -> Outcome {
        self.queue(Work::Task(Box::new(task)), Some((tenant, audit))).await
    }

    async fn queue(&self, work: Work, audit: Option<(TenantKey, Vec<Entry>)>) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        let audit = audit.filter(|(_, entries)| !entries.is_empty());
        let sent = self.queue.lock().as_ref().is_some_and(|q| q.send(Job { work, audit, reply }).is_ok());
        if !sent {
            return Err(Error::Closed.into());
        }
        // The thread answers whatever it takes, unless it panics.
        outcome.await.unwrap_or(Err(Error::Panicked.into()))
    }

    /// Lets the thread finish what waits, and ends it.
    pub(super) fn close(&self) {
        drop(self.queue.lock().take());
        if let Some(thread) = self.thread.lock().take() {
            // A panic of the thread has been reported by then.
            let _ = thread.join();
        }
    }
}

/// When a process that writes much lets others write. They are not told when it could be their turn: they look every 100 ms,
/// and give up after ten seconds.
struct Turns(Instant);

impl Turns {
    const BETWEEN: Duration = Duration::from_secs(4);
    const FOR: Duration = Duration::from_millis(110);

    fn new() -> Self {
        Self(Instant::now())
    }

    fn give(&mut self) {
        if self.0.elapsed() > Self::BETWEEN {
            std::thread::sleep(Self::FOR);
            self.0 = Instant::now();
        }
    }
}

/// With turns, for who writes much, jobs have no savepoints, which copy the pages that are changed: so they share a
/// transaction, and if one of them cannot be done, none of them was.
fn run(connection: &Connection, jobs: &Receiver<Job>, mut turns: Option<Turns>, trouble: &Trouble) {
    let together = turns.is_some();
    while let Ok(first) = jobs.recv() {
        if let Some(turns) = &mut turns {
            turns.give();
        }
        let batch = AssertUnwindSafe(|| write_together(connection, first, jobs, together, trouble));
        if catch_unwind(batch).is_err() {
            // Those who waited are told by their channels.
            tracing::error!("the writer panicked");
        }
        // Nothing is open when the next batch begins, however this one ended.
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    }
    // What the log holds goes into the database, so that the next start has nothing to recover.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Writes what waits at this moment in one transaction, and answers.
fn write_together(connection: &Connection, first: Job, jobs: &Receiver<Job>, together: bool, trouble: &Trouble) {
    if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        trouble.note(Some(&error));
        let _ = first.reply.send(Err(error.into()));
        return;
    }
    let most = if together { BULK_BATCH } else { BATCH };
    let mut answers: Vec<(oneshot::Sender<Outcome>, Outcome)> = Vec::with_capacity(most);
    let (mut next, mut chains, mut refused) = (Some(first), Chains::default(), false);
    while let Some(job) = next {
        let outcome = if together {
            caught(|| apply_here(connection, job.work, job.audit, &mut chains))
        } else {
            apply(connection, job.work, job.audit, &mut chains)
        };
        refused |= together && outcome.is_err();
        answers.push((job.reply, outcome));
        // A failure of the disk may end the transaction: what came next would be written by itself, though it is
        // answered with an error.
        let open = !connection.is_autocommit() && !refused;
        next = if open && answers.len() < most { jobs.try_recv().ok() } else { None };
    }
    let failed = answers.iter().find_map(|(_, outcome)| match outcome {
        Err(CommitError::Store(error)) => Some(error.again()),
        _ => None,
    });
    let committed = match (connection.is_autocommit(), refused) {
        (true, true) => Ok(()),
        (false, true) => execute(connection, "ROLLBACK"),
        (true, false) => Err(failed.as_ref().map_or(Error::Closed, Error::again)),
        (false, false) => chains.store(connection).and_then(|()| execute(connection, "COMMIT")),
    };
    trouble.note(committed.as_ref().err().or(failed.as_ref()));
    if committed.is_err() && !connection.is_autocommit() {
        let _ = execute(connection, "ROLLBACK");
    }
    for (reply, outcome) in answers {
        let outcome = match (&committed, outcome) {
            (Err(error), _) => Err(error.again().into()),
            (Ok(()), Ok(())) if refused => Err(CommitError::Conflict),
            (Ok(()), outcome) => outcome,
        };
        let _ = reply.send(outcome);
    }
}

/// Does one job. A single statement is whole or nothing by itself; anything more gets a savepoint.
fn apply(connection: &Connection, work: Work, audit: Option<(TenantKey, Vec<Entry>)>, chains: &mut Chains) -> Outcome {
    if let (Work::Statements(writes), None) = (&work, &audit)
        && writes.len() < 2
    {
        return caught(|| write_all(connection, writes));
    }
    execute(connection, "SAVEPOINT job")?;
    let outcome = caught(|| apply_here(connection, work, audit, chains));
    // A failure of the disk may have ended the transaction, and the savepoint with it.
    if !connection.is_autocommit() {
        if outcome.is_err() {
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    outcome
}

/// A job that panics fails by itself: what it did is undone, and the others of its batch are written.
fn caught(job: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or(Err(Error::Panicked.into()))
}

/// Does one job; what it did before it failed is left to who calls.
fn apply_here(
    connection: &Connection,
    work: Work,
    audit: Option<(TenantKey, Vec<Entry>)>,
    chains: &mut Chains,
) -> Outcome {
    let outcome = match work {
        Work::Statements(writes) => write_all(connection, &writes),
        Work::Task(task) => task(connection),
    };
    outcome.and_then(|()| match audit {
        Some((tenant, entries)) => chains.append(connection, tenant, entries),
        None => Ok(()),
    })
}

/// Runs a changeset's statements until one fails.
pub(super) fn write_all(connection: &Connection, writes: &[Write]) -> Outcome {
    writes.iter().try_for_each(|w| write(connection, w))
}

pub(super) fn write(connection: &Connection, write: &Write) -> Outcome {
    let mut prepared = connection.prepare_cached(&write.statement.sql).map_err(failure)?;
    bind(&mut prepared, &write.statement.parameters).map_err(failure)?;
    let done = match write.must {
        Must::Find => prepared.raw_query().next().map(|row| row.is_some()),
        Must::Change => prepared.raw_execute().map(|rows| rows == 1),
        Must::Run => prepared.raw_execute().map(|_| true),
    };
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(CommitError::Conflict),
        Err(error) => Err(refusal(error, write)),
    }
}

/// Whether a statement failed because other rows name the row that it removes, or because it names one that is missing.
pub(super) fn is_foreign_key(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// What a failed statement means.
fn refusal(error: rusqlite::Error, write: &Write) -> CommitError {
    let rusqlite::Error::SqliteFailure(code, message) = &error else { return failure(error).into() };
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY if write.must == Must::Change => {
            CommitError::Constraint(Constraint::StillReferenced)
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => CommitError::Constraint(Constraint::MissingReference),
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            let broken = write.entity.zip(message.as_deref()).and_then(|(entity, message)| unique(entity, message));
            broken.map_or_else(|| failure(error).into(), CommitError::Constraint)
        }
        _ => failure(error).into(),
    }
}

/// The constraint in `UNIQUE constraint failed: table.tenant_id, table.column`.
fn unique(entity: &'static EntityType, message: &str) -> Option<Constraint> {
    let last = message.rsplit(", ").next()?;
    let name = last.strip_prefix(entity.table)?.strip_prefix('.')?;
    let column = entity.columns.iter().position(|c| c.name == name)?;
    Some(Constraint::Unique { table: entity.table, column })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> (Writer, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let connection = super::super::connection::open_writer(&directory.path().join("db"), false).unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        (Writer::start(connection, false).unwrap(), directory)
    }

    fn insert(number: i64) -> impl FnOnce(&Connection) -> Outcome + Send + 'static {
        move |connection| Ok(connection.execute("INSERT INTO t VALUES (?1)", [number]).map(drop).map_err(failure)?)
    }

    fn numbers(directory: &tempfile::TempDir) -> Vec<i64> {
        let connection = Connection::open(directory.path().join("db")).unwrap();
        let mut statement = connection.prepare("SELECT n FROM t ORDER BY n").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[tokio::test]
    async fn a_change_that_panics_fails_by_itself() {
        let (writer, directory) = writer();
        // What waits while the first one sleeps is one batch.
        let sleeps = writer.run(|_| {
            std::thread::sleep(Duration::from_millis(200));
            Ok(())
        });
        let panics = |number| {
            writer.run(move |connection: &Connection| {
                insert(number)(connection)?;
                panic!("on purpose")
            })
        };
        let (slept, one, panicked, two) = tokio::join!(sleeps, writer.run(insert(1)), panics(7), writer.run(insert(2)));
        assert!(slept.is_ok() && one.is_ok() && two.is_ok());
        assert!(matches!(panicked, Err(CommitError::Store(Error::Panicked))), "{panicked:?}");
        assert!(matches!(panics(8).await, Err(CommitError::Store(Error::Panicked))));
        writer.run(insert(3)).await.unwrap();
        assert_eq!(numbers(&directory), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_transaction_that_was_ended_by_a_failure_is_told_to_all() {
        let (writer, directory) = writer();
        let sleeps = writer.run(|_| {
            std::thread::sleep(Duration::from_millis(200));
            Ok(())
        });
        // As SQLite does by itself when the disk is full.
        let ends = writer.run(|connection: &Connection| {
            connection.execute_batch("ROLLBACK").map_err(failure)?;
            Err(Error::Full("there is no space".to_owned()).into())
        });
        let (_, one, ended) = tokio::join!(sleeps, writer.run(insert(1)), ends);
        for outcome in [one, ended] {
            assert!(matches!(outcome, Err(CommitError::Store(Error::Full(_)))), "{outcome:?}");
        }
        assert!(matches!(writer.works().await, Err(Error::Full(_))), "it has just failed");
        std::thread::sleep(Duration::from_millis(1100));
        writer.works().await.unwrap();
        writer.run(insert(2)).await.unwrap();
        assert_eq!(numbers(&directory), [2]);
    }
}
