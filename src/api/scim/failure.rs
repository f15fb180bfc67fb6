//! What went wrong, as SCIM tells it.

use http::{HeaderName, HeaderValue, StatusCode};

use super::{
    Answer,
    fields::{SIMPLE, user_name},
};
use crate::{
    api::error as api,
    app::{self, Refusal},
    model::{USER, User, meta::Version},
    scim::{Error, ScimType},
};

/// A request that failed.
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    pub(super) fn into_answer(self) -> Answer {
        let status = StatusCode::from_u16(self.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Answer { status, headers: self.headers, body: Some(self.error.to_json()) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, headers: Vec::new() }
    }
}

impl From<api::Error> for Failure {
    fn from(error: api::Error) -> Self {
        let status = error.code.status.as_u16();
        let scim_type = (status == 400).then_some(ScimType::InvalidValue);
        Self { error: Error { status, scim_type, detail: error.message }, headers: error.headers }
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        let told = match &error {
            app::Error::NoSuchTarget { .. } => Some((400, Some(ScimType::InvalidValue))),
            app::Error::Refused(Refusal::Fixed { .. }) => Some((400, Some(ScimType::Mutability))),
            app::Error::Taken { .. } => Some((409, Some(ScimType::Uniqueness))),
            _ => None,
        };
        let detail = match &error {
            app::Error::Taken { column, .. } if *column == User::UPN_KEY => {
                Some("Another user has this 'userName'.".to_owned())
            }
            app::Error::NoSuchTarget { id, .. } => {
                let id: String = id.chars().take(128).collect();
                Some(format!("There is no user or group with the id '{id}' to refer to."))
            }
            app::Error::NotFound { id, .. } => {
                let id: String = id.chars().take(128).collect();
                Some(format!("There is no resource with the id '{id}'."))
            }
            _ => None,
        };
        let mut failure = Self::from(api::Error::app(error, USER.face(Version::V1)));
        if let Some((status, scim_type)) = told {
            (failure.error.status, failure.error.scim_type) = (status, scim_type);
        }
        failure.error.detail = detail.unwrap_or_else(|| in_our_words(&failure.error.detail));
        failure
    }
}

/// A sentence about properties, said of the attributes that they are.
fn in_our_words(detail: &str) -> String {
    let user_name = user_name();
    let names = SIMPLE.iter().chain([&user_name]).map(|one| (one.property, one.to_string()));
    let others = [("mail", "emails"), ("otherMails", "emails"), ("mobilePhone", "phoneNumbers")];
    let others = others.into_iter().chain([("businessPhones", "phoneNumbers"), ("faxNumber", "phoneNumbers")]);
    let others = others.chain(super::fields::ADDRESS.iter().map(|(_, property)| (*property, "addresses")));
    let names = names.chain(others.map(|(property, name)| (property, name.to_owned())));
    names.fold(detail.to_owned(), |detail, (property, name)| {
        detail.replace(&format!("'{property}'"), &format!("'{name}'"))
    })
}
