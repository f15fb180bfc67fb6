//! The options of the commands that fill a tenant and take out what is in it.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::{Common, InTenant};
use crate::app::directory::import::Kind;

/// Fill a tenant from a file.
#[derive(Debug, Args)]
pub struct Import {
    /// With what.
    #[command(subcommand)]
    pub command: ImportCommand,
}

/// What is imported.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import people, groups, applications and service principals.
    ///
    /// The file holds a JSON object a line (each says by @odata.type what it is, or --type does), or is a saved answer of
    /// Graph to a list, or CSV of people. An object that is there is changed where it differs, any other is made; members,
    /// owners and managers are named by id or userPrincipalName, also before they come. The whole file is checked before
    /// anything is written. To import the same file again changes nothing, and goes on where an import was interrupted.
    Directory(ImportDirectory),
}

/// What is imported into the directory, and how.
#[derive(Debug, Args)]
pub struct ImportDirectory {
    /// The file; - is stdin.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What the file is; without it, its name says or its beginning.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// What the objects are that do not say: user, group, application or servicePrincipal.
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    pub kind: Option<Kind>,
    /// Write nothing, and print what would be made and changed, property by property.
    #[arg(long, action = ArgAction::SetTrue)]
    pub dry_run: bool,
    /// When an object is wrong, tell what is wrong with all that are, and import the others.
    #[arg(long, action = ArgAction::SetTrue)]
    pub keep_going: bool,
    /// The tenant.
    #[command(flatten)]
    pub tenant: InTenant,
    /// Where, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// A form of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A JSON object a line.
    Jsonl,
    /// What Graph answers when it lists something, or a JSON array.
    Json,
    /// Comma-separated values below a line of property names; what a list holds is separated by semicolons.
    Csv,
}

/// Take out what is in a tenant.
#[derive(Debug, Args)]
pub struct Export {
    /// What.
    #[command(subcommand)]
    pub command: ExportCommand,
}

/// What is exported.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Print people, groups, applications and service principals, a JSON object a line, as `import` takes them.
    ///
    /// Passwords and secrets are left out: there are only hashes of them.
    Directory(ExportDirectory),
}

/// What is exported of the directory, and where to.
#[derive(Debug, Args)]
pub struct ExportDirectory {
    /// Only objects of this type; may be repeated.
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    pub kinds: Vec<Kind>,
    /// The file to write rather than stdout.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The tenant.
    #[command(flatten)]
    pub tenant: InTenant,
    /// Where.
    #[command(flatten)]
    pub common: Common,
}

fn kind(text: &str) -> Result<Kind, String> {
    let known = Kind::ALL.map(Kind::name).join(", ");
    Kind::named(text).ok_or_else(|| format!("{text:?} is none of {known}"))
}
