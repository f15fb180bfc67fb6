//! Upper and lower case: SQLite takes Rust's tables, PostgreSQL those of its ICU.
//!
//! Both follow Unicode's full mappings (ß is SS in upper case, İ is two characters in lower case, Σ ends a word as ς),
//! whatever the language. They differ where one is newer than the other, in letters that got a second case after 2022: so
//! `tolower` and `toupper` may leave those as they are on an older PostgreSQL. Carrying tables of our own into PostgreSQL
//! to change that would cost every comparison, for letters that hardly anybody's names have. What is compared with each
//! other (`$search`) goes through the same engine on both sides, so that such a letter is found as it is written.

use cardea::{
    model::{meta::Version, value::Timestamp},
    odata::{options, path},
};

use crate::{
    random::query::encode,
    stores::{Place, catalog, connect, insert, on, on_each_engine},
    support::Engine,
};

/// Characters of which only newer tables know a second case: Unicode 16 (2024) and 17 (2025).
fn is_new(c: char) -> bool {
    matches!(u32::from(c), 0x19b | 0x264 | 0x1c89..=0x1c8a | 0xa7cb..=0xa7dc | 0x1_0d50..=0x1_0d85 | 0x1_6ea0..=0x1_6ed3)
}

/// Characters that have two cases, or stand among such.
fn letters() -> Vec<String> {
    let (own, cased) = (|c: char| vec![c], |c: char| c.is_alphabetic() && u32::from(c) < 0x3000);
    let changes =
        move |c: char| c.to_lowercase().collect::<Vec<_>>() != own(c) || c.to_uppercase().collect::<Vec<_>>() != own(c);
    ('\u{1}'..=char::MAX).filter(|c| cased(*c) || changes(*c)).map(String::from).collect()
}

/// Where the mapping of a letter depends on those around it.
const WORDS: [&str; 16] = [
    "ΟΔΟΣ",
    "ΟΔΟΣ ΑΣ",
    "Σ",
    "ΑΣ.",
    "Α.Σ",
    "ΑΣ'Α",
    "ΑΣ\u{301}",
    "A\u{345}Σ",
    "\u{345}Σ",
    "I\u{307}",
    "I\u{300}",
    "i\u{307}",
    "ǰΐﬃŉ",
    "ǅ",
    "STRASSE straße",
    "DİYARBAKIR ıi",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_maps_letters_as_rust_does() {
    let test = |place: Place| async move {
        place.open().await.close().await;
        let client = connect(place.url().unwrap()).await;
        let texts: Vec<String> = letters().into_iter().chain(WORDS.map(str::to_owned)).collect();
        assert!(texts.len() > 5000);
        let sql = "SELECT c, odata_lower(c), odata_upper(c) FROM unnest($1::text[]) c";
        for row in client.query(sql, &[&texts]).await.unwrap() {
            let (text, lower, upper): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            if (&lower, &upper) != (&text.to_lowercase(), &text.to_uppercase()) {
                // The older of the two leaves it as it is.
                assert!(text.chars().all(is_new), "{text:?}: {lower:?} and {upper:?}");
            }
        }
    };
    on(Engine::Postgres, test).await;
}

on_each_engine! {
    async fn a_search_minds_no_letter_case(place: Place) {
        let (store, tenant) = place.furnished().await;
        let names = [
            "Straße", "STRASSE", "οδος", "ΟΔΟΣΗΜΟ", "\u{212a}elvin", "İstanbul", "ﬃ office", "\u{a7cb}", "\u{264}", "É", "e\u{301}",
        ];
        insert(&*store, tenant, names.iter().enumerate().map(|(n, name)| {
            let mut row = catalog(&n.to_string());
            (*name).clone_into(&mut row.display_name);
            row
        })).await;
        for (term, expected) in [
            ("strasse", vec!["Straße", "STRASSE"]),
            ("STRAẞE", vec!["Straße", "STRASSE"]),
            ("ß", vec!["Straße", "STRASSE"]),
            ("ΟΔΟΣ", vec!["οδος", "ΟΔΟΣΗΜΟ"]),
            ("οδοσ", vec!["οδος", "ΟΔΟΣΗΜΟ"]),
            ("KELVIN", vec!["\u{212a}elvin"]),
            ("İSTAN", vec!["İstanbul"]),
            ("stanbul", vec!["İstanbul"]),
            ("FFI", vec!["ﬃ office"]),
            ("é", vec!["É"]),
            ("E\u{301}", vec!["e\u{301}"]),
            ("%", vec![]),
        ] {
            assert_eq!(search(&*store, tenant, term).await, expected, "{term}");
        }
        // However old the engine's tables, a letter is found as it is written.
        for term in ["\u{a7cb}", "\u{264}"] {
            assert!(search(&*store, tenant, term).await.contains(&term.to_owned()), "{term}");
        }
    }
}

/// The names that a search finds, in the order in which they were made.
async fn search(store: &dyn cardea::store::Store, tenant: cardea::store::TenantKey, term: &str) -> Vec<String> {
    let path = path::parse(Version::V1, "/identityGovernance/entitlementManagement/catalogs").unwrap();
    let path::Resource::Rows(rows) = path.resource else { panic!("not rows") };
    let query = format!("$search={}&$select=displayName,id", encode(&format!("\"{term}\"")));
    let page =
        store.read(tenant, options::parse_query(&query, rows, None, Timestamp(0)).unwrap()).await.unwrap().unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap();
    rows.iter().map(|row| row["displayName"].as_str().unwrap().to_owned()).collect()
}
