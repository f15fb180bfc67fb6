//! PostgreSQL is away, or full: callers are told so, and it passes without a restart.

use std::net::SocketAddr;

use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{Doors, Server, http};
use crate::{
    stores::{Place, catalog, insert, on},
    support::Engine,
};

/// A way to the database that can be cut.
struct Way {
    address: SocketAddr,
    to: String,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Way {
    async fn to(database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self { address: listener.local_addr().unwrap(), to: database.to_owned(), task: Mutex::default() };
        way.serve(listener);
        way
    }

    fn serve(&self, listener: TcpListener) {
        let to = self.to.clone();
        let forward = async move {
            // They end with this task.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let to = to.clone();
                connections.spawn(async move {
                    let mut server = TcpStream::connect(to).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        };
        *self.task.lock() = Some(tokio::spawn(forward));
    }

    async fn cut(&self) {
        let task = self.task.lock().take().unwrap();
        task.abort();
        let _ = task.await;
    }

    async fn mend(&self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_told_of_and_passes() {
    let test = |place: Place| async move {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        store.close().await;
        let doors = Doors::make(&place).await;
        let url = place.url().unwrap();
        let (_, rest) = url.split_once('@').unwrap();
        let (at, _) = rest.split_once('/').unwrap();
        let way = Way::to(at).await;
        let database = ["--database-url".to_owned(), url.replace(at, &way.address.to_string())];
        let server = Server::start_on(&database, &[], &["--log", "off"]).await;
        assert_eq!(doors.create(&server, "before").await.0, 201);
        assert_eq!(doors.sign_in(&server).await.0, 200);
        way.cut().await;
        for _ in 0..3 {
            for (status, said) in [doors.list(&server).await, doors.create(&server, "during").await] {
                assert_eq!((status, &said["error"]["code"]), (503, &"ServiceUnavailable".into()), "{said}");
                assert!(said["error"]["message"].as_str().unwrap().contains("cannot reach its database"), "{said}");
            }
            let (status, said) = doors.sign_in(&server).await;
            assert_eq!((status, &said["error"]), (503, &"temporarily_unavailable".into()), "{said}");
            let (status, said) = doors.push(&server, "ada").await;
            assert_eq!(status, 503, "{said}");
            assert!(said["detail"].as_str().unwrap().contains("cannot reach its database"), "{said}");
        }
        let ready = http().get(format!("{}/readyz", server.base)).send().await.unwrap();
        assert_eq!(ready.status(), 503);
        assert_eq!(ready.text().await.unwrap(), "the database cannot be reached");
        assert_eq!(http().get(format!("{}/healthz", server.base)).send().await.unwrap().status(), 200);
        way.mend().await;
        server.ready().await;
        assert_eq!(doors.list(&server).await.0, 200);
        assert_eq!(doors.create(&server, "after").await.0, 201);
        assert_eq!(doors.sign_in(&server).await.0, 200);
        assert_eq!(doors.push(&server, "ada").await.0, 201);
    };
    on(Engine::Postgres, test).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_full_is_told_of_and_passes() {
    let test = |place: Place| async move {
        let (store, tenant) = place.furnished().await;
        insert(&*store, tenant, [catalog("c")]).await;
        store.close().await;
        let doors = Doors::make(&place).await;
        let server = Server::start_by(&place, &[], &["--log", "off"]).await;
        // What PostgreSQL says then.
        let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; \
                    CREATE TRIGGER full_disk BEFORE INSERT ON access_package EXECUTE FUNCTION full_disk()";
        place.execute(full).await;
        let (status, said) = doors.create(&server, "during").await;
        assert_eq!(status, 503, "{said}");
        assert!(said["error"]["message"].as_str().unwrap().contains("storage is full"), "{said}");
        assert_eq!(doors.list(&server).await.0, 200);
        let ready = http().get(format!("{}/readyz", server.base)).send().await.unwrap();
        assert_eq!(ready.status(), 503);
        assert_eq!(ready.text().await.unwrap(), "the storage is full");
        place.execute("DROP TRIGGER full_disk ON access_package").await;
        assert_eq!(doors.create(&server, "after").await.0, 201);
        assert_eq!(server.ready().await, [] as [String; 0]);
    };
    on(Engine::Postgres, test).await;
}
