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

    pub fn limits(&self) -> Vec<Limit> {
        let query = &self.query;
        let line = |what, most: usize, otherwise| Limit {
            what,
            most: most.to_string(),
            otherwise,
        };
        let page_size = usize::try_from(query.max_page_size).unwrap_or(usize::MAX);
        vec![
            line(
                "items on a page",
                page_size,
                "capped; see meta.page_size_max",
            ),
            line(
                "identifiers in one change of linkage",
                self.linkage_items,
                "400",
            ),
            line(
                "identifiers on a page of linkage without page[size]",
                self.linkage_items,
                "paged",
            ),
            line(
                "linkage of one included relationship",
                self.linkage_items,
                "400",
            ),
            line(
                "relationships in one path of include",
                query.include_depth,
                "400",
            ),
            line("paths in include", query.include_paths, "400"),
            line("keys in sort", query.sort_keys, "400"),
            line("tests in all filters together", query.filter_tests, "400"),
            line("values in one filter", query.filter_values, "400"),
            line("levels of filter[or]", query.filter_depth, "400"),
            line("words of a search", query.search_words, "400"),
            line("bytes of one value of a filter", query.value_length, "400"),
            line("query parameters", query.max_parameters, "400"),
            line("bytes of the query string", query.max_length, "414"),
            line("bytes of the body", self.body_bytes, "413"),
            line("bytes of the body of a sign-in", self.sign_in_bytes, "413"),
            line(
                "bytes of the body of an access check with hosts",
                self.access_check_bytes,
                "413",
            ),
            line("hosts in one access check", self.access_checks.hosts, "400"),
            line(
                "classes, and bundles, of one host",
                self.access_checks.names,
                "400",
            ),
            line("bytes of all headers", self.header_bytes, "431"),
            line(
                "nested objects and arrays in a body",
                self.json_depth,
                "400",
            ),
            line("characters of a password", self.password.1, "400"),
        ]
    }
}
