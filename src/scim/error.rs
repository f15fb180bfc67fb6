//! What went wrong, as RFC 7644, section 3.12 tells it.

use serde_json::{Value, json};

use super::message;

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Error {
    /// The HTTP status.
    pub status: u16,
    /// The keyword of the error, where there is one.
    pub scim_type: Option<ScimType>,
    /// What went wrong and what would be right, for people.
    pub detail: String,
}

/// The keywords of table 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter is malformed, or compares what cannot be compared.
    InvalidFilter,
    /// The filter finds more than the server is willing to return.
    TooMany,
    /// A value is taken that must be unique.
    Uniqueness,
    /// The attribute cannot be changed so.
    Mutability,
    /// The body is malformed.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names no attribute.
    InvalidPath,
    /// The path of a PATCH operation leads to nothing.
    NoTarget,
    /// A value is missing or of the wrong type.
    InvalidValue,
    /// The version of the protocol is not supported.
    InvalidVers,
    /// The request would show what is sensitive in its URL.
    Sensitive,
}

impl ScimType {
    /// The keyword.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
        }
    }
}

impl Error {
    /// An error without a keyword.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A bad request of this kind.
    pub fn bad(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// A value that must be unique is taken.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self { status: 409, scim_type: Some(ScimType::Uniqueness), detail: detail.into() }
    }

    /// There is no such resource.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, detail)
    }

    /// The resource is not in the version that `If-Match` names.
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(412, detail)
    }

    /// The same error, said of a part of the request.
    #[must_use]
    pub fn of(mut self, part: &str) -> Self {
        self.detail = format!("{part}: {}", self.detail);
        self
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        let mut body = json!({ "schemas": [message::ERROR], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.as_str().into();
        }
        body["detail"] = self.detail.as_str().into();
        body
    }
}

pub(super) fn invalid_syntax(detail: impl Into<String>) -> Error {
    Error::bad(ScimType::InvalidSyntax, detail)
}

pub(super) fn invalid_value(detail: impl Into<String>) -> Error {
    Error::bad(ScimType::InvalidValue, detail)
}

pub(super) fn invalid_filter(detail: impl Into<String>) -> Error {
    Error::bad(ScimType::InvalidFilter, detail)
}

pub(super) fn invalid_path(detail: impl Into<String>) -> Error {
    Error::bad(ScimType::InvalidPath, detail)
}

pub(super) fn mutability(detail: impl Into<String>) -> Error {
    Error::bad(ScimType::Mutability, detail)
}

pub(super) fn no_target(detail: impl Into<String>) -> Error {
    Error::bad(ScimType::NoTarget, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_a_string_and_the_keyword_optional() {
        let error = mutability("Attribute 'id' is readOnly");
        let expected = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "400",
            "scimType": "mutability",
            "detail": "Attribute 'id' is readOnly",
        });
        assert_eq!(error.to_json(), expected);
        let gone = Error::not_found("Resource 2819c223 not found").to_json();
        assert_eq!(gone["status"], "404");
        assert!(gone.get("scimType").is_none());
        assert_eq!(Error::uniqueness("x").to_json()["scimType"], "uniqueness");
        assert_eq!(Error::uniqueness("x").of("Operation 2").detail, "Operation 2: x");
    }
}
