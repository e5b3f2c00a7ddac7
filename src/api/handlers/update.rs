use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{one, or_not_found};
use crate::api::call::{Api, Call, respond};
use crate::api::conditional::{State, TagScope};
use crate::api::decode::{DocumentPosition, attributes, id, relationships, without_unchanged};
use crate::api::error::{ApiError, RequestDocument};
use crate::api::resource::{Resource, Row, Target, Writable};
use crate::api::response::Response;
use crate::api::{kinds, plan};
use crate::directory::{DirectoryError, Expected};
use crate::jsonapi::{Purpose, ResourceObject, read_resource};

/// `PATCH /users/ID`
pub async fn update<R: Writable>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::parse_one::<R>(&query)?;
        let expected = call.expected(TagScope::Resource)?;
        let body = call.body(&mut payload).await?;
        let document = read_resource(&body, Purpose::Update, &call.api.document_limits)?;
        let row = execute::<R>(call, expected, &document)
            .await
            .map_err(|error| {
                error.with_pointers(
                    RequestDocument::Resource(&document, "/data"),
                    call.api.invalid_data,
                )
            })?;
        let own = format!("{}/{}/{}", call.base_url, R::PATH, R::id(&row));
        let state = tree.is_none().then(|| State::of_row::<R>(&row));
        let body = one::<R>(call, &query, tree.as_ref(), &row, &[], &own).await?;
        Ok(Response::Current { body, state })
    })
    .await
}

async fn execute<R: Writable>(
    call: &Call<'_>,
    expected: Expected,
    document: &ResourceObject,
) -> Result<Row<R>, ApiError> {
    // A missing resource is reported before any error of the document (U04). The
    // update checks that itself, except that it would first hash a password.
    if R::UPDATE_CHECKS_VISIBILITY && !has_secrets::<R>(document) {
        return match change::<R>(call, expected, document).await {
            Err(error) => Err(or_not_found::<R>(call, error).await),
            changed => changed,
        };
    }
    check_exists::<R>(call).await?;
    change::<R>(call, expected, document).await
}

fn has_secrets<R: Resource>(document: &ResourceObject) -> bool {
    document.attributes.keys().any(|name| R::is_secret(name))
}

async fn change<R: Writable>(
    call: &Call<'_>,
    expected: Expected,
    document: &ResourceObject,
) -> Result<Row<R>, ApiError> {
    check_identity::<R>(call, document)?;
    let linked = relationships::<R>(document, Purpose::Update, &DocumentPosition::DATA)?;
    let (draft, field_errors) = attributes::<R>(call.api, document);
    let field_errors =
        without_unchanged::<R>(&call.guard, call.id(), document, field_errors).await?;
    let target = Target {
        id: call.id(),
        expected,
    };
    let change = R::change(&call.guard, target, draft, field_errors, linked).await?;
    Ok(call.guard.write(change).await?)
}

/// The resource must exist, and the document must name it.
pub async fn check_subject<R: Resource>(
    call: &Call<'_>,
    document: &ResourceObject,
) -> Result<(), ApiError> {
    check_exists::<R>(call).await?;
    check_identity::<R>(call, document)
}

async fn check_exists<R: Resource>(call: &Call<'_>) -> Result<(), ApiError> {
    let found = call.guard.read(R::find(call.id())).await?;
    found.map(drop).ok_or(DirectoryError::NotFound.into())
}

fn check_identity<R: Resource>(call: &Call<'_>, document: &ResourceObject) -> Result<(), ApiError> {
    check_type::<R>(document, "/data")?;
    if document.id.as_deref().map(id) == Some(call.id()) {
        return Ok(());
    }
    let detail = "The id in the document is not the one in the URL.";
    Err(kinds::ID_CONFLICT
        .error(detail)
        .at_pointer("/data/id")
        .into())
}

/// The type must be that of the URL (C05, U06).
pub fn check_type<R: Resource>(document: &ResourceObject, base: &str) -> Result<(), ApiError> {
    check_kind(document, R::TYPE, base)
}

/// [`check_type`] for a type without a table.
pub fn check_kind(document: &ResourceObject, kind: &str, base: &str) -> Result<(), ApiError> {
    if document.r#type == kind {
        return Ok(());
    }
    let detail = format!("This URL has resources of the type {kind}.");
    Err(kinds::TYPE_CONFLICT
        .error(detail)
        .at_pointer(format!("{base}/type"))
        .into())
}
