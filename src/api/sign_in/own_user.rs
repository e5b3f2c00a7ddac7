use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::call::{Api, Call, respond};
use crate::api::decode::{attributes, id, without_unchanged};
use crate::api::error::{ApiError, RequestDocument};
use crate::api::handlers::{check_type, one};
use crate::api::include::IncludeTree;
use crate::api::resource::Resource;
use crate::api::resources::{Users, update_own as change};
use crate::api::response::Response;
use crate::api::{kinds, plan};
use crate::directory::DirectoryError;
use crate::directory::users::User;
use crate::jsonapi::query::Query;
use crate::jsonapi::{Purpose, ResourceObject, read_resource};

/// `GET /auth/user`: the caller, including roles unless the query has `include`.
pub async fn get_own(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = tree(call, &query)?;
        let user = call
            .guard
            .find(Users::find(call.guard.principal().id))
            .await?
            .ok_or(DirectoryError::NotFound)?;
        document(call, &query, tree.as_ref(), &user).await
    })
    .await
}

/// `PATCH /auth/user`: updates the caller's own record; a new password requires the old
/// one.
pub async fn update_own(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = tree(call, &query)?;
        let body = call.body(&mut payload).await?;
        let document = read_resource(&body, Purpose::Update, &call.api.document_limits)?;
        let user = execute(call, &document).await.map_err(|error| {
            error.with_pointers(
                RequestDocument::Resource(&document, "/data"),
                call.api.invalid_data,
            )
        })?;
        self::document(call, &query, tree.as_ref(), &user).await
    })
    .await
}

async fn execute(call: &Call<'_>, sent: &ResourceObject) -> Result<User, ApiError> {
    check_type::<Users>(sent, "/data")?;
    if sent.id.as_deref().map(id) != Some(call.guard.principal().id) {
        let detail = "The id in the document is not your own.";
        let error = kinds::ID_CONFLICT.error(detail);
        return Err(error.at_pointer("/data/id").into());
    }
    let known = |name: &&String| Users::relationship(name).is_some();
    if let Some(name) = sent.relationships.keys().find(known) {
        let detail = format!("The relationship {name} cannot be changed here.");
        let pointer = ResourceObject::relationship_pointer("/data", name);
        let error = kinds::UNSUPPORTED_UPDATE.error(detail);
        return Err(error.at_pointer(pointer).into());
    }
    let (draft, field_errors) = attributes::<Users>(call.api, sent);
    let own = call.guard.principal().id;
    let field_errors = without_unchanged::<Users>(&call.guard, own, sent, field_errors).await?;
    change(&call.guard, draft, field_errors).await
}

fn tree(call: &Call<'_>, query: &Query) -> Result<Option<IncludeTree>, ApiError> {
    let asked = plan::parse_one::<Users>(query)?;
    if asked.is_some() {
        return Ok(asked);
    }
    let roles = Query::parse("include=roles", &[], &call.api.query_limits)?;
    plan::parse_one::<Users>(&roles)
}

async fn document(
    call: &Call<'_>,
    query: &Query,
    tree: Option<&IncludeTree>,
    user: &User,
) -> Result<Response, ApiError> {
    let own = format!("{}/auth/user", call.base_url);
    let body = one::<Users>(call, query, tree, user, &[], &own).await?;
    Ok(Response::Document(body))
}
