//! Use cases of groups.

use super::{App, Caller, Error, Expected, Named, new_id};
use crate::{
    authz::{Action, Kind},
    domain::{Occasion, Refusal, directory::group as rules},
    model::{
        GROUP, Group, GroupInput,
        bind::{Bind, Violation},
        meta::Version,
        record::Stored,
    },
    store::Life,
};

impl App {
    /// Makes a group. A person who makes one and names no owner owns it.
    pub async fn group_create(
        &self,
        caller: Caller<'_>,
        (input, mut links): (GroupInput, Vec<Bind>),
    ) -> Result<Stored<Group>, Error> {
        caller.allow(Action::ManageGroups)?.everywhere()?;
        let on = self.occasion(caller);
        let domain = self.default_domain(caller.tenant).await?;
        let group = rules::make(new_id(), input, &domain, &on);
        if group.is_dynamic() && links.iter().any(|link| link.navigation.name == "members") {
            return Err(by_rule());
        }
        let owners = GROUP.face(Version::V1).navigation("owners");
        if let (Some(owners), Kind::Delegated) = (owners, caller.principal.kind)
            && links.iter().all(|link| link.navigation.name != "owners")
        {
            let oid = &caller.principal.oid;
            // Whoever comes from another authority may have no object here.
            if self.object(caller, oid, Life::Living).await.is_ok_and(|found| found.record.kind == "user") {
                links.push(Bind { navigation: owners, id: oid.clone() });
            }
        }
        self.object_create(caller, group, links, &on).await
    }

    /// Changes a group.
    pub async fn group_update(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        body: (GroupInput, Vec<Bind>),
    ) -> Result<Stored<Group>, Error> {
        self.object_update(caller, (named, expected), body, |_, _| ()).await
    }

    /// Deletes a group, which can be restored.
    pub async fn group_delete(&self, caller: Caller<'_>, named: Named<'_>, expected: &Expected) -> Result<(), Error> {
        self.object_delete::<Group>(caller, named, expected).await
    }

    /// Begins the life of a group anew.
    pub async fn group_renew(&self, caller: Caller<'_>, named: Named<'_>) -> Result<(), Error> {
        let refine = |group: &mut Group, on: &Occasion| group.renewed_date_time = Some(on.now);
        let body = (GroupInput::default(), Vec::new());
        self.object_update(caller, (named, &Expected::Any), body, refine).await.map(drop)
    }
}

/// Nobody but the rule says who is in a dynamic group.
pub(super) fn by_rule() -> Error {
    let message = "A rule makes the members of this group: they cannot be changed one by one.";
    Refusal::Invalid(vec![Violation::new("members", message)]).into()
}
