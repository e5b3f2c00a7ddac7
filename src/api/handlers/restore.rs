use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::one;
use super::update::check_subject;
use crate::api::answer::Answer;
use crate::api::call::{Api, answer};
use crate::api::conditional::{Of, State};
use crate::api::decode::refuse;
use crate::api::error::{Failure, Pointing};
use crate::api::plan;
use crate::api::resource::{Resource, Restorable, Row, Target};
use crate::api::unknown::Known;
use crate::jsonapi::{Purpose, read_resource};

/// `PATCH /trash/users/ID`: what the document says beside type and id changes
/// nothing. The answer shows the resource where it is back.
pub async fn restore<R: Restorable>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::of_one::<R::Back>(&query)?;
        let target = Target {
            id: call.id(),
            expected: call.expected(Of::Resource)?,
        };
        let body = call.body(&mut payload).await?;
        let document = read_resource(&body, Purpose::Update, &call.api.document_limits)?;
        check_subject::<R>(call, &document).await?;
        let known = || Known::of::<R>().and(Known::of::<R::Back>());
        refuse(call.api.unknown(&document, known)).map_err(|error| {
            let at = Pointing::Resource(&document, "/data");
            Failure::from(error).pointing(at, call.api.invalid_data)
        })?;
        let row: Row<R::Back> = call.guard.write(R::restoration(target)).await?;
        let own = format!("{}/{}/{}", call.base, R::Back::PATH, R::Back::id(&row));
        let state = tree.is_none().then(|| State::of_row::<R::Back>(&row));
        let body = one::<R::Back>(call, &query, tree.as_ref(), &row, &[], &own).await?;
        Ok(Answer::Current { body, state })
    })
    .await
}
