//! What the generated tables are made of: entity types, their faces in the two API versions, properties and
//! navigation properties.
//!
//! The tables themselves are written by the build script from `openapi/schemas/`. `$filter`, `$select`, `$expand`,
//! `$orderby`, deep paths, `$metadata`, the OpenAPI documents, the reading of bodies and the writing of JSON all work
//! from them; no property name stands anywhere else in the source.

use std::fmt;

/// The version of the API a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `/v1.0`
    V1,
    /// `/beta`, and its alias `/localtest`
    Beta,
}

impl Version {
    /// Both versions, in the order in which tables hold them.
    pub const ALL: [Self; 2] = [Self::V1, Self::Beta];

    /// The version that a first path segment names.
    pub fn from_segment(segment: &str) -> Option<Self> {
        match segment {
            "v1.0" => Some(Self::V1),
            "beta" | "localtest" => Some(Self::Beta),
            _ => None,
        }
    }

    /// The version's own path segment.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.segment())
    }
}

/// A kind of stored thing: one table, whatever the versions of the API show of it.
pub struct EntityType {
    /// Graph's name of the type in its v1.0 form, without the namespace.
    pub name: &'static str,
    /// The table that holds it. Beside `columns` every table has `tenant_id` and `row_version`.
    pub table: &'static str,
    /// The stored columns; the first is the key, `id`.
    pub columns: &'static [Column],
    /// The columns that stay as they were made, among them the key.
    pub fixed: &'static [usize],
    /// How many values a body may give beside those of columns: they are numbered after them, and are not stored.
    pub transient: usize,
    /// How a row is found to belong to a catalog: by it, a caller's roles decide what is seen.
    pub scope: Scoping,
    /// What the rows have in the column `kind`, where types that are derived from one share its table.
    pub kind: Option<&'static str>,
    /// The type that this one is derived from.
    pub base: Option<&'static EntityType>,
    /// The types that are derived from this one, which then has no rows that are of none of them.
    pub derived: &'static [&'static EntityType],
    /// Rows with a time in `deleted_at` are gone, until they are restored.
    pub soft_delete: bool,
    /// The actions and functions of one.
    pub actions: &'static [&'static str],
    /// The actions and functions of the collection.
    pub set_actions: &'static [&'static str],
    /// What one and many are called.
    pub names: Names,
    /// How operations that have no code of their own are documented, where that does not follow from the names.
    pub documented: &'static [(Reading, Wording)],
    /// Column lists that the database keeps an index on, each led by the tenant and completed by `id`.
    pub indexes: &'static [&'static [usize]],
    /// The entity as v1.0 and as beta show it.
    pub faces: [Face; 2],
}

impl EntityType {
    /// The property that is the key. The build script refuses a schema whose first property is another.
    pub fn key(&'static self) -> &'static Property {
        &self.faces[0].properties[0]
    }

    /// Whether every one of these is one of those, too.
    pub fn is_a(&'static self, other: &'static Self) -> bool {
        self == other || self.base.is_some_and(|base| base.is_a(other))
    }

    /// What `version` shows of this entity.
    pub fn face(&'static self, version: Version) -> &'static Face {
        &self.faces[version as usize]
    }
}

/// What one and many of a type are called in the documents.
#[derive(Debug)]
pub struct Names {
    /// One, with its article: `a group`.
    pub one: &'static str,
    /// Many: `groups`.
    pub many: &'static str,
    /// What operation ids call it: `Group`.
    pub id: &'static str,
}

/// What the targets of a navigation property are called in the documents.
#[derive(Debug)]
pub struct TargetNames {
    /// All of them, with the article: `the members`.
    pub many: Option<&'static str>,
    /// One of them, without an article: `member`.
    pub each: Option<&'static str>,
}

/// An operation that only reads, and has no code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// GET of a collection.
    List,
    /// GET of how many there are.
    Count,
    /// GET of one.
    Get,
    /// GET of the references in a collection.
    References,
}

/// How an operation is documented; what is none follows from the names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wording {
    /// Its id.
    pub id: Option<&'static str>,
    /// Its summary.
    pub summary: Option<&'static str>,
    /// Its description.
    pub description: Option<&'static str>,
}

/// How a row is found to belong to a catalog. Who may see single catalogs sees what belongs to them and nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Scoping {
    /// It belongs to none, and whoever may see anything sees it.
    Everyone,
    /// It belongs to none, and is seen by those who may see the whole tenant.
    Tenant,
    /// This column holds the catalog's id, for a catalog itself the key; a row without is as [`Self::Tenant`].
    Column(usize),
    /// This column holds the id of a row of another entity type, which it belongs with.
    Through(usize, &'static EntityType),
}

/// The tables are static, so that what they describe is compared by identity.
macro_rules! identity {
    ($($ty:ty),+) => {$(
        impl PartialEq for $ty {
            fn eq(&self, other: &Self) -> bool {
                std::ptr::eq(self, other)
            }
        }
        impl Eq for $ty {}
    )+};
}

identity!(EntityType, Navigation);

/// The tables refer to each other in circles, so that each prints its name alone.
macro_rules! named {
    ($($ty:ty),+) => {$(
        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name)
            }
        }
    )+};
}

named!(EntityType, Face, Navigation, Complex);

/// The position of the key column in every entity type.
pub const ID: usize = 0;

/// A stored column.
#[derive(Debug)]
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub nullable: bool,
    /// Whether it is kept from the records of what was changed.
    pub secret: bool,
    /// Whether it is text that is JSON.
    pub json: bool,
    /// Whether the records of what was changed tell of it.
    pub told: Told,
    /// What they call it: the property that shows it, or its own name.
    pub told_as: &'static str,
}

/// When the records of what was changed tell of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Whenever it is something, or becomes something else.
    Always,
    /// Not when the row is made: it follows from the rest then, or the record itself says it.
    OnceMade,
    /// Never: it follows from the rest.
    Never,
}

/// What a column or an expression holds, whatever the database calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unicode text, compared by code point.
    Text,
    /// A truth value.
    Bool,
    /// A 64-bit integer.
    Int,
    /// A point in time, stored as microseconds since 1970 in UTC.
    Time,
}

/// What one version of the API shows of an entity type.
pub struct Face {
    /// The version.
    pub version: Version,
    /// The entity type it is a face of.
    pub entity: &'static EntityType,
    /// The type's name in this version, without the namespace.
    pub name: &'static str,
    /// What the type is, in our words.
    pub description: &'static str,
    /// The name of the collection.
    pub set: &'static str,
    /// The path of the collection below the service's root, its name included.
    pub path: &'static str,
    /// The path of those that were deleted and can be restored.
    pub deleted_items: Option<&'static str>,
    /// The properties, in the order in which they are written.
    pub properties: &'static [Property],
    /// The navigation properties.
    pub navigations: &'static [Navigation],
}

impl Face {
    /// The property of this name; letter case does not matter, as in Graph.
    ///
    /// What is of one of several types has the properties of all of them, since they share a table.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        let own = self.properties.iter().find(|p| p.shown && p.name.eq_ignore_ascii_case(name));
        own.or_else(|| self.derived().find_map(|face| face.property(name)))
    }

    /// The faces of the types that are derived from this one.
    pub fn derived(&self) -> impl Iterator<Item = &'static Face> + use<> {
        let version = self.version;
        self.entity.derived.iter().map(move |entity| entity.face(version))
    }

    /// The face of the derived type whose rows have this in the column `kind`.
    pub fn of_kind(&self, kind: &str) -> Option<&'static Face> {
        self.derived().find(|face| face.entity.kind == Some(kind))
    }

    /// The navigation property of this name; letter case does not matter, as in Graph.
    pub fn navigation(&self, name: &str) -> Option<&'static Navigation> {
        self.navigations.iter().find(|n| n.name.eq_ignore_ascii_case(name))
    }

    /// Whether a response may show null in a property: also where the caller may read that there is an object, and not
    /// what it is like.
    pub fn shows_null(&self, property: &Property) -> bool {
        let kept = self.entity.base.is_some() && property.column != ID && !property.ty.is_collection();
        property.nullable || kept
    }

    /// The properties that responses show, in order. Those left out are taken in bodies only.
    pub fn shown(&self) -> impl Iterator<Item = &'static Property> + use<> {
        self.properties.iter().filter(|p| p.shown)
    }

    /// The properties that responses show where the caller selects none.
    pub fn by_default(&self) -> impl Iterator<Item = &'static Property> + use<> {
        self.shown().filter(|p| p.by_default)
    }

    /// The paths of the collections that show it.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + use<> {
        let all = (!self.path.is_empty()).then_some(self.path);
        all.into_iter().chain(self.deleted_items)
    }

    /// Whether this is the type's name with the namespace, or with the alias `graph` that the metadata gives it.
    pub fn is_named(&self, qualified: &str) -> bool {
        let name = qualified.rsplit_once('.').filter(|(namespace, _)| {
            namespace.eq_ignore_ascii_case("microsoft.graph") || namespace.eq_ignore_ascii_case("graph")
        });
        name.is_some_and(|(_, name)| name.eq_ignore_ascii_case(self.name))
    }

    /// The type's qualified name, `microsoft.graph.…`.
    pub fn qualified_name(&self) -> String {
        format!("microsoft.graph.{}", self.name)
    }
}

/// A structural property of a face.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the schema files")]
#[derive(Debug)]
pub struct Property {
    /// Its name.
    pub name: &'static str,
    /// `"name":`, as the JSON writer puts it.
    pub json_name: &'static str,
    /// What it is, in our words.
    pub description: &'static str,
    /// An example of its value, as JSON.
    pub example: Option<&'static str>,
    /// The column, as a position in [`EntityType::columns`], that it shows.
    pub column: usize,
    /// The name of that column.
    pub column_name: &'static str,
    /// The column, as a property, that holds it in lower case, where its letter case does not count.
    pub folded: Option<&'static Property>,
    /// Whether a response shows it where the caller selects nothing.
    pub by_default: bool,
    /// Its type on the wire.
    pub ty: Type,
    /// Whether it may be null in a response.
    pub nullable: bool,
    /// Whether a create must give it.
    pub required: bool,
    /// When a caller may set it.
    pub write: Write,
    /// False: taken in bodies of this version, never shown in a response and not known to queries.
    pub shown: bool,
    /// Left out of a response while it is null.
    pub omit_null: bool,
    /// Whether `$search` looks into it.
    pub searchable: bool,
    /// Whether it is a second key: `set(name='…')`.
    pub alternate_key: bool,
    /// The least number of characters of a text.
    pub min_length: usize,
    /// The largest number of characters of a text.
    pub max_length: usize,
    /// What a create without it stores, as JSON.
    pub default: Option<&'static str>,
}

/// The type of a property on the wire, in OData's terms.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// `Edm.String`
    String,
    /// `Edm.Boolean`
    Boolean,
    /// `Edm.Int32`
    Int32,
    /// `Edm.Int64`
    Int64,
    /// `Edm.DateTimeOffset`
    DateTimeOffset,
    /// An enumeration, or a string with known values.
    Enum(&'static Enum),
    /// A value with members, or a list of them.
    Structured(&'static Structured),
    /// `Collection(Edm.String)`, stored as a JSON array.
    Strings,
}

/// A value with members, or a list of them, stored as the JSON text that answers show.
#[derive(Debug)]
pub struct Structured {
    /// The type of the value, or of each item.
    pub complex: &'static Complex,
    /// Whether it is a list.
    pub collection: bool,
    /// The members that have a column of their own, by which they are filtered and ordered: the way to each, with
    /// slashes, and the column as a property.
    pub stored: &'static [(&'static str, Property)],
}

/// A complex type.
pub struct Complex {
    /// Its name without the namespace.
    pub name: &'static str,
    /// What it is, in our words.
    pub description: &'static str,
    /// Its members, in order.
    pub members: &'static [ComplexMember],
}

/// A member of a complex type. It may be null, or, if it is a list, empty.
#[derive(Debug)]
pub struct ComplexMember {
    /// Its name.
    pub name: &'static str,
    /// What it is, in our words.
    pub description: &'static str,
    /// Its type, or that of each item.
    pub ty: MemberType,
    /// Whether it is a list.
    pub collection: bool,
    /// Whether a body must give it.
    pub required: bool,
}

/// The type of a member.
#[derive(Clone, Copy, Debug)]
pub enum MemberType {
    /// A value without members.
    Scalar(Type),
    /// A value with members.
    Complex(&'static Complex),
}

impl Type {
    /// Whether it is a list, which is empty where there is nothing to show.
    pub const fn is_collection(self) -> bool {
        match self {
            Self::Strings => true,
            Self::Structured(of) => of.collection,
            _ => false,
        }
    }

    /// What holds such a value.
    pub const fn kind(self) -> Kind {
        match self {
            Self::String | Self::Enum(_) | Self::Structured(_) | Self::Strings => Kind::Text,
            Self::Boolean => Kind::Bool,
            Self::Int32 | Self::Int64 => Kind::Int,
            Self::DateTimeOffset => Kind::Time,
        }
    }
}

/// An enumeration. Bodies and filters may spell its members in any letter case; responses use this spelling.
#[derive(Debug)]
pub struct Enum {
    /// The type's name without the namespace; none where the version declares a plain string.
    pub name: Option<&'static str>,
    /// The members, in value order.
    pub members: &'static [Member],
}

impl Enum {
    /// The member that a caller spells so.
    pub fn member(&self, wire: &str) -> Option<&'static Member> {
        self.members.iter().find(|m| m.wire.eq_ignore_ascii_case(wire))
    }

    /// How this version spells a stored member; a value it has no member for is shown as stored.
    pub fn wire<'a>(&self, stored: &'a str) -> &'a str {
        self.members.iter().find(|m| m.stored == stored).map_or(stored, |m| m.wire)
    }
}

/// A member of an enumeration.
#[derive(Debug)]
pub struct Member {
    /// Its spelling on the wire.
    pub wire: &'static str,
    /// Its spelling in the database, the same for all versions.
    pub stored: &'static str,
}

/// When a caller may set a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// On create and on update.
    Always,
    /// On create; an update may repeat the value but not change it.
    Create,
    /// Never: what a body says of it is not looked at.
    Never,
}

/// A navigation property of a face.
pub struct Navigation {
    /// Its name.
    pub name: &'static str,
    /// `"name":`, as the JSON writer puts it.
    pub json_name: &'static str,
    /// What it leads to, in our words.
    pub description: &'static str,
    /// The type it leads from.
    pub source: &'static EntityType,
    /// The type it leads to.
    pub target: &'static EntityType,
    /// How the two are linked. A link by the source's own column leads to one, the others to many.
    pub link: Link,
    /// The source cannot be without the target, and a create names it (by nested id or `@odata.bind`).
    pub required: bool,
    /// Whether links are added and removed through `$ref`.
    pub by_reference: bool,
    /// What the targets are called.
    pub targets: TargetNames,
    /// How operations that have no code of their own are documented, where that does not follow from the names. One
    /// target of a collection is documented only where it is named here.
    pub documented: &'static [(Reading, Wording)],
    /// The kinds of targets that may be linked; any, where it is empty.
    pub kinds: &'static [&'static str],
}

impl Navigation {
    /// Whether it leads to many.
    pub const fn is_collection(&self) -> bool {
        !matches!(self.link, Link::Column(_))
    }
}

/// How a navigation property finds its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The source's column holds the target's id.
    Column(usize),
    /// The target's column holds the source's id.
    Inverse(usize),
    /// A row of a table of links holds both.
    Table(LinkTable),
    /// Rows of tables of links lead from one to the other.
    Closure(&'static Closure),
}

/// What is reached over any number of links.
#[derive(Debug, PartialEq, Eq)]
pub struct Closure {
    /// The links that begin or end the way.
    pub links: LinkTable,
    /// The links in between.
    pub nesting: LinkTable,
    /// Whether `links` end the way, or else begin it.
    pub nesting_first: bool,
}

/// A table of links, read in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTable {
    /// The table; it also has `tenant_id`.
    pub table: &'static str,
    /// The column with the source's id.
    pub source: &'static str,
    /// The column with the target's id.
    pub target: &'static str,
    /// Which of the links are hidden, if any are.
    pub hidden: Option<&'static HiddenLinks>,
}

/// Links of an entity that, while it is in a certain state, only those see who are linked to it themselves.
#[derive(Debug, PartialEq, Eq)]
pub struct HiddenLinks {
    /// The column of the table of links with the entity's id.
    pub column: &'static str,
    /// The table of the entity.
    pub entity: &'static str,
    /// Its column that tells the state.
    pub state: &'static str,
    /// What that column holds while the links are hidden.
    pub value: &'static str,
    /// The links by which somebody, their target, sees those of their source.
    pub seen_by: &'static [LinkTable],
}

impl LinkTable {
    /// The same table, read in the other direction.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self { table: self.table, source: self.target, target: self.source, hidden: self.hidden }
    }
}
