//! `[auth]`, second half of the rows: what signing in gives, for how long, and how often it may be tried.

use super::table::{Kind, Preset, Setting};
use super::value;

/// Ten years: longer is no limit, and shorter than any calendar.
const LONGEST: u64 = 315_360_000;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "auth.issuer",
        env: "ROLECALL_ISSUER",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "https://people.example.org",
        },
        meaning: "Issuer that access tokens name; without it the public address, and without that rolecall.",
        set: |settings, text| {
            settings.auth.issuer = Some(value::name(text)?);
            Ok(())
        },
    },
    Setting {
        key: "auth.audience",
        env: "ROLECALL_AUDIENCE",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Value("rolecall"),
        meaning: "Audience that access tokens name: the services that verify them.",
        set: |settings, text| {
            settings.auth.audience = value::name(text)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.access_token_seconds",
        env: "ROLECALL_ACCESS_TOKEN_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("900"),
        meaning: "Life of an access token: so long other services believe it after a change here.",
        set: |settings, text| {
            settings.auth.access_token_seconds = value::number(text, 10..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.refresh_token_seconds",
        env: "ROLECALL_REFRESH_TOKEN_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("1209600"),
        meaning: "Life of a refresh token; each use gives another.",
        set: |settings, text| {
            settings.auth.refresh_token_seconds = value::number(text, 10..=LONGEST)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.sign_in_seconds",
        env: "ROLECALL_SIGN_IN_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("7776000"),
        meaning: "After so long the password is asked for again, however often tokens were refreshed.",
        set: |settings, text| {
            settings.auth.sign_in_seconds = value::number(text, 10..=LONGEST)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.sign_in_attempts",
        env: "ROLECALL_SIGN_IN_ATTEMPTS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "Wrong passwords in a row for one username from one address before 429; 0 allows any number.",
        set: |settings, text| {
            settings.auth.sign_in_attempts = value::number(text, 0..=1000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.sign_in_pause_seconds",
        env: "ROLECALL_SIGN_IN_PAUSE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("6"),
        meaning: "After those, one more attempt each so many seconds.",
        set: |settings, text| {
            settings.auth.sign_in_pause_seconds = value::number(text, 1..=600)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.address_attempts",
        env: "ROLECALL_ADDRESS_ATTEMPTS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("50"),
        meaning: "Wrong passwords from one address, whatever the usernames, before 429; 0 allows any number.",
        set: |settings, text| {
            settings.auth.address_attempts = value::number(text, 0..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.address_pause_seconds",
        env: "ROLECALL_ADDRESS_PAUSE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("2"),
        meaning: "After those, one more attempt from that address each so many seconds.",
        set: |settings, text| {
            settings.auth.address_pause_seconds = value::number(text, 1..=600)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.failure_ms",
        env: "ROLECALL_FAILURE_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("0"),
        meaning: "Least time that a failed sign-in takes, in milliseconds, so that it does not tell imported hashes from others; 0: whatever it takes.",
        set: |settings, text| {
            settings.auth.failure_ms = value::number(text, 0..=10_000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.own_changes",
        env: "ROLECALL_OWN_CHANGES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "Changes of their own record and API tokens that users without the permission to change others' may make at once before 429; 0 allows any number.",
        set: |settings, text| {
            settings.auth.own_changes = value::number(text, 0..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.own_change_seconds",
        env: "ROLECALL_OWN_CHANGE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "After those, one more such change each so many seconds.",
        set: |settings, text| {
            settings.auth.own_change_seconds = value::number(text, 1..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.password_tokens",
        env: "ROLECALL_PASSWORD_TOKENS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "API tokens that a user has at most from /api/users/token/; one more revokes the oldest of them.",
        set: |settings, text| {
            settings.auth.password_tokens = value::number(text, 1..=1000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.tokens_per_user",
        env: "ROLECALL_TOKENS_PER_USER",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("100"),
        meaning: "API tokens that a user has at most; one more is refused. Those that have expired make room.",
        set: |settings, text| {
            settings.auth.tokens_per_user = value::number(text, 1..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.expired_token_seconds",
        env: "ROLECALL_EXPIRED_TOKEN_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("86400"),
        meaning: "How long an API token that has expired is still shown before it is deleted.",
        set: |settings, text| {
            settings.auth.expired_token_seconds = value::number(text, 0..=LONGEST)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.reauthenticate_seconds",
        env: "ROLECALL_REAUTHENTICATE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("900"),
        meaning: "So long after a sign-in its tokens can change the own username and e-mail address without the password; 0 asks always.",
        set: |settings, text| {
            settings.auth.reauthenticate_seconds = value::number(text, 0..=LONGEST)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.rename_self",
        env: "ROLECALL_RENAME_SELF",
        flag: None,
        kind: Kind::Switch,
        preset: Preset::Value("false"),
        meaning: "Whether everybody may change their own username and uname, not only holders of users:write.",
        set: |settings, text| {
            settings.auth.rename_self = value::switch(text)?;
            Ok(())
        },
    },
];
