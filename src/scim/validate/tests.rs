use serde_json::json;

use super::{
    super::schema::{ENTERPRISE_USER, GROUP, GROUPS, USER, USERS},
    *,
};

fn refused(kind: &'static ResourceType, body: &Value, keyword: &str, words: &str) {
    let error = validate(kind, body).unwrap_err();
    assert_eq!(error.to_json()["scimType"], keyword, "{error}");
    assert!(error.detail.contains(words), "{error}");
}

fn user(more: Value) -> Value {
    let mut body = json!({ "schemas": [USER.id], "userName": "bjensen" });
    let Value::Object(more) = more else { panic!() };
    body.as_object_mut().unwrap().extend(more);
    body
}

#[test]
fn names_values_and_schemas_become_canonical() {
    let body = json!({
        "SCHEMAS": [USER.id.to_uppercase()],
        "USERNAME": "bjensen",
        "Active": "True",
        "name": { "FAMILYNAME": "Jensen", "givenName": null },
        "emails": [{ "VALUE": "b@example.com", "Primary": "False", "type": "work" }, { "value": "B@example.com", "type": "Work" }],
        "phoneNumbers": [],
        "nickName": null,
        "id": "ignored", "meta": { "anything": 1 }, "groups": "whatever",
        "urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User": { "Department": "Tours", "manager": "26118915" },
    });
    let expected = json!({
        "schemas": [USER.id, ENTERPRISE_USER.id],
        "userName": "bjensen",
        "active": true,
        "name": { "familyName": "Jensen" },
        "emails": [{ "value": "b@example.com", "primary": false, "type": "work" }],
        ENTERPRISE_USER.id: { "department": "Tours", "manager": { "value": "26118915" } },
    });
    assert_eq!(validate(&USERS, &body).unwrap(), expected);
}

#[test]
fn the_users_of_the_rfc_are_taken() {
    let minimal = json!({
        "schemas": [USER.id], "userName": "bjensen", "externalId": "bjensen",
        "name": { "formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara" },
    });
    assert_eq!(validate(&USERS, &minimal).unwrap(), minimal);
    let group = json!({
        "schemas": [GROUP.id], "displayName": "Tour Guides",
        "members": [
            { "value": "2819c223", "$ref": "https://example.com/v2/Users/2819c223", "display": "Babs Jensen" },
            { "value": "902c246b", "type": "User" },
            { "value": "902c246b" },
        ],
    });
    let members = json!([
        { "value": "2819c223", "$ref": "https://example.com/v2/Users/2819c223" }, { "value": "902c246b", "type": "User" },
    ]);
    assert_eq!(validate(&GROUPS, &group).unwrap()["members"], members);
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    refused(&USERS, &user(json!({ "shoeSize": 43 })), "invalidSyntax", "'shoeSize' is not an attribute of User");
    refused(&USERS, &user(json!({ "department": "x" })), "invalidSyntax", "2.0:User:department'?");
    refused(
        &USERS,
        &user(json!({ "name": { "first": "x" } })),
        "invalidSyntax",
        "'first' is not a sub-attribute of 'name'",
    );
    refused(&USERS, &user(json!({ ENTERPRISE_USER.id: { "x": 1 } })), "invalidSyntax", "'x'");
    refused(&USERS, &user(json!({ "urn:x:y:1.0:Z": {} })), "invalidSyntax", "urn:x:y:1.0:Z");
    refused(&USERS, &user(json!({ "schemas": [USER.id, "urn:x"] })), "invalidSyntax", "'urn:x'");
}

#[test]
fn schemas_must_name_the_core_schema() {
    for schemas in [json!(null), json!(USER.id), json!([]), json!([ENTERPRISE_USER.id]), json!([1])] {
        refused(&USERS, &user(json!({ "schemas": schemas })), "invalidSyntax", "'schemas'");
    }
    refused(&USERS, &json!([]), "invalidSyntax", "JSON object");
    refused(&GROUPS, &user(json!({})), "invalidSyntax", "core:2.0:Group");
}

#[test]
fn types_and_what_is_required_are_checked() {
    refused(&USERS, &user(json!({ "userName": 1 })), "invalidValue", "'userName' must be a string, not a number");
    refused(&USERS, &user(json!({ "userName": " " })), "invalidValue", "must not be empty");
    refused(&USERS, &user(json!({ "title": "a\0" })), "invalidValue", "'title' must not contain");
    refused(&USERS, &json!({ "schemas": [USER.id] }), "invalidValue", "'userName' is required");
    refused(&USERS, &user(json!({ "active": "yes" })), "invalidValue", "true or false");
    refused(&USERS, &user(json!({ "name": "Babs" })), "invalidValue", "'name' must be an object");
    refused(&USERS, &user(json!({ "emails": { "value": "x" } })), "invalidValue", "'emails' must be an array");
    refused(&USERS, &user(json!({ "emails": [{ "value": 1 }] })), "invalidValue", "'emails.value'");
    refused(&USERS, &user(json!({ "title": "a", "TITLE": "b" })), "invalidSyntax", "more than once");
    let two = json!([{ "value": "a", "primary": true }, { "value": "b", "primary": true }]);
    refused(&USERS, &user(json!({ "emails": two })), "invalidValue", "more than one primary");
    let many: Vec<_> = (0..=MAX_VALUES).map(|n| json!({ "value": n.to_string() })).collect();
    refused(&USERS, &user(json!({ "emails": many })), "invalidValue", "200 at most");
    let group = json!({ "schemas": [GROUP.id], "displayName": "x", "members": [{ "type": "User" }] });
    refused(&GROUPS, &group, "invalidValue", "'members.value' is required");
}
