//! `/api`: the service and the authenticated user.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::Answer;
use super::call::{Cfengine, answer};
use crate::directory::DirectoryError;
use crate::directory::cfengine::FindNamedUser;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusBody<'a> {
    api_name: &'static str,
    api_version: &'static str,
    /// The version of rolecall.
    version: &'static str,
    user_id: &'a str,
    /// `external` for users of LDAP, else `internal`.
    authenticated: &'static str,
}

pub async fn get(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let username = &call.guard.principal().username;
        let find = FindNamedUser {
            username: username.to_string(),
            visible: Default::default(),
        };
        let found = call.guard.find(find).await?;
        let own = found.ok_or(DirectoryError::NotFound)?;
        Answer::one(
            call,
            StatusBody {
                api_name: "rolecall",
                api_version: "v1",
                version: env!("CARGO_PKG_VERSION"),
                user_id: username,
                authenticated: match own.user.external {
                    true => "external",
                    false => "internal",
                },
            },
        )
    })
    .await
}
