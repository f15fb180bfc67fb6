//! What the API does, told by its callers. Each test runs on both engines, through a client that holds everything it
//! sends and gets to the OpenAPI document that the server serves.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "tests; what they share is a module here")]

#[path = "../support/mod.rs"]
mod support;

mod access_packages;
mod alternate_keys;
mod architecture;
mod assertions;
mod attacks;
mod audit;
mod auth;
mod bad_bodies;
mod bad_queries;
mod bad_texts;
mod batches;
mod binding;
mod catalogs;
mod client;
mod coverage;
mod create_access_package;
mod devices;
mod directory;
mod documents;
mod etags;
mod filters;
mod issuers;
mod limits;
mod living;
mod metadata;
mod navigation;
mod pages;
mod paths;
mod people;
mod permissions;
mod permissions_matrix;
mod preferences;
mod roles;
mod scim;
mod scim_groups;
mod scopes;
mod search;
mod service;
mod shapes;
mod sign_in;
mod spelling;
mod wire;
