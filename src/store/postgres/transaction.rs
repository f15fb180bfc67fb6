//! A connection with an open transaction.

use std::ops::Deref;

use deadpool_postgres::Object;

use super::convert::failure;
use crate::store::Error;

/// A connection on which a transaction is open. It goes back to the pool only after the transaction has ended: a read
/// or a commit that is dropped on its way (the caller went away) closes the connection, and with it the transaction.
/// Otherwise the next user of the connection would write into a transaction that nobody commits.
pub(super) struct Transaction(Option<Object>);

impl Transaction {
    /// Begins one; `begin` is the statement.
    pub(super) async fn begin(client: Object, begin: &str) -> Result<Self, Error> {
        let transaction = Self(Some(client));
        transaction.batch_execute(begin).await.map_err(failure)?;
        Ok(transaction)
    }

    /// Commits it, or undoes it.
    pub(super) async fn end(mut self, commit: bool) -> Result<(), Error> {
        self.batch_execute(if commit { "COMMIT" } else { "ROLLBACK" }).await.map_err(failure)?;
        drop(self.0.take());
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.0.as_ref().expect("a transaction has its connection until it ends")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}
