//! Query options that are refused, each with a message that names what is wrong.

use crate::{
    engines,
    support::{
        TestApp,
        fixtures::{self, PACKAGES, VERSIONS},
    },
};

engines! {
    malformed_filters_are_refused,
    filters_that_nest_too_deep_are_refused,
    what_filters_have_and_we_do_not_is_not_implemented,
    malformed_orders_are_refused,
    numbers_must_be_numbers,
    a_count_must_be_true_or_false,
    unknown_options_are_refused,
    options_that_there_are_and_we_do_not_have_are_not_implemented,
    options_are_given_once,
    options_apply_where_they_make_sense,
    options_that_cannot_be_decoded_are_refused,
    queries_that_are_too_long_are_refused,
    a_format_that_there_is_not_is_refused,
}

async fn malformed_filters_are_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (filter, part) in [
            ("", "at the end"),
            ("(", "at the end"),
            (")", "position 1"),
            ("displayName", "displayName"),
            ("displayName eq", "at the end"),
            ("displayName eq 'x", "quote"),
            ("displayName eq \"x\"", "position"),
            ("displayName = 'x'", "position"),
            ("displayName eq 'x' and", "at the end"),
            ("displayName eq 'x' 'y'", "operator"),
            ("displayName eq x", "x"),
            ("displayNam eq 'x'", "Did you mean 'displayName'?"),
            ("displayName eq 5", "cannot be compared"),
            ("isHidden eq 'true'", "cannot be compared"),
            ("createdDateTime gt yesterday", "yesterday"),
            ("createdDateTime gt 2026-13-01T00:00:00Z", "position"),
            ("contains(displayName)", "takes 2 arguments"),
            ("contains(displayName,5)", "takes a text"),
            ("startwith(displayName,'x')", "Did you mean 'startswith'?"),
            ("year(displayName) eq 1", "takes a time"),
            ("displayName in ()", "position"),
            ("displayName in 'x'", "position"),
            ("displayName in ('x'", "position"),
            ("nothing/displayName eq 'x'", "nothing"),
            ("incompatibleAccessPackages/displayName eq 'x'", "incompatibleAccessPackages"),
            ("incompatibleAccessPackages eq null", "incompatibleAccessPackages"),
            ("incompatibleAccessPackages/any(p p/id eq '1')", "position"),
            ("incompatibleAccessPackages/any(p:q/id eq '1')", "q"),
            ("incompatibleAccessPackages/all()", "position"),
            ("displayName/any()", "displayName"),
            ("9223372036854775808 eq 1", "64 bits"),
            ("not", "at the end"),
            ("1 div 0 eq 1", "position"),
        ] {
            let problem = client.get(PACKAGES).query("$filter", filter).await.problem(400);
            assert_eq!((problem.code.as_str(), problem.target.as_str()), ("InvalidFilter", "$filter"), "{filter}");
            assert!(problem.message.contains(part), "{filter}: {part:?} is not in {problem:?}");
        }
    }
}

async fn filters_that_nest_too_deep_are_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for filter in [
            format!("{}isHidden{}", "(".repeat(1000), ")".repeat(1000)),
            format!("{}isHidden", "not ".repeat(1000)),
            format!("{}displayName{} eq 'x'", "tolower(".repeat(100), ")".repeat(100)),
            format!("1 eq {}1", "-".repeat(1000)),
            format!("{}isHidden{}", "incompatibleAccessPackages/any(p:".repeat(50), ")".repeat(50)),
            vec!["isHidden"; 500].join(" or "),
        ] {
            let problem = client.get(PACKAGES).query("$filter", &filter).await.problem(400);
            assert_eq!((problem.code.as_str(), problem.target.as_str()), ("InvalidFilter", "$filter"), "{problem:?}");
        }
    }
}

async fn what_filters_have_and_we_do_not_is_not_implemented(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (filter, part) in [
            ("substring(displayName,1) eq 'x'", "'substring'"),
            ("cast(displayName,Edm.String) eq 'x'", "'cast'"),
            ("geo.distance(displayName,displayName) lt 1", "'geo.distance'"),
        ] {
            let problem = client.get(PACKAGES).query("$filter", filter).await.problem(501);
            assert_eq!(problem.code, "NotImplemented", "{filter}");
            assert!(problem.message.contains(part), "{filter}: {problem:?}");
        }
    }
}

async fn malformed_orders_are_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (order, part) in [
            ("", "at the end"),
            ("displayName,", "at the end"),
            (",displayName", "position 1"),
            ("displayName up", "position"),
            ("displayName desc asc", "position"),
            ("displayNam", "Did you mean 'displayName'?"),
            ("incompatibleAccessPackages", "incompatibleAccessPackages"),
            ("incompatibleAccessPackages/displayName", "incompatibleAccessPackages"),
            ("'x'", "a literal orders nothing"),
            ("displayName desc;id", "position"),
        ] {
            let problem = client.get(PACKAGES).query("$orderby", order).await.problem(400);
            assert_eq!((problem.code.as_str(), problem.target.as_str()), ("BadRequest", "$orderby"), "{order}");
            assert!(problem.message.contains(part), "{order}: {part:?} is not in {problem:?}");
        }
        let many: Vec<String> = (0..9).map(|n| format!("concat(displayName,'{n}')")).collect();
        let problem = client.get(PACKAGES).query("$orderby", &many.join(",")).await.problem(400);
        problem.says("BadRequest", "$orderby", "more than 8 keys");
    }
}

async fn numbers_must_be_numbers(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for option in ["$top", "$skip"] {
            for value in ["", "-1", "x", "1.5", "1e3", "0x10", "+5", "99999999999999999999", "2147483648", "1 2", "٣"]
            {
                let problem = client.get(PACKAGES).query(option, value).await.problem(400);
                problem.says("BadRequest", option, "is not a whole number");
            }
        }
    }
}

async fn a_count_must_be_true_or_false(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for value in ["", "1", "yes", "truefalse"] {
            let problem = client.get(PACKAGES).query("$count", value).await.problem(400);
            problem.says("BadRequest", "$count", "neither 'true' nor 'false'");
        }
    }
}

async fn unknown_options_are_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (option, part) in
            [("$filer", "Did you mean '$filter'?"), ("$colour", "is not a query option"), ("$", "'$'")]
        {
            client.get(PACKAGES).query(option, "x").await.problem(400).says("BadRequest", option, part);
        }
        // A name without '$' is a custom option, which OData ignores.
        client.get(format!("{PACKAGES}?colour=red")).undocumented("a custom option").await.expect(200);
    }
}

async fn options_that_there_are_and_we_do_not_have_are_not_implemented(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for option in ["$apply", "$compute", "$deltatoken", "$schemaversion"] {
            let problem = client.get(PACKAGES).query(option, "x").await.problem(501);
            problem.says("NotImplemented", option, &format!("{option} is not implemented"));
        }
    }
}

async fn options_are_given_once(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (query, option) in [("$top=1&$top=1", "$top"), ("$filter=isHidden&filter=isHidden", "$filter")] {
            let problem = client.get(format!("{PACKAGES}?{query}")).await.problem(400);
            problem.says("BadRequest", option, "is given twice");
        }
    }
}

async fn options_apply_where_they_make_sense(app: TestApp) {
    let catalog = fixtures::catalog(&app.client(), "Sales").await;
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let one = format!("{}/{catalog}", words.catalogs);
        for (path, option, value) in [
            (one.clone(), "$filter", "isHidden"),
            (one.clone(), "$top", "1"),
            (one.clone(), "$orderby", "id"),
            (one.clone(), "$count", "true"),
            (format!("{PACKAGES}/$count"), "$top", "1"),
            (format!("{PACKAGES}/$count"), "$select", "id"),
            (format!("{PACKAGES}/x/incompatibleAccessPackages/$ref"), "$select", "id"),
            (format!("{PACKAGES}/x/incompatibleAccessPackages/$ref"), "$expand", "*"),
        ] {
            let problem = client.get(path).query(option, value).await.problem(400);
            problem.says("BadRequest", option, &format!("{option} does not apply to"));
        }
    }
}

async fn options_that_cannot_be_decoded_are_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        for (query, part) in [
            ("$filter=%zz", "two hexadecimal digits"),
            ("$filter=%", "two hexadecimal digits"),
            ("$filter=%ff", "must be UTF-8"),
            ("%ff=1", "must be UTF-8"),
            ("$filter=displayName%20eq%20'%00'", "%00"),
        ] {
            let problem = client.get(format!("{PACKAGES}?{query}")).await.problem(400);
            assert_eq!(problem.code, "BadRequest", "{query}");
            assert!(problem.message.contains(part), "{query}: {problem:?}");
        }
    }
}

async fn queries_that_are_too_long_are_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let filter = format!("displayName eq '{}'", "x".repeat(17_000));
        let problem = client.get(PACKAGES).query("$filter", &filter).await.problem(400);
        assert!(problem.message.contains("longer than 16384 bytes"), "{problem:?}");
    }
}

async fn a_format_that_there_is_not_is_refused(app: TestApp) {
    for words in VERSIONS {
        let client = words.of(&app.reader());
        let problem = client.get(PACKAGES).query("$format", "xml").await.problem(501);
        problem.says("NotImplemented", "$format", "'xml' is not implemented");
        let json = client.get(format!("{PACKAGES}?$format=json"));
        json.undocumented("$format says what is so anyway").await.expect(200);
    }
}
