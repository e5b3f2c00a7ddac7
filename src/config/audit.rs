//! `[audit]`: how the audit log tells of the door, however many come at once.

use super::table::{Kind, Preset, Setting};
use super::value;

#[derive(Clone, Debug)]
pub struct Audit {
    pub window_seconds: u64,
    pub window_entries: usize,
    pub window_details: usize,
    pub window_sign_ins: u32,
    pub token_addresses: u32,
}

impl Default for Audit {
    fn default() -> Audit {
        Audit {
            window_seconds: 60,
            window_entries: 10_000,
            window_details: 20,
            window_sign_ins: 10,
            token_addresses: 20,
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "audit.window_seconds",
        env: "ROLECALL_AUDIT_WINDOW_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "The same sign-in, failure or refusal is an event when it first happens, then one event with a count each so many seconds.",
        set: |settings, text| {
            settings.audit.window_seconds = value::number(text, 1..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "audit.window_entries",
        env: "ROLECALL_AUDIT_WINDOW_ENTRIES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10000"),
        meaning: "How many different ones are counted apart at a time; more are counted together.",
        set: |settings, text| {
            settings.audit.window_entries = value::number(text, 1..=1_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "audit.window_details",
        env: "ROLECALL_AUDIT_WINDOW_DETAILS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("20"),
        meaning: "How many usernames that one address tries, or operations that are refused to one caller, are counted apart at a time; more are counted together.",
        set: |settings, text| {
            settings.audit.window_details = value::number(text, 1..=10_000)?;
            Ok(())
        },
    },
    Setting {
        key: "audit.window_sign_ins",
        env: "ROLECALL_AUDIT_WINDOW_SIGN_INS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10"),
        meaning: "How many sign-ins by POST /auth, and how many sign-outs, of a user from one network are events of their own in a window; more are counted together.",
        set: |settings, text| {
            settings.audit.window_sign_ins = value::number(text, 0..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "audit.token_addresses",
        env: "ROLECALL_AUDIT_TOKEN_ADDRESSES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("20"),
        meaning: "Addresses remembered of each API token, so that its use from another is an event.",
        set: |settings, text| {
            settings.audit.token_addresses = value::number(text, 1..=1000)?;
            Ok(())
        },
    },
];
