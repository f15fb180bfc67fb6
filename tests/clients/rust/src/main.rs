//! Creates, reads, lists, changes and deletes an access package with the generated client `graph`.
//!
//! usage: cardea-client-rust SERVICE_ROOT TOKEN        (SERVICE_ROOT ends in /v1.0 or /beta)

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{AUTHORIZATION, HeaderMap};

#[allow(dead_code, unused_imports)]
mod graph {
    include!(concat!(env!("OUT_DIR"), "/graph.rs"));
}

#[cfg_attr(feature = "v1.0", path = "bodies_v1.rs")]
#[cfg_attr(feature = "beta", path = "bodies_beta.rs")]
mod bodies;

use graph::types::MicrosoftGraphAccessPackageUpdate as Change;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let service_root = args.next().context("no SERVICE_ROOT")?;
    let token = args.next().context("no TOKEN")?;
    let name = format!("Rust {}", uuid::Uuid::new_v4());

    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse()?)]);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let client = graph::Client::new_with_client(&service_root, http);

    let catalog = client.create_catalog().body(bodies::catalog(&name)?).send().await?.into_inner();
    let catalog_id = catalog.id.context("the catalog has no id")?;

    let package = bodies::access_package(&name, &catalog_id)?;
    let created = client.create_access_package().body(package).send().await?.into_inner();
    ensure!(created.display_name.as_deref() == Some(&*name), "created {created:?}");
    let id = created.id.context("the package has no id")?;

    let read = client.get_access_package().access_package_id(&*id).send().await?;
    ensure!(read.id.as_ref() == Some(&id), "read {read:?}");

    let page = client
        .list_access_packages()
        .filter(format!("displayName eq '{name}'"))
        .orderby("displayName desc")
        .top(5)
        .send()
        .await?;
    ensure!(page.value.iter().map(|listed| listed.id.as_ref()).eq([Some(&id)]), "listed {page:?}");

    let change: Change = Change::builder().description("changed".to_owned()).try_into()?;
    let updated = client.update_access_package().access_package_id(&*id).body(change).send().await?;
    ensure!(updated.status() == 204, "update answered {}", updated.status());
    let read = client.get_access_package().access_package_id(&*id).send().await?;
    ensure!(read.description.as_deref() == Some("changed"), "read {read:?}");
    ensure!(read.is_hidden == Some(true), "the change reset isHidden");

    let deleted = client.delete_access_package().access_package_id(&*id).send().await?;
    ensure!(deleted.status() == 204, "delete answered {}", deleted.status());

    let code = match client.get_access_package().access_package_id(&*id).send().await {
        Err(graph::Error::ErrorResponse(gone)) if gone.status() == 404 => gone.into_inner().error.code,
        other => bail!("read after delete: {other:?}"),
    };

    client.delete_catalog().access_package_catalog_id(&catalog_id).send().await?;
    println!("rust {}: ok ({code} after delete)", service_root.rsplit('/').next().unwrap_or_default());
    Ok(())
}
