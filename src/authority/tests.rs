//! Tokens, good and forged, against a clock that stands still.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::HeaderValue;
use jsonwebtoken::EncodingKey;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};

use super::{keys::TokenType, *};
use crate::{
    authz::{Kind, READ_ALL, READ_WRITE_ALL},
    model::{
        audit::{Entry, Head},
        meta::{EntityType, LinkTable},
        record::RowVersion,
        value::Value,
    },
    odata::query::{Query, Rows},
    store::{
        Audit, Bulk, DeviceCode, DeviceCodes, Grant, Holdings, Identities, Linked, Page, People, Provisioning,
        ProvisioningClient, Reach, SigningKey, Used,
    },
};

/// A store that has tenants and keys and nothing else.
#[derive(Default)]
struct Memory {
    tenants: Mutex<Vec<Tenant>>,
    keys: Mutex<Vec<SigningKey>>,
    provisioning: Mutex<Vec<ProvisioningClient>>,
    asked: AtomicUsize,
}

impl Memory {
    fn add(&self, new: NewTenant) {
        let mut tenants = self.tenants.lock();
        let key = TenantKey(i64::try_from(tenants.len()).unwrap() + 1);
        let NewTenant { id, display_name, domains, created_at } = new;
        tenants.push(Tenant { key, id, display_name, domains, created_at });
    }
}

#[async_trait]
impl People for Memory {
    async fn grant_add(&self, _: TenantKey, _: Grant, _: RowVersion, _: Timestamp) -> Result<(), CommitError> {
        Ok(())
    }
    async fn grant_use(&self, _: TenantKey, _: &str, _: Timestamp) -> Result<Option<Used>, CommitError> {
        Ok(None)
    }
    async fn assertion_use(&self, _: TenantKey, _: &str, _: Timestamp, _: Timestamp) -> Result<bool, CommitError> {
        Ok(true)
    }
    async fn revocations(&self) -> Result<Vec<(TenantKey, String, Timestamp)>, store::Error> {
        Ok(Vec::new())
    }
    async fn grant_follow(&self, _: TenantKey, _: &str, _: Grant, _: Timestamp) -> Result<(), CommitError> {
        Ok(())
    }
    async fn family_end(&self, _: TenantKey, _: &str, _: Timestamp) -> Result<(), CommitError> {
        Ok(())
    }
}

#[async_trait]
impl DeviceCodes for Memory {
    async fn device_code_add(&self, _: TenantKey, _: DeviceCode, _: Timestamp) -> Result<(), CommitError> {
        Ok(())
    }
    async fn device_code_named(&self, _: &str, _: Timestamp) -> Result<Option<(TenantKey, DeviceCode)>, store::Error> {
        Ok(None)
    }
    async fn device_code_waiting(&self, _: TenantKey, _: &str, _: &str) -> Result<Option<DeviceCode>, store::Error> {
        Ok(None)
    }
    async fn device_code_approve(
        &self,
        _: TenantKey,
        _: Grant,
        _: RowVersion,
        _: Timestamp,
    ) -> Result<(), CommitError> {
        Err(CommitError::Conflict)
    }
    async fn device_code_decline(&self, _: TenantKey, _: &str, _: Timestamp) -> Result<(), CommitError> {
        Err(CommitError::Conflict)
    }
}

#[async_trait]
impl Provisioning for Memory {
    async fn provisioning_clients(&self) -> Result<Vec<ProvisioningClient>, store::Error> {
        Ok(self.provisioning.lock().clone())
    }
    async fn provisioning_client_add(&self, client: ProvisioningClient, _: Vec<Entry>) -> Result<(), CommitError> {
        self.provisioning.lock().push(client);
        Ok(())
    }
    async fn provisioning_client_rotate(&self, client: ProvisioningClient, _: Vec<Entry>) -> Result<(), CommitError> {
        let mut clients = self.provisioning.lock();
        clients.retain(|one| one.id != client.id);
        clients.push(client);
        Ok(())
    }
    async fn provisioning_client_delete(&self, _: TenantKey, id: &str, _: Vec<Entry>) -> Result<(), CommitError> {
        self.provisioning.lock().retain(|one| one.id != id);
        Ok(())
    }
}

#[async_trait]
impl Audit for Memory {
    async fn audit_head(&self, _: TenantKey) -> Result<Head, store::Error> {
        Ok(Head::default())
    }
    async fn audit_range(&self, _: TenantKey, _: i64, _: i64) -> Result<Vec<Linked>, store::Error> {
        Ok(Vec::new())
    }
    async fn audit_last(&self, _: TenantKey) -> Result<i64, store::Error> {
        Ok(0)
    }
}

#[async_trait]
impl Reach for Memory {
    async fn walk(&self, _: TenantKey, _: store::Walk) -> Result<Vec<(String, Option<bool>)>, store::Error> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Holdings for Memory {
    async fn holdings(&self, _: TenantKey, _: &str) -> Result<Vec<store::Held>, store::Error> {
        Ok(Vec::new())
    }

    async fn another_with_role(
        &self,
        _: TenantKey,
        _: &str,
        _: &str,
    ) -> Result<Option<(String, RowVersion)>, store::Error> {
        Ok(None)
    }
}

#[async_trait]
impl Bulk for Memory {
    async fn rows_among(
        &self,
        _: TenantKey,
        _: &'static EntityType,
        _: usize,
        _: Vec<String>,
        _: store::Life,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, store::Error> {
        Ok(Vec::new())
    }
    async fn linked(&self, _: TenantKey, _: LinkTable, _: String, _: Vec<String>) -> Result<Vec<String>, store::Error> {
        Ok(Vec::new())
    }
    async fn links(
        &self,
        _: TenantKey,
        _: LinkTable,
        _: Vec<String>,
        _: Option<(String, String)>,
        _: usize,
    ) -> Result<Vec<(String, String)>, store::Error> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Store for Memory {
    async fn ping(&self) -> Result<(), store::Error> {
        Ok(())
    }
    async fn read(&self, _: TenantKey, _: Query) -> Result<Option<Page>, store::Error> {
        Ok(None)
    }
    async fn count(&self, _: TenantKey, _: Query) -> Result<Option<u64>, store::Error> {
        Ok(None)
    }
    async fn row(
        &self,
        _: TenantKey,
        _: &'static EntityType,
        _: usize,
        _: String,
        _: crate::store::Life,
    ) -> Result<Option<(Vec<Value>, RowVersion)>, store::Error> {
        Ok(None)
    }
    async fn rows(
        &self,
        _: TenantKey,
        _: &'static EntityType,
        _: usize,
        _: String,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, store::Error> {
        unreachable!()
    }

    async fn records(&self, _: TenantKey, _: Query) -> Result<Vec<(Vec<Value>, RowVersion)>, store::Error> {
        Ok(Vec::new())
    }
    async fn exists(&self, _: TenantKey, _: Rows) -> Result<bool, store::Error> {
        Ok(false)
    }
    async fn commit(&self, _: TenantKey, _: Changeset) -> Result<(), CommitError> {
        Ok(())
    }
    async fn tenants(&self) -> Result<Vec<Tenant>, store::Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.tenants.lock().clone())
    }
    async fn tenant_create_first(&self, new: NewTenant, _: Changeset) -> Result<(), CommitError> {
        if self.tenants.lock().is_empty() {
            self.add(new);
        }
        Ok(())
    }
    async fn signing_keys(&self) -> Result<Vec<SigningKey>, store::Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.keys.lock().clone())
    }
    async fn signing_key_create(&self, key: SigningKey) -> Result<(), CommitError> {
        let mut keys = self.keys.lock();
        if keys.is_empty() {
            keys.push(key);
        }
        Ok(())
    }
    async fn signing_key_add(&self, key: SigningKey, _: TenantKey, _: Vec<Entry>) -> Result<(), CommitError> {
        self.keys.lock().insert(0, key);
        Ok(())
    }
    async fn signing_key_withdraw(&self, kid: &str, _: TenantKey, _: Vec<Entry>) -> Result<(), CommitError> {
        self.keys.lock().retain(|key| key.kid != kid);
        Ok(())
    }
    async fn close(&self) {}
}

#[async_trait]
impl Identities for Memory {
    async fn tenant_create(&self, new: NewTenant, _: Changeset) -> Result<(), CommitError> {
        self.add(new);
        Ok(())
    }
    async fn tenant_delete(
        &self,
        tenant: TenantKey,
        _: Changeset,
        _: (TenantKey, Vec<Entry>),
    ) -> Result<(), CommitError> {
        self.tenants.lock().retain(|one| one.key != tenant);
        Ok(())
    }
}

struct World {
    store: Arc<Memory>,
    clock: Clock,
    authority: Authority,
}

async fn open(store: &Arc<Memory>, clock: &Clock) -> Authority {
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    Authority::open(store, clock.clone(), Options::default(), |_| Changeset::default()).await.unwrap()
}

impl World {
    async fn new() -> Self {
        let (store, clock) = (Arc::default(), Clock::manual(Timestamp(1_700_000_000_500_000)));
        let authority = open(&store, &clock).await;
        Self { store, clock, authority }
    }

    async fn issue(&self, subject: Subject) -> String {
        let request = TokenRequest { tenant: None, subject, lifetime: Duration::from_hours(1) };
        self.authority.issue(&request).await.unwrap()
    }

    async fn token(&self) -> String {
        self.issue(Subject::Application { roles: vec![READ_WRITE_ALL.to_owned()] }).await
    }

    /// A token with these changes to a good token's claims, signed with our key.
    async fn token_with(&self, changes: Json) -> String {
        let mut claims = part(&self.token().await, 1);
        change(&mut claims, changes);
        self.authority.signing().sign(TokenType::Access, &claims).unwrap()
    }

    async fn check(&self, token: &str) -> Result<Arc<Caller>, Unauthenticated> {
        self.check_header(&format!("Bearer {token}")).await
    }

    async fn check_header(&self, header: &str) -> Result<Arc<Caller>, Unauthenticated> {
        let result = self.authority.check(Some(&HeaderValue::from_bytes(header.as_bytes()).unwrap())).await;
        result.map_err(|error| match error {
            CheckError::Slow(_) => panic!("nobody is slowed here"),
            CheckError::Unauthenticated(reason) => reason,
            CheckError::Store(error) => panic!("{error}"),
            CheckError::Unreachable(error) => panic!("{error}"),
        })
    }

    async fn refused(&self, token: &str) -> Unauthenticated {
        let reason = self.check(token).await.unwrap_err();
        assert_eq!(self.check(token).await.unwrap_err(), reason, "the second time as the first");
        assert_eq!(self.authority.verified.len(), 0, "what is refused is not remembered");
        reason
    }
}

/// Null takes a claim away.
fn change(object: &mut Json, changes: Json) {
    let Json::Object(changes) = changes else { panic!("not an object") };
    for (name, value) in changes {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(&name);
        } else {
            object[name] = value;
        }
    }
}

fn part(token: &str, position: usize) -> Json {
    let part = token.split('.').nth(position).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encode(json: &Json) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn an_issued_token_says_who_calls() {
    let world = World::new().await;
    let caller = world.check(&world.token().await).await.unwrap();
    assert_eq!(caller.tenant, world.authority.default_tenant().key);
    assert_eq!(caller.principal.tenant_id, world.authority.default_tenant().id);
    assert_eq!(caller.principal.kind, Kind::Application);
    assert_eq!(caller.principal.name.as_deref(), Some("cardea token"));
    assert!(caller.principal.permissions.has(READ_WRITE_ALL));

    let subject =
        Subject::User { upn: "ann@example.com".to_owned(), scopes: vec![READ_ALL.to_owned()], directory_roles: vec![] };
    let token = world.issue(subject.clone()).await;
    let caller = world.check(&token).await.unwrap();
    assert_eq!(caller.principal.kind, Kind::Delegated);
    assert_eq!(caller.principal.name.as_deref(), Some("ann@example.com"));
    assert!(caller.principal.permissions.has(READ_ALL) && !caller.principal.permissions.has(READ_WRITE_ALL));
    let again = world.check(&world.issue(subject).await).await.unwrap();
    assert_eq!(again.principal.oid, caller.principal.oid, "the same name is the same user");
    let claims = part(&token, 1);
    assert_eq!(claims["scp"], READ_ALL);
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert_eq!(claims["idtyp"], "user");
    assert!(claims.get("roles").is_none());
}

#[tokio::test]
async fn servers_that_start_at_once_agree() {
    let (store, clock) = (Arc::new(Memory::default()), Clock::manual(Timestamp(0)));
    let (one, two) = tokio::join!(open(&store, &clock), open(&store, &clock));
    let three = open(&store, &clock).await;
    for other in [two, three] {
        assert_eq!(one.default_tenant(), other.default_tenant());
        assert_eq!(one.signing().kid(), other.signing().kid());
    }
}

#[tokio::test]
async fn a_tenant_that_another_server_made_is_found() {
    let world = World::new().await;
    let other = NewTenant {
        id: "other".to_owned(),
        display_name: "Other".to_owned(),
        domains: Vec::new(),
        created_at: Timestamp(1),
    };
    let request = TokenRequest {
        tenant: Some("other".to_owned()),
        subject: Subject::Application { roles: vec![] },
        lifetime: Duration::from_hours(1),
    };
    assert!(matches!(world.authority.issue(&request).await, Err(IssueError::Tenant(_))));
    world.store.add(other);
    world.clock.advance(1_000_000);
    let token = world.authority.issue(&request).await.unwrap();
    assert_eq!(world.check(&token).await.unwrap().tenant, TenantKey(2));
}

#[tokio::test]
async fn a_remembered_token_expires_when_its_time_has_come() {
    let world = World::new().await;
    let token = world.token().await;
    let first = world.check(&token).await.unwrap();
    let asked = world.store.asked.load(Ordering::Relaxed);
    assert!(Arc::ptr_eq(&first, &world.check(&token).await.unwrap()), "the second time it is remembered");
    world.clock.advance(3_610_000_000);
    assert!(world.check(&token).await.is_ok(), "ten seconds of leeway");
    world.clock.advance(1_000_000);
    assert_eq!(world.check(&token).await.unwrap_err(), Unauthenticated::Expired);
    assert_eq!(world.store.asked.load(Ordering::Relaxed), asked, "none of this asks the store");
}

#[tokio::test]
async fn a_token_of_the_future_is_refused_until_its_time() {
    let world = World::new().await;
    let now = world.authority.now();
    let token = world.token_with(json!({ "nbf": now + 11 })).await;
    assert_eq!(world.refused(&token).await, Unauthenticated::NotYetValid);
    world.clock.advance(1_000_000);
    assert!(world.check(&token).await.is_ok());
    let far = world.token_with(json!({ "nbf": i64::MIN, "exp": i64::MAX })).await;
    assert!(world.check(&far).await.is_ok(), "nothing overflows");
}

#[tokio::test]
async fn the_header_must_hold_one_bearer_token() {
    let world = World::new().await;
    let token = world.token().await;
    assert!(world.check_header(&format!("bEARER   {token} ")).await.is_ok());
    let missing = world.authority.check(None).await;
    assert!(matches!(missing, Err(CheckError::Unauthenticated(Unauthenticated::Missing))));
    for (header, reason) in [
        (String::new(), Unauthenticated::Missing),
        ("Bearer".to_owned(), Unauthenticated::Missing),
        ("Bearer ".to_owned(), Unauthenticated::Missing),
        ("Basic YTpi".to_owned(), Unauthenticated::Scheme),
        (format!("Bearer{token}"), Unauthenticated::Scheme),
        (format!("Token {token}"), Unauthenticated::Scheme),
        (token.clone(), Unauthenticated::Scheme),
        (format!("Bearer {token}, Bearer {token}"), Unauthenticated::Malformed),
        (format!("Bearer {token}{}", "A".repeat(16 << 10)), Unauthenticated::TooLong),
        ("Bearer a.b".to_owned(), Unauthenticated::Malformed),
        ("Bearer ....".to_owned(), Unauthenticated::Malformed),
        ("Bearer e30.e30.".to_owned(), Unauthenticated::Malformed),
        ("Bearer \u{e9}\u{ff}".to_owned(), Unauthenticated::Malformed),
    ] {
        assert_eq!(world.check_header(&header).await.unwrap_err(), reason, "{header:?}");
    }
}

#[tokio::test]
async fn claims_that_are_not_ours_are_refused() {
    let world = World::new().await;
    let tenant = world.authority.default_tenant().id.clone();
    for (changes, reason) in [
        (json!({ "aud": "https://management.azure.com" }), Unauthenticated::Audience),
        (json!({ "aud": "https://graph.microsoft.com/" }), Unauthenticated::Audience),
        (json!({ "aud": ["https://graph.microsoft.com"] }), Unauthenticated::Claims),
        (json!({ "iss": "cardea" }), Unauthenticated::Issuer),
        (json!({ "iss": format!("evil/{tenant}") }), Unauthenticated::Issuer),
        (json!({ "tid": "00000000-0000-0000-0000-000000000000" }), Unauthenticated::Issuer),
        (json!({ "tid": "x", "iss": "cardea/x" }), Unauthenticated::Tenant),
        (
            json!({ "tid": tenant.to_uppercase(), "iss": format!("cardea/{}", tenant.to_uppercase()) }),
            Unauthenticated::Tenant,
        ),
        (json!({ "exp": null }), Unauthenticated::Claims),
        (json!({ "exp": "4000000000" }), Unauthenticated::Claims),
        (json!({ "exp": 4e9 }), Unauthenticated::Claims),
        (json!({ "exp": -1 }), Unauthenticated::Expired),
        (json!({ "nbf": null }), Unauthenticated::Claims),
        (json!({ "tid": null }), Unauthenticated::Claims),
        (json!({ "aud": null }), Unauthenticated::Claims),
        (json!({ "oid": "" }), Unauthenticated::Claims),
        (json!({ "roles": READ_WRITE_ALL }), Unauthenticated::Claims),
        (json!({ "scp": READ_WRITE_ALL }), Unauthenticated::Claims),
    ] {
        let token = world.token_with(changes.clone()).await;
        assert_eq!(world.refused(&token).await, reason, "{changes}");
    }
}

#[tokio::test]
async fn what_does_not_say_that_it_is_an_access_token_is_none() {
    let world = World::new().await;
    let claims = part(&world.token().await, 1);
    let id_token = world.authority.signing().sign(TokenType::Id, &claims).unwrap();
    assert_eq!(world.refused(&id_token).await, Unauthenticated::Kind, "the same claims, the same key, another type");
    for changes in [json!({ "roles": null, "idtyp": null }), json!({ "roles": null, "idtyp": "user" })] {
        let token = world.token_with(changes.clone()).await;
        assert_eq!(world.refused(&token).await, Unauthenticated::Kind, "{changes}");
    }
    let marked = world.token_with(json!({ "roles": null })).await;
    assert_eq!(world.check(&marked).await.unwrap().principal.kind, Kind::Application);
}

#[tokio::test]
async fn a_forged_signature_is_refused() {
    let world = World::new().await;
    let token = world.token().await;
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };

    let mut claims = part(&token, 1);
    change(&mut claims, json!({ "oid": "admin" }));
    let tampered = format!("{header}.{}.{signature}", encode(&claims));
    assert_eq!(world.refused(&tampered).await, Unauthenticated::Signature);
    assert_eq!(world.refused(&format!("{header}.{payload}.")).await, Unauthenticated::Signature);
    let cut = &signature[..signature.len() - 2];
    assert_eq!(world.refused(&format!("{header}.{payload}.{cut}")).await, Unauthenticated::Signature);

    let stranger =
        SigningKey { kid: world.authority.signing().kid().to_owned(), ..keys::generate(Timestamp(0)).unwrap() };
    let forged = SigningPair::read(&stranger).unwrap().sign(TokenType::Access, &part(&token, 1)).unwrap();
    assert_eq!(world.refused(&forged).await, Unauthenticated::Signature);

    assert!(world.check(&token).await.is_ok());
    assert_eq!(world.check(&tampered).await.unwrap_err(), Unauthenticated::Signature, "a known signature is no help");
}

#[tokio::test]
async fn only_rs256_is_an_algorithm() {
    let world = World::new().await;
    let token = world.token().await;
    let [_, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    for alg in ["none", "None", "NONE", "", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256"] {
        let mut header = part(&token, 0);
        change(&mut header, json!({ "alg": alg }));
        for signature in ["", signature] {
            let forged = format!("{}.{payload}.{signature}", encode(&header));
            assert_eq!(world.refused(&forged).await, Unauthenticated::Algorithm, "{alg}");
        }
    }
    // The public key as the secret of a message authentication code.
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(world.authority.signing().kid().to_owned());
    let secret = EncodingKey::from_secret(world.authority.signing().public_der());
    let confused = jsonwebtoken::encode(&header, &part(&token, 1), &secret).unwrap();
    assert_eq!(world.refused(&confused).await, Unauthenticated::Algorithm);
}

#[tokio::test]
async fn a_header_cannot_choose_its_own_key() {
    let world = World::new().await;
    let token = world.token().await;
    let [_, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let forge = |changes: Json| {
        let mut header = part(&token, 0);
        change(&mut header, changes);
        format!("{}.{payload}.{signature}", encode(&header))
    };
    for (changes, reason) in [
        (json!({ "kid": null }), Unauthenticated::Key),
        (json!({ "kid": "" }), Unauthenticated::Key),
        (json!({ "kid": "../../dev/null" }), Unauthenticated::Key),
        (json!({ "kid": "' UNION SELECT 'x" }), Unauthenticated::Key),
        (json!({ "kid": "k".repeat(8000) }), Unauthenticated::Key),
        (json!({ "kid": 1 }), Unauthenticated::Malformed),
        (json!({ "crit": ["exp"] }), Unauthenticated::Header),
        (json!({ "typ": "dpop+jwt" }), Unauthenticated::Header),
        (json!({ "jku": "https://evil.example/keys" }), Unauthenticated::Signature),
        (json!({ "x5u": "https://evil.example/cert" }), Unauthenticated::Signature),
        (json!({ "jwk": { "kty": "oct", "k": "AAAA" } }), Unauthenticated::Signature),
    ] {
        assert_eq!(world.refused(&forge(changes.clone())).await, reason, "{changes}");
    }
    let asked = world.store.asked.load(Ordering::Relaxed);
    for number in 0..100 {
        assert_eq!(world.refused(&forge(json!({ "kid": number.to_string() }))).await, Unauthenticated::Key);
    }
    assert_eq!(world.store.asked.load(Ordering::Relaxed), asked, "made-up keys don't reach the store again and again");
}

#[tokio::test]
async fn what_cannot_be_a_token_is_not_issued() {
    let world = World::new().await;
    let issue = async |subject, seconds| {
        let lifetime = Duration::from_secs(seconds);
        world.authority.issue(&TokenRequest { tenant: None, subject, lifetime }).await
    };
    let roles = |name: &str| Subject::Application { roles: vec![name.to_owned()] };
    assert!(matches!(issue(roles("a"), 0).await, Err(IssueError::Lifetime)));
    assert!(matches!(issue(roles("a"), 86_401).await, Err(IssueError::Lifetime)));
    assert!(matches!(issue(roles("a b"), 60).await, Err(IssueError::Permission(_))));
    assert!(matches!(issue(roles(""), 60).await, Err(IssueError::Permission(_))));
    let user = Subject::User { upn: "a\nb".to_owned(), scopes: vec![], directory_roles: vec![] };
    assert!(matches!(issue(user, 60).await, Err(IssueError::User(_))));
}
