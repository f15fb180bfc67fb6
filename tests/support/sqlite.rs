//! SQLite for tests: a directory of the test's own.

use std::sync::Arc;

use cardea::store::{self, Store};
use tempfile::TempDir;

/// A new store; the directory lives as long as the test keeps it.
pub async fn open(options: &store::Options) -> (Arc<dyn Store>, TempDir) {
    let directory = tempfile::Builder::new().prefix("cardea-test-").tempdir().expect("a temporary directory");
    let store = store::open(None, directory.path(), options).await.expect("a new SQLite store");
    (store, directory)
}
