//! The hot paths, one by one: token check, parse, compile to SQL, row to JSON, decide, commit.
//!
//!     cargo bench --bench hot_paths

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::{hint::black_box, sync::Arc, time::Duration};

use cardea::{
    app::catalog::first_catalog,
    authority::{self, Authority, Subject, TokenRequest},
    clock::Clock,
    domain::{self, Occasion},
    ids,
    model::{
        ACCESS_PACKAGE, AccessPackage, AccessPackageCatalog, AccessPackageInput,
        bind::{Purpose, bind},
        changeset::Changeset,
        meta::Version,
        record::Record,
        value::{Timestamp, Value},
        write::{Row, write_properties},
    },
    odata::{
        options::parse_query,
        path,
        query::{Query, Rows},
    },
    store::{self, TenantKey, sql, sqlite},
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::HeaderValue;
use tokio::runtime::Runtime;

const QUERY: &str = "$filter=catalogId%20eq%20'c'&$orderby=displayName&$top=100";
const TENANT: TenantKey = TenantKey(1);

fn query() -> Query {
    let rows = Rows::All(ACCESS_PACKAGE.face(Version::Beta));
    parse_query(QUERY, rows, None, Timestamp(0)).unwrap()
}

fn parse(c: &mut Criterion) {
    let path = "identityGovernance/entitlementManagement/accessPackages/614bf432-f432-614b-32f4-4b6132f44b61";
    c.bench_function("parse a path", |b| b.iter(|| path::parse(Version::Beta, black_box(path)).unwrap()));
    c.bench_function("parse a query", |b| b.iter(query));
    let query = query();
    c.bench_function("compile to SQL", |b| {
        b.iter(|| sql::select::page(&sqlite::dialect::Sqlite, TENANT, black_box(&query), false));
    });
}

fn body(c: &mut Criterion) {
    let text = r#"{"catalogId":"c","displayName":"Sales reader access 0000001","description":"What a reader needs.",
        "isHidden":false,"isRoleScopesVisible":true}"#;
    let face = ACCESS_PACKAGE.face(Version::Beta);
    let resolve = |_: &str| Err("unused".to_owned());
    c.bench_function("read a body", |b| {
        b.iter(|| {
            let json = serde_json::from_str(black_box(text)).unwrap();
            bind::<AccessPackageInput>(face, &json, Purpose::Create, &resolve).unwrap()
        });
    });
}

struct Fields(Vec<Value>);

impl Row for Fields {
    fn text(&self, column: usize) -> Option<&str> {
        if let Value::Text(text) = self.0.get(column)? { Some(text) } else { None }
    }
    fn int(&self, column: usize) -> Option<i64> {
        if let Value::Time(time) = self.0.get(column)? { Some(time.0) } else { None }
    }
    fn bool(&self, column: usize) -> Option<bool> {
        if let Value::Bool(b) = self.0.get(column)? { Some(*b) } else { None }
    }
}

fn row(c: &mut Criterion) {
    let select: Vec<_> = ACCESS_PACKAGE.face(Version::Beta).shown().collect();
    let values = package("p".to_owned()).into_values();
    let row = Fields(select.iter().map(|p| values[p.column].clone()).collect());
    let mut out = Vec::with_capacity(1024);
    c.bench_function("row to JSON", |b| {
        b.iter(|| {
            out.clear();
            write_properties(&mut out, black_box(&row), 0, &select);
        });
    });
}

fn package(id: String) -> AccessPackage {
    AccessPackage {
        id,
        catalog_id: "c".to_owned(),
        display_name: "Sales reader access 0000001".to_owned(),
        description: Some("Groups, sites and applications a reader of this area needs.".to_owned()),
        created_by: Some("bench@example.com".to_owned()),
        created_at: Timestamp(1_700_000_000_000_000),
        ..AccessPackage::default()
    }
}

fn occasion() -> Occasion {
    Occasion { by: Some("ada".to_owned()), now: Timestamp(1), version: ids::new_row_version() }
}

fn decide(c: &mut Criterion) {
    c.bench_function("decide a create", |b| {
        b.iter(|| {
            let input = AccessPackageInput { display_name: Some("x".to_owned()), ..AccessPackageInput::default() };
            domain::access_package::create(ids::new_id(), input, &occasion())
        });
    });
}

fn store(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let data = tempfile::tempdir().unwrap();
    let store = runtime.block_on(store::open(None, data.path(), &store::Options::default())).unwrap();
    let clock = Clock::System;
    let authority = runtime
        .block_on(Authority::open(Arc::clone(&store), clock, authority::Options::default(), first_catalog))
        .unwrap();
    let request = TokenRequest {
        tenant: None,
        subject: Subject::Application { roles: vec!["EntitlementManagement.ReadWrite.All".to_owned()] },
        lifetime: Duration::from_hours(1),
    };
    let token = runtime.block_on(authority.issue(&request)).unwrap();
    let header = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
    c.bench_function("check a token", |b| {
        b.iter(|| runtime.block_on(authority.check(Some(black_box(&header)))).unwrap());
    });

    let tenant = authority.default_tenant().key;
    let catalog = AccessPackageCatalog { id: "c".to_owned(), ..AccessPackageCatalog::default() };
    let commit = |changes| runtime.block_on(store.commit(tenant, changes)).unwrap();
    commit(Changeset::default().insert(catalog, ids::new_row_version()));
    for n in 0..1000 {
        commit(Changeset::default().insert(package(format!("p{n}")), ids::new_row_version()));
    }
    c.bench_function("commit one package", |b| {
        let new = || Changeset::default().insert(package(ids::new_id()), ids::new_row_version());
        b.iter_batched(new, commit, BatchSize::SmallInput);
    });
    c.bench_function("read a page of 100", |b| {
        b.iter(|| runtime.block_on(store.read(tenant, query())).unwrap());
    });
    c.bench_function("load a record", |b| {
        let key = AccessPackage::ENTITY.key();
        b.iter(|| runtime.block_on(store::load::<AccessPackage>(&*store, tenant, key, "p7")).unwrap());
    });
    runtime.block_on(store.close());
}

criterion_group!(benches, parse, body, row, decide, store);
criterion_main!(benches);
