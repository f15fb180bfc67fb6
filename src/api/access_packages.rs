//! Operations of access packages.

use http::{Method, StatusCode};

use super::{
    error::Error,
    operations::{Call, Kind, Operation, entity_templates, set_template},
    respond::{self, Answer},
    write,
};
use crate::{
    authz::Action,
    model::{
        ACCESS_PACKAGE, AccessPackageInput,
        bind::Purpose,
        meta::{Face, Link, Navigation, Version},
    },
    odata::options,
};

/// The table.
pub fn operations(version: Version) -> Vec<Operation> {
    let face = ACCESS_PACKAGE.face(version);
    let set = set_template(face);
    let mut table = vec![
        Operation::new(Method::GET, set.clone(), "listAccessPackages", Kind::List, face)
            .about("List access packages", "Gives the access packages of the tenant, a page at a time."),
        Operation::new(Method::POST, set.clone(), "createAccessPackage", Kind::Create, face)
            .about("Create an access package", "Makes an access package in a catalog.")
            .takes(Action::ManagePackages)
            .by(|call| Box::pin(create(call))),
        Operation::new(Method::POST, format!("{set}/$ref"), "createAccessPackageByReference", Kind::Create, face)
            .about(
                "Create an access package at $ref",
                "Makes an access package in a catalog: the same as a create at the collection itself.",
            )
            .takes(Action::ManagePackages)
            .by(|call| Box::pin(create(call))),
        Operation::new(Method::GET, format!("{set}/$count"), "countAccessPackages", Kind::Count, face)
            .about("Count access packages", "Tells how many access packages there are, as a plain number."),
    ];
    for (one, by) in entity_templates(face) {
        table.extend([
            Operation::new(Method::GET, one.clone(), format!("getAccessPackage{by}"), Kind::Get, face)
                .about("Get an access package", "Gives one access package."),
            Operation::new(Method::PATCH, one.clone(), format!("updateAccessPackage{by}"), Kind::Update, face)
                .about(
                    "Update an access package",
                    "Changes what the body names and leaves the rest. A package stays in its catalog.",
                )
                .takes(Action::ManagePackages)
                .by(|call| Box::pin(update(call))),
            Operation::new(Method::DELETE, one, format!("deleteAccessPackage{by}"), Kind::Delete, face)
                .about("Delete an access package", "Removes an access package for good.")
                .takes(Action::ManagePackages)
                .by(|call| Box::pin(delete(call))),
        ]);
    }
    table.extend(related(version, face));
    table
}

/// What hangs below one package.
fn related(version: Version, face: &'static Face) -> Vec<Operation> {
    let one = format!("{}/{{{}-id}}", set_template(face), face.name);
    let operations = |navigation: &'static Navigation| {
        let (target, at) = (navigation.target.face(version), format!("{one}/{}", navigation.name));
        match navigation.link {
            Link::Column(_) => {
                vec![Operation::new(Method::GET, at, "getAccessPackageCatalog", Kind::Get, target).about(
                    "Get the catalog of an access package",
                    "Gives the catalog that the access package belongs to.",
                )]
            }
            Link::Table(_) if navigation.by_reference => {
                [incompatible(&at, target), incompatible_references(&at, navigation, target)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Link::Table(_) => incompatible_with(&at, target),
            Link::Inverse(_) | Link::Closure(_) => Vec::new(),
        }
    };
    face.navigations.iter().flat_map(operations).collect()
}

/// The packages whose holders may not be given this one.
fn incompatible(at: &str, target: &'static Face) -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, at.to_owned(), "listIncompatibleAccessPackages", Kind::List, target).about(
            "List incompatible access packages",
            "Gives the access packages whose holders may not be given this one.",
        ),
        Operation::new(Method::GET, format!("{at}/$count"), "countIncompatibleAccessPackages", Kind::Count, target)
            .about(
                "Count incompatible access packages",
                "Tells how many access packages have holders who may not be given this one.",
            ),
    ]
}

/// The links to them.
fn incompatible_references(at: &str, navigation: &'static Navigation, target: &'static Face) -> Vec<Operation> {
    let all = format!("{at}/$ref");
    let one = format!("{at}/{{{}-id1}}/$ref", target.name);
    let by_id = Kind::RemoveReferenceById(navigation);
    vec![
        Operation::new(
            Method::GET,
            all.clone(),
            "listIncompatibleAccessPackageReferences",
            Kind::ListReferences(navigation),
            target,
        )
        .about(
            "List references to incompatible access packages",
            "Gives the addresses of the access packages whose holders may not be given this one.",
        ),
        Operation::new(
            Method::POST,
            all.clone(),
            "addIncompatibleAccessPackage",
            Kind::AddReference(navigation),
            target,
        )
        .about(
            "Add an incompatible access package",
            "From now on holders of the access package that the body refers to may not be given this one. One that is \
             listed already stays listed.",
        )
        .takes(Action::ManagePackages)
        .by(|call| Box::pin(add_incompatible(call))),
        Operation::new(Method::DELETE, all, "removeIncompatibleAccessPackageById", by_id, target)
            .about(
                "Remove an incompatible access package by its address",
                "Holders of the access package that the query option refers to may be given this one again.",
            )
            .takes(Action::ManagePackages)
            .by(|call| Box::pin(remove_incompatible(call))),
        Operation::new(
            Method::DELETE,
            one,
            "removeIncompatibleAccessPackage",
            Kind::RemoveReference(navigation),
            target,
        )
        .about(
            "Remove an incompatible access package",
            "Holders of the other access package may be given this one again.",
        )
        .takes(Action::ManagePackages)
        .by(|call| Box::pin(remove_incompatible(call))),
    ]
}

/// The packages that holders of this one may not be given.
fn incompatible_with(at: &str, target: &'static Face) -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, at.to_owned(), "listAccessPackagesIncompatibleWith", Kind::List, target).about(
            "List access packages that this one rules out",
            "Gives the access packages that holders of this one may not be given.",
        ),
        Operation::new(Method::GET, format!("{at}/$count"), "countAccessPackagesIncompatibleWith", Kind::Count, target)
            .about(
                "Count access packages that this one rules out",
                "Tells how many access packages holders of this one may not be given.",
            ),
    ]
}

async fn create(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE.face(call.version);
    options::parse_none(&call.query)?;
    let body = call.bind::<AccessPackageInput>(face, Purpose::Create)?;
    let made = call.api.app.access_package_create(call.caller(), body.input).await.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(&call, face, &made, StatusCode::CREATED, body.declares_type))
}

async fn update(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE.face(call.version);
    options::parse_none(&call.query)?;
    let body = call.bind::<AccessPackageInput>(face, Purpose::Update)?;
    let (named, expected) = (call.named()?, call.expected());
    let app = &call.api.app;
    let done = app.access_package_update(call.caller(), named, &expected, body.input).await;
    let after = done.map_err(|e| Error::app(e, face))?;
    Ok(respond::written(&call, face, &after, StatusCode::OK, body.declares_type))
}

async fn delete(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE.face(call.version);
    options::parse_none(&call.query)?;
    let done = call.api.app.access_package_delete(call.caller(), call.named()?, &call.expected()).await;
    done.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn add_incompatible(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE.face(call.version);
    options::parse_none(&call.query)?;
    let other = call.reference_in_body(face)?;
    let (package, table) = call.linked()?;
    let done = call.api.app.access_package_add_incompatible(call.caller(), package, table, &other).await;
    done.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

async fn remove_incompatible(call: Call) -> Result<Answer, Error> {
    let face = ACCESS_PACKAGE.face(call.version);
    let other = write::reference_to_remove(&call, face)?;
    let (package, table) = call.linked()?;
    let done = call.api.app.access_package_remove_incompatible(call.caller(), package, table, &other).await;
    done.map_err(|e| Error::app(e, face))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
