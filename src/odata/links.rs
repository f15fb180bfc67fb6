//! URLs in answers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::meta::Face;

/// What stays as it is in a path segment: unreserved characters (RFC 3986 §2.3). The others that a segment may hold read
/// as something else in OData.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of an entity, below the service's root.
pub(crate) fn entity(root: &str, face: &Face, id: &str) -> String {
    format!("{root}/{}/{}", face.path, utf8_percent_encode(id, SEGMENT))
}

/// Where the targets of a navigation property are got that did not fit into their source.
pub(crate) fn expanded(root: &str, source: &Face, id: &str, navigation: &str, query: &str) -> String {
    format!("{}/{navigation}?{query}", entity(root, source, id))
}
