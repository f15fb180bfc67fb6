//! The options of connections, of what they may cost, and of whom the server answers for.

use std::time::Duration;

use clap::Args;

use super::duration;
use crate::{api::memory, server};

/// What connections may cost, and for which hosts the server answers.
#[derive(Debug, Args)]
pub struct Connections {
    /// A host that clients may ask for beside localhost and the address that is listened on: a name, `*.` and a name, an
    /// address, or `*` for all. With a public URL and none of these it may be any.
    #[arg(long = "allowed-host", env = "CARDEA_ALLOWED_HOSTS", value_name = "NAME", value_delimiter = ',', value_parser = allowed_host)]
    pub allowed_hosts: Vec<String>,
    /// Another address and port for /healthz and /readyz alone, over plain HTTP. No other connection takes its places.
    #[arg(long, env = "CARDEA_HEALTH_LISTEN", value_name = "ADDR")]
    pub health_listen: Option<String>,
    /// How many connections one address may have, 0 for any number. For one more the one that has been idle longest is
    /// closed. Trusted proxies may have any number.
    #[arg(long, env = "CARDEA_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = server::Options::default().max_connections_per_address)]
    pub max_connections_per_address: usize,
    /// A connection on which the head of a request takes longer is closed.
    #[arg(long, env = "CARDEA_HEADER_TIMEOUT", value_name = "TIME", value_parser = duration, default_value = "10s")]
    pub header_timeout: Duration,
    /// A connection whose client takes longer for 32 KiB of an answer is closed.
    #[arg(long, env = "CARDEA_SEND_TIMEOUT", value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub send_timeout: Duration,
    /// How much memory requests and answers may take until they are sent, in MiB; more are answered with 503.
    #[arg(long, env = "CARDEA_ANSWER_MEMORY_MIB", value_name = "MIB", default_value_t = memory::DEFAULT_LIMIT >> 20)]
    pub answer_memory_mib: usize,
}

/// Reads a host. An empty variable is an unset one.
fn allowed_host(text: &str) -> Result<String, String> {
    if text.is_empty() || server::Hosts::is_name(text) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is neither a host name without a port, nor an address, nor *"))
}
