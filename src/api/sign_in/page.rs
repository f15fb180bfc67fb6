//! The pages that people see: small, without scripts, and framed by nobody.

use std::{collections::HashMap, fmt::Write};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};

use crate::authority::SignInError;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;place-items:center;min-height:100vh;\
    background:#f4f5f7;color:#1c1f23}main{background:#fff;padding:2rem;border-radius:.5rem;width:20rem;max-width:90vw;\
    box-shadow:0 1px 4px #0003}h1{font-size:1.25rem;margin:0 0 1rem}label{display:block;margin:.75rem 0 .25rem}\
    input{width:100%;box-sizing:border-box;padding:.5rem;font:inherit;border:1px solid #6b7280;border-radius:.25rem}\
    button{margin-top:1.25rem;width:100%;padding:.6rem;font:inherit;border:0;border-radius:.25rem;background:#1d4ed8;\
    color:#fff;cursor:pointer}button:focus,input:focus{outline:3px solid #93c5fd}.alert{color:#b91c1c}small{color:#4b5563}\
    @media(prefers-color-scheme:dark){body{background:#111827;color:#e5e7eb}main{background:#1f2937}small{color:#9ca3af}\
    input{background:#111827;color:inherit}.alert{color:#fca5a5}}";

/// What the form of the sign-in page says.
pub(super) struct SignIn<'a> {
    /// The application.
    pub(super) app: &'a str,
    /// The tenant.
    pub(super) tenant: &'a str,
    /// Where the form goes: path and query.
    pub(super) action: &'a str,
    /// The name to begin with.
    pub(super) username: &'a str,
    /// What was wrong the last time.
    pub(super) alert: Option<&'a str>,
    /// Whether a new password is due.
    pub(super) renew: bool,
    /// Where the person is sent after that, for the browser to allow it.
    pub(super) redirect_uri: &'a str,
}

/// The page on which a person signs in.
pub(super) fn sign_in(page: &SignIn<'_>) -> Response {
    let SignIn { app, tenant, action, username, alert, renew, redirect_uri } = page;
    let (status, alert) = alerted(*alert, StatusCode::UNAUTHORIZED);
    let body = format!(
        "<h1>Sign in</h1><p><small>{} · {}</small></p>{alert}<form method=\"post\" action=\"{}\">{}\
         <button type=\"submit\">Sign in</button></form>",
        escape(app),
        escape(tenant),
        escape(action),
        credentials(username, *renew),
    );
    page_of(status, "Sign in", &body, &form_action(redirect_uri))
}

/// The page on which a person enters the code that a device shows.
pub(super) fn device_code(code: &str, alert: Option<&str>) -> Response {
    let (status, alert) = alerted(alert, StatusCode::BAD_REQUEST);
    let body = format!(
        "<h1>Sign in on a device</h1>{alert}<form method=\"post\"><label for=\"code\">The code that the device shows</label>\
         <input id=\"code\" name=\"code\" type=\"text\" required maxlength=\"32\" autocomplete=\"off\" \
         autocapitalize=\"characters\" spellcheck=\"false\" autofocus value=\"{}\"><button type=\"submit\">Next</button></form>",
        escape(code),
    );
    page_of(status, "Sign in on a device", &body, "'self'")
}

/// What the form says on which a person lets a device in.
pub(super) struct SignInDevice<'a> {
    /// The application.
    pub(super) app: &'a str,
    /// The tenant.
    pub(super) tenant: &'a str,
    /// Where the form goes.
    pub(super) action: &'a str,
    /// The code that was entered.
    pub(super) code: &'a str,
    /// The name to begin with.
    pub(super) username: &'a str,
    /// What was wrong the last time.
    pub(super) alert: Option<&'a str>,
    /// Whether a new password is due.
    pub(super) renew: bool,
}

/// The page on which a person lets a device in.
pub(super) fn sign_in_device(page: &SignInDevice<'_>) -> Response {
    let SignInDevice { app, tenant, action, code, username, alert, renew } = page;
    let (status, alert) = alerted(*alert, StatusCode::UNAUTHORIZED);
    let body = format!(
        "<h1>Sign in on a device</h1><p><small>{app} · {}</small></p><p>Go on only if you yourself started {app} on a device \
         that shows the code {code}. Who sent you the code would be signed in as you.</p>{alert}\
         <form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"code\" value=\"{code}\">{}\
         <button type=\"submit\">Sign in</button>\
         <button type=\"submit\" name=\"decline\" value=\"1\" formnovalidate>It was not me</button></form>",
        escape(tenant),
        escape(action),
        credentials(username, *renew),
        app = escape(app),
        code = escape(code),
    );
    page_of(status, "Sign in on a device", &body, "'self'")
}

/// The names of the fields for a new password, and for the same once more.
pub(super) const NEW_PASSWORD: [&str; 2] = ["new_password", "new_password_again"];

/// The fields for a name and a password, and for a new one where that is due.
fn credentials(username: &str, renew: bool) -> String {
    let focus = |here: bool| if here { " autofocus" } else { "" };
    let mut fields = format!(
        "<label for=\"username\">Name</label><input id=\"username\" name=\"username\" type=\"text\" required \
         autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" value=\"{}\"{}>\
         <label for=\"password\">{}</label><input id=\"password\" name=\"password\" type=\"password\" required \
         autocomplete=\"current-password\"{}>",
        escape(username),
        focus(username.is_empty()),
        if renew { "Current password" } else { "Password" },
        focus(!username.is_empty()),
    );
    if renew {
        for (name, label) in NEW_PASSWORD.into_iter().zip(["New password", "New password, once more"]) {
            // Writing to a String cannot fail.
            let _ = write!(
                fields,
                "<label for=\"{name}\">{label}</label><input id=\"{name}\" name=\"{name}\" type=\"password\" required \
                 autocomplete=\"new-password\">"
            );
        }
    }
    fields
}

/// Whether a form has fields for a new password.
pub(super) fn renews(form: &HashMap<String, String>) -> bool {
    NEW_PASSWORD.iter().any(|name| form.contains_key(*name))
}

/// The new password in a form, if it has the fields for one.
///
/// # Errors
/// It is not the same in both.
pub(super) fn new_password(form: &HashMap<String, String>) -> Result<Option<&str>, SignInError> {
    let [new, again] = NEW_PASSWORD.map(|name| form.get(name).map(String::as_str));
    if new == again {
        return Ok(new);
    }
    Err(SignInError::NewPassword("The two new passwords are not the same.".to_owned()))
}

/// What a person is told who could not sign in.
pub(super) fn told(error: &SignInError) -> String {
    match error {
        SignInError::Password => "The name or the password is not right.".to_owned(),
        SignInError::MustChangePassword => "Your password must be changed: choose a new one.".to_owned(),
        SignInError::NewPassword(why) => why.clone(),
        SignInError::Disabled => "The application is disabled.".to_owned(),
        SignInError::Slow(wait) => format!("Too many attempts: wait {} seconds.", wait.as_secs() + 1),
        error => {
            tracing::warn!(%error, "a person could not sign in");
            "That did not work just now: try again.".to_owned()
        }
    }
}

/// What was wrong, as part of a page, and the page's status.
fn alerted(alert: Option<&str>, status: StatusCode) -> (StatusCode, String) {
    match alert {
        Some(text) => (status, format!("<p class=\"alert\" role=\"alert\">{}</p>", escape(text))),
        None => (StatusCode::OK, String::new()),
    }
}

/// The page of who came when too many signed in.
pub(super) fn busy(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    page
}

/// What it says.
pub(super) const BUSY: &str = "Too many people sign in at this moment: try again.";

/// Goes on without waiting for a person to press the button.
const SUBMIT: &str = "document.forms[0].submit()";

/// A page that hands an answer to a client that wants it posted.
pub(super) fn post_back(redirect_uri: &str, fields: &[(&str, &str)]) -> Response {
    let inputs = fields.iter().fold(String::new(), |mut html, (name, value)| {
        // Writing to a String cannot fail.
        let _ = write!(html, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
        html
    });
    let body = format!(
        "<h1>Almost done</h1><form method=\"post\" action=\"{}\">{inputs}<button type=\"submit\" autofocus>Continue</button></form><script>{SUBMIT}</script>",
        escape(redirect_uri)
    );
    // The browser runs this one script, which it knows by its hash.
    let hash = STANDARD.encode(digest(&SHA256, SUBMIT.as_bytes()));
    page_of(StatusCode::OK, "Continue", &body, &format!("{}; script-src 'sha256-{hash}'", form_action(redirect_uri)))
}

/// A page that says something.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!("<h1>{}</h1><p role=\"alert\">{}</p>", escape(title), escape(text));
    page_of(status, title, &body, "'none'")
}

/// Where a form may lead. Browsers hold redirects after a form to this, too.
fn form_action(redirect_uri: &str) -> String {
    let origin = redirect_uri.split_once("://").map(|(scheme, rest)| {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if matches!(scheme, "https" | "http") { format!("{scheme}://{authority}") } else { format!("{scheme}:") }
    });
    match origin {
        Some(origin) if origin.bytes().all(|byte| byte.is_ascii_graphic() && !b";,'\"".contains(&byte)) => {
            format!("'self' {origin}")
        }
        _ => "'self'".to_owned(),
    }
}

fn page_of(status: StatusCode, title: &str, body: &str, form_action: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>",
        escape(title)
    );
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = (status, Body::from(html)).into_response();
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let strictest = "default-src 'none'; frame-ancestors 'none'";
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(strictest));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Text as HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_becomes_markup() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }

    #[test]
    fn a_form_leads_here_and_to_where_the_client_is() {
        assert_eq!(form_action("https://app.example:444/cb?x"), "'self' https://app.example:444");
        assert_eq!(form_action("com.example.app://cb"), "'self' com.example.app:");
        assert_eq!(form_action("https://a;b.example/"), "'self'");
    }
}
