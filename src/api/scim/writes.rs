//! Writing: creates, replacements, patches, deletions.

use http::{StatusCode, header};
use serde_json::Value as Json;

use super::{
    Answer, Call, Failure,
    fields::entity,
    groups, lists, named,
    users::{self, KEPT, Origin},
};
use crate::{
    app::{self, Expected, Occasion, directory::Members},
    model::{
        GROUP, Group, USER, User, UserInput,
        bind::Purpose,
        record::{Input, RowVersion, Stored},
    },
    scim::{
        Error,
        patch::{self, PatchOp, apply, members_delta},
        project::Projection,
        schema::{GROUPS, ResourceType, USERS},
        validate::validate,
    },
};

/// What becomes of a password.
enum Password {
    Kept,
    Gone,
    /// It is another one, of this hash.
    New(String),
}

/// POST to a set.
pub(super) async fn create(
    call: &Call,
    kind: &'static ResourceType,
    body: &Json,
    shown: &Projection,
) -> Result<Answer, Failure> {
    let resource = validate(kind, body)?;
    let (id, body, version) = if entity(kind) == &GROUP {
        let input = groups::input(&resource, Purpose::Create)?;
        let made = call.app().group_provision(call.caller(), input, groups::members(&resource)).await?;
        let body = lists::group(call, &made, shown).await?;
        (made.record.id, body, made.version)
    } else {
        let input = users::input(&resource, call.domain().await?, Origin::Client)?;
        let hash = hash(call, "", &input).await?;
        let made = call.app().user_create(call.caller(), (input, Vec::new()), hash).await?;
        let body = lists::user(call, &made, shown).await?;
        (made.record.id, body, made.version)
    };
    let location = call.location(kind, &id);
    Ok(written(StatusCode::CREATED, Some(body), version).with(header::LOCATION, &location))
}

/// PUT.
pub(super) async fn replace(
    call: &Call,
    kind: &'static ResourceType,
    id: &str,
    body: &Json,
    expected: &Expected,
    shown: &Projection,
) -> Result<Answer, Failure> {
    let resource = validate(kind, body)?;
    if entity(kind) == &GROUP {
        let members = Members { replace: Some(groups::members(&resource)), ..Members::default() };
        let rewrite = |before: &Group, _: &Occasion| of_group(before, &resource);
        let after = call.app().group_rewrite(call.caller(), (named(&GROUP, id), expected), &members, rewrite).await?;
        let body = lists::group(call, &after, shown).await?;
        return Ok(written(StatusCode::OK, Some(body), after.version));
    }
    let input = users::input(&resource, call.domain().await?, Origin::Client)?;
    let password = hash(call, id, &input).await?.map_or(Password::Kept, Password::New);
    let rewrite = |before: &User, on: &Occasion| Ok::<_, Failure>(of_user(before, input.clone(), &password, on));
    let after = call.app().user_rewrite(call.caller(), (named(&USER, id), expected), rewrite).await?;
    user_answer(call, &after, shown).await
}

/// PATCH. Of a group nothing is answered unless something is asked for: it may have very many members.
pub(super) async fn patch(
    call: &Call,
    kind: &'static ResourceType,
    id: &str,
    body: &Json,
    expected: &Expected,
    shown: &Projection,
) -> Result<Answer, Failure> {
    let patch = PatchOp::parse(body)?;
    if entity(kind) == &GROUP {
        let (delta, rest) = members_delta(&patch)?;
        let members = groups::delta(delta);
        let rewrite =
            |before: &Group, _: &Occasion| of_group(before, &apply(&rest, &GROUPS, &groups::resource(before))?);
        let after = call.app().group_rewrite(call.caller(), (named(&GROUP, id), expected), &members, rewrite).await?;
        if *shown == Projection::default() {
            return Ok(written(StatusCode::NO_CONTENT, None, after.version));
        }
        let body = lists::group(call, &after, shown).await?;
        return Ok(written(StatusCode::OK, Some(body), after.version));
    }
    let domain = call.domain().await?;
    let password = patched_password(call, id, &patch).await?;
    let rewrite = |before: &User, on: &Occasion| {
        let input = users::input(&patched(call, &patch, before)?, domain, Origin::Patch)?;
        Ok::<_, Failure>(of_user(before, input, &password, on))
    };
    let after = call.app().user_rewrite(call.caller(), (named(&USER, id), expected), rewrite).await?;
    user_answer(call, &after, shown).await
}

/// DELETE. What is deleted can be restored, at Graph's address.
pub(super) async fn delete(
    call: &Call,
    kind: &'static ResourceType,
    id: &str,
    expected: &Expected,
) -> Result<Answer, Failure> {
    if entity(kind) == &GROUP {
        call.app().group_delete(call.caller(), named(&GROUP, id), expected).await?;
    } else {
        call.app().user_delete(call.caller(), named(&USER, id), expected).await?;
    }
    Ok(Answer::new(StatusCode::NO_CONTENT, None))
}

fn written(status: StatusCode, body: Option<Json>, version: RowVersion) -> Answer {
    Answer::new(status, body).with(header::ETAG, &version.to_etag())
}

async fn user_answer(call: &Call, after: &Stored<User>, shown: &Projection) -> Result<Answer, Failure> {
    Ok(written(StatusCode::OK, Some(lists::user(call, after, shown).await?), after.version))
}

fn of_group(before: &Group, resource: &Json) -> Result<Group, Failure> {
    let mut after = before.clone();
    groups::input(resource, Purpose::Update)?.apply_to(&mut after);
    Ok(after)
}

fn of_user(before: &User, input: UserInput, password: &Password, on: &Occasion) -> User {
    let mut after = before.clone();
    input.apply_to(&mut after);
    match password {
        Password::Kept => {}
        Password::Gone => after.password_hash = None,
        Password::New(hash) => app::directory::set_password(&mut after, Some(hash.clone()), on),
    }
    after
}

/// A person's resource with a patch applied to it.
fn patched(call: &Call, patch: &PatchOp, before: &User) -> Result<Json, Error> {
    let mut resource = users::resource(call, before);
    if before.password_hash.is_some() {
        resource["password"] = KEPT.into();
    }
    apply(patch, &USERS, &resource)
}

/// What a patch does to a password: found out beforehand, since hashing takes its time.
async fn patched_password(call: &Call, id: &str, patch: &PatchOp) -> Result<Password, Failure> {
    let about = |operation: &patch::Operation| operation.path.attribute.name.eq_ignore_ascii_case("password");
    if !patch.operations.iter().any(about) {
        return Ok(Password::Kept);
    }
    let user = call.app().user_with_id(call.caller(), id).await?;
    let after = patched(call, patch, &user)?;
    match after.get("password").and_then(Json::as_str) {
        None => Ok(Password::Gone),
        Some(KEPT) => Ok(Password::Kept),
        Some(_) => {
            let input = users::input(&after, call.domain().await?, Origin::Patch)?;
            Ok(hash(call, id, &input).await?.map_or(Password::Kept, Password::New))
        }
    }
}

/// The hash of the password that is given a person, if one is: one who need not be there, or have a password.
async fn hash(call: &Call, id: &str, input: &UserInput) -> Result<Option<String>, Failure> {
    match call.app().new_password(call.caller(), Some(named(&USER, id)), input).await? {
        Some(password) => {
            let hash = call.api.authority.hash(call.caller.tenant, password).await;
            Ok(Some(hash.map_err(|_| crate::api::error::Error::busy())?))
        }
        None => Ok(None),
    }
}
