//! The fields of each kind of row.

use super::super::fields::Field;
use super::super::references;
use super::{
    ClusterRow, GrantRow, PartnerRow, PasswordHash, RoleRow, UserRow, Value, WorkspaceRow, values,
};
use crate::directory::clusters::CLUSTER_TYPES;
use crate::directory::expressions;
use crate::directory::partners::{
    CSO_TYPES, EXTERNAL_SOURCES, MAX_CITY, MAX_EXTERNAL_ID, MAX_OCHA_EXTERNAL_ID, MAX_PHONE,
    MAX_POSTAL_CODE, MAX_RATING, MAX_SHORT_TITLE, MAX_STREET, MAX_VENDOR_NUMBER, PARTNER_TYPES,
    SHARED_PARTNER, country,
};
use crate::directory::permissions::check_names;
use crate::directory::portal::PortalRole;
use crate::directory::roles::ORIGINS;
use crate::directory::workspaces::MAX_CODE;
use crate::directory::{FieldError, json};

/// The most characters of an id that a client chose.
const MAX_OWN_ID: usize = 64;
/// The most characters of the id of an entry in LDAP.
const MAX_LDAP_ID: usize = 255;
/// The most characters of a password's hash.
const MAX_HASH: usize = 512;

fn name(field: &'static str, value: &Value) -> Result<String, FieldError> {
    let text = json::text(field, value)?;
    values::within(field, text, 1, values::MAX_LONG_TEXT)?;
    Ok(text.to_owned())
}

fn nullable_name(field: &'static str, value: &Value) -> Result<Option<String>, FieldError> {
    match value {
        Value::Null => Ok(None),
        value => name(field, value).map(Some),
    }
}

pub const WORKSPACES: &[Field<WorkspaceRow>] = &[
    field!(text code, |text| values::filled("code", text, MAX_CODE)),
    field!(text title, |text| values::filled("title", text, values::MAX_TEXT)),
];

pub const CLUSTERS: &[Field<ClusterRow>] = &[
    own!(workspace, |value| name("workspace", value)),
    field!(choice cluster_type, CLUSTER_TYPES),
    field!(text title, |text| values::filled("title", text, values::MAX_TEXT)),
    field!(nullable imported_type, |text| values::filled("imported_type", text, values::MAX_TEXT)),
    own!(number, |value| references::place_among("number", value)),
];

pub const ROLES: &[Field<RoleRow>] = &[
    field!(text name, values::role_name),
    field!(nullable_text label, values::MAX_TEXT),
    field!(nullable_text description, values::MAX_LONG_TEXT),
    field!(choice scope, values::SCOPES),
    field!(flag unchangeable),
    field!(flag is_default),
    field!(put permissions, |value| {
        check_names("permissions", &json::texts("permissions", value)?)
    }),
    field!(nullable include_context, |text| expressions::checked("include_context", text)),
    field!(nullable exclude_context, |text| expressions::checked("exclude_context", text)),
    field!(nullable include_bundles, |text| expressions::checked("include_bundles", text)),
    field!(nullable exclude_bundles, |text| expressions::checked("exclude_bundles", text)),
    field!(text external_id, |text| values::filled("external_id", text, MAX_OWN_ID)),
    own!(includes, |value| json::texts("includes", value)),
    own!(predefined, |value| {
        let text = json::text("predefined", value)?;
        let known = PortalRole::named(text).map(|role| role.name().to_owned());
        known.ok_or_else(|| {
            FieldError::invalid(
                "predefined",
                "This value must be one of the portal's roles.",
            )
        })
    }),
    own!(is_gone, |value| json::flag("is_gone", value)),
    own!(origin, |value| values::choice(
        "origin",
        json::text("origin", value)?,
        ORIGINS
    )),
];

pub const PARTNERS: &[Field<PartnerRow>] = &[
    field!(text title, |text| values::filled("title", text, values::MAX_TEXT)),
    field!(nullable_text short_title, MAX_SHORT_TITLE),
    field!(nullable_text alternate_title, values::MAX_TEXT),
    field!(choice partner_type, PARTNER_TYPES),
    field!(nullable_choice cso_type, CSO_TYPES),
    field!(choice shared_partner, SHARED_PARTNER),
    field!(nullable_choice external_source, EXTERNAL_SOURCES),
    field!(nullable_text external_id, MAX_EXTERNAL_ID),
    field!(nullable ocha_external_id, |text| {
        values::filled("ocha_external_id", text, MAX_OCHA_EXTERNAL_ID)
    }),
    field!(nullable email, |text| values::email_within(text, values::MAX_TEXT)),
    field!(nullable_text phone_number, MAX_PHONE),
    field!(nullable_text street_address, MAX_STREET),
    field!(nullable_text city, MAX_CITY),
    field!(nullable_text postal_code, MAX_POSTAL_CODE),
    field!(nullable country_code, country),
    field!(amount total_ct_cp),
    field!(amount total_ct_cy),
    field!(nullable vendor_number, |text| {
        values::filled("vendor_number", text, MAX_VENDOR_NUMBER)
    }),
    field!(nullable_text alternate_id, values::MAX_TEXT),
    field!(nullable_text rating, MAX_RATING),
    field!(nullable_text basis_for_risk_rating, MAX_RATING),
    own!(clusters, |value| {
        let items = value.as_array().map(Vec::as_slice);
        let items =
            items.ok_or_else(|| FieldError::invalid("clusters", "This value must be an array."))?;
        let all = items
            .iter()
            .map(|item| references::cluster("clusters", item));
        all.collect()
    }),
    own!(number, |value| references::place_among("number", value)),
];

pub const USERS: &[Field<UserRow>] = &[
    field!(text username, values::username),
    field!(text uname, values::uname),
    field!(nullable_text name, values::MAX_TEXT),
    field!(nullable_text surname, values::MAX_TEXT),
    field!(nullable_text full_name, values::MAX_TEXT),
    field!(nullable email, values::email),
    field!(nullable_text position, values::MAX_TEXT),
    field!(nullable_text organization, values::MAX_TEXT),
    field!(nullable_text time_zone, values::MAX_TEXT),
    own!(partner, |value| match value {
        Value::Null => Ok(None),
        value => references::partner("partner", value).map(Some),
    }),
    field!(flag is_active),
    field!(flag is_staff),
    own!(roles, |value| json::texts("roles", value)),
    own!(ldap_roles, |value| json::texts("ldap_roles", value)),
    field!(put password_hash, |value| {
        let checked = |text: &str| {
            values::within("password_hash", text, 1, MAX_HASH)?;
            Ok(text.to_owned())
        };
        Ok(json::nullable("password_hash", value, checked)?.map(PasswordHash::new))
    }),
    own!(external, |value| json::flag("external", value)),
    field!(text external_id, |text| values::filled("external_id", text, MAX_OWN_ID)),
    field!(text ldap_id, |text| values::filled("ldap_id", text, MAX_LDAP_ID)),
    own!(last_login, |value| json::nullable_time("last_login", value)),
    own!(created, |value| json::nullable_time("created", value)),
    own!(modified, |value| json::nullable_time("modified", value)),
];

pub const GRANTS: &[Field<GrantRow>] = &[
    own!(user, |value| name("user", value)),
    own!(role, |value| name("role", value)),
    own!(workspace, |value| nullable_name("workspace", value)),
    own!(cluster, |value| match value {
        Value::Null => Ok(None),
        value => references::cluster("cluster", value).map(Some),
    }),
    field!(flag is_active),
    field!(nullable_time valid_from),
    field!(nullable_time valid_until),
    own!(created, |value| json::nullable_time("created", value)),
];
