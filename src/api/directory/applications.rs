//! Operations of applications and of their service principals.

use serde_json::json;

use super::{actions, parts};
use crate::{
    api::{
        declared::{Declared, operations},
        error::Error,
        handler::{Called, Created, Deleted, Failure, Json, Updated},
        operations::Call,
    },
    app::directory::NewSecret,
    model::{
        APPLICATION, Application, ApplicationCreate, ApplicationUpdate, ServicePrincipal, ServicePrincipalCreate,
        ServicePrincipalUpdate, meta::Face, value::Timestamp,
    },
    odata::query::Rows,
};

/// How long a secret counts where nobody says, in microseconds: two years.
const LIFETIME: i64 = 2 * 365 * 86_400 * 1_000_000;

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        ManageApplications:
            create_application, update_application, delete_application,
            add_application_password, remove_application_password,
            create_service_principal, update_service_principal, delete_service_principal,
            add_service_principal_password, remove_service_principal_password;
    ]
}

/// Create an application
///
/// Makes an application. It can be used at once.
#[utoipa::path(post, path = "/applications")]
async fn create_application(call: Call, Json(body): Json<ApplicationCreate>) -> Result<Created<Application>, Failure> {
    Ok(Created(call.api.app.application_create(call.caller(), parts(body.0)).await?))
}

/// Update an application
///
/// Changes what the body names and leaves the rest.
#[utoipa::path(patch, path = "/applications/{application-id}")]
async fn update_application(call: Call, Json(body): Json<ApplicationUpdate>) -> Result<Updated<Application>, Failure> {
    let (named, expected) = (call.named()?, call.expected());
    Ok(Updated(call.api.app.application_update(call.caller(), (named, &expected), parts(body.0)).await?))
}

/// Delete an application
///
/// It is gone from all lists, and can be restored from `/directory/deletedItems`.
#[utoipa::path(delete, path = "/applications/{application-id}")]
async fn delete_application(call: Call) -> Result<Deleted, Failure> {
    call.api.app.application_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}

/// Add a secret to an application
///
/// Makes a secret by which the application signs in at once. It is shown in this answer and never again.
#[utoipa::path(post, path = "/applications/{application-id}/addPassword")]
async fn add_application_password(call: Call) -> Result<Called, Failure> {
    add_password(call).await
}

/// Remove a secret from an application
///
/// The secret counts no more.
#[utoipa::path(post, path = "/applications/{application-id}/removePassword")]
async fn remove_application_password(call: Call) -> Result<Called, Failure> {
    remove_password(call).await
}

/// Create a service principal
///
/// Makes a service principal. It can be used at once.
#[utoipa::path(post, path = "/servicePrincipals")]
async fn create_service_principal(
    call: Call,
    Json(body): Json<ServicePrincipalCreate>,
) -> Result<Created<ServicePrincipal>, Failure> {
    Ok(Created(call.api.app.service_principal_create(call.caller(), parts(body.0)).await?))
}

/// Update a service principal
///
/// Changes what the body names and leaves the rest.
#[utoipa::path(patch, path = "/servicePrincipals/{servicePrincipal-id}")]
async fn update_service_principal(
    call: Call,
    Json(body): Json<ServicePrincipalUpdate>,
) -> Result<Updated<ServicePrincipal>, Failure> {
    let (named, expected) = (call.named()?, call.expected());
    Ok(Updated(call.api.app.service_principal_update(call.caller(), (named, &expected), parts(body.0)).await?))
}

/// Delete a service principal
///
/// It is gone from all lists, and can be restored from `/directory/deletedItems`.
#[utoipa::path(delete, path = "/servicePrincipals/{servicePrincipal-id}")]
async fn delete_service_principal(call: Call) -> Result<Deleted, Failure> {
    call.api.app.service_principal_delete(call.caller(), call.named()?, &call.expected()).await?;
    Ok(Deleted)
}

/// Add a secret to a service principal
///
/// Makes a secret by which the application signs in at once. It is shown in this answer and never again.
#[utoipa::path(post, path = "/servicePrincipals/{servicePrincipal-id}/addPassword")]
async fn add_service_principal_password(call: Call) -> Result<Called, Failure> {
    add_password(call).await
}

/// Remove a secret from a service principal
///
/// The secret counts no more.
#[utoipa::path(post, path = "/servicePrincipals/{servicePrincipal-id}/removePassword")]
async fn remove_service_principal_password(call: Call) -> Result<Called, Failure> {
    remove_password(call).await
}

/// The face of what an action is called on.
fn called_on(call: &Call) -> &'static Face {
    call.path.resource.rows().map_or_else(|| APPLICATION.face(call.version), Rows::face)
}

async fn add_password(call: Call) -> Result<Called, Failure> {
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
    call.api.app.secret_add(call.caller(), (face, call.named()?), &secret).await?;
    let mut told = secret.describe();
    told["secretText"] = json!(text);
    Ok(Called(actions::object(&call, "passwordCredential", told)))
}

async fn remove_password(call: Call) -> Result<Called, Failure> {
    let face = called_on(&call);
    let asked = actions::body(&call)?;
    let key_id = actions::text(&asked, "keyId")?;
    call.api.app.secret_remove(call.caller(), (face, call.named()?), &key_id).await?;
    Ok(Called::nothing())
}
