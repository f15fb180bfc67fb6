#![allow(clippy::needless_pass_by_value, reason = "json! is written in place")]

use serde_json::json;

use super::{
    super::schema::{ENTERPRISE_USER, GROUP, GROUPS, ResourceType, USER, USERS},
    *,
};

fn message(operations: Value) -> Value {
    json!({ "schemas": [message::PATCH_OP], "Operations": operations })
}

fn patched(kind: &'static ResourceType, resource: &Value, operations: Value) -> Result<Value, Error> {
    apply(&PatchOp::parse(&message(operations))?, kind, resource)
}

fn user() -> Value {
    json!({
        "schemas": [USER.id],
        "id": "2819c223",
        "userName": "bjensen",
        "name": { "familyName": "Jensen", "givenName": "Barbara" },
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "meta": { "version": "W/\"1\"" },
    })
}

fn group() -> Value {
    json!({ "schemas": [GROUP.id], "displayName": "Tour Guides", "members": [{ "value": "a" }, { "value": "b", "type": "User" }] })
}

fn change(operations: Value) -> Value {
    patched(&USERS, &user(), operations).unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn refused(kind: &'static ResourceType, operations: Value, keyword: &str, words: &str) {
    let error = patched(kind, &if kind == &USERS { user() } else { group() }, operations).unwrap_err();
    assert_eq!(error.to_json()["scimType"], keyword, "{error}");
    assert!(error.detail.contains(words), "{error}");
}

#[test]
fn add_with_a_path_keeps_what_is_there() {
    let add = json!([{ "op": "add", "path": "members", "value": [{ "display": "Babs", "value": "c" }, { "value": "b", "type": "Group" }] }]);
    let after = patched(&GROUPS, &group(), add).unwrap();
    assert_eq!(after["members"], json!([{ "value": "a" }, { "value": "b", "type": "User" }, { "value": "c" }]));
}

#[test]
fn add_without_a_path_adds_each_member() {
    let after = change(json!([{ "op": "add", "value": {
        "emails": [{ "value": "babs@jensen.org", "type": "home" }, { "value": "new@example.com", "type": "other" }],
        "nickname": "Babs",
    } }]));
    assert_eq!(after["nickName"], "Babs");
    assert_eq!(after["emails"].as_array().unwrap().len(), 3);
    assert_eq!(after["id"], "2819c223");
    assert_eq!(after["meta"], user()["meta"]);
}

#[test]
fn remove_takes_values_filtered_or_all() {
    let one = patched(&GROUPS, &group(), json!([{ "op": "remove", "path": "members[value eq \"a\"]" }])).unwrap();
    assert_eq!(one["members"], json!([{ "value": "b", "type": "User" }]));
    let all = patched(&GROUPS, &group(), json!([{ "op": "remove", "path": "members" }])).unwrap();
    assert!(all.get("members").is_none());
    let path = "emails[type eq \"work\" and value ew \"example.com\"]";
    let emails = change(json!([{ "op": "remove", "path": path }]))["emails"].clone();
    assert_eq!(emails, json!([{ "value": "babs@jensen.org", "type": "home" }]));
    assert_eq!(change(json!([{ "op": "remove", "path": "emails[type eq \"fax\"]" }])), user());
    let value = change(json!([{ "op": "remove", "path": "emails[type eq \"work\"].value" }]));
    assert_eq!(value["emails"], emails);
    let name =
        change(json!([{ "op": "remove", "path": "name.familyName" }, { "op": "remove", "path": "name.givenName" }]));
    assert!(name.get("name").is_none());
}

#[test]
fn remove_then_add_replaces_one_member() {
    let operations = json!([
        { "op": "remove", "path": "members[value eq \"a\"]" },
        { "op": "add", "path": "members", "value": [{ "value": "d" }] },
    ]);
    let after = patched(&GROUPS, &group(), operations).unwrap();
    assert_eq!(after["members"], json!([{ "value": "b", "type": "User" }, { "value": "d" }]));
}

#[test]
fn replace_puts_a_list_in_the_place_of_a_list() {
    let after =
        patched(&GROUPS, &group(), json!([{ "op": "replace", "path": "members", "value": [{ "value": "x" }] }]));
    assert_eq!(after.unwrap()["members"], json!([{ "value": "x" }]));
    let after = change(json!([{ "op": "replace", "path": "emails", "value": [] }]));
    assert!(after.get("emails").is_none());
}

#[test]
fn replace_with_a_filter_replaces_values_or_a_part_of_them() {
    let with = json!([{ "op": "add", "path": "addresses", "value": [{ "type": "work", "locality": "Rome", "streetAddress": "x" }] }]);
    let mut before = change(with);
    let street =
        json!([{ "op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1010 Broadway Ave" }]);
    before = patched(&USERS, &before, street).unwrap();
    assert_eq!(
        before["addresses"],
        json!([{ "type": "work", "locality": "Rome", "streetAddress": "1010 Broadway Ave" }])
    );
    let whole = json!([{ "op": "replace", "path": "addresses[type eq \"work\"]", "value": { "type": "work", "country": "US" } }]);
    let after = patched(&USERS, &before, whole).unwrap();
    assert_eq!(after["addresses"], json!([{ "type": "work", "country": "US" }]));
    let nothing = json!([{ "op": "replace", "path": "addresses[type eq \"home\"]", "value": { "country": "US" } }]);
    refused(&USERS, nothing, "noTarget", "'addresses'");
}

#[test]
fn replace_without_a_path_merges_complex_attributes() {
    let after = change(
        json!([{ "op": "replace", "value": { "name": { "givenName": "Babs", "formatted": null }, "active": false } }]),
    );
    assert_eq!(after["name"], json!({ "familyName": "Jensen", "givenName": "Babs" }));
    assert_eq!(after["active"], false);
}

#[test]
fn a_new_primary_value_takes_it_from_the_others() {
    let add = change(json!([{ "op": "add", "path": "emails", "value": [{ "value": "n@x", "primary": true }] }]));
    let primary = |user: &Value| -> Vec<Value> {
        user["emails"].as_array().unwrap().iter().map(|e| e["primary"].clone()).collect()
    };
    assert_eq!(primary(&add), [json!(false), json!(null), json!(true)]);
    let set = change(json!([{ "op": "Replace", "path": "emails[type eq \"home\"].primary", "value": "True" }]));
    assert_eq!(primary(&set), [json!(false), json!(true)]);
    refused(
        &USERS,
        json!([{ "op": "replace", "path": "emails.primary", "value": true }]),
        "invalidValue",
        "more than one primary",
    );
}

#[test]
fn entra_id_creates_the_value_that_its_filter_describes() {
    for op in ["Add", "Replace"] {
        let path = "phoneNumbers[type eq \"mobile\"].value";
        let after = change(json!([{ "op": op, "path": path, "value": "+1 555" }]));
        assert_eq!(after["phoneNumbers"], json!([{ "type": "mobile", "value": "+1 555" }]));
        let after = change(json!([{ "op": op, "value": { path: "+1 556", "name.familyName": "J" } }]));
        assert_eq!(after["phoneNumbers"], json!([{ "type": "mobile", "value": "+1 556" }]));
        assert_eq!(after["name"], json!({ "familyName": "J", "givenName": "Barbara" }));
    }
    let primary = json!([{ "op": "Add", "path": "phoneNumbers[primary eq \"True\"].value", "value": "1" }]);
    assert_eq!(change(primary)["phoneNumbers"], json!([{ "primary": true, "value": "1" }]));
    let vague =
        json!([{ "op": "replace", "path": "phoneNumbers[type ne \"fax\" and type sw \"m\"].value", "value": "1" }]);
    refused(&USERS, vague, "noTarget", "No value of 'phoneNumbers.value'");
}

#[test]
fn entra_id_writes_extensions_and_booleans_its_own_way() {
    let id = ENTERPRISE_USER.id;
    let (department, manager) = (format!("{id}:department"), format!("{id}:manager"));
    let after = change(json!([
        { "op": "Add", "path": manager.as_str(), "value": "26118915" },
        { "op": "Replace", "value": { department.as_str(): "Tours", "active": "False" } },
        { "op": "Add", "value": { id: { "costCenter": "4130" } } },
    ]));
    assert_eq!(after[id], json!({ "manager": { "value": "26118915" }, "department": "Tours", "costCenter": "4130" }));
    assert_eq!(after["active"], false);
    assert_eq!(after["schemas"], json!([USER.id, id]));
    let list = json!([{ "op": "replace", "path": manager, "value": [{ "value": "7" }] }]);
    assert_eq!(patched(&USERS, &after, list).unwrap()[id]["manager"], json!({ "value": "7" }));
    for path in [id.to_owned(), department] {
        let before = change(json!([{ "op": "add", "path": format!("{id}:department"), "value": "x" }]));
        let after = patched(&USERS, &before, json!([{ "op": "Remove", "path": path }])).unwrap();
        assert_eq!(after, user());
    }
    let removed =
        json!([{ "op": "Remove", "path": "members", "value": [{ "value": "a" }, { "$ref": null, "value": "z" }] }]);
    assert_eq!(patched(&GROUPS, &group(), removed).unwrap()["members"], json!([{ "value": "b", "type": "User" }]));
}

#[test]
fn what_cannot_be_changed_is_refused() {
    for path in ["id", "meta.version", "groups", "groups[value eq \"x\"]", "schemas"] {
        refused(&USERS, json!([{ "op": "replace", "path": path, "value": "x" }]), "mutability", "readOnly");
    }
    let manager = format!("{}:manager.displayName", ENTERPRISE_USER.id);
    refused(&USERS, json!([{ "op": "replace", "path": manager, "value": "x" }]), "mutability", "readOnly");
    refused(&USERS, json!([{ "op": "remove", "path": "userName" }]), "mutability", "'userName' is required");
    refused(&USERS, json!([{ "op": "replace", "path": "userName", "value": null }]), "mutability", "required");
    let member = json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "c" }]);
    refused(&GROUPS, member, "mutability", "immutable");
    let same = json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "a" }]);
    assert_eq!(patched(&GROUPS, &group(), same).unwrap(), group());
}

#[test]
fn malformed_operations_are_told_by_number() {
    refused(&USERS, json!([{ "op": "remove" }]), "noTarget", "Operation 1: 'remove' needs a 'path'");
    refused(&USERS, json!([{ "op": "move", "path": "x" }]), "invalidSyntax", "'op'");
    let second = json!([{ "op": "remove", "path": "nickName" }, { "op": "add", "path": "nope", "value": 1 }]);
    refused(&USERS, second, "invalidPath", "Operation 2: 'nope' is not an attribute of User");
    refused(&USERS, json!([{ "op": "add", "path": "a b", "value": 1 }]), "invalidPath", "at character 3");
    refused(&USERS, json!([{ "op": "add", "path": "name[givenName pr]", "value": {} }]), "invalidPath", "one value");
    refused(&USERS, json!([{ "op": "add", "path": "emails[nope pr]", "value": {} }]), "invalidFilter", "'nope'");
    let member = json!([{ "op": "add", "path": "members[type eq \"Group\"]", "value": {} }]);
    refused(&GROUPS, member, "invalidValue", "'members.value' is required");
    refused(&USERS, json!([{ "op": "add", "path": "title" }]), "invalidValue", "needs a 'value'");
    refused(&USERS, json!([{ "op": "add", "value": "x" }]), "invalidValue", "Without a 'path'");
    refused(&USERS, json!([{ "op": "add", "path": "title", "value": 1 }]), "invalidValue", "'title' must be a string");
    refused(&USERS, json!([{ "op": "add", "path": "name", "value": { "x": 1 } }]), "invalidSyntax", "'x'");
    for body in [
        json!(1),
        json!({}),
        json!({ "schemas": [USER.id], "Operations": [] }),
        json!({ "schemas": [message::PATCH_OP] }),
    ] {
        assert_eq!(PatchOp::parse(&body).unwrap_err().scim_type.unwrap().as_str(), "invalidSyntax");
    }
}

fn delta(operations: Value) -> Result<(Option<MembersDelta>, PatchOp), Error> {
    members_delta(&PatchOp::parse(&message(operations)).unwrap())
}

#[test]
fn members_are_told_apart_from_the_rest() {
    let (members, rest) = delta(json!([
        { "op": "Replace", "value": { "displayName": "x", "externalId": "y" } },
        { "op": "Add", "path": "members", "value": [{ "value": "a" }, { "value": "b" }] },
        { "op": "add", "value": { "members": [{ "VALUE": "c" }, { "value": "a" }] } },
        { "op": "Remove", "path": "members", "value": [{ "value": "b" }] },
        { "op": "remove", "path": "members[value eq \"d\" or value eq \"e\"]" },
    ]))
    .unwrap();
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        members.unwrap(),
        MembersDelta { add: ids(&["a", "c"]), remove: ids(&["b", "d", "e"]), replace_all: None }
    );
    let group = apply(&rest, &GROUPS, &json!({ "schemas": [GROUP.id], "displayName": "w" })).unwrap();
    assert_eq!(group, json!({ "schemas": [GROUP.id], "displayName": "x", "externalId": "y" }));

    let path = format!("{}:members", GROUP.id);
    let (members, rest) = delta(json!([
        { "op": "add", "path": "members", "value": [{ "value": "gone" }] },
        { "op": "replace", "path": path, "value": [{ "value": "a" }, { "value": "b" }] },
        { "op": "remove", "path": "members", "value": "b" },
        { "op": "add", "path": "members", "value": { "value": "c" } },
    ]))
    .unwrap();
    assert_eq!(members.unwrap().replace_all, Some(ids(&["a", "c"])));
    assert!(rest.operations.is_empty());
    assert_eq!(delta(json!([{ "op": "remove", "path": "members" }])).unwrap().0.unwrap().replace_all, Some(Vec::new()));
    assert_eq!(delta(json!([{ "op": "remove", "path": "externalId" }])).unwrap().0, None);
}

#[test]
fn changes_of_members_that_need_a_look_are_refused() {
    let keyword = |operation: Value| delta(json!([operation])).unwrap_err().scim_type.unwrap();
    assert_eq!(
        keyword(json!({ "op": "remove", "path": "members[type eq \"User\"]" })),
        super::super::ScimType::InvalidFilter
    );
    assert_eq!(
        keyword(json!({ "op": "replace", "path": "members[value eq \"a\"].display", "value": "x" })),
        super::super::ScimType::Mutability
    );
    assert_eq!(
        keyword(json!({ "op": "replace", "path": "members[value eq \"a\"]", "value": {} })),
        super::super::ScimType::InvalidPath
    );
    assert_eq!(
        keyword(json!({ "op": "add", "path": "members", "value": [{ "type": "User" }] })),
        super::super::ScimType::InvalidValue
    );
    assert_eq!(keyword(json!({ "op": "add", "path": "members" })), super::super::ScimType::InvalidValue);
}
