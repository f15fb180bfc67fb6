//! What the API does, told by its callers. Each test runs on both engines, through a client that holds everything it
//! sends and gets to the OpenAPI document that the server serves.

#[path = "../support/mod.rs"]
mod support;

mod smoke;
