use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{one, written};
use crate::api::call::{Api, Call, respond};
use crate::api::conditional::State;
use crate::api::decode::{DocumentPosition, attributes, client_id, relationships};
use crate::api::error::{ApiError, RequestDocument};
use crate::api::idempotency::{self, Key};
use crate::api::include::Compound;
use crate::api::plan;
use crate::api::render::Render;
use crate::api::resource::{OneTimeAttributes, Resource, Row, Writable};
use crate::api::response::Response;
use crate::directory::batch::Outcome;
use crate::jsonapi::query::Query;
use crate::jsonapi::{Purpose, ResourceObject, read_resource};

/// `POST /users`
pub async fn create<R: Writable>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::parse_one::<R>(&query)?;
        let body = call.body(&mut payload).await?;
        let document = read_resource(&body, Purpose::Create, &call.api.document_limits)?;
        let pointing = |error: ApiError| {
            error.with_pointers(
                RequestDocument::Resource(&document, "/data"),
                call.api.invalid_data,
            )
        };
        let key = call.key(&body)?;
        if key.is_some() && (R::RETURNS_SECRET || tree.is_some()) {
            return Err(idempotency::unsupported(
                "A response with a secret or with included resources is not stored.",
            ));
        }
        let (creation, once) = prepare::<R>(call, &document).await.map_err(pointing)?;
        if let Some(key) = key {
            return create_once::<R>(call, &query, creation, key)
                .await
                .map_err(pointing);
        }
        let row = call.guard.write(creation).await;
        let row = row.map_err(|error| pointing(error.into()))?;
        let collection = format!("{}/{}", call.base_url, R::PATH);
        let location = format!("{collection}/{}", R::id(&row));
        let body = one::<R>(call, &query, tree.as_ref(), &row, &once, &collection).await?;
        Ok(Response::Created {
            body,
            location,
            state: tree.is_none().then(|| State::of_row::<R>(&row)),
        })
    })
    .await
}

async fn prepare<R: Writable>(
    call: &Call<'_>,
    document: &ResourceObject,
) -> Result<(R::Create, OneTimeAttributes), ApiError> {
    super::update::check_type::<R>(document, "/data")?;
    let (mut draft, field_errors) = attributes::<R>(call.api, document);
    client_id::<R>(call, document, &mut draft, "/data")?;
    let linked = relationships::<R>(document, Purpose::Create, &DocumentPosition::DATA)?;
    R::creation(&call.guard, draft, field_errors, linked).await
}

/// Creates the resource once under this key, or returns the stored response.
async fn create_once<R: Writable>(
    call: &Call<'_>,
    query: &Query,
    creation: R::Create,
    key: Key,
) -> Result<Response, ApiError> {
    let collection = format!("{}/{}", call.base_url, R::PATH);
    let mut link = Vec::with_capacity(64);
    query.write_link(&mut link, &collection, &[]);
    let (base, fields) = (call.base_url.clone().into_owned(), query.fields.clone());
    let show = move |row: Row<R>| {
        let render = Render {
            base: &base,
            fields: &fields,
            compound: &Compound::default(),
        };
        Outcome {
            id: Some(R::id(&row)),
            state: Some(State::of_row::<R>(&row).as_str().to_owned()),
            shown: written::<R>(&render, &row, &[], &link, None),
        }
    };
    let task = call
        .guard
        .task::<<R as Resource>::Find, _>(None, creation, Box::new(show));
    let done = call.execute_once(vec![Box::new(task)], Some(key), move |outcomes| {
        created(outcomes, &collection)
    });
    done.await.map_err(only_step_error)
}

fn created(outcomes: &[Outcome], collection: &str) -> Response {
    let outcome = outcomes.first().cloned().unwrap_or_default();
    Response::Created {
        location: format!("{collection}/{}", outcome.id.unwrap_or_default()),
        state: outcome.state.map(State::stored),
        body: outcome.shown,
    }
}

/// The batch has one step: its error is that of the request.
fn only_step_error(error: ApiError) -> ApiError {
    match error.into_batch_step() {
        Ok((_, error)) => error.into(),
        Err(error) => error,
    }
}
