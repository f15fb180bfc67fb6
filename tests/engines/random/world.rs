//! Random data, and what each version of the API shows of it, written down once more and by hand.

use std::collections::BTreeSet;

use cardea::{
    model::{
        AccessPackage, AccessPackageCatalog,
        changeset::Changeset,
        meta::Version::{self, Beta, V1},
        record::RowVersion,
        value::Timestamp,
    },
    store::{Store, TenantKey},
};

use super::rng::Rng;
use crate::stores;

/// Names and descriptions. They repeat, they are alike, and they hold what is special to somebody: SQL, LIKE, JSON,
/// URLs, OData, Unicode.
pub const TEXTS: [&str; 34] = [
    "",
    " ",
    "a",
    "A",
    "b",
    "ab",
    "AB",
    "sales",
    "Sales",
    "SALES",
    "Sales Team",
    " sales ",
    "\tsales\n",
    "\u{a0}sales\u{2003}",
    "O'Neil",
    "''",
    "100%",
    "_",
    "a_b",
    "a%b",
    "a\\b",
    "\"quoted\"",
    "(x)",
    "a;b,c",
    "a&b=c+d#e?",
    "ß",
    "STRASSE",
    "straße",
    "É",
    "é",
    "Žluťoučký kůň",
    "İstanbul",
    "😀 smile",
    "ΟΔΟΣ",
];

/// Ids; some are UUIDs, which may stand in a filter without quotes.
const IDS: [&str; 12] = [
    "0",
    "a",
    "B",
    "b",
    "Catalog Id value",
    "o'neil",
    "50%",
    "ä/ö",
    "x.y-z_~",
    "a+b",
    "😀",
    "c0ffee00-1111-2222-3333-444455556666",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    Package,
    Catalog,
}

/// A value; nothing comes before everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Time(i64),
    Text(String),
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

fn optional(text: Option<&String>) -> Val {
    text.map_or(Val::Null, |t| Val::Text(t.clone()))
}

/// What is stored.
pub struct World {
    pub catalogs: Vec<AccessPackageCatalog>,
    pub packages: Vec<AccessPackage>,
    /// Which package is incompatible with which.
    pub links: BTreeSet<(usize, usize)>,
}

impl World {
    pub fn random(rng: &mut Rng) -> Self {
        let names = |rng: &mut Rng| loop {
            let name = *rng.pick(&TEXTS);
            if !name.trim().is_empty() {
                return name.to_owned();
            }
        };
        let text = |rng: &mut Rng| rng.maybe(70, |rng| (*rng.pick(&TEXTS)).to_owned());
        let catalogs: Vec<_> = (0..10)
            .map(|n| AccessPackageCatalog {
                id: IDS[n].to_owned(),
                unique_name: rng.maybe(50, |rng| format!("{}{n}", rng.pick(&TEXTS))),
                display_name: names(rng),
                description: text(rng),
                catalog_type: (*rng.pick(&["userManaged", "serviceDefault", "serviceManaged"])).to_owned(),
                state: (*rng.pick(&["published", "unpublished"])).to_owned(),
                is_externally_visible: rng.chance(50),
                created_by: text(rng),
                created_at: time(rng),
                modified_by: text(rng),
                modified_at: time(rng),
            })
            .collect();
        let packages: Vec<_> = (0..45)
            .map(|n| AccessPackage {
                id: IDS.get(n).map_or_else(|| format!("{}{n}", rng.pick(&IDS[..11])), |id| (*id).to_owned()),
                // The last two catalogs stay empty.
                catalog_id: catalogs[rng.below(8)].id.clone(),
                unique_name: rng.maybe(50, |rng| format!("{}{n}", rng.pick(&TEXTS))),
                display_name: names(rng),
                description: text(rng),
                is_hidden: rng.chance(50),
                is_role_scopes_visible: rng.chance(50),
                created_by: text(rng),
                created_at: time(rng),
                modified_by: text(rng),
                modified_at: time(rng),
            })
            .collect();
        let links = (0..70).map(|_| (rng.below(30), rng.below(45))).collect();
        Self { catalogs, packages, links }
    }

    /// What there is of it for somebody who sees these catalogs alone.
    pub fn within(&self, catalogs: &[String]) -> Self {
        let seen = |id: &String| catalogs.contains(id);
        let packages: Vec<_> = self.packages.iter().filter(|p| seen(&p.catalog_id)).cloned().collect();
        let place = |row: usize| packages.iter().position(|p| p.id == self.packages[row].id);
        let links = self.links.iter().filter_map(|(a, b)| Some((place(*a)?, place(*b)?))).collect();
        let catalogs = self.catalogs.iter().filter(|c| seen(&c.id)).cloned().collect();
        Self { catalogs, packages, links }
    }

    /// Writes all of it.
    pub async fn store(&self, store: &dyn Store, tenant: TenantKey) {
        let version = |n: usize| RowVersion(i64::try_from(n).unwrap());
        let catalogs = self.catalogs.iter().cloned().enumerate();
        let mut changes = catalogs.fold(Changeset::default(), |c, (n, r)| c.insert(r, version(n)));
        changes = self.packages.iter().cloned().enumerate().fold(changes, |c, (n, r)| c.insert(r, version(n)));
        let ids = self.links.iter().map(|(a, b)| (&self.packages[*a].id, &self.packages[*b].id));
        changes.writes.extend(ids.map(|(a, b)| stores::link(a, b)));
        store.commit(tenant, changes).await.unwrap();
    }

    pub fn all(&self, entity: Entity) -> Vec<usize> {
        match entity {
            Entity::Package => (0..self.packages.len()).collect(),
            Entity::Catalog => (0..self.catalogs.len()).collect(),
        }
    }

    pub fn id(&self, entity: Entity, row: usize) -> &str {
        match entity {
            Entity::Package => &self.packages[row].id,
            Entity::Catalog => &self.catalogs[row].id,
        }
    }
}

/// A time: with and without fractions, midnights, before 1970.
fn time(rng: &mut Rng) -> Timestamp {
    let day = *rng.pick(&[-400_i64, 0, 59, 20_000, 20_453, 20_454, 30_000]);
    let second = *rng.pick(&[0_i64, 0, 1, 3_599, 43_200, 86_399]);
    let micros = *rng.pick(&[0_i64, 0, 1, 500_000, 120_000, 999_999]);
    Timestamp((day * 86_400 + second) * 1_000_000 + micros)
}

/// What a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Bool,
    Time,
    /// Members as this version writes them and as they are stored; the name of the type, where it has one.
    Enum(&'static [(&'static str, &'static str)], Option<&'static str>),
}

/// A property, as one version shows it.
pub struct Prop {
    pub name: &'static str,
    pub kind: Kind,
    /// Left out while it is null.
    pub omitted: bool,
    pub searched: bool,
    pub value: fn(&World, usize) -> Val,
}

impl std::fmt::Debug for Prop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn prop(name: &'static str, kind: Kind, value: fn(&World, usize) -> Val) -> Prop {
    Prop { name, kind, omitted: false, searched: false, value }
}

const fn searched(name: &'static str, value: fn(&World, usize) -> Val) -> Prop {
    Prop { name, kind: Kind::Text, omitted: false, searched: true, value }
}

const fn omitted(name: &'static str, value: fn(&World, usize) -> Val) -> Prop {
    Prop { name, kind: Kind::Text, omitted: true, searched: false, value }
}

macro_rules! package {
    (id) => {
        prop("id", Kind::Text, |w, n| w.packages[n].id.as_str().into())
    };
    (display) => {
        searched("displayName", |w, n| w.packages[n].display_name.as_str().into())
    };
    (description) => {
        searched("description", |w, n| optional(w.packages[n].description.as_ref()))
    };
    (hidden) => {
        prop("isHidden", Kind::Bool, |w, n| Val::Bool(w.packages[n].is_hidden))
    };
    (created) => {
        prop("createdDateTime", Kind::Time, |w, n| Val::Time(w.packages[n].created_at.0))
    };
    (modified) => {
        prop("modifiedDateTime", Kind::Time, |w, n| Val::Time(w.packages[n].modified_at.0))
    };
}

macro_rules! catalog {
    (id) => {
        prop("id", Kind::Text, |w, n| w.catalogs[n].id.as_str().into())
    };
    (display) => {
        searched("displayName", |w, n| w.catalogs[n].display_name.as_str().into())
    };
    (description) => {
        searched("description", |w, n| optional(w.catalogs[n].description.as_ref()))
    };
    (external) => {
        prop("isExternallyVisible", Kind::Bool, |w, n| Val::Bool(w.catalogs[n].is_externally_visible))
    };
    (created) => {
        prop("createdDateTime", Kind::Time, |w, n| Val::Time(w.catalogs[n].created_at.0))
    };
    (modified) => {
        prop("modifiedDateTime", Kind::Time, |w, n| Val::Time(w.catalogs[n].modified_at.0))
    };
    (type $members:expr, $name:expr) => {
        prop("catalogType", Kind::Enum($members, $name), |w, n| w.catalogs[n].catalog_type.as_str().into())
    };
}

static TYPES: [(&str, &str); 3] =
    [("userManaged", "userManaged"), ("serviceDefault", "serviceDefault"), ("serviceManaged", "serviceManaged")];
static BETA_TYPES: [(&str, &str); 3] =
    [("UserManaged", "userManaged"), ("ServiceDefault", "serviceDefault"), ("ServiceManaged", "serviceManaged")];
static STATES: [(&str, &str); 2] = [("unpublished", "unpublished"), ("published", "published")];
static STATUSES: [(&str, &str); 2] = [("Unpublished", "unpublished"), ("Published", "published")];

static PACKAGE_V1: [Prop; 6] =
    [package!(id), package!(display), package!(description), package!(hidden), package!(created), package!(modified)];
static PACKAGE_BETA: [Prop; 11] = [
    package!(id),
    prop("catalogId", Kind::Text, |w, n| w.packages[n].catalog_id.as_str().into()),
    omitted("uniqueName", |w, n| optional(w.packages[n].unique_name.as_ref())),
    package!(display),
    package!(description),
    package!(hidden),
    prop("isRoleScopesVisible", Kind::Bool, |w, n| Val::Bool(w.packages[n].is_role_scopes_visible)),
    prop("createdBy", Kind::Text, |w, n| optional(w.packages[n].created_by.as_ref())),
    package!(created),
    prop("modifiedBy", Kind::Text, |w, n| optional(w.packages[n].modified_by.as_ref())),
    package!(modified),
];
static CATALOG_V1: [Prop; 8] = [
    catalog!(id),
    catalog!(display),
    catalog!(description),
    catalog!(type &TYPES, Some("accessPackageCatalogType")),
    prop("state", Kind::Enum(&STATES, Some("accessPackageCatalogState")), |w, n| w.catalogs[n].state.as_str().into()),
    catalog!(external),
    catalog!(created),
    catalog!(modified),
];
static CATALOG_BETA: [Prop; 11] = [
    catalog!(id),
    omitted("uniqueName", |w, n| optional(w.catalogs[n].unique_name.as_ref())),
    catalog!(display),
    catalog!(description),
    catalog!(type &BETA_TYPES, None),
    prop("catalogStatus", Kind::Enum(&STATUSES, None), |w, n| w.catalogs[n].state.as_str().into()),
    catalog!(external),
    prop("createdBy", Kind::Text, |w, n| optional(w.catalogs[n].created_by.as_ref())),
    catalog!(created),
    prop("modifiedBy", Kind::Text, |w, n| optional(w.catalogs[n].modified_by.as_ref())),
    catalog!(modified),
];

/// The properties of an entity, in order.
pub fn props(entity: Entity, version: Version) -> &'static [Prop] {
    match (entity, version) {
        (Entity::Package, V1) => &PACKAGE_V1,
        (Entity::Package, Beta) => &PACKAGE_BETA,
        (Entity::Catalog, V1) => &CATALOG_V1,
        (Entity::Catalog, Beta) => &CATALOG_BETA,
    }
}

/// A navigation property.
pub struct Nav {
    pub name: &'static str,
    pub to: Entity,
    pub many: bool,
    pub targets: fn(&World, usize) -> Vec<usize>,
}

impl std::fmt::Debug for Nav {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn catalog_of(world: &World, row: usize) -> Vec<usize> {
    let wanted = &world.packages[row].catalog_id;
    world.all(Entity::Catalog).into_iter().filter(|c| world.catalogs[*c].id == *wanted).collect()
}

static IN_V1: Nav = Nav { name: "catalog", to: Entity::Catalog, many: false, targets: catalog_of };
static IN_BETA: Nav = Nav { name: "accessPackageCatalog", to: Entity::Catalog, many: false, targets: catalog_of };
static INCOMPATIBLE: Nav = Nav {
    name: "incompatibleAccessPackages",
    to: Entity::Package,
    many: true,
    targets: |w, n| w.links.iter().filter(|(from, _)| *from == n).map(|(_, to)| *to).collect(),
};
static INCOMPATIBLE_WITH: Nav = Nav {
    name: "accessPackagesIncompatibleWith",
    to: Entity::Package,
    many: true,
    targets: |w, n| w.links.iter().filter(|(_, to)| *to == n).map(|(from, _)| *from).collect(),
};
static PACKAGES: Nav = Nav {
    name: "accessPackages",
    to: Entity::Package,
    many: true,
    targets: |w, n| {
        w.all(Entity::Package).into_iter().filter(|p| w.packages[*p].catalog_id == w.catalogs[n].id).collect()
    },
};

pub fn navs(entity: Entity, version: Version) -> Vec<&'static Nav> {
    match (entity, version) {
        (Entity::Package, V1) => vec![&IN_V1, &INCOMPATIBLE, &INCOMPATIBLE_WITH],
        (Entity::Package, Beta) => vec![&IN_BETA, &INCOMPATIBLE, &INCOMPATIBLE_WITH],
        (Entity::Catalog, _) => vec![&PACKAGES],
    }
}

pub fn set(entity: Entity, version: Version) -> &'static str {
    match (entity, version) {
        (Entity::Package, _) => "accessPackages",
        (Entity::Catalog, V1) => "catalogs",
        (Entity::Catalog, Beta) => "accessPackageCatalogs",
    }
}
