//! What is there already of what documents are about and refer to. Looked up for many documents at once.

use std::collections::{HashMap, HashSet};

use super::{
    Import, Kind, Problem,
    line::{Item, Reference},
};
use crate::{
    app::Error,
    authz::GRAPH_APP_ID,
    ids,
    model::{
        APPLICATION, Application, DIRECTORY_OBJECT, DirectoryObject, GROUP, Group, ServicePrincipal, User,
        meta::{EntityType, ID},
        record::{Record, RowVersion, Stored},
        value::Value,
    },
    store::{self, Life},
};

/// So many things are looked up by one statement.
const AT_ONCE: usize = 2000;

/// Which object a document is about.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    /// Whether it is there.
    pub(super) known: bool,
}

/// What is there.
#[derive(Default)]
pub(super) struct Found {
    /// What the documents are about, by id.
    rows: HashMap<String, (Vec<Value>, RowVersion)>,
    /// The ids of those that have a name, by kind and property.
    names: HashMap<(Kind, &'static str, String), Vec<String>>,
    /// What else has the ids that documents give, and what it is.
    others: HashMap<String, String>,
    /// What is referred to by id, and what it is.
    pub(super) targets: HashMap<String, Kind>,
    /// The ids of people who are referred to by name.
    pub(super) people: HashMap<String, String>,
    /// The applications of service principals, by their ids as applications.
    pub(super) applications: HashMap<String, Application>,
}

/// The properties by which an object is known beside its id, and the columns that hold them.
pub(super) fn names_of(kind: Kind) -> &'static [(&'static str, usize)] {
    match kind {
        Kind::User => &[("userPrincipalName", User::UPN_KEY)],
        Kind::Group => &[("uniqueName", Group::UNIQUE_NAME)],
        Kind::Application => &[("appId", Application::APP_ID), ("uniqueName", Application::UNIQUE_NAME)],
        Kind::ServicePrincipal => &[("appId", ServicePrincipal::APP_ID)],
    }
}

/// What a document says of such a property, as it is stored.
pub(super) fn name(item: &Item, property: &str) -> Option<String> {
    let said = item.text(property)?;
    Some(if item.kind == Kind::User { said.to_lowercase() } else { said.to_owned() })
}

/// Whether a document is about the application that this API is: every tenant has it, and it is what it is.
pub(super) fn is_graph(item: &Item) -> bool {
    item.kind == Kind::ServicePrincipal && item.text("appId") == Some(GRAPH_APP_ID)
}

/// What is told of a document that would change it.
pub(super) const BUILT_IN: &str =
    "The application that this API is cannot be changed, and no other can have its 'appId'.";

impl Found {
    /// Whether a document would change the application that this API is, or make another one of its name.
    pub(super) fn is_built_in(&self, item: &Item, id: &str) -> bool {
        match item.kind {
            Kind::ServicePrincipal => {
                self.record::<ServicePrincipal>(id).is_some_and(|found| found.record.app_id == GRAPH_APP_ID)
            }
            Kind::Application => item.text("appId") == Some(GRAPH_APP_ID),
            _ => false,
        }
    }

    /// The stored record with this id.
    pub(super) fn record<R: Record>(&self, id: &str) -> Option<Stored<R>> {
        let (values, version) = self.rows.get(id)?;
        Some(Stored { record: R::from_values(values.clone())?, version: *version })
    }

    /// Whether a document with this id is about something that is there.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    fn add(&mut self, kind: Kind, rows: Vec<(Vec<Value>, RowVersion)>) {
        for (values, version) in rows {
            let text = |column: usize| match values.get(column) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            };
            let Some(id) = text(ID) else { continue };
            if self.rows.contains_key(&id) {
                continue;
            }
            let display = (kind == Kind::Group).then_some(("displayName", Group::DISPLAY_NAME));
            for (property, column) in names_of(kind).iter().copied().chain(display) {
                if let Some(name) = text(column) {
                    self.names.entry((kind, property, name)).or_default().push(id.clone());
                }
            }
            self.rows.insert(id, (values, version));
        }
    }

    fn named(&self, kind: Kind, property: &'static str, name: String) -> &[String] {
        self.names.get(&(kind, property, name)).map_or(&[], Vec::as_slice)
    }

    /// Which object a document is about: the one with its id, else the one with its name. A group without a unique name is
    /// the one group with its display name and its nickname.
    pub(super) fn identify(&self, item: &Item) -> Result<Identity, Problem> {
        if is_graph(item) {
            // Whatever its id is elsewhere.
            let here = self.named(item.kind, "appId", GRAPH_APP_ID.to_owned()).first();
            return Ok(Identity { id: here.cloned().unwrap_or_else(ids::new_id), known: true });
        }
        if let Some(what) = item.id.as_ref().and_then(|id| self.others.get(id)) {
            return Err(item.problem("id", format!("'id' is that of {what}.")));
        }
        let mut identity =
            item.id.as_ref().map(|id| Identity { id: id.clone(), known: self.rows.contains_key(id.as_str()) });
        for (property, _) in names_of(item.kind) {
            let Some(name) = name(item, property) else { continue };
            let Some(owner) = self.named(item.kind, property, name).first() else { continue };
            match &identity {
                Some(known) if known.id == *owner => {}
                Some(_) => {
                    let message = format!("'{property}' is that of another {}, '{owner}'.", item.kind.name());
                    return Err(item.problem(property, message));
                }
                None => identity = Some(Identity { id: owner.clone(), known: true }),
            }
        }
        if let (None, Kind::Group, None) = (&identity, item.kind, item.text("uniqueName")) {
            let nickname = item.text("mailNickname");
            let same = self.named(Kind::Group, "displayName", item.text("displayName").unwrap_or_default().to_owned());
            let same = same.iter().filter(|id| {
                self.record::<Group>(id).is_some_and(|group| Some(group.record.mail_nickname.as_str()) == nickname)
            });
            let same: Vec<&String> = same.collect();
            match same.as_slice() {
                [] => {}
                [one] => identity = Some(Identity { id: (*one).clone(), known: true }),
                _ => {
                    let message = "Several groups have this 'displayName' and 'mailNickname': give the 'id'.";
                    return Err(item.problem("displayName", message));
                }
            }
        }
        Ok(identity.unwrap_or_else(|| Identity { id: ids::new_id(), known: false }))
    }
}

impl Import<'_> {
    /// Looks up what documents are about, but for those whose objects are known to be `new`, and what they refer to as far as
    /// it is `wanted`.
    pub(super) async fn look_up(
        &self,
        items: &[&Item],
        new: impl Fn(&Item) -> bool,
        wanted: impl Fn(&Item, &Reference) -> bool,
    ) -> Result<Found, Error> {
        let mut found = Found::default();
        let about: Vec<&Item> = items.iter().filter(|item| !new(item)).copied().collect();
        for kind in Kind::ALL {
            let of_kind = || about.iter().filter(move |item| item.kind == kind);
            let ids = of_kind().filter_map(|item| item.id.clone()).collect();
            found.add(kind, self.rows(kind.entity(), ID, ids, Life::Living).await?);
            for (property, column) in names_of(kind) {
                let names = of_kind().filter_map(|item| name(item, property)).collect();
                found.add(kind, self.rows(kind.entity(), *column, names, Life::Living).await?);
            }
        }
        let by_display = about.iter().filter(|i| i.kind == Kind::Group && i.id.is_none());
        let by_display = by_display.filter_map(|item| item.text("displayName").map(str::to_owned)).collect();
        found.add(Kind::Group, self.rows(&GROUP, Group::DISPLAY_NAME, by_display, Life::Living).await?);
        self.find_others(&about, &mut found).await?;
        self.find_targets(items, wanted, &mut found).await?;
        let foreign = items.iter().filter(|item| item.kind == Kind::ServicePrincipal);
        let app_ids = foreign.filter_map(|item| item.text("appId").map(str::to_owned)).collect();
        for (values, _) in self.rows(&APPLICATION, Application::APP_ID, app_ids, Life::Living).await? {
            let application = Application::from_values(values).ok_or_else(|| corrupt(&APPLICATION))?;
            found.applications.insert(application.app_id.clone().unwrap_or_default(), application);
        }
        Ok(found)
    }

    /// What has the ids of documents and is something else than they say.
    async fn find_others(&self, items: &[&Item], found: &mut Found) -> Result<(), Error> {
        let missing: Vec<String> =
            items.iter().filter_map(|item| item.id.clone()).filter(|id| !found.rows.contains_key(id)).collect();
        for life in [Life::Living, Life::Deleted] {
            for (values, _) in self.rows(&DIRECTORY_OBJECT, ID, missing.clone(), life).await? {
                let object = DirectoryObject::from_values(values).ok_or_else(|| corrupt(&DIRECTORY_OBJECT))?;
                let what = match life {
                    Life::Living => format!("a {}", object.kind),
                    Life::Deleted => format!("a {} that was deleted: restore it, or remove it for good", object.kind),
                };
                found.others.insert(object.id, what);
            }
        }
        Ok(())
    }

    async fn find_targets(
        &self,
        items: &[&Item],
        wanted: impl Fn(&Item, &Reference) -> bool,
        found: &mut Found,
    ) -> Result<(), Error> {
        let (mut ids, mut names) = (HashSet::new(), HashSet::new());
        let references = items.iter().flat_map(|item| item.references().map(move |reference| (item, reference)));
        for (_, reference) in references.filter(|(item, reference)| wanted(item, reference)) {
            match reference {
                Reference::Id(id) => ids.insert(id.clone()),
                Reference::Person(name) => names.insert(name.clone()),
            };
        }
        for (values, _) in self.rows(&DIRECTORY_OBJECT, ID, ids.into_iter().collect(), Life::Living).await? {
            let object = DirectoryObject::from_values(values).ok_or_else(|| corrupt(&DIRECTORY_OBJECT))?;
            if let Some(kind) = Kind::named(&object.kind) {
                found.targets.insert(object.id, kind);
            }
        }
        let people = self.rows(Kind::User.entity(), User::UPN_KEY, names.into_iter().collect(), Life::Living).await?;
        for (values, _) in people {
            let user = User::from_values(values).ok_or_else(|| corrupt(Kind::User.entity()))?;
            found.people.insert(user.upn_key, user.id);
        }
        Ok(())
    }

    async fn rows(
        &self,
        entity: &'static EntityType,
        column: usize,
        values: Vec<String>,
        life: Life,
    ) -> Result<Vec<(Vec<Value>, RowVersion)>, Error> {
        let mut found = Vec::new();
        for some in values.chunks(AT_ONCE) {
            let rows = self.app.store().rows_among(self.caller.tenant, entity, column, some.to_vec(), life);
            found.append(&mut rows.await?);
        }
        Ok(found)
    }
}

fn corrupt(entity: &EntityType) -> Error {
    Error::Store(store::Error::Corrupt(format!("{} is not readable", entity.name)))
}
