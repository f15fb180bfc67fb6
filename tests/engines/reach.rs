//! Who is in which groups: what is found within bounds and what is found without any is what a walk over a model finds.

use std::collections::BTreeSet;

use cardea::{
    model::{
        DIRECTORY_OBJECT, GROUP, Group, USER, User,
        changeset::{Changeset, RowWrite},
        meta::{Closure, Link, LinkTable, Version},
        scope::Sight,
        value::Timestamp,
    },
    odata::{
        options::parse_query,
        query::{Rows, Start},
    },
    store::{Steps, Store, TenantKey, Walk, Way, sql::select},
};
use serde_json::Value as Json;

use crate::{
    random::rng::Rng,
    stores::{Place, insert, on_each_engine},
};

const WORLDS: u64 = 6;
const GROUPS: usize = 40;
const PEOPLE: usize = 6;

/// What is in which group, by number: groups come first, then people. A group is only in groups with smaller numbers.
struct World {
    links: BTreeSet<(usize, usize)>,
    deleted: BTreeSet<usize>,
}

impl World {
    fn random(rng: &mut Rng) -> Self {
        let mut links = BTreeSet::new();
        let density = rng.below(8) + 1;
        for member in 1..GROUPS + PEOPLE {
            for group in 0..member.min(GROUPS) {
                if rng.chance(density) {
                    links.insert((group, member));
                }
            }
        }
        Self { links, deleted: (0..GROUPS).filter(|_| rng.chance(10)).collect() }
    }

    async fn store(&self, store: &dyn Store, tenant: TenantKey) {
        let deleted = |n| self.deleted.contains(&n).then_some(Timestamp(1));
        let groups = (0..GROUPS).map(|n| Group { id: id(n), deleted_at: deleted(n), ..Group::default() });
        insert(store, tenant, groups).await;
        insert(store, tenant, (GROUPS..GROUPS + PEOPLE).map(|n| User { id: id(n), upn_key: id(n), ..User::default() }))
            .await;
        let link = |table, (group, member): &(usize, usize)| RowWrite::Link {
            table: LinkTable { table, source: "group_id", target: "member_id", hidden: None },
            source: id(*group),
            target: id(*member),
        };
        let members = self.links.iter().map(|pair| link("group_member", pair));
        let nested = self.links.iter().filter(|(_, member)| *member < GROUPS).map(|pair| link("group_nesting", pair));
        let changes = Changeset { writes: members.chain(nested).collect(), ..Changeset::default() };
        store.commit(tenant, changes).await.unwrap();
    }

    /// The groups that something is in.
    fn above(&self, member: usize) -> BTreeSet<usize> {
        let around = |of: usize| self.links.iter().filter(move |(_, member)| *member == of).map(|(group, _)| *group);
        let (mut found, mut open): (BTreeSet<_>, Vec<_>) = (BTreeSet::new(), around(member).collect());
        while let Some(group) = open.pop() {
            if found.insert(group) && !self.deleted.contains(&group) {
                open.extend(around(group));
            }
        }
        found
    }
}

fn id(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

fn way_up(of: &'static cardea::model::meta::EntityType) -> &'static Closure {
    let navigation = of.face(Version::V1).navigation("transitiveMemberOf").unwrap();
    assert_eq!(navigation.target.name, DIRECTORY_OBJECT.name);
    match navigation.link {
        Link::Closure(closure) => closure,
        ref other => panic!("{other:?}"),
    }
}

on_each_engine! {
    async fn groups_are_found_however_far_is_walked(place: Place) {
        let (store, _) = place.furnished().await;
        // Not far enough for anything; far enough for some; for all.
        let bounds = [(2, 1, 1), (6, 3, 4), (30, 8, 2), (4, 2, 1000), (2000, 500, 1000)];
        let bounds = bounds.map(|(up, first, down)| Steps { up, first, down });
        for seed in 0..WORLDS {
            let tenant = place.another_tenant(&*store, &seed.to_string()).await;
            let world = World::random(&mut Rng::new(seed));
            world.store(&*store, tenant).await;
            let asked: Vec<String> = (0..GROUPS).map(id).chain(["nothing".to_owned()]).collect();
            let mut told = [0; 3];
            for of in (0..GROUPS + PEOPLE).step_by(3) {
                let closure = way_up(if of < GROUPS { &GROUP } else { &USER });
                // What was deleted is left out by who asks: it is no group any more.
                let living = |found: Vec<String>| -> BTreeSet<String> {
                    found.into_iter().filter(|found| !world.deleted.iter().any(|n| id(*n) == *found)).collect()
                };
                let right: BTreeSet<String> = world.above(of).difference(&world.deleted).map(|n| id(*n)).collect();
                let walk = |way| store.walk(tenant, Walk { closure, source: id(of), way, sight: Sight::default() });
                let all = walk(Way::Whole(asked.clone())).await.unwrap();
                assert_eq!(living(all.into_iter().map(|(id, _)| id).collect()), right, "seed {seed}, {of}");
                for steps in bounds {
                    let found = store.reached(tenant, closure, &id(of), asked.clone(), steps).await.unwrap();
                    assert_eq!(living(found), right, "seed {seed}, {of}, {steps:?}");
                    for (target, led) in walk(Way::Down(asked.clone(), steps)).await.unwrap() {
                        told[match led { Some(true) => 0, Some(false) => 1, None => 2 }] += 1;
                        let there = world.above(of).iter().any(|n| id(*n) == target);
                        assert!(led.is_none_or(|led| led == there), "seed {seed}, {of}, {target}, {steps:?}: {led:?}");
                    }
                }
            }
            assert!(told[1] > 0 && told[2] > 0, "the bounds bound nothing: {told:?}");
        }
    }

    async fn who_is_in_groups_of_many_is_paged(place: Place) {
        let (store, tenant) = place.furnished().await;
        // So many people, each in all of these groups, which are in one: more links than are looked up to know that it is many.
        let (people, groups) = (1_400, 20);
        let deleted = |n: usize| (n == 3).then_some(Timestamp(1));
        let inner = |n: usize| Group { id: id(n), deleted_at: deleted(n), ..Group::default() };
        insert(&*store, tenant, (0..=groups).map(inner)).await;
        // Every third of them was deleted, and some are in the group that was deleted, and in no other.
        let gone = |n: usize| n.is_multiple_of(3);
        let person = |n: usize| User { id: id(n), upn_key: id(n), deleted_at: gone(n).then_some(Timestamp(1)), ..User::default() };
        insert(&*store, tenant, (100..100 + people).map(person)).await;
        let link = |table, group: usize, member: usize| RowWrite::Link {
            table: LinkTable { table, source: "group_id", target: "member_id", hidden: None }, source: id(group), target: id(member),
        };
        let mut writes = Vec::new();
        for group in 1..=groups {
            writes.extend([link("group_member", 0, group), link("group_nesting", 0, group)]);
            let members = (100..100 + people).filter(|n| group == 3 || !n.is_multiple_of(5));
            writes.extend(members.map(|n| link("group_member", group, n)));
        }
        store.commit(tenant, Changeset { writes, ..Changeset::default() }).await.unwrap();
        assert!(place.number("SELECT count(*) FROM group_member").await > select::MANY);

        let face = GROUP.face(Version::V1);
        let source = Rows::Keyed { of: Box::new(Rows::All(face)), property: GROUP.key(), value: id(0) };
        let navigation = face.navigation("transitiveMembers").unwrap();
        let below = || Rows::Related { of: Box::new(source.clone()), navigation, face: DIRECTORY_OBJECT.face(Version::V1) };
        let everybody = (100..100 + people).filter(|n| !gone(*n) && !n.is_multiple_of(5));
        let right: Vec<String> = (1..=groups).filter(|n| *n != 3).chain(everybody).map(id).collect();
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let mut query = parse_query("$select=id&$top=70&$count=true", below(), None, Timestamp(0)).unwrap();
            if let Some(values) = next {
                query.start = Start::After(values);
            }
            let page = store.read(tenant, query).await.unwrap().unwrap();
            assert_eq!(page.count, Some(right.len() as u64));
            let rows: Vec<Json> = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap();
            found.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, right);
        // One of them: who is among them, and who is not.
        for (n, there) in [(101, true), (102, false), (110, false), (3, false), (4, true), (0, false)] {
            let one = Rows::Keyed { of: Box::new(below()), property: DIRECTORY_OBJECT.key(), value: id(n) };
            assert_eq!(store.exists(tenant, one).await.unwrap(), there, "{n}");
        }
    }
}
