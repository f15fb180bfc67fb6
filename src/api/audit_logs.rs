//! Operations of the audit logs, which are only read.

use http::Method;

use super::operations::{Kind, Operation, set_template};
use crate::model::{DIRECTORY_AUDIT, SIGN_IN, meta::Version};

/// The table.
pub fn operations(version: Version) -> Vec<Operation> {
    let (change, sign_in) = (DIRECTORY_AUDIT.face(version), SIGN_IN.face(version));
    let (changes, sign_ins) = (set_template(change), set_template(sign_in));
    vec![
        Operation::new(Method::GET, changes.clone(), "listDirectoryAudits", Kind::List, change).about(
            "List changes",
            "Gives the changes that were made or refused, with who made them, before and after.",
        ),
        Operation::new(Method::GET, format!("{changes}/$count"), "countDirectoryAudits", Kind::Count, change)
            .about("Count changes", "Tells how many changes are on record, as a plain number."),
        Operation::new(
            Method::GET,
            format!("{changes}/{{{}-id}}", change.name),
            "getDirectoryAudit",
            Kind::Get,
            change,
        )
        .about("Get a change", "Gives one change that was made or refused."),
        Operation::new(Method::GET, sign_ins.clone(), "listSignIns", Kind::List, sign_in)
            .about("List sign-ins", "Gives the sign-ins at the server's own authority, failed ones too."),
        Operation::new(Method::GET, format!("{sign_ins}/$count"), "countSignIns", Kind::Count, sign_in)
            .about("Count sign-ins", "Tells how many sign-ins are on record, as a plain number."),
        Operation::new(Method::GET, format!("{sign_ins}/{{{}-id}}", sign_in.name), "getSignIn", Kind::Get, sign_in)
            .about("Get a sign-in", "Gives one sign-in."),
    ]
}
