//! Lists of resources, and what a client may ask of them (RFC 7644, section 3.4.2).

use serde_json::{Map, Value, json};

use super::{
    error::{Error, invalid_filter, invalid_path, invalid_value},
    filter::{self, Filter},
    json::{self, describe, shown},
    message,
    path::AttrPath,
    project::Projection,
};

pub use super::project::project;

/// How many resources a page has at most.
pub const MAX_RESULTS: usize = 200;

/// What a client asks of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListQuery {
    /// Which resources.
    pub filter: Option<Filter>,
    /// By what they are ordered.
    pub sort_by: Option<AttrPath>,
    /// Whether the order is descending.
    pub descending: bool,
    /// Which of them is the first of the page, from 1.
    pub start_index: u64,
    /// How many the page may have at most.
    pub count: Option<u64>,
    /// Which attributes.
    pub projection: Projection,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: None,
            sort_by: None,
            descending: false,
            start_index: 1,
            count: None,
            projection: Projection::default(),
        }
    }
}

impl ListQuery {
    /// Reads the pairs of a query string, decoded. Unknown ones are not looked at.
    pub fn from_pairs<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self, Error> {
        let mut query = Self::default();
        for (name, value) in pairs {
            let value = value.as_ref();
            match Parameter::from_name(name.as_ref()) {
                None => {}
                Some(Parameter::StartIndex) => query.start_index = start_index(integer("startIndex", value)?),
                Some(Parameter::Count) => query.count = Some(count(integer("count", value)?)),
                Some(list @ (Parameter::Attributes | Parameter::ExcludedAttributes)) => {
                    for path in value.split(',').map(str::trim).filter(|path| !path.is_empty()) {
                        query.attribute(list, path)?;
                    }
                }
                Some(parameter) => query.text(parameter, value)?,
            }
        }
        Ok(query)
    }

    /// Reads the body of `POST /.search`.
    pub fn from_search(body: &Value) -> Result<Self, Error> {
        let mut query = Self::default();
        for (name, value) in json::message(body, message::SEARCH_REQUEST)? {
            let wrong = |wanted: &str| invalid_value(format!("'{name}' must be {wanted}, not {}.", describe(value)));
            let Some(parameter) = Parameter::from_name(name).filter(|_| !value.is_null()) else { continue };
            match parameter {
                Parameter::StartIndex => {
                    query.start_index = start_index(value.as_i64().ok_or_else(|| wrong("an integer"))?);
                }
                Parameter::Count => query.count = Some(count(value.as_i64().ok_or_else(|| wrong("an integer"))?)),
                Parameter::Attributes | Parameter::ExcludedAttributes => {
                    for path in value.as_array().ok_or_else(|| wrong("an array of strings"))? {
                        query.attribute(parameter, path.as_str().ok_or_else(|| wrong("an array of strings"))?)?;
                    }
                }
                _ => query.text(parameter, value.as_str().ok_or_else(|| wrong("a string"))?)?,
            }
        }
        Ok(query)
    }

    fn attribute(&mut self, parameter: Parameter, path: &str) -> Result<(), Error> {
        let (list, name) = match parameter {
            Parameter::Attributes => (&mut self.projection.attributes, "attributes"),
            _ => (&mut self.projection.excluded, "excludedAttributes"),
        };
        list.push(AttrPath::parse(path).map_err(|error| invalid_value(format!("'{name}': {error}.")))?);
        Ok(())
    }

    fn text(&mut self, parameter: Parameter, value: &str) -> Result<(), Error> {
        match parameter {
            Parameter::Filter if self.filter.is_some() => return Err(invalid_filter("'filter' is given twice.")),
            Parameter::Filter => self.filter = Some(filter::parse(value)?),
            Parameter::SortBy => {
                let path = AttrPath::parse(value).map_err(|error| invalid_path(format!("'sortBy': {error}.")))?;
                self.sort_by = Some(path);
            }
            _ if value.eq_ignore_ascii_case("ascending") => self.descending = false,
            _ if value.eq_ignore_ascii_case("descending") => self.descending = true,
            _ => {
                let found = shown(value);
                return Err(invalid_value(format!("'sortOrder' must be 'ascending' or 'descending', not '{found}'.")));
            }
        }
        Ok(())
    }

    /// How many resources the page has at most.
    pub fn page_size(&self) -> usize {
        self.count.map_or(MAX_RESULTS, |count| usize::try_from(count).unwrap_or(MAX_RESULTS).min(MAX_RESULTS))
    }
}

#[derive(Clone, Copy)]
enum Parameter {
    Filter,
    SortBy,
    SortOrder,
    StartIndex,
    Count,
    Attributes,
    ExcludedAttributes,
}

impl Parameter {
    fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Parameter); 7] = [
            ("filter", Parameter::Filter),
            ("sortBy", Parameter::SortBy),
            ("sortOrder", Parameter::SortOrder),
            ("startIndex", Parameter::StartIndex),
            ("count", Parameter::Count),
            ("attributes", Parameter::Attributes),
            ("excludedAttributes", Parameter::ExcludedAttributes),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, parameter)| *parameter)
    }
}

fn integer(name: &str, value: &str) -> Result<i64, Error> {
    let found = || invalid_value(format!("'{name}' must be an integer, not '{}'.", shown(value)));
    value.trim().parse().map_err(|_| found())
}

/// What is less than 1 is 1.
fn start_index(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(1).max(1)
}

/// What is negative is 0.
fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A page of resources.
pub fn list_response(total: u64, start_index: u64, resources: Vec<Value>) -> Value {
    let mut response = Map::new();
    response.insert("schemas".to_owned(), json!([message::LIST_RESPONSE]));
    response.insert("totalResults".to_owned(), total.into());
    response.insert("startIndex".to_owned(), start_index.into());
    response.insert("itemsPerPage".to_owned(), resources.len().into());
    response.insert("Resources".to_owned(), Value::Array(resources));
    Value::Object(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_read() {
        let query = ListQuery::from_pairs([
            ("filter", "userName sw \"j\""),
            ("SORTBY", "name.familyName"),
            ("sortOrder", "Descending"),
            ("startIndex", "11"),
            ("count", "10"),
            ("attributes", "userName, emails.value"),
            ("excludedAttributes", "members"),
            ("api-version", "1"),
        ])
        .unwrap();
        assert_eq!(query.filter, Some(filter::parse("userName sw \"j\"").unwrap()));
        assert_eq!(query.sort_by.as_ref().unwrap().to_string(), "name.familyName");
        assert_eq!((query.descending, query.start_index, query.count, query.page_size()), (true, 11, Some(10), 10));
        assert_eq!((query.projection.attributes.len(), query.projection.excluded.len()), (2, 1));
    }

    #[test]
    fn numbers_out_of_range_are_the_nearest_in_it() {
        let query = ListQuery::from_pairs([("startIndex", "-5"), ("count", "-1")]).unwrap();
        assert_eq!((query.start_index, query.count, query.page_size()), (1, Some(0), 0));
        let query = ListQuery::from_pairs([("startIndex", "0"), ("count", "9999")]).unwrap();
        assert_eq!((query.start_index, query.page_size()), (1, 200));
        assert_eq!(ListQuery::default().page_size(), 200);
    }

    #[test]
    fn a_search_request_is_read() {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "attributes": ["displayName", "userName"],
            "filter": "displayName sw \"smith\"",
            "startIndex": 1,
            "count": 10,
        });
        let query = ListQuery::from_search(&body).unwrap();
        assert_eq!((query.count, query.projection.attributes.len()), (Some(10), 2));
        assert!(query.filter.is_some());
        for bad in [
            json!({}),
            json!({ "schemas": body["schemas"], "count": "1" }),
            json!({ "schemas": body["schemas"], "attributes": "a" }),
        ] {
            assert_eq!(ListQuery::from_search(&bad).unwrap_err().status, 400);
        }
    }

    #[test]
    fn what_is_malformed_is_refused_by_name() {
        for (name, value, keyword) in [
            ("filter", "x", "invalidFilter"),
            ("sortBy", "a b", "invalidPath"),
            ("sortOrder", "up", "invalidValue"),
            ("count", "ten", "invalidValue"),
            ("attributes", "a,b.c.d", "invalidValue"),
        ] {
            let error = ListQuery::from_pairs([(name, value)]).unwrap_err();
            assert_eq!(error.to_json()["scimType"], keyword, "{error}");
        }
    }

    #[test]
    fn a_page_says_how_many_it_has() {
        let page = list_response(2, 1, vec![json!({ "userName": "bjensen" }), json!({ "userName": "jsmith" })]);
        assert_eq!(page["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
        assert_eq!(
            (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]),
            (&json!(2), &json!(2), &json!(1))
        );
        assert_eq!(list_response(5, 1, Vec::new())["Resources"], json!([]));
    }
}
