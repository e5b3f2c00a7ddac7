//! `/api/role`: roles by name, with the hosts and bundles that holders can see.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::Answer;
use super::call::{Call, Cfengine, answer};
use super::error::ApiError;
use super::fields::Fields;
use super::parameters::Page;
use crate::directory::cfengine::{
    CreateNamedRole, DeleteNamedRole, FindNamedRole, ListNamedRoles, UpdateNamedRole,
};
use crate::directory::listing::List;
use crate::directory::roles::{CreateRole, DeleteRole, Role, RoleChanges, UpdateRole};
use crate::directory::{DirectoryError, FieldError, expressions, values};

pub async fn list(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let mut list = ListNamedRoles(List::new(Page::ONLY.slice()));
        // Authorization comes before validation of the query.
        call.guard.permits(&mut list)?;
        let page = call.parameters.page(call.cfengine.sizes)?;
        list.0.slice = page.slice();
        let found = call.guard.read(list).await?;
        let total = found.total.unwrap_or_default();
        let bodies: Vec<RoleBody> = found.rows.into_iter().map(RoleBody::of).collect();
        Answer::page(call, page, total, &bodies)
    })
    .await
}

pub async fn get(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let find = FindNamedRole { name: call.name() };
        let found = call.guard.find(find).await?;
        Answer::one(call, RoleBody::of(found.ok_or(DirectoryError::NotFound)?))
    })
    .await
}

pub async fn create(
    request: HttpRequest,
    cfengine: Data<Cfengine>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let mut operation = CreateNamedRole(CreateRole {
            changes: RoleChanges::default(),
            includes: None,
            users: None,
            ceiling: Default::default(),
        });
        call.guard.permits(&mut operation)?;
        operation.0.changes = read(call, &mut payload, true).await?;
        call.guard.write(operation).await?;
        Ok(Answer::created())
    })
    .await
}

pub async fn update(
    request: HttpRequest,
    cfengine: Data<Cfengine>,
    mut payload: Payload,
) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let mut operation = UpdateNamedRole {
            name: call.name(),
            update: UpdateRole {
                id: 0,
                expected: Default::default(),
                visible: Default::default(),
                changes: RoleChanges::default(),
                includes: None,
                users: None,
                ceiling: Default::default(),
            },
        };
        call.guard.permits(&mut operation)?;
        operation.update.changes = read(call, &mut payload, false).await?;
        call.guard.write(operation).await?;
        Ok(Answer::done())
    })
    .await
}

pub async fn remove(request: HttpRequest, cfengine: Data<Cfengine>) -> HttpResponse {
    answer(&cfengine, &request, async |call| {
        let delete = DeleteNamedRole {
            name: call.name(),
            delete: DeleteRole {
                id: 0,
                expected: Default::default(),
                visible: Default::default(),
                ceiling: Default::default(),
            },
        };
        call.guard.write(delete).await?;
        Ok(Answer::done())
    })
    .await
}

/// The changes in a request body; for a new role with the name from the path.
async fn read(
    call: &Call<'_>,
    payload: &mut Payload,
    is_new: bool,
) -> Result<RoleChanges, ApiError> {
    let object = call.object(payload).await?;
    let mut fields = Fields::of(&object);
    let name = match is_new {
        true => fields.check(named(&call.name())),
        false => None,
    };
    let description = fields.optional("description", values::MAX_LONG_TEXT);
    let mut list = |member: &'static str, field: &'static str| {
        fields.optional_by(member, |text| expressions::checked(field, text))
    };
    let changes = RoleChanges {
        name,
        description,
        include_context: list("includeContext", "include_context"),
        exclude_context: list("excludeContext", "exclude_context"),
        include_bundles: list("includeBundles", "include_bundles"),
        exclude_bundles: list("excludeBundles", "exclude_bundles"),
        ..RoleChanges::default()
    };
    if !is_new && fields.has_errors() {
        let find = FindNamedRole { name: call.name() };
        if let Some(found) = call.guard.find(find).await? {
            fields.forget_unchanged(&RoleBody::of(found));
        }
    }
    fields.done()?;
    Ok(changes)
}

/// Checks the name in the path, which clients know as `id`.
fn named(name: &str) -> Result<String, FieldError> {
    values::role_name(name).map_err(|problem| FieldError {
        field: "id".into(),
        ..problem
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleBody {
    id: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_bundles: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_bundles: Option<String>,
}

impl RoleBody {
    fn of(role: Role) -> Self {
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            id: role.name,
            description: role.description.unwrap_or_default(),
            include_context: set(role.include_context),
            exclude_context: set(role.exclude_context),
            include_bundles: set(role.include_bundles),
            exclude_bundles: set(role.exclude_bundles),
        }
    }
}
