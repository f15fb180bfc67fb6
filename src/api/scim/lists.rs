//! Reading: one resource, pages of them, and what other objects know of each.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::{Call, Failure, face, fields::entity, filter::Filters, groups, users};
use crate::{
    app::Error as AppError,
    model::{
        GROUP, Group, USER, User,
        meta::EntityType,
        record::{Record, RowVersion, Stored},
        value::{Timestamp, Value},
    },
    odata::{
        options,
        query::{Expr, PropertyPath, Query, Rows, Shape, Start},
    },
    scim::{
        Error, ScimType,
        filter::Filter,
        list::{ListQuery, list_response, project},
        project::Projection,
        schema::{ENTERPRISE_USER, GROUPS, ResourceType, USERS},
    },
};

/// Of a list that shows members, a page has so many groups at the most,
const GROUPS_WITH_MEMBERS: usize = 20;
/// and each of them so many members.
const MEMBERS_IN_LISTS: usize = 10_000;
/// More links than any object has.
const ALL: usize = 10_000_000;

/// A resource by its id, and its tag.
pub(super) async fn get(
    call: &Call,
    kind: &'static ResourceType,
    id: &str,
    shown: &Projection,
) -> Result<(Json, String), Failure> {
    let rows =
        Rows::Keyed { of: Box::new(Rows::All(face(entity(kind)))), property: entity(kind).key(), value: id.into() };
    let missing = || AppError::NotFound { entity: entity(kind), id: id.to_owned() };
    let (resource, version) = if entity(kind) == &GROUP {
        let found = call.app().records::<Group>(call.caller(), query(rows, None)).await?;
        let stored = found.into_iter().next().ok_or_else(missing)?;
        (group(call, &stored, shown).await?, stored.version)
    } else {
        let found = call.app().records::<User>(call.caller(), query(rows, None)).await?;
        let stored = found.into_iter().next().ok_or_else(missing)?;
        (user(call, &stored, shown).await?, stored.version)
    };
    Ok((resource, version.to_etag()))
}

/// A person, as it is shown.
pub(super) async fn user(call: &Call, stored: &Stored<User>, shown: &Projection) -> Result<Json, Failure> {
    let all = told(call, std::slice::from_ref(stored), shown).await?;
    Ok(all.into_iter().next().unwrap_or_default())
}

/// A group, as it is shown.
pub(super) async fn group(call: &Call, stored: &Stored<Group>, shown: &Projection) -> Result<Json, Failure> {
    let all = with_members(call, std::slice::from_ref(stored), shown, ALL).await?;
    Ok(all.into_iter().next().unwrap_or_default())
}

/// The page of a list of one type, or of all.
pub(super) async fn search(
    call: &Call,
    kind: Option<&'static ResourceType>,
    asked: &ListQuery,
) -> Result<Json, Failure> {
    let kinds: &[&'static ResourceType] = match &kind {
        Some(kind) => std::slice::from_ref(kind),
        None if asked.sort_by.is_some() => {
            let why = "Resources of several types cannot be sorted: ask for those of one.";
            return Err(Error::bad(ScimType::InvalidPath, why).into());
        }
        None => &[&USERS, &GROUPS],
    };
    let (mut total, mut resources) = (0, Vec::new());
    let mut wrong = None;
    for kind in kinds {
        // What one type does not know may be known to the other.
        if let Some(filter) = &asked.filter
            && let Err(error) = filter.check(kind)
        {
            wrong = Some(error);
            continue;
        }
        let skip = (asked.start_index - 1).saturating_sub(total);
        let room = limit(call, asked, kind).saturating_sub(resources.len());
        let (count, page) = list(call, kind, asked, skip, room).await?;
        total += count;
        resources.extend(page);
    }
    match wrong {
        Some(error)
            if kinds.iter().all(|kind| asked.filter.as_ref().is_some_and(|f: &Filter| f.check(kind).is_err())) =>
        {
            Err(error.into())
        }
        _ => Ok(list_response(total, asked.start_index, resources)),
    }
}

/// How many resources a page has at the most.
fn limit(call: &Call, asked: &ListQuery, kind: &'static ResourceType) -> usize {
    let most = asked.page_size().min(call.api.options.max_page);
    if shows(kind, &asked.projection, "members") { most.min(GROUPS_WITH_MEMBERS) } else { most }
}

async fn list(
    call: &Call,
    kind: &'static ResourceType,
    asked: &ListQuery,
    skip: u64,
    limit: usize,
) -> Result<(u64, Vec<Json>), Failure> {
    let filters = Filters { kind, domain: call.domain().await? };
    let filter = asked.filter.as_ref().map(|filter| filters.condition(filter)).transpose()?;
    let mut query = query(Rows::All(face(entity(kind))), filter);
    query.order = filters.order(asked.sort_by.as_ref(), asked.descending)?;
    (query.start, query.limit) = (Start::Skip(skip), limit);
    let counted = query.clone();
    let page = match limit {
        0 => Vec::new(),
        _ if entity(kind) == &GROUP => {
            let found = call.app().records::<Group>(call.caller(), query).await?;
            with_members(call, &found, &asked.projection, MEMBERS_IN_LISTS).await?
        }
        _ => told(call, &call.app().records::<User>(call.caller(), query).await?, &asked.projection).await?,
    };
    // A first page that is not full tells by itself how many there are.
    let total = match page.len() {
        few if skip == 0 && few < limit => few as u64,
        _ => call.app().count(call.caller(), counted).await?,
    };
    Ok((total, page))
}

fn query(rows: Rows, filter: Option<Expr>) -> Query {
    let key = PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property: rows.face().entity.key() };
    Query {
        filter,
        search: None,
        order: vec![crate::odata::query::OrderKey { expr: Expr::Property(key), descending: false }],
        start: Start::Skip(0),
        limit: 1,
        count: false,
        shape: Shape::default(),
        sight: crate::model::scope::Sight::default(),
        root: String::new(),
        rows,
    }
}

/// Whether an answer is to show an attribute.
fn shows(kind: &'static ResourceType, shown: &Projection, attribute: &str) -> bool {
    let one = json!([{ "value": "x", "display": "x" }]);
    project(kind, &json!({ attribute: one }), shown).get(attribute).is_some()
}

/// Whether an answer is to show the names of those that links lead to.
fn shows_names(kind: &'static ResourceType, shown: &Projection) -> bool {
    let resource = match kind.name {
        "Group" => json!({ "members": [{ "display": "x" }] }),
        _ => json!({ ENTERPRISE_USER.id: { "manager": { "displayName": "x" } } }),
    };
    let names = project(kind, &resource, shown);
    names.get("members").is_some() || names.get(ENTERPRISE_USER.id).is_some()
}

/// People with what others know of them, as far as it is to be shown.
async fn told(call: &Call, found: &[Stored<User>], shown: &Projection) -> Result<Vec<Json>, Failure> {
    let (groups, names) = (shows(&USERS, shown, "groups"), shows_names(&USERS, shown));
    let expand = match (groups, names) {
        (false, false) => None,
        (true, false) => Some("memberOf($select=id,displayName)"),
        (false, true) => Some("manager($select=id,displayName)"),
        (true, true) => Some("memberOf($select=id,displayName),manager($select=id,displayName)"),
    };
    let ids: Vec<&str> = found.iter().map(|user| user.record.id.as_str()).collect();
    let links = match expand {
        Some(expand) => linked(call, &USER, &ids, expand, ALL).await?,
        None => HashMap::new(),
    };
    let one = |stored: &Stored<User>| {
        let mut resource = users::resource(call, &stored.record);
        let Some(members) = resource.as_object_mut() else { return Json::Null };
        let row = links.get(&stored.record.id);
        let of = |name: &str| row.and_then(|row| row.get(name));
        let group = |row: &Json| {
            let id = row.get("id")?.as_str()?;
            let (at, name) = (call.location(&GROUPS, id), row.get("displayName"));
            Some(json!({ "value": id, "$ref": at, "display": name, "type": "direct" }))
        };
        let groups: Vec<Json> =
            of("memberOf").and_then(Json::as_array).into_iter().flatten().filter_map(group).collect();
        if !groups.is_empty() {
            members.insert("groups".to_owned(), groups.into());
        }
        let manager = members.get_mut(ENTERPRISE_USER.id).and_then(|extension| extension.get_mut("manager"));
        if let (Some(manager), Some(name)) = (manager, of("manager").and_then(|manager| manager.get("displayName"))) {
            manager["displayName"] = name.clone();
        }
        members.insert("meta".to_owned(), meta(call, &USERS, &stored.record, stored.record.created_at, stored.version));
        project(&USERS, &resource, shown)
    };
    Ok(found.iter().map(one).collect())
}

/// Groups with their members, if they are to be shown.
async fn with_members(
    call: &Call,
    found: &[Stored<Group>],
    shown: &Projection,
    most: usize,
) -> Result<Vec<Json>, Failure> {
    let names = shows_names(&GROUPS, shown);
    let ids: Vec<&str> = found.iter().map(|group| group.record.id.as_str()).collect();
    let links = match (shows(&GROUPS, shown, "members"), names) {
        (false, _) => HashMap::new(),
        (true, false) => linked(call, &GROUP, &ids, "members($select=id)", most).await?,
        (true, true) => linked(call, &GROUP, &ids, "members($select=id,displayName)", most).await?,
    };
    let one = |stored: &Stored<Group>| {
        let mut resource = groups::resource(&stored.record);
        let row = links.get(&stored.record.id);
        let member = |row: &Json| {
            let (id, ty) = (row.get("id")?.as_str()?, row.get("@odata.type")?.as_str()?);
            groups::member(call, id, ty, row.get("displayName"))
        };
        if row.is_some_and(|row| row.get("members@odata.nextLink").is_some()) {
            let detail = format!(
                "A group has more than {MEMBERS_IN_LISTS} members: leave them out (excludedAttributes=members), or get \
                 the group by its id."
            );
            return Err(Error::bad(ScimType::TooMany, detail));
        }
        let members = row.and_then(|row| row.get("members")).and_then(Json::as_array).into_iter().flatten();
        let members: Vec<Json> = members.filter_map(member).collect();
        if !members.is_empty() {
            resource["members"] = members.into();
        }
        resource["meta"] = meta(call, &GROUPS, &stored.record, stored.record.created_at, stored.version);
        Ok(project(&GROUPS, &resource, shown))
    };
    Ok(found.iter().map(one).collect::<Result<_, _>>()?)
}

/// What links lead to from these objects, by their ids: one statement for each kind of link.
async fn linked(
    call: &Call,
    entity: &'static EntityType,
    ids: &[&str],
    expand: &str,
    most: usize,
) -> Result<HashMap<String, Json>, Failure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::All(face(entity));
    let query = options::parse_query(&format!("$select=id&$expand={expand}"), rows, None, Timestamp(0));
    let mut query = query.map_err(crate::api::error::Error::from)?;
    let key = PropertyPath { scope: 0, navigations: Vec::new(), cast: None, property: entity.key() };
    let mut values: Vec<Value> = ids.iter().map(|id| Value::Text((*id).to_owned())).collect();
    // The text of a statement depends on how many there are: so there are few numbers.
    let last = values.last().cloned().unwrap_or(Value::Null);
    values.resize(values.len().next_power_of_two(), last);
    (query.filter, query.limit) = (Some(Expr::In(Box::new(Expr::Property(key)), values)), ids.len());
    for expand in &mut query.shape.expand {
        expand.limit = most;
    }
    let page = call.app().read(call.caller(), query).await?;
    let rows: Vec<Json> = serde_json::from_slice(&[b"[", page.rows.as_slice(), b"]"].concat()).unwrap_or_default();
    Ok(rows.into_iter().filter_map(|row| Some((row.get("id")?.as_str()?.to_owned(), row))).collect())
}

fn meta<R: Record>(
    call: &Call,
    kind: &'static ResourceType,
    record: &R,
    created: Timestamp,
    version: RowVersion,
) -> Json {
    json!({
        "resourceType": kind.name,
        "created": created.to_string(),
        "location": call.location(kind, record.id()),
        "version": version.to_etag(),
    })
}
