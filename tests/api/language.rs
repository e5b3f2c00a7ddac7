//! The source uses the words of the field. A word that was private to this project
//! and has been replaced must not come back: neither in an identifier or a comment
//! nor in the name of a file. `docs/glossary.md` explains the words that are used.

use std::path::{Path, PathBuf};

use regex::Regex;

struct Retired {
    /// A regular expression; it is tested between word boundaries.
    word: &'static str,
    /// What to write instead.
    instead: &'static str,
    /// The folders that must not have it.
    folders: &'static [&'static str],
}

const fn everywhere(word: &'static str, instead: &'static str) -> Retired {
    within(&["src"], word, instead)
}

const fn within(
    folders: &'static [&'static str],
    word: &'static str,
    instead: &'static str,
) -> Retired {
    Retired {
        word,
        instead,
        folders,
    }
}

/// The surface and the protocol that it speaks.
const API: &[&str] = &["src/api", "src/jsonapi"];
const AUTH: &[&str] = &["src/auth"];
const CLI: &[&str] = &["src/cli"];
const DIALECTS: &[&str] = &["src/dialects"];
const DIRECTORY: &[&str] = &["src/directory"];
const MAIL: &[&str] = &["src/mail"];
const SERVER: &[&str] = &["src/server"];
const STORAGE: &[&str] = &["src/storage"];

/// In the order of the alphabet; a line each, so that changes seldom conflict.
#[rustfmt::skip]
const RETIRED: &[Retired] = &[
    within(DIRECTORY, "Admit|Arrival|Foresee|Unwelcome|Welcome", "ProvisionUser, Provisioning, PreviewProvisioning, ProvisioningDenial"),
    within(API, "[Aa]nybody", "unauthenticated"),
    everywhere("are_more_than", "exceeds"),
    everywhere("Asking", "Lookup"),
    everywhere("astray", "fallback"),
    within(API, "At::DATA", "DocumentPosition"),
    within(API, "Blank", "Slot"),
    within(STORAGE, "bring_up|back_to", "migrate, revert_to"),
    within(AUTH, "[Bb]udgets?", "RateLimiter, limiter"),
    within(API, "Built|Building", "BoxedStep, StepFuture"),
    within(DIRECTORY, "Called", "SearchedNames"),
    within(AUTH, "Circuit", "CircuitBreaker"),
    everywhere("ClearEnded|HasEnded", "DeleteExpired, HasExpired"),
    everywhere("(?:Condition::|enum )Own|OwnFilter", "CustomCondition, CustomFilter"),
    within(API, "Counted|ByCursor", "OffsetPage, CursorPage"),
    everywhere("Denied", "AuthError"),
    within(STORAGE, "Doing", "BackendState"),
    within(AUTH, "elsewhere", "external"),
    everywhere("env::held|use held", "for_update!"),
    everywhere("env::(?:later|settle|forget|tell|keep_told|step)", "defer, flush, discard, append_audit, flush_audit, begin_step"),
    everywhere("env::(?:one_at_a_time|keep_out)", "serialize, lock_table"),
    everywhere("env::together|use together", "pipelined!"),
    within(API, "Failure", "ApiError"),
    within(DIALECTS, "Failure", "ApiError"),
    within(CLI, "Failure|Unheard", "CommandError, OutputClosed"),
    within(API, "Faults", "ErrorCollector"),
    within(DIALECTS, "[Ff]aults?", "FieldErrors, error"),
    everywhere("FINDS_ROWS|GATHERS_IDS", "COMPARES_ROWS, COLLECTS_IDS"),
    everywhere("FindSights", "FindHostAccess"),
    everywhere("FindTaken", "FindNameConflicts"),
    within(STORAGE, "Fixed", "StaticStatement"),
    everywhere("Foresee|foreseen", "PreviewProvisioning, preview"),
    everywhere("(forget|without)_standing", "forget_unchanged, without_unchanged"),
    within(API, "Form", "Constraints"),
    within(API, "Frame", "OperationContext, DescriptionContext"),
    within(AUTH, "[Gg]ate", "ConcurrencyLimit, limit"),
    within(API, "Gather|gathers_itself", "AsChanges, draft_is_changes"),
    everywhere("Governed|govern", "Authorize, authorize"),
    within(SERVER, "Guarding", "HeaderPolicy"),
    everywhere("Happening|happenings?", "AuditEntry, audit_entry"),
    everywhere("hears_at", "listen_address"),
    within(STORAGE, "holds_all|found_by_search", "contains_all, search_ids"),
    everywhere("is_only_own", "is_self_service"),
    everywhere("is_proved", "is_password_confirmed"),
    within(AUTH, "Issued", "IssuedToken"),
    everywhere("Judgement", "HostDecision"),
    everywhere("Keeping", "IdempotencyRequest"),
    within(API, "Kind", "AttributeKind, ErrorKind"),
    within(API, "Known|unknown::", "MemberNames"),
    everywhere("Lasting|Lasts", "Cached, Cacheable, CachingConnection"),
    within(SERVER, "Layers", "MiddlewareState"),
    within(MAIL, "[Ll]etters?", "message, AddressEncoding"),
    within(API, "Linked|LINKED_BY", "RelationshipIds, FOREIGN_KEYS"),
    everywhere("living_held|by_id_held|visible_held|trashed_held", "lock_user, lock_by_id"),
    within(API, "Loaded", "Included"),
    within(STORAGE, "Local", "PerThread"),
    everywhere("Manner|manner", "PagingDefaults, paging"),
    everywhere("may_be_told", "check_replay"),
    within(STORAGE, "medium", "read-only media"),
    within(AUTH, "Met", "FoundEntry"),
    everywhere("Narrowed|SEEN_FIRST", "VisibilityScoped"),
    everywhere("Nearness|NEARNESS|nearness", "ScopeMatch"),
    within(API, "NoRoom", "BodyMemoryExhausted"),
    everywhere("NoteUse", "RecordTokenUse"),
    everywhere("Noun", "Entity"),
    everywhere("Obstacles", "Conflicts"),
    everywhere("Occasional", "LogLimit"),
    within(API, "of_kind", "resource_type"),
    within(API, "of_one|of_none|of_list", "parse_one, refuse_parameters, parse_list"),
    within(SERVER, "orderly", "graceful"),
    within(STORAGE, "[Oo]verseen|[Oo]versight", "with_timeout, answer_timeout"),
    within(SERVER, "[Pp]atience", "Timeouts"),
    within(STORAGE, "[Pp]atience", "timeout"),
    everywhere("patiently", "retry_while_busy"),
    everywhere("[Pp]hrase", "SqlFragment, fragment"),
    within(AUTH, "[Pp]lace", "ClientNetwork, network"),
    within(STORAGE, "Plain", "DedicatedConnection"),
    within(DIRECTORY, "plain_page|Sought", "page_from_counters, BlockPosition"),
    everywhere("Planned", "PlanMode"),
    within(API, "Pointing", "RequestDocument"),
    within(MAIL, "Post", "Mailer"),
    everywhere("Problem|ProblemKind", "FieldError, FieldErrorKind"),
    within(API, "pub enum Answer|fn answer", "Response, respond"),
    everywhere("Reach", "PrivilegeCeiling"),
    everywhere("record_all|tells_of", "append_audit_entries, audit_entry_for"),
    everywhere("Refers|fn refer", "ResolveIds, resolve_ids"),
    everywhere("Refusal", "PolicyError"),
    within(CLI, "[Rr]ehearsal|Stage", "DryRunFolder, dry_run"),
    within(AUTH, "Remembered|remembered", "CachedAccount, cached"),
    within(DIRECTORY, "Renew|Renewed", "RotateRefreshToken, Rotation"),
    within(AUTH, "[Rr]ing", "KeySet"),
    within(API, "Rows", "IncludedRows"),
    everywhere("ROWS_AN_INSERT", "ROWS_PER_INSERT"),
    within(MAIL, "Sending", "SenderHandle"),
    within(API, "Sent|ToCreate", "Writability, RequestMediaType, OnCreate"),
    everywhere("SettleMail", "FinishMail"),
    everywhere("[Ss]hel(f|ves)", "Included"),
    within(DIALECTS, "Shown", "UserBody, RoleBody, PartnerBody"),
    within(API, "Shown|ShownOnce|ONCE", "AttributeValue, OneTimeAttributes, ONE_TIME"),
    everywhere("Sights?", "HostAccess, ResolvedVisibility"),
    everywhere("SIGN_IN_ELSEWHERE", "EXTERNAL_SIGN_IN"),
    everywhere("[Ss]liced", "limited, Limited"),
    within(API, "Sought|Seen|Judging", "HostQuery, HostVerdict, HostStream"),
    within(API, "Stamp", "ResourceMeta"),
    everywhere("Standing", "ReplicaStatus, HeldRoles, ExistingGrant, Memberships"),
    within(DIRECTORY, "struct Place", "GrantScope"),
    within(API, "struct Writes|fn writes|fn removes", "ResourceOperations"),
    everywhere("[Ss]urroundings", "RequestContext"),
    everywhere("tell_(address|denied|guess|refused|sign_in|token)", "record_..."),
    everywhere("TellEnds|tell_ends", "RecordExpiredGrants"),
    everywhere("Textual|Truth", "TextCondition, NullableBool"),
    within(AUTH, "[Tt]old", "report, record"),
    within(DIALECTS, "[Tt]old", "ErrorBody, message"),
    within(API, "Told|told", "PageContext, or the verb that fits"),
    within(AUTH, "[Tt]rouble", "LdapError, error"),
    within(MAIL, "[Tt]rouble", "SmtpError, error"),
    within(AUTH, "Turns?", "PatternLimit, PatternPermit"),
    within(STORAGE, "Turns", "Fairness"),
    everywhere("type Of|N::Of|Noun>::Of", "Parent"),
    everywhere("Unanswered", "LdapUnavailable"),
    within(STORAGE, "Unfinished", "PartialCopy"),
    everywhere("Unproved", "UnverifiedToken"),
    within(DIALECTS, "[Uu]nread", "BodyError"),
    within(CLI, "Unread", "RecordError"),
    everywhere("Visible", "Visibility"),
    everywhere("Waited", "WaitBudget"),
    within(AUTH, "[Ww]alk", "PagedSearch, search"),
    within(DIALECTS, "[Ww]alk", "UserStream"),
    within(CLI, "[Ww]alk", "ListPages, pages"),
    within(API, "[Ww]hoever", "a subject: the caller, a client"),
    within(DIRECTORY, "Whose|whose::", "CounterScope, RecordMatch"),
    everywhere("within_reach\\w*", "may_not_outrank"),
    within(STORAGE, "Writers", "RecentWriters"),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// File names are words separated by slashes and underscores.
fn words_of(path: &Path) -> String {
    path.with_extension("")
        .to_str()
        .unwrap()
        .replace(['/', '_'], " ")
}

#[test]
fn retired_words_do_not_come_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let sources: Vec<_> = files(&root.join("src"))
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    for retired in RETIRED {
        let word = Regex::new(&format!(r"\b(?:{})\b", retired.word)).unwrap();
        let is_within = |name: &Path| {
            retired
                .folders
                .iter()
                .any(|folder| name.starts_with(folder))
        };
        for (name, text) in sources.iter().filter(|(name, _)| is_within(name)) {
            let in_name = word
                .find(&words_of(name))
                .map(|found| (0, found.as_str().to_owned()));
            let in_text = (1..)
                .zip(text.lines())
                .filter_map(|(number, line)| Some((number, word.find(line)?.as_str().to_owned())));
            for (line, word) in in_name.into_iter().chain(in_text) {
                let place = format!("{}:{line}", name.display());
                found.push(format!("{place}: {word} (write {})", retired.instead));
            }
        }
    }
    assert!(found.is_empty(), "retired words:\n{}", found.join("\n"));
}

#[test]
fn every_retired_word_guards_a_folder_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for retired in RETIRED {
        for folder in retired.folders {
            assert!(root.join(folder).is_dir(), "{folder} of {}", retired.word);
        }
    }
}
