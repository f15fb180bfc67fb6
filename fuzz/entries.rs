//! Where bytes of strangers come in, and what must hold whatever they are. One function for each way in.
//!
//! The fuzz targets call these; so does `tests/engines/fuzz.rs`, which includes this file.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cardea::{
    model::{
        ACCESS_PACKAGE, ACCESS_PACKAGE_CATALOG, AccessPackageCatalogInput, AccessPackageInput,
        bind::{self, Purpose},
        meta::{EntityType, Face, Kind, Navigation, Version},
        record::{Input, Record},
        value::{Timestamp, Value},
    },
    odata::{
        batch, cursor, options,
        path::{self, Resource},
        prefer,
        query::{Expr, Query, Rows, Start},
        reference,
    },
    store::{
        TenantKey,
        postgres::dialect::Postgres,
        sql::{Dialect, select},
        sqlite::dialect::Sqlite,
    },
};
use serde_json::Value as Json;

const NOW: Timestamp = Timestamp(1_769_846_400_000_000);
/// SQLite takes no statement with more parameters.
const MAX_PARAMETERS: usize = 32_766;
/// However a query nests, what is made of it grows no faster than it does.
const MAX_SQL: usize = 200_000;

/// A path, below the version.
pub fn url_path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for version in Version::ALL {
        let Ok(parsed) = path::parse(version, text) else { continue };
        assert!(parsed.template.starts_with('/'));
        if let Resource::Rows(rows) | Resource::Count(rows) | Resource::References(rows) = &parsed.resource {
            assert_eq!(rows.face().version, version);
            // The template is that of every path of the same form, whatever its keys.
            assert!(!parsed.template.contains('%'));
        }
        if let Ok((face, id)) = reference::parse_reference(version, text) {
            assert!(face.version == version && !id.contains('\0'));
        }
    }
    let _ = reference::parse_reference(Version::V1, text);
    let _ = prefer::parse([text]);
}

/// A query string; the first byte says where.
pub fn query_string(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let rows = place(*first);
    let size = (*first > 127).then_some(usize::from(*first));
    if rows.is_collection() {
        if let Ok(query) = options::parse_query(text, rows.clone(), size, NOW) {
            list(text, &query, size);
        }
        if let Ok(query) = options::parse_count(text, rows.clone(), NOW) {
            compile(&query);
        }
        if let Ok(query) = options::parse_references(text, rows, size, NOW) {
            compile(&query);
        }
    } else if let Ok(query) = options::parse_entity(text, rows, NOW) {
        compile(&query);
    }
    let _ = options::parse_none(text);
    let _ = options::parse_reference_id(text);
}

/// A list that was understood can be paged through: the next page is of the same query.
fn list(text: &str, query: &Query, size: Option<usize>) {
    assert!(query.limit <= options::MAX_PAGE && !query.order.is_empty());
    let last = query.order.last().map(|key| &key.expr);
    assert!(matches!(last, Some(Expr::Property(path)) if path.navigations.is_empty() && path.property.name == "id"));
    compile(query);
    let face = query.rows.face();
    let values: Vec<Value> = query.order.iter().map(|key| example(key.expr.kind())).collect();
    let next = options::next_query(text, &cursor::encode(face, &query.order, &values));
    if next.len() > options::MAX_QUERY {
        return;
    }
    let next = options::parse_query(&next, query.rows.clone(), size, NOW).expect("the next page");
    assert_eq!((next.start, next.limit, next.count), (Start::After(values), query.limit, query.count));
}

fn example(kind: Option<Kind>) -> Value {
    match kind {
        None => Value::Null,
        Some(Kind::Text) => Value::Text("é'\"\\".to_owned()),
        Some(Kind::Bool) => Value::Bool(true),
        Some(Kind::Int) => Value::Int(i64::MIN),
        Some(Kind::Time) => Value::Time(NOW),
    }
}

/// What a query becomes in either database is of a size that it takes.
fn compile(query: &Query) {
    for dialect in [&Sqlite as &dyn Dialect, &Postgres] {
        let page = |many| select::page(dialect, TenantKey(1), query, many);
        for statement in [page(false), page(true), select::count(dialect, TenantKey(1), query)] {
            assert!(statement.sql.len() <= MAX_SQL, "{} bytes of SQL", statement.sql.len());
            assert!(statement.parameters.len() <= MAX_PARAMETERS, "{} parameters", statement.parameters.len());
        }
    }
}

/// Rows that a query may be about.
pub fn place(choice: u8) -> Rows {
    let version = Version::ALL[usize::from(choice & 1)];
    let packages = ACCESS_PACKAGE.face(version);
    let catalogs = ACCESS_PACKAGE_CATALOG.face(version);
    let one = |face: &'static Face| Rows::Keyed {
        of: Box::new(Rows::All(face)),
        property: face.entity.key(),
        value: "p".into(),
    };
    let related = |of: Rows, navigation: &'static Navigation| {
        let face = navigation.target.face(version);
        Rows::Related { of: Box::new(of), navigation, face }
    };
    match choice >> 1 & 7 {
        0..=2 => Rows::All(packages),
        3 => Rows::All(catalogs),
        4 => one(packages),
        5 => related(one(packages), &packages.navigations[0]),
        6 => related(one(packages), &packages.navigations[1]),
        _ => related(one(catalogs), &catalogs.navigations[0]),
    }
}

/// A body; the first byte says of what.
pub fn json_body(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(body) = serde_json::from_slice::<Json>(rest) else { return };
    let version = Version::ALL[usize::from(first & 1)];
    let purpose = if first & 2 == 0 { Purpose::Create } else { Purpose::Update };
    if first & 4 == 0 {
        bind::<AccessPackageInput>(&ACCESS_PACKAGE, version, &body, purpose);
    } else {
        bind::<AccessPackageCatalogInput>(&ACCESS_PACKAGE_CATALOG, version, &body, purpose);
    }
}

/// What is understood of a body can be stored; what is not is told, with its reason.
fn bind<I: Input>(entity: &'static EntityType, version: Version, body: &Json, purpose: Purpose)
where
    I::Record: Default,
{
    let resolve = |url: &str| reference::parse_reference(version, url).map_err(|e| e.message);
    match bind::bind::<I>(entity.face(version), body, purpose, &resolve) {
        Ok(bound) => {
            let mut record = I::Record::default();
            bound.input.apply_to(&mut record);
            for (value, column) in record.into_values().iter().zip(entity.columns) {
                assert!(value.kind().is_none_or(|kind| kind == column.kind), "{} holds {value:?}", column.name);
                if let Value::Text(text) = value {
                    assert!(!text.contains('\0') && text.chars().count() <= 4000, "{} holds {text:?}", column.name);
                }
            }
        }
        Err(violations) => {
            assert!(!violations.is_empty());
            assert!(violations.iter().all(|v| !v.message.is_empty()), "{violations:?}");
        }
    }
}

/// A token of a page, and the values in one; the first byte says of which order.
pub fn skiptoken(data: &[u8]) {
    const ORDERS: [&str; 4] = [
        "",
        "$orderby=displayName",
        "$orderby=description desc,isHidden,createdDateTime",
        "$orderby=length(displayName)",
    ];
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let rows = place(first & 1);
    let face = rows.face();
    let query =
        options::parse_query(ORDERS[usize::from(first >> 1) % ORDERS.len()], rows, None, NOW).expect("an order");
    // A token of this very order, with these values in it.
    let empty = BASE64_URL_SAFE_NO_PAD.decode(cursor::encode(face, &query.order, &[])).expect("a token");
    let fingerprint = empty.strip_suffix(b"]").expect("a list");
    let made = BASE64_URL_SAFE_NO_PAD.encode([fingerprint, b",", rest, b"]"].concat());
    for token in [text, &made] {
        let Ok(values) = cursor::decode(face, &query.order, token) else { continue };
        assert_eq!(values.len(), query.order.len());
        let again = cursor::decode(face, &query.order, &cursor::encode(face, &query.order, &values));
        assert_eq!(again.ok().as_ref(), Some(&values));
        compile(&Query { start: Start::After(values), ..query.clone() });
    }
}

/// The body of a batch.
pub fn batch(data: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Json>(data) else { return };
    let Ok(batch) = batch::parse(&body) else { return };
    let mut places = vec![None; batch.requests.len()];
    for (place, request) in batch.order.iter().enumerate() {
        assert_eq!(places[*request].replace(place), None, "twice in the order");
    }
    for (position, request) in batch.requests.iter().enumerate() {
        assert!(places[position].is_some() && request.url.starts_with('/'));
        assert!(request.depends_on.iter().all(|on| places[*on] < places[position]), "before what it depends on");
    }
}
