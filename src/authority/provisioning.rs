//! Provisioning clients: identity providers that push people and groups over SCIM, each by a token of its own.
//!
//! A token names its client and holds a secret of 256 random bits, of which the SHA-256 is kept: nothing that can be guessed
//! needs a slow hash. What is known of the clients is learned anew every few seconds, with everything else
//! ([`super::fresh`]), so a token that was taken away ends on every server by then, and a request costs no look-up.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use http::HeaderValue;

use super::{
    Authority, Caller, CheckError, MAX_SECRET_LIFETIME, ManageError, Unauthenticated, Visit,
    applications::display_name,
    check::bearer,
    gate::{By, Try},
    remember::Attempt,
    secrets,
};
use crate::{
    authz::{DirectoryRoles, Kind, MEMBER_READ_HIDDEN, Permissions, Principal},
    ids,
    model::{
        activity::{Target, target},
        value::Timestamp,
    },
    store::{self, CommitError, ProvisioningClient, Tenant},
};
use data_encoding::HEXLOWER;

/// What a token begins with; then come the client's id, `_` and the secret.
const PREFIX: &str = "scim_";
/// Characters of a secret by which people tell tokens apart.
const HINT: usize = 3;
/// The number of the error of a token that is not good, Entra's of a wrong client secret.
const WRONG_TOKEN: i64 = 7_000_215;
/// What a client may do, at SCIM's addresses and nowhere else.
///
/// It says who is in a group, hidden or not, and compares that with what is there: so it sees that.
const PERMISSIONS: [&str; 3] = ["User.ReadWrite.All", "Group.ReadWrite.All", MEMBER_READ_HIDDEN];

/// A client, and what its token proves.
#[derive(Clone)]
pub(super) struct Provisioner {
    hash: String,
    expires_at: Option<Timestamp>,
    caller: Arc<Caller>,
}

impl Authority {
    /// Who calls at SCIM's addresses: a provisioning client, or whoever else has a token.
    pub async fn check_provisioning(
        &self,
        authorization: Option<&HeaderValue>,
        visit: Visit<'_>,
    ) -> Result<Arc<Caller>, CheckError> {
        let token = bearer(authorization)?;
        let Some((id, secret)) = parts(token) else { return self.check(authorization).await };
        let (now, hash) = (self.clock.now(), hash(secret));
        let known = |client: &Provisioner| verify_slices_are_equal(client.hash.as_bytes(), hash.as_bytes()).is_ok();
        let mut found = self.provisioning.get(id, now, self.provisioners()).await?;
        if found.as_ref().is_some_and(|client| !known(client)) {
            // It may have got another token just now.
            found = self.provisioning.renewed(id, now, self.provisioners()).await?;
        }
        let (whose, reason) = match found {
            Some(client) if !known(&client) => (Some(client.caller), Unauthenticated::Provisioning),
            Some(client) if client.expires_at.is_none_or(|until| now < until) => return Ok(client.caller),
            Some(client) => (Some(client.caller), Unauthenticated::Expired),
            None => (None, Unauthenticated::Provisioning),
        };
        Err(self.refuse_provisioning(id, whose.as_deref(), reason, visit))
    }

    /// Counts and notes a token that is not good. A good one is heard whatever else fails: nobody guesses it.
    fn refuse_provisioning(
        &self,
        id: &str,
        whose: Option<&Caller>,
        reason: Unauthenticated,
        visit: Visit<'_>,
    ) -> CheckError {
        let tenant = whose.map(|caller| caller.tenant);
        let one = Try { tenant, by: By::Provisioning(id), address: visit.address, now: self.clock.now() };
        if let Err(wait) = self.gate.may_try(&one) {
            return CheckError::Slow(wait);
        }
        self.gate.failed(&one);
        let told = reason.to_string();
        let attempt = Attempt {
            app_id: Some(id),
            app_name: whose.and_then(|caller| caller.principal.name.as_deref()),
            grant: "provisioning_token",
            visit,
            failure: Some((WRONG_TOKEN, &told)),
            ..Attempt::default()
        };
        match whose {
            Some(caller) => self.note_failure((caller.tenant, &caller.principal.tenant_id), &attempt),
            None => self.log_failure("", &attempt),
        }
        reason.into()
    }

    /// All clients, by their ids.
    pub(super) async fn provisioners(&self) -> Result<HashMap<String, Provisioner>, store::Error> {
        let tenants: HashMap<_, _> = self.store.tenants().await?.into_iter().map(|one| (one.key, one.id)).collect();
        let clients = self.store.provisioning_clients().await?;
        let known = |client: ProvisioningClient| {
            let principal = Principal {
                tenant_id: tenants.get(&client.tenant)?.clone(),
                oid: client.id.clone(),
                name: Some(client.display_name),
                app_id: Some(client.id.clone()),
                kind: Kind::Application,
                permissions: Permissions::named(PERMISSIONS),
                directory_roles: DirectoryRoles::default(),
            };
            let caller = Arc::new(Caller { principal, tenant: client.tenant });
            Some((client.id, Provisioner { hash: client.hash, expires_at: client.expires_at, caller }))
        };
        Ok(clients.into_iter().filter_map(known).collect())
    }

    /// Makes a client, and its token, which is shown this once.
    pub async fn provisioning_create(
        &self,
        tenant: &Tenant,
        name: &str,
        lifetime: Option<Duration>,
    ) -> Result<(ProvisioningClient, String), ManageError> {
        let client = ProvisioningClient {
            tenant: tenant.key,
            id: ids::new_id(),
            display_name: display_name(name)?,
            hash: String::new(),
            hint: String::new(),
            created_at: self.clock.now(),
            expires_at: None,
        };
        let (client, token) = self.with_token(client, lifetime)?;
        let audit = self.command("Add provisioning client", "Provisioning", "Add", about(&client));
        self.store.provisioning_client_add(client.clone(), audit).await?;
        Ok((client, token))
    }

    /// The clients of a tenant, by name.
    pub async fn provisioning_list(&self, tenant: &Tenant) -> Result<Vec<ProvisioningClient>, ManageError> {
        let mut clients = self.store.provisioning_clients().await?;
        clients.retain(|client| client.tenant == tenant.key);
        Ok(clients)
    }

    /// Gives a client another token. The old one counts no more, on every server within [`super::LAG`].
    pub async fn provisioning_rotate(
        &self,
        tenant: &Tenant,
        id: &str,
        lifetime: Option<Duration>,
    ) -> Result<(ProvisioningClient, String), ManageError> {
        let (client, token) = self.with_token(self.provisioning_find(tenant, id).await?, lifetime)?;
        let audit = self.command("Update provisioning client", "Provisioning", "Update", about(&client));
        self.store.provisioning_client_rotate(client.clone(), audit).await.map_err(|error| missing(error, id))?;
        Ok((client, token))
    }

    /// Removes a client. Its token counts no more, on every server within [`super::LAG`]. What it pushed stays.
    pub async fn provisioning_delete(&self, tenant: &Tenant, id: &str) -> Result<ProvisioningClient, ManageError> {
        let client = self.provisioning_find(tenant, id).await?;
        let audit = self.command("Remove provisioning client", "Provisioning", "Delete", about(&client));
        self.store.provisioning_client_delete(tenant.key, id, audit).await.map_err(|error| missing(error, id))?;
        Ok(client)
    }

    async fn provisioning_find(&self, tenant: &Tenant, id: &str) -> Result<ProvisioningClient, ManageError> {
        let found = self.provisioning_list(tenant).await?.into_iter().find(|client| client.id == id);
        found.ok_or_else(|| ManageError::NoProvisioningClient(id.to_owned()))
    }

    /// The client with a new token.
    fn with_token(
        &self,
        client: ProvisioningClient,
        lifetime: Option<Duration>,
    ) -> Result<(ProvisioningClient, String), ManageError> {
        if lifetime.is_some_and(|time| time < Duration::from_secs(1) || time > MAX_SECRET_LIFETIME) {
            return Err(ManageError::Lifetime);
        }
        let micros = lifetime.map(|time| i64::try_from(time.as_micros()).unwrap_or(i64::MAX));
        let expires_at = micros.map(|micros| Timestamp(self.clock.now().0.saturating_add(micros)));
        let secret = secrets::random()?;
        let token = format!("{PREFIX}{}_{secret}", client.id);
        let hint = secret.chars().take(HINT).collect();
        Ok((ProvisioningClient { hash: hash(&secret), hint, expires_at, ..client }, token))
    }
}

fn about(client: &ProvisioningClient) -> Target {
    target(&client.id, Some(&client.display_name), "provisioningClient")
}

fn missing(error: CommitError, id: &str) -> ManageError {
    match error {
        CommitError::Conflict => ManageError::NoProvisioningClient(id.to_owned()),
        other => other.into(),
    }
}

/// The client's id and the secret, if this is a token of a provisioning client.
fn parts(token: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(token).ok()?.strip_prefix(PREFIX)?.split_once('_')
}

/// The SHA-256 of a secret, in hexadecimal.
fn hash(secret: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, secret.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_apart_at_its_first_separators() {
        assert_eq!(parts(b"scim_0190-a_b_c-d"), Some(("0190-a", "b_c-d")));
        for other in ["eyJhbGciOiJSUzI1NiJ9.e30.x", "scim_", "scim_0190", ""] {
            assert_eq!(parts(other.as_bytes()), None, "{other}");
        }
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
