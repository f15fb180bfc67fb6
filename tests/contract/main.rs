//! What the API does, told by its callers. Each test runs on both engines, through a client that holds everything it
//! sends and gets to the OpenAPI document that the server serves.

#[path = "../support/mod.rs"]
mod support;

mod access_packages;
mod alternate_keys;
mod binding;
mod catalogs;
mod create_access_package;
mod filters;
mod navigation;
mod pages;
mod search;
mod shapes;
