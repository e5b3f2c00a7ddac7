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
const DIALECTS: &[&str] = &["src/dialects"];
const MAIL: &[&str] = &["src/mail"];
const SERVER: &[&str] = &["src/server"];

/// In the order of the alphabet; a line each, so that changes seldom conflict.
#[rustfmt::skip]
const RETIRED: &[Retired] = &[
    within(API, "[Aa]nybody", "unauthenticated"),
    everywhere("Asking", "Lookup"),
    everywhere("astray", "fallback"),
    within(API, "At::DATA", "DocumentPosition"),
    within(AUTH, "[Bb]udgets?", "RateLimiter, limiter"),
    within(API, "Blank", "Slot"),
    within(API, "Built|Building", "BoxedStep, StepFuture"),
    within(AUTH, "Circuit", "CircuitBreaker"),
    everywhere("(?:Condition::|enum )Own|OwnFilter", "CustomCondition, CustomFilter"),
    within(API, "Counted|ByCursor", "OffsetPage, CursorPage"),
    everywhere("Denied", "AuthError"),
    within(AUTH, "elsewhere", "external"),
    within(API, "Failure", "ApiError"),
    within(DIALECTS, "Failure", "ApiError"),
    within(API, "Faults", "ErrorCollector"),
    within(DIALECTS, "[Ff]aults?", "FieldErrors, error"),
    everywhere("FindSights", "FindHostAccess"),
    everywhere("(forget|without)_standing", "forget_unchanged, without_unchanged"),
    within(API, "Form", "Constraints"),
    within(API, "Frame", "OperationContext, DescriptionContext"),
    within(API, "Gather|gathers_itself", "AsChanges, draft_is_changes"),
    within(AUTH, "[Gg]ate", "ConcurrencyLimit, limit"),
    everywhere("Governed|govern", "Authorize, authorize"),
    within(SERVER, "Guarding", "HeaderPolicy"),
    everywhere("is_only_own", "is_self_service"),
    everywhere("is_proved", "is_password_confirmed"),
    within(AUTH, "Issued", "IssuedToken"),
    everywhere("Judgement", "HostDecision"),
    within(API, "Kind", "AttributeKind, ErrorKind"),
    within(API, "Known|unknown::", "MemberNames"),
    within(SERVER, "Layers", "MiddlewareState"),
    within(API, "Linked|LINKED_BY", "RelationshipIds, FOREIGN_KEYS"),
    within(MAIL, "[Ll]etters?", "message, AddressEncoding"),
    within(API, "Loaded", "Included"),
    everywhere("Manner|manner", "PagingDefaults, paging"),
    within(AUTH, "Met", "FoundEntry"),
    within(API, "NoRoom", "BodyMemoryExhausted"),
    everywhere("Noun", "Entity"),
    everywhere("Obstacles", "Conflicts"),
    everywhere("Occasional", "LogLimit"),
    within(API, "of_kind", "resource_type"),
    within(API, "of_one|of_none|of_list", "parse_one, refuse_parameters, parse_list"),
    within(SERVER, "orderly", "graceful"),
    within(API, "Pointing", "RequestDocument"),
    within(MAIL, "Post", "Mailer"),
    within(SERVER, "[Pp]atience", "Timeouts"),
    within(AUTH, "[Pp]lace", "ClientNetwork, network"),
    everywhere("Problem|ProblemKind", "FieldError, FieldErrorKind"),
    within(API, "pub enum Answer|fn answer", "Response, respond"),
    everywhere("Reach", "PrivilegeCeiling"),
    everywhere("Refusal", "PolicyError"),
    within(AUTH, "Remembered|remembered", "CachedAccount, cached"),
    within(API, "Rows", "IncludedRows"),
    within(AUTH, "[Rr]ing", "KeySet"),
    within(MAIL, "Sending", "SenderHandle"),
    within(API, "Sent|ToCreate", "Writability, RequestMediaType, OnCreate"),
    within(DIALECTS, "Shown", "UserBody, RoleBody, PartnerBody"),
    within(API, "Shown|ShownOnce|ONCE", "AttributeValue, OneTimeAttributes, ONE_TIME"),
    everywhere("Sights?", "HostAccess, ResolvedVisibility"),
    everywhere("SIGN_IN_ELSEWHERE", "EXTERNAL_SIGN_IN"),
    within(API, "Sought|Seen|Judging", "HostQuery, HostVerdict, HostStream"),
    everywhere("[Ss]hel(f|ves)", "Included"),
    everywhere("[Ss]urroundings", "RequestContext"),
    within(API, "Stamp", "ResourceMeta"),
    everywhere("Standing", "ReplicaStatus, HeldRoles, ExistingGrant, Memberships"),
    within(API, "struct Writes|fn writes|fn removes", "ResourceOperations"),
    everywhere("tell_(address|denied|guess|refused|sign_in|token)", "record_..."),
    everywhere("TellEnds|tell_ends", "RecordExpiredGrants"),
    within(API, "Told|told", "PageContext, or the verb that fits"),
    within(AUTH, "[Tt]old", "report, record"),
    within(DIALECTS, "[Tt]old", "ErrorBody, message"),
    within(AUTH, "[Tt]rouble", "LdapError, error"),
    within(MAIL, "[Tt]rouble", "SmtpError, error"),
    within(AUTH, "Turns?", "PatternLimit, PatternPermit"),
    everywhere("type Of|N::Of|Noun>::Of", "Parent"),
    everywhere("Unanswered", "LdapUnavailable"),
    everywhere("Unproved", "UnverifiedToken"),
    within(DIALECTS, "[Uu]nread", "BodyError"),
    everywhere("Visible", "Visibility"),
    everywhere("within_reach\\w*", "may_not_outrank"),
    within(AUTH, "[Ww]alk", "PagedSearch, search"),
    within(DIALECTS, "[Ww]alk", "UserStream"),
    within(API, "[Ww]hoever", "a subject: the caller, a client"),
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
