//! Whatever is done to a resource, in whatever order: what comes out is one that a client could have sent.

use serde_json::{Value, json};

use super::{
    super::{
        message,
        schema::{ENTERPRISE_USER, GROUP, GROUPS, ResourceType, USER, USERS},
        validate::validate,
    },
    PatchOp, apply, members_delta,
};

/// Numbers that look like chance and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one_of(&mut self, values: &[Value]) -> Value {
        values[self.below(values.len())].clone()
    }
}

fn patch(numbers: &mut Numbers, paths: &[Value], values: &[Value]) -> Option<PatchOp> {
    let ops = [json!("add"), json!("Replace"), json!("remove")];
    let mut operation = json!({ "op": numbers.one_of(&ops), "path": numbers.one_of(paths) });
    if numbers.below(8) > 0 {
        operation["value"] = numbers.one_of(values);
    }
    PatchOp::parse(&json!({ "schemas": [message::PATCH_OP], "Operations": [operation] })).ok()
}

/// Applies many patches, and says how many did something.
fn run(kind: &'static ResourceType, start: &Value, paths: &[Value], values: &[Value]) -> usize {
    let mut numbers = Numbers(7);
    let (mut resource, mut changes) = (start.clone(), 0);
    for round in 0..20_000 {
        if round % 50 == 0 {
            resource = start.clone();
        }
        let Some(patch) = patch(&mut numbers, paths, values) else { continue };
        let Ok(after) = apply(&patch, kind, &resource) else { continue };
        let again = validate(kind, &after).unwrap_or_else(|e| panic!("{e}: {patch:?} made {after} of {resource}"));
        assert_eq!(again, after, "{patch:?} on {resource}");
        changes += usize::from(after != resource);
        resource = after;
    }
    changes
}

#[test]
fn a_changed_user_is_a_valid_user() {
    let extension = ENTERPRISE_USER.id;
    let mut paths: Vec<_> = [
        "emails",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[primary eq true].type",
        "emails[value eq \"a\" or type eq \"home\"].primary",
        "emails.display",
        "emails[not (type pr)].value",
        "addresses",
        "addresses[type eq \"home\"].locality",
        "name",
        "name.givenName",
        "userName",
        "active",
        "title",
        extension,
    ]
    .map(Value::from)
    .to_vec();
    paths.extend(["manager", "manager.value", "department"].map(|name| format!("{extension}:{name}").into()));
    let values = [
        json!(null),
        json!("a"),
        json!("b"),
        json!("True"),
        json!(false),
        json!(""),
        json!([]),
        json!({}),
        json!({ "value": "a", "type": "work" }),
        json!([{ "value": "b", "primary": true }, { "value": "A", "type": "home" }]),
        json!({ "value": "c", "primary": "true" }),
        json!({ "type": "home", "locality": "Rome" }),
        json!({ "givenName": "G", "formatted": null }),
        json!({ "department": "d", "manager": "m" }),
        json!([{ "value": null }]),
    ];
    let start = json!({ "schemas": [USER.id], "userName": "bjensen" });
    assert!(run(&USERS, &start, &paths, &values) > 1000);
}

#[test]
fn a_changed_group_is_a_valid_group() {
    let paths = ["members", "members[value eq \"a\"]", "members[type eq \"User\"]", "displayName", "externalId"]
        .map(Value::from);
    let values = [
        json!(null),
        json!("a"),
        json!([{ "value": "a", "type": "User" }, { "value": "b" }]),
        json!({ "value": "c", "display": "C" }),
        json!([]),
        json!({ "type": "User" }),
        json!({}),
    ];
    let start = json!({ "schemas": [GROUP.id], "displayName": "Tour Guides" });
    assert!(run(&GROUPS, &start, &paths, &values) > 1000);
}

#[test]
fn the_delta_of_members_is_what_applying_does() {
    let paths = ["members", "members[value eq \"a\"]", "members[value eq \"b\" or value eq \"c\"]"].map(Value::from);
    let values =
        [json!(null), json!("a"), json!([{ "value": "a" }, { "value": "b" }]), json!({ "value": "c" }), json!([])];
    let mut numbers = Numbers(11);
    let group = json!({ "schemas": [GROUP.id], "displayName": "x", "members": [{ "value": "b" }, { "value": "d" }] });
    let ids = |group: &Value| -> Vec<String> {
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    };
    for _ in 0..2000 {
        let mut all = PatchOp::default();
        for _ in 0..numbers.below(4) {
            all.operations.extend(patch(&mut numbers, &paths, &values).map(|p| p.operations).unwrap_or_default());
        }
        let Ok((delta, rest)) = members_delta(&all) else { continue };
        let mut after = ids(&apply(&all, &GROUPS, &group).unwrap());
        assert!(rest.operations.is_empty());
        let delta = delta.unwrap_or_default();
        let mut expected = delta.replace_all.clone().unwrap_or_else(|| ids(&group));
        expected.retain(|id| !delta.remove.contains(id));
        expected.extend(delta.add.iter().filter(|id| !expected.contains(id)).cloned().collect::<Vec<_>>());
        after.sort();
        expected.sort();
        assert_eq!(after, expected, "{all:?}");
    }
}
