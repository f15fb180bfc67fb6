//! From a URL's path to what it addresses: a walk over the metadata, segment by segment.
//!
//! Segments are split first and decoded then, so a key may hold any character, `/` included. Names match in any letter
//! case; keys match exactly. A path has at most [`MAX_SEGMENTS`] segments.

use std::{borrow::Cow, fmt::Write};

use super::{
    decode,
    error::{Error, did_you_mean, names, shown},
    key,
    query::Rows,
};
use crate::model::{
    ENTITY_TYPES,
    meta::{EntityType, Face, ID, Navigation, Property, Version},
};

/// The largest number of segments. Graph's longest documented path has as many.
pub const MAX_SEGMENTS: usize = 18;

/// Segments that OData knows and that are missing here.
const MISSING: [&str; 8] = ["$all", "$crossjoin", "$each", "$entity", "$filter", "$links", "$query", "$search"];

/// What a path addresses.
#[derive(Clone, Debug)]
pub struct Path {
    /// The thing itself.
    pub resource: Resource,
    /// The path as it is documented, with the keys' names in place of the keys:
    /// `/identityGovernance/entitlementManagement/accessPackages/{accessPackage-id}/catalog`.
    pub template: String,
    /// The same with the key in place of each alternate key: how an operation is found that has no template of its own for
    /// them.
    pub by_key: String,
}

/// A thing that has a path.
#[derive(Clone, Debug)]
pub enum Resource {
    /// `/`
    ServiceDocument,
    /// `/$metadata`
    Metadata,
    /// `/$batch`
    Batch,
    /// A collection, an entity, or what a single-valued navigation property leads to.
    Rows(Rows),
    /// `collection/$count`
    Count(Rows),
    /// `/$ref` on a collection or on a single-valued navigation property.
    References(Rows),
    /// `collection/{id}/$ref`
    Reference(Rows),
    /// `entity/action` or `collection/action`
    Action(Rows, &'static str),
    /// `entity/property`
    Property(Rows, &'static Property),
    /// `entity/property/$value`
    PropertyValue(Rows, &'static Property),
}

impl Resource {
    /// The rows that it is, or is about.
    pub fn rows(&self) -> Option<&Rows> {
        match self {
            Self::ServiceDocument | Self::Metadata | Self::Batch => None,
            Self::Rows(rows)
            | Self::Count(rows)
            | Self::References(rows)
            | Self::Reference(rows)
            | Self::Action(rows, _)
            | Self::Property(rows, _)
            | Self::PropertyValue(rows, _) => Some(rows),
        }
    }
}

/// Reads a path as it stands in the URL, percent-encoded, without the version's segment.
pub fn parse(version: Version, path: &str) -> Result<Path, Error> {
    parse_in(ENTITY_TYPES, version, path)
}

/// [`parse`], for the entity types given.
pub(super) fn parse_in(types: &[&'static EntityType], version: Version, path: &str) -> Result<Path, Error> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let whole =
        |resource, template: &str| Ok(Path { resource, template: template.to_owned(), by_key: template.to_owned() });
    if path.is_empty() {
        return whole(Resource::ServiceDocument, "/");
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    match decoded(path) {
        Ok(name) if name.eq_ignore_ascii_case("$metadata") => return whole(Resource::Metadata, "/$metadata"),
        Ok(name) if name.eq_ignore_ascii_case("$batch") => return whole(Resource::Batch, "/$batch"),
        _ => {}
    }
    if path.split('/').nth(MAX_SEGMENTS).is_some() {
        return Err(Error::bad_request(format!("The path has more than {MAX_SEGMENTS} segments.")));
    }
    match place(types, version, path) {
        Some((rows, within)) => {
            let mut segments = within.split('/');
            walk(rows, segments.next().unwrap_or_default(), segments)
        }
        None => Err(nowhere(types, version, path)),
    }
}

/// The face whose collection a path begins with, and the path from the collection's name on. What several collections are
/// below is compared once.
fn place<'a>(types: &[&'static EntityType], version: Version, path: &'a str) -> Option<(Rows, &'a str)> {
    // The folder that was looked at last, and the path below it with its first segment decoded, if it is below it.
    let mut seen = None;
    let mut within: Option<(&'a str, Cow<'a, str>)> = None;
    for (rows, whole) in collections(types, version) {
        let (folder, set) = whole.rsplit_once('/').unwrap_or(("", whole));
        if seen != Some(folder) {
            seen = Some(folder);
            within = below(path, folder)
                .and_then(|rest| Some((rest, decode::segment(rest.split('/').next().unwrap_or_default()).ok()?)));
        }
        if let Some((rest, segment)) = &within {
            let name = key::split(segment).map_or(&**segment, |(name, _)| name);
            if set.eq_ignore_ascii_case(name) {
                return Some((rows, rest));
            }
        }
    }
    None
}

/// The collections that paths begin with, and where they are.
fn collections(types: &[&'static EntityType], version: Version) -> impl Iterator<Item = (Rows, &'static str)> {
    let faces = types.iter().map(move |entity| entity.face(version));
    faces.flat_map(|face| {
        let deleted = face.deleted_items.map(|path| (Rows::Deleted(face), path));
        let all = (!face.path.is_empty()).then_some((Rows::All(face), face.path));
        all.into_iter().chain(deleted)
    })
}

/// What of a path is below a folder.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() {
        return Some(path);
    }
    folder.split('/').try_fold(path, |rest, expected| {
        let (segment, rest) = rest.split_once('/')?;
        decode::segment(segment).ok()?.eq_ignore_ascii_case(expected).then_some(rest)
    })
}

/// Why a path does not begin with any collection.
fn nowhere(types: &[&'static EntityType], version: Version, path: &str) -> Error {
    let mut open: Vec<std::str::Split<'static, char>> =
        collections(types, version).map(|(_, path)| path.split('/')).collect();
    let mut last = Cow::Borrowed("");
    for raw in path.split('/') {
        let segment = match decoded(raw) {
            Ok(segment) => segment,
            Err(error) => return error,
        };
        let names: Vec<&'static str> = open.iter_mut().map(|path| path.next().unwrap_or_default()).collect();
        if !names.iter().any(|name| segment.eq_ignore_ascii_case(name)) {
            return unknown(raw, &segment, names.into_iter().filter(|name| !name.is_empty()));
        }
        let mut fits = names.iter().map(|name| segment.eq_ignore_ascii_case(name));
        open.retain(|_| fits.next().unwrap_or_default());
        last = segment;
    }
    // A path that ends in a folder addresses nothing.
    Error::not_found(&last)
}

/// Reads a path that begins with the name of a collection, wherever that is.
pub(super) fn parse_from_set(types: &[&'static EntityType], version: Version, path: &str) -> Result<Path, Error> {
    let mut segments = path.split('/');
    let raw = segments.next().unwrap_or_default();
    let segment = decoded(raw)?;
    let name = key::split(&segment).map_or(&*segment, |(name, _)| name);
    let faces = || types.iter().map(|entity| entity.face(version)).filter(|face| !face.path.is_empty());
    match faces().find(|face| face.set.eq_ignore_ascii_case(name)) {
        Some(face) if segments.clone().count() < MAX_SEGMENTS => walk(Rows::All(face), raw, segments),
        Some(_) => Err(Error::bad_request(format!("The path has more than {MAX_SEGMENTS} segments."))),
        None => Err(unknown(raw, &segment, faces().map(|face| face.set))),
    }
}

/// Walks on from a collection, whose segment is `raw`.
fn walk<'a>(rows: Rows, raw: &str, segments: impl Iterator<Item = &'a str>) -> Result<Path, Error> {
    let mut walk = Walk::from_set(rows, raw)?;
    for segment in segments {
        walk.step(segment)?;
    }
    Ok(Path { resource: walk.at, template: walk.template, by_key: walk.by_key })
}

fn decoded(raw: &str) -> Result<Cow<'_, str>, Error> {
    decode::segment(raw)
        .map_err(|reason| Error::bad_request(format!("The path segment '{}' is malformed: {reason}.", shown(raw))))
}

/// A walk, and where it has got to.
struct Walk {
    version: Version,
    at: Resource,
    template: String,
    /// As in [`Path::by_key`].
    by_key: String,
    /// The parameters of the template so far.
    parameters: Vec<&'static str>,
    /// The types whose keys the path has so far, whichever key it was.
    keyed: Vec<&'static str>,
}

impl Walk {
    fn from_set(rows: Rows, raw: &str) -> Result<Self, Error> {
        let face = rows.face();
        let segment = decoded(raw)?;
        let inside = key::split(&segment).map(|(_, inside)| inside);
        let mut template = String::with_capacity(128);
        template.push('/');
        template.push_str(face.deleted_items.filter(|_| rows.are_deleted()).unwrap_or(face.path));
        let by_key = template.clone();
        let (parameters, keyed) = (Vec::new(), Vec::new());
        let mut walk = Self { version: face.version, at: Resource::Metadata, template, by_key, parameters, keyed };
        walk.arrive(rows, inside)?;
        Ok(walk)
    }

    /// One segment further.
    fn step(&mut self, raw: &str) -> Result<(), Error> {
        let segment = decoded(raw)?;
        if segment.is_empty() {
            return Err(Error::not_found(&segment));
        }
        match std::mem::replace(&mut self.at, Resource::ServiceDocument) {
            Resource::Rows(rows) if rows.is_collection() => self.in_collection(rows, raw, &segment),
            Resource::Rows(rows) => self.in_entity(rows, raw, &segment),
            Resource::Property(rows, property) if segment.eq_ignore_ascii_case("$value") => {
                self.end("$value", Resource::PropertyValue(rows, property));
                Ok(())
            }
            _ => Err(Error::not_found(&segment)),
        }
    }

    fn in_collection(&mut self, rows: Rows, raw: &str, segment: &str) -> Result<(), Error> {
        if segment.eq_ignore_ascii_case("$count") {
            self.end("$count", Resource::Count(rows));
            return Ok(());
        }
        if segment.eq_ignore_ascii_case("$ref") {
            self.end("$ref", Resource::References(rows));
            return Ok(());
        }
        if let Some(action) = action(rows.face().entity.set_actions, segment) {
            self.end(action, Resource::Action(rows, action));
            return Ok(());
        }
        if segment.starts_with('$') || key::split(raw).is_some() {
            return Err(unknown(raw, segment, []));
        }
        if cast(segment).is_some() || types(rows.face()).any(|face| face.is_named(segment)) {
            return self.cast(rows, segment);
        }
        let property = id_property(rows.face()).ok_or_else(|| Error::not_found(segment))?;
        self.key(rows, property, segment.to_owned());
        Ok(())
    }

    fn in_entity(&mut self, rows: Rows, raw: &str, segment: &str) -> Result<(), Error> {
        let face = rows.face();
        if segment.eq_ignore_ascii_case("$ref") {
            let keyed = matches!(rows, Rows::Keyed { .. });
            self.end("$ref", if keyed { Resource::Reference(rows) } else { Resource::References(rows) });
            return Ok(());
        }
        let (name, inside) = key::split(segment).map_or((segment, None), |(name, inside)| (name, Some(inside)));
        if let Some(navigation) = face.navigation(name).filter(|n| inside.is_none() || n.is_collection()) {
            return self.follow(rows, navigation, inside);
        }
        if inside.is_none() {
            if let Some(property) = face.property(name) {
                self.end(property.name, Resource::Property(rows, property));
                return Ok(());
            }
            if let Some(action) = action(face.entity.actions, name) {
                self.end(action, Resource::Action(rows, action));
                return Ok(());
            }
            if name.contains('.') {
                return self.cast(rows, segment);
            }
        }
        Err(unknown(raw, segment, names(face)))
    }

    fn follow(&mut self, rows: Rows, navigation: &'static Navigation, inside: Option<&str>) -> Result<(), Error> {
        self.push(navigation.name);
        let face = navigation.target.face(self.version);
        self.arrive(Rows::Related { of: Box::new(rows), navigation, face }, inside)
    }

    /// At rows, and perhaps at one of them by the key in parentheses.
    fn arrive(&mut self, rows: Rows, inside: Option<&str>) -> Result<(), Error> {
        let Some(inside) = inside else {
            self.at = Resource::Rows(rows);
            return Ok(());
        };
        let face = rows.face();
        let Some(key) = key::parse(inside) else {
            let message = if key::is_compound(inside) {
                format!("'{}' has one key property, not several: ({}).", face.set, shown(inside))
            } else {
                format!("'({})' is not a key of '{}'; write ('value') or (id='value').", shown(inside), face.set)
            };
            return Err(Error::bad_request(message));
        };
        let property = match key.name {
            None => id_property(face),
            Some(name) => face.property(name).filter(|p| p.column == ID || p.alternate_key),
        };
        let Some(property) = property else {
            let name = shown(key.name.unwrap_or_default());
            let message = format!("'{name}' is not a key property of {}.", face.qualified_name());
            return Err(Error::bad_request(message));
        };
        self.key(rows, property, key.value);
        Ok(())
    }

    /// At the one of the rows that has this key.
    ///
    /// An id holds no `@`, and an alternate key that does is taken for one in an id's place, as Graph does it: people are
    /// named by their user principal names so.
    fn key(&mut self, rows: Rows, property: &'static Property, value: String) {
        let named = rows.face().properties.iter().find(|p| p.alternate_key && p.folded.is_some());
        if let Some((named, folded)) = named.and_then(|named| named.folded.map(|folded| (named, folded)))
            && (property.column == named.column || (property.column == ID && value.contains('@')))
        {
            return self.key_in(rows, property, folded, value.to_lowercase());
        }
        self.key_in(rows, property, property, value);
    }

    /// `property` is the key that the caller gives, `compared` where it is compared.
    fn key_in(&mut self, rows: Rows, property: &'static Property, compared: &'static Property, value: String) {
        let by_id = property.column == ID;
        let parameter = if by_id { rows.face().name } else { property.name };
        let number = numbered(&mut self.parameters, parameter);
        let name = rows.face().name;
        let number_of_type = numbered(&mut self.keyed, name);
        // Writing to a String cannot fail.
        let _ = write!(self.by_key, "/{{{name}-id{number_of_type}}}");
        let _ = if by_id {
            write!(self.template, "/{{{parameter}-id{number}}}")
        } else {
            write!(self.template, "({parameter}='{{{parameter}{number}}}')")
        };
        self.at = Resource::Rows(Rows::Keyed { of: Box::new(rows), property: compared, value });
    }

    /// At the same rows, of the type they are declared to be, or at those of them that are of a derived type.
    fn cast(&mut self, rows: Rows, segment: &str) -> Result<(), Error> {
        let declared = rows.face();
        if declared.is_named(segment) {
            self.at = Resource::Rows(rows);
            return Ok(());
        }
        let derived = declared.derived().find(|face| face.is_named(segment));
        let face = derived.ok_or_else(|| Error::not_found(segment))?;
        self.push(&face.qualified_name());
        self.at = Resource::Rows(Rows::Cast { of: Box::new(rows), face });
        Ok(())
    }

    fn end(&mut self, segment: &str, at: Resource) {
        self.push(segment);
        self.at = at;
    }

    fn push(&mut self, segment: &str) {
        for template in [&mut self.template, &mut self.by_key] {
            template.push('/');
            template.push_str(segment);
        }
    }
}

/// What tells a parameter from those of its name that came before.
fn numbered(before: &mut Vec<&'static str>, name: &'static str) -> String {
    let number = before.iter().filter(|known| **known == name).count();
    before.push(name);
    if number == 0 { String::new() } else { number.to_string() }
}

/// The action or function of this name, which may be qualified; functions have parentheses behind them.
fn action(known: &[&'static str], segment: &str) -> Option<&'static str> {
    let name = segment.strip_suffix("()").unwrap_or(segment);
    let name = cast(name).unwrap_or(name);
    known.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// The types that rows of a face can be of.
fn types(face: &'static Face) -> impl Iterator<Item = &'static Face> {
    [face].into_iter().chain(face.derived())
}

/// The property that shows the key column.
fn id_property(face: &Face) -> Option<&'static Property> {
    face.properties.iter().find(|p| p.column == ID)
}

/// The type's name in a type-cast segment.
fn cast(segment: &str) -> Option<&str> {
    const NAMESPACE: &str = "microsoft.graph.";
    let (namespace, name) = (segment.get(..NAMESPACE.len())?, segment.get(NAMESPACE.len()..)?);
    namespace.eq_ignore_ascii_case(NAMESPACE).then_some(name)
}

fn unknown(raw: &str, segment: &str, known: impl IntoIterator<Item = &'static str>) -> Error {
    if let Some((name, _)) = key::split(raw) {
        return Error::not_implemented(format!("The function '{}' is not implemented.", shown(name)));
    }
    if MISSING.iter().any(|m| segment.eq_ignore_ascii_case(m)) {
        return Error::not_implemented(format!("The segment '{segment}' is not implemented."));
    }
    Error::not_found(segment).hint(&did_you_mean(segment, known))
}

#[cfg(test)]
mod tests;
