//! Operations of roles and of who has them.

use http::{Method, StatusCode};

use super::{
    error::Error,
    operations::{Call, Kind, Operation, set_template},
    respond::{self, Answer},
};
use crate::{
    authz::Action,
    model::{
        UNIFIED_ROLE_ASSIGNMENT, UNIFIED_ROLE_DEFINITION, UnifiedRoleAssignmentInput, bind::Purpose, meta::Version,
    },
    odata::options,
};

/// The table.
pub fn operations(version: Version) -> Vec<Operation> {
    let (role, assignment) = (UNIFIED_ROLE_DEFINITION.face(version), UNIFIED_ROLE_ASSIGNMENT.face(version));
    let (roles, assignments) = (set_template(role), set_template(assignment));
    let one_role = format!("{roles}/{{{}-id}}", role.name);
    let one = format!("{assignments}/{{{}-id}}", assignment.name);
    vec![
        Operation::new(Method::GET, roles.clone(), "listRoleDefinitions", Kind::List, role)
            .about("List roles", "Gives the roles of entitlement management."),
        Operation::new(Method::GET, format!("{roles}/$count"), "countRoleDefinitions", Kind::Count, role)
            .about("Count roles", "Tells how many roles there are, as a plain number."),
        Operation::new(Method::GET, one_role, "getRoleDefinition", Kind::Get, role)
            .about("Get a role", "Gives one role of entitlement management."),
        Operation::new(Method::GET, assignments.clone(), "listRoleAssignments", Kind::List, assignment).about(
            "List role assignments",
            "Tells who has which role, as far as the caller may see what it counts for.",
        ),
        Operation::new(Method::POST, assignments.clone(), "createRoleAssignment", Kind::Create, assignment)
            .about("Assign a role", "Gives somebody a role, in one catalog or in the whole tenant. It counts at once.")
            .takes(Action::AssignRoles)
            .by(|call| Box::pin(create(call))),
        Operation::new(Method::GET, format!("{assignments}/$count"), "countRoleAssignments", Kind::Count, assignment)
            .about("Count role assignments", "Tells how many role assignments the caller may see, as a plain number."),
        Operation::new(Method::GET, one.clone(), "getRoleAssignment", Kind::Get, assignment)
            .about("Get a role assignment", "Tells who has a role, and where it counts."),
        Operation::new(Method::DELETE, one.clone(), "deleteRoleAssignment", Kind::Delete, assignment)
            .about("Take a role away", "Takes a role from the one who has it. It counts at once.")
            .takes(Action::AssignRoles)
            .by(|call| Box::pin(delete(call))),
        Operation::new(Method::GET, format!("{one}/roleDefinition"), "getRoleOfRoleAssignment", Kind::Get, role)
            .about("Get the role of a role assignment", "Gives the role that somebody has."),
    ]
}

async fn create(call: Call) -> Result<Answer, Error> {
    let face = UNIFIED_ROLE_ASSIGNMENT.face(call.version);
    options::parse_none(&call.query)?;
    let body = call.bind::<UnifiedRoleAssignmentInput>(face, Purpose::Create)?;
    let made = call.api.app.role_assignment_create(call.caller(), body.input).await;
    let made = made.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(&call, face, &made, StatusCode::CREATED, body.declares_type))
}

async fn delete(call: Call) -> Result<Answer, Error> {
    let face = UNIFIED_ROLE_ASSIGNMENT.face(call.version);
    options::parse_none(&call.query)?;
    let done = call.api.app.role_assignment_delete(call.caller(), call.named()?, &call.expected()).await;
    done.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
