//! Why a caller is nobody, in the answer's words.

use http::HeaderValue;

/// The code of the error that the API answers with, as Graph has it.
pub const CODE: &str = "InvalidAuthenticationToken";

/// Nobody knows who calls. What it says tells the caller what is wrong and nothing that a forger could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unauthenticated {
    /// No token at all.
    #[error("Access token is missing: send the header 'Authorization: Bearer <token>'.")]
    Missing,
    /// Another way of authenticating.
    #[error("The Authorization header must have the scheme Bearer, followed by one token.")]
    Scheme,
    /// More bytes than any token has.
    #[error("Access token is too long: at most 16384 bytes are read.")]
    TooLong,
    /// Not a token.
    #[error("Access token is malformed: it is not a JSON Web Token in compact form.")]
    Malformed,
    /// Another algorithm, or none.
    #[error("Access token is not signed with an algorithm that is accepted of its issuer, such as RS256.")]
    Algorithm,
    /// A header that has to be understood and isn't.
    #[error("Access token has a header that is not understood (crit or typ).")]
    Header,
    /// Signed with a key that is not ours.
    #[error("Access token is signed with an unknown key (kid).")]
    Key,
    /// The signature is not that of this content.
    #[error("Access token has an invalid signature.")]
    Signature,
    /// The content is not that of an access token.
    #[error("Access token lacks a claim or has one of the wrong type.")]
    Claims,
    /// A token of another kind, such as an ID token.
    #[error(
        "The token is not an access token: its type (typ) or its claims are those of another kind, such as an ID token."
    )]
    Kind,
    /// For somebody else.
    #[error("Access token has an invalid audience (aud): it is meant for another service.")]
    Audience,
    /// From somebody else.
    #[error("Access token has an invalid issuer (iss) for its tenant.")]
    Issuer,
    /// Of a tenant that isn't here.
    #[error("Access token is for an unknown tenant (tid).")]
    Tenant,
    /// No more.
    #[error("Access token has expired (exp): get a new one.")]
    Expired,
    /// Its bearer was removed, or has another password.
    #[error("Access token has been revoked: sign in again.")]
    Revoked,
    /// Not that of a provisioning client, or no more.
    #[error("Access token is not that of a provisioning client, or it was replaced.")]
    Provisioning,
    /// Not yet.
    #[error("Access token is not valid yet (nbf): check the clock of its issuer.")]
    NotYetValid,
}

impl Unauthenticated {
    /// The value of the header `WWW-Authenticate`. `authorization_uri` is where a caller can sign in. As RFC 6750
    /// demands, a caller who sent no token is told no error.
    pub fn challenge(self, authorization_uri: &str) -> HeaderValue {
        let uri: String =
            authorization_uri.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
        let error = match self {
            Self::Missing => String::new(),
            Self::Scheme => ", error=\"invalid_request\"".to_owned(),
            _ => format!(", error=\"invalid_token\", error_description=\"{self}\""),
        };
        let value = format!("Bearer realm=\"\", authorization_uri=\"{uri}\"{error}");
        HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_says_where_to_sign_in_and_what_is_wrong() {
        let uri = "http://127.0.0.1:8080/common/oauth2/v2.0/authorize";
        assert_eq!(
            Unauthenticated::Expired.challenge(uri),
            format!(
                "Bearer realm=\"\", authorization_uri=\"{uri}\", error=\"invalid_token\", \
                 error_description=\"Access token has expired (exp): get a new one.\""
            )
        );
        assert_eq!(Unauthenticated::Missing.challenge(uri), format!("Bearer realm=\"\", authorization_uri=\"{uri}\""));
    }

    #[test]
    fn a_host_header_cannot_break_out_of_the_challenge() {
        let value = Unauthenticated::Key.challenge("http://a\", x=\"\r\nb\\é");
        assert!(value.to_str().unwrap().starts_with("Bearer realm=\"\", authorization_uri=\"http://a,x=b\", error="));
    }
}
