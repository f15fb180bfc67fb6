//! What a server knows of the store by name, and learns again when a name is new to it.

use std::{collections::HashMap, future::Future};

use parking_lot::RwLock;
use tokio::sync::Mutex;

use crate::model::value::Timestamp;

/// However many unknown names are asked for, the store is asked no more often than this.
const PAUSE_MICROS: i64 = 1_000_000;

/// Things by name. A name that is missing is looked for in the store, but not more than once a second, so that names
/// that somebody makes up don't reach the database. A name that appears there is known here at most a second later.
pub(super) struct Known<V> {
    things: RwLock<HashMap<String, V>>,
    /// When the store was last asked. It is held while asking, so that one asks for all who wait.
    asked: Mutex<Option<Timestamp>>,
}

impl<V: Clone + Send + Sync> Known<V> {
    pub(super) fn new(things: HashMap<String, V>) -> Self {
        Self { things: RwLock::new(things), asked: Mutex::new(None) }
    }

    /// The thing with this name; `load`, which gives all that there are, runs only if need be.
    pub(super) async fn get<E>(
        &self,
        name: &str,
        now: Timestamp,
        load: impl Future<Output = Result<HashMap<String, V>, E>> + Send,
    ) -> Result<Option<V>, E> {
        if let Some(thing) = self.have(name) {
            return Ok(Some(thing));
        }
        self.look(name, now, load, true).await
    }

    /// The thing with this name as the store has it, or had it a second ago at the most.
    pub(super) async fn renewed<E>(
        &self,
        name: &str,
        now: Timestamp,
        load: impl Future<Output = Result<HashMap<String, V>, E>> + Send,
    ) -> Result<Option<V>, E> {
        self.look(name, now, load, false).await
    }

    async fn look<E>(
        &self,
        name: &str,
        now: Timestamp,
        load: impl Future<Output = Result<HashMap<String, V>, E>> + Send,
        known_will_do: bool,
    ) -> Result<Option<V>, E> {
        let mut asked = self.asked.lock().await;
        if known_will_do && let Some(thing) = self.have(name) {
            return Ok(Some(thing));
        }
        // A clock that was set back must not end the asking, hence the absolute difference.
        if asked.is_none_or(|then| now.0.abs_diff(then.0) >= PAUSE_MICROS.unsigned_abs()) {
            let things = load.await?;
            *self.things.write() = things;
            *asked = Some(now);
        }
        Ok(self.have(name))
    }

    /// Knows these, and no others. Whether one has gone.
    pub(super) fn replace(&self, things: HashMap<String, V>) -> bool {
        let mut known = self.things.write();
        let gone = known.keys().any(|name| !things.contains_key(name));
        *known = things;
        gone
    }

    fn have(&self, name: &str) -> Option<V> {
        self.things.read().get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn made_up_names_reach_the_store_once_a_second() {
        let known = Known::new(HashMap::from([("a".to_owned(), 1)]));
        let loads = AtomicUsize::new(0);
        let get = async |name: &str, micros| {
            let load = async {
                loads.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]))
            };
            known.get(name, Timestamp(micros), load).await.unwrap()
        };
        assert_eq!(get("a", 0).await, Some(1));
        assert_eq!(loads.load(Ordering::Relaxed), 0);
        assert_eq!(get("b", 0).await, Some(2));
        for micros in 0..1_000 {
            assert_eq!(get("x", micros).await, None);
        }
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        assert_eq!(get("x", PAUSE_MICROS).await, None);
        assert_eq!(loads.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_store_that_fails_is_asked_again() {
        let known = Known::<i32>::new(HashMap::new());
        assert_eq!(known.get("a", Timestamp(0), async { Err("down") }).await, Err("down"));
        let load = async { Ok::<_, &str>(HashMap::from([("a".to_owned(), 1)])) };
        assert_eq!(known.get("a", Timestamp(0), load).await, Ok(Some(1)));
    }
}
