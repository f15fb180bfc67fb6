//! Questions about who is in which groups, also by being in a group that is.

use super::{App, Caller, Error, Named, links::related};
use crate::{
    authz::table::to_read,
    domain::Refusal,
    model::{
        DIRECTORY_OBJECT, DirectoryObject,
        bind::Violation,
        meta::{EntityType, ID, Link, Version},
        record::Record,
        value::Value,
    },
    odata::query::{Comparison, Expr, PropertyPath, Rows},
    store::{Life, Page, Steps},
};

/// How many groups are told at the most, as in Graph.
pub const MAX_GROUPS: usize = 11_000;

impl App {
    /// Which of some groups an object is in; all of them, where none are named. `None`: there are more than can be told.
    pub async fn member_groups(
        &self,
        caller: Caller<'_>,
        (entity, named): (&'static EntityType, Named<'_>),
        among: Option<Vec<String>>,
        security_only: bool,
    ) -> Result<Option<Vec<String>>, Error> {
        let id = self.link_source(caller, entity, named).await?;
        let id = id.as_str();
        let missing = || Error::NotFound { entity, id: id.to_owned() };
        // Of something of which only the id is known, it is looked up what it is.
        let entity = if entity.derived.is_empty() {
            entity
        } else {
            let found = self.store().row(caller.tenant, entity, ID, id.to_owned(), Life::Living).await?;
            let (values, _) = found.ok_or_else(missing)?;
            let kind = DirectoryObject::from_values(values).map(|object| object.kind);
            kind.and_then(|kind| Some(entity.face(Version::V1).of_kind(&kind)?.entity)).unwrap_or(entity)
        };
        let face = entity.face(Version::V1);
        let Some(groups) = face.navigation("transitiveMemberOf") else {
            caller.allow(to_read(entity))?;
            return Ok(Some(Vec::new()));
        };
        let Link::Closure(closure) = groups.link else { return Err(Error::NoSuchPath) };
        let rows = related(face, groups, id);
        let mut sight = super::super::sight(caller, &rows)?;
        // Nothing but ids is told of the groups.
        sight.unreadable.clear();
        // Of those that are asked for it is known how to find out quickly.
        let (rows, among) = match among {
            Some(ids) => {
                let steps = (Steps::USUAL, &sight);
                let reached = self.store().reached_in_sight(caller.tenant, closure, id, ids, steps).await?;
                (Rows::All(rows.face()), Some(reached))
            }
            None => (rows, None),
        };
        let property = |name: &str| {
            let property = rows.face().property(name)?;
            Some(Expr::Property(PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property }))
        };
        let named = among.map(|ids| ids.into_iter().map(Value::Text).collect::<Vec<_>>());
        let mut filter = match (named, property("id")) {
            (Some(ids), Some(id)) => Some(Expr::In(Box::new(id), ids)),
            _ => None,
        };
        if let (true, Some(security)) = (security_only, property("securityEnabled")) {
            let yes = Box::new(Expr::Literal(Value::Bool(true)));
            let secure = Expr::Compare(Comparison::Eq, Box::new(security), yes);
            filter = Some(match filter {
                Some(filter) => Expr::And(Box::new(filter), Box::new(secure)),
                None => secure,
            });
        }
        let found =
            self.ids_in_sight(caller.tenant, (rows, &sight), filter, MAX_GROUPS + 1).await?.ok_or_else(missing)?;
        Ok((found.len() <= MAX_GROUPS).then_some(found))
    }

    /// The objects with these ids, of these kinds if any are named.
    pub async fn objects_by_ids(
        &self,
        caller: Caller<'_>,
        version: Version,
        ids: Vec<String>,
        types: &[String],
    ) -> Result<Page, Error> {
        let face = DIRECTORY_OBJECT.face(version);
        let known = |ty: &String| {
            ty == "directoryObject" || face.derived().any(|derived| derived.name.eq_ignore_ascii_case(ty))
        };
        if let Some(unknown) = types.iter().find(|ty| !known(ty)) {
            let message = format!("'types' takes user, group, application, servicePrincipal, not '{unknown}'.");
            return Err(Refusal::Invalid(vec![Violation::new("types", message)]).into());
        }
        let id = |cast| PropertyPath { scope: 0, navigations: Vec::new(), cast, property: face.entity.key() };
        let most = ids.len();
        let named = ids.into_iter().map(Value::Text).collect();
        let named = Expr::In(Box::new(Expr::Property(id(None))), named);
        // What is not of the type has no id as one.
        let of_type = |derived| {
            let nothing = Box::new(Expr::Literal(Value::Null));
            Expr::Compare(Comparison::Ne, Box::new(Expr::Property(id(Some(derived)))), nothing)
        };
        let wanted = face.derived().filter(|derived| types.iter().any(|ty| derived.name.eq_ignore_ascii_case(ty)));
        let either = |one, other| Expr::Or(Box::new(one), Box::new(other));
        let filter = match wanted.map(of_type).reduce(either) {
            Some(kinds) => Expr::And(Box::new(named), Box::new(kinds)),
            None => named,
        };
        let query = crate::odata::options::parse_query("", Rows::All(face), None, crate::model::value::Timestamp(0));
        let Ok(mut query) = query else { return Err(Error::NoSuchPath) };
        (query.filter, query.limit) = (Some(filter), most.max(1));
        self.read(caller, query).await
    }
}
