//! `cardea openapi`: prints the document that a server would give, without one.

use super::{Error, print};
use crate::{
    api::{self, openapi},
    config::Openapi,
    model::meta::Version,
};

pub(super) fn run(config: &Openapi) -> Result<(), Error> {
    let version = Version::from_segment(&config.version).unwrap_or(Version::V1);
    let mut document = openapi::document(version, &api::operations(version), &config.server);
    if config.oas == "3.0" {
        document = openapi::downgrade(document);
    }
    if config.yaml { print(&serde_yaml_ng::to_string(&document)?) } else { print(&format!("{document:#}\n")) }
}
