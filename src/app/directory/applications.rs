//! Use cases of applications and of what they are in the tenant.

use super::{App, Caller, Error, Expected, Named, new_id, rules};
use crate::{
    authz::Action,
    domain::{
        Refusal,
        directory::{
            Object,
            application::{self, Secret, Secrets},
            service_principal, texts,
        },
    },
    model::{
        APPLICATION, Application, ApplicationInput, SERVICE_PRINCIPAL, ServicePrincipal, ServicePrincipalInput,
        bind::{Bind, Violation},
        changeset::Changeset,
        meta::{Face, Version},
        record::Stored,
        value::Value,
    },
    odata::query::{Comparison, Expr, PropertyPath, Quantifier, Rows},
    store,
};

/// A secret that was made, but for where it is kept.
pub type NewSecret = Secret;

/// Something that has secrets.
trait HasSecrets: Object {
    fn secrets(&mut self) -> Secrets<'_>;
}

impl HasSecrets for Application {
    fn secrets(&mut self) -> Secrets<'_> {
        Secrets { credentials: &mut self.password_credentials, hashes: &mut self.secret_hashes }
    }
}

impl HasSecrets for ServicePrincipal {
    fn secrets(&mut self) -> Secrets<'_> {
        Secrets { credentials: &mut self.password_credentials, hashes: &mut self.secret_hashes }
    }
}

impl App {
    /// Registers an application.
    pub async fn application_create(
        &self,
        caller: Caller<'_>,
        (input, links): (ApplicationInput, Vec<Bind>),
    ) -> Result<Stored<Application>, Error> {
        caller.allow(Action::ManageApplications)?.everywhere()?;
        let on = self.occasion(caller);
        let made = application::make(new_id(), new_id(), input, &on);
        self.check_uris(caller, &made).await?;
        self.object_create(caller, made, links, &on).await
    }

    /// Changes an application.
    pub async fn application_update(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        (input, links): (ApplicationInput, Vec<Bind>),
    ) -> Result<Stored<Application>, Error> {
        if let Some(uris) = &input.identifier_uris {
            let allowed = caller.allow(Action::ManageApplications)?;
            let before: Stored<Application> = self.load(caller, &allowed, named).await?;
            let after = Application { identifier_uris: uris.clone(), ..before.record };
            self.check_uris(caller, &after).await?;
        }
        self.object_update(caller, (named, expected), (input, links), |_, _| ()).await
    }

    /// Deletes an application and what it is in this tenant; both can be restored.
    pub async fn application_delete(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManageApplications)?;
        let before: Stored<Application> = self.load(caller, &allowed, named).await?;
        let principal = match &before.record.app_id {
            Some(app_id) => self.principal_of(caller, app_id).await?,
            None => None,
        };
        let decide = |before: Stored<Application>| {
            let on = self.occasion(caller);
            let mut changes = rules::delete(before, &on);
            if let Some(principal) = principal.clone() {
                changes.writes.extend(rules::delete(principal, &self.occasion(caller)).writes);
            }
            Ok(((), changes))
        };
        self.decide(caller, &allowed, named, expected, decide).await
    }

    /// Makes an application known in the tenant.
    pub async fn service_principal_create(
        &self,
        caller: Caller<'_>,
        (input, links): (ServicePrincipalInput, Vec<Bind>),
    ) -> Result<Stored<ServicePrincipal>, Error> {
        caller.allow(Action::ManageApplications)?.everywhere()?;
        let on = self.occasion(caller);
        let app_id = input.app_id.clone().unwrap_or_default();
        let property = APPLICATION.face(Version::V1).property("appId").unwrap_or(APPLICATION.key());
        let application = store::load::<Application>(self.store(), caller.tenant, property, &app_id).await?;
        let Some(application) = application else {
            let message = format!("'appId' must be that of an application here; there is none with '{app_id}'.");
            return Err(Refusal::Invalid(vec![Violation::new("appId", message)]).into());
        };
        let tenant_id = caller.principal.tenant_id.clone();
        let made = service_principal::make(new_id(), &application.record, tenant_id, input, &on);
        self.object_create(caller, made, links, &on).await
    }

    /// Changes what an application is in the tenant.
    pub async fn service_principal_update(
        &self,
        caller: Caller<'_>,
        (named, expected): (Named<'_>, &Expected),
        body: (ServicePrincipalInput, Vec<Bind>),
    ) -> Result<Stored<ServicePrincipal>, Error> {
        self.object_update(caller, (named, expected), body, |_, _| ()).await
    }

    /// Deletes what an application is in the tenant; it can be restored.
    pub async fn service_principal_delete(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        expected: &Expected,
    ) -> Result<(), Error> {
        self.object_delete::<ServicePrincipal>(caller, named, expected).await
    }

    /// Adds a secret to an application, or to what it is in the tenant.
    pub async fn secret_add(
        &self,
        caller: Caller<'_>,
        (face, named): (&'static Face, Named<'_>),
        secret: &NewSecret,
    ) -> Result<(), Error> {
        if face.entity == &APPLICATION {
            self.change_secrets::<Application>(caller, named, |secrets| secrets.add(secret)).await
        } else {
            self.change_secrets::<ServicePrincipal>(caller, named, |secrets| secrets.add(secret)).await
        }
    }

    /// Takes a secret away.
    pub async fn secret_remove(
        &self,
        caller: Caller<'_>,
        (face, named): (&'static Face, Named<'_>),
        key_id: &str,
    ) -> Result<(), Error> {
        let remove = |secrets: &mut Secrets<'_>| {
            if secrets.remove(key_id) {
                return Ok(());
            }
            let message = format!("There is no secret with the keyId '{key_id}'.");
            Err(Refusal::Invalid(vec![Violation::new("keyId", message)]))
        };
        if face.entity == &APPLICATION {
            self.change_secrets::<Application>(caller, named, remove).await
        } else {
            self.change_secrets::<ServicePrincipal>(caller, named, remove).await
        }
    }

    async fn change_secrets<R: HasSecrets + Send + Sync>(
        &self,
        caller: Caller<'_>,
        named: Named<'_>,
        change: impl Fn(&mut Secrets<'_>) -> Result<(), Refusal> + Send + Sync,
    ) -> Result<(), Error> {
        let allowed = caller.allow(Action::ManageApplications)?;
        let decide = |before: Stored<R>| {
            let mut after = before.record.clone();
            change(&mut after.secrets())?;
            let (_, changes): (_, Changeset) = rules::replace(before, after, &self.occasion(caller))?;
            Ok(((), changes))
        };
        self.decide(caller, &allowed, named, &Expected::Any, decide).await
    }

    /// What an application is in the tenant.
    pub(super) async fn principal_of(
        &self,
        caller: Caller<'_>,
        app_id: &str,
    ) -> Result<Option<Stored<ServicePrincipal>>, Error> {
        let property = SERVICE_PRINCIPAL.face(Version::V1).property("appId").unwrap_or(SERVICE_PRINCIPAL.key());
        Ok(store::load(self.store(), caller.tenant, property, app_id).await?)
    }

    /// That no other application is known by the same URI.
    pub(super) async fn check_uris(&self, caller: Caller<'_>, application: &Application) -> Result<(), Error> {
        let face = APPLICATION.face(Version::V1);
        let Some(property) = face.property("identifierUris") else { return Ok(()) };
        for uri in texts(&application.identifier_uris) {
            let item = Expr::Item { scope: 1, path: Vec::new(), ty: crate::model::meta::Type::String };
            let same = Expr::Compare(Comparison::Eq, Box::new(item), Box::new(Expr::Literal(Value::Text(uri.clone()))));
            let path = PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property };
            let known = Expr::Each { quantifier: Quantifier::Any, property: path, predicate: Some(Box::new(same)) };
            let found = self.ids(caller.tenant, Rows::All(face), Some(known), 2).await?.unwrap_or_default();
            if found.iter().any(|id| *id != application.id) {
                let message = format!("Another application has the identifier URI '{uri}'.");
                return Err(Refusal::Invalid(vec![Violation::new("identifierUris", message)]).into());
            }
        }
        Ok(())
    }
}
