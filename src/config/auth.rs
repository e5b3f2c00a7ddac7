//! `[auth]`: the first administrator, passwords, and how long a proof of identity is remembered.

use std::path::PathBuf;

use super::secret::Secret;
use super::table::{Kind, Preset, Setting};
use super::value;

#[derive(Clone, Debug)]
pub struct Auth {
    pub admin_username: String,
    pub admin_password: Option<Secret>,
    pub password_min_length: usize,
    pub password_max_length: usize,
    pub refuse_common_passwords: bool,
    /// More passwords that are refused, or hashes of such.
    pub refused_passwords_file: Option<PathBuf>,
    pub hash_threads: Option<usize>,
    pub hash_queue: usize,
    pub credential_cache_seconds: u64,
    pub credential_cache_entries: usize,
    pub token_cache_seconds: u64,
    pub issuer: Option<String>,
    pub audience: String,
    pub access_token_seconds: u64,
    pub refresh_token_seconds: u64,
    pub sign_in_seconds: u64,
    /// 0: no limit.
    pub sign_in_attempts: u64,
    pub sign_in_pause_seconds: u64,
    /// Over all usernames. 0: no limit.
    pub address_attempts: u64,
    pub address_pause_seconds: u64,
    pub password_tokens: u64,
    pub tokens_per_user: u64,
    pub expired_token_seconds: u64,
    pub reauthenticate_seconds: u64,
    pub rename_self: bool,
    /// The least time of a failed sign-in. 0: whatever it takes.
    pub failure_ms: u64,
    /// Changes of one's own record and tokens. 0: no limit.
    pub own_changes: u64,
    pub own_change_seconds: u64,
}

impl Default for Auth {
    fn default() -> Auth {
        Auth {
            admin_username: "admin".to_owned(),
            admin_password: None,
            password_min_length: 7,
            password_max_length: 1024,
            refuse_common_passwords: true,
            refused_passwords_file: None,
            hash_threads: None,
            hash_queue: 64,
            credential_cache_seconds: 60,
            credential_cache_entries: 10_000,
            token_cache_seconds: 5,
            issuer: None,
            audience: "rolecall".to_owned(),
            access_token_seconds: 900,
            refresh_token_seconds: 1_209_600,
            sign_in_seconds: 7_776_000,
            sign_in_attempts: 10,
            sign_in_pause_seconds: 6,
            address_attempts: 50,
            address_pause_seconds: 2,
            password_tokens: 10,
            tokens_per_user: 100,
            expired_token_seconds: 24 * 60 * 60,
            reauthenticate_seconds: 900,
            rename_self: false,
            failure_ms: 0,
            own_changes: 60,
            own_change_seconds: 60,
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "auth.admin_username",
        env: "ROLECALL_ADMIN_USERNAME",
        flag: Some("--admin-username"),
        kind: Kind::Text,
        preset: Preset::Value("admin"),
        meaning: "Name of the administrator whom the first start creates.",
        set: |settings, text| {
            settings.auth.admin_username = value::name(text)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.admin_password",
        env: "ROLECALL_ADMIN_PASSWORD",
        // No flag: every user of the machine can read a running program's flags.
        flag: None,
        kind: Kind::Secret,
        preset: Preset::Unset {
            example: "choose a long sentence",
        },
        meaning: "Password of that administrator, read at the first start only; without it one is made and printed once.",
        set: |settings, text| {
            settings.auth.admin_password = Some(Secret::new(text));
            Ok(())
        },
    },
    Setting {
        key: "auth.password_min_length",
        env: "ROLECALL_PASSWORD_MIN_LENGTH",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("7"),
        meaning: "Characters that a new password has at least.",
        set: |settings, text| {
            settings.auth.password_min_length = value::number(text, 1..=1024)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.password_max_length",
        env: "ROLECALL_PASSWORD_MAX_LENGTH",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("1024"),
        meaning: "Characters that a password has at most.",
        set: |settings, text| {
            settings.auth.password_max_length = value::number(text, 1..=1024)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.refuse_common_passwords",
        env: "ROLECALL_REFUSE_COMMON_PASSWORDS",
        flag: None,
        kind: Kind::Switch,
        preset: Preset::Value("true"),
        meaning: "Whether the most common passwords, a list of which is part of the program, cannot be set.",
        set: |settings, text| {
            settings.auth.refuse_common_passwords = value::switch(text)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.refused_passwords_file",
        env: "ROLECALL_REFUSED_PASSWORDS_FILE",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "/etc/rolecall/refused-passwords.txt",
        },
        meaning: "More passwords that cannot be set: one a line, or sorted SHA-1 hashes as Have I Been Pwned has them; read at start.",
        set: |settings, text| {
            settings.auth.refused_passwords_file = Some(value::name(text)?.into());
            Ok(())
        },
    },
    Setting {
        key: "auth.hash_threads",
        env: "ROLECALL_HASH_THREADS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Unset { example: "2" },
        meaning: "Threads that hash passwords; without it one per core.",
        set: |settings, text| {
            settings.auth.hash_threads = Some(value::number(text, 1..=256)?);
            Ok(())
        },
    },
    Setting {
        key: "auth.hash_queue",
        env: "ROLECALL_HASH_QUEUE",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("64"),
        meaning: "Passwords that may wait to be hashed; more are answered with 503.",
        set: |settings, text| {
            settings.auth.hash_queue = value::number(text, 1..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.credential_cache_seconds",
        env: "ROLECALL_CREDENTIAL_CACHE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("60"),
        meaning: "How long a verified password is remembered; 0 hashes at every request.",
        set: |settings, text| {
            settings.auth.credential_cache_seconds = value::number(text, 0..=3600)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.credential_cache_entries",
        env: "ROLECALL_CREDENTIAL_CACHE_ENTRIES",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10000"),
        meaning: "How many verified passwords and tokens are remembered at most.",
        set: |settings, text| {
            settings.auth.credential_cache_entries = value::number(text, 1..=10_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "auth.token_cache_seconds",
        env: "ROLECALL_TOKEN_CACHE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("5"),
        meaning: "PostgreSQL: how long a caller is believed while changes made by other processes cannot be heard of.",
        set: |settings, text| {
            settings.auth.token_cache_seconds = value::number(text, 0..=3600)?;
            Ok(())
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_password_keeps_its_blanks() {
        let mut settings = Settings::default();
        let row = SETTINGS
            .iter()
            .find(|row| row.key == "auth.admin_password")
            .unwrap();
        row.apply(&mut settings, " two words ", String::new)
            .unwrap();
        assert_eq!(
            settings.auth.admin_password,
            Some(Secret::new(" two words "))
        );
    }

    #[test]
    fn the_documented_example_password_is_long_enough() {
        assert!("j04nd0e".chars().count() >= Auth::default().password_min_length);
    }
}
