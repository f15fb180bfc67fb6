//! The grant by which a device without a browser gets tokens (RFC 8628): it shows a code, a person enters it elsewhere.

use std::time::Duration;

use super::{Authority, Redemption, SignInError, Tokens, authorization::hash, secrets};
use crate::{
    ids,
    model::value::Timestamp,
    store::{CommitError, Device, Grant, GrantDetails, GrantKind, ServicePrincipal, Tenant, User},
};

/// How long a device waits.
pub const DEVICE_LIFETIME: Duration = Duration::from_mins(15);
/// How often it may ask.
pub const DEVICE_INTERVAL: Duration = Duration::from_secs(5);
/// Letters that are not taken for others, and that make no words.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How long the code is that a person enters: 20^9 codes, of which few are waited for at a time.
const CODE: usize = 9;

impl Authority {
    /// Begins to wait: what the device shows to us, and what the person enters.
    pub async fn device_begin(
        &self,
        tenant: &Tenant,
        app: &ServicePrincipal,
        scope: &str,
    ) -> Result<(String, String), SignInError> {
        let device_code = secrets::random().map_err(|_| SignInError::Signing)?;
        let user_code = user_code().ok_or(SignInError::Signing)?;
        let now = self.clock.now();
        let lifetime = i64::try_from(DEVICE_LIFETIME.as_micros()).unwrap_or_default();
        let device = Device {
            hash: hash(&device_code),
            user_code: user_code.clone(),
            app_id: app.app_id.clone(),
            scope: scope.to_owned(),
            user_id: None,
            expires_at: Timestamp(now.0.saturating_add(lifetime)),
            polled_at: None,
        };
        self.store.device_add(tenant.key, device, now).await?;
        Ok((device_code, user_code))
    }

    /// The device that waits for what a person has entered, in any letter case and however it is broken up.
    pub async fn device_waiting(&self, tenant: &Tenant, entered: &str) -> Result<Option<Device>, SignInError> {
        let found = self.store.device_waiting(tenant.key, &normal(entered)).await?;
        Ok(found.filter(|device| self.clock.now() < device.expires_at))
    }

    /// A person who has signed in lets the device in. False: it waits no more.
    pub async fn device_approve(&self, tenant: &Tenant, device: &Device, user: &User) -> Result<bool, SignInError> {
        match self.store.device_approve(tenant.key, &device.user_code, &user.id).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Tokens for a device, once a person has entered its code.
    pub async fn redeem_device(&self, asked: Redemption<'_>) -> Result<Tokens, SignInError> {
        let now = self.clock.now();
        let found = self.store.device_poll(asked.tenant.key, &hash(asked.shown), now).await?;
        let found = found.filter(|device| device.app_id == asked.app.app_id);
        let device = found.ok_or(SignInError::Grant("it is not known, or of another client"))?;
        if now >= device.expires_at {
            return Err(SignInError::DeviceExpired);
        }
        let Some(user_id) = device.user_id else {
            let least = i64::try_from(DEVICE_INTERVAL.as_micros()).unwrap_or_default() * 9 / 10;
            let soon = device.polled_at.is_some_and(|before| now.0.saturating_sub(before.0) < least);
            return Err(if soon { SignInError::DeviceTooSoon } else { SignInError::DeviceWaiting });
        };
        let grant = Grant {
            hash: device.hash,
            kind: GrantKind::Code,
            family: ids::new_id(),
            app_id: device.app_id,
            user_id,
            details: GrantDetails { scope: device.scope, ..GrantDetails::default() },
            created_at: now,
            expires_at: device.expires_at,
        };
        self.tokens(&asked, grant).await
    }
}

/// A new code. None: there is no randomness.
fn user_code() -> Option<String> {
    let mut code = String::with_capacity(CODE);
    while code.len() < CODE {
        let mut byte = [0];
        aws_lc_rs::rand::fill(&mut byte).ok()?;
        // Those above would make the first letters likelier.
        let limit = 256 / LETTERS.len() * LETTERS.len();
        let letter = usize::from(byte[0]);
        code.extend(LETTERS.get(letter % LETTERS.len()).filter(|_| letter < limit).map(|letter| char::from(*letter)));
    }
    Some(code)
}

fn normal(entered: &str) -> String {
    entered.chars().filter(char::is_ascii_alphanumeric).take(2 * CODE).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_made_of_plain_letters_and_read_however_it_is_written() {
        let code = user_code().unwrap();
        assert!(code.len() == CODE && code.bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
        assert_ne!(code, user_code().unwrap());
        assert_eq!(normal(" bcd-fgh jkl\n"), "BCDFGHJKL");
    }
}
