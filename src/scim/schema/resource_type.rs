//! The types of resources, and where paths lead in them.

use serde_json::Value;

use super::{super::path::AttrPath, Attribute, COMMON, ENTERPRISE_USER, GROUP, Schema, USER, find};

/// A type of resource.
#[derive(Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// Its name, which is its id too.
    pub name: &'static str,
    /// What it is, a sentence.
    pub description: &'static str,
    /// Where its resources are, below the base URL.
    pub endpoint: &'static str,
    /// The schema that every resource has.
    pub schema: &'static Schema,
    /// The schemas that a resource may have besides.
    pub extensions: &'static [&'static Schema],
}

/// Users.
pub static USERS: ResourceType = ResourceType {
    name: "User",
    description: "User account",
    endpoint: "/Users",
    schema: &USER,
    extensions: &[&ENTERPRISE_USER],
};

/// Groups.
pub static GROUPS: ResourceType =
    ResourceType { name: "Group", description: "Group", endpoint: "/Groups", schema: &GROUP, extensions: &[] };

/// Every type of resource.
pub static RESOURCE_TYPES: [&ResourceType; 2] = [&USERS, &GROUPS];

/// Where an attribute path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// To all attributes of an extension.
    Extension(&'static Schema),
    /// To an attribute.
    Attribute {
        /// The extension that has it; none for the core schema and the common attributes.
        extension: Option<&'static Schema>,
        /// The attribute.
        attribute: &'static Attribute,
        /// Its sub-attribute.
        sub: Option<&'static Attribute>,
    },
}

impl ResourceType {
    /// The type that a resource's `schemas` say it is of.
    pub fn of(resource: &Value) -> Option<&'static ResourceType> {
        let schemas = resource.get("schemas")?.as_array()?;
        let says = |id: &str| schemas.iter().any(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(id)));
        RESOURCE_TYPES.into_iter().find(|kind| says(kind.schema.id))
    }

    /// The type whose resources are at this endpoint, with or without a slash.
    pub fn at_endpoint(endpoint: &str) -> Option<&'static ResourceType> {
        let endpoint = endpoint.trim_start_matches('/');
        RESOURCE_TYPES.into_iter().find(|kind| kind.endpoint.trim_start_matches('/').eq_ignore_ascii_case(endpoint))
    }

    /// The extension of this URN, whatever its case.
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions.iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// The attribute of this name in the core schema or among the common ones.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| find(&COMMON, name))
    }

    /// Where a path leads.
    pub fn resolve(&self, path: &AttrPath) -> Option<Place> {
        let (extension, attribute) = match &path.urn {
            None => (None, self.attribute(&path.name)?),
            Some(urn) if urn.eq_ignore_ascii_case(self.schema.id) => (None, self.attribute(&path.name)?),
            Some(urn) => {
                // The last part of an extension's own URN looks like an attribute.
                if path.sub.is_none()
                    && let Some(whole) = self.extension(&format!("{urn}:{}", path.name))
                {
                    return Some(Place::Extension(whole));
                }
                let extension = self.extension(urn)?;
                (Some(extension), extension.attribute(&path.name)?)
            }
        };
        let sub = match &path.sub {
            Some(name) => Some(attribute.sub_attribute(name)?),
            None => None,
        };
        Some(Place::Attribute { extension, attribute, sub })
    }

    /// That a path leads nowhere, and where it might have been meant to lead.
    pub fn unknown(&self, path: &AttrPath) -> String {
        let near = self.extensions.iter().find(|e| path.urn.is_none() && e.attribute(&path.name).is_some());
        let hint = near.map_or_else(String::new, |e| format!(" Did you mean '{}:{path}'?", e.id));
        format!("'{path}' is not an attribute of {}.{hint}", self.name)
    }
}
