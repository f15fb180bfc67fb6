//! What the fuzz targets of `fuzz/` do, with a stable compiler: valid input, mutated, for so many seconds
//! (`CARDEA_FUZZ_SECONDS`, for each way in). A failure prints the input; `CARDEA_SEED` gives the same inputs again.

#[path = "../../fuzz/entries.rs"]
mod entries;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use cardea::{model::value::Timestamp, odata::options, store::Error};

use crate::{
    random::{env, rng::Rng},
    stores::{Place, catalog, insert, link, on_each_engine, package},
};

const SECONDS: u64 = 4;

/// The files in a folder of `fuzz/seeds`.
fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/fuzz/seeds/{of}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Pieces that mean something to somebody: libFuzzer's dictionary.
fn words() -> Vec<Vec<u8>> {
    let dictionary = include_str!("../../fuzz/odata.dict");
    let quoted = dictionary.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(|word| unescaped(word.as_bytes())).collect()
}

fn unescaped(word: &[u8]) -> Vec<u8> {
    match word {
        [] => Vec::new(),
        [b'\\', b'x', high, low, rest @ ..] => {
            let digit = |d: &u8| u8::try_from(char::from(*d).to_digit(16).unwrap()).unwrap();
            [vec![digit(high) << 4 | digit(low)], unescaped(rest)].concat()
        }
        [b'\\', escaped, rest @ ..] => [vec![*escaped], unescaped(rest)].concat(),
        [plain, rest @ ..] => [vec![*plain], unescaped(rest)].concat(),
    }
}

/// Something like the seeds.
fn mutated(rng: &mut Rng, seeds: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = rng.pick(seeds).clone();
    for _ in 0..=rng.below(6) {
        let at = rng.below(bytes.len() + 1);
        let to = (at + rng.below(20)).min(bytes.len());
        match rng.below(9) {
            0 => bytes.truncate(at),
            1 => _ = bytes.drain(at..to),
            2 => bytes.splice(at..to, rng.pick(words).iter().copied()).for_each(drop),
            3 | 4 => bytes.splice(at..at, rng.pick(words).iter().copied()).for_each(drop),
            5 => {
                // Something of another seed.
                let other = rng.pick(seeds);
                let from = rng.below(other.len() + 1);
                let piece = other[from..(from + rng.below(40)).min(other.len())].to_vec();
                bytes.splice(at..to, piece).for_each(drop);
            }
            6 => {
                // The same again and again: depth.
                let piece = bytes[at..to].to_vec();
                let times = *rng.pick(&[2, 3, 30, 300]);
                bytes.splice(at..at, piece.repeat(times)).for_each(drop);
            }
            7 if at < bytes.len() => bytes[at] = u8::try_from(rng.below(256)).unwrap(),
            _ if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            _ => {}
        }
    }
    bytes
}

fn fuzz(name: &str, enter: fn(&[u8])) {
    let (seeds, words) = (seeds(name), words());
    let seed = env("CARDEA_SEED").unwrap_or(1);
    let (mut rng, begin) = (Rng::new(seed), Instant::now());
    let time = Duration::from_secs(env("CARDEA_FUZZ_SECONDS").unwrap_or(SECONDS));
    for seed in &seeds {
        enter(seed);
    }
    let mut inputs = 0;
    while begin.elapsed() < time {
        let input = mutated(&mut rng, &seeds, &words);
        let one = Instant::now();
        let entered = catch_unwind(AssertUnwindSafe(|| enter(&input)));
        assert!(entered.is_ok(), "{name}: input {inputs} of CARDEA_SEED={seed}: {:?}", String::from_utf8_lossy(&input));
        assert!(
            one.elapsed() < Duration::from_secs(2),
            "{name} takes {:?}: {:?}",
            one.elapsed(),
            String::from_utf8_lossy(&input)
        );
        inputs += 1;
    }
    eprintln!("{name}: {inputs} inputs");
}

#[test]
fn url_path() {
    fuzz("url_path", entries::url_path);
}

#[test]
fn query_string() {
    fuzz("query_string", entries::query_string);
}

#[test]
fn json_body() {
    fuzz("json_body", entries::json_body);
}

#[test]
fn skiptoken() {
    fuzz("skiptoken", entries::skiptoken);
}

#[test]
fn batch() {
    fuzz("batch", entries::batch);
}

/// What nests as deep as it may is still of a size that a database takes.
#[test]
fn nesting_does_not_multiply() {
    let nest = |seed: &str, before: &str, after: &str| {
        let mut text = seed.to_owned();
        for _ in 0..28 {
            text = format!("{before}{text}{after}");
        }
        entries::query_string(format!("1$filter={text}").as_bytes());
    };
    nest("isHidden", "(", " in (true,null))");
    nest("isHidden", "(", " eq null)");
    nest("isHidden", "(", " ge true)");
    nest("contains(description,'x')", "(contains(description,'y') and ", ") ge contains(description,'z')");
    nest("contains(description,'x')", "(contains(description,'y') or ", " in (true,null))");
    nest("description", "tolower(", ")");
    nest("description", "concat(description,", ")");
    nest("isHidden", "not (", ")");
}

on_each_engine! {
    async fn what_is_understood_can_be_asked(place: Place) {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        insert(&*store, tenant, ["p", "q", "r"].map(|id| package(id, "c"))).await;
        store.commit(tenant, cardea::model::changeset::Changeset { writes: vec![link("p", "q")], ..Default::default() }).await.unwrap();
        let (seeds, words) = (seeds("query_string"), words());
        let seed = env("CARDEA_SEED").unwrap_or(1);
        let (mut rng, begin) = (Rng::new(seed), Instant::now());
        let time = Duration::from_secs(env("CARDEA_FUZZ_SECONDS").unwrap_or(SECONDS));
        let (mut tried, mut asked) = (0, 0);
        while begin.elapsed() < time {
            let input = mutated(&mut rng, &seeds, &words);
            tried += 1;
            let Some((first, rest)) = input.split_first() else { continue };
            let Ok(text) = std::str::from_utf8(rest) else { continue };
            let rows = entries::place(*first);
            let query = if rows.is_collection() {
                options::parse_query(text, rows, None, Timestamp(0))
            } else {
                options::parse_entity(text, rows, Timestamp(0))
            };
            let Ok(query) = query else { continue };
            asked += 1;
            let store = Arc::clone(&store);
            let outcome = tokio::spawn(async move { store.read(tenant, query).await }).await;
            let fine = matches!(outcome, Ok(Ok(_) | Err(Error::Timeout)));
            assert!(fine, "input {tried} of CARDEA_SEED={seed}: {first} {text:?}: {outcome:?}");
        }
        assert!(asked > 20, "{asked} of {tried} were understood");
    }
}
