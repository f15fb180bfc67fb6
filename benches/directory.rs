//! The directory at scale: fills a tenant by `cardea import`, takes it out by `cardea export`, and measures over HTTP what is
//! asked of people and groups.
//!
//!     cargo bench --bench directory                      # 100,000 people, 10,000 groups
//!     cargo bench --bench directory -- --people 1000000 --groups 100000
//!
//! The groups are a tree, ten deep where there are 100,000: each holds three. One person is in all groups that hold no other,
//! and so in all; one group holds everybody; everybody else is in three of the groups. Requests come one after the other.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a tool that stops at the first surprise")]

mod support;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use self::support::{CARDEA, Server, Stop};

/// So many links a line.
const LINKS: usize = 5000;
/// In so many groups is who is in some.
const SOME: usize = 3;

#[derive(Clone, Copy)]
struct Size {
    people: usize,
    groups: usize,
    seconds: u64,
}

fn arguments() -> Size {
    let mut size = Size { people: 100_000, groups: 10_000, seconds: 2 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().unwrap().parse().unwrap();
        match word.as_str() {
            "--people" => size.people = number(),
            "--groups" => size.groups = number(),
            "--seconds" => size.seconds = number() as u64,
            // What cargo itself adds.
            _ => {}
        }
    }
    size
}

/// An id that says nothing of when it was made, as those that come from elsewhere.
fn id(kind: char, n: usize) -> String {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let (high, low) = (mixed >> 32, mixed & 0xffff);
    format!("{high:08x}-{low:04x}-4{:03x}-8000-{:012x}", u32::from(kind) & 0xfff, n)
}

/// The group that holds everybody: it comes after those of the tree.
fn everybody(size: Size) -> String {
    id('g', size.groups)
}

fn write_people(size: Size, file: &Path) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    for n in 0..size.people {
        let person = json!({
            "@odata.type": "#microsoft.graph.user", "id": id('u', n), "accountEnabled": true, "displayName": format!("Person {n}"),
            "givenName": "Given", "surname": format!("Name{n}"), "mailNickname": format!("u{n}"),
            "userPrincipalName": format!("u{n}@contoso.example"), "jobTitle": "Engineer", "department": "Engines",
            "officeLocation": "1/2", "usageLocation": "GB",
        });
        writeln!(out, "{person}").unwrap();
    }
}

fn write_groups(size: Size, file: &Path) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    for n in 0..=size.groups {
        let group = json!({
            "@odata.type": "#microsoft.graph.group", "id": id('g', n), "displayName": format!("Group {n}"),
            "mailEnabled": false, "mailNickname": format!("g{n}"), "securityEnabled": true,
        });
        writeln!(out, "{group}").unwrap();
    }
}

/// Writes who is in which groups; gives how many links that is.
fn write_members(size: Size, file: &Path) -> usize {
    let mut out = BufWriter::new(File::create(file).unwrap());
    let mut links = 0;
    let mut line = |group: String, members: &[String]| {
        links += members.len();
        writeln!(out, "{}", json!({ "@odata.type": "#microsoft.graph.group", "id": group, "members": members }))
            .unwrap();
    };
    let mut of_group: Vec<Vec<String>> = vec![Vec::new(); size.groups];
    for n in 1..size.groups {
        of_group[(n - 1) / 3].push(id('g', n));
    }
    for (n, members) in of_group.iter_mut().enumerate() {
        if 3 * n + 1 >= size.groups {
            members.push(id('u', 0));
        }
    }
    for person in 1..size.people {
        for k in 0..SOME {
            of_group[(person * 31 + k * 7919) % size.groups].push(id('u', person));
        }
    }
    for (n, members) in of_group.iter().enumerate().filter(|(_, members)| !members.is_empty()) {
        line(id('g', n), members);
    }
    let everyone: Vec<String> = (0..size.people).map(|n| id('u', n)).collect();
    for some in everyone.chunks(LINKS) {
        line(everybody(size), some);
    }
    links
}

/// Runs a command of the program on a data directory, and tells how long it took.
fn command(data: &Path, what: &str, many: usize, args: &[&str]) {
    let begun = Instant::now();
    let done = Command::new(CARDEA).args(args).arg("--data").arg(data).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let took = begun.elapsed().as_secs_f64();
    println!("| {what} | {many} | {took:.1} | {:.0} |", many as f64 / took);
}

fn main() {
    let size = arguments();
    let work = tempfile::tempdir().unwrap();
    let (data, file) = (work.path().join("data"), work.path().join("file.jsonl"));
    let import = ["import", "directory", file.to_str().unwrap()];
    println!("| | objects or links | s | a second |\n|---|--:|--:|--:|");
    write_people(size, &file);
    command(&data, "import people", size.people, &import);
    command(&data, "import the same people", size.people, &import);
    write_groups(size, &file);
    command(&data, "import groups", size.groups + 1, &import);
    let links = write_members(size, &file);
    command(&data, "import members", links, &import);
    let exported = work.path().join("exported.jsonl");
    command(
        &data,
        "export",
        size.people + size.groups + 1,
        &["export", "directory", "--output", exported.to_str().unwrap()],
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("\n| | requests | p50 ms | p99 ms |\n|---|--:|--:|--:|");
    runtime.block_on(measure(size, &data));
}

/// What is asked, by the number of the request.
type Request<'a> = Box<dyn Fn(usize) -> String + 'a>;

async fn measure(size: Size, data: &Path) {
    let server = Server::start(data, &["User.ReadWrite.All", "Group.ReadWrite.All"]);
    let (u, g) = (|n: usize| id('u', n), |n: usize| id('g', n));
    // Anybody but the one who is in all groups.
    let any = |n: usize| n * 7919 % (size.people - 1) + 1;
    let (all, root) = (everybody(size), g(0));
    let asked = json!({ "groupIds": [g(0), g(1), g(size.groups / 2), all, "nothing"] }).to_string();
    let check = |n: usize| server.post(&format!("/v1.0/users/{}/checkMemberGroups", u(n)), &asked);
    let get = |path: String| server.get(&format!("/v1.0/{path}"));
    let cases: [(&str, Request<'_>); 18] = [
        ("a person by id", Box::new(|n| get(format!("users/{}", u(any(n)))))),
        ("a person by name", Box::new(|n| get(format!("users/u{}@contoso.example", any(n))))),
        (
            "filter by name",
            Box::new(|n| get(format!("users?$filter=userPrincipalName%20eq%20'u{}@contoso.example'", any(n)))),
        ),
        ("100 people", Box::new(|_| get("users?$top=100".to_owned()))),
        ("100 people by display name", Box::new(|_| get("users?$top=100&$orderby=displayName".to_owned()))),
        (
            "people whose name begins so",
            Box::new(|n| get(format!("users?$top=100&$filter=startswith(displayName,'Person%20{}')", any(n)))),
        ),
        ("100 groups", Box::new(|_| get("groups?$top=100".to_owned()))),
        ("groups of a person in three", Box::new(|n| get(format!("users/{}/memberOf", u(any(n)))))),
        ("all groups of a person in three", Box::new(|n| get(format!("users/{}/transitiveMemberOf", u(any(n)))))),
        (
            "100 of all groups of a person in all",
            Box::new(|_| get(format!("users/{}/transitiveMemberOf?$top=100", u(0)))),
        ),
        ("100 members of everybody", Box::new(|_| get(format!("groups/{all}/members?$top=100")))),
        ("100 of all members of everybody", Box::new(|_| get(format!("groups/{all}/transitiveMembers?$top=100")))),
        ("100 of all members of the root", Box::new(|_| get(format!("groups/{root}/transitiveMembers?$top=100")))),
        ("check groups of a person in three", Box::new(|n| check(any(n)))),
        ("check groups of a person in all", Box::new(|_| check(0))),
        (
            "get groups of a person in three",
            Box::new(|n| {
                server.post(&format!("/v1.0/users/{}/getMemberGroups", u(any(n))), r#"{"securityEnabledOnly":true}"#)
            }),
        ),
        ("count people", Box::new(|_| get("users/$count".to_owned()))),
        ("count members of everybody", Box::new(|_| get(format!("groups/{all}/members/$count")))),
    ];
    for (case, request) in &cases {
        let mut times = server.run(1, Stop::At(Duration::from_secs(size.seconds)), request).await;
        times.each.sort_unstable();
        let at = |share: usize| times.each[(times.each.len() * share / 100).min(times.each.len() - 1)] as f64 / 1000.0;
        println!("| {case} | {} | {:.2} | {:.2} |", times.each.len(), at(50), at(99));
    }
    println!("| resident, MiB | | {} | |", server.resident_mib());
}
