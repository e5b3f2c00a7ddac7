//! `[auth]`, second half: what signing in gives, for how long, and how often it may be tried.

use super::table::{Kind, Preset, Setting};
use super::value;

#[derive(Clone, Debug)]
pub struct SignIn {
    pub issuer: Option<String>,
    pub audience: String,
    pub access_token_seconds: u64,
    pub refresh_token_seconds: u64,
    pub sign_in_seconds: u64,
    /// 0: no limit.
    pub attempts: u64,
    pub pause_seconds: u64,
}

impl Default for SignIn {
    fn default() -> SignIn {
        SignIn {
            issuer: None,
            audience: "rolecall".to_owned(),
            access_token_seconds: 900,
            refresh_token_seconds: 1_209_600,
            sign_in_seconds: 7_776_000,
            attempts: 10,
            pause_seconds: 6,
        }
    }
}

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
            settings.auth.sign_in.issuer = Some(value::name(text)?);
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
            settings.auth.sign_in.audience = value::name(text)?;
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
            settings.auth.sign_in.access_token_seconds = value::number(text, 10..=86_400)?;
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
            settings.auth.sign_in.refresh_token_seconds = value::number(text, 10..=LONGEST)?;
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
            settings.auth.sign_in.sign_in_seconds = value::number(text, 10..=LONGEST)?;
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
            settings.auth.sign_in.attempts = value::number(text, 0..=1000)?;
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
            settings.auth.sign_in.pause_seconds = value::number(text, 1..=600)?;
            Ok(())
        },
    },
];
