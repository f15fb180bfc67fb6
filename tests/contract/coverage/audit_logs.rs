//! The audit logs.

use crate::support::{TestApp, fixtures::Words};

/// Calls every operation of them.
pub async fn all(app: &TestApp, words: Words) {
    let client = app.application(&[cardea::authz::AUDIT_LOG_READ_ALL]).await;
    let client = client.below(&format!("/{}/auditLogs", words.version));
    let form = "grant_type=client_credentials&client_id=x&client_secret=x&scope=https://graph.microsoft.com/.default";
    let token = app.anonymous().request(http::Method::POST, "/common/oauth2/v2.0/token");
    let token = token.body("application/x-www-form-urlencoded", form);
    token.undocumented("authority endpoint").unchecked().await.expect(401);
    app.api.authority.record_last_failures().await.unwrap();
    for set in ["/directoryAudits", "/signIns"] {
        let id = client.get(set).await.expect(200).column("id").remove(0);
        client.get(format!("{set}/$count")).await.expect(200);
        client.get(format!("{set}/{id}")).await.expect(200);
    }
}
