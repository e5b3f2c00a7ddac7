//! The generic operations with their Rust types erased, to be chosen by the type and
//! relationship names in a document.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::lids::Lids;
use super::parse::PlannedOperation;
use crate::api::access_checks::{self, CheckRequest};
use crate::api::call::Call;
use crate::api::conditional::State;
use crate::api::decode::{
    DocumentPosition, attributes, client_id, relationships, without_unchanged,
};
use crate::api::error::{ApiError, RequestDocument};
use crate::api::include::Compound;
use crate::api::kinds;
use crate::api::render::Render;
use crate::api::resource::{
    Deletable, OneTimeAttributes, RelationshipIds, Resource, Row, Target, Writable,
};
use crate::api::resources::ToMany;
use crate::directory::access::Verdict;
use crate::directory::batch::{Outcome, Show, Step};
use crate::directory::host_access::HostAccess;
use crate::directory::members::{ChangeMembers, Side};
use crate::directory::users::FindUser;
use crate::directory::{DirectoryError, FieldError};
use crate::jsonapi::query::Fields;
use crate::jsonapi::write::{self, raw};
use crate::jsonapi::{Purpose, ResourceObject};

/// The context of one operation.
pub struct OperationContext<'a> {
    pub call: &'a Call<'a>,
    pub lids: &'a Lids,
    /// The operations before it.
    pub before: &'a [PlannedOperation],
    /// The pointer to the operation's `data`.
    pub data: &'a str,
}

type StepFuture<'a, T> = LocalBoxFuture<'a, Result<T, ApiError>>;
type BoxedStep = Box<dyn Step>;

/// The operations on resources of a type.
pub struct ResourceOperations {
    pub kind: &'static str,
    /// Whether the result of a creation contains a secret.
    pub returns_secret: bool,
    pub add: for<'a> fn(&'a OperationContext<'a>, &'a ResourceObject) -> StepFuture<'a, BoxedStep>,
    pub update: for<'a> fn(
        &'a OperationContext<'a>,
        Target,
        &'a ResourceObject,
    ) -> StepFuture<'a, BoxedStep>,
    pub remove: fn(&OperationContext<'_>, Target) -> BoxedStep,
    /// Whether the resource exists and the caller can see it.
    pub exists: for<'a> fn(&'a OperationContext<'a>, i64) -> StepFuture<'a, bool>,
}

pub const fn resource_operations<R: Writable>() -> ResourceOperations {
    ResourceOperations {
        kind: R::TYPE,
        returns_secret: R::RETURNS_SECRET,
        add: |context, document| add::<R>(context, document).boxed_local(),
        update: |context, target, document| update::<R>(context, target, document).boxed_local(),
        ..delete_only_operations::<R>()
    }
}

/// For a type whose resources can only be deleted.
pub const fn delete_only_operations<R: Deletable>() -> ResourceOperations {
    ResourceOperations {
        kind: R::TYPE,
        returns_secret: false,
        add: |context, _| unsupported(context, "made").boxed_local(),
        update: |context, _, _| unsupported(context, "changed").boxed_local(),
        remove: |context, target| {
            let subject = Some((target.id, R::find as fn(i64) -> R::Find));
            let task = context
                .call
                .guard
                .task(subject, R::deletion(target), no_result());
            Box::new(task)
        },
        exists: |context, id| exists::<R>(context, id).boxed_local(),
    }
}

async fn unsupported(context: &OperationContext<'_>, what: &str) -> Result<BoxedStep, ApiError> {
    let detail = format!("Resources of this type cannot be {what}.");
    let error = kinds::UNSUPPORTED_UPDATE.error(detail);
    Err(error.at_pointer(context.data).into())
}

/// The operations on the linkage of a relationship.
pub struct LinkageOperations {
    pub to: &'static str,
    pub side: fn(i64) -> Option<Side>,
    pub change: fn(&OperationContext<'_>, i64, ChangeMembers) -> BoxedStep,
}

pub const fn linkage_operations<L: ToMany>() -> LinkageOperations {
    LinkageOperations {
        to: L::To::TYPE,
        side: L::side,
        change: |context, id, operation| {
            let subject = Some((id, L::From::find as fn(i64) -> <L::From as Resource>::Find));
            Box::new(context.call.guard.task(subject, operation, no_result()))
        },
    }
}

/// The empty result of an operation.
fn no_result<T>() -> Show<T> {
    Box::new(|_| Outcome::default())
}

async fn add<R: Writable>(
    context: &OperationContext<'_>,
    document: &ResourceObject,
) -> Result<BoxedStep, ApiError> {
    let (mut draft, field_errors, linked) = read::<R>(context, document, Purpose::Create)?;
    client_id::<R>(context.call, document, &mut draft, context.data)?;
    let creation = R::creation(&context.call.guard, draft, field_errors, linked).await;
    let (creation, once) = creation.map_err(|error| pointing(context, document, error))?;
    let show = shown::<R>(context.call, once);
    let task = context.call.guard.task::<R::Find, _>(None, creation, show);
    Ok(Box::new(task))
}

async fn update<R: Writable>(
    context: &OperationContext<'_>,
    target: Target,
    document: &ResourceObject,
) -> Result<BoxedStep, ApiError> {
    let id = target.id;
    let (draft, mut field_errors, linked) = read::<R>(context, document, Purpose::Update)?;
    // An earlier operation may change the values that would be compared.
    if !context.before.iter().any(|plan| plan.updates(R::TYPE, id)) {
        let guard = &context.call.guard;
        field_errors = without_unchanged::<R>(guard, id, document, field_errors).await?;
    }
    let change = R::change(&context.call.guard, target, draft, field_errors, linked).await;
    let change = match change {
        Ok(change) => change,
        // A missing resource is reported before any error of the document (U04).
        Err(_) if !exists::<R>(context, id).await? => return Err(DirectoryError::NotFound.into()),
        Err(error) => return Err(pointing(context, document, error)),
    };
    let subject = Some((id, R::find as fn(i64) -> R::Find));
    let show = shown::<R>(context.call, OneTimeAttributes::new());
    Ok(Box::new(context.call.guard.task(subject, change, show)))
}

fn read<R: Writable>(
    context: &OperationContext<'_>,
    document: &ResourceObject,
    purpose: Purpose,
) -> Result<(R::Draft, Vec<FieldError>, RelationshipIds), ApiError> {
    let at = DocumentPosition {
        base: context.data,
        lids: Some(context.lids),
    };
    let linked = relationships::<R>(document, purpose, &at)?;
    let (draft, field_errors) = attributes::<R>(context.call.api, document);
    Ok((draft, field_errors, linked))
}

/// A resource that an earlier operation creates (a negative id) will exist in time.
async fn exists<R: Resource>(context: &OperationContext<'_>, id: i64) -> Result<bool, ApiError> {
    Ok(id < 0 || context.call.guard.read(R::find(id)).await?.is_some())
}

fn pointing(
    context: &OperationContext<'_>,
    document: &ResourceObject,
    error: ApiError,
) -> ApiError {
    error.with_pointers(
        RequestDocument::Resource(document, context.data),
        context.call.api.invalid_data,
    )
}

/// An access check as a step: it sees the changes of earlier steps.
pub fn check_access(
    context: &OperationContext<'_>,
    document: &ResourceObject,
    at: &str,
) -> Result<BoxedStep, ApiError> {
    let guard = &context.call.guard;
    let within = DocumentPosition {
        base: context.data,
        lids: Some(context.lids),
    };
    let limits = context.call.api.access_checks;
    let asked = access_checks::refuse_unknown(context.call.api, document)
        .and_then(|()| access_checks::read(guard.principal().id, document, &within, limits))
        .map_err(|error| pointing(context, document, error))?;
    let place = at.rsplit('/').next().unwrap_or_default();
    let id = format!("{}-{place}", guard.context().request_id);
    Ok(match asked {
        CheckRequest::Access(check) => {
            let asked = check.clone();
            let show: Show<Verdict> = Box::new(move |verdict| {
                data_document(|out| access_checks::write(out, &id, &asked, &verdict))
            });
            Box::new(guard.task::<FindUser, _>(None, check, show))
        }
        CheckRequest::Visibility(find, query) => {
            let asked = find.clone();
            let show: Show<HostAccess> = Box::new(move |access| {
                data_document(|out| access_checks::write_verdict(out, &id, &asked, &query, &access))
            });
            Box::new(guard.task::<FindUser, _>(None, find, show))
        }
    })
}

fn data_document(write: impl FnOnce(&mut Vec<u8>)) -> Outcome {
    let mut shown = Vec::with_capacity(512);
    raw(&mut shown, "{\"data\":");
    write(&mut shown);
    shown.push(b'}');
    Outcome {
        shown,
        ..Outcome::default()
    }
}

/// `{"data": the resource, "meta": {"etag": its tag}}`
fn shown<R: Resource>(call: &Call<'_>, once: OneTimeAttributes) -> Show<Row<R>> {
    let base = call.base_url.clone().into_owned();
    let (fingerprint, plain_json) = (call.api.fingerprint.clone(), call.accepted.plain_json);
    Box::new(move |row| {
        let render = Render {
            base: &base,
            fields: &Fields::default(),
            compound: &Compound::default(),
        };
        let state = State::of_row::<R>(&row);
        let mut out = Vec::with_capacity(1200);
        raw(&mut out, "{\"data\":");
        render.resource::<R>(&mut out, &row, &once);
        raw(&mut out, ",\"meta\":{\"etag\":");
        write::string(&mut out, &state.tag(&fingerprint, plain_json));
        raw(&mut out, "}}");
        Outcome {
            id: Some(R::id(&row)),
            state: Some(state.as_str().to_owned()),
            shown: out,
        }
    })
}
