//! Who was here before there was a directory is in it, and signs in as before.

use std::{sync::Arc, time::Duration};

use argon2::{Argon2, PasswordHasher, password_hash::phc::PasswordHash};
use cardea::{
    app::catalog::first_catalog,
    authority::{self, Authority, ClientCredentials, PasswordSignIn, SignInError, Visit},
    clock::Clock,
    model::{self, value::Timestamp},
};

use crate::{
    stores::{Place, find, on_each_engine},
    support::Engine,
};

/// The migrations up to the one that makes the directory.
macro_rules! before {
    ($engine:literal) => {
        [
            include_str!(concat!("../../migrations/", $engine, "/0001_first.sql")),
            include_str!(concat!("../../migrations/", $engine, "/0002_authority.sql")),
            include_str!(concat!("../../migrations/", $engine, "/0003_roles.sql")),
            include_str!(concat!("../../migrations/", $engine, "/0004_audit.sql")),
            include_str!(concat!("../../migrations/", $engine, "/0005_people.sql")),
            include_str!(concat!("../../migrations/", $engine, "/0006_device_codes.sql")),
            include_str!(concat!("../../migrations/", $engine, "/0007_assertions.sql")),
        ]
    };
}

const NOW: i64 = 1_800_000_000_000_000;

fn hash(secret: &str) -> String {
    let hash: PasswordHash = Argon2::default().hash_password_with_salt(secret.as_bytes(), &[7; 16]).unwrap();
    hash.to_string()
}

/// A database as it was before.
async fn furnish(place: &Place) {
    let migrations = match place.engine {
        Engine::Sqlite => before!("sqlite"),
        Engine::Postgres => before!("postgres"),
    };
    for sql in migrations {
        place.execute(sql).await;
    }
    let version = match place.engine {
        Engine::Sqlite => "PRAGMA user_version = 7",
        Engine::Postgres => {
            "CREATE TABLE schema_migration (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now()); \
             INSERT INTO schema_migration (version) VALUES (7)"
        }
    };
    place.execute(version).await;
    let (secret, password, expires) = (hash("secret"), hash("password"), NOW + 10_000_000);
    let sign_in = r#"{"redirectUris":["https://app.example/cb"],"scopes":["A"],"public":false,"certificates":[]}"#;
    place
        .execute(&format!(
            "INSERT INTO tenant (key, id, display_name, created_at) VALUES (7, 't', 'T', 1);
             INSERT INTO service_principal (tenant_id, id, row_version, app_id, display_name, roles, created_at, sign_in)
               VALUES (7, 's', 5, 'app', 'App', '[\"B\"]', 3, '{sign_in}'), (7, 'bare', 6, 'other', 'Other', '[]', 3, '{{}}');
             INSERT INTO service_principal_secret
               (tenant_id, service_principal_id, key_id, hash, hint, created_at, expires_at)
               VALUES (7, 's', 'k', '{secret}', 'sec', {NOW}, {expires}),
                 (7, 's', 'old', 'none', 'old', 1000000, 2000000);
             INSERT INTO directory_user (tenant_id, id, row_version, user_principal_name, upn_key, display_name,
               account_enabled, directory_roles, created_at)
               VALUES (7, 'u', 5, 'Ada@contoso.example', 'ada@contoso.example', 'Ada', TRUE, '[]', 4),
                 (7, 'v', 6, 'bob@contoso.example', 'bob@contoso.example', 'Bob', FALSE, '[]', 4),
                 (7, 'w', 7, 'eve@contoso.example', 'eve@contoso.example', 'Eve', TRUE, '[]', 4);
             INSERT INTO user_password (tenant_id, user_id, hash, changed_at)
               VALUES (7, 'u', '{password}', 9), (7, 'v', '{password}', 9);
             INSERT INTO sign_in_grant (tenant_id, hash, kind, family, app_id, user_id, details, created_at, expires_at)
               VALUES (7, 'h', 'refresh', 'f', 'app', 'u', '{{}}', 1, {expires});"
        ))
        .await;
}

on_each_engine! {
    async fn people_and_applications_sign_in_after_the_migration(place: Place) {
        furnish(&place).await;
        let store = place.open().await;
        let clock = Clock::manual(Timestamp(NOW));
        let options = authority::Options::default();
        let authority = Authority::open(Arc::clone(&store), clock.clone(), options, first_catalog).await.unwrap();
        let tenant = authority.default_tenant();
        let asked = |secret: &'static str| ClientCredentials {
            tenant,
            client_id: "app",
            secret,
            assertion: false,
            scope: "https://graph.microsoft.com/.default",
            origin: "https://here.example",
            visit: Visit::default(),
        };
        authority.client_credentials(asked("secret")).await.unwrap();
        assert!(matches!(authority.client_credentials(asked("other")).await, Err(SignInError::Credentials)));

        let app = authority.client(tenant, "app", "https://here.example").await.unwrap().unwrap();
        assert_eq!((app.id.as_str(), app.roles.as_slice()), ("s", &["B".to_owned()][..]));
        assert_eq!(app.sign_in.redirect_uris, ["https://app.example/cb"]);
        let sign_in = async |upn| {
            let visit = Visit::default();
            authority.sign_in(PasswordSignIn { tenant, app: &app, upn, password: "password", new_password: None, grant: "test", visit }).await
        };
        assert_eq!(sign_in("ADA@contoso.example").await.unwrap().id, "u");
        for not in ["bob@contoso.example", "eve@contoso.example"] {
            assert!(matches!(sign_in(not).await, Err(SignInError::Password)), "{not}");
        }
        // What was granted is still good, and all can be read as what it is.
        assert!(store.grant_use(tenant.key, "h", Timestamp(NOW)).await.unwrap().is_some());
        let names = |list: Vec<String>| list.join(" ");
        let users = store.users(tenant.key).await.unwrap();
        assert_eq!(names(users.into_iter().map(|user| user.display_name).collect()), "Ada Bob Eve");
        let apps = store.service_principals(tenant.key).await.unwrap();
        assert_eq!(names(apps.into_iter().map(|app| app.display_name).collect()), "App Other");
        let ada = find::<model::User>(&*store, tenant.key, "u").await.unwrap();
        assert_eq!(ada.record.last_password_change_date_time, Some(Timestamp(9)));

        // The commands go on as before: there is no application beside what was in the tenant.
        let made = authority.app_rotate_secret(tenant, "app", Duration::from_hours(1)).await.unwrap();
        assert!(matches!(authority.client_credentials(asked("secret")).await, Err(SignInError::Credentials)));
        let new = made.secret.unwrap();
        authority.client_credentials(ClientCredentials { secret: &new, ..asked("") }).await.unwrap();
        authority.user_delete(tenant, "ada@contoso.example").await.unwrap();
        authority.app_delete(tenant, "app").await.unwrap();
        assert_eq!(place.number("SELECT count(*) FROM sign_in_grant").await, 0);
        assert_eq!(place.number("SELECT count(*) FROM directory_object").await, 3);
        assert_eq!(place.number("SELECT count(*) FROM revocation").await, 3);
        store.close().await;
    }
}
