//! Operations of catalogs.

use http::{Method, StatusCode};

use super::{
    error::Error,
    operations::{Call, Kind, Operation, entity_templates, set_template},
    respond::{self, Answer},
};
use crate::{
    authz::Action,
    model::{ACCESS_PACKAGE_CATALOG, AccessPackageCatalogInput, bind::Purpose, meta::Version},
    odata::options,
};

/// The table.
pub fn operations(version: Version) -> Vec<Operation> {
    let face = ACCESS_PACKAGE_CATALOG.face(version);
    let set = set_template(face);
    let mut table = vec![
        Operation::new(Method::GET, set.clone(), "listCatalogs", Kind::List, face)
            .about("List catalogs", "Gives the catalogs of the tenant, a page at a time."),
        Operation::new(Method::POST, set.clone(), "createCatalog", Kind::Create, face)
            .about("Create a catalog", "Makes an empty catalog. Who may do so by a role alone becomes its owner.")
            .takes(Action::CreateCatalog)
            .by(|call| Box::pin(create(call))),
        Operation::new(Method::GET, format!("{set}/$count"), "countCatalogs", Kind::Count, face)
            .about("Count catalogs", "Tells how many catalogs there are, as a plain number."),
    ];
    for (one, by) in entity_templates(face) {
        table.extend([
            Operation::new(Method::GET, one.clone(), format!("getCatalog{by}"), Kind::Get, face)
                .about("Get a catalog", "Gives one catalog."),
            Operation::new(Method::PATCH, one.clone(), format!("updateCatalog{by}"), Kind::Update, face)
                .about("Update a catalog", "Changes what the body names and leaves the rest.")
                .takes(Action::ManageCatalog)
                .by(|call| Box::pin(update(call))),
            Operation::new(Method::DELETE, one, format!("deleteCatalog{by}"), Kind::Delete, face)
                .about("Delete a catalog", "Removes a catalog that holds no access packages.")
                .takes(Action::ManageCatalog)
                .by(|call| Box::pin(delete(call))),
        ]);
    }
    let one = format!("{set}/{{{}-id}}", face.name);
    for navigation in face.navigations {
        let (target, at) = (navigation.target.face(version), format!("{one}/{}", navigation.name));
        table.extend([
            Operation::new(Method::GET, at.clone(), "listCatalogAccessPackages", Kind::List, target)
                .about("List the access packages of a catalog", "Gives the access packages in one catalog."),
            Operation::new(Method::GET, format!("{at}/$count"), "countCatalogAccessPackages", Kind::Count, target)
                .about("Count the access packages of a catalog", "Tells how many access packages are in one catalog."),
            Operation::new(
                Method::GET,
                format!("{at}/{{{}-id}}", target.name),
                "getCatalogAccessPackage",
                Kind::Get,
                target,
            )
            .about("Get an access package of a catalog", "Gives one access package of one catalog."),
        ]);
    }
    table
}

async fn create(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE_CATALOG.face(call.version);
    options::parse_none(&call.query)?;
    let body = call.bind::<AccessPackageCatalogInput>(face, Purpose::Create)?;
    let made = call.api.app.catalog_create(call.caller(), body.input).await.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(&call, face, &made, StatusCode::CREATED, body.declares_type))
}

async fn update(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE_CATALOG.face(call.version);
    options::parse_none(&call.query)?;
    let body = call.bind::<AccessPackageCatalogInput>(face, Purpose::Update)?;
    let (named, expected) = (call.named()?, call.expected());
    let done = call.api.app.catalog_update(call.caller(), named, &expected, body.input).await;
    let after = done.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(&call, face, &after, StatusCode::OK, body.declares_type))
}

async fn delete(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE_CATALOG.face(call.version);
    options::parse_none(&call.query)?;
    let done = call.api.app.catalog_delete(call.caller(), call.named()?, &call.expected()).await;
    done.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
