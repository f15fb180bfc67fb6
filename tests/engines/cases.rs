//! Upper and lower case, character by character: SQLite takes Rust's tables, PostgreSQL ICU's.

use crate::stores::{Place, connect};
use crate::support::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explore() {
    let test = |place: Place| async move {
        place.open().await.close().await;
        let client = connect(place.url().unwrap()).await;
        let all: Vec<String> = (1..=0x10_ffff_u32).filter_map(char::from_u32).map(String::from).collect();
        for (name, f) in [("odata_lower", str::to_lowercase as fn(&str) -> String), ("odata_upper", str::to_uppercase)] {
            let rows = client.query(&format!("SELECT c, {name}(c) FROM unnest($1::text[]) c"), &[&all]).await.unwrap();
            let mut n = 0;
            for row in &rows {
                let (c, theirs): (String, String) = (row.get(0), row.get(1));
                let ours = f(&c);
                if ours != theirs {
                    n += 1;
                    eprintln!("{name} U+{:04X} {c}: ours {ours:?} {:x?} theirs {theirs:?} {:x?}", u32::from(c.chars().next().unwrap()), ours.chars().map(u32::from).collect::<Vec<_>>(), theirs.chars().map(u32::from).collect::<Vec<_>>());
                }
            }
            eprintln!("{name}: {n} of {}", rows.len());
        }
        for text in ["ΟΔΟΣ", "ΟΔΟΣ ΑΣ", "Σ", "ΑΣ.", "Α.Σ", "ΑΣ'Α", "ΑΣ\u{301}", "A\u{345}Σ", "\u{345}Σ", "I\u{307}", "Ì", "i\u{307}", "ǰ", "ΐ", "ﬃ", "ŉ", "ǅ", "և"] {
            let row = client.query_one("SELECT odata_lower($1), odata_upper($1)", &[&text]).await.unwrap();
            let (l, u): (String, String) = (row.get(0), row.get(1));
            if l != text.to_lowercase() || u != text.to_uppercase() {
                eprintln!("{text}: lower {l} / {}, upper {u} / {}", text.to_lowercase(), text.to_uppercase());
            }
        }
        let (ver,): (String,) = (client.query_one("SELECT collversion FROM pg_collation WHERE collname='und-x-icu'", &[]).await.unwrap().get(0),);
        eprintln!("icu {ver}");
    };
    crate::stores::on(Engine::Postgres, test).await;
}
