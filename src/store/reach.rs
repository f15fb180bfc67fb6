//! Whether links lead from one thing to others over any number of steps.
//!
//! Somebody may be in many groups, and a group may hold many. Of the two ways to find out whether one leads to the other, up
//! from the member and down from the group, mostly one is short: so both are tried for a bounded number of steps before all
//! that is above the member is walked. That is three statements at the most, whatever there is.

use std::collections::HashSet;

use async_trait::async_trait;

use super::{Error, TenantKey, bounded::Cost};
use crate::model::{meta::Closure, scope::Sight};

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

/// A walk over the links of a closure that begins with its links, the way up; and what it tells.
#[derive(Debug)]
pub struct Walk {
    /// The links.
    pub closure: &'static Closure,
    /// The id of what they lead from.
    pub source: String,
    /// Which of them are walked.
    pub way: Way,
    /// For whom: links that are hidden from a caller lead nowhere.
    pub sight: Sight,
}

/// A way over links.
#[derive(Debug)]
pub enum Way {
    /// Up from the source, so far: tells some of what it leads to, and all of it where that is less than `steps.first`.
    Up(Steps),
    /// Down from each of these, so far: tells whether the source leads to it, or nothing where that does not suffice.
    Down(Vec<String>, Steps),
    /// All the way up: tells those of these that the source leads to.
    Whole(Vec<String>),
}

impl Way {
    /// What bounds the walk.
    pub(super) fn cost(&self) -> Cost {
        match self {
            Self::Up(_) | Self::Down(..) => Cost::Indexed,
            Self::Whole(_) => Cost::Unbounded,
        }
    }
}

/// The part of a [`super::Store`] that walks over links.
#[async_trait]
pub trait Reach: Send + Sync {
    /// Ids, and of each whether the walk leads to it.
    async fn walk(&self, tenant: TenantKey, walk: Walk) -> Result<Vec<(String, Option<bool>)>, Error>;

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
        self.reached_in_sight(tenant, closure, source, targets, (steps, &Sight::default())).await
    }

    /// The same, over the links that a caller may see.
    async fn reached_in_sight(
        &self,
        tenant: TenantKey,
        closure: &'static Closure,
        source: &str,
        targets: Vec<String>,
        (steps, sight): (Steps, &Sight),
    ) -> Result<Vec<String>, Error> {
        let walk = |way| self.walk(tenant, Walk { closure, source: source.to_owned(), way, sight: sight.clone() });
        let above: HashSet<String> = walk(Way::Up(steps)).await?.into_iter().map(|(id, _)| id).collect();
        let (mut found, open): (Vec<_>, Vec<_>) = targets.into_iter().partition(|target| above.contains(target));
        if above.len() < steps.first || open.is_empty() {
            return Ok(found);
        }
        let mut open_still = Vec::new();
        for (target, led) in walk(Way::Down(open, steps)).await? {
            match led {
                Some(true) => found.push(target),
                Some(false) => {}
                None => open_still.push(target),
            }
        }
        if !open_still.is_empty() {
            found.extend(walk(Way::Whole(open_still)).await?.into_iter().map(|(id, _)| id));
        }
        Ok(found)
    }
}
