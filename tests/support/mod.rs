//! What integration tests share: a server of their own on either engine, and the only client that may talk to it.
//!
//! A test is an `async fn name(app: TestApp)` and is listed in [`engines!`], which runs it on SQLite and on PostgreSQL:
//!
//! ```ignore
//! engines! { a_package_can_be_read }
//!
//! async fn a_package_can_be_read(app: TestApp) {
//!     app.client().beta().get("/accessPackages").await.expect(200);
//! }
//! ```
//!
//! Every test has a database and a server of its own, so all of them may run at once. [`client::Client`] holds every
//! exchange to the OpenAPI document that the server itself serves ([`contract`]).

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part of this")]

pub mod app;
pub mod client;
pub mod contract;
pub mod document;
pub mod fixtures;
pub mod postgres;
pub mod sqlite;

use std::{io::Write, sync::Once};

pub use app::TestApp;
pub use client::Client;

/// A storage engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in a directory of the test's own.
    Sqlite,
    /// PostgreSQL, in a database of the test's own.
    Postgres,
}

impl Engine {
    /// Why the tests of this engine are left out, if somebody decided so; it is told once.
    pub fn left_out(self) -> Option<&'static str> {
        static TELL: Once = Once::new();
        let reason = "the tests on PostgreSQL are left out, because CARDEA_TEST_SKIP_POSTGRES=1";
        let is_left_out = self == Self::Postgres && postgres::skipped();
        is_left_out.then(|| {
            // Written like this it is seen: what tests print when they pass is not.
            TELL.call_once(|| drop(writeln!(std::io::stderr(), "{reason}")));
            reason
        })
    }
}

/// No test takes longer than this, unless something hangs.
pub const TEST_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(4);

/// Runs tests on both engines, as `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! engines {
    ($($name:ident),+ $(,)?) => {
        $crate::engine_tests!(sqlite, Sqlite, $($name),+);
        $crate::engine_tests!(postgres, Postgres, $($name),+);
    };
}

/// Runs tests on one engine.
#[macro_export]
macro_rules! engine_tests {
    ($module:ident, $engine:ident, $($name:ident),+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $name() {
                    use $crate::support::{Engine, TEST_TIMEOUT, TestApp};
                    if Engine::$engine.left_out().is_some() {
                        return;
                    }
                    let test = async { super::$name(TestApp::start(Engine::$engine).await).await };
                    tokio::time::timeout(TEST_TIMEOUT, test).await.expect("the test hangs");
                }
            )+
        }
    };
}
