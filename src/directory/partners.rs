//! Partners: the organizations that people belong to, and that work in clusters.

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

pub use super::countries::COUNTRIES;

use super::batch::{CreatedIds, ResolveIds};
use super::error::FieldError;
use super::listing::{Entity, Visibility};
use super::users::drop_same;
use super::{Expected, Operation, values};
use crate::storage::schema::partners;

/// Bilateral or multilateral, civil society organization, government, UN agency.
pub const PARTNER_TYPES: &[&str] = &["B/M", "CSO", "Gov", "UNA"];
/// International, national, community based, academic, Red Cross or Red Crescent.
pub const CSO_TYPES: &[&str] = &["Int", "Nat", "CBO", "AI", "RC"];
/// Not shared, with UNDP, with UNFPA, with both.
pub const SHARED_PARTNER: &[&str] = &["No", "UND", "UNF", "U&U"];
pub const EXTERNAL_SOURCES: &[&str] = &["HPC", "OPS", "UNICEF"];

/// The most characters of what is no title.
pub const MAX_SHORT_TITLE: usize = 50;
pub const MAX_EXTERNAL_ID: usize = 32;
pub const MAX_OCHA_EXTERNAL_ID: usize = 128;
pub const MAX_PHONE: usize = 32;
pub const MAX_STREET: usize = 512;
pub const MAX_CITY: usize = 64;
pub const MAX_POSTAL_CODE: usize = 32;
pub const MAX_VENDOR_NUMBER: usize = 30;
pub const MAX_RATING: usize = 50;

/// A country by its code of ISO 3166-1 alpha-2.
pub fn country(text: &str) -> Result<String, FieldError> {
    // The list of all codes is too long to be told.
    values::choice("country_code", text, COUNTRIES)
        .map_err(|_| FieldError::invalid("country_code", "Use a code of ISO 3166-1, like KE."))
}

#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = partners)]
pub struct Partner {
    pub id: i64,
    pub title: String,
    pub short_title: Option<String>,
    pub alternate_title: Option<String>,
    pub partner_type: String,
    pub cso_type: Option<String>,
    pub shared_partner: String,
    pub external_source: Option<String>,
    pub external_id: Option<String>,
    pub ocha_external_id: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub street_address: Option<String>,
    pub city: Option<String>,
    pub postal_code: Option<String>,
    pub country_code: Option<String>,
    pub total_ct_cp: Option<String>,
    pub total_ct_cy: Option<String>,
    pub vendor_number: Option<String>,
    pub alternate_id: Option<String>,
    pub rating: Option<String>,
    pub basis_for_risk_rating: Option<String>,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = partners, treat_none_as_default_value = false)]
pub struct NewPartner<'a> {
    pub title: &'a str,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

/// What shall be changed; `None` leaves a column alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = partners)]
pub struct PartnerChanges {
    pub title: Option<String>,
    pub short_title: Option<Option<String>>,
    pub alternate_title: Option<Option<String>>,
    pub partner_type: Option<String>,
    pub cso_type: Option<Option<String>>,
    pub shared_partner: Option<String>,
    pub external_source: Option<Option<String>>,
    pub external_id: Option<Option<String>>,
    pub ocha_external_id: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub phone_number: Option<Option<String>>,
    pub street_address: Option<Option<String>>,
    pub city: Option<Option<String>>,
    pub postal_code: Option<Option<String>>,
    pub country_code: Option<Option<String>>,
    pub total_ct_cp: Option<Option<String>>,
    pub total_ct_cy: Option<Option<String>>,
    pub vendor_number: Option<Option<String>>,
    pub alternate_id: Option<Option<String>>,
    pub rating: Option<Option<String>>,
    pub basis_for_risk_rating: Option<Option<String>>,
}

impl PartnerChanges {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Without what the partner is already: clients send back whole records.
    pub fn without_unchanged(mut self, partner: &Partner) -> Self {
        drop_same(&mut self.title, &partner.title);
        drop_same(&mut self.short_title, &partner.short_title);
        drop_same(&mut self.alternate_title, &partner.alternate_title);
        drop_same(&mut self.partner_type, &partner.partner_type);
        drop_same(&mut self.cso_type, &partner.cso_type);
        drop_same(&mut self.shared_partner, &partner.shared_partner);
        drop_same(&mut self.external_source, &partner.external_source);
        drop_same(&mut self.external_id, &partner.external_id);
        drop_same(&mut self.ocha_external_id, &partner.ocha_external_id);
        drop_same(&mut self.email, &partner.email);
        drop_same(&mut self.phone_number, &partner.phone_number);
        drop_same(&mut self.street_address, &partner.street_address);
        drop_same(&mut self.city, &partner.city);
        drop_same(&mut self.postal_code, &partner.postal_code);
        drop_same(&mut self.country_code, &partner.country_code);
        drop_same(&mut self.total_ct_cp, &partner.total_ct_cp);
        drop_same(&mut self.total_ct_cy, &partner.total_ct_cy);
        drop_same(&mut self.vendor_number, &partner.vendor_number);
        drop_same(&mut self.alternate_id, &partner.alternate_id);
        drop_same(&mut self.rating, &partner.rating);
        drop_same(
            &mut self.basis_for_risk_rating,
            &partner.basis_for_risk_rating,
        );
        self
    }
}

/// The totals are not among them: as texts they have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerColumn {
    Id,
    Title,
    ShortTitle,
    AlternateTitle,
    PartnerType,
    CsoType,
    SharedPartner,
    ExternalSource,
    ExternalId,
    OchaExternalId,
    Email,
    PhoneNumber,
    StreetAddress,
    City,
    PostalCode,
    CountryCode,
    VendorNumber,
    AlternateId,
    Rating,
    BasisForRiskRating,
    Created,
    Modified,
}

/// What a list of partners can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartnersOf {
    /// Who works in this cluster.
    Cluster(i64),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Partners;

impl Entity for Partners {
    type Row = Partner;
    type Column = PartnerColumn;
    type Parent = PartnersOf;
    const ID: PartnerColumn = PartnerColumn::Id;

    fn of_ids(ids: Vec<i64>) -> PartnersOf {
        PartnersOf::Ids(ids)
    }

    fn is_indexed(column: PartnerColumn) -> bool {
        use PartnerColumn::{Id, OchaExternalId, Title, VendorNumber};
        matches!(column, Id | Title | VendorNumber | OchaExternalId)
    }
}

#[derive(Debug)]
pub struct FindPartner {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindPartner {
    type Output = Option<Partner>;
}

/// Makes a partner; with `clusters` it works in these at once.
#[derive(Clone, Debug)]
pub struct CreatePartner {
    pub changes: PartnerChanges,
    pub clusters: Option<Vec<i64>>,
}

impl CreatePartner {
    /// Tells what a new partner lacks.
    pub fn missing(changes: &PartnerChanges) -> Vec<FieldError> {
        FieldError::all_missing(&[("title", changes.title.is_none())])
    }
}

impl Operation for CreatePartner {
    type Output = Partner;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Changes a partner; with `clusters` these are replaced.
#[derive(Clone, Debug)]
pub struct UpdatePartner {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: PartnerChanges,
    pub clusters: Option<Vec<i64>>,
}

impl Operation for UpdatePartner {
    type Output = Partner;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// Refused while users belong to it, those in the trash among them.
#[derive(Clone, Debug)]
pub struct DeletePartner {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
}

impl Operation for DeletePartner {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

impl ResolveIds for CreatePartner {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve_all(self.clusters.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for UpdatePartner {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
        created_ids.resolve_all(self.clusters.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for DeletePartner {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
