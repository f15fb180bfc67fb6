//! Nobody reaches another tenant by any operation.

use std::time::Duration;

use cardea::{
    api::operations::Kind as OperationKind,
    app,
    authority::{Subject, TokenRequest},
    authz::{Action, PERMISSIONS, READ_WRITE_ALL},
    model::meta::Version,
};

use super::{
    PLACES, Place, call,
    objects::{self, Objects},
    of_directory, operations, record,
};
use crate::support::{TestApp, fixtures};

/// Another tenant.
pub struct Other {
    id: String,
}

/// Makes another tenant.
pub async fn other_tenant(app: &TestApp) -> Other {
    let made = app.api.authority.tenant_create("Other", &[], app::catalog::first_catalog).await.unwrap();
    Other { id: made.id }
}

impl Other {
    /// The token of an application there.
    pub async fn application(&self, app: &TestApp, roles: &[&str]) -> String {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        self.issue(app, Subject::Application { roles }).await
    }

    async fn issue(&self, app: &TestApp, subject: Subject) -> String {
        let request = TokenRequest { tenant: Some(self.id.clone()), subject, lifetime: Duration::from_hours(1) };
        app.api.authority.issue(&request).await.unwrap()
    }
}

pub async fn nobody_reaches_another_tenant(app: TestApp) {
    let admin = app.client();
    let place = Place::new(&admin, PLACES[0]).await;
    let (before, record) = (fixtures::world(&admin).await, record(&app).await);
    let other = other_tenant(&app).await;
    let upn = "ada@contoso.example".to_owned();
    let directory_roles = vec!["Global Administrator".to_owned()];
    let person = Subject::User { upn, scopes: vec![READ_WRITE_ALL.to_owned()], directory_roles };
    for token in [other.application(&app, &[READ_WRITE_ALL]).await, other.issue(&app, person).await] {
        let stranger = app.with_token(&token);
        for version in Version::ALL {
            for operation in operations(version) {
                let status = call(&stranger, version, &operation, &place, &record).await;
                let template = &operation.template;
                let of_audit = operation.action == Action::ReadAuditLogs;
                let is_there = match operation.kind {
                    OperationKind::Create => operation.face.name == "accessPackageCatalog",
                    _ => !template.contains('{') || template.contains("{unifiedRoleDefinition-id}"),
                };
                let what = format!("{version} {}: {}", operation.id, status.text());
                if of_audit && status.status == 403 {
                    continue;
                }
                assert_eq!(status.status < 300, is_there, "{what}");
                assert!(is_there || status.status == 404, "{what}");
                assert!(!is_there || !status.text().contains(PLACES[0]), "{what}");
            }
        }
    }
    assert_eq!(fixtures::world(&admin).await, before);
}

/// Objects of one tenant do not exist for those of another, whatever they may do there.
pub async fn nobody_reaches_the_directory_of_another_tenant(app: TestApp) {
    let objects = Objects::new(&app).await;
    let before = objects.world().await;
    let other = other_tenant(&app).await;
    let all: Vec<&str> = PERMISSIONS.iter().map(|permission| permission.name).collect();
    let person = Subject::User {
        upn: "caller@contoso.example".to_owned(),
        scopes: all.iter().map(|&name| name.to_owned()).collect(),
        directory_roles: vec!["Global Administrator".to_owned()],
    };
    let strangers = [other.application(&app, &all).await, other.issue(&app, person).await];
    for stranger in strangers.map(|token| app.with_token(&token)) {
        let domains = stranger.get("/v1.0/domains").await.expect(200).column("id");
        for version in Version::ALL {
            for operation in of_directory(version) {
                // Domains of the same name are there in several tenants.
                if operation.id == "getDomain" && domains.iter().any(|name| name == objects.id("domain")) {
                    continue;
                }
                for kind in objects::kinds(&operation) {
                    let answer = objects.call(&stranger, version, &operation, kind).await;
                    let what = format!("{version} {}: {} {}", operation.id, answer.status, answer.text());
                    if operation.template.contains('{') {
                        assert_eq!(answer.status, 404, "{what}");
                    } else {
                        assert!(answer.status < 500 && answer.status != 403, "{what}");
                        assert!(!objects.secret_ids().any(|id| answer.text().contains(id)), "{what}");
                    }
                }
            }
        }
    }
    assert_eq!(objects.world().await, before);
}
