//! `cardea audit …`: proves that no record is missing or altered, and exports them.

use std::io::{self, BufWriter, Write};

use serde_json::json;
use tokio::runtime;

use super::{Error, open_authority, open_store, print};
use crate::{
    clock::Clock,
    config::{Audit, AuditCommand},
    model::audit::Head,
    store,
};

pub(super) fn run(config: &Audit) -> Result<(), Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    runtime.block_on(async {
        let common = config.command.common();
        let store = open_store(&common.database).await?;
        let result = work(config, &store).await;
        store.close().await;
        result
    })
}

async fn work(config: &Audit, store: &std::sync::Arc<dyn store::Store>) -> Result<(), Error> {
    let common = config.command.common();
    let authority = open_authority(store, &Clock::System, common.tokens.options()).await?;
    match &config.command {
        AuditCommand::Verify { tenant, expect, .. } => {
            let tenants = match tenant {
                Some(name) => vec![authority.tenant_find(Some(name)).await?],
                None => authority.tenant_list().await?,
            };
            let mut broken = 0;
            for tenant in tenants {
                let found = store::verify(&**store, tenant.key, expect.as_ref()).await?;
                let said = match &found {
                    Ok(Head { sequence, hash }) if common.json => {
                        json!({ "tenantId": tenant.id, "whole": true, "records": sequence, "head": format!("{sequence}:{hash}") })
                            .to_string()
                    }
                    Err(reason) if common.json => {
                        json!({ "tenantId": tenant.id, "whole": false, "reason": reason.to_string() }).to_string()
                    }
                    Ok(Head { sequence, hash }) => format!("{}  whole  {sequence}:{hash}", tenant.id),
                    Err(reason) => format!("{}  BROKEN  {reason}", tenant.id),
                };
                print(&format!("{said}\n"))?;
                broken += usize::from(found.is_err());
            }
            if broken == 0 { Ok(()) } else { Err(Error::AuditBroken) }
        }
        AuditCommand::Export { tenant, after, .. } => {
            let tenant = authority.tenant_find(tenant.as_deref()).await?;
            let mut out = BufWriter::new(io::stdout().lock());
            let line = |json: &[u8]| out.write_all(json).and_then(|()| out.write_all(b"\n")).map_err(Error::Output);
            store::export(&**store, tenant.key, *after, line).await?;
            out.flush().map_err(Error::Output)
        }
    }
}
