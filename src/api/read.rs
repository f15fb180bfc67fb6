//! The handlers that read. They serve every collection and entity that a path can lead to.

use http::{HeaderMap, StatusCode, header};
use serde_json::{Value as Json, json};

use super::{
    error::{Code, Error},
    operations::Call,
    respond::{self, Answer, JSON, TEXT, location},
};
use crate::{
    model::{meta::Property, record::RowVersion},
    odata::{
        cursor, options,
        path::Resource,
        prefer::{self, Preferences},
        query::{Query, Rows, Shape, Start},
    },
    store::Page,
};

/// GET of whatever the path leads to.
pub(super) async fn get(call: Call) -> Result<Answer, Error> {
    match &call.path.resource {
        Resource::Rows(rows) if rows.is_collection() => list(&call, rows.clone()).await,
        Resource::Rows(rows) => one(&call, rows).await,
        Resource::Count(rows) => count(&call, rows.clone()).await,
        Resource::References(rows) | Resource::Reference(rows) => references(&call, rows.clone()).await,
        Resource::Property(rows, property) => value(&call, rows.clone(), property, false).await,
        Resource::PropertyValue(rows, property) => value(&call, rows.clone(), property, true).await,
        Resource::ServiceDocument | Resource::Metadata | Resource::Batch | Resource::Action(..) => {
            Err(Error::new(Code::NOT_FOUND, "There is nothing to read at this address."))
        }
    }
}

async fn list(call: &Call, rows: Rows) -> Result<Answer, Error> {
    let preferences = call.preferences();
    let query = options::parse_query(&call.query, rows, preferences.max_page_size, call.api.now())?;
    let context = respond::context(call, &query.rows, Some(&query.shape));
    let (page, next) = read_page(call, query).await?;
    let answer = respond::collection(&context, &page, next.as_deref());
    Ok(match preferences.max_page_size {
        Some(size) => answer.applied(&format!("odata.maxpagesize={size}")),
        None => answer,
    })
}

/// A page, and the URL of the next one.
async fn read_page(call: &Call, mut query: Query) -> Result<(Page, Option<String>), Error> {
    let face = query.rows.face();
    // How many there are in all is told on the first page.
    query.count &= matches!(query.start, Start::Skip(_));
    query.limit = query.limit.min(call.api.options.max_page);
    query.root = call.root();
    let order = query.order.clone();
    let page = call.api.app.read(call.caller(), query).await.map_err(|e| Error::app(e, face))?;
    let next = page.next.as_ref().map(|keys| {
        let token = cursor::encode(face, &order, keys);
        format!("{}{}?{}", call.root(), call.raw_path, options::next_query(&call.query, &token))
    });
    Ok((page, next))
}

async fn one(call: &Call, rows: &Rows) -> Result<Answer, Error> {
    let mut query = options::parse_entity(&call.query, rows.clone(), call.api.now())?;
    query.root = call.root();
    let context = respond::context(call, rows, Some(&query.shape));
    let plain = query.shape.expand.is_empty();
    let page = call.api.app.read(call.caller(), query).await.map_err(|e| missing(e, rows))?;
    // The tag is that of the entity alone: it says nothing of what is expanded inside.
    let tag = page.version.filter(|_| plain).map(RowVersion::to_etag);
    let answer = match &tag {
        Some(tag) if call.none_match(tag) => Answer::empty(StatusCode::NOT_MODIFIED),
        _ => respond::entity(&context, &page),
    };
    Ok(match tag {
        Some(tag) => answer.with(header::ETAG, &tag),
        None => answer,
    })
}

/// An entity that a key names and that is not there is named in the error.
fn missing(error: crate::app::Error, rows: &Rows) -> Error {
    let error = match (error, rows) {
        (crate::app::Error::NoSuchPath, Rows::Keyed { value, .. }) => {
            crate::app::Error::NotFound { entity: rows.face().entity, id: value.clone() }
        }
        (other, _) => other,
    };
    Error::app(error, rows.face())
}

async fn count(call: &Call, rows: Rows) -> Result<Answer, Error> {
    let face = rows.face();
    let query = options::parse_count(&call.query, rows, call.api.now())?;
    let count = call.api.app.count(call.caller(), query).await.map_err(|e| Error::app(e, face))?;
    Ok(Answer::body(TEXT, count.to_string().into_bytes()))
}

/// The addresses of what the path leads to, in place of the things.
async fn references(call: &Call, rows: Rows) -> Result<Answer, Error> {
    let face = rows.face();
    let collection = rows.is_collection();
    let now = call.api.now();
    let query = if collection {
        options::parse_references(&call.query, rows, call.preferences().max_page_size, now)?
    } else {
        options::parse_none(&call.query)?;
        single(rows, face.entity.key(), now)?
    };
    let (page, next) = read_page(call, query).await?;
    let ids: Vec<Json> = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap_or_default();
    let reference = |row: &Json| json!({ "@odata.id": location(call, face, row["id"].as_str().unwrap_or_default()) });
    let base = format!("{}/{}/$metadata#", call.origin, call.prefix);
    let body = if collection {
        let mut body = json!({ "@odata.context": format!("{base}Collection($ref)") });
        if let Some(count) = page.count {
            body["@odata.count"] = json!(count);
        }
        if let Some(next) = next {
            body["@odata.nextLink"] = json!(next);
        }
        body["value"] = ids.iter().map(reference).collect();
        body
    } else {
        let mut body = json!({ "@odata.context": format!("{base}$ref") });
        body["@odata.id"] = ids.first().map_or(Json::Null, |row| reference(row)["@odata.id"].clone());
        body
    };
    Ok(Answer::body(JSON, body.to_string().into_bytes()))
}

/// One property; `raw`: its text alone.
async fn value(call: &Call, rows: Rows, property: &'static Property, raw: bool) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let query = single(rows.clone(), property, call.api.now())?;
    let page = call.api.app.read(call.caller(), query).await.map_err(|e| missing(e, &rows))?;
    let row: Json = serde_json::from_slice(&page.rows).unwrap_or_default();
    let value = row.get(property.name).cloned().unwrap_or(Json::Null);
    if value.is_null() {
        return Ok(Answer::empty(StatusCode::NO_CONTENT));
    }
    if raw {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Ok(Answer::body(TEXT, text.into_bytes()));
    }
    let at = respond::property_context(call, &rows, property);
    Ok(Answer::body(JSON, json!({ "@odata.context": at, "value": value }).to_string().into_bytes()))
}

/// A query for one property of one entity.
fn single(rows: Rows, property: &'static Property, now: crate::model::value::Timestamp) -> Result<Query, Error> {
    let mut query = options::parse_entity("", rows, now)?;
    query.shape = Shape { select: vec![property], ..Shape::default() };
    Ok(query)
}

impl Call {
    /// What the caller prefers.
    pub fn preferences(&self) -> Preferences {
        let values = self.headers.get_all("prefer");
        prefer::parse(values.iter().filter_map(|v| v.to_str().ok()))
    }

    /// Whether `If-None-Match` names this tag.
    fn none_match(&self, tag: &str) -> bool {
        names_tag(&self.headers, tag)
    }
}

/// Whether `If-None-Match` names this tag.
pub(super) fn names_tag(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |t: &str| t.trim().trim_start_matches("W/").to_owned();
    let values = headers.get_all(header::IF_NONE_MATCH);
    let mut tags = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    tags.any(|t| t.trim() == "*" || opaque(t) == opaque(tag))
}
