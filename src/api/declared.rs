//! Operations that have code of their own, declared where the code is: `#[utoipa::path]` says path and method, the doc
//! comment is summary and description, argument and return type are body and answers. One line lists it with the action
//! that it takes ([`operations!`]), and what is made of that routes, documents and authorizes it in both versions.
//!
//! Paths are written in v1.0's words; the metadata says them in beta's. A path that a version does not have is an
//! operation that the version does not have.

use http::Method;
use utoipa::openapi::{HttpMethod, path};

use super::{
    handler::{HandlerFn, Shape},
    operations::{Handler, Kind, Operation, entity_templates, one_template, upper_first},
    signatures::SIGNATURES,
};
use crate::{
    authz::table::{Action, to_read},
    model::{
        USER,
        meta::{Face, Version},
        spoken::spoken_in,
    },
    odata::{
        path::{Resource, parse},
        query::Rows,
    },
};

/// A declared operation, before it is said in a version's words.
pub(super) struct Declared {
    method: Method,
    /// The path, in v1.0's words, or in beta's where only that version has it.
    path: String,
    describe: fn() -> path::Operation,
    action: Action,
    shape: Shape,
    handler: Box<dyn Fn(&'static Face) -> Handler + Send + Sync>,
}

impl Declared {
    /// The operation that `P` annotates and `handler` carries out.
    pub(super) fn of<P: utoipa::Path, M: 'static>(handler: impl HandlerFn<M>, action: Action) -> Self {
        let shape = shape_of(&handler);
        Self {
            method: P::methods().first().map_or(Method::GET, method),
            path: P::path(),
            describe: P::operation,
            action,
            shape,
            handler: Box::new(move |face| handler.erased(face)),
        }
    }

    /// Method and path, as they are declared.
    #[cfg(test)]
    pub(super) fn declared_as(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The operation as a version has it, at each of its addresses: by the key, by alternate keys, and, where it is one
    /// of a type from which others are derived, on each of those. None, where the version does not have its path.
    pub(super) fn spoken(&self, version: Version) -> Vec<Operation> {
        let Some((template, resource)) = respelled(&self.path, version) else { return Vec::new() };
        let Some(face) = resource.rows().map(Rows::face) else { return Vec::new() };
        let Some(kind) = self.shape.kind(&resource) else { return Vec::new() };
        let annotated = spoken_in(version, self.describe);
        let operation = Operation {
            method: self.method.clone(),
            template,
            id: camel(annotated.operation_id.as_deref().unwrap_or_default()),
            summary: annotated.summary.clone().unwrap_or_default(),
            description: unwrapped(annotated.description.as_deref().unwrap_or_default()),
            kind,
            face,
            action: self.action,
            annotated: Some(annotated),
            handler: (self.handler)(face),
        };
        let mut all = vec![operation];
        match &resource {
            Resource::Rows(Rows::Keyed { of, .. }) if matches!(**of, Rows::All(_)) => by_alternate_keys(&mut all),
            Resource::Action(Rows::Keyed { of, .. }, name) if matches!(**of, Rows::All(_)) => {
                self.on_derived(name, &mut all);
            }
            _ => {}
        }
        all
    }

    /// Adds the action on each of the types that are derived from the one that has it.
    fn on_derived(&self, name: &str, all: &mut Vec<Operation>) {
        let Some(base) = all.first().cloned() else { return };
        let names = &base.face.entity.names;
        let derived = base.face.derived().filter(|face| face.entity.actions.contains(&name)).map(|face| {
            let said = |text: &str| text.replace(names.one, face.entity.names.one);
            let action = if self.action == to_read(base.face.entity) { to_read(face.entity) } else { self.action };
            Operation {
                template: format!("{}/{name}", one_template(face)),
                id: base.id.replace(&upper_first(base.face.name), face.entity.names.id),
                summary: said(&base.summary),
                description: said(&base.description),
                face,
                action,
                handler: (self.handler)(face),
                ..base.clone()
            }
        });
        all.extend(derived);
    }
}

/// Adds the operation at each alternate key of its entity.
fn by_alternate_keys(all: &mut Vec<Operation>) {
    let Some(by_key) = all.first().cloned() else { return };
    let alternate = entity_templates(by_key.face).into_iter().skip(1);
    all.extend(alternate.map(|(template, by)| Operation {
        template,
        id: format!("{}{by}", by_key.id),
        ..by_key.clone()
    }));
}

impl Shape {
    /// The kind of an operation at this address.
    fn kind(self, resource: &Resource) -> Option<Kind> {
        let related = |rows: &Rows| match rows {
            Rows::Related { navigation, .. } => Some(*navigation),
            _ => None,
        };
        Some(match (self, resource) {
            (Self::Create, _) => Kind::Create,
            (Self::Update, _) => Kind::Update,
            (Self::Delete, _) => Kind::Delete,
            (Self::Link, Resource::References(rows)) => Kind::AddReference(related(rows)?),
            (Self::Unlink, Resource::Reference(Rows::Keyed { of, .. })) => Kind::RemoveReference(related(of)?),
            (Self::Unlink, Resource::References(rows)) => match related(rows)? {
                many if many.is_collection() => Kind::RemoveReferenceById(many),
                one => Kind::RemoveReference(one),
            },
            (Self::Call, Resource::Action(_, name)) => {
                Kind::Call(SIGNATURES.iter().find(|signature| signature.name == *name)?)
            }
            _ => return None,
        })
    }
}

fn shape_of<M, H: HandlerFn<M>>(_: &H) -> Shape {
    H::SHAPE
}

fn method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::GET,
    }
}

/// A path in a version's words, and what it leads to there.
fn respelled(written: &str, version: Version) -> Option<(String, Resource)> {
    let own = "/me";
    if let Some(rest) = written.strip_prefix(own).filter(|rest| rest.starts_with('/')) {
        let person = one_template(USER.face(Version::V1));
        let (template, resource) = respelled(&format!("{person}{rest}"), version)?;
        let rest = template.strip_prefix(&one_template(USER.face(version)))?;
        return Some((format!("{own}{rest}"), resource));
    }
    let known = Version::ALL.into_iter().find_map(|version| parse(version, written.trim_start_matches('/')).ok())?;
    let path = match &known.resource {
        Resource::Rows(rows) => address(rows, version)?,
        Resource::References(rows) | Resource::Reference(rows) => format!("{}/$ref", address(rows, version)?),
        Resource::Action(rows, name) => format!("{}/{name}", address(rows, version)?),
        _ => return None,
    };
    let path = parse(version, &path).ok()?;
    Some((path.template, path.resource))
}

/// The path of rows in a version's words.
fn address(rows: &Rows, version: Version) -> Option<String> {
    Some(match rows {
        Rows::All(face) => Some(face.entity.face(version).path).filter(|path| !path.is_empty())?.to_owned(),
        Rows::Deleted(face) => face.entity.face(version).deleted_items?.to_owned(),
        Rows::Cast { of, face } => {
            format!("{}/{}", address(of, version)?, face.entity.face(version).qualified_name())
        }
        Rows::Keyed { of, value, .. } => format!("{}/{value}", address(of, version)?),
        Rows::Related { of, navigation, .. } => {
            let mut navigations = of.face().entity.face(version).navigations.iter();
            let same = navigations.find(|n| n.link == navigation.link && n.target == navigation.target)?;
            format!("{}/{}", address(of, version)?, same.name)
        }
    })
}

/// `create_access_package` as `createAccessPackage`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |id, word| id + &upper_first(word))
}

/// The paragraphs of a comment, each on one line.
fn unwrapped(comment: &str) -> String {
    let paragraph = |lines: &str| lines.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    comment.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// The operations of a file: each handler, after the action that it takes.
macro_rules! operations {
    ($($action:ident: $($handler:ident),+ $(,)?);+ $(;)?) => { ::pastey::paste! {
        vec![$($(
            $crate::api::declared::Declared::of::<[<__path_ $handler>], _>($handler, $crate::authz::Action::$action)
        ),+),+]
    } };
}
pub(super) use operations;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::api::{declared, operations as operations_of};

    #[test]
    fn every_declared_path_is_one_of_a_version() {
        for operation in declared() {
            let spoken = Version::ALL.iter().any(|version| !operation.spoken(*version).is_empty());
            assert!(spoken, "{} leads nowhere in any version", operation.declared_as());
        }
    }

    #[test]
    fn no_two_operations_share_an_address() {
        for version in Version::ALL {
            let mut seen = HashSet::new();
            for operation in operations_of(version) {
                let address = format!("{} {}", operation.method, operation.template);
                assert!(seen.insert(address.clone()), "{version}: {address}");
            }
        }
    }

    #[test]
    fn a_path_is_said_in_the_words_of_each_version() {
        let said = |written, version| respelled(written, version).map(|(template, _)| template);
        let entitlements = "/identityGovernance/entitlementManagement";
        let package = format!("{entitlements}/accessPackages/{{accessPackage-id}}/catalog/accessPackages");
        let beta = said(&package, Version::Beta).unwrap();
        assert_eq!(beta, package.replace("/catalog/", "/accessPackageCatalog/"));
        // A path that only one version has may be written in that version's words.
        assert_eq!(said(&beta, Version::V1).unwrap(), package);
        assert_eq!(said("/me/checkMemberGroups", Version::V1).unwrap(), "/me/checkMemberGroups");
        assert_eq!(said("/users/{user-id}/noSuchThing", Version::V1), None);
    }

    #[test]
    fn a_comment_is_a_summary_and_paragraphs() {
        assert_eq!(camel("create_access_package"), "createAccessPackage");
        assert_eq!(
            unwrapped("One line,\nand another.\n\nA second\nparagraph."),
            "One line, and another.\n\nA second paragraph."
        );
    }
}
