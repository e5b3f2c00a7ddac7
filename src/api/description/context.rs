//! The settings that the description depends on.

use crate::api::access_checks;
use crate::api::call::query_limits;
use crate::config::{ClientIds, Settings, UnknownAttributes};
use crate::jsonapi::query;

/// A placeholder for the base URL of the request.
pub const REQUESTED_BASE_URL: &str = "http://as-asked.invalid";

pub struct DescriptionContext {
    pub project: String,
    pub base_url: Option<String>,
    /// The status of invalid attributes.
    pub invalid_data: u16,
    /// Whether client-generated ids are stored.
    pub keeps_client_ids: bool,
    /// Whether unknown member names are rejected.
    pub rejects_unknown_members: bool,
    /// Whether changes without If-Match are rejected.
    pub require_if_match: bool,
    /// Whether bodies of the type application/json are rejected.
    pub is_strict: bool,
    pub query: query::Limits,
    pub linkage_items: usize,
    /// The maximum number of operations in one request.
    pub operations: usize,
    /// Minimum and maximum length of a new password, in characters.
    pub password: (usize, usize),
    pub access_checks: access_checks::Limits,
    sign_in_bytes: usize,
    access_check_bytes: usize,
    body_bytes: usize,
    header_bytes: usize,
    json_depth: usize,
}

/// One row of the table of limits.
pub struct Limit {
    pub what: &'static str,
    pub most: String,
    /// The consequence of exceeding it.
    pub otherwise: &'static str,
}

impl DescriptionContext {
    pub fn of(settings: &Settings) -> Self {
        Self {
            project: settings.server.project.clone(),
            base_url: settings.server.base_url.clone(),
            invalid_data: settings.server.invalid_data_status.code(),
            keeps_client_ids: settings.server.client_ids == ClientIds::ExternalId,
            rejects_unknown_members: settings.server.unknown_attributes
                == UnknownAttributes::Reject,
            require_if_match: settings.server.require_if_match,
            is_strict: settings.server.strict_media_types,
            query: query_limits(&settings.limits),
            linkage_items: settings.limits.linkage_items,
            operations: settings.limits.operations,
            password: (
                settings.auth.password_min_length,
                settings.auth.password_max_length,
            ),
            access_checks: access_checks::Limits::of(&settings.limits),
            sign_in_bytes: settings
                .limits
                .sign_in_bytes
                .min(settings.limits.body_bytes),
            access_check_bytes: settings.limits.access_check_bytes,
            body_bytes: settings.limits.body_bytes,
            header_bytes: settings.limits.header_bytes,
            json_depth: settings.limits.json_depth,
        }
    }

    /// The base URL for examples: as configured, or [`REQUESTED_BASE_URL`].
    pub fn address(&self) -> &str {
        self.base_url.as_deref().unwrap_or(REQUESTED_BASE_URL)
    }

    /// All limits, in the order of the reference.
    pub fn limits(&self) -> Vec<Limit> {
        let mut all = self.query_limits();
        all.extend(self.body_limits());
        all
    }

    fn query_limits(&self) -> Vec<Limit> {
        let query = &self.query;
        let page_size = usize::try_from(query.max_page_size).unwrap_or(usize::MAX);
        vec![
            limit(
                "items on a page",
                page_size,
                "capped; see meta.page_size_max",
            ),
            limit(
                "identifiers in one change of linkage",
                self.linkage_items,
                "400",
            ),
            limit(
                "identifiers on a page of linkage without page[size]",
                self.linkage_items,
                "paged",
            ),
            limit(
                "linkage of one included relationship",
                self.linkage_items,
                "400",
            ),
            limit(
                "relationships in one path of include",
                query.include_depth,
                "400",
            ),
            limit("paths in include", query.include_paths, "400"),
            limit("keys in sort", query.sort_keys, "400"),
            limit("tests in all filters together", query.filter_tests, "400"),
            limit("values in one filter", query.filter_values, "400"),
            limit("levels of filter[or]", query.filter_depth, "400"),
            limit("words of a search", query.search_words, "400"),
            limit("bytes of one value of a filter", query.value_length, "400"),
            limit("query parameters", query.max_parameters, "400"),
            limit("bytes of the query string", query.max_length, "414"),
        ]
    }

    fn body_limits(&self) -> Vec<Limit> {
        vec![
            limit("bytes of the body", self.body_bytes, "413"),
            limit("bytes of the body of a sign-in", self.sign_in_bytes, "413"),
            limit(
                "bytes of the body of an access check with hosts",
                self.access_check_bytes,
                "413",
            ),
            limit("hosts in one access check", self.access_checks.hosts, "400"),
            limit(
                "classes, and bundles, of one host",
                self.access_checks.names,
                "400",
            ),
            limit("bytes of all headers", self.header_bytes, "431"),
            limit(
                "nested objects and arrays in a body",
                self.json_depth,
                "400",
            ),
            limit("characters of a password", self.password.1, "400"),
        ]
    }
}

fn limit(what: &'static str, most: usize, otherwise: &'static str) -> Limit {
    Limit {
        what,
        most: most.to_string(),
        otherwise,
    }
}
