//! cardea: entitlement management that anyone can run, served with the Microsoft Graph API.
//!
//! A map of the modules, and what each may use (a test keeps it so):
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`cli`], [`server`] | the commands; sockets, connections, shutdown | everything below |
//! | [`api`] | HTTP: the table of operations, errors, documents | app, authority, authz, odata, scim, model, store |
//! | [`app`] | use cases: authorize, load, decide, commit | domain, authz, store, odata, model |
//! | [`authority`] | who calls: issuing and checking tokens | domain, authz, store, model |
//! | [`store`] | one interface, two engines | odata, model |
//! | [`domain`] | the rules: state, command, now give a changeset or a refusal | model |
//! | [`authz`] | principal and action give a decision | model |
//! | [`odata`] | OData's URL conventions | model |
//! | [`scim`] | SCIM's protocol: JSON goes in and comes out | |
//! | [`model`] | the generated types and tables | |
//!
//! [`config`], [`clock`] and [`ids`] are the only readers of the environment and of time, and the only maker of ids.
//!
//! A write goes api, app (load), domain (decide), app (commit), store. A read goes api, odata (parse), app (authorize),
//! store (compile, run, write JSON).

pub mod api;
pub mod app;
pub mod authority;
pub mod authz;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod ids;
pub mod model;
pub mod odata;
pub mod scim;
pub mod server;
pub mod store;
