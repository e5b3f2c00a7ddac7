use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::one;
use crate::api::answer::Answer;
use crate::api::call::{Api, answer};
use crate::api::decode::{attributes, relationships};
use crate::api::error::{Failure, Pointing};
use crate::api::resource::{Created, Row, Writable};
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
        let created = carry_out::<R>(call, &document).await.map_err(|failure| {
            failure.pointing(Pointing::Resource(&document), call.api.invalid_data)
        })?;
        let collection = format!("{}/{}", call.base, R::TYPE);
        let location = format!("{collection}/{}", R::id(&created.row));
        let body = one::<R>(
            call,
            &query,
            tree.as_ref(),
            &created.row,
            &created.once,
            &collection,
        )
        .await?;
        Ok(Answer::Created { body, location })
    })
    .await
}

async fn carry_out<R: Writable>(
    call: &crate::api::call::Call<'_>,
    document: &ResourceObject,
) -> Result<Created<Row<R>>, Failure> {
    super::update::check_type::<R>(document)?;
    if document.id.is_some() {
        let detail = "Leave the id out: it is given by the service.";
        return Err(kinds::CLIENT_ID.error(detail).at_pointer("/data/id").into());
    }
    let linked = relationships::<R>(document, Purpose::Create)?;
    let (draft, problems) = attributes::<R>(document);
    R::create(&call.guard, draft, problems, linked).await
}
