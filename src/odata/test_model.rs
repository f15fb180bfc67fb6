//! A small model to test with, so that these tests do not change with the schemas.

use super::query::Expr;
use crate::model::meta::{
    Column, EntityType, Enum, Face, ID, Kind, Link, LinkTable, Member, Names, Navigation, Property, Scoping,
    TargetNames, Told, Type, Version, Write,
};

/// All entity types of the model.
pub(super) static TYPES: &[&EntityType] = &[&PACKAGE, &CATALOG, &ASSIGNMENT];

/// The v1.0 face of the access package.
pub(super) fn package() -> &'static Face {
    PACKAGE.face(Version::V1)
}

/// The v1.0 face of the assignment.
pub(super) fn assignment() -> &'static Face {
    ASSIGNMENT.face(Version::V1)
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, nullable: false, secret: false, json: false, told: Told::Always, told_as: name }
}

const fn property(name: &'static str, column: usize, ty: Type) -> Property {
    Property {
        name,
        json_name: "",
        description: "",
        example: None,
        column,
        column_name: name,
        folded: None,
        by_default: true,
        ty,
        nullable: true,
        required: false,
        write: Write::Always,
        shown: true,
        omit_null: false,
        searchable: false,
        alternate_key: false,
        min_length: 0,
        max_length: 0,
        default: None,
    }
}

const fn navigation(name: &'static str, target: &'static EntityType, link: Link) -> Navigation {
    Navigation {
        name,
        json_name: "",
        description: "",
        source: target,
        target,
        link,
        required: false,
        by_reference: false,
        targets: TargetNames { many: None, each: None },
        documented: &[],
        kinds: &[],
    }
}

const NAMES: Names = Names { one: "", many: "", id: "" };

static STATE: Enum = Enum {
    name: Some("accessPackageAssignmentState"),
    members: &[
        Member { wire: "delivering", stored: "Delivering" },
        Member { wire: "delivered", stored: "Delivered" },
        Member { wire: "expired", stored: "Expired" },
    ],
};

static ORIGIN: Enum = Enum {
    name: None,
    members: &[
        Member { wire: "AadGroup", stored: "AadGroup" },
        Member { wire: "AadApplication", stored: "AadApplication" },
    ],
};

pub(super) static PACKAGE: EntityType = EntityType {
    name: "accessPackage",
    table: "access_package",
    columns: &[
        column("id", Kind::Text),
        column("display_name", Kind::Text),
        column("description", Kind::Text),
        column("is_hidden", Kind::Bool),
        column("unique_name", Kind::Text),
        column("created", Kind::Time),
        column("priority", Kind::Int),
        column("catalog_id", Kind::Text),
    ],
    fixed: &[ID],
    transient: 0,
    kind: None,
    base: None,
    derived: &[],
    soft_delete: false,
    actions: &[],
    set_actions: &[],
    names: NAMES,
    documented: &[],
    scope: Scoping::Column(7),
    indexes: &[],
    faces: [
        Face {
            version: Version::V1,
            entity: &PACKAGE,
            name: "accessPackage",
            description: "",
            set: "accessPackages",
            path: "identityGovernance/entitlementManagement/accessPackages",
            deleted_items: None,
            properties: &[
                property("id", ID, Type::String),
                Property { searchable: true, ..property("displayName", 1, Type::String) },
                Property { searchable: true, ..property("description", 2, Type::String) },
                property("isHidden", 3, Type::Boolean),
                Property { alternate_key: true, ..property("uniqueName", 4, Type::String) },
                property("createdDateTime", 5, Type::DateTimeOffset),
                property("priority", 6, Type::Int32),
                Property { shown: false, ..property("catalogId", 7, Type::String) },
            ],
            navigations: &[
                navigation("catalog", &CATALOG, Link::Column(7)),
                navigation("assignments", &ASSIGNMENT, Link::Inverse(3)),
                navigation("incompatibleAccessPackages", &PACKAGE, Link::Table(INCOMPATIBLE)),
            ],
        },
        Face {
            version: Version::Beta,
            entity: &PACKAGE,
            name: "accessPackage",
            description: "",
            set: "accessPackages",
            path: "identityGovernance/entitlementManagement/accessPackages",
            deleted_items: None,
            properties: &[property("id", ID, Type::String), property("catalogId", 7, Type::String)],
            navigations: &[navigation("accessPackageCatalog", &CATALOG, Link::Column(7))],
        },
    ],
};

const INCOMPATIBLE: LinkTable = LinkTable {
    table: "incompatible_access_package",
    source: "access_package_id",
    target: "incompatible_id",
    hidden: None,
};

pub(super) static CATALOG: EntityType = EntityType {
    name: "accessPackageCatalog",
    table: "catalog",
    columns: &[column("id", Kind::Text), column("display_name", Kind::Text)],
    fixed: &[ID],
    transient: 0,
    kind: None,
    base: None,
    derived: &[],
    soft_delete: false,
    actions: &[],
    set_actions: &[],
    names: NAMES,
    documented: &[],
    scope: Scoping::Column(ID),
    indexes: &[],
    faces: [
        Face {
            version: Version::V1,
            entity: &CATALOG,
            name: "accessPackageCatalog",
            description: "",
            set: "catalogs",
            path: "identityGovernance/entitlementManagement/catalogs",
            deleted_items: None,
            properties: &[property("id", ID, Type::String), property("displayName", 1, Type::String)],
            navigations: &[navigation("accessPackages", &PACKAGE, Link::Inverse(7))],
        },
        Face {
            version: Version::Beta,
            entity: &CATALOG,
            name: "accessPackageCatalog",
            description: "",
            set: "accessPackageCatalogs",
            path: "identityGovernance/entitlementManagement/accessPackageCatalogs",
            deleted_items: None,
            properties: &[property("id", ID, Type::String)],
            navigations: &[],
        },
    ],
};

pub(super) static ASSIGNMENT: EntityType = EntityType {
    name: "accessPackageAssignment",
    table: "assignment",
    columns: &[
        column("id", Kind::Text),
        column("state", Kind::Text),
        column("origin", Kind::Text),
        column("access_package_id", Kind::Text),
    ],
    fixed: &[ID],
    transient: 0,
    kind: None,
    base: None,
    derived: &[],
    soft_delete: false,
    actions: &[],
    set_actions: &[],
    names: NAMES,
    documented: &[],
    scope: Scoping::Through(3, &PACKAGE),
    indexes: &[],
    faces: [
        Face {
            version: Version::V1,
            entity: &ASSIGNMENT,
            name: "accessPackageAssignment",
            description: "",
            set: "assignments",
            path: "identityGovernance/entitlementManagement/assignments",
            deleted_items: None,
            properties: &[
                property("id", ID, Type::String),
                property("state", 1, Type::Enum(&STATE)),
                property("originSystem", 2, Type::Enum(&ORIGIN)),
            ],
            navigations: &[navigation("accessPackage", &PACKAGE, Link::Column(3))],
        },
        Face {
            version: Version::Beta,
            entity: &ASSIGNMENT,
            name: "accessPackageAssignment",
            description: "",
            set: "accessPackageAssignments",
            path: "accessPackageAssignments",
            deleted_items: None,
            properties: &[property("id", ID, Type::String)],
            navigations: &[],
        },
    ],
};

/// An expression, written compactly.
pub(super) fn written(expr: &Expr) -> String {
    match expr {
        Expr::Literal(value) => format!("{value:?}"),
        Expr::Member(path, names, _) => format!("{}/{}", path.property.name, names.join("/")),
        Expr::Item { scope, path, .. } => format!("x{scope}/{}", path.join("/")),
        Expr::Each { quantifier, property, predicate } => {
            let asked = predicate.as_deref().map(written).unwrap_or_default();
            format!("{}/{quantifier:?}({asked})", property.property.name)
        }
        Expr::Property(path) => {
            let mut names: Vec<_> = path.navigations.iter().map(|n| n.name).collect();
            names.push(path.property.name);
            format!("{}:{}", path.scope, names.join("/"))
        }
        Expr::Compare(comparison, l, r) => format!("({} {comparison:?} {})", written(l), written(r)),
        Expr::In(operand, values) => format!("({} in {values:?})", written(operand)),
        Expr::And(l, r) => format!("({} and {})", written(l), written(r)),
        Expr::Or(l, r) => format!("({} or {})", written(l), written(r)),
        Expr::Not(operand) => format!("not {}", written(operand)),
        Expr::Call(function, arguments) => {
            format!("{function:?}({})", arguments.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Expr::Lambda { quantifier, scope, path, predicate } => {
            let path: Vec<_> = path.iter().map(|n| n.name).collect();
            let predicate = predicate.as_deref().map(written).unwrap_or_default();
            format!("{quantifier:?}({scope}:{}, {predicate})", path.join("/"))
        }
    }
}
