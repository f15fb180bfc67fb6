//! The options of the commands that manage tenants and applications.

use std::time::Duration;

use clap::{ArgAction, Args, Subcommand};

use super::{Database, Tokens, duration};
use crate::{authz, model::audit::Head};

/// Manage tenants: worlds of their own, each with its own catalogs, packages and applications.
#[derive(Debug, Args)]
pub struct Tenant {
    /// What to do.
    #[command(subcommand)]
    pub command: TenantCommand,
}

/// What to do about tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant.
    Create {
        /// Its name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// A domain name that names it as its id does; may be repeated.
        #[arg(long = "domain", value_name = "DOMAIN")]
        domains: Vec<String>,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// List all tenants.
    List {
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Delete a tenant that holds nothing but its built-in catalog.
    Delete {
        /// The tenant, by its id or a domain name.
        #[arg(value_name = "TENANT")]
        tenant: String,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
}

/// Manage the keys that tokens are signed with.
#[derive(Debug, Args)]
pub struct Key {
    /// What to do.
    #[command(subcommand)]
    pub command: KeyCommand,
}

/// What to do about keys. Private halves are never shown.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys; the first one signs.
    List {
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Make a key that signs from now on. What the others have signed still counts.
    Rotate {
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Withdraw a key: what it has signed counts no more.
    Withdraw {
        /// The key.
        #[arg(value_name = "KID")]
        kid: String,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
}

impl KeyCommand {
    /// Where, and how to print.
    pub fn common(&self) -> &Common {
        match self {
            Self::List { common } | Self::Rotate { common } | Self::Withdraw { common, .. } => common,
        }
    }
}

/// Manage people who can sign in.
#[derive(Debug, Args)]
pub struct User {
    /// What to do.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// What to do about people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a person. The password is made up and printed this once, unless it comes from stdin.
    Create {
        /// The name to sign in by, such as ada@contoso.example.
        #[arg(value_name = "UPN")]
        upn: String,
        /// The name that people see.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// A directory role; may be repeated.
        #[arg(long = "directory-role", value_name = "NAME")]
        directory_roles: Vec<String>,
        /// Read the password from the first line of stdin.
        #[arg(long, action = ArgAction::SetTrue)]
        password_stdin: bool,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// List the people of a tenant.
    List {
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Change a password. Whoever is signed in by the old one has to sign in again.
    SetPassword {
        /// The person.
        #[arg(value_name = "UPN")]
        upn: String,
        /// Read the password from the first line of stdin.
        #[arg(long, action = ArgAction::SetTrue)]
        password_stdin: bool,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Delete a person.
    Delete {
        /// The person.
        #[arg(value_name = "UPN")]
        upn: String,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
}

impl UserCommand {
    /// Where, and how to print.
    pub fn common(&self) -> &Common {
        match self {
            Self::Create { common, .. }
            | Self::List { common, .. }
            | Self::SetPassword { common, .. }
            | Self::Delete { common, .. } => common,
        }
    }

    /// The tenant, as it is named.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Create { tenant, .. }
            | Self::List { tenant, .. }
            | Self::SetPassword { tenant, .. }
            | Self::Delete { tenant, .. } => tenant.tenant.as_deref(),
        }
    }
}

/// Manage provisioning clients: identity providers that push people and groups into a tenant over SCIM.
#[derive(Debug, Args)]
pub struct Scim {
    /// What to do.
    #[command(subcommand)]
    pub command: ScimCommand,
}

/// What to do about provisioning clients.
#[derive(Debug, Subcommand)]
pub enum ScimCommand {
    /// Make a provisioning client, and print its token: this once.
    Create {
        /// Its name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// How long the token counts. Without it, until it is replaced.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        expires: Option<Duration>,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// List the provisioning clients of a tenant.
    List {
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Give a provisioning client a new token, and print it: this once. The old one counts no more.
    Rotate {
        /// The client.
        #[arg(value_name = "ID")]
        id: String,
        /// How long the token counts. Without it, until it is replaced.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        expires: Option<Duration>,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Delete a provisioning client. What it pushed stays.
    Delete {
        /// The client.
        #[arg(value_name = "ID")]
        id: String,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
}

impl ScimCommand {
    /// Where, and how to print.
    pub fn common(&self) -> &Common {
        match self {
            Self::Create { common, .. }
            | Self::List { common, .. }
            | Self::Rotate { common, .. }
            | Self::Delete { common, .. } => common,
        }
    }

    /// The tenant, as it is named.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Create { tenant, .. }
            | Self::List { tenant, .. }
            | Self::Rotate { tenant, .. }
            | Self::Delete { tenant, .. } => tenant.tenant.as_deref(),
        }
    }
}

/// Prove that no audit record is missing or altered, or export them.
#[derive(Debug, Args)]
pub struct Audit {
    /// What to do.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// What to do with the audit records.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Go through the chains of records, and print where each ends; the exit code is 1 if one is not whole.
    Verify {
        /// The tenant, by its id or a domain name. Without it, all.
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Where the chain ended once, as this command printed it: number, colon, hash. It must still go through there.
        #[arg(long, value_name = "HEAD", requires = "tenant", value_parser = head)]
        expect: Option<Head>,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Print the records of a tenant, a JSON object a line, the oldest first.
    Export {
        /// The tenant, by its id or a domain name. Without it, the oldest.
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Only the records after the one with this number.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
        /// Where.
        #[command(flatten)]
        common: Common,
    },
}

impl AuditCommand {
    /// Where, and how to print.
    pub fn common(&self) -> &Common {
        match self {
            Self::Verify { common, .. } | Self::Export { common, .. } => common,
        }
    }
}

/// Reads where a chain ended.
fn head(text: &str) -> Result<Head, String> {
    let read = || {
        let (sequence, hash) = text.split_once(':')?;
        let good = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Head { sequence: sequence.parse().ok()?, hash: good.then(|| hash.to_ascii_lowercase())? })
    };
    read().ok_or_else(|| format!("{text:?} is not the end of a chain: a number, a colon and 64 hexadecimal digits"))
}

/// Manage applications: programs that sign in with a client id and a secret.
#[derive(Debug, Args)]
pub struct App {
    /// What to do.
    #[command(subcommand)]
    pub command: AppCommand,
}

/// What to do about applications.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Make an application, and print its client id and its secret: this once.
    Create {
        /// Its name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// An application permission that it has; may be repeated.
        #[arg(long = "role", value_name = "PERMISSION", default_value = authz::READ_WRITE_ALL)]
        roles: Vec<String>,
        /// Where people may be sent back to when they have signed in; may be repeated.
        #[arg(long = "redirect-uri", value_name = "URI")]
        redirect_uris: Vec<String>,
        /// A delegated permission that it may have for people who sign in; may be repeated.
        #[arg(long = "scope", value_name = "PERMISSION")]
        scopes: Vec<String>,
        /// A file with a certificate in PEM, by whose RSA key it may prove itself beside its secret; may be repeated.
        #[arg(long = "certificate", value_name = "FILE")]
        certificates: Vec<std::path::PathBuf>,
        /// A program that cannot keep a secret: it gets none, and no application permission.
        #[arg(long, action = ArgAction::SetTrue)]
        public: bool,
        /// How long the secret counts.
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = "730d")]
        secret_lifetime: Duration,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// List the applications of a tenant.
    List {
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Give an application a new secret, and print it: this once. The old one counts no more.
    RotateSecret {
        /// The application's client id.
        #[arg(value_name = "CLIENT_ID")]
        client_id: String,
        /// How long the secret counts.
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = "730d")]
        secret_lifetime: Duration,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
    /// Delete an application. Tokens that it has stay good until they expire.
    Delete {
        /// The application's client id.
        #[arg(value_name = "CLIENT_ID")]
        client_id: String,
        /// The tenant.
        #[command(flatten)]
        tenant: InTenant,
        /// Where, and how to print.
        #[command(flatten)]
        common: Common,
    },
}

/// In which tenant.
#[derive(Debug, Args)]
pub struct InTenant {
    /// The tenant, by its id or a domain name. Without it, the oldest.
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
}

/// Where the data is, and how to print.
#[derive(Debug, Args)]
pub struct Common {
    /// Where the data is.
    #[command(flatten)]
    pub database: Database,
    /// Whom tokens are for.
    #[command(flatten)]
    pub tokens: Tokens,
    /// Print JSON.
    #[arg(long, action = ArgAction::SetTrue)]
    pub json: bool,
}

impl TenantCommand {
    /// Where, and how to print.
    pub fn common(&self) -> &Common {
        match self {
            Self::Create { common, .. } | Self::List { common } | Self::Delete { common, .. } => common,
        }
    }
}

impl AppCommand {
    /// Where, and how to print.
    pub fn common(&self) -> &Common {
        match self {
            Self::Create { common, .. }
            | Self::List { common, .. }
            | Self::RotateSecret { common, .. }
            | Self::Delete { common, .. } => common,
        }
    }

    /// The tenant's name, if one is said.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Create { tenant, .. }
            | Self::List { tenant, .. }
            | Self::RotateSecret { tenant, .. }
            | Self::Delete { tenant, .. } => tenant.tenant.as_deref(),
        }
    }
}
