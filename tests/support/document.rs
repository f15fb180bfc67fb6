//! An OpenAPI 3.1 document, as far as an exchange can be held to it.

use std::{collections::HashMap, sync::Arc};

use http::Method;
use jsonschema::{Draft, Validator};
use parking_lot::Mutex;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json, json};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];

/// A document.
pub struct Document {
    /// The whole.
    pub json: Json,
    /// Its operations.
    pub operations: Vec<Operation>,
    /// The schemas by name, as they are and closed.
    schemas: [Json; 2],
    validators: Mutex<HashMap<(String, bool), Arc<Validator>>>,
}

/// An operation.
pub struct Operation {
    /// Its id.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path.
    pub template: String,
    /// The parameters: where, name and schema.
    pub parameters: Vec<(String, String, Json)>,
    /// All that the document says of it.
    pub json: Json,
}

impl Operation {
    /// The path, with this text in place of every key.
    pub fn path(&self, key: &str) -> String {
        let keys = self.parameters.iter().filter(|(place, ..)| place == "path");
        keys.fold(self.template.clone(), |path, (_, name, _)| path.replace(&format!("{{{name}}}"), key))
    }

    /// Whether it is one of entitlement management, its roles, or the audit logs; the others are of the directory.
    pub fn of_governance(&self) -> bool {
        ["/identityGovernance/", "/roleManagement/", "/auditLogs/"].iter().any(|root| self.template.starts_with(root))
    }

    /// The permissions of which a caller needs one.
    pub fn permissions(&self) -> Vec<&str> {
        let alternatives = self.json["security"].as_array().into_iter().flatten();
        alternatives.filter_map(|one| one["bearer"].as_array()).flatten().filter_map(Json::as_str).collect()
    }

    /// The body of the documented example, where there is one.
    pub fn example(&self) -> Option<&Json> {
        let content = &self.json["requestBody"]["content"]["application/json"];
        content.get("example").or_else(|| content["examples"].as_object()?.values().next()?.get("value"))
    }

    /// The schema of a parameter. As everywhere in OData, `$` may be left out of the name of a query option.
    pub fn parameter(&self, place: &str, name: &str) -> Option<&Json> {
        let named = |known: &str| match place {
            "header" => known.eq_ignore_ascii_case(name),
            "query" => known == name || known.strip_prefix('$') == Some(name),
            _ => known == name,
        };
        self.parameters.iter().find(|(of, known, _)| of == place && named(known)).map(|(_, _, schema)| schema)
    }
}

impl Document {
    /// Reads a document.
    pub fn new(json: Json) -> Self {
        assert_eq!(json["openapi"], "3.1.0");
        let mut operations = Vec::new();
        for (template, item) in json["paths"].as_object().into_iter().flatten() {
            for method in METHODS {
                let operation = &item[method.as_str().to_ascii_lowercase()];
                if operation.is_null() {
                    continue;
                }
                let all = [&item["parameters"], &operation["parameters"]];
                let parameters = all.into_iter().filter_map(Json::as_array).flatten().map(|parameter| {
                    let parameter = resolve(&json, parameter);
                    let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
                    (text("in"), text("name"), parameter["schema"].clone())
                });
                operations.push(Operation {
                    id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                    template: template.clone(),
                    parameters: parameters.collect(),
                    json: operation.clone(),
                    method,
                });
            }
        }
        let schemas = json["components"]["schemas"].clone();
        let closed = schemas.as_object().into_iter().flatten().map(|(name, schema)| (name.clone(), close(schema)));
        let closed = Json::Object(closed.collect());
        Self { json, operations, schemas: [schemas, closed], validators: Mutex::default() }
    }

    /// What a reference leads to, or the thing itself.
    pub fn resolve<'a>(&'a self, json: &'a Json) -> &'a Json {
        resolve(&self.json, json)
    }

    /// The operation that a request calls, and the values of the parameters in its path. Of several templates that
    /// match, it is the one with most literal text.
    pub fn find(&self, method: &Method, path: &str) -> Option<(&Operation, Vec<(String, String)>)> {
        // What GET does, HEAD does.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let of_method = self.operations.iter().filter(|operation| operation.method == *method);
        let matching = of_method.filter_map(|operation| Some((operation, match_path(&operation.template, path)?)));
        matching.min_by_key(|(_, keys)| keys.len())
    }

    /// The schema of an operation's body, and whether the body is required.
    pub fn request_schema(&self, operation: &Operation) -> Option<(Json, bool)> {
        let body = self.resolve(&operation.json["requestBody"]);
        let schema = body["content"]["application/json"].get("schema")?;
        Some((schema.clone(), body["required"] == true))
    }

    /// The response of an operation that has this status.
    pub fn response<'a>(&'a self, operation: &'a Operation, status: u16) -> Option<&'a Json> {
        operation.json["responses"].get(status.to_string()).map(|response| self.resolve(response))
    }

    /// What is wrong with the envelope of an error.
    pub fn error_errors(&self, value: &Json) -> Vec<String> {
        let schema = json!({ "$ref": "#/components/schemas/microsoft.graph.ODataErrors.ODataError" });
        self.errors(&schema, value, true)
    }

    /// What is wrong with a text that stands for a value of this schema.
    pub fn value_errors(&self, schema: &Json, text: &str) -> Vec<String> {
        let value = match schema["type"].as_str() {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            _ => json!(text),
        };
        self.errors(schema, &value, false)
    }

    /// What is wrong with a value. `closed`: objects have no other properties than those described.
    pub fn errors(&self, schema: &Json, value: &Json, closed: bool) -> Vec<String> {
        let key = (schema.to_string(), closed);
        let known = self.validators.lock().get(&key).cloned();
        let validator = known.unwrap_or_else(|| {
            let validator = Arc::new(self.compile(schema, closed));
            self.validators.lock().insert(key, Arc::clone(&validator));
            validator
        });
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn compile(&self, schema: &Json, closed: bool) -> Validator {
        let mut root = if closed { close(schema) } else { schema.clone() };
        root["components"] = json!({ "schemas": self.schemas[usize::from(closed)] });
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        options.build(&root).unwrap_or_else(|e| panic!("not a schema: {e}\n{schema}"))
    }
}

fn resolve<'a>(root: &'a Json, json: &'a Json) -> &'a Json {
    match json["$ref"].as_str() {
        None => json,
        Some(reference) => {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("a foreign reference: {reference}"));
            let target = root.pointer(pointer).unwrap_or_else(|| panic!("a dangling reference: {reference}"));
            resolve(root, target)
        }
    }
}

/// The values of a template's parameters in a path.
fn match_path(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    if template == "/" || template.split('/').count() != path.split('/').count() {
        return (template == "/" && matches!(path, "" | "/")).then(Vec::new);
    }
    let mut keys = Vec::new();
    for (pattern, segment) in template.split('/').zip(path.split('/')) {
        let segment = percent_decode_str(segment).decode_utf8().ok()?;
        match pattern.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
            None if pattern == segment => {}
            None => return None,
            Some((before, (name, after))) => {
                let value = segment.strip_prefix(before)?.strip_suffix(after)?;
                // The key that a segment is cannot be one of OData's own words.
                if value.is_empty() || (before.is_empty() && value.starts_with('$')) {
                    return None;
                }
                keys.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    Some(keys)
}

/// The schema, in which objects have no other properties than those described.
fn close(schema: &Json) -> Json {
    let Json::Object(members) = schema else { return schema.clone() };
    let mut closed = Map::new();
    for (keyword, value) in members {
        let value = match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "$defs", Json::Object(inside)) => {
                Json::Object(inside.iter().map(|(name, schema)| (name.clone(), close(schema))).collect())
            }
            ("items" | "additionalProperties" | "not" | "contains" | "if" | "then" | "else", inside) => close(inside),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Json::Array(inside)) => inside.iter().map(close).collect(),
            _ => value.clone(),
        };
        closed.insert(keyword.clone(), value);
    }
    if members.contains_key("properties") && !members.contains_key("additionalProperties") {
        // What other schemas say of the same object counts too, where there are any.
        let composed = ["allOf", "anyOf", "oneOf", "$ref"].iter().any(|keyword| members.contains_key(*keyword));
        let word = if composed { "unevaluatedProperties" } else { "additionalProperties" };
        closed.insert(word.to_owned(), Json::Bool(false));
    }
    Json::Object(closed)
}
