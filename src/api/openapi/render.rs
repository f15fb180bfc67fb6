//! The documents as text.
//!
//! A document is built when it is first asked for. What depends on the request is only the address of the server, so the
//! text is kept in two halves and the address written between them.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::Value;

use super::{document, downgrade};
use crate::{api::operations::Operation, model::meta::Version};

/// Stands for the address of the server while a text is made. No text of ours holds it otherwise.
const PLACEHOLDER: &str = "https://cardea.invalid";

/// The version of OpenAPI that a document speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oas {
    /// 3.0.3
    V30,
    /// 3.1.0
    V31,
}

impl Oas {
    /// The version that a caller names so: `3.0` or `3.1`, with or without a patch number.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "3.0" | "3.0.3" => Some(Self::V30),
            "3.1" | "3.1.0" => Some(Self::V31),
            _ => None,
        }
    }
}

/// The syntax of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON
    Json,
    /// YAML
    Yaml,
}

impl Format {
    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

/// The documents of both versions, in both versions of OpenAPI, as JSON and as YAML.
pub struct Documents {
    operations: fn(Version) -> Vec<Operation>,
    texts: [OnceLock<Text>; 8],
}

/// A text, without the address of the server between its halves.
struct Text {
    before: Bytes,
    after: Bytes,
}

impl Documents {
    /// The documents of the operations that `operations` gives.
    pub const fn new(operations: fn(Version) -> Vec<Operation>) -> Self {
        Self { operations, texts: [const { OnceLock::new() }; 8] }
    }

    /// A document of a server at `server_url`: scheme, authority and perhaps a path, or nothing for a relative address.
    ///
    /// An address with other characters than such addresses need is not written: the document then is the relative one.
    pub fn text(&self, version: Version, oas: Oas, format: Format, server_url: &str) -> String {
        String::from_utf8_lossy(&self.pieces(version, oas, format, server_url).concat()).into_owned()
    }

    /// The same in pieces, of which everybody gets the same but for the address.
    pub fn pieces(&self, version: Version, oas: Oas, format: Format, server_url: &str) -> [Bytes; 3] {
        let at = (version as usize) * 4 + (oas as usize) * 2 + format as usize;
        let server_url = if is_address(server_url) { server_url } else { "" };
        match self.texts.get(at) {
            Some(slot) => slot.get_or_init(|| self.render(version, oas, format)).at(server_url),
            None => self.render(version, oas, format).at(server_url),
        }
    }

    fn render(&self, version: Version, oas: Oas, format: Format) -> Text {
        let document = document(version, &(self.operations)(version), PLACEHOLDER);
        let document = if oas == Oas::V30 { downgrade(document) } else { document };
        let text = match format {
            Format::Json => json_text(&document),
            Format::Yaml => yaml_text(&document),
        };
        let text = Bytes::from(text);
        let at = memchr::memmem::find(&text, PLACEHOLDER.as_bytes()).unwrap_or(text.len());
        let after = text.slice((at + PLACEHOLDER.len()).min(text.len())..);
        Text { before: text.slice(..at), after }
    }
}

impl Text {
    fn at(&self, server_url: &str) -> [Bytes; 3] {
        [self.before.clone(), Bytes::copy_from_slice(server_url.as_bytes()), self.after.clone()]
    }
}

/// Whether this is the address of a server, harmless in JSON and YAML.
fn is_address(url: &str) -> bool {
    let authority = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']' | b'/');
    authority.is_some_and(|a| !a.is_empty() && a.bytes().all(harmless))
}

/// A document as JSON, as it is committed: indented, with a line break at the end.
pub fn json_text(document: &Value) -> String {
    format!("{document:#}\n")
}

fn yaml_text(document: &Value) -> String {
    // JSON values are YAML values.
    serde_yaml_ng::to_string(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operations;

    static DOCUMENTS: Documents = Documents::new(operations);

    #[test]
    fn all_eight_are_there_and_equal_in_both_syntaxes() {
        for version in Version::ALL {
            for (oas, number) in [(Oas::V30, "3.0.3"), (Oas::V31, "3.1.0")] {
                let json = DOCUMENTS.text(version, oas, Format::Json, "http://127.0.0.1:8080");
                let yaml = DOCUMENTS.text(version, oas, Format::Yaml, "http://127.0.0.1:8080");
                let json: Value = serde_json::from_str(&json).unwrap();
                assert_eq!(json, serde_yaml_ng::from_str::<Value>(&yaml).unwrap());
                assert_eq!(json["openapi"], number);
                assert_eq!(json["servers"][0]["url"], format!("http://127.0.0.1:8080/{version}"));
            }
        }
    }

    #[test]
    fn only_an_address_is_written_into_a_document() {
        let relative = DOCUMENTS.text(Version::V1, Oas::V31, Format::Json, "");
        assert_eq!(relative, json_text(&document(Version::V1, &operations(Version::V1), "")));
        for hostile in ["http://a\"b", "javascript:alert(1)", "http://", "https://a b", "http://a\n- b"] {
            assert_eq!(DOCUMENTS.text(Version::V1, Oas::V31, Format::Json, hostile), relative, "{hostile}");
        }
        assert!(is_address("https://[::1]:8080") && is_address("http://graph.example/em"));
    }
}
