//! What the API does, told by its callers. Each test runs on both engines, through a client that holds everything it
//! sends and gets to the OpenAPI document that the server serves.

#[path = "../support/mod.rs"]
mod support;

mod access_packages;
mod alternate_keys;
mod auth;
mod batches;
mod binding;
mod catalogs;
mod create_access_package;
mod etags;
mod filters;
mod metadata;
mod navigation;
mod pages;
mod preferences;
mod search;
mod shapes;
