//! Nobody becomes more than they are.

mod accounts;
mod administrators;
mod applications;
mod built_in;
mod groups;
mod matrix;
mod scene;
