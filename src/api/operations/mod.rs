//! `POST /operations`: the Atomic Operations extension. Several changes in one
//! transaction, each equivalent to the single request.

mod dispatch;
mod lids;
mod parse;

pub use dispatch::{
    LinkageOperations, ResourceOperations, delete_only_operations, linkage_operations,
    resource_operations,
};
pub use lids::Lids;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::call::{Api, Call, respond};
use super::error::{ApiError, RequestDocument};
use super::idempotency;
use super::resources::is_secret;
use super::response::Response;
use super::{kinds, plan};
use crate::directory::batch::{Outcome, Step};
use crate::jsonapi::ATOMIC;
use crate::jsonapi::document::{Operation, operation_pointer, read_operations};
use crate::jsonapi::write::{Commas, raw};
use dispatch::OperationContext;
use parse::{Action, PlannedOperation};

pub async fn operations(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        call.api.negotiate_extension(&request, ATOMIC)?;
        let body = call.body(&mut payload).await?;
        let limits = &call.api.document_limits;
        let operations = read_operations(&body, limits, call.api.operations)?;
        refuse_passwords(&operations, call.api.operation_passwords)?;
        let key = call.key(&body)?;
        let (plans, steps) = build(call, operations).await?;
        if key.is_some() && plans.iter().any(PlannedOperation::returns_secret) {
            return Err(idempotency::unsupported(
                "A response with a secret is not stored.",
            ));
        }
        let base = call.base_url.clone().into_owned();
        let done = call.execute_once(steps, key, move |outcomes| results(outcomes, &base));
        done.await.map_err(|error| located(call, &plans, error))
    })
    .await
}

/// Hashing a password costs as much as a sign-in, and its queue is short.
fn refuse_passwords(operations: &[Operation], most: usize) -> Result<(), ApiError> {
    let costly = |operation: &Operation| {
        let attributes = operation.data.as_ref()?.get("attributes")?.as_object()?;
        attributes.keys().any(|name| is_secret(name)).then_some(())
    };
    let mut costly = (0..)
        .zip(operations)
        .filter(|(_, operation)| costly(operation).is_some());
    let Some((place, _)) = costly.nth(most) else {
        return Ok(());
    };
    let detail = format!("One request has at most {most} operations with a password.");
    let error = kinds::TOO_MANY_PASSWORDS.error(detail);
    Err(error.at_pointer(operation_pointer(place)).into())
}

async fn build(
    call: &Call<'_>,
    operations: Vec<Operation>,
) -> Result<(Vec<PlannedOperation>, Vec<Box<dyn Step>>), ApiError> {
    let secret = call.linkage_secret().await?;
    let mut lids = Lids::default();
    let mut plans = Vec::with_capacity(operations.len());
    let mut steps = Vec::with_capacity(operations.len());
    for (place, operation) in operations.into_iter().enumerate() {
        let plan = parse::parse(call, secret, &lids, operation, place)?;
        let step = plan.step(call, &lids, &plans).await;
        steps.push(step.map_err(|error| plan.located(call, error))?);
        if let Action::Add(resource, document) = &plan.action
            && let Some(lid) = &document.lid
        {
            lids.define(resource.kind, lid, place, &format!("{}/lid", plan.data))?;
        }
        plans.push(plan);
    }
    Ok((plans, steps))
}

impl PlannedOperation {
    fn returns_secret(&self) -> bool {
        matches!(&self.action, Action::Add(resource, _) if resource.returns_secret)
    }

    /// Whether this changes attributes or relationships of that resource.
    pub(super) fn updates(&self, kind: &str, id: i64) -> bool {
        match &self.action {
            Action::Update(resource, target, _) | Action::SetRelationship(resource, target, ..) => {
                resource.kind == kind && target.id == id
            }
            _ => false,
        }
    }

    async fn step(
        &self,
        call: &Call<'_>,
        lids: &Lids,
        before: &[Self],
    ) -> Result<Box<dyn Step>, ApiError> {
        let context = OperationContext {
            call,
            lids,
            before,
            data: &self.data,
        };
        match &self.action {
            Action::Add(resource, document) => (resource.add)(&context, document).await,
            Action::Update(resource, target, document) => {
                (resource.update)(&context, target.clone(), document).await
            }
            Action::SetRelationship(resource, target, document, _) => {
                (resource.update)(&context, target.clone(), document).await
            }
            Action::Remove(resource, target) => Ok((resource.remove)(&context, target.clone())),
            Action::ChangeLinkage(linkage, id, operation, _) => {
                Ok((linkage.change)(&context, *id, operation.clone()))
            }
            Action::CheckAccess(document) => dispatch::check_access(&context, document, &self.at),
            Action::ReadOnlyRelationship(resource, id, name) => {
                if !(resource.exists)(&context, *id).await? {
                    return Err(crate::directory::DirectoryError::NotFound.into());
                }
                let detail = format!("The relationship {name} cannot be changed.");
                Err(kinds::UNSUPPORTED_UPDATE
                    .error(detail)
                    .at_pointer(self.at.as_str())
                    .into())
            }
        }
    }

    /// Adds pointers into this operation to an error.
    fn located(&self, call: &Call<'_>, error: ApiError) -> ApiError {
        let pointing = match &self.action {
            Action::Add(_, document)
            | Action::Update(_, _, document)
            | Action::CheckAccess(document) => RequestDocument::Resource(document, &self.data),
            Action::ChangeLinkage(.., linkage) | Action::SetRelationship(.., linkage) => {
                RequestDocument::Linkage(linkage, &self.data)
            }
            Action::Remove(..) | Action::ReadOnlyRelationship(..) => RequestDocument::None,
        };
        let request_id = call.guard.context().request_id;
        error
            .with_pointers(pointing, call.api.invalid_data)
            .located(&self.at, request_id)
    }
}

/// Adds pointers into the operation of the failed step to an error.
fn located(call: &Call<'_>, plans: &[PlannedOperation], error: ApiError) -> ApiError {
    match error.into_batch_step() {
        Ok((place, error)) => match plans.get(place) {
            Some(plan) => plan.located(call, error.into()),
            None => error.into(),
        },
        Err(error) => error,
    }
}

/// `{"atomic:results": [...]}`, or 204 if all results are empty.
fn results(outcomes: &[Outcome], base: &str) -> Response {
    if outcomes.iter().all(|outcome| outcome.shown.is_empty()) {
        return Response::Empty;
    }
    let size: usize = outcomes.iter().map(|outcome| outcome.shown.len() + 3).sum();
    let mut out = Vec::with_capacity(size + 256);
    raw(&mut out, "{\"jsonapi\":{\"version\":\"1.1\",\"ext\":[\"");
    raw(&mut out, ATOMIC);
    raw(&mut out, "\"]},\"atomic:results\":[");
    let mut commas = Commas::default();
    for outcome in outcomes {
        commas.next(&mut out);
        if outcome.shown.is_empty() {
            raw(&mut out, "{}");
        } else {
            out.extend_from_slice(&outcome.shown);
        }
    }
    raw(&mut out, "],\"links\":{\"home\":\"");
    raw(&mut out, base);
    raw(&mut out, "/home\"}}");
    Response::Atomic(out)
}
