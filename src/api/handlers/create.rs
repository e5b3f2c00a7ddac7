use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::one;
use crate::api::answer::Answer;
use crate::api::call::{Api, answer};
use crate::api::conditional::State;
use crate::api::decode::{attributes, relationships};
use crate::api::error::{Failure, Pointing};
use crate::api::resource::{Row, ShownOnce, Writable};
use crate::api::{kinds, plan};
use crate::jsonapi::{Purpose, ResourceObject, read_resource};

/// `POST /users`
pub async fn create<R: Writable>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::of_one::<R>(&query)?;
        let body = call.body(&mut payload).await?;
        let document = read_resource(&body, Purpose::Create, &call.api.document_limits)?;
        let (row, once) = carry_out::<R>(call, &document).await.map_err(|failure| {
            failure.pointing(Pointing::Resource(&document), call.api.invalid_data)
        })?;
        let collection = format!("{}/{}", call.base, R::TYPE);
        let location = format!("{collection}/{}", R::id(&row));
        let body = one::<R>(call, &query, tree.as_ref(), &row, &once, &collection).await?;
        let state = tree.is_none().then(|| State::of_row::<R>(&row));
        Ok(Answer::Created {
            body,
            location,
            state,
        })
    })
    .await
}

async fn carry_out<R: Writable>(
    call: &crate::api::call::Call<'_>,
    document: &ResourceObject,
) -> Result<(Row<R>, ShownOnce), Failure> {
    super::update::check_type::<R>(document)?;
    if document.id.is_some() {
        let detail = "Leave the id out: it is given by the service.";
        return Err(kinds::CLIENT_ID.error(detail).at_pointer("/data/id").into());
    }
    let linked = relationships::<R>(document, Purpose::Create)?;
    let (draft, problems) = attributes::<R>(document);
    let (creation, once) = R::creation(&call.guard, draft, problems, linked).await?;
    Ok((call.guard.write(creation).await?, once))
}
