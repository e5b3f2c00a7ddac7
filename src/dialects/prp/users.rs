//! `users/`: lists and invites users.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::call::{Call, Prp, answer};
use super::error::ApiError;
use super::fields::{Fields, Need};
use super::pagination;
use crate::dialects::email::is_address;
use crate::directory::DirectoryError;
use crate::directory::portal::{
    HeldRole, InviteUser, InvitedAs, ListPortalUsers, Portal, PortalRole, PortalUser, UserOrder,
    UserStatus,
};
use crate::directory::values;

/// Characters of a first name, a last name and a position.
const MAX_NAME: usize = 64;

pub async fn list(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let portal = call.parameters.portal()?;
        let wanted = pagination::requested_page(call)?;
        let found = call.guard.read(list_operation(call, portal)?).await?;
        let envelope =
            pagination::envelope(call, wanted, found, |user| UserBody::of(user, portal))?;
        Answer::ok(&envelope)
    })
    .await
}

fn list_operation(call: &Call<'_>, portal: Option<Portal>) -> Result<ListPortalUsers, ApiError> {
    let sent = &call.parameters;
    // Nobody holds a role that does not exist.
    let roles = sent.list("roles");
    let roles = roles.map(|names| names.into_iter().filter_map(PortalRole::named).collect());
    Ok(ListPortalUsers {
        portal,
        name_email: sent.words("name_email", call.prp.search_words)?,
        roles,
        partners: sent.ids("partners")?,
        clusters: sent.ids("clusters")?,
        workspaces: sent.ids("workspaces")?,
        status: sent.choices("status", |text| match text {
            "ACTIVE" => Some(UserStatus::Active),
            "INVITED" => Some(UserStatus::Invited),
            "INCOMPLETE" => Some(UserStatus::Incomplete),
            "DEACTIVATED" => Some(UserStatus::Deactivated),
            _ => None,
        })?,
        order: sent.order(|name| match name {
            "last_login" => Some(UserOrder::LastLogin),
            "first_name" => Some(UserOrder::FirstName),
            "last_name" => Some(UserOrder::LastName),
            "partner" => Some(UserOrder::Partner),
            "status" => Some(UserOrder::Status),
            _ => None,
        }),
        page: pagination::requested_page(call)?,
        ..ListPortalUsers::default()
    })
}

pub async fn invite(request: HttpRequest, prp: Data<Prp>, mut payload: Payload) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let portal = call.parameters.portal()?;
        let object = call.object(&mut payload).await?;
        let invitation = invitation(with_names(object), portal)?;
        let made = call.guard.write(invitation).await?;
        Answer::created(&UserBody::of(made, portal))
    })
    .await
}

/// Older clients send one name: its first word is the first name.
fn with_names(mut object: Map<String, Value>) -> Map<String, Value> {
    if object.contains_key("first_name") || object.contains_key("last_name") {
        return object;
    }
    if let Some(Value::String(name)) = object.remove("name") {
        let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
        object.insert("first_name".into(), first.into());
        object.insert("last_name".into(), last.trim().into());
    }
    object
}

fn invitation(object: Map<String, Value>, portal: Option<Portal>) -> Result<InviteUser, ApiError> {
    let mut fields = Fields::of(&object);
    let email = fields
        .text("email", values::MAX_TEXT, Need::Required)
        .flatten();
    if let Some(email) = &email {
        if !is_address(email) {
            fields.add_error("email", "invalid", "Enter a valid email address.");
        } else if email.to_lowercase() != *email {
            fields.add_error("email", "invalid", "Email needs to be lower case.");
        }
    }
    let first_name = fields
        .text("first_name", MAX_NAME, Need::Required)
        .flatten();
    let last_name = fields.text("last_name", MAX_NAME, Need::Required).flatten();
    let position = fields.text("position", MAX_NAME, Need::Optional).flatten();
    let organization = fields.text("organization", values::MAX_TEXT, Need::Optional);
    let (user_type, partner) = user_type_and_partner(&mut fields, portal);
    fields.done()?;
    let (Some(email), Some(first_name), Some(last_name)) = (email, first_name, last_name) else {
        return Err(DirectoryError::internal("a required field is missing").into());
    };
    Ok(InviteUser {
        caller: Default::default(),
        portal,
        invited_as: user_type,
        email,
        first_name,
        last_name,
        position,
        organization: organization.flatten(),
        partner,
        authority: Default::default(),
    })
}

/// The type of the invited user, and the partner.
fn user_type_and_partner(
    fields: &mut Fields<'_>,
    portal: Option<Portal>,
) -> (Option<InvitedAs>, Option<i64>) {
    let need = match portal {
        Some(Portal::Cluster) => Need::Required,
        Some(Portal::Ip) | None => Need::Optional,
    };
    let user_type = fields.choice("user_type", need, |text| match text {
        "PARTNER" => Some(InvitedAs::Partner),
        "IMO" => Some(InvitedAs::Imo),
        "CLUSTER_ADMIN" => Some(InvitedAs::ClusterAdmin),
        _ => None,
    });
    let user_type = user_type.flatten();
    let partner = fields.id("partner", Need::Optional);
    let lacking = partner == Some(None) || (partner.is_none() && fields.raw("partner").is_none());
    if portal == Some(Portal::Cluster) && user_type == Some(InvitedAs::Partner) && lacking {
        fields.add_error("non_field_errors", "invalid", "Partner ID is required.");
    }
    (user_type, partner.flatten())
}

#[derive(Serialize)]
struct UserBody {
    id: i64,
    email: Option<String>,
    first_name: String,
    last_name: String,
    partner: Option<PartnerBody>,
    organization: Option<String>,
    prp_roles: Vec<RoleBody>,
    position: Option<String>,
    last_login: Option<String>,
    status: &'static str,
    user_type: Option<&'static str>,
    is_incomplete: bool,
}

#[derive(Serialize)]
pub struct PartnerBody {
    pub id: i64,
    pub title: String,
    pub ocha_external_id: Option<String>,
}

#[derive(Serialize)]
struct RoleBody {
    id: i64,
    user: i64,
    role: &'static str,
    role_display: &'static str,
    workspace: Option<WorkspaceBody>,
    cluster: Option<ClusterBody>,
    is_active: bool,
}

#[derive(Serialize)]
struct WorkspaceBody {
    id: i64,
    title: String,
    workspace_code: String,
}

#[derive(Serialize)]
pub struct ClusterBody {
    pub id: i64,
    pub full_title: String,
}

impl UserBody {
    /// With the roles of one portal only, if the request names one.
    fn of(found: PortalUser, portal: Option<Portal>) -> Self {
        let PortalUser {
            user,
            partner,
            roles,
        } = found;
        let status = match (user.is_active, &user.last_login) {
            (false, _) => "DEACTIVATED",
            (true, Some(_)) => "ACTIVE",
            (true, None) => "INVITED",
        };
        Self {
            id: user.id,
            email: user.email,
            first_name: user.name.unwrap_or_default(),
            last_name: user.surname.unwrap_or_default(),
            partner: partner.map(|partner| PartnerBody {
                id: partner.id,
                title: partner.title,
                ocha_external_id: partner.ocha_external_id,
            }),
            organization: user.organization,
            position: user.position,
            last_login: user.last_login,
            status,
            user_type: user_type(&roles),
            is_incomplete: roles.is_empty(),
            prp_roles: roles
                .into_iter()
                .filter(|held| portal.is_none_or(|portal| held.role.portal() == portal))
                .map(RoleBody::of)
                .collect(),
        }
    }
}

/// Determined by the highest role.
fn user_type(roles: &[HeldRole]) -> Option<&'static str> {
    let holds = |role| roles.iter().any(|held| held.role == role);
    if holds(PortalRole::ClusterSystemAdmin) {
        Some("CLUSTER_ADMIN")
    } else if holds(PortalRole::ClusterImo) {
        Some("IMO")
    } else {
        (!roles.is_empty()).then_some("PARTNER")
    }
}

impl RoleBody {
    fn of(held: HeldRole) -> Self {
        Self {
            id: held.id,
            user: held.user,
            role: held.role.name(),
            role_display: held.role.label(),
            workspace: held.workspace.map(|workspace| WorkspaceBody {
                id: workspace.id,
                title: workspace.title,
                workspace_code: workspace.code,
            }),
            cluster: held
                .cluster
                .map(|(id, full_title)| ClusterBody { id, full_title }),
            is_active: held.is_active,
        }
    }
}
