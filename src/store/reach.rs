//! Whether links lead from one thing to others over any number of steps.
//!
//! Somebody may be in many groups, and a group may hold many. Of the two ways to find out whether one leads to the other, up
//! from the member and down from the group, mostly one is short: so both are tried for a bounded number of steps before all
//! that is above the member is walked. That is three statements at the most, whatever there is.

use async_trait::async_trait;

use super::{Error, TenantKey};
use crate::model::meta::Closure;

/// How far is walked before a way is called long.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    /// So many things are looked at on the way up.
    pub up: usize,
    /// So many of the links that begin the way are taken, fewer than `up`, so that some are walked to their ends where
    /// there are many.
    pub first: usize,
    /// So many things are looked at on the way down from each target.
    pub down: usize,
}

impl Steps {
    /// What takes milliseconds.
    pub const USUAL: Self = Self { up: 2000, first: 100, down: 1000 };
}

/// The part of a [`super::Store`] that walks over links. Closures are meant that begin with their links: the way up.
#[async_trait]
pub trait Reach: Send + Sync {
    /// Some of what a source leads to; fewer than `steps.first`: all of it.
    async fn above(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        steps: Steps,
    ) -> Result<Vec<String>, Error>;

    /// Whether each of the targets is led to, found by walking back from it; none: `steps.down` do not tell.
    async fn below(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        targets: Vec<String>,
        steps: Steps,
    ) -> Result<Vec<(String, Option<bool>)>, Error>;

    /// Those of the targets that are led to, however long that takes.
    async fn among(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: String,
        targets: Vec<String>,
    ) -> Result<Vec<String>, Error>;

    /// Those of the targets that a source leads to, in no order. What was deleted may be among them; nothing leads through
    /// it.
    async fn reached(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: &str,
        targets: Vec<String>,
        steps: Steps,
    ) -> Result<Vec<String>, Error> {
        let above = self.above(tenant, closure, source.to_owned(), steps).await?;
        let whole = above.len() < steps.first;
        let (mut found, open): (Vec<_>, Vec<_>) = targets.into_iter().partition(|target| above.contains(target));
        if whole || open.is_empty() {
            return Ok(found);
        }
        let below = self.below(tenant, closure, source.to_owned(), open, steps).await?;
        let (settled, open): (Vec<_>, Vec<_>) = below.into_iter().partition(|(_, led)| led.is_some());
        found.extend(settled.into_iter().filter(|(_, led)| *led == Some(true)).map(|(target, _)| target));
        if !open.is_empty() {
            let open = open.into_iter().map(|(target, _)| target).collect();
            found.extend(self.among(tenant, closure, source.to_owned(), open).await?);
        }
        Ok(found)
    }
}
