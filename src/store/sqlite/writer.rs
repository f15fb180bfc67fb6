//! The one writer, with group commit.
//!
//! A thread owns the only connection that writes. It takes the changesets that wait at that moment, applies each in a
//! savepoint of its own inside one transaction, commits, and only then answers: many requests share one fsync, and an
//! answer means that the change is on disk.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rusqlite::{Connection, ffi};
use tokio::sync::oneshot;

use super::{
    chain::Chains,
    connection::{bind, execute, failure},
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
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, bulk: bool) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let run = move || run(&connection, &jobs, bulk.then(Turns::new));
        let thread = std::thread::Builder::new().name("writer".into()).spawn(run)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
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
        outcome.await.unwrap_or(Err(Error::Closed.into()))
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
fn run(connection: &Connection, jobs: &Receiver<Job>, mut turns: Option<Turns>) {
    let together = turns.is_some();
    let most = if together { BULK_BATCH } else { BATCH };
    let mut answers: Vec<(oneshot::Sender<Outcome>, Outcome)> = Vec::with_capacity(most);
    while let Ok(first) = jobs.recv() {
        if let Some(turns) = &mut turns {
            turns.give();
        }
        if let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
            let _ = first.reply.send(Err(error.into()));
            continue;
        }
        let (mut next, mut chains, mut refused) = (Some(first), Chains::default(), false);
        while let Some(job) = next {
            let outcome = if together {
                apply_here(connection, job.work, job.audit, &mut chains)
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
        let committed = if refused {
            execute(connection, "ROLLBACK")
        } else {
            chains.store(connection).and_then(|()| execute(connection, "COMMIT"))
        };
        if let Err(error) = &committed {
            tracing::error!(%error, "commit failed");
            let _ = execute(connection, "ROLLBACK");
        }
        for (reply, outcome) in answers.drain(..) {
            let outcome = match (&committed, outcome) {
                (Err(_), _) => Err(Error::Closed.into()),
                (Ok(()), Ok(())) if refused => Err(CommitError::Conflict),
                (Ok(()), outcome) => outcome,
            };
            let _ = reply.send(outcome);
        }
    }
    // What the log holds goes into the database, so that the next start has nothing to recover.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

/// Does one job. A single statement is whole or nothing by itself; anything more gets a savepoint.
fn apply(connection: &Connection, work: Work, audit: Option<(TenantKey, Vec<Entry>)>, chains: &mut Chains) -> Outcome {
    if let (Work::Statements(writes), None) = (&work, &audit)
        && writes.len() < 2
    {
        return write_all(connection, writes);
    }
    execute(connection, "SAVEPOINT job")?;
    let outcome = apply_here(connection, work, audit, chains);
    if outcome.is_err() {
        execute(connection, "ROLLBACK TO job")?;
    }
    execute(connection, "RELEASE job")?;
    outcome
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
