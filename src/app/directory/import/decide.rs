//! What is to be written of a document: bound and decided by the same rules as a request is. Pure, so that many documents
//! are decided at the same time.

use super::{
    Import, Kind, Pass, Problem,
    found::{BUILT_IN, Found, Identity, is_graph},
    line::{Item, Reference},
    targets::Traits,
};
use crate::{
    domain::{
        Decision, Occasion, Refusal,
        directory::{self as rules, Object, application, group, service_principal, user},
    },
    model::{
        Application, ApplicationInput, Group, GroupInput, ServicePrincipalInput, User, UserInput,
        bind::{self, Purpose, Violation},
        changeset::Changeset,
        record::{Input, Stored},
    },
};

/// What is to be written of a document.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) id: String,
    pub(super) created: bool,
    /// None of it: the object is as the document says.
    pub(super) changes: Changeset,
    /// Whether the manager is written later, when everybody is there.
    pub(super) later: bool,
    /// What the group is like.
    pub(super) group: Option<Traits>,
    /// The application as it will be, whose URIs no other may have.
    pub(super) application: Option<Box<Application>>,
}

impl Import<'_> {
    /// Decides what is to be written of a document.
    pub(super) fn decide(
        &self,
        item: &Item,
        identity: Result<Identity, Problem>,
        found: &Found,
        pass: Pass,
    ) -> Result<Decided, Vec<Problem>> {
        let identity = identity.map_err(|problem| vec![problem])?;
        if is_graph(item) {
            return match item.links.first() {
                Some(link) => Err(vec![item.problem(&link.member, BUILT_IN)]),
                None => Ok(decided(&identity, Changeset::default())),
            };
        }
        if found.is_built_in(item, &identity.id) {
            return Err(vec![item.problem("appId", BUILT_IN)]);
        }
        let on = self.app.occasion(self.caller);
        let id = identity.id.clone();
        let decided = match item.kind {
            Kind::User => self.user(item, &identity, found, &on, pass)?,
            Kind::Group => {
                let make = |input, on: &Occasion| Ok(group::make(id.clone(), input, &self.domain, on));
                let (stored, changes) = settle::<GroupInput, _>(item, &identity, found, &on, make, |_, ()| Ok(()), no)?;
                Decided { group: Some(Traits::of(&stored.record)), ..decided(&identity, changes) }
            }
            Kind::Application => {
                // Service principals name it, so it keeps the one that it has elsewhere.
                let app_id = item.text("appId").map_or_else(super::new_id, str::to_owned);
                let make = |input, on: &Occasion| Ok(application::make(id.clone(), app_id.clone(), input, on));
                let (stored, changes) =
                    settle::<ApplicationInput, _>(item, &identity, found, &on, make, |_, ()| Ok(()), no)?;
                if item.text("appId").is_some_and(|said| Some(said) != stored.record.app_id.as_deref()) {
                    return Err(vec![item.problem("appId", "'appId' stays as it was made.")]);
                }
                Decided { application: Some(Box::new(stored.record)), ..decided(&identity, changes) }
            }
            Kind::ServicePrincipal => {
                let app_id = item.text("appId").unwrap_or_default();
                let application = found.applications.get(app_id).cloned();
                let elsewhere = || Application {
                    app_id: Some(app_id.to_owned()),
                    display_name: item.text("displayName").unwrap_or_default().to_owned(),
                    ..Application::default()
                };
                let application = application.unwrap_or_else(elsewhere);
                if !identity.known && application.display_name.is_empty() && pass == Pass::Write {
                    let message = "No application here has this 'appId': give the 'displayName'.";
                    return Err(vec![item.problem("appId", message)]);
                }
                let tenant = self.caller.principal.tenant_id.clone();
                let make =
                    |input, on: &Occasion| Ok(service_principal::make(id.clone(), &application, tenant, input, on));
                let (_, changes) =
                    settle::<ServicePrincipalInput, _>(item, &identity, found, &on, make, |_, ()| Ok(()), no)?;
                decided(&identity, changes)
            }
        };
        if pass == Pass::Check {
            return Ok(decided);
        }
        let audit = self.app.remember(self.caller, &decided.changes);
        Ok(Decided { changes: Changeset { audit, ..decided.changes }, ..decided })
    }

    fn user(
        &self,
        item: &Item,
        identity: &Identity,
        found: &Found,
        on: &Occasion,
        pass: Pass,
    ) -> Result<Decided, Vec<Problem>> {
        let manager = item.manager.as_ref().map(|named| self.manager(&named.target, found));
        let later = manager == Some(None);
        let manager = manager.flatten();
        if manager.as_ref() == Some(&identity.id) {
            return Err(vec![item.problem("manager", "Nobody is their own manager.")]);
        }
        let make = |input, on: &Occasion| Ok(user::make(identity.id.clone(), input, None, on));
        let refine = |user: &mut User, password: Given| {
            if let Some(manager) = &manager {
                user.manager_id = Some(manager.clone());
            }
            let Given { password, force_change } = password;
            if let Some(password) = &password {
                user::check_password(password, user, self.app.passwords)
                    .map_err(|refusal| violations(refusal, Kind::User))?;
            }
            user.force_change_password = force_change.or(user.force_change_password);
            // Who has a password keeps it: to compare the two takes as long as to sign in.
            if let (Some(password), None, Pass::Write) = (password, &user.password_hash, pass) {
                let hash = (self.settings.hash)(&password);
                let message = "The password could not be hashed.";
                let hash = hash.ok_or_else(|| vec![Violation::new("passwordProfile", message)])?;
                user::set_password(user, Some(hash), on);
            }
            Ok(())
        };
        let password = |input: &UserInput| {
            Ok(Given { password: user::password(input, false)?, force_change: user::forces_change(input) })
        };
        let (_, changes) = settle::<UserInput, _>(item, identity, found, on, make, refine, password)?;
        Ok(Decided { later, ..decided(identity, changes) })
    }

    /// The id of a manager who is there, or will be when this is written. None: that is not known yet.
    fn manager(&self, named: &Reference, found: &Found) -> Option<String> {
        match named {
            Reference::Id(id) => {
                let coming = self.bad.is_empty() && self.seen.kind_of(named) == Some(Kind::User);
                (coming || found.targets.get(id) == Some(&Kind::User)).then(|| id.clone())
            }
            Reference::Person(name) => {
                let flying = || self.flights.iter().find_map(|flight| flight.named(name));
                found.people.get(name).or_else(flying).cloned()
            }
        }
    }
}

/// What a document says of a password.
struct Given {
    password: Option<String>,
    force_change: Option<bool>,
}

fn decided(identity: &Identity, changes: Changeset) -> Decided {
    let (id, created) = (identity.id.clone(), !identity.known);
    Decided { id, created, changes, later: false, group: None, application: None }
}

/// Nothing to look at in the input.
#[expect(clippy::unnecessary_wraps, reason = "one of several looks")]
fn no<I>(_: &I) -> Result<(), Refusal> {
    Ok(())
}

/// Binds a document and makes or changes its object. `look` takes from the input what `refine` needs.
fn settle<I: Input, X>(
    item: &Item,
    identity: &Identity,
    found: &Found,
    on: &Occasion,
    make: impl FnOnce(I, &Occasion) -> Result<I::Record, Refusal>,
    refine: impl FnOnce(&mut I::Record, X) -> Result<(), Vec<Violation>>,
    look: impl FnOnce(&I) -> Result<X, Refusal>,
) -> Result<Decision<I::Record>, Vec<Problem>>
where
    I::Record: Object,
{
    let told =
        |violations: Vec<Violation>| violations.into_iter().map(|v| item.problem(&v.target, v.message)).collect();
    let refused = |refusal: Refusal| told(violations(refusal, item.kind));
    let purpose = if identity.known { Purpose::Update } else { Purpose::Create };
    let bound = bind::bind::<I>(item.kind.face(), &item.body, purpose, &|_| Err(String::new())).map_err(told)?;
    let input = bound.input;
    let extra = look(&input).map_err(refused)?;
    if identity.known {
        let unreadable = || vec![item.problem("id", "What is stored is not readable.")];
        let before: Stored<I::Record> = found.record(&identity.id).ok_or_else(unreadable)?;
        let mut after = before.record.clone();
        input.apply_to(&mut after);
        refine(&mut after, extra).map_err(told)?;
        return rules::replace(before, after, on).map_err(refused);
    }
    let mut record = make(input, on).map_err(refused)?;
    refine(&mut record, extra).map_err(told)?;
    rules::insert(record, on).map_err(refused)
}

/// A refusal by the properties that it is about.
pub(super) fn violations(refusal: Refusal, kind: Kind) -> Vec<Violation> {
    match refusal {
        Refusal::Invalid(violations) => violations,
        Refusal::Fixed { column, .. } => {
            let property = kind.face().properties.iter().find(|property| property.column == column);
            let name = property.map_or("id", |property| property.name);
            vec![Violation::new(name, format!("'{name}' stays as it was made."))]
        }
        other => vec![Violation::new("", format!("{other:?}"))],
    }
}

impl Traits {
    fn of(group: &Group) -> Self {
        Self {
            dynamic: group.is_dynamic(),
            unified: group.is_unified(),
            for_roles: group.is_assignable_to_role == Some(true),
        }
    }

    /// What a stored group is like.
    pub(super) fn stored(found: &Found, id: &str) -> Option<Self> {
        found.record::<Group>(id).map(|group| Self::of(&group.record))
    }
}
