//! Operations of applications, of what they are in the tenant, and of who has which role in them.

use http::Method;
use serde_json::json;

use super::{
    Answer, Call, Error, Handlers, Kind, Operation, Purpose, Version, Words, actions, all, body, created, done, links,
    list_of, one, parts, target, updated, upper_first,
};
use crate::{
    app::directory::NewSecret,
    authz::{Action, table::to_read},
    model::{
        APP_ROLE_ASSIGNMENT, APPLICATION, AppRoleAssignmentInput, ApplicationInput, SERVICE_PRINCIPAL,
        ServicePrincipalInput,
        meta::{EntityType, Face, Navigation},
        value::Timestamp,
    },
    odata::{options, path::Resource, query::Rows},
};

const APPLICATIONS: Words = Words { one: "an application", many: "Applications", id: "Application" };
const PRINCIPALS: Words = Words { one: "a service principal", many: "Service Principals", id: "ServicePrincipal" };

/// How long a secret counts where nobody says, in microseconds: two years.
const LIFETIME: i64 = 2 * 365 * 86_400 * 1_000_000;

/// The table.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let application = Handlers {
        create: |call| Box::pin(create_application(call)),
        update: |call| Box::pin(update_application(call)),
        delete: |call| Box::pin(delete_application(call)),
    };
    let principal = Handlers {
        create: |call| Box::pin(create_principal(call)),
        update: |call| Box::pin(update_principal(call)),
        delete: |call| Box::pin(delete_principal(call)),
    };
    let mut table = all(version, &APPLICATION, &APPLICATIONS, &application);
    table.extend(all(version, &SERVICE_PRINCIPAL, &PRINCIPALS, &principal));
    for (entity, words) in [(&APPLICATION, &APPLICATIONS), (&SERVICE_PRINCIPAL, &PRINCIPALS)] {
        let face = entity.face(version);
        for navigation in face.navigations {
            match navigation.name {
                "owners" => table.extend(links::operations(face, navigation, words, "owners", "owner")),
                "appRoleAssignedTo" | "appRoleAssignments" => table.extend(assignments(face, navigation, words)),
                "memberOf" => table.extend(list_of(face, navigation, words, "the groups")),
                "transitiveMemberOf" => table.extend(list_of(face, navigation, words, "the groups, nested ones too,")),
                _ => table.extend(list_of(face, navigation, words, "the objects")),
            }
        }
        table.extend(secrets(face, words));
    }
    table.extend(actions::membership(SERVICE_PRINCIPAL.face(version), &PRINCIPALS));
    table
}

/// Adding and removing secrets.
fn secrets(face: &'static Face, words: &Words) -> Vec<Operation> {
    let at = |name: &str| format!("{}/{name}", one(face));
    vec![
        actions::call(format!("add{}Password", words.id), at("addPassword"), face, "addPassword")
            .about(
                format!("Add a secret to {}", words.one),
                "Makes a secret by which the application signs in at once. It is shown in this answer and never again.",
            )
            .takes(Action::ManageApplications)
            .by(|call| Box::pin(add_password(call))),
        actions::call(format!("remove{}Password", words.id), at("removePassword"), face, "removePassword")
            .about(format!("Remove a secret from {}", words.one), "The secret counts no more.")
            .takes(Action::ManageApplications)
            .by(|call| Box::pin(remove_password(call))),
    ]
}

/// The roles that are given by a navigation property: listed, given and taken.
pub(super) fn assignments(face: &'static Face, navigation: &'static Navigation, words: &Words) -> Vec<Operation> {
    let target = navigation.target.face(face.version);
    let at = format!("{}/{}", one(face), navigation.name);
    let each = format!("{at}/{{{}-id}}", target.name);
    let name = format!("{}{}", words.id, upper_first(navigation.name));
    let mut table = list_of(face, navigation, words, "the role assignments");
    table.extend([
        Operation::new(Method::POST, at, format!("create{name}"), Kind::Create, target)
            .about(
                format!("Give a role by {}", words.one),
                "Gives a person, a group or an application a role in an application.",
            )
            .takes(Action::AssignAppRoles)
            .by(|call| Box::pin(assign(call))),
        Operation::new(Method::GET, each.clone(), format!("get{name}"), Kind::Get, target)
            .about(format!("Get a role assignment of {}", words.one), "Tells who has which role.")
            .takes(to_read(target.entity)),
        Operation::new(Method::DELETE, each, format!("delete{name}"), Kind::Delete, target)
            .about(format!("Take a role by {}", words.one), "Takes the role away.")
            .takes(Action::AssignAppRoles)
            .by(|call| Box::pin(unassign(call))),
    ]);
    table
}

async fn create_application(call: Call) -> Result<Answer, Error> {
    let face = APPLICATION.face(call.version);
    let body = body::<ApplicationInput>(&call, face, Purpose::Create)?;
    let declares_type = body.declares_type;
    let made = call.api.app.application_create(call.caller(), parts(body)).await;
    created(&call, face, made, declares_type)
}

async fn update_application(call: Call) -> Result<Answer, Error> {
    let face = APPLICATION.face(call.version);
    let body = body::<ApplicationInput>(&call, face, Purpose::Update)?;
    let (named, expected) = target(&call)?;
    let declares_type = body.declares_type;
    let after = call.api.app.application_update(call.caller(), (named, &expected), parts(body)).await;
    updated(&call, face, after, declares_type)
}

async fn delete_application(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let (named, expected) = target(&call)?;
    done(APPLICATION.face(call.version), call.api.app.application_delete(call.caller(), named, &expected).await)
}

async fn create_principal(call: Call) -> Result<Answer, Error> {
    let face = SERVICE_PRINCIPAL.face(call.version);
    let body = body::<ServicePrincipalInput>(&call, face, Purpose::Create)?;
    let declares_type = body.declares_type;
    let made = call.api.app.service_principal_create(call.caller(), parts(body)).await;
    created(&call, face, made, declares_type)
}

async fn update_principal(call: Call) -> Result<Answer, Error> {
    let face = SERVICE_PRINCIPAL.face(call.version);
    let body = body::<ServicePrincipalInput>(&call, face, Purpose::Update)?;
    let (named, expected) = target(&call)?;
    let declares_type = body.declares_type;
    let after = call.api.app.service_principal_update(call.caller(), (named, &expected), parts(body)).await;
    updated(&call, face, after, declares_type)
}

async fn delete_principal(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let (named, expected) = target(&call)?;
    let deleted = call.api.app.service_principal_delete(call.caller(), named, &expected).await;
    done(SERVICE_PRINCIPAL.face(call.version), deleted)
}

/// The face of what an action is called on.
fn called_on(call: &Call) -> &'static Face {
    call.path.resource.rows().map_or_else(|| APPLICATION.face(call.version), Rows::face)
}

async fn add_password(call: Call) -> Result<Answer, Error> {
    let face = called_on(&call);
    let asked = actions::body(&call)?;
    let credential = asked.get("passwordCredential").cloned().unwrap_or_default();
    let now = call.api.now();
    let start = actions::time(&credential, "startDateTime")?.unwrap_or(now);
    let end = actions::time(&credential, "endDateTime")?.unwrap_or(Timestamp(start.0.saturating_add(LIFETIME)));
    let (text, hash) = call.api.authority.fresh_secret(call.caller.tenant).await.map_err(|_| Error::busy())?;
    let secret = NewSecret {
        key_id: crate::ids::new_id(),
        hash,
        hint: text.chars().take(3).collect(),
        display_name: credential["displayName"].as_str().map(str::to_owned),
        start,
        end,
    };
    let added = call.api.app.secret_add(call.caller(), (face, call.named()?), &secret).await;
    added.map_err(|e| Error::app(e, face))?;
    let mut told = secret.describe();
    told["secretText"] = json!(text);
    Ok(actions::object(&call, "passwordCredential", told))
}

async fn remove_password(call: Call) -> Result<Answer, Error> {
    let face = called_on(&call);
    let asked = actions::body(&call)?;
    let key_id = actions::text(&asked, "keyId")?;
    done(face, call.api.app.secret_remove(call.caller(), (face, call.named()?), &key_id).await)
}

async fn assign(call: Call) -> Result<Answer, Error> {
    let face = APP_ROLE_ASSIGNMENT.face(call.version);
    let body = body::<AppRoleAssignmentInput>(&call, face, Purpose::Create)?;
    let (source, id) = hangs_on(&call).ok_or_else(|| Error::app(crate::app::Error::NoSuchPath, face))?;
    call.api.app.check_assigned(call.caller(), source, id, &body.input).await.map_err(|e| Error::app(e, face))?;
    let made = call.api.app.app_role_assignment_create(call.caller(), body.input).await;
    created(&call, face, made, body.declares_type)
}

/// The object that the path hangs on: its type, and its id.
fn hangs_on(call: &Call) -> Option<(&'static EntityType, &str)> {
    match call.path.resource.rows()? {
        Rows::Related { of, .. } => match &**of {
            Rows::Keyed { value, .. } => Some((of.face().entity, value)),
            _ => None,
        },
        _ => None,
    }
}

async fn unassign(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let face = APP_ROLE_ASSIGNMENT.face(call.version);
    let rows = match &call.path.resource {
        Resource::Rows(rows) => rows.clone(),
        _ => return Err(Error::app(crate::app::Error::NoSuchPath, face)),
    };
    let (named, expected) = target(&call)?;
    done(face, call.api.app.app_role_assignment_delete(call.caller(), rows, named, &expected).await)
}
