//! The people and applications of the directory as the authority knows them. They are rows like any others: read by the
//! statements that all rows are read by, on either engine, and written by changesets.

use std::collections::HashMap;

use super::{ClientSecret, Error, Life, Password, ServicePrincipal, Store, TenantKey, User};
use crate::model::{
    self,
    record::{Record, Stored},
};

impl dyn Store + '_ {
    /// The people of a tenant, by name.
    pub async fn users(&self, tenant: TenantKey) -> Result<Vec<User>, Error> {
        let found = find_all::<model::User>(self, tenant, model::User::KIND, "user").await?;
        let mut users = found.into_iter().map(|row| Ok(User::read(row)?.0)).collect::<Result<Vec<_>, Error>>()?;
        users.sort_by(|a, b| (&a.display_name, &a.id).cmp(&(&b.display_name, &b.id)));
        Ok(users)
    }

    /// The person who signs in by this name, in any letter case, and the password, if there is one.
    pub async fn user_named(&self, tenant: TenantKey, upn: &str) -> Result<Option<(User, Option<Password>)>, Error> {
        let found = find(self, tenant, model::User::UPN_KEY, &upn.to_lowercase()).await?;
        found.map(User::read).transpose()
    }

    /// The person with this id, and the password.
    pub async fn user_with_id(&self, tenant: TenantKey, id: &str) -> Result<Option<(User, Option<Password>)>, Error> {
        let found = find(self, tenant, model::User::ID, id).await?;
        found.map(User::read).transpose()
    }

    /// Whether this is the id of a person or a service principal that was disabled, or deleted and can be restored.
    pub async fn is_shut_out(&self, tenant: TenantKey, id: &str) -> Result<bool, Error> {
        let person = find::<model::User>(self, tenant, model::User::ID, id).await?;
        let principal = find::<model::ServicePrincipal>(self, tenant, model::ServicePrincipal::ID, id).await?;
        let enabled = person.map(|row| row.record.account_enabled);
        if let Some(enabled) = enabled.or(principal.map(|row| row.record.account_enabled)) {
            return Ok(!enabled);
        }
        for (entity, column) in
            [(model::User::ENTITY, model::User::ID), (model::ServicePrincipal::ENTITY, model::ServicePrincipal::ID)]
        {
            if self.row(tenant, entity, column, id.to_owned(), Life::Deleted).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The service principals of a tenant, by name.
    pub async fn service_principals(&self, tenant: TenantKey) -> Result<Vec<ServicePrincipal>, Error> {
        let found =
            find_all::<model::ServicePrincipal>(self, tenant, model::ServicePrincipal::KIND, "servicePrincipal");
        let found = found.await?;
        let applications =
            find_all::<model::Application>(self, tenant, model::Application::KIND, "application").await?;
        let applications: HashMap<_, _> =
            applications.iter().filter_map(|row| Some((row.record.app_id.as_deref()?, &row.record))).collect();
        let read = |row: &Stored<model::ServicePrincipal>| {
            Ok(ServicePrincipal::read(row, applications.get(row.record.app_id.as_str()).copied())?.0)
        };
        let mut principals = found.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        principals.sort_by(|a, b| (&a.display_name, &a.id).cmp(&(&b.display_name, &b.id)));
        Ok(principals)
    }

    /// The service principal of an application in a tenant, and its secrets with those of the application, the newest
    /// first.
    pub async fn service_principal(
        &self,
        tenant: TenantKey,
        app_id: &str,
    ) -> Result<Option<(ServicePrincipal, Vec<ClientSecret>)>, Error> {
        let Some(found) = find(self, tenant, model::ServicePrincipal::APP_ID, app_id).await? else { return Ok(None) };
        let application = find::<model::Application>(self, tenant, model::Application::APP_ID, app_id).await?;
        ServicePrincipal::read(&found, application.as_ref().map(|row| &row.record)).map(Some)
    }
}

/// The row that lives and has this value in a column, where no two have the same.
pub async fn find<R: Record>(
    store: &dyn Store,
    tenant: TenantKey,
    column: usize,
    value: &str,
) -> Result<Option<Stored<R>>, Error> {
    let found = store.row(tenant, R::ENTITY, column, value.to_owned(), Life::Living).await?;
    found.map(|(values, version)| record(values, version, value)).transpose()
}

/// All rows that live and have this value in a column, which an index leads with.
pub async fn find_all<R: Record>(
    store: &dyn Store,
    tenant: TenantKey,
    column: usize,
    value: &str,
) -> Result<Vec<Stored<R>>, Error> {
    let found = store.rows(tenant, R::ENTITY, column, value.to_owned()).await?;
    found.into_iter().map(|(values, version)| record(values, version, value)).collect()
}

fn record<R: Record>(
    values: Vec<model::value::Value>,
    version: model::record::RowVersion,
    by: &str,
) -> Result<Stored<R>, Error> {
    let record = R::from_values(values).ok_or_else(|| Error::corrupt(R::ENTITY, by))?;
    Ok(Stored { record, version })
}
