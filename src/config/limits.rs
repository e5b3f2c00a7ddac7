//! `[limits]`: how much one request may ask for.

use super::table::{Kind, Preset, Setting};
use super::value;

#[derive(Clone, Debug)]
pub struct Limits {
    pub body_bytes: usize,
    pub sign_in_bytes: usize,
    pub body_memory_bytes: u64,
    pub header_bytes: usize,
    pub query_bytes: usize,
    pub json_depth: usize,
    pub page_size_default: usize,
    pub page_size_max: usize,
    pub include_depth: usize,
    pub search_words: usize,
    pub linkage_items: usize,
    pub operations: usize,
    pub operation_passwords: usize,
    pub header_seconds: u64,
    pub body_stall_seconds: u64,
    pub body_seconds: u64,
    pub answer_stall_seconds: u64,
    pub answer_seconds: u64,
    pub handshake_seconds: u64,
    pub keep_alive_seconds: u64,
    pub connections: usize,
    pub connections_per_address: usize,
    pub ended_grants_seconds: u64,
    pub access_check_bytes: usize,
    /// Of one caller, at once.
    pub pattern_lists: usize,
    pub access_check_hosts: usize,
    pub access_check_names: usize,
    pub cfengine_page_size_default: usize,
    pub cfengine_page_size_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 1024 * 1024,
            sign_in_bytes: 16 * 1024,
            body_memory_bytes: 256 * 1024 * 1024,
            header_bytes: 16 * 1024,
            query_bytes: 8192,
            json_depth: 32,
            page_size_default: 20,
            page_size_max: 100,
            include_depth: 3,
            search_words: 10,
            linkage_items: 1000,
            operations: 100,
            operation_passwords: 10,
            header_seconds: 10,
            body_stall_seconds: 10,
            body_seconds: 60,
            answer_stall_seconds: 30,
            answer_seconds: 600,
            handshake_seconds: 3,
            keep_alive_seconds: 75,
            connections: 10_000,
            connections_per_address: 256,
            ended_grants_seconds: 60,
            access_check_bytes: 16 * 1024 * 1024,
            pattern_lists: 2,
            access_check_hosts: 10_000,
            access_check_names: 5000,
            cfengine_page_size_default: 50,
            cfengine_page_size_max: 1000,
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "limits.body_bytes",
        env: "ROLECALL_LIMIT_BODY_BYTES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("1048576"),
        meaning: "Size of a request's body.",
        set: |settings, text| {
            settings.limits.body_bytes = value::number(text, 1024..=1024 * 1024 * 1024)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.sign_in_bytes",
        env: "ROLECALL_LIMIT_SIGN_IN_BYTES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("16384"),
        meaning: "Size of the body of a sign-in, which is read before anybody is known.",
        set: |settings, text| {
            settings.limits.sign_in_bytes = value::number(text, 1024..=1024 * 1024)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.body_memory_bytes",
        env: "ROLECALL_LIMIT_BODY_MEMORY_BYTES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("268435456"),
        meaning: "Bytes of request bodies that the process holds at a time; one client address can have a quarter of them. Beyond that a request is answered with 503.",
        set: |settings, text| {
            settings.limits.body_memory_bytes = value::number(text, 1024 * 1024..=1 << 40)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.header_bytes",
        env: "ROLECALL_LIMIT_HEADER_BYTES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("16384"),
        meaning: "Size of all of a request's headers together.",
        set: |settings, text| {
            settings.limits.header_bytes = value::number(text, 1024..=65_536)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.query_bytes",
        env: "ROLECALL_LIMIT_QUERY_BYTES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("8192"),
        meaning: "Length of a query string.",
        set: |settings, text| {
            settings.limits.query_bytes = value::number(text, 256..=65_536)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.json_depth",
        env: "ROLECALL_LIMIT_JSON_DEPTH",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("32"),
        meaning: "Objects and arrays within each other in a body.",
        set: |settings, text| {
            settings.limits.json_depth = value::number(text, 1..=100)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.page_size_default",
        env: "ROLECALL_LIMIT_PAGE_SIZE_DEFAULT",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("20"),
        meaning: "Items on a page when the request names no size.",
        set: |settings, text| {
            settings.limits.page_size_default = value::number(text, 1..=10_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.page_size_max",
        env: "ROLECALL_LIMIT_PAGE_SIZE_MAX",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("100"),
        meaning: "Items on a page at most.",
        set: |settings, text| {
            settings.limits.page_size_max = value::number(text, 1..=10_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.include_depth",
        env: "ROLECALL_LIMIT_INCLUDE_DEPTH",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("3"),
        meaning: "Relationships in one path of include.",
        set: |settings, text| {
            settings.limits.include_depth = value::number(text, 0..=8)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.search_words",
        env: "ROLECALL_LIMIT_SEARCH_WORDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "Words of a search (q, filter[query], name_email and title of the portal).",
        set: |settings, text| {
            settings.limits.search_words = value::number(text, 1..=100)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.linkage_items",
        env: "ROLECALL_LIMIT_LINKAGE_ITEMS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("1000"),
        meaning: "Resource identifiers in one change of a relationship, and on one page of linkage; roles in one request to role-group.",
        set: |settings, text| {
            settings.limits.linkage_items = value::number(text, 1..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.operations",
        env: "ROLECALL_LIMIT_OPERATIONS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("100"),
        meaning: "Operations in one request to /operations.",
        set: |settings, text| {
            settings.limits.operations = value::number(text, 1..=10_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.operation_passwords",
        env: "ROLECALL_LIMIT_OPERATION_PASSWORDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "Passwords in one request to /operations: each costs as much as a sign-in.",
        set: |settings, text| {
            settings.limits.operation_passwords = value::number(text, 0..=1000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.header_seconds",
        env: "ROLECALL_LIMIT_HEADER_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "Time in which a request's headers must have arrived; then 408 for the first request of a connection, a close for others.",
        set: |settings, text| {
            settings.limits.header_seconds = value::number(text, 1..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.body_stall_seconds",
        env: "ROLECALL_LIMIT_BODY_STALL_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "Longest wait for the next bytes of a request body; then 408.",
        set: |settings, text| {
            settings.limits.body_stall_seconds = value::number(text, 1..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.body_seconds",
        env: "ROLECALL_LIMIT_BODY_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "Time in which a whole request body must have arrived; then 408.",
        set: |settings, text| {
            settings.limits.body_seconds = value::number(text, 1..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.answer_stall_seconds",
        env: "ROLECALL_LIMIT_ANSWER_STALL_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("30"),
        meaning: "Longest time in which a client reads nothing of an answer; then the connection is closed.",
        set: |settings, text| {
            settings.limits.answer_stall_seconds = value::number(text, 1..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.answer_seconds",
        env: "ROLECALL_LIMIT_ANSWER_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("600"),
        meaning: "Time in which a client must have read what was sent to it; then the connection is closed.",
        set: |settings, text| {
            settings.limits.answer_seconds = value::number(text, 1..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.handshake_seconds",
        env: "ROLECALL_LIMIT_HANDSHAKE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("3"),
        meaning: "Time in which a TLS handshake must be complete.",
        set: |settings, text| {
            settings.limits.handshake_seconds = value::number(text, 1..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.keep_alive_seconds",
        env: "ROLECALL_LIMIT_KEEP_ALIVE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("75"),
        meaning: "How long an idle connection is kept open.",
        set: |settings, text| {
            settings.limits.keep_alive_seconds = value::number(text, 1..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.connections",
        env: "ROLECALL_LIMIT_CONNECTIONS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10000"),
        meaning: "Connections at a time. Fewer if the limit of open files (RLIMIT_NOFILE) is too low for them.",
        set: |settings, text| {
            settings.limits.connections = value::number(text, 16..=1_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.connections_per_address",
        env: "ROLECALL_LIMIT_CONNECTIONS_PER_ADDRESS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("256"),
        meaning: "Connections at a time from one client address, and requests at a time; of an IPv6 address its /64 network counts. Clients behind server.trusted_proxies are counted by their requests.",
        set: |settings, text| {
            settings.limits.connections_per_address = value::number(text, 1..=1_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.ended_grants_seconds",
        env: "ROLECALL_LIMIT_ENDED_GRANTS_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "Pause between looks for what has ended by itself: the audit log gets the ends of grants, and kept \
                  answers, expired tokens, sign-ins and the like are deleted.",
        set: |settings, text| {
            settings.limits.ended_grants_seconds = value::number(text, 1..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.pattern_lists",
        env: "ROLECALL_LIMIT_PATTERN_LISTS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("2"),
        meaning: "Lists with filters by regular expression that one caller has made at once; more are answered with 503 and Retry-After.",
        set: |settings, text| {
            settings.limits.pattern_lists = value::number(text, 1..=1000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.access_check_bytes",
        env: "ROLECALL_LIMIT_ACCESS_CHECK_BYTES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("16777216"),
        meaning: "Size of the body of an access check that asks about hosts; what it holds beside them may have limits.body_bytes.",
        set: |settings, text| {
            settings.limits.access_check_bytes = value::number(text, 1024..=1024 * 1024 * 1024)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.access_check_hosts",
        env: "ROLECALL_LIMIT_ACCESS_CHECK_HOSTS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10000"),
        meaning: "Hosts in one access check.",
        set: |settings, text| {
            settings.limits.access_check_hosts = value::number(text, 1..=1_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.access_check_names",
        env: "ROLECALL_LIMIT_ACCESS_CHECK_NAMES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("5000"),
        meaning: "Classes, and bundles, of one host in an access check.",
        set: |settings, text| {
            settings.limits.access_check_names = value::number(text, 1..=1_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.cfengine_page_size_default",
        env: "ROLECALL_LIMIT_CFENGINE_PAGE_SIZE_DEFAULT",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("50"),
        meaning: "Items on a page of /api/user and /api/role when the request names no count.",
        set: |settings, text| {
            settings.limits.cfengine_page_size_default = value::number(text, 1..=10_000)?;
            Ok(())
        },
    },
    Setting {
        key: "limits.cfengine_page_size_max",
        env: "ROLECALL_LIMIT_CFENGINE_PAGE_SIZE_MAX",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("1000"),
        meaning: "Items on a page of /api/user and /api/role at most.",
        set: |settings, text| {
            settings.limits.cfengine_page_size_max = value::number(text, 1..=10_000)?;
            Ok(())
        },
    },
];
