//! Operations of people.

use super::{
    Answer, Call, Error, Handlers, Operation, Purpose, Version, Words, actions, all, body, created, done, links,
    list_of, one, parts, passwords, target, updated,
};
use crate::{
    app::Named,
    authz::Action,
    model::{USER, UserInput},
    odata::options,
};

const WORDS: Words = Words { one: "a user", many: "Users", id: "User" };

/// The table.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let face = USER.face(version);
    let handlers = Handlers {
        create: |call| Box::pin(create(call)),
        update: |call| Box::pin(update(call)),
        delete: |call| Box::pin(delete(call)),
    };
    let mut table = all(version, &USER, &WORDS, &handlers);
    for navigation in face.navigations {
        match navigation.name {
            "manager" => table.extend(links::manager(face, navigation)),
            "sponsors" => table.extend(links::operations(face, navigation, &WORDS, "sponsors", "sponsor")),
            "appRoleAssignments" => table.extend(super::applications::assignments(face, navigation, &WORDS)),
            "memberOf" => table.extend(list_of(face, navigation, &WORDS, "the groups")),
            "transitiveMemberOf" => table.extend(list_of(face, navigation, &WORDS, "the groups, nested ones too,")),
            "directReports" => table.extend(list_of(face, navigation, &WORDS, "the direct reports")),
            _ => table.extend(list_of(face, navigation, &WORDS, "the objects")),
        }
    }
    table.extend(actions::membership(face, &WORDS));
    let at = format!("{}/revokeSignInSessions", one(face));
    table.push(
        actions::call("revokeUserSignInSessions", at, face, "revokeSignInSessions")
            .about("Sign a user out", "Tokens and sessions that the user has got so far count no more.")
            .takes(Action::ManageUsers)
            .by(|call| Box::pin(revoke(call))),
    );
    table.push(passwords::change(&one(face), face, "User", "a user's"));
    table
}

async fn create(call: Call) -> Result<Answer, Error> {
    let face = USER.face(call.version);
    let body = body::<UserInput>(&call, face, Purpose::Create)?;
    let hash = password(&call, None, &body.input).await?;
    let declares_type = body.declares_type;
    let made = call.api.app.user_create(call.caller(), parts(body), hash).await;
    created(&call, face, made, declares_type)
}

async fn update(call: Call) -> Result<Answer, Error> {
    let face = USER.face(call.version);
    let body = body::<UserInput>(&call, face, Purpose::Update)?;
    let (named, expected) = target(&call)?;
    let hash = password(&call, Some(named), &body.input).await?;
    let declares_type = body.declares_type;
    let after = call.api.app.user_update(call.caller(), (named, &expected), parts(body), hash).await;
    updated(&call, face, after, declares_type)
}

/// The hash of the password that a body gives.
async fn password(call: &Call, named: Option<Named<'_>>, input: &UserInput) -> Result<Option<String>, Error> {
    let given = call.api.app.new_password(call.caller(), named, input).await;
    match given.map_err(|e| Error::app(e, USER.face(call.version)))? {
        Some(password) => {
            Ok(Some(call.api.authority.hash(call.caller.tenant, password).await.map_err(|_| Error::busy())?))
        }
        None => Ok(None),
    }
}

async fn delete(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let (named, expected) = target(&call)?;
    done(USER.face(call.version), call.api.app.user_delete(call.caller(), named, &expected).await)
}

async fn revoke(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let face = USER.face(call.version);
    call.api.app.sessions_revoke(call.caller(), call.named()?).await.map_err(|e| Error::app(e, face))?;
    Ok(actions::answer(&call, "Edm.Boolean", &true.into()))
}
