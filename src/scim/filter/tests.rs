use serde_json::{Value, json};

use super::{
    super::schema::{GROUPS, USERS},
    *,
};

fn path(text: &str) -> AttrPath {
    AttrPath::parse(text).unwrap()
}

fn compare(attr: &str, comparison: Comparison, text: &str) -> Filter {
    Filter::Compare(path(attr), comparison, Literal::Text(text.to_owned()))
}

fn user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "2819c223-7f76-453a-919d-413861904646",
        "externalId": "Bjensen",
        "userName": "bjensen@Example.com",
        "userType": "Employee",
        "title": "",
        "active": true,
        "name": { "familyName": "O'Malley" },
        "emails": [
            { "value": "bjensen@example.com", "type": "work", "primary": true },
            { "value": "babs@jensen.org", "type": "home" },
        ],
        "meta": { "lastModified": "2011-05-13T04:42:34Z" },
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Tours", "manager": { "value": "26118915" },
        },
    })
}

fn holds(text: &str) -> bool {
    evaluate(&parse(text).unwrap_or_else(|e| panic!("{text}: {e}")), &user())
}

#[test]
fn and_binds_more_than_or() {
    let (a, b, c) = (
        compare("a", Comparison::Equal, "1"),
        compare("b", Comparison::Equal, "2"),
        compare("c", Comparison::Equal, "3"),
    );
    let both = |l: &Filter, r: &Filter| Filter::And(Box::new(l.clone()), Box::new(r.clone()));
    let one = |l: &Filter, r: &Filter| Filter::Or(Box::new(l.clone()), Box::new(r.clone()));
    assert_eq!(parse(r#"a eq "1" or b eq "2" and c eq "3""#).unwrap(), one(&a, &both(&b, &c)));
    assert_eq!(parse(r#"(a EQ "1" OR b Eq "2") aNd c eq "3""#).unwrap(), both(&one(&a, &b), &c));
    assert_eq!(parse(r#"not(a eq "1") and c eq "3""#).unwrap(), both(&Filter::Not(Box::new(a)), &c));
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    for text in [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "J""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified le "2011-05-13T04:42:34Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"title pr or userType eq "Intern""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType eq "Employee" and (emails.type eq "work")"#,
        r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
    ] {
        parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).check(&USERS).unwrap();
    }
    let schemas = parse(r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#).unwrap();
    schemas.check(&USERS).unwrap();
    assert!(!evaluate(&schemas, &user()));
}

#[test]
fn what_holds_is_found() {
    for text in [
        r#"userName eq "BJENSEN@example.COM""#,
        r#"USERNAME co "sen@ex""#,
        r#"externalId eq "Bjensen""#,
        "active eq true",
        r#"active eq "True""#,
        r#"emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work"].value eq "bjensen@example.com""#,
        r#"emails eq "babs@jensen.org""#,
        r#"emails.type eq "HOME""#,
        r#"userType ne "Intern" and nickName ne "x""#,
        "title eq null and userType ne null",
        r#"meta.lastModified ge "2011-05-13T06:42:34+02:00""#,
        r#"not (meta.lastModified gt "2011-05-13T04:42:34Z")"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "tou""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "26118915""#,
        r#"userName gt "a" and userName lt "c""#,
        "name pr and emails pr and id pr",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn what_does_not_hold_is_not_found() {
    for text in [
        r#"externalId eq "bjensen""#,
        r#"emails[type eq "home" and value co "@example.com"]"#,
        "title pr",
        "nickName pr",
        r#"nope eq "x""#,
        "active eq false",
        "active eq 1",
        r#"userName ew "@example.org""#,
        r#"department eq "Tours""#,
        r#"emails.type ne "work""#,
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn faults_have_a_position() {
    for (text, position, message) in [
        ("", 1, "an attribute"),
        ("userName", 9, "'eq'"),
        ("userName eq 'x'", 13, "double quotes"),
        (r#"userName is "x""#, 10, "'is' stands where"),
        (r#"é eq "x""#, 1, "'é'"),
        (r#"a eq "é" x"#, 10, "'and'"),
        (r#"(a eq "x""#, 10, "')'"),
        (r#"a eq "x")"#, 9, "the end"),
        (r#"not a eq "x""#, 5, "'(' after 'not'"),
        (r#"a[b[c eq "x"]]"#, 4, "inside another"),
        (r#"a[b eq "x""#, 11, "']'"),
        ("a eq", 5, "a text in double quotes"),
        ("a eq b", 6, "a text in double quotes"),
        ("a.b.c pr", 1, "'b.c'"),
        (r#"a eq "x"#, 6, "closing quote"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn depth_and_size_are_limited() {
    let nested = |depth: usize| format!("{}a pr{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert!(parse(&nested(MAX_DEPTH + 1)).unwrap_err().message.contains("levels deep"));
    assert!(parse(&nested(100_000)).is_err());
    let wide = |count: usize| vec!["a pr"; count].join(" or ");
    assert!(parse(&wide(100)).is_ok());
    assert!(parse(&wide(101)).unwrap_err().message.contains("more than 200"));
}

#[test]
fn paths_are_read() {
    let members = parse_path("members").unwrap();
    assert_eq!((members.filter, members.sub), (None, None));
    assert_eq!(parse_path("name.familyName").unwrap().sub.as_deref(), Some("familyName"));
    let one = parse_path(r#"members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName"#).unwrap();
    assert_eq!(one.filter, Some(compare("value", Comparison::Equal, "2819c223-7f76-453a-919d-413861904646")));
    assert_eq!(one.sub.as_deref(), Some("displayName"));
    let urn = "urn:ietf:params:scim:schemas:core:2.0:User";
    let prefixed = parse_path(&format!(r#"{urn}:emails[type eq "work" and primary eq true].value"#)).unwrap();
    assert_eq!(prefixed.attribute, path(&format!("{urn}:emails")));
    for bad in ["", "a b", "a.b[c pr]", "a[b pr]c", "a[b pr].", "a[b pr].c.d", "a[b pr].urn:x:c", "a[]", "[a pr]", ".a"]
    {
        assert!(parse_path(bad).is_err(), "{bad}");
    }
}

#[test]
fn filters_are_checked_against_the_schema() {
    let check = |text: &str| parse(text).unwrap().check(&USERS).unwrap_err();
    assert!(check(r#"department eq "x""#).detail.contains("Did you mean"));
    assert!(check("active gt true").detail.contains("'eq' or 'ne'"));
    assert!(check(r#"active eq "yes""#).detail.contains("true or false"));
    assert!(check(r#"name eq "x""#).detail.contains("name.formatted"));
    assert!(check("userName eq 1").detail.contains("double quotes"));
    assert!(check("emails[nope pr]").detail.contains("'nope'"));
    assert!(check("userName[value pr]").detail.contains("no sub-attributes"));
    assert!(check("password pr").detail.contains("never returned"));
    assert_eq!(check("nope pr").to_json()["scimType"], "invalidFilter");
    parse(r#"members eq "x" and members.type eq "User""#).unwrap().check(&GROUPS).unwrap();
}

#[test]
fn broken_texts_end_in_errors() {
    let whole = r#"not (é eq "x\"y" or a[b co "\u00fc"].c ne -1.5e3) and urn:x:2.0:Y:z.w pr"#;
    for text in [whole, r#"urn:x:Y:emails[type eq "wörk" and primary eq true].value"#] {
        for (at, _) in text.char_indices() {
            for insert in ["", "\"", "(", "]", "[", ".", ":", "\\", "é", " not ", "-"] {
                let broken = format!("{}{insert}{}", &text[..at], &text[at..]);
                for text in [broken.as_str(), &text[..at], &text[at..]] {
                    let faults = [parse(text).err(), parse_path(text).err()];
                    assert!(faults.iter().flatten().all(|fault| fault.position <= text.chars().count() + 1));
                }
            }
        }
    }
}
