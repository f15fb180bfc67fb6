//! `/me`: the person for whom the caller calls. What is below it is what is below the person's own address.

use super::actions::member_groups;
use crate::api::{
    declared::{Declared, operations},
    handler::{Called, Failure},
    operations::Call,
};

/// The operations, and what each takes.
pub(super) fn operations() -> Vec<Declared> {
    operations![
        ReadUsers:
            check_member_groups_of_my, check_member_objects_of_my, get_member_groups_of_my, get_member_objects_of_my;
    ]
}

/// Check which of some groups who is signed in is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/me/checkMemberGroups")]
async fn check_member_groups_of_my(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// Check which of some objects who is signed in is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/me/checkMemberObjects")]
async fn check_member_objects_of_my(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// Get the groups that who is signed in is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/me/getMemberGroups")]
async fn get_member_groups_of_my(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}

/// Get the objects that who is signed in is in
///
/// Gives the ids of those that it is in, also by being in a group that is.
#[utoipa::path(post, path = "/me/getMemberObjects")]
async fn get_member_objects_of_my(call: Call) -> Result<Called, Failure> {
    member_groups(call).await
}
