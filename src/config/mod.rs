//! What the service was told at start: one [`Settings`], a struct and a file per section.
//!
//! A value is taken from the first of these that names it: a flag, the environment, the file, the default.
//! Every setting is one row of a table (see [`settings`]), which is also where the page of settings, the sample
//! file and the refusal of unknown names come from. A new setting is a field, its default and a row.
//!
//! This room imports nothing of ours, and reads neither the process's environment nor its arguments by itself.

mod audit;
mod auth;
mod backup;
mod contradictions;
mod database;
mod environment;
mod error;
mod file;
mod ldap;
mod limits;
mod listen;
mod log;
mod mail;
mod origin;
mod overrides;
mod postgres;
mod sample;
mod secret;
mod server;
mod sign_in;
mod suggest;
mod table;
mod trust;
mod value;

pub use audit::Audit;
pub use auth::Auth;
pub use backup::Backup;
pub use database::{Database, DatabaseUrl, Pooler};
pub use environment::{check_environment, unknown_variables};
pub use error::ConfigError;
pub use ldap::{Ldap, LdapUrl, RoleSync};
pub use limits::Limits;
pub use listen::Listen;
pub use log::Log;
pub use mail::{Mail, MailAbout, MailFrom, SmtpSecurity, SmtpUrl};
pub use origin::Origin;
pub use overrides::Overrides;
pub use postgres::{Authority, Encryption, PostgresAddress};
pub use sample::{markdown_table, sample};
pub use secret::Secret;
pub use server::{ClientIds, InvalidDataStatus, Server, Surface, UnknownAttributes};
pub use suggest::closest;
pub use table::{Kind, Preset, Setting, settings};
pub use trust::{authorities, crypto_provider, distrust, trusting, trusting_nobody};

use std::path::{Path, PathBuf};

/// Names the file when no flag does.
pub const CONFIG_FILE_VARIABLE: &str = "ROLECALL_CONFIG";

/// Everything that can be configured. `Settings::default()` is what an empty configuration gives.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub server: Server,
    pub database: Database,
    pub auth: Auth,
    pub ldap: Ldap,
    pub mail: Mail,
    pub limits: Limits,
    pub audit: Audit,
    pub backup: Backup,
    pub log: Log,
}

impl Settings {
    /// Assembles flags over environment over file over defaults. `file` is the flag's; without it the file
    /// that `ROLECALL_CONFIG` names is read, and without that none. An empty variable counts as not set.
    pub fn load(
        overrides: Overrides,
        env: &dyn Fn(&str) -> Option<String>,
        file: Option<&Path>,
    ) -> Result<Settings, ConfigError> {
        let (settings, problems) = Settings::examine(overrides, env, file);
        problems.into_iter().next().map_or(Ok(settings), Err)
    }

    /// The sections in which they differ from others, as far as can be shown.
    pub fn sections_unlike(&self, other: &Settings) -> Vec<&'static str> {
        fn shown(settings: &Settings) -> [(&'static str, String); 9] {
            [
                ("server", format!("{:?}", settings.server)),
                ("database", format!("{:?}", settings.database)),
                ("auth", format!("{:?}", settings.auth)),
                ("ldap", format!("{:?}", settings.ldap)),
                ("mail", format!("{:?}", settings.mail)),
                ("limits", format!("{:?}", settings.limits)),
                ("audit", format!("{:?}", settings.audit)),
                ("backup", format!("{:?}", settings.backup)),
                ("log", format!("{:?}", settings.log)),
            ]
        }
        let pairs = shown(self).into_iter().zip(shown(other));
        let unlike = pairs.filter(|(one, other)| one != other);
        unlike.map(|((section, _), _)| section).collect()
    }

    /// The same, with all that is wrong; what is wrong has its default.
    pub fn examine(
        overrides: Overrides,
        env: &dyn Fn(&str) -> Option<String>,
        file: Option<&Path>,
    ) -> (Settings, Vec<ConfigError>) {
        let (mut assembled, mut problems) = (Settings::default(), Vec::new());
        let named = given(env, CONFIG_FILE_VARIABLE).map(PathBuf::from);
        if let Some(path) = file.or(named.as_deref()) {
            file::apply(path, &mut assembled, &mut problems);
        }
        for setting in settings() {
            let mut names = environment::names(setting);
            if let Some((name, text)) = names.find_map(|name| Some((name, given(env, name)?))) {
                let applied = setting.apply(&mut assembled, &text, || name.to_owned());
                problems.extend(applied.err());
            }
        }
        overrides.apply(&mut assembled, &mut problems);
        let contradictions = assembled.contradictions();
        // What could not be read contradicts nothing.
        let contradictions = contradictions.into_iter().filter(|contradiction| {
            !problems
                .iter()
                .any(|problem| contradiction.is_about_the_setting_of(problem))
        });
        let contradictions: Vec<ConfigError> = contradictions.collect();
        problems.extend(contradictions);
        (assembled, problems)
    }
}

fn given(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    env(name).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn from_environment(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let env = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::load(Overrides::default(), &env, None)
    }

    fn sentence(pairs: &[(&str, &str)]) -> String {
        from_environment(pairs).unwrap_err().to_string()
    }

    #[test]
    fn nothing_configured_gives_the_defaults() {
        let settings = Settings::load(Overrides::default(), &nothing, None).unwrap();
        assert_eq!(
            format!("{settings:?}"),
            format!("{:?}", Settings::default())
        );
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.database.url.to_string(), "sqlite://rolecall.db");
    }

    #[test]
    fn what_belongs_to_postgresql_is_refused_with_sqlite() {
        let replica = "postgres://me:hunter2@replica/people";
        assert_eq!(
            sentence(&[("ROLECALL_DATABASE_REPLICA_URL", replica)]),
            "database.replica_url: needs PostgreSQL, but database.url is sqlite://rolecall.db"
        );
        assert_eq!(
            sentence(&[("ROLECALL_DATABASE_POOLER", "transaction")]),
            "database.pooler: needs PostgreSQL, but database.url is sqlite://rolecall.db"
        );
        assert_eq!(
            sentence(&[("DATABASE_REPLICA_URL", "sqlite://copy.db")]),
            "DATABASE_REPLICA_URL: must be a postgres:// address"
        );
    }

    #[test]
    fn whoever_names_an_authority_encrypts() {
        let ca = ("ROLECALL_DATABASE_TLS_CA", "/etc/ca.pem");
        let url = |parameters| format!("postgres://me:hunter2@db/people{parameters}");
        let with = |parameters| from_environment(&[ca, ("DATABASE_URL", &url(parameters))]);
        assert_eq!(
            with("").unwrap_err().to_string(),
            "database.tls_ca: is of use with sslmode=verify-full in database.url only"
        );
        assert_eq!(
            with("?sslmode=prefer").unwrap_err().to_string(),
            "DATABASE_URL: has an sslmode that anybody on the way can turn off: write verify-full, or disable"
        );
        let settings = with("?sslmode=verify-full").unwrap();
        assert_eq!(settings.database.tls_ca, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn the_replica_has_two_names_of_which_ours_wins() {
        let url = ("DATABASE_URL", "postgres://main/people");
        let plain = ("DATABASE_REPLICA_URL", "postgres://plain/people");
        let ours = ("ROLECALL_DATABASE_REPLICA_URL", "postgres://ours/people");
        let replica = |pairs: &[(&str, &str)]| {
            let settings = from_environment(pairs).unwrap();
            settings.database.replica_url.unwrap().to_string()
        };
        assert_eq!(replica(&[url, plain]), "postgres://plain/people");
        assert_eq!(replica(&[url, plain, ours]), "postgres://ours/people");
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let directory = tempfile();
        std::fs::write(
            &directory,
            "[server]\nlisten = \"127.0.0.1:1\"\nproject = \"file\"\nworkers = 3\n",
        )
        .unwrap();
        let env = |name: &str| match name {
            "ROLECALL_LISTEN" => Some("127.0.0.1:2".to_owned()),
            "ROLECALL_PROJECT" => Some("environment".to_owned()),
            _ => None,
        };
        let flags = Overrides {
            listen: Some("127.0.0.1:3".to_owned()),
            ..Overrides::default()
        };
        let settings = Settings::load(flags, &env, Some(&directory)).unwrap();
        std::fs::remove_file(&directory).unwrap();
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:3");
        assert_eq!(settings.server.project, "environment");
        assert_eq!(settings.server.workers, Some(3));
    }

    #[test]
    fn the_environment_may_name_the_file() {
        let path = tempfile();
        std::fs::write(&path, "[limits]\npage_size_max = 50\n").unwrap();
        let text = path.display().to_string();
        let settings = from_environment(&[("ROLECALL_CONFIG", &text)]).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(settings.limits.page_size_max, 50);
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let settings =
            from_environment(&[("DATABASE_URL", ""), ("ROLECALL_WORKERS", " ")]).unwrap();
        assert_eq!(settings.server.workers, None);
    }

    #[test]
    fn a_wrong_value_is_one_sentence_that_names_where_it_stands() {
        assert_eq!(
            sentence(&[("ROLECALL_LISTEN", "localhost")]),
            "ROLECALL_LISTEN: `localhost` is not a host and a port, like 127.0.0.1:8080, localhost:8080, :8080 or [::1]:8080"
        );
        assert_eq!(
            sentence(&[("ROLECALL_LIMIT_JSON_DEPTH", "0")]),
            "ROLECALL_LIMIT_JSON_DEPTH: 0 is outside 1 to 100"
        );
    }

    #[test]
    fn a_wrong_flag_is_named_as_it_was_typed() {
        let flags = Overrides {
            workers: Some("many".to_owned()),
            ..Overrides::default()
        };
        let error = Settings::load(flags, &nothing, None).unwrap_err();
        assert_eq!(error.to_string(), "--workers: `many` is not a whole number");
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        assert_eq!(
            sentence(&[("ROLECALL_LIMIT_PAGE_SIZE_MAX", "10")]),
            "limits.page_size_default: 20 is more than limits.page_size_max allows (10)"
        );
        assert_eq!(
            sentence(&[("ROLECALL_PASSWORD_MAX_LENGTH", "5")]),
            "auth.password_min_length: 7 is more than auth.password_max_length allows (5)"
        );
        assert_eq!(
            sentence(&[("ROLECALL_MAIL_SMTP_URL", "smtp://localhost")]),
            "mail.from: is needed with mail.smtp_url"
        );
        assert_eq!(
            sentence(&[("ROLECALL_TLS_KEY", "/key.pem")]),
            "server.tls_certificate: is needed with server.tls_key"
        );
    }

    #[test]
    fn printing_the_settings_shows_no_secret() {
        let settings = from_environment(&[
            ("ROLECALL_ADMIN_PASSWORD", "hunter2"),
            (
                "DATABASE_URL",
                "postgres://me:hunter2@localhost/people?password=hunter2",
            ),
            ("ROLECALL_MAIL_SMTP_URL", "smtps://me:hunter2@localhost"),
            ("ROLECALL_MAIL_FROM", "people@example.org"),
        ])
        .unwrap();
        let printed = format!("{settings:?} {settings:#?} {}", settings.database.url);
        assert!(!printed.contains("hunter2"), "{printed}");
    }

    fn tempfile() -> PathBuf {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!(
            "rolecall-config-{}-{number}.toml",
            std::process::id()
        ))
    }
}
