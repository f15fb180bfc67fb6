//! The query string: which options a place takes, and the queries they make.
//!
//! There is one function for each kind of request; what it does not take, it refuses.

pub use super::option::MAX_QUERY;
use super::{
    cursor, decode,
    error::Error,
    expand::Shaper,
    filter,
    option::{Options, Place, SystemOption},
    order,
    query::{OrderKey, Query, Rows, Shape, Start},
    search, select,
};
use crate::model::{
    meta::{Face, ID},
    scope::Sight,
    value::Timestamp,
};

/// The largest number of rows on a page, and of targets of an expanded navigation property.
pub const MAX_PAGE: usize = 999;
/// The largest number of rows of an answer, those that are expanded inside others included.
pub const MAX_ROWS: usize = 20_000;
/// The number of rows on a page where the caller does not say.
pub const DEFAULT_PAGE: usize = 100;

/// Reads the options of a collection. `page` is the page size that the caller prefers (`Prefer: maxpagesize`).
pub fn parse_query(query: &str, rows: Rows, page: Option<usize>, now: Timestamp) -> Result<Query, Error> {
    let options = Options::read(query, &Place::COLLECTION)?;
    let shape = Shaper::new(now, DEFAULT_PAGE).shape(&options, rows.face())?;
    collection(&options, rows, page, now, shape)
}

/// Reads the options of a single entity: `$select` and `$expand`.
pub fn parse_entity(query: &str, rows: Rows, now: Timestamp) -> Result<Query, Error> {
    let options = Options::read(query, &Place::ENTITY)?;
    let shape = Shaper::new(now, MAX_PAGE).shape(&options, rows.face())?;
    let mut query = collection(&options, rows, None, now, shape)?;
    query.limit = 1;
    Ok(query)
}

/// Reads the options of `/$count`: `$filter` and `$search`.
pub fn parse_count(query: &str, rows: Rows, now: Timestamp) -> Result<Query, Error> {
    let options = Options::read(query, &Place::COUNT)?;
    let mut query = collection(&options, rows, None, now, Shape::default())?;
    (query.limit, query.count) = (0, true);
    Ok(query)
}

/// Reads the options of `collection/$ref`; the query writes the `id` alone.
pub fn parse_references(query: &str, rows: Rows, page: Option<usize>, now: Timestamp) -> Result<Query, Error> {
    let options = Options::read(query, &Place::REFERENCES)?;
    let shape = select::shape(rows.face(), Vec::new(), |p| p.column == ID);
    collection(&options, rows, page, now, shape)
}

/// Reads the options of a request that takes none, such as `DELETE` or `POST …/$ref`.
pub fn parse_none(query: &str) -> Result<(), Error> {
    Options::read(query, &Place::NOWHERE).map(drop)
}

/// Reads the options of `DELETE collection/$ref?@id=…` (or `$id=…`): the reference to remove.
pub fn parse_reference_id(query: &str) -> Result<String, Error> {
    let options = Options::read(query, &Place::REFERENCE)?;
    let missing = || Error::bad_request("The option '@id' with the reference to remove is missing.").about("@id");
    options.get(SystemOption::Id).map(str::to_owned).ok_or_else(missing)
}

/// The query string of the next page: the same options, and where to go on.
pub fn next_query(query: &str, token: &str) -> String {
    let mut next = String::with_capacity(query.len() + token.len() + 12);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = decode::query(pair.split('=').next().unwrap_or_default()).unwrap_or_default();
        if !matches!(SystemOption::from_name(&name), Some(SystemOption::Skip | SystemOption::SkipToken)) {
            next.push_str(pair);
            next.push('&');
        }
    }
    next.push_str("$skiptoken=");
    next.push_str(token);
    next
}

/// The page size that a caller gets who asks for this one.
pub(super) fn page(asked: u64) -> usize {
    usize::try_from(asked).map_or(MAX_PAGE, |asked| asked.min(MAX_PAGE))
}

fn collection(
    options: &Options<'_>,
    rows: Rows,
    preferred: Option<usize>,
    now: Timestamp,
    shape: Shape,
) -> Result<Query, Error> {
    let face = rows.face();
    let order = order::parse(options.get(SystemOption::OrderBy), face, now)?;
    let preferred = preferred.map(|size| size.clamp(1, MAX_PAGE));
    let limit = match options.number(SystemOption::Top)? {
        Some(top) => page(top).min(preferred.unwrap_or(MAX_PAGE)),
        None => preferred.unwrap_or(DEFAULT_PAGE),
    };
    // A page may be smaller than asked for: the next one is a link away.
    let limit = limit.min((MAX_ROWS / weight(&shape)).max(1));
    Ok(Query {
        filter: options.get(SystemOption::Filter).map(|text| filter::parse(text, face, now)).transpose()?,
        search: options.get(SystemOption::Search).map(|text| search::parse(text, face)).transpose()?,
        start: start(options, face, &order)?,
        rows,
        order,
        limit,
        count: options.truth(SystemOption::Count)?,
        shape,
        sight: Sight::default(),
        root: String::new(),
    })
}

/// How many rows stand in the answer for one row of this shape, at the most.
fn weight(shape: &Shape) -> usize {
    let nested = shape.expand.iter().map(|e| {
        let targets = if e.navigation.is_collection() { e.limit } else { 1 };
        targets.saturating_mul(weight(&e.shape))
    });
    nested.fold(1, usize::saturating_add)
}

fn start(options: &Options<'_>, face: &Face, order: &[OrderKey]) -> Result<Start, Error> {
    let skip = options.number(SystemOption::Skip)?;
    match (skip, options.get(SystemOption::SkipToken)) {
        (Some(_), Some(_)) => Err(Error::bad_request("$skip and $skiptoken exclude each other.").about("$skiptoken")),
        (None, Some(token)) => cursor::decode(face, order, token).map(Start::After),
        (skip, None) => Ok(Start::Skip(skip.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests;
