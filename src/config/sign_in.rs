//! Options of signing in at the embedded authority.

use std::num::NonZeroU32;

use clap::Args;

use crate::authority::FailureLimits;

/// How signing in is limited.
#[derive(Debug, Args)]
pub struct SignIn {
    /// How many sign-ins may fail in a minute from one address (IPv6: from one /64 network), 0 for any number.
    #[arg(long, env = "CARDEA_FAILED_SIGN_INS_PER_ADDRESS", value_name = "N", default_value_t = FailureLimits::PER_ADDRESS)]
    pub failed_sign_ins_per_address: u32,
    /// How many sign-ins may fail in a minute in one tenant, 0 for any number.
    #[arg(long, env = "CARDEA_FAILED_SIGN_INS_PER_TENANT", value_name = "N", default_value_t = FailureLimits::PER_TENANT)]
    pub failed_sign_ins_per_tenant: u32,
}

impl SignIn {
    /// The authority's limits.
    pub fn failure_limits(&self) -> FailureLimits {
        FailureLimits {
            per_address: NonZeroU32::new(self.failed_sign_ins_per_address),
            per_tenant: NonZeroU32::new(self.failed_sign_ins_per_tenant),
        }
    }
}
