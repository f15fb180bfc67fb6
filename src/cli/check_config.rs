//! `cardea check-config`: prints every option of `serve` as it would be taken, in the form of its variable.

use clap::{ArgMatches, CommandFactory, parser::ValueSource};

use super::{Error, print};
use crate::config::{Cli, REDACTED};

pub(super) fn run(matches: &ArgMatches) -> Result<(), Error> {
    print(&describe(matches))
}

/// A line for each option: `CARDEA_LISTEN=127.0.0.1:8080  # default`.
fn describe(matches: &ArgMatches) -> String {
    let command = Cli::command();
    let Some(given) = matches.subcommand_matches("check-config") else { return String::new() };
    let Some(command) = command.find_subcommand("check-config") else { return String::new() };
    let mut lines = Vec::new();
    for option in command.get_arguments() {
        let (Some(name), Some(id)) = (option.get_env(), given.ids().find(|id| *id == option.get_id())) else {
            continue;
        };
        let source = match given.value_source(id.as_str()) {
            Some(ValueSource::CommandLine) => "command line",
            Some(ValueSource::EnvVariable) => "environment",
            _ => "default",
        };
        let values = given.get_raw(id.as_str()).into_iter().flatten().map(|value| value.to_string_lossy());
        let value =
            if option.is_hide_env_values_set() { REDACTED.to_owned() } else { values.collect::<Vec<_>>().join(",") };
        lines.push(format!("{}={value}  # {source}\n", name.to_string_lossy()));
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_shown_and_no_secret() {
        let args = ["cardea", "check-config", "--listen", "0.0.0.0:1", "--database-url", "postgres://u:hunter2@h/d"];
        let text = describe(&Cli::command().try_get_matches_from(args).unwrap());
        assert!(text.contains("CARDEA_LISTEN=0.0.0.0:1  # command line\n"), "{text}");
        assert!(text.contains("CARDEA_DATABASE_URL=[redacted]  # command line\n"), "{text}");
        assert!(text.contains("CARDEA_REQUEST_TIMEOUT=30s  # "), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
