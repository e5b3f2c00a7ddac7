//! `partners/`: the partner organizations.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::call::{Call, Prp, answer};
use super::error::ApiError;
use super::options::{PARTNER_TYPE_NAMES, display};
use super::pagination;
use super::partner_fields::{integer_or_text, read};
use crate::auth::PolicyError;
use crate::directory::clusters::Cluster;
use crate::directory::partners::{CreatePartner, UpdatePartner};
use crate::directory::portal::{
    AddPortalPartner, ChangePortalPartner, FindPortalPartner, ListPortalPartners, PartnerOrder,
    PortalPartner,
};
use crate::directory::{DirectoryError, Expected};

#[derive(Serialize)]
struct ListedPartner {
    id: i64,
    title: String,
    partner_type_display: &'static str,
    clusters: Vec<ClusterBody>,
}

#[derive(Serialize)]
struct ClusterBody {
    id: i64,
    r#type: String,
    imported_type: Option<String>,
    title: String,
    full_title: String,
}

impl From<Cluster> for ClusterBody {
    fn from(cluster: Cluster) -> Self {
        Self {
            id: cluster.id,
            r#type: cluster.cluster_type,
            imported_type: cluster.imported_type,
            title: cluster.title,
            full_title: cluster.full_title,
        }
    }
}

#[derive(Serialize)]
struct PartnerBody {
    id: i64,
    ocha_external_id: Option<String>,
    external_id: Option<String>,
    external_source: Option<String>,
    title: String,
    short_title: Option<String>,
    alternate_title: Option<String>,
    shared_partner: String,
    partner_type_display: &'static str,
    partner_type: String,
    cso_type: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
    street_address: Option<String>,
    city: Option<String>,
    postal_code: Option<String>,
    country_code: Option<String>,
    total_ct_cp: Option<String>,
    total_ct_cy: Option<String>,
    vendor_number: Option<String>,
    alternate_id: Option<Value>,
    rating: Option<String>,
    basis_for_risk_rating: Option<String>,
    clusters: Vec<ClusterBody>,
}

impl From<PortalPartner> for PartnerBody {
    fn from(found: PortalPartner) -> Self {
        let PortalPartner { partner, clusters } = found;
        Self {
            id: partner.id,
            ocha_external_id: partner.ocha_external_id,
            external_id: partner.external_id,
            external_source: partner.external_source,
            title: partner.title,
            short_title: partner.short_title,
            alternate_title: partner.alternate_title,
            shared_partner: partner.shared_partner,
            partner_type_display: display(PARTNER_TYPE_NAMES, &partner.partner_type),
            partner_type: partner.partner_type,
            cso_type: partner.cso_type,
            email: partner.email,
            phone_number: partner.phone_number,
            street_address: partner.street_address,
            city: partner.city,
            postal_code: partner.postal_code,
            country_code: partner.country_code,
            total_ct_cp: partner.total_ct_cp,
            total_ct_cy: partner.total_ct_cy,
            vendor_number: partner.vendor_number,
            alternate_id: partner.alternate_id.map(integer_or_text),
            rating: partner.rating,
            basis_for_risk_rating: partner.basis_for_risk_rating,
            clusters: clusters.into_iter().map(ClusterBody::from).collect(),
        }
    }
}

pub async fn list(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let sent = &call.parameters;
        let wanted = pagination::requested_page(call)?;
        let types = sent.list("partner_type");
        let list = ListPortalPartners {
            partner_types: types.map(|types| types.into_iter().map(str::to_owned).collect()),
            clusters: sent.ids("clusters")?,
            title: sent.words("title", call.prp.search_words)?,
            order: sent.order(|name| match name {
                "title" => Some(PartnerOrder::Title),
                "partner_type" => Some(PartnerOrder::PartnerType),
                _ => None,
            }),
            page: wanted,
            ..ListPortalPartners::default()
        };
        let found = call.guard.read(list).await?;
        let envelope = pagination::envelope(call, wanted, found, |found| ListedPartner {
            id: found.partner.id,
            partner_type_display: display(PARTNER_TYPE_NAMES, &found.partner.partner_type),
            title: found.partner.title,
            clusters: found.clusters.into_iter().map(ClusterBody::from).collect(),
        })?;
        Answer::ok(&envelope)
    })
    .await
}

fn find(id: i64) -> FindPortalPartner {
    FindPortalPartner {
        caller: Default::default(),
        id,
        only_clusters: false,
    }
}

/// Whether a value may be stored in another form than it was sent: trimmed, or as a
/// number.
fn may_be_normalized(object: &Map<String, Value>) -> bool {
    let has_margins = |value: &Value| value.as_str().is_some_and(|text| text.trim() != text);
    object.values().any(has_margins) || object.get("alternate_id").is_some_and(Value::is_string)
}

/// Removes unchanged values: clients send back whole records, which may contain values
/// that only the native surface accepts.
async fn without_unchanged(
    call: &Call<'_>,
    mut object: Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let current = match call.guard.read(find(call.id())).await {
        Ok(found) => serde_json::to_value(PartnerBody::from(found)).unwrap_or_default(),
        // Reported by the change itself, after validation.
        Err(
            PolicyError::Forbidden(_)
            | PolicyError::Directory(DirectoryError::Forbidden(_) | DirectoryError::NotFound),
        ) => return Ok(object),
        Err(error) => return Err(error.into()),
    };
    object.retain(|name, sent| current.get(name) != Some(sent));
    Ok(object)
}

pub async fn get(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let found = call.guard.read(find(call.id())).await?;
        Answer::ok(&PartnerBody::from(found))
    })
    .await
}

pub async fn clusters(request: HttpRequest, prp: Data<Prp>) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let find = FindPortalPartner {
            only_clusters: true,
            ..find(call.id())
        };
        let found = call.guard.read(find).await?;
        let clusters = found.clusters.into_iter().map(ClusterBody::from);
        Answer::ok(&clusters.collect::<Vec<_>>())
    })
    .await
}

pub async fn create(request: HttpRequest, prp: Data<Prp>, mut payload: Payload) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let object = call.object(&mut payload).await?;
        let (changes, clusters) = read(&object, true, call.prp.items)?;
        let add = AddPortalPartner {
            caller: Default::default(),
            create: CreatePartner { changes, clusters },
        };
        let made = call.guard.write(add).await?;
        Answer::created(&PartnerBody::from(made))
    })
    .await
}

pub async fn update(request: HttpRequest, prp: Data<Prp>, mut payload: Payload) -> HttpResponse {
    answer(&prp, &request, async |call| {
        let object = call.object(&mut payload).await?;
        let (changes, clusters) = match read(&object, false, call.prp.items) {
            Ok(read) if !may_be_normalized(&object) => read,
            _ => {
                let object = without_unchanged(call, object).await?;
                read(&object, false, call.prp.items)?
            }
        };
        let change = ChangePortalPartner {
            caller: Default::default(),
            update: UpdatePartner {
                id: call.id(),
                expected: Expected::Anything,
                visible: Default::default(),
                changes,
                clusters,
            },
        };
        let changed = call.guard.write(change).await?;
        Answer::ok(&PartnerBody::from(changed))
    })
    .await
}
