//! What the server can do: `/Schemas`, `/ResourceTypes`, `/ServiceProviderConfig` (RFC 7643, sections 5 to 7).

use serde_json::{Value, json};

use super::{
    bulk::MAX_OPERATIONS,
    list::{MAX_RESULTS, list_response},
    schema::{Attribute, RESOURCE_TYPES, ResourceType, SCHEMAS, Schema, Type},
};

const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// The answer to `GET /Schemas`.
pub fn schemas(base: &str) -> Value {
    all(SCHEMAS.into_iter().map(|schema| render_schema(schema, base)).collect())
}

/// The answer to `GET /Schemas/{id}`, if there is one of this URN.
pub fn schema(id: &str, base: &str) -> Option<Value> {
    SCHEMAS.into_iter().find(|schema| schema.id.eq_ignore_ascii_case(id)).map(|schema| render_schema(schema, base))
}

/// The answer to `GET /ResourceTypes`.
pub fn resource_types(base: &str) -> Value {
    all(RESOURCE_TYPES.into_iter().map(|kind| render_resource_type(kind, base)).collect())
}

/// The answer to `GET /ResourceTypes/{name}`, if there is one of this name.
pub fn resource_type(name: &str, base: &str) -> Option<Value> {
    let kind = RESOURCE_TYPES.into_iter().find(|kind| kind.name.eq_ignore_ascii_case(name))?;
    Some(render_resource_type(kind, base))
}

/// The answer to `GET /ServiceProviderConfig`.
pub fn service_provider_config(base: &str, max_payload_size: usize) -> Value {
    json!({
        "schemas": [CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": true, "maxOperations": MAX_OPERATIONS, "maxPayloadSize": max_payload_size },
        "filter": { "supported": true, "maxResults": MAX_RESULTS },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A bearer token in the Authorization header (RFC 6750).",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", base, "ServiceProviderConfig"),
    })
}

/// Everything there is, on one page.
fn all(resources: Vec<Value>) -> Value {
    list_response(resources.len() as u64, 1, resources)
}

fn meta(resource_type: &str, base: &str, path: &str) -> Value {
    json!({ "resourceType": resource_type, "location": format!("{}/{path}", base.trim_end_matches('/')) })
}

fn render_schema(schema: &Schema, base: &str) -> Value {
    json!({
        "schemas": [SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(render_attribute).collect::<Vec<_>>(),
        "meta": meta("Schema", base, &format!("Schemas/{}", schema.id)),
    })
}

fn render_attribute(attribute: &Attribute) -> Value {
    let mut rendered = json!({
        "name": attribute.name,
        "type": attribute.ty.as_str(),
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.as_str(),
        "returned": attribute.returned.as_str(),
        "uniqueness": attribute.uniqueness.as_str(),
    });
    if attribute.ty == Type::Complex {
        rendered["subAttributes"] = attribute.sub_attributes.iter().map(render_attribute).collect();
    }
    if !attribute.canonical_values.is_empty() {
        rendered["canonicalValues"] = attribute.canonical_values.into();
    }
    if attribute.ty == Type::Reference {
        rendered["referenceTypes"] = attribute.reference_types.into();
    }
    rendered
}

fn render_resource_type(kind: &ResourceType, base: &str) -> Value {
    let mut rendered = json!({
        "schemas": [RESOURCE_TYPE],
        "id": kind.name,
        "name": kind.name,
        "description": kind.description,
        "endpoint": kind.endpoint,
        "schema": kind.schema.id,
    });
    if !kind.extensions.is_empty() {
        let extension = |schema: &&Schema| json!({ "schema": schema.id, "required": false });
        rendered["schemaExtensions"] = kind.extensions.iter().map(extension).collect();
    }
    rendered["meta"] = meta("ResourceType", base, &format!("ResourceTypes/{}", kind.name));
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://example.com/scim/v2/";

    #[test]
    fn schemas_are_listed_and_found_by_their_urn() {
        let list = schemas(BASE);
        assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&json!(3), &json!(3)));
        let id = "urn:ietf:params:scim:schemas:core:2.0:User";
        let user = schema(id, BASE).unwrap();
        assert_eq!(list["Resources"][0], user);
        assert_eq!(
            user["meta"],
            json!({ "resourceType": "Schema", "location": format!("https://example.com/scim/v2/Schemas/{id}") })
        );
        let emails = user["attributes"].as_array().unwrap().iter().find(|a| a["name"] == "emails").unwrap();
        assert_eq!(emails["multiValued"], true);
        assert_eq!(emails["subAttributes"][2]["canonicalValues"], json!(["work", "home", "other"]));
        let group = schema("URN:ietf:params:scim:schemas:core:2.0:group", BASE).unwrap();
        assert_eq!(group["attributes"][1]["subAttributes"][1]["referenceTypes"], json!(["User", "Group"]));
        assert!(schema("urn:nope", BASE).is_none());
    }

    #[test]
    fn resource_types_name_their_schemas() {
        let user = resource_type("user", BASE).unwrap();
        assert_eq!(user["endpoint"], "/Users");
        let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(user["schemaExtensions"], json!([{ "schema": extension, "required": false }]));
        assert_eq!(user["meta"]["location"], "https://example.com/scim/v2/ResourceTypes/User");
        assert_eq!(resource_types(BASE)["Resources"][0], user);
    }

    #[test]
    fn the_configuration_says_what_is_supported() {
        let config = service_provider_config(BASE, 1_048_576);
        assert_eq!(config["bulk"], json!({ "supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576 }));
        assert_eq!(config["filter"], json!({ "supported": true, "maxResults": 200 }));
        assert_eq!(config["changePassword"]["supported"], false);
        assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
    }
}
