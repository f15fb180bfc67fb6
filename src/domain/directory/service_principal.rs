//! The rules of service principals: what applications are in a tenant.

use serde_json::{Value as Json, json};

use super::{super::Occasion, Object, addresses, texts};
use crate::model::{
    Application, ServicePrincipal, ServicePrincipalInput, bind::Violation, record::Input, value::Timestamp,
};

impl Object for ServicePrincipal {
    fn deleted_at(&mut self) -> &mut Option<Timestamp> {
        &mut self.deleted_at
    }

    fn derive(&mut self, _: &Occasion) {}

    fn loses_tokens(&self, after: &Self) -> bool {
        (self.account_enabled && !after.account_enabled) || self.deleted_at != after.deleted_at
    }

    fn client_id(&self) -> Option<&str> {
        Some(&self.app_id)
    }

    fn check(&self) -> Vec<Violation> {
        let modes = ["password", "saml", "notSupported", "oidc"];
        let mode = super::one_of("preferredSingleSignOnMode", self.preferred_single_sign_on_mode.as_deref(), &modes);
        let pages = [("homepage", &self.homepage), ("loginUrl", &self.login_url)];
        let pages = pages.into_iter().filter_map(|(name, uri)| addresses::page(name, name, uri.as_deref()?));
        let out = self.logout_url.as_deref().and_then(|uri| addresses::redirect("logoutUrl", "logoutUrl", uri));
        let replies = texts(&self.reply_urls).into_iter().filter_map(|uri| addresses::identifier("replyUrls", &uri));
        let info = addresses::pages_of("info", self.info.as_deref(), &addresses::INFO);
        mode.into_iter().chain(pages).chain(out).chain(replies).chain(info).collect()
    }
}

/// A service principal of an application as a body describes it; what the body does not say, the application does.
pub fn make(
    id: String,
    application: &Application,
    tenant_id: String,
    input: ServicePrincipalInput,
    on: &Occasion,
) -> ServicePrincipal {
    let member = |json: &Option<String>, name: &str| {
        let value: Json = json.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        value.get(name).cloned().filter(|value| !value.is_null())
    };
    let app_id = application.app_id.clone().unwrap_or_default();
    let mut names = vec![app_id.clone()];
    names.extend(texts(&application.identifier_uris));
    let mut principal = ServicePrincipal {
        display_name: application.display_name.clone(),
        app_display_name: Some(application.display_name.clone()),
        app_description: application.description.clone(),
        app_roles: application.app_roles.clone(),
        oauth2_permission_scopes: member(&application.api, "oauth2PermissionScopes").unwrap_or(json!([])).to_string(),
        reply_urls: member(&application.web, "redirectUris").unwrap_or(json!([])).to_string(),
        service_principal_names: json!(names).to_string(),
        app_owner_organization_id: Some(tenant_id),
        sign_in_audience: application.sign_in_audience.clone(),
        tags: application.tags.clone(),
        ..ServicePrincipal::default()
    };
    input.apply_to(&mut principal);
    if principal.display_name.is_empty() {
        principal.display_name.clone_from(&application.display_name);
    }
    principal.id = id;
    principal.app_id = app_id;
    principal.created_at = on.now;
    principal
}
