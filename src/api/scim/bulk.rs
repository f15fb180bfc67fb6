//! Bulk requests: many operations in one message, each by itself, in an order in which what they refer to is there. Each
//! counts as a call, and is remembered as one.

use std::collections::HashMap;

use http::{StatusCode, header};
use serde_json::Value as Json;

use super::{Answer, Call, Failure, writes};
use crate::{
    app::Expected,
    scim::{
        Error,
        bulk::{BulkOperation, BulkRequest, BulkResult, Limits, MAX_OPERATIONS, Method, bulk_response},
        project::Projection,
    },
};

/// Does all that a message says, or as much as it takes until it has failed often enough.
pub(super) async fn run(call: &Call, body: &Json) -> Result<Answer, Failure> {
    let limits = Limits { max_operations: MAX_OPERATIONS, max_payload_size: call.api.options.max_body_bytes };
    let request = BulkRequest::parse(body, limits)?;
    let (mut created, mut errors) = (HashMap::new(), 0);
    let mut results: Vec<Option<BulkResult>> = request.operations.iter().map(|_| None).collect();
    for index in request.order()? {
        if request.stops_after(errors) {
            break;
        }
        let Some(operation) = request.operations.get(index) else { continue };
        let result = one(call, operation, &created).await;
        errors += u64::from(result.status >= 400);
        if let (Some(bulk_id), Some(id), Method::Post) = (&result.bulk_id, made(&result), result.method) {
            created.insert(bulk_id.clone(), id);
        }
        if let Some(slot) = results.get_mut(index) {
            *slot = Some(result);
        }
    }
    let results: Vec<BulkResult> = results.into_iter().flatten().collect();
    Ok(Answer::new(StatusCode::OK, Some(bulk_response(&results))))
}

/// The id of what an operation made.
fn made(result: &BulkResult) -> Option<String> {
    let location = result.location.as_deref().filter(|_| result.status < 400)?;
    location.rsplit_once('/').map(|(_, id)| id.to_owned())
}

async fn one(call: &Call, operation: &BulkOperation, created: &HashMap<String, String>) -> BulkResult {
    let resolved = match operation.resolve(created) {
        Ok(resolved) => resolved,
        Err(error) => return BulkResult::failed(operation, None, &error),
    };
    let target = match resolved.target() {
        Ok(target) => target,
        Err(error) => return BulkResult::failed(operation, None, &error),
    };
    let location = target.1.map(|id| call.location(target.0, id));
    match act(call, &resolved).await {
        Ok(answer) => {
            let header = |name| {
                let found = answer.headers.iter().find(|(known, _)| *known == name);
                found.and_then(|(_, value)| value.to_str().ok()).map(str::to_owned)
            };
            BulkResult {
                method: operation.method,
                bulk_id: operation.bulk_id.clone(),
                location: header(header::LOCATION).or(location),
                version: header(header::ETAG),
                status: answer.status.as_u16(),
                response: None,
            }
        }
        Err(failure) => BulkResult::failed(operation, location, &failure.error),
    }
}

async fn act(call: &Call, operation: &BulkOperation) -> Result<Answer, Failure> {
    call.api.limits.admit(&call.caller)?;
    let (kind, id) = operation.target()?;
    if id.is_some_and(|id| id.contains('\0')) {
        return Err(Error::not_found("There is no resource of this id.").into());
    }
    let expected = operation.version.as_ref().map_or(Expected::Any, |version| Expected::OneOf(vec![version.clone()]));
    let shown = &only_ids();
    let data = operation.data.as_ref().unwrap_or(&Json::Null);
    match (operation.method, id) {
        (Method::Post, None) => writes::create(call, kind, data, shown).await,
        (Method::Put, Some(id)) => writes::replace(call, kind, id, data, &expected, shown).await,
        (Method::Patch, Some(id)) => writes::patch(call, kind, id, data, &expected, shown).await,
        (Method::Delete, Some(id)) => writes::delete(call, kind, id, &expected).await,
        _ => Err(Error::not_found("'path' does not go with 'method'.").into()),
    }
}

/// Nobody is told what became of a resource beyond its version, so nothing of it is looked up.
fn only_ids() -> Projection {
    Projection { attributes: crate::scim::path::AttrPath::parse("id").into_iter().collect(), excluded: Vec::new() }
}
