use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::one;
use super::update::check_subject;
use crate::api::call::{Api, Call, respond};
use crate::api::conditional::{State, TagScope};
use crate::api::decode::{attributes_among, refuse};
use crate::api::error::{ApiError, RequestDocument};
use crate::api::member_names::MemberNames;
use crate::api::plan;
use crate::api::resource::{Resource, Restorable, Row, Target};
use crate::api::response::Response;
use crate::jsonapi::{Purpose, ResourceObject, read_resource};

/// `PATCH /trash/users/ID`: restores the resource. The document can change names that
/// have been taken since; other attributes are ignored. The response contains the
/// restored resource.
pub async fn restore<R: Restorable>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::parse_one::<R::Restored>(&query)?;
        let target = Target {
            id: call.id(),
            expected: call.expected(TagScope::Resource)?,
        };
        let body = call.body(&mut payload).await?;
        let document = read_resource(&body, Purpose::Update, &call.api.document_limits)?;
        let pointing = RequestDocument::Resource(&document, "/data");
        let row = execute::<R>(call, target, &document)
            .await
            .map_err(|error| error.into_conflict(pointing, call.api.invalid_data))?;
        let own = format!(
            "{}/{}/{}",
            call.base_url,
            R::Restored::PATH,
            R::Restored::id(&row)
        );
        let state = tree.is_none().then(|| State::of_row::<R::Restored>(&row));
        let body = one::<R::Restored>(call, &query, tree.as_ref(), &row, &[], &own).await?;
        Ok(Response::Current { body, state })
    })
    .await
}

async fn execute<R: Restorable>(
    call: &Call<'_>,
    target: Target,
    document: &ResourceObject,
) -> Result<Row<R::Restored>, ApiError> {
    check_subject::<R>(call, document).await?;
    let known = || MemberNames::of::<R>().and(MemberNames::of::<R::Restored>());
    let (draft, field_errors) = attributes_among::<R>(call.api, document, known);
    refuse(field_errors)?;
    Ok(call.guard.write(R::restoration(target, draft)).await?)
}
