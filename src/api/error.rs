//! Errors on the wire: one envelope, one table of codes.
//!
//! What failed inside (`app`, `odata`, `authority`) is mapped here once; a message never tells what is internal.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{
    app::{self, Refusal},
    authority::{self, CheckError},
    authz::Denied,
    model::{
        UNIFIED_ROLE_ASSIGNMENT,
        bind::Violation,
        meta::{EntityType, Face, Link},
        value::Timestamp,
    },
    odata, store,
};

/// The codes that errors can have, with their statuses. Codes and statuses are Graph's where Graph has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The status.
    pub status: StatusCode,
    /// The code.
    pub name: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $status:ident $name:literal;)+) => {
        impl Code {
            $($(#[$doc])* pub const $constant: Self = Self { status: StatusCode::$status, name: $name };)+
            /// All codes that are made here; a malformed URL can bring others of OData's, all with status 400.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];
        }
    };
}

codes! {
    /// The request cannot be understood.
    BAD_REQUEST = BAD_REQUEST "BadRequest";
    /// The body says something that cannot be.
    INVALID_MODEL = BAD_REQUEST "InvalidModel";
    /// There are more results than one answer holds.
    TOO_MANY_RESULTS = BAD_REQUEST "Directory_ResultSizeLimitExceeded";
    /// The request cannot be done with something of the directory.
    DIRECTORY_BAD_REQUEST = BAD_REQUEST "Request_BadRequest";
    /// There is no such thing in the directory.
    DIRECTORY_NOT_FOUND = NOT_FOUND "Request_ResourceNotFound";
    /// A catalog that holds packages is to be removed.
    CATALOG_NOT_EMPTY = BAD_REQUEST "InvalidDeleteCatalogNotEmpty";
    /// Nobody knows who calls.
    UNAUTHENTICATED = UNAUTHORIZED "InvalidAuthenticationToken";
    /// The caller may not do this.
    DENIED = FORBIDDEN "Authorization_RequestDenied";
    /// The token would do, but the caller has no role that allows this, or not there.
    NO_ROLE = FORBIDDEN "UnAuthorized";
    /// The path leads nowhere.
    NOT_FOUND = NOT_FOUND "ResourceNotFound";
    /// There is no such access package.
    ACCESS_PACKAGE_NOT_FOUND = NOT_FOUND "AccessPackageNotFound";
    /// There is no such catalog.
    CATALOG_NOT_FOUND = NOT_FOUND "CatalogNotFound";
    /// There is no such role.
    ROLE_NOT_FOUND = NOT_FOUND "RoleNotFound";
    /// The path does not take this method.
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED "Request_BadRequest";
    /// The body took too long to arrive.
    TIMEOUT = REQUEST_TIMEOUT "RequestTimeout";
    /// Another entity has the same key.
    DUPLICATE = CONFLICT "DuplicateKey";
    /// Others changed the same thing at the same time.
    CONTENDED = CONFLICT "Conflict";
    /// The entity is not in the state that `If-Match` names.
    PRECONDITION_FAILED = PRECONDITION_FAILED "PreconditionFailed";
    /// The body is too large.
    TOO_LARGE = PAYLOAD_TOO_LARGE "RequestEntityTooLarge";
    /// The body is not JSON by its own account.
    UNSUPPORTED_MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE "UnsupportedMediaType";
    /// There are too many calls.
    TOO_MANY_REQUESTS = TOO_MANY_REQUESTS "TooManyRequests";
    /// Something failed inside.
    INTERNAL = INTERNAL_SERVER_ERROR "InternalServerError";
    /// The thing is known and missing here.
    NOT_IMPLEMENTED = NOT_IMPLEMENTED "NotImplemented";
    /// The store is overloaded or not there.
    UNAVAILABLE = SERVICE_UNAVAILABLE "ServiceUnavailable";
    /// A request of a batch was not tried, because one that it depends on failed.
    FAILED_DEPENDENCY = FAILED_DEPENDENCY "FailedDependency";
}

/// An error, ready to be answered.
#[derive(Debug)]
pub struct Error {
    /// The status and code.
    pub code: Code,
    /// What is wrong, and what would be right.
    pub message: String,
    /// The property or query option that it is about.
    pub target: Option<String>,
    /// What is wrong, one by one, where there is more to say than one sentence.
    pub details: Vec<Violation>,
    /// Headers that go with it.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Error {
    /// An error.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), target: None, details: Vec::new(), headers: Vec::new() }
    }

    /// What it is about.
    #[must_use]
    pub fn about(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// A header that goes with it.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A body that says things that cannot be.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let message = match violations.as_slice() {
            [one] => one.message.clone(),
            several => {
                let all: Vec<&str> = several.iter().map(|v| v.message.as_str()).collect();
                format!("The body has {} errors. {}", several.len(), all.join(" "))
            }
        };
        let target = violations.first().map(|v| v.target.clone()).filter(|t| !t.is_empty());
        Self { target, details: violations, ..Self::new(Code::INVALID_MODEL, message) }
    }

    /// A body that says things that cannot be, of something of this face.
    pub fn invalid_for(face: &Face, violations: Vec<Violation>) -> Self {
        let error = Self::invalid(violations);
        if is_of_directory(face.entity) { Self { code: Code::DIRECTORY_BAD_REQUEST, ..error } } else { error }
    }

    /// A failed use case, in the words of the face that the caller spoke to.
    pub fn app(error: app::Error, face: &Face) -> Self {
        match error {
            app::Error::Denied(denied @ Denied::Role { .. }) => {
                Self::new(Code::NO_ROLE, format!("User is not authorized to perform the operation: {denied}."))
            }
            app::Error::Denied(denied) => {
                Self::new(Code::DENIED, format!("Insufficient privileges to complete the operation: {denied}."))
            }
            app::Error::NotFound { entity, id } => Self::not_found(entity, face, &id),
            app::Error::NoSuchTarget { entity, id, column } => {
                let target = column.map_or("@odata.id", |c| property_name(face.entity, face, c));
                Self::not_found(entity, face, &id).about(target)
            }
            app::Error::NoSuchPath => Self::new(Code::NOT_FOUND, "There is nothing at this address."),
            app::Error::Invalid(violations) => Self::invalid_for(face, violations),
            app::Error::Refused(refusal) => Self::refused(&refusal, face),
            app::Error::Taken { entity, .. } if entity.name == UNIFIED_ROLE_ASSIGNMENT.name => {
                Self::new(Code::DUPLICATE, "The principal has this role in this place already.").about("principalId")
            }
            // Graph answers 400 here, and its clients tell it by the message.
            app::Error::Taken { entity, column } if is_of_directory(entity) => {
                let name = property_name(entity, face, column);
                let message = format!("Another object with the same value for property {name} already exists.");
                let details = vec![Violation::new(name, message.clone())];
                Self { details, ..Self::new(Code::DIRECTORY_BAD_REQUEST, message).about(name) }
            }
            app::Error::Taken { entity, column } => {
                let name = property_name(entity, face, column);
                Self::new(Code::DUPLICATE, format!("Another {} has this '{name}'.", face.name)).about(name)
            }
            app::Error::InUse { entity } => {
                let name = entity.face(face.version).name;
                Self::new(Code::CONTENDED, format!("Other entities hang on the {name}: remove them first."))
            }
            app::Error::PreconditionFailed => Self::new(
                Code::PRECONDITION_FAILED,
                "The entity is not in the state that If-Match names: get it again and look at what has changed.",
            )
            .about("If-Match"),
            app::Error::Contended => {
                Self::new(Code::CONTENDED, "Others are changing the same thing at the same time: try again.")
            }
            app::Error::Store(error) => Self::store(&error),
        }
    }

    fn not_found(entity: &'static EntityType, face: &Face, id: &str) -> Self {
        let code = match entity.name {
            "accessPackage" => Code::ACCESS_PACKAGE_NOT_FOUND,
            "accessPackageCatalog" => Code::CATALOG_NOT_FOUND,
            "unifiedRoleDefinition" => Code::ROLE_NOT_FOUND,
            _ if is_of_directory(entity) => Code::DIRECTORY_NOT_FOUND,
            _ => Code::NOT_FOUND,
        };
        let name = entity.face(face.version).name;
        let id: String = id.chars().take(128).collect();
        Self::new(code, format!("There is no {name} with the key '{id}'."))
    }

    fn refused(refusal: &Refusal, face: &Face) -> Self {
        match refusal {
            Refusal::Fixed { entity, column } => {
                let name = property_name(entity, face, *column);
                let message = format!("'{name}' cannot be changed once the {} is made.", face.name);
                Self::invalid(vec![Violation::new(name, message)])
            }
            Refusal::CatalogNotEmpty => {
                Self::new(Code::CATALOG_NOT_EMPTY, "The catalog still holds access packages: remove them first.")
            }
            Refusal::BadRoleScope => {
                let message = "'appScopeId' must be '/AccessPackageCatalog/' and the id of a catalog, or '/' for the \
                               whole tenant.";
                Self::invalid(vec![Violation::new("appScopeId", message)])
            }
            Refusal::RoleForTenant => {
                let message = "The role counts in the whole tenant: 'appScopeId' must be '/'.";
                Self::invalid(vec![Violation::new("appScopeId", message)])
            }
            Refusal::Invalid(violations) => Self::invalid_for(face, violations.clone()),
            Refusal::IncompatibleWithItself => {
                let message = "An access package cannot be incompatible with itself.";
                Self::invalid(vec![Violation::new("@odata.id", message)])
            }
        }
    }

    /// The store failed: the caller learns that it is not their fault, the log learns why.
    fn store(error: &store::Error) -> Self {
        let Some((message, seconds)) = passing(error) else {
            tracing::error!(%error, "the store failed");
            return Self::internal();
        };
        tracing::warn!(%error, "a request was not done");
        Self::new(Code::UNAVAILABLE, message).with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// A bug; the log tells of it.
    pub(super) fn internal() -> Self {
        Self::new(Code::INTERNAL, "The server could not do this. The request-id helps its operator to see why.")
    }

    /// Too many passwords or secrets are being hashed at this moment.
    pub(super) fn busy() -> Self {
        Self::unavailable("Too many secrets are being made just now: try again.")
    }

    /// There are more than can be told.
    pub(super) fn too_many(most: usize) -> Self {
        Self::new(Code::TOO_MANY_RESULTS, format!("There are more than {most}: read the list page by page."))
    }

    /// Something that there is not enough of at the moment: try again in a second.
    pub(super) fn unavailable(message: &str) -> Self {
        Self::new(Code::UNAVAILABLE, message).with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// A caller that is not let in.
    pub fn check(error: CheckError, authorization_uri: &str) -> Self {
        match error {
            CheckError::Unauthenticated(reason) => {
                debug_assert_eq!(Code::UNAUTHENTICATED.name, authority::CODE);
                Self::new(Code::UNAUTHENTICATED, reason.to_string())
                    .with(header::WWW_AUTHENTICATE, reason.challenge(authorization_uri))
            }
            CheckError::Store(error) => Self::store(&error),
            CheckError::Slow(wait) => {
                let seconds = wait.as_secs() + 1;
                let message = format!("There were too many failed sign-ins: try again in {seconds} s.");
                Self::new(Code::TOO_MANY_REQUESTS, message).with(header::RETRY_AFTER, seconds.into())
            }
            CheckError::Unreachable(error) => {
                tracing::warn!(%error, "a token could not be checked");
                Self::unavailable("The issuer of the token cannot be asked for its keys just now: try again.")
            }
        }
    }

    /// The envelope.
    pub fn body(&self, now: Timestamp, request_id: &str, client_request_id: &str) -> Vec<u8> {
        let mut error = json!({ "code": self.code.name, "message": self.message });
        if let Some(target) = &self.target {
            error["target"] = json!(target);
        }
        let detail = |v: &Violation| json!({ "code": self.code.name, "message": v.message, "target": v.target });
        error["details"] = self.details.iter().map(detail).collect();
        error["innerError"] = json!({
            "date": now.to_utc().format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": request_id,
            "client-request-id": client_request_id,
        });
        json!({ "error": error }).to_string().into_bytes()
    }
}

/// What is told of a failure of the store that passes, and after how many seconds to try again.
pub(super) fn passing(error: &store::Error) -> Option<(&'static str, u64)> {
    Some(match error {
        store::Error::Timeout => ("The request takes longer than allowed: narrow it, or try again later.", 1),
        store::Error::Busy => {
            let message = "Too many searches, counts and filters without an index are under way in this tenant: narrow the \
                           request, or try again later.";
            (message, 5)
        }
        store::Error::Full(_) => ("The server's storage is full: nothing can be written until there is space.", 30),
        store::Error::Unreachable(_) => ("The server cannot reach its database at the moment: try again later.", 5),
        store::Error::Closed => ("The server is stopping: try again.", 1),
        store::Error::Database(_)
        | store::Error::Panicked
        | store::Error::Newer { .. }
        | store::Error::Corrupt(_)
        | store::Error::Directory { .. } => return None,
    })
}

impl From<odata::error::Error> for Error {
    fn from(error: odata::error::Error) -> Self {
        use odata::error::ErrorKind;
        let code = match error.kind {
            ErrorKind::BadRequest => Code { name: error.code, ..Code::BAD_REQUEST },
            ErrorKind::NotFound => Code { name: error.code, ..Code::NOT_FOUND },
            ErrorKind::NotImplemented => Code { name: error.code, ..Code::NOT_IMPLEMENTED },
        };
        Self { target: error.target, ..Self::new(code, error.message) }
    }
}

/// Whether an entity type is one of the directory's, whose errors have codes of their own.
fn is_of_directory(entity: &EntityType) -> bool {
    entity.soft_delete || entity.name == "appRoleAssignment"
}

/// What a version calls a column: the property or the navigation property that shows it.
fn property_name(entity: &'static EntityType, face: &Face, column: usize) -> &'static str {
    let face = entity.face(face.version);
    let shown = face.shown().find(|p| p.column == column).map(|p| p.name);
    let linked = || face.navigations.iter().find(|n| n.link == Link::Column(column)).map(|n| n.name);
    let folded = |p: &&crate::model::meta::Property| p.folded.is_some_and(|folded| folded.column == column);
    let taken = || face.properties.iter().find(|p| p.column == column || folded(p)).map(|p| p.name);
    shown.or_else(linked).or_else(taken).unwrap_or("id")
}
