//! What an import would change, told without changing it.

use super::{
    Error, Import, Kind,
    decide::Decided,
    found::Found,
    line::{Item, Reference},
};
use crate::model::{
    User,
    activity::{Described, describe},
    meta::{Link, Write},
};

/// What a document would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The document's line.
    pub line: u32,
    /// What it is about.
    pub kind: Kind,
    /// The id, if the object has one already or the document gives it.
    pub id: Option<String>,
    /// What people call the object, as far as that is known.
    pub name: Option<String>,
    /// Whether it would be made.
    pub created: bool,
    /// The properties that would be other than they are, as JSON: before and after. None: nothing, or a secret.
    pub properties: Vec<(String, Option<String>, Option<String>)>,
    /// The links that would be added, by navigation property.
    pub links: Vec<(&'static str, u64)>,
}

impl Import<'_> {
    /// What a document would change, and counts it.
    pub(super) async fn difference(
        &mut self,
        item: &Item,
        decided: Option<&Decided>,
        found: &Found,
    ) -> Result<Option<Difference>, Error> {
        let created = decided.is_some_and(|decided| decided.created);
        let properties = decided.map(|decided| properties(decided, item)).unwrap_or_default();
        let id = item.id.clone().or_else(|| decided.filter(|d| !d.created).map(|decided| decided.id.clone()));
        let mut links: Vec<(&'static str, u64)> = Vec::new();
        for navigation in item.kind.face().navigations {
            let Link::Table(table) = navigation.link else { continue };
            let named = || item.links.iter().filter(|named| named.navigation == navigation);
            let mut new = named().count();
            let there = |target: &Reference| match target {
                Reference::Id(id) => Some(id.clone()),
                Reference::Person(name) => found.people.get(name).cloned(),
            };
            if let (false, true, Some(id)) = (created, new > 0, &id) {
                let mut targets: Vec<String> = named().filter_map(|named| there(&named.target)).collect();
                targets.sort_unstable();
                targets.dedup();
                for some in targets.chunks(1000) {
                    let linked = self.app.store().linked(self.caller.tenant, table, id.clone(), some.to_vec()).await?;
                    new -= linked.len().min(new);
                }
            }
            if new > 0 {
                links.push((navigation.name, u64::try_from(new).unwrap_or(u64::MAX)));
            }
        }
        self.outcome.links += links.iter().map(|(_, count)| count).sum::<u64>();
        let changed = !properties.is_empty() || !links.is_empty();
        // What holds nothing but links is counted with the document that describes its object, if there is one.
        if decided.is_some()
            || (changed && id.as_ref().is_some_and(|id| self.seen.line_of(self.seen.mark(id)).is_none()))
        {
            self.count(item.kind, created, changed);
        }
        if !created && !changed {
            return Ok(None);
        }
        let name = item.text("userPrincipalName").or_else(|| item.text("displayName")).map(str::to_owned);
        Ok(Some(Difference { line: item.line, kind: item.kind, id, name, created, properties, links }))
    }

    /// Counts what came of a document.
    pub(super) fn count(&mut self, kind: Kind, created: bool, changed: bool) {
        let Some(counts) = Kind::ALL.iter().position(|k| *k == kind).and_then(|at| self.outcome.counts.get_mut(at))
        else {
            return;
        };
        match (created, changed) {
            (true, _) => counts.created += 1,
            (false, true) => counts.changed += 1,
            (false, false) => counts.unchanged += 1,
        }
    }
}

/// The same words as the audit record would have.
fn properties(decided: &Decided, item: &Item) -> Vec<(String, Option<String>, Option<String>)> {
    let Some(Described { targets, .. }) = describe(&decided.changes).into_iter().next() else { return Vec::new() };
    let modified = targets.into_iter().flat_map(|target| target.modified_properties);
    // A new object has more properties than its document gives; an old one changes in nothing else.
    let taken = |name: &str| {
        let property = item.kind.face().properties.iter().find(|property| property.name == name);
        property.is_none_or(|property| property.column == User::MANAGER_ID || property.write != Write::Never)
    };
    let given = |name: &str| item.body.get(name).is_some() || name == "managerId";
    let said = |name: &str| !decided.created || (given(name) && taken(name));
    let said = modified.filter(|property| said(property.display_name));
    said.map(|property| (property.display_name.to_owned(), property.old_value, property.new_value)).collect()
}
