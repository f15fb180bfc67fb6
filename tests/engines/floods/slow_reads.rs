//! Reads that no index bounds, more than can run.

use std::time::{Duration, Instant};

use crate::{
    binary::{LOAD, Server, http, token},
    stores::{Place, catalog, insert, on_each_engine, package},
};

/// Joins the packages of a catalog with themselves, four times.
const ENDLESS: &str = "accessPackageCatalog/accessPackages/all(a:a/accessPackageCatalog/accessPackages/all(b:b/\
    accessPackageCatalog/accessPackages/all(c:c/accessPackageCatalog/accessPackages/all(d:length(concat(concat(a/id,b/id),\
    concat(c/id,d/id))) ge 0))))";

on_each_engine! {
    async fn slow_filters_of_one_tenant_hold_up_no_other(place: Place) {
        let _alone = LOAD.lock().await;
        let (store, first) = place.furnished().await;
        let second = place.another_tenant(&*store, "second").await;
        for tenant in [first, second] {
            insert(&*store, tenant, [catalog("c")]).await;
            insert(&*store, tenant, (0..200).map(|n| package(&format!("p{n}"), "c"))).await;
        }
        store.close().await;
        let (greedy, innocent) = (token(&place, &["--tenant", "first"]).await, token(&place, &["--tenant", "second"]).await);
        let limits = ["--connections", "4", "--slow-reads-waiting", "6", "--slow-read-wait", "1s", "--statement-timeout", "6s"];
        let server = Server::start_by(&place, &[], &[&limits[..], &["--log", "error"]].concat()).await;
        let begin = Instant::now();
        let flood: Vec<_> = (0..16).map(|_| {
            let url = format!("{}?$filter={}", server.url("/accessPackages"), ENDLESS.replace(' ', "%20"));
            let token = greedy.clone();
            tokio::spawn(async move {
                let answer = http().get(url).bearer_auth(token).send().await.unwrap();
                (answer.status().as_u16(), answer.headers().contains_key("retry-after"), begin.elapsed())
            })
        }).collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        for options in ["$count=true", "$filter=contains(displayName,'p')&$top=5", "$top=5", "$expand=accessPackageCatalog&$orderby=description"] {
            let asked = Instant::now();
            let url = format!("{}?{options}", server.url("/accessPackages"));
            let answer = http().get(url).bearer_auth(&innocent).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{options}");
            assert!(asked.elapsed() < Duration::from_secs(3), "{options}: {:?}", asked.elapsed());
        }
        let answers: Vec<_> = futures_util::future::join_all(flood).await.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|(status, retry, _)| *status == 503 && *retry), "{answers:?}");
        // Those who find no place, and those who wait too long, are told sooner than those who run.
        let told = answers.iter().filter(|(_, _, after)| *after < Duration::from_secs(5)).count();
        assert!(told >= 10, "{answers:?}");
        // All places are free again.
        let url = format!("{}?$count=true", server.url("/accessPackages"));
        assert_eq!(http().get(url).bearer_auth(&greedy).send().await.unwrap().status(), 200);
    }
}
