//! Errors in OAuth's shape (RFC 6749 §5.2) with what Entra adds: a number, a time, and ids to search logs by.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::json;
use crate::{api::error::passing, ids, model::value::Timestamp, store};

/// The longest part of a request that is told back.
const SHOWN: usize = 64;

/// What a refusal is about: Entra's number, OAuth's word, the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A parameter is missing.
    Missing,
    /// The request cannot be read.
    Malformed,
    /// Another method than POST.
    MethodNotAllowed,
    /// The form takes too long to arrive.
    Late,
    /// There is no such tenant.
    UnknownTenant,
    /// The tenant must be named.
    NoTenant,
    /// Another authority than this one.
    UnknownInstance,
    /// A grant that is not offered.
    Grant,
    /// The scope is not one for this grant.
    Scope,
    /// The scope is not one for a person.
    PersonScope,
    /// Nobody has signed in for the device yet.
    DevicePending,
    /// The device asks too often.
    DeviceTooSoon,
    /// The person does not let the device in.
    DeviceDeclined,
    /// The device's code has expired.
    DeviceExpired,
    /// The device's code is none.
    DeviceUnknown,
    /// No secret.
    NoCredential,
    /// The client id or the secret is wrong.
    Credential,
    /// A code or a refresh token is not good.
    InvalidGrant,
    /// The secret has expired.
    ExpiredCredential,
    /// The application is disabled.
    Disabled,
    /// The application may not use this grant.
    Flow,
    /// Too many failures.
    Slow,
    /// Something failed here, or too many call.
    Unavailable,
    /// A bug of the server's.
    Failed,
}

impl Kind {
    const fn row(self) -> (u32, &'static str, StatusCode) {
        match self {
            Self::Missing => (900_144, "invalid_request", StatusCode::BAD_REQUEST),
            Self::Malformed => (90_013, "invalid_request", StatusCode::BAD_REQUEST),
            Self::MethodNotAllowed => (900_561, "invalid_request", StatusCode::METHOD_NOT_ALLOWED),
            Self::Late => (90_013, "invalid_request", StatusCode::REQUEST_TIMEOUT),
            Self::UnknownTenant => (90_002, "invalid_tenant", StatusCode::BAD_REQUEST),
            Self::NoTenant => (50_059, "invalid_request", StatusCode::BAD_REQUEST),
            Self::UnknownInstance => (50_049, "invalid_instance", StatusCode::BAD_REQUEST),
            Self::Grant => (70_003, "unsupported_grant_type", StatusCode::BAD_REQUEST),
            Self::Scope => (1_002_012, "invalid_scope", StatusCode::BAD_REQUEST),
            Self::PersonScope => (70_011, "invalid_scope", StatusCode::BAD_REQUEST),
            // RFC 8628 §3.5 has the first two and the fourth; the others are Entra's words.
            Self::DevicePending => (70_016, "authorization_pending", StatusCode::BAD_REQUEST),
            Self::DeviceTooSoon => (70_016, "slow_down", StatusCode::BAD_REQUEST),
            Self::DeviceDeclined => (65_004, "authorization_declined", StatusCode::BAD_REQUEST),
            Self::DeviceExpired => (70_020, "expired_token", StatusCode::BAD_REQUEST),
            Self::DeviceUnknown => (70_018, "bad_verification_code", StatusCode::BAD_REQUEST),
            Self::NoCredential => (7_000_218, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::Credential => (7_000_215, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::InvalidGrant => (70_000, "invalid_grant", StatusCode::BAD_REQUEST),
            Self::ExpiredCredential => (7_000_222, "invalid_client", StatusCode::UNAUTHORIZED),
            Self::Disabled => (7_000_112, "unauthorized_client", StatusCode::BAD_REQUEST),
            Self::Flow => (70_001, "unauthorized_client", StatusCode::BAD_REQUEST),
            Self::Slow => (50_196, "temporarily_unavailable", StatusCode::TOO_MANY_REQUESTS),
            Self::Unavailable => (90_033, "temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Failed => (50_000, "server_error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// A request that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: Kind,
    message: String,
    retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(Kind::Missing, format!("The request must contain the following parameter: '{parameter}'."))
    }

    pub(super) fn unknown_tenant(name: &str) -> Self {
        let message = format!(
            "Tenant '{}' not found. Check to make sure you have the correct tenant ID or domain name.",
            shown(name)
        );
        Self::new(Kind::UnknownTenant, message)
    }

    /// The store failed; the log knows how.
    pub(super) fn store(error: &store::Error) -> Self {
        tracing::error!(%error, "a sign-in failed for a reason of our own");
        let Some((message, seconds)) = passing(error) else { return Self::unavailable() };
        Self { retry_after: Some(seconds), ..Self::new(Kind::Unavailable, message) }
    }

    pub(super) fn unavailable() -> Self {
        let message = "The service is temporarily unavailable: try again.";
        Self { retry_after: Some(1), ..Self::new(Kind::Unavailable, message) }
    }

    /// Whoever asks is sent away for this long.
    pub(super) fn slow(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let message = format!("There were too many failed sign-ins: try again in {seconds} seconds.");
        Self { retry_after: Some(seconds.max(1)), ..Self::new(Kind::Slow, message) }
    }

    /// The status, for a page.
    pub(super) fn status(&self) -> StatusCode {
        self.kind.row().2
    }

    /// What it says, for a page.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The answer. The caller's own id for the request comes back in it.
    pub(super) fn response(&self, now: Timestamp, headers: &HeaderMap) -> Response {
        let (number, word, status) = self.kind.row();
        let said = headers.get("client-request-id").and_then(|value| value.to_str().ok());
        let trace = ids::new_id();
        let correlation = said.filter(|id| is_id(id)).unwrap_or(&trace);
        let seconds = now.0.div_euclid(1_000_000);
        let time = Timestamp(seconds * 1_000_000).to_string().replace('T', " ");
        let body = json!({
            "error": word,
            "error_description": format!("AADSTS{number}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}", self.message),
            "error_codes": [number],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        });
        let mut response = json(status, &body, "no-store, no-cache");
        let answer = response.headers_mut();
        answer.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if let Ok(id) = HeaderValue::from_str(&trace) {
            answer.insert(HeaderName::from_static("x-ms-request-id"), id);
        }
        if let Some(seconds) = self.retry_after {
            answer.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED && headers.contains_key(header::AUTHORIZATION) {
            answer.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"cardea\""));
        }
        response
    }
}

/// A part of a request as it may be told back: short, without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

fn is_id(text: &str) -> bool {
    (1..=SHOWN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
