//! Limits of query strings.

/// Limits of query strings; beyond them a request is rejected, except for page sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the raw query string.
    pub max_length: usize,
    /// Parameters.
    pub max_parameters: usize,
    /// Relationships in one path of `include`.
    pub include_depth: usize,
    /// Paths in `include`.
    pub include_paths: usize,
    /// Keys in `sort`.
    pub sort_keys: usize,
    /// Levels of `or` in `filter`.
    pub filter_depth: usize,
    /// Tests of all `filter` parameters together.
    pub filter_tests: usize,
    /// Values in the list of one test.
    pub filter_values: usize,
    /// Words of a search; enforced by the caller.
    pub search_words: usize,
    /// Bytes of one value of a filter and of an endpoint's own parameter.
    pub value_length: usize,
    /// Bytes of one cursor, which contains the values of the sort fields.
    pub cursor_length: usize,
    /// The maximum page size: numbered pages and offsets are capped, the cursor profile rejects.
    pub max_page_size: u64,
    /// The page size of requests without one.
    pub default_page_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_length: 8192,
            max_parameters: 100,
            include_depth: 3,
            include_paths: 20,
            sort_keys: 10,
            filter_depth: 3,
            filter_tests: 50,
            filter_values: 100,
            search_words: 10,
            value_length: 1024,
            cursor_length: 4096,
            max_page_size: 100,
            default_page_size: 20,
        }
    }
}
