//! Operations of groups.

use super::{
    Answer, Call, Error, Handlers, Operation, Purpose, Version, Words, actions, all, body, created, done, links,
    list_of, one, parts, target, updated,
};
use crate::{
    authz::Action,
    model::{GROUP, GroupInput},
    odata::options,
};

const WORDS: Words = Words { one: "a group", many: "Groups", id: "Group" };

/// The table.
pub(super) fn operations(version: Version) -> Vec<Operation> {
    let face = GROUP.face(version);
    let handlers = Handlers {
        create: |call| Box::pin(create(call)),
        update: |call| Box::pin(update(call)),
        delete: |call| Box::pin(delete(call)),
    };
    let mut table = all(version, &GROUP, &WORDS, &handlers);
    for navigation in face.navigations {
        match navigation.name {
            "members" => table.extend(links::operations(face, navigation, &WORDS, "members", "member")),
            "owners" => table.extend(links::operations(face, navigation, &WORDS, "owners", "owner")),
            "appRoleAssignments" => table.extend(super::applications::assignments(face, navigation, &WORDS)),
            "transitiveMembers" => table.extend(list_of(face, navigation, &WORDS, "the members, nested ones too,")),
            "memberOf" => table.extend(list_of(face, navigation, &WORDS, "the groups")),
            _ => table.extend(list_of(face, navigation, &WORDS, "the groups, nested ones too,")),
        }
    }
    table.extend(actions::membership(face, &WORDS));
    table.push(
        actions::call("renewGroup", format!("{}/renew", one(face)), face, "renew")
            .about("Renew a group", "Begins the life of the group anew.")
            .takes(Action::ManageGroups)
            .by(|call| Box::pin(renew(call))),
    );
    table
}

async fn create(call: Call) -> Result<Answer, Error> {
    let face = GROUP.face(call.version);
    let body = body::<GroupInput>(&call, face, Purpose::Create)?;
    let declares_type = body.declares_type;
    let made = call.api.app.group_create(call.caller(), parts(body)).await;
    created(&call, face, made, declares_type)
}

async fn update(call: Call) -> Result<Answer, Error> {
    let face = GROUP.face(call.version);
    let body = body::<GroupInput>(&call, face, Purpose::Update)?;
    let (named, expected) = target(&call)?;
    let declares_type = body.declares_type;
    let after = call.api.app.group_update(call.caller(), (named, &expected), parts(body)).await;
    updated(&call, face, after, declares_type)
}

async fn delete(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    let (named, expected) = target(&call)?;
    done(GROUP.face(call.version), call.api.app.group_delete(call.caller(), named, &expected).await)
}

async fn renew(call: Call) -> Result<Answer, Error> {
    options::parse_none(&call.query)?;
    done(GROUP.face(call.version), call.api.app.group_renew(call.caller(), call.named()?).await)
}
