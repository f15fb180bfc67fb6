use super::{super::path::AttrPath, *};

fn resolve(kind: &ResourceType, path: &str) -> Option<Place> {
    kind.resolve(&AttrPath::parse(path).unwrap())
}

#[test]
fn paths_are_resolved_whatever_their_case() {
    for path in ["USERNAME", "urn:ietf:params:scim:schemas:core:2.0:User:userName"] {
        let Some(Place::Attribute { extension: None, attribute, sub: None }) = resolve(&USERS, path) else { panic!() };
        assert_eq!(attribute.name, "userName");
    }
    let path = "URN:IETF:params:scim:schemas:extension:enterprise:2.0:user:manager.displayname";
    let Some(Place::Attribute { extension: Some(e), attribute, sub: Some(sub) }) = resolve(&USERS, path) else {
        panic!()
    };
    assert_eq!((e.id, attribute.name, sub.name), (ENTERPRISE_USER.id, "manager", "displayName"));
    assert_eq!(resolve(&USERS, ENTERPRISE_USER.id), Some(Place::Extension(&ENTERPRISE_USER)));
    for path in ["department", "members", "name.nope", "urn:x:y:userName"] {
        assert_eq!(resolve(&USERS, path), None, "{path}");
    }
    assert!(USERS.unknown(&AttrPath::parse("department").unwrap()).ends_with("2.0:User:department'?"));
}

#[test]
fn the_schemas_say_what_the_rfc_says() {
    let password = USER.attribute("password").unwrap();
    assert_eq!((password.mutability, password.returned), (Mutability::WriteOnly, Returned::Never));
    let name = USER.attribute("userName").unwrap();
    assert!(name.required && !name.case_exact && name.uniqueness == Uniqueness::Server);
    assert_eq!(USER.attribute("groups").unwrap().mutability, Mutability::ReadOnly);
    assert!(GROUP.attribute("displayName").unwrap().required);
    assert_eq!(ResourceType::at_endpoint("/users"), Some(&USERS));
}
