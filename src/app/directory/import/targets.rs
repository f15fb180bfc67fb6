//! What documents refer to: whether it is there or comes later, and whether it may be referred to.

use std::collections::{HashMap, HashSet};

use super::{
    Import, Kind, Problem,
    found::Found,
    line::{Item, Named, Reference},
    seen::Mark,
};
use crate::model::meta::Navigation;

/// What decides who can be in a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits {
    /// A rule makes its members.
    pub(super) dynamic: bool,
    /// It has people only.
    pub(super) unified: bool,
    /// Roles can be assigned to it.
    pub(super) for_roles: bool,
}

/// Something that a document refers to and that neither an earlier one nor the directory has.
pub(super) struct Open {
    line: u32,
    member: String,
    target: Reference,
    /// The navigation property and what the group is like; none: it is what the document's links lead from.
    navigation: Option<(&'static Navigation, Option<Traits>)>,
    /// What the link leads from.
    source: Option<Mark>,
}

/// Whether a link may lead to something of a kind.
pub(super) fn check(navigation: &Navigation, group: Option<Traits>, kind: Kind) -> Result<(), String> {
    if !navigation.kinds.is_empty() && !navigation.kinds.contains(&kind.name()) {
        return Err(format!("A {} cannot be among the {}.", kind.name(), navigation.name));
    }
    match group {
        Some(group) if navigation.name == "members" => check_member(group, kind),
        _ => Ok(()),
    }
}

fn check_member(group: Traits, kind: Kind) -> Result<(), String> {
    let wrong = if group.dynamic {
        "A rule makes the members of this group."
    } else if group.unified && kind != Kind::User {
        "Only people can be in a group of type Unified."
    } else if group.for_roles && kind == Kind::Group {
        "No group can be in a group to which roles can be assigned."
    } else {
        return Ok(());
    };
    Err(wrong.to_owned())
}

impl Import<'_> {
    /// Checks what a document refers to, as far as it is known by now.
    pub(super) fn check_references(&mut self, item: &Item, found: &Found, group: Option<Traits>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let source = item.id.as_ref().map(|id| self.seen.mark(id));
        if let (true, Some(id)) = (item.only_links, &item.id) {
            let target = Reference::Id(id.clone());
            if self.seen.kind_of(&target).is_none() && !found.knows(id) {
                self.open.push(Open { line: item.line, member: "id".into(), target, navigation: None, source: None });
            }
        }
        for named in item.manager.iter().chain(&item.links) {
            let Named { navigation, member, target } = named;
            if matches!(target, Reference::Person(_)) {
                self.by_name = true;
            }
            let there = match target {
                Reference::Id(id) => found.targets.get(id).copied(),
                Reference::Person(name) => found.people.get(name).map(|_| Kind::User),
            };
            match self.seen.kind_of(target).or(there) {
                Some(kind) => {
                    if let Err(message) = check(navigation, group, kind) {
                        problems.push(item.problem(member, message));
                    }
                    self.nest(source, navigation, target, kind);
                }
                None => self.open.push(Open {
                    line: item.line,
                    member: member.clone(),
                    target: target.clone(),
                    navigation: Some((navigation, group)),
                    source,
                }),
            }
        }
        problems
    }

    /// Notes which group is in which.
    fn nest(&mut self, source: Option<Mark>, navigation: &Navigation, target: &Reference, kind: Kind) {
        if let (Some(source), Kind::Group, "members", Reference::Id(id)) = (source, kind, navigation.name, target) {
            let target = self.seen.mark(id);
            self.nested.entry(source).or_default().insert(target);
        }
    }

    /// What is wrong with what was open, now that all documents are known.
    pub(super) fn check_open(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for open in std::mem::take(&mut self.open) {
            let Open { line, member, target, navigation, source } = open;
            let problem = |message| Problem { line, property: member.clone(), message };
            match (self.seen.kind_of(&target), navigation) {
                (None, _) => {
                    let message = format!("'{}' is neither here nor in what is imported.", target.text());
                    problems.push(problem(message));
                }
                (Some(kind), Some((navigation, group))) => {
                    if let Err(message) = check(navigation, group, kind) {
                        problems.push(problem(message));
                    }
                    self.nest(source, navigation, &target, kind);
                }
                (Some(_), None) => {}
            }
        }
        if let Some(mark) = circle(&self.nested) {
            let line = self.seen.line_of(mark).unwrap_or_default();
            let message = "A group cannot be in itself, also not by way of others.".to_owned();
            problems.push(Problem { line, property: "members".to_owned(), message });
        }
        problems.sort_by_key(|problem| problem.line);
        problems
    }
}

/// A group that is in itself, if there is one.
fn circle(nested: &HashMap<Mark, HashSet<Mark>>) -> Option<Mark> {
    let mut done = HashSet::new();
    for start in nested.keys() {
        // A walk in depth, without recursion: what is on the way is open until all that is in it was looked at.
        let (mut way, mut stack) = (HashSet::new(), vec![(*start, false)]);
        while let Some((mark, left)) = stack.pop() {
            if left {
                way.remove(&mark);
                done.insert(mark);
                continue;
            }
            if way.contains(&mark) {
                return Some(mark);
            }
            if done.contains(&mark) {
                continue;
            }
            way.insert(mark);
            stack.push((mark, true));
            stack.extend(nested.get(&mark).into_iter().flatten().map(|inner| (*inner, false)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_and_a_diamond_is_none() {
        let nested = |pairs: &[(Mark, Mark)]| {
            let mut nested: HashMap<Mark, HashSet<Mark>> = HashMap::new();
            for (outer, inner) in pairs {
                nested.entry(*outer).or_default().insert(*inner);
            }
            nested
        };
        assert_eq!(circle(&nested(&[(1, 2), (1, 3), (2, 4), (3, 4), (4, 5)])), None);
        assert!(circle(&nested(&[(1, 2), (2, 3), (3, 1)])).is_some());
        assert_eq!(circle(&nested(&[(7, 7)])), Some(7));
    }
}
