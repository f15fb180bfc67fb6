//! What a client shows for tokens of a person, as it passes the gate.

use super::{
    Authority, DeviceError, Redemption, SignInError, Tokens, Visit,
    gate::{By, Try},
    remember::Attempt,
};
use crate::store::GrantKind;

/// What a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// An authorization code.
    Code,
    /// A refresh token.
    RefreshToken,
    /// A device's code.
    DeviceCode,
}

impl Shown {
    const fn grant(self) -> &'static str {
        match self {
            Self::Code => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::DeviceCode => "device_code",
        }
    }
}

impl Authority {
    /// Tokens for what a client shows. A failure is counted and noted; that a device waits for its person is none.
    pub async fn redeem(&self, asked: Redemption<'_>, shown: Shown, visit: Visit<'_>) -> Result<Tokens, DeviceError> {
        // Nobody guesses a device's code that waits, so it is not held up by the failures of others.
        if shown == Shown::DeviceCode
            && let Some(waits) = self.device_waits(&asked).await?
        {
            return Err(waits);
        }
        let (tenant, app) = (asked.tenant, asked.app);
        let by = By::Grant(&app.app_id);
        let one = Try { tenant: Some(tenant.key), by, address: visit.address, now: self.clock.now() };
        self.gate.may_try(&one).map_err(SignInError::Slow)?;
        let outcome = match shown {
            Shown::Code => self.redeem_code(asked).await,
            Shown::RefreshToken => self.redeem_refresh(asked).await,
            Shown::DeviceCode => self.redeem_device(asked).await,
        };
        match outcome {
            Ok(tokens) => {
                self.gate.succeeded(&one);
                Ok(tokens)
            }
            Err(error) => {
                if let Some(code) = error.number() {
                    self.gate.failed(&one);
                    let reason = error.to_string();
                    let attempt = Attempt {
                        app_id: Some(&app.app_id),
                        app_name: Some(&app.display_name),
                        grant: shown.grant(),
                        visit,
                        failure: Some((code, &reason)),
                        ..Attempt::default()
                    };
                    self.note_failure((tenant.key, &tenant.id), &attempt);
                }
                Err(match error {
                    SignInError::GrantExpired if shown == Shown::DeviceCode => DeviceError::Expired,
                    SignInError::Grant(_) if shown == Shown::DeviceCode => DeviceError::Unknown,
                    error => error.into(),
                })
            }
        }
    }

    async fn redeem_device(&self, asked: Redemption<'_>) -> Result<Tokens, SignInError> {
        let grant = self.use_grant(&asked, GrantKind::Device).await?;
        self.tokens(&asked, grant).await
    }
}
