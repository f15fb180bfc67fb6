//! How values go in and rows come out, and what errors mean.

use std::{error::Error as _, io};

use bytes::BytesMut;
use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::{
    error::{DbError, SqlState},
    types::{IsNull, ToSql, Type},
};

use crate::{
    model::{meta::EntityType, value::Value, write::Row},
    store::{
        CommitError, Constraint, Error,
        sql::{
            Parameter,
            write::{Must, Write},
        },
    },
};

/// A row of PostgreSQL's.
pub(super) struct PostgresRow(pub(super) tokio_postgres::Row);

impl Row for PostgresRow {
    fn text(&self, column: usize) -> Option<&str> {
        self.0.try_get::<_, Option<&str>>(column).ok()?
    }

    fn int(&self, column: usize) -> Option<i64> {
        self.0.try_get::<_, Option<i64>>(column).ok()?
    }

    fn bool(&self, column: usize) -> Option<bool> {
        self.0.try_get::<_, Option<bool>>(column).ok()?
    }
}

/// Nothing, of whatever type.
#[derive(Debug)]
struct Nothing;

impl ToSql for Nothing {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// The parameters as the driver takes them.
pub(super) fn parameters(parameters: &[Parameter]) -> Vec<&(dyn ToSql + Sync)> {
    fn as_sql(parameter: &Parameter) -> &(dyn ToSql + Sync) {
        match parameter {
            Parameter::Value(Value::Text(text)) => text,
            Parameter::Value(Value::Bool(b)) => b,
            Parameter::Value(Value::Int(n)) => n,
            Parameter::Value(Value::Time(time)) => &time.0,
            Parameter::Value(Value::Null) => &Nothing,
            Parameter::Texts(list) => list,
        }
    }
    parameters.iter().map(as_sql).collect()
}

/// A failure that is the database's.
#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
pub(super) fn failure(error: tokio_postgres::Error) -> Error {
    let message = reason(&error);
    match error.code() {
        Some(code) if *code == SqlState::QUERY_CANCELED => Error::Timeout,
        Some(code) if *code == SqlState::DISK_FULL => Error::Full(message),
        // The classes of connections, of resources and of the system; what an operator does; a server that only reads.
        Some(code)
            if ["08", "53", "57P", "58"].iter().any(|class| code.code().starts_with(class))
                || *code == SqlState::READ_ONLY_SQL_TRANSACTION =>
        {
            Error::Unreachable(message)
        }
        None if error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>) => {
            Error::Unreachable(message)
        }
        _ => Error::Database(message.into()),
    }
}

/// A failure to get a connection.
pub(super) fn pool_failure(error: PoolError) -> Error {
    match error {
        PoolError::Backend(error) => Error::Unreachable(reason(&error)),
        PoolError::Timeout(TimeoutType::Wait) => Error::Timeout,
        PoolError::Timeout(_) => Error::Unreachable("a connection takes too long to be made".to_owned()),
        PoolError::Closed => Error::Closed,
        other => Error::database(other),
    }
}

/// An error with what it comes from: the driver's own words leave that out.
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// What a failed statement of a commit means.
pub(super) fn refusal(error: tokio_postgres::Error, write: &Write) -> CommitError {
    let Some(db) = error.as_db_error() else { return failure(error).into() };
    let code = db.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        CommitError::Conflict
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        CommitError::Constraint(match write.must {
            Must::Change => Constraint::StillReferenced,
            Must::Find | Must::Run => Constraint::MissingReference,
        })
    } else if let Some(broken) = write.entity.and_then(|entity| unique(entity, db)) {
        CommitError::Constraint(broken)
    } else {
        failure(error).into()
    }
}

/// Unique constraints are called `table_column`.
fn unique(entity: &'static EntityType, error: &DbError) -> Option<Constraint> {
    if *error.code() != SqlState::UNIQUE_VIOLATION {
        return None;
    }
    let name = error.constraint()?.strip_prefix(entity.table)?.strip_prefix('_')?;
    let column = entity.columns.iter().position(|c| c.name == name)?;
    Some(Constraint::Unique { table: entity.table, column })
}
