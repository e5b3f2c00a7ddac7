//! What the command line says. The `cli` room reads the flags; their text is judged here, like all other text.

use super::{ConfigError, Settings, table};

/// The flags as typed. The flag's spelling is in the table's row of the setting.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--base-url`
    pub base_url: Option<String>,
    /// `--trusted-proxies`, a list separated by commas
    pub trusted_proxies: Option<String>,
    /// `--workers`
    pub workers: Option<String>,
    /// `--cors-origins`, a list separated by commas
    pub cors_origins: Option<String>,
    /// `--database`
    pub database_url: Option<String>,
    /// `--admin-username`
    pub admin_username: Option<String>,
}

impl Overrides {
    pub(super) fn apply(self, settings: &mut Settings, problems: &mut Vec<ConfigError>) {
        let pairs = [
            ("--listen", self.listen),
            ("--base-url", self.base_url),
            ("--trusted-proxies", self.trusted_proxies),
            ("--workers", self.workers),
            ("--cors-origins", self.cors_origins),
            ("--database", self.database_url),
            ("--admin-username", self.admin_username),
        ];
        for (flag, text) in pairs {
            let row = table::settings().find(|setting| setting.flag == Some(flag));
            if let (Some(setting), Some(text)) = (row, text) {
                let applied = setting.apply(settings, &text, || flag.to_owned());
                problems.extend(applied.err());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_the_table_reaches_its_setting() {
        let flags = Overrides {
            listen: Some("[::1]:9".to_owned()),
            base_url: Some("https://example.org".to_owned()),
            trusted_proxies: Some("10.0.0.0/8,::1".to_owned()),
            workers: Some("2".to_owned()),
            cors_origins: Some("*".to_owned()),
            database_url: Some("sqlite://other.db".to_owned()),
            admin_username: Some("root".to_owned()),
        };
        let mut settings = Settings::default();
        let mut problems = Vec::new();
        flags.apply(&mut settings, &mut problems);
        assert_eq!(problems, []);
        assert_eq!(settings.server.listen.to_string(), "[::1]:9");
        assert_eq!(
            settings.server.base_url.as_deref(),
            Some("https://example.org")
        );
        assert_eq!(settings.server.trusted_proxies.len(), 2);
        assert_eq!(settings.server.workers, Some(2));
        assert_eq!(settings.server.cors_origins, ["*"]);
        assert_eq!(settings.database.url.to_string(), "sqlite://other.db");
        assert_eq!(settings.auth.admin_username, "root");
        assert_eq!(
            table::settings().filter(|row| row.flag.is_some()).count(),
            7
        );
    }
}
