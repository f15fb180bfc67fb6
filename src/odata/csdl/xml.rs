//! CSDL JSON to CSDL XML, as far as the metadata documents of this server go.

use serde_json::{Map, Value};

type Members = Map<String, Value>;

/// Writes a CSDL JSON document, whose one schema is `namespace`, as CSDL XML.
pub(super) fn write(document: &Value, namespace: &str) -> String {
    let mut xml = Xml { out: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned(), depth: 0 };
    let version = text(document, "$Version");
    let attributes = [("Version", version), ("xmlns:edmx", "http://docs.oasis-open.org/odata/ns/edmx".to_owned())];
    xml.open("edmx:Edmx", &attributes);
    for (uri, reference) in members(document.get("$Reference")) {
        xml.open("edmx:Reference", &[("Uri", uri.replace(".json", ".xml"))]);
        for include in list(reference.get("$Include")) {
            let attributes = [("Namespace", text(include, "$Namespace")), ("Alias", text(include, "$Alias"))];
            xml.empty("edmx:Include", &attributes);
        }
        xml.close("edmx:Reference");
    }
    xml.open("edmx:DataServices", &[]);
    if let Some(schema) = document.get(namespace) {
        let attributes = [
            ("Namespace", namespace.to_owned()),
            ("Alias", text(schema, "$Alias")),
            ("xmlns", "http://docs.oasis-open.org/odata/ns/edm".to_owned()),
        ];
        xml.open("Schema", &attributes);
        members(Some(schema)).filter(|(name, _)| is_name(name)).for_each(|(name, value)| xml.schema_child(name, value));
        xml.close("Schema");
    }
    xml.close("edmx:DataServices");
    xml.close("edmx:Edmx");
    xml.out
}

struct Xml {
    out: String,
    depth: usize,
}

impl Xml {
    fn schema_child(&mut self, name: &str, value: &Value) {
        match value.get("$Kind").and_then(Value::as_str) {
            Some("EnumType") => self.enum_type(name, value),
            Some("EntityContainer") => self.container(name, value),
            _ => self.entity_type(name, value),
        }
    }

    fn entity_type(&mut self, name: &str, value: &Value) {
        let mut attributes = vec![("Name", name.to_owned())];
        attributes.extend(optional(value, "$BaseType", "BaseType"));
        attributes.extend(optional(value, "$Abstract", "Abstract"));
        self.open("EntityType", &attributes);
        let keys: Vec<_> = list(value.get("$Key")).filter_map(Value::as_str).collect();
        if !keys.is_empty() {
            self.open("Key", &[]);
            for key in keys {
                self.empty("PropertyRef", &[("Name", key.to_owned())]);
            }
            self.close("Key");
        }
        for (name, property) in members(Some(value)).filter(|(name, _)| is_name(name)) {
            self.property(name, property);
        }
        self.annotations(value);
        self.close("EntityType");
    }

    fn property(&mut self, name: &str, value: &Value) {
        let is_navigation = value.get("$Kind").is_some();
        let is_collection = value.get("$Collection").is_some();
        let element = if is_navigation { "NavigationProperty" } else { "Property" };
        let ty = value.get("$Type").and_then(Value::as_str).unwrap_or("Edm.String");
        let ty = if is_collection { format!("Collection({ty})") } else { ty.to_owned() };
        let mut attributes = vec![("Name", name.to_owned()), ("Type", ty)];
        // In XML null is allowed unless said otherwise, in JSON it is the other way round; a collection of targets
        // has no such facet.
        if value.get("$Nullable").is_none() && !(is_navigation && is_collection) {
            attributes.push(("Nullable", "false".to_owned()));
        }
        for facet in ["$MaxLength", "$Precision", "$Partner", "$ContainsTarget"] {
            attributes.extend(optional(value, facet, facet.trim_start_matches('$')));
        }
        self.element(element, &attributes, value);
    }

    fn enum_type(&mut self, name: &str, value: &Value) {
        self.open("EnumType", &[("Name", name.to_owned())]);
        for (member, number) in members(Some(value)).filter(|(name, _)| is_name(name)) {
            self.empty("Member", &[("Name", member.clone()), ("Value", plain(number))]);
        }
        self.close("EnumType");
    }

    fn container(&mut self, name: &str, value: &Value) {
        self.open("EntityContainer", &[("Name", name.to_owned())]);
        for (name, singleton) in members(Some(value)).filter(|(name, _)| is_name(name)) {
            self.open("Singleton", &[("Name", name.clone()), ("Type", text(singleton, "$Type"))]);
            for (path, target) in members(singleton.get("$NavigationPropertyBinding")) {
                self.empty("NavigationPropertyBinding", &[("Path", path.clone()), ("Target", plain(target))]);
            }
            self.close("Singleton");
        }
        self.close("EntityContainer");
    }

    /// An element with the annotations of `value` inside.
    fn element(&mut self, name: &str, attributes: &[(&str, String)], value: &Value) {
        if members(Some(value)).any(|(name, _)| name.starts_with('@')) {
            self.open(name, attributes);
            self.annotations(value);
            self.close(name);
        } else {
            self.empty(name, attributes);
        }
    }

    fn annotations(&mut self, value: &Value) {
        for (term, value) in members(Some(value)).filter(|(name, _)| name.starts_with('@')) {
            let term = ("Term", term.trim_start_matches('@').to_owned());
            match value {
                Value::Array(items) => {
                    self.open("Annotation", &[term]);
                    self.collection(items);
                    self.close("Annotation");
                }
                Value::Bool(_) => self.empty("Annotation", &[term, ("Bool", plain(value))]),
                _ => self.empty("Annotation", &[term, ("String", plain(value))]),
            }
        }
    }

    fn collection(&mut self, items: &[Value]) {
        self.open("Collection", &[]);
        for item in items {
            self.open("Record", &[]);
            for (name, value) in members(Some(item)) {
                let property = ("Property", name.clone());
                match value {
                    Value::Array(items) => {
                        self.open("PropertyValue", &[property]);
                        self.collection(items);
                        self.close("PropertyValue");
                    }
                    // The one member that is a path: Core.PropertyRef's Name.
                    _ if name == "Name" => self.empty("PropertyValue", &[property, ("PropertyPath", plain(value))]),
                    _ => self.empty("PropertyValue", &[property, ("String", plain(value))]),
                }
            }
            self.close("Record");
        }
        self.close("Collection");
    }

    fn open(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.start(name, attributes, ">");
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, String)]) {
        self.start(name, attributes, "/>");
    }

    fn start(&mut self, name: &str, attributes: &[(&str, String)], end: &str) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push_str(end);
        self.out.push('\n');
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}

/// Appends a text as it stands inside of an attribute.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            // XML 1.0 cannot hold other control characters in any form.
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}

/// Whether a member is a child, not a keyword or an annotation.
fn is_name(name: &str) -> bool {
    !name.starts_with(['$', '@'])
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Members::iter)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn optional<'a>(value: &Value, member: &str, attribute: &'a str) -> Option<(&'a str, String)> {
    value.get(member).map(|value| (attribute, plain(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_escaped() {
        let mut out = String::new();
        escape(&mut out, "a<b>&\"c\"\n\u{1}d");
        assert_eq!(out, "a&lt;b&gt;&amp;&quot;c&quot;&#10;d");
    }
}
