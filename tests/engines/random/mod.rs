//! Random queries on random data give what a naive model of the same data gives, on both engines.
//!
//! The model ([`world`], [`expr`], [`query`]) knows nothing of the engines: it walks over structs. Everything is made from a
//! seed; a failure prints the seed. `CARDEA_SEED` runs that seed alone, `CARDEA_QUERY_SECONDS` new seeds for so long.

mod expr;
mod generate;
pub mod query;
pub mod rng;
mod way;
mod world;

use std::time::{Duration, Instant};

use cardea::{
    authority::Subject,
    model::{meta::Version, scope::Scope, value::Timestamp},
};
use serde_json::Value as Json;

use self::{
    generate::{Generator, NOW},
    query::{Expand, Query},
    rng::Rng,
    way::Way,
    world::World,
};
use crate::{
    stores::{Place, on_each_engine},
    support::TestApp,
};

const ROOT: &str = "/identityGovernance/entitlementManagement";
/// How many worlds, and how many queries in each.
const WORLDS: u64 = 4;
const QUERIES: u64 = 150;
/// Where seeds begin unless somebody says otherwise.
const SEED: u64 = 20_260_131;

on_each_engine! {
    async fn random_queries_give_what_a_model_gives(place: Place) {
        let (store, _) = place.furnished().await;
        let begin = Instant::now();
        let time = env("CARDEA_QUERY_SECONDS").map(Duration::from_secs);
        let seeds: Box<dyn Iterator<Item = u64>> = match (env("CARDEA_SEED"), time) {
            (Some(seed), _) => Box::new(std::iter::once(seed)),
            (None, Some(_)) => Box::new(fresh_seed()..),
            (None, None) => Box::new(SEED..SEED + WORLDS),
        };
        for seed in seeds {
            if time.is_some_and(|time| begin.elapsed() > time) {
                break;
            }
            let tenant = place.another_tenant(&*store, &seed.to_string()).await;
            let world = World::random(&mut Rng::new(seed));
            world.store(&*store, tenant).await;
            ask(&world, &Way::Store(&*store, tenant, Scope::Tenant), seed, QUERIES).await;
            // Who sees some catalogs finds what there is if they are all: no filter, path or expansion tells of others.
            for some in [2..3, 4..7] {
                let catalogs: Vec<String> = world.catalogs[some].iter().map(|c| c.id.clone()).collect();
                let scope = Scope::catalogs(catalogs.clone());
                ask(&world.within(&catalogs), &Way::Store(&*store, tenant, scope), seed, QUERIES / 2).await;
            }
        }
    }
}

crate::engines! { the_same_over_http }

async fn the_same_over_http(app: TestApp) {
    let seed = env("CARDEA_SEED").unwrap_or(SEED + WORLDS);
    let tenant = app.store.tenants().await.unwrap()[0].key;
    // The catalog that a tenant starts with is not of this world.
    let general = app.client().v1().get("/catalogs").await.expect(200).column("id").remove(0);
    app.client().v1().delete(format!("/catalogs/{general}")).await.expect(204);
    let world = World::random(&mut Rng::new(seed));
    world.store(&*app.store, tenant).await;
    assert_eq!(app.clock.now(), Timestamp(NOW));
    let subject = Subject::Application { roles: vec!["EntitlementManagement.Read.All".into()] };
    let token = app.issue(subject, Duration::from_hours(1)).await;
    // Most of these addresses are not among the documented ones, so this is another client than other tests have.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    ask(&world, &Way::Http { http, base: &app.base, token }, seed, QUERIES / 2).await;
}

/// Asks random queries and compares what comes with the model.
async fn ask(world: &World, way: &Way<'_>, seed: u64, queries: u64) {
    let asked = Asked { way, world };
    for number in 0..queries {
        let mut rng = Rng::new(seed ^ (number << 32));
        let version = *rng.pick(&Version::ALL);
        let query = Generator { rng: &mut rng, world, version }.query();
        if let Err(what) = asked.check(&query).await {
            let (path, options) = (&query.base.path, query.write());
            let plain = percent_encoding::percent_decode_str(&options).decode_utf8_lossy().into_owned();
            panic!(
                "CARDEA_SEED={seed}, query {number}: {version} {path}?{options}\n  {plain}\n  {:?}\n{what}",
                query.page
            );
        }
    }
}

/// A world, and the way to what it was made of.
struct Asked<'a> {
    way: &'a Way<'a>,
    world: &'a World,
}

impl Asked<'_> {
    /// Asks a query, follows the links to the end, and compares.
    async fn check(&self, query: &Query) -> Result<(), String> {
        let (all, given) = query.rows(self.world);
        let expected: Vec<Json> = given.iter().map(|row| query.row(self.world, *row)).collect();
        if query.base.single {
            let found = self.way.one(query.version, &query.base.path, &query.write()).await?;
            let expected = if given.is_empty() { None } else { Some(expected[0].clone()) };
            return same(&found.map(unlinked), &expected);
        }
        let limit = query.options.top.unwrap_or(usize::MAX).min(query.page.unwrap_or(usize::MAX));
        let pages = self.way.pages(query.version, &query.base.path, &query.write(), query.page).await?;
        let counted = query.options.count.then_some(all.len());
        if pages[0].count != counted.map(|n| u64::try_from(n).unwrap()) {
            return Err(format!("count {:?}, expected {counted:?}", pages[0].count));
        }
        if let Some(page) = pages.iter().find(|p| p.rows.len() > limit) {
            return Err(format!("a page of {}, at most {limit}", page.rows.len()));
        }
        let found: Vec<Json> = pages.into_iter().flat_map(|p| p.rows).collect();
        let plain: Vec<Json> = found.iter().cloned().map(unlinked).collect();
        same(&plain, &expected)?;
        self.check_rests(query, &given, &found).await?;
        self.check_count(query, all.len()).await
    }

    /// The targets that did not fit into their source are where its link says.
    async fn check_rests(&self, query: &Query, rows: &[usize], found: &[Json]) -> Result<(), String> {
        for expand in &query.shape.expand {
            let link =
                |json: &Json| json.get(format!("{}@odata.nextLink", expand.nav.name))?.as_str().map(str::to_owned);
            let linked = rows.iter().zip(found).filter_map(|(row, json)| Some((*row, link(json)?)));
            // The first few are enough.
            for (row, link) in linked.take(2) {
                self.check_rest(query, expand, row, &link).await.map_err(|what| format!("{link}: {what}"))?;
            }
        }
        Ok(())
    }

    async fn check_rest(&self, query: &Query, expand: &Expand, row: usize, link: &str) -> Result<(), String> {
        let root = format!("{}/{}{ROOT}/", self.way.base(), query.version);
        let (path, options) = link.strip_prefix(&root).and_then(|l| l.split_once('?')).ok_or("a strange link")?;
        let pages = self.way.pages(query.version, path, options, None).await?;
        let found: Vec<Json> = pages.into_iter().flat_map(|p| p.rows).map(unlinked).collect();
        same(&found, &expand.rest(self.world, query.version, row))
    }

    async fn check_count(&self, query: &Query, expected: usize) -> Result<(), String> {
        let counted = self.way.count(query.version, &query.base.path, &query.write_count()).await?;
        same(&counted, &u64::try_from(expected).unwrap())
    }
}

/// A row, with `true` in place of each link to more.
fn unlinked(mut json: Json) -> Json {
    match &mut json {
        Json::Object(members) => {
            for (name, value) in members {
                let link = name.ends_with("@odata.nextLink");
                *value = if link { Json::Bool(true) } else { unlinked(value.take()) };
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| *item = unlinked(item.take())),
        _ => {}
    }
    json
}

/// The first difference, if there is any.
fn same<T: serde::Serialize>(found: &T, expected: &T) -> Result<(), String> {
    let json = |value| serde_json::to_value(value).unwrap();
    difference("", &json(found), &json(expected)).map_or(Ok(()), Err)
}

fn difference(at: &str, found: &Json, expected: &Json) -> Option<String> {
    let keys = |json: &Json| json.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>());
    let ids = |json: &Json| json.as_array().map(|a| a.iter().map(|row| row.get("id").cloned()).collect::<Vec<_>>());
    match (found, expected) {
        _ if found == expected => None,
        (Json::Object(f), Json::Object(e)) if f.len() == e.len() && f.keys().all(|k| e.contains_key(k)) => {
            f.iter().find_map(|(k, v)| difference(&format!("{at}/{k}"), v, &e[k]))
        }
        (Json::Object(_), Json::Object(_)) => {
            Some(format!("{at}: members {:?}\n expected {:?}", keys(found), keys(expected)))
        }
        (Json::Array(f), Json::Array(e)) if f.len() == e.len() && ids(found) == ids(expected) => {
            f.iter().zip(e).enumerate().find_map(|(n, (f, e))| difference(&format!("{at}/{n}"), f, e))
        }
        (Json::Array(f), Json::Array(e)) => {
            let missing: Vec<_> = e.iter().filter(|row| !f.contains(row)).collect();
            let surplus: Vec<_> = f.iter().filter(|row| !e.contains(row)).collect();
            let rows = format!("{at}: rows {:?}\nexpected {:?}", ids(found), ids(expected));
            Some(format!("{rows}\nfirst missing {:?}\nfirst surplus {:?}", missing.first(), surplus.first()))
        }
        _ => Some(format!("{at}: {found}, expected {expected}")),
    }
}

#[expect(clippy::disallowed_methods, reason = "how tests are run is said by the environment")]
pub fn env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

#[expect(clippy::disallowed_methods, reason = "a seed that nobody chose")]
fn fresh_seed() -> u64 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(time.as_millis()).unwrap() & 0xffff_ffff
}
