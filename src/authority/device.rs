//! The grant for devices on which nobody can type (RFC 8628): the device shows a short code, and the person enters it in
//! a browser elsewhere and signs in there.
//!
//! Until then the device asks again and again. What it gets tokens for, once the person has signed in, is a grant like any
//! other: it counts once, and ends with the password and the person.

use std::time::Duration;

use parking_lot::Mutex;

use super::{
    Authority, PasswordSignIn, Redemption, SignInError, Visit,
    authorization::{hash, not_by_a_page},
    gate::{By, Keys, Recent, Try},
    remember::Attempt,
    secrets,
};
use crate::{
    ids,
    model::value::Timestamp,
    store::{CommitError, DeviceCode, Grant, GrantDetails, GrantKind, ServicePrincipal, Tenant},
};

/// How long a person has to enter the code.
pub const DEVICE_CODE_LIFETIME: Duration = Duration::from_mins(15);
/// How long a device is to wait between two questions.
pub const DEVICE_INTERVAL: Duration = Duration::from_secs(5);
/// Who waits less is told to slow down. Some clients give up then, and no network is even: so there is room.
const TOO_SOON: Duration = Duration::from_millis(2_500);

/// The number of the error of a code that is none, Entra's.
const UNKNOWN_CODE: i64 = 70_018;
/// So many devices are remembered that ask.
const POLLS: usize = 16 << 10;

/// Letters of a user's code: consonants, so that it is never a word, and easily told apart (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How many: 38 bits, which nobody guesses in a quarter of an hour.
const LENGTH: usize = 9;

/// A device that is about to be signed in on.
pub struct DeviceStart {
    /// What the device shows here.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
}

/// A device got no tokens.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The person has not signed in yet.
    #[error("nobody has signed in yet")]
    Pending,
    /// The device asks too often.
    #[error("it asks too often")]
    TooSoon,
    /// The person said no.
    #[error("the person declined")]
    Declined,
    /// It took too long.
    #[error("the code has expired")]
    Expired,
    /// It is not a code of this client.
    #[error("the code is not known")]
    Unknown,
    /// Anything else.
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

/// A device that waits for a person, who has entered its code.
pub struct Waiting {
    /// The tenant.
    pub tenant: Tenant,
    /// The client.
    pub app: ServicePrincipal,
    /// What it asks for.
    code: DeviceCode,
}

impl Authority {
    /// A code for a client's device. An address gets so many of them in the time that they count.
    pub async fn device_start(
        &self,
        tenant: &Tenant,
        app: &ServicePrincipal,
        scope: String,
        visit: Visit<'_>,
    ) -> Result<DeviceStart, SignInError> {
        not_by_a_page(app)?;
        self.gate.start_device(visit.address, self.clock.now()).map_err(SignInError::Slow)?;
        let device_code = secrets::random().map_err(|_| SignInError::Signing)?;
        let user_code = user_code()?;
        let now = self.clock.now();
        let code = DeviceCode {
            hash: hash(&device_code),
            user_code: user_code.clone(),
            app_id: app.app_id.clone(),
            details: GrantDetails { scope, ..GrantDetails::default() },
            created_at: now,
            expires_at: after(now, DEVICE_CODE_LIFETIME),
            declined: false,
        };
        // One that has expired is told apart from one that never was, for as long again.
        let before = Timestamp(now.0.saturating_sub(micros(DEVICE_CODE_LIFETIME)));
        self.store.device_code_add(tenant.key, code, before).await?;
        Ok(DeviceStart { device_code, user_code })
    }

    /// The device whose code a person has entered. Who enters many that are none is slowed down.
    pub async fn device_named(
        &self,
        entered: &str,
        visit: Visit<'_>,
        origin: &str,
    ) -> Result<Option<Waiting>, SignInError> {
        let now = self.clock.now();
        let one = Try { tenant: None, by: By::UserCode, address: visit.address, now };
        self.gate.may_try(&one).map_err(SignInError::Slow)?;
        let found = match normal(entered) {
            Some(user_code) => self.store.device_code_named(&user_code, now).await?,
            None => None,
        };
        let Some((key, code)) = found else {
            self.gate.failed(&one);
            let reason = "no device waits with this code";
            let failure = Some((UNKNOWN_CODE, reason));
            self.log_failure("", &Attempt { grant: "device_code", visit, failure, ..Attempt::default() });
            return Ok(None);
        };
        let tenants = self.store.tenants().await?;
        let Some(tenant) = tenants.into_iter().find(|tenant| tenant.key == key) else { return Ok(None) };
        let app = self.client(&tenant, &code.app_id, origin).await?;
        let app = app.filter(|app| not_by_a_page(app).is_ok());
        Ok(app.map(|app| Waiting { tenant, app, code }))
    }

    /// The person signs in, with a new password if there is one, and with that the device may go on.
    pub async fn device_approve(
        &self,
        waiting: &Waiting,
        upn: &str,
        (password, new_password): (&str, Option<&str>),
        visit: Visit<'_>,
    ) -> Result<(), SignInError> {
        let (Waiting { tenant, app, code }, grant) = (waiting, "device_code");
        let user = self.sign_in(PasswordSignIn { tenant, app, upn, password, new_password, grant, visit }).await?;
        let now = self.clock.now();
        let grant = Grant {
            hash: code.hash.clone(),
            kind: GrantKind::Device,
            family: ids::new_id(),
            app_id: app.app_id.clone(),
            user_id: user.id,
            details: code.details.clone(),
            created_at: now,
            expires_at: code.expires_at,
        };
        ended(self.store.device_code_approve(tenant.key, grant, user.version, now).await)
    }

    /// The person says no.
    pub async fn device_decline(&self, waiting: &Waiting) -> Result<(), SignInError> {
        let Waiting { tenant, code, .. } = waiting;
        ended(self.store.device_code_decline(tenant.key, &code.hash, self.clock.now()).await)
    }

    /// Why a device gets nothing, if its code is one that waits. Nothing is written: asking changes nothing.
    pub(super) async fn device_waits(&self, asked: &Redemption<'_>) -> Result<Option<DeviceError>, SignInError> {
        not_by_a_page(asked.app)?;
        let now = self.clock.now();
        let (key, app_id) = (asked.tenant.key, asked.app.app_id.as_str());
        let found = self.store.device_code_waiting(key, &hash(asked.shown), app_id).await?;
        Ok(found.map(|code| still(&code, self.polls.note(&code.hash, now), now)))
    }
}

/// When devices last asked. Each server knows of itself, and forgets when it stops: then a device may ask sooner once.
pub(super) struct Polls {
    keys: Keys,
    last: Mutex<Recent<u64, Timestamp>>,
}

impl Default for Polls {
    fn default() -> Self {
        Self { keys: Keys::default(), last: Mutex::new(Recent::new(POLLS)) }
    }
}

impl Polls {
    /// Notes that a device asks now. When it did before.
    fn note(&self, hash: &str, now: Timestamp) -> Option<Timestamp> {
        let key = self.keys.of(&hash);
        let mut last = self.last.lock();
        let before = last.get(&key);
        last.set(key, now, |then| *then);
        before
    }
}

/// Why a device gets nothing that has no grant yet.
fn still(code: &DeviceCode, before: Option<Timestamp>, now: Timestamp) -> DeviceError {
    if now >= code.expires_at {
        DeviceError::Expired
    } else if code.declined {
        DeviceError::Declined
    } else if before.is_some_and(|then| now.0.abs_diff(then.0) < micros(TOO_SOON).unsigned_abs()) {
        DeviceError::TooSoon
    } else {
        DeviceError::Pending
    }
}

/// Somebody else may have been faster, or it was too late.
fn ended(outcome: Result<(), CommitError>) -> Result<(), SignInError> {
    match outcome {
        Err(CommitError::Conflict) => Err(SignInError::GrantExpired),
        outcome => Ok(outcome?),
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn after(now: Timestamp, lifetime: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(micros(lifetime)))
}

/// A new user's code, each as likely as any other.
fn user_code() -> Result<String, SignInError> {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SignInError::Signing)?;
        // 240 is the largest multiple of 20 that a byte can count to.
        let letters = bytes.iter().filter(|byte| **byte < 240).filter_map(|byte| LETTERS.get(usize::from(byte % 20)));
        code.extend(letters.map(|letter| char::from(*letter)).take(LENGTH - code.len()));
    }
    Ok(code)
}

/// A code as it was entered, in any letter case and with spaces or hyphens. None: it cannot be one.
fn normal(entered: &str) -> Option<String> {
    let code = entered.chars().filter(|letter| !matches!(letter, ' ' | '-')).take(LENGTH + 1).collect::<String>();
    let code = code.to_ascii_uppercase();
    (code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = user_code().unwrap();
        assert_eq!(normal(&code), Some(code.clone()));
        assert_eq!(normal(&format!(" {}-{} ", &code[..4].to_lowercase(), &code[4..])), Some(code.clone()));
        for bad in ["", &code[1..], &format!("{code}B"), "ABCDEFGHI", "BBBBBBBBé", "' OR '1'='1"] {
            assert_eq!(normal(bad), None, "{bad}");
        }
        assert_ne!(user_code().unwrap(), code);
    }

    #[test]
    fn what_a_device_is_told_while_it_has_no_grant() {
        let second = |number: i64| Timestamp(number * 1_000_000);
        let code = DeviceCode {
            hash: String::new(),
            user_code: String::new(),
            app_id: String::new(),
            details: GrantDetails::default(),
            created_at: second(0),
            expires_at: second(900),
            declined: false,
        };
        let before = Some(second(10));
        assert!(matches!(still(&code, before, second(12)), DeviceError::TooSoon));
        assert!(matches!(still(&code, before, second(13)), DeviceError::Pending));
        assert!(matches!(still(&code, None, second(1)), DeviceError::Pending));
        let declined = DeviceCode { declined: true, ..code };
        assert!(matches!(still(&declined, before, second(11)), DeviceError::Declined));
        assert!(matches!(still(&declined, before, second(900)), DeviceError::Expired));
    }
}
