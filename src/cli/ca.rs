//! `cardea ca`: prints the certificate of the local CA, for those who are to trust it.

use serde_json::json;

use super::{Error, print};
use crate::{clock::Clock, config::Ca, server::LocalCa};

pub(super) fn run(config: &Ca) -> Result<(), Error> {
    let ca = LocalCa::open(&config.data, &Clock::System)?;
    if config.json {
        let described = json!({ "certificate": ca.pem(), "file": ca.path().to_string_lossy() });
        return print(&format!("{described:#}\n"));
    }
    print(ca.pem())
}
