//! One connection for one request. Every operation has a timeout.

use std::sync::Arc;
use std::time::Duration;

use ldap3::{LdapConnAsync, LdapConnSettings, LdapResult, Scope, SearchOptions, ldap_escape};

use super::person::{Entry, GroupNames, Person, attributes};
use super::result_code::{self, describe, failed};
use super::{Inner, LdapError, entry_id, tls};
use crate::config::{self, Secret};
use crate::directory::log_limit::EXTERNAL_SIGN_IN;

pub struct Connection {
    handle: ldap3::Ldap,
    inner: Arc<Inner>,
}

impl Connection {
    /// Connects, with TLS if it is configured, but does not bind yet.
    pub async fn open(inner: &Arc<Inner>) -> Result<Self, LdapError> {
        let settings = &inner.settings;
        let url = settings
            .url
            .as_ref()
            .ok_or_else(|| LdapError::Refused("no server is configured".into()))?
            .to_string();
        let mut how = LdapConnSettings::new()
            .set_conn_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .set_starttls(settings.start_tls);
        if let Some(tls) = &inner.tls {
            how = how.set_config(tls.0.clone());
        }
        let (connection, handle) =
            LdapConnAsync::with_settings(how, &url)
                .await
                .map_err(|error| match error {
                    // The answer to StartTLS.
                    ldap3::LdapError::LdapResult { result } => failed("StartTLS", &result),
                    error => LdapError::Unreachable(format!("{url}: {}", describe_error(&error))),
                })?;
        // The task ends when the last handle is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                log::debug!("LDAP: a connection ended: {error}");
            }
        });
        let inner = inner.clone();
        Ok(Self { handle, inner })
    }

    /// The handle, with the timeout for its next operation.
    pub fn next(&mut self) -> &mut ldap3::Ldap {
        let timeout = Duration::from_millis(self.inner.settings.timeout_ms);
        self.handle.with_timeout(timeout)
    }

    pub fn settings(&self) -> &config::Ldap {
        &self.inner.settings
    }

    /// Binds as the account that may search.
    pub async fn bind_service(&mut self) -> Result<(), LdapError> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let (dn, password) = match (&settings.bind_dn, &settings.bind_password) {
            (Some(dn), Some(password)) => (dn.as_str(), password.expose()),
            _ => ("", ""),
        };
        let result = self.next().simple_bind(dn, password).await;
        let result = result.map_err(|error| unreachable("the bind of the service", &error))?;
        match result.rc {
            result_code::SUCCESS => Ok(()),
            result_code::INVALID_CREDENTIALS => Err(LdapError::Refused(format!(
                "the server does not accept ldap.bind_dn with ldap.bind_password: {}",
                describe(&result)
            ))),
            _ => Err(failed("the bind of the service", &result)),
        }
    }

    /// Whether the server accepts this password for an entry.
    pub async fn accepts_password(
        &mut self,
        dn: &str,
        password: &Secret,
    ) -> Result<bool, LdapError> {
        // A bind without a DN or a password is anonymous and always succeeds.
        if dn.is_empty() || password.expose().is_empty() {
            return Ok(false);
        }
        let result = self.next().simple_bind(dn, password.expose()).await;
        let result = result.map_err(|error| unreachable("the bind of a user", &error))?;
        match result.rc {
            result_code::SUCCESS => Ok(true),
            // Wrong password, locked or expired account: all deny the sign-in.
            rc if result_code::is_about_user(rc) => {
                if result_code::is_worth_logging(&result) {
                    log::info!("LDAP: {dn:?} cannot bind: {}", describe(&result));
                }
                Ok(false)
            }
            _ => Err(failed("the bind of a user", &result)),
        }
    }

    /// The user of this name; `None` unless exactly one entry matches.
    pub async fn find(&mut self, username: &str) -> Result<Option<Person>, LdapError> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let filter = and(
            &equals(&settings.login_attribute, username),
            settings.filter.as_deref(),
        );
        let base = settings.users_dn();
        let wanted = attributes(settings);
        // Two entries are enough to see that the name is ambiguous.
        let options = SearchOptions::new().sizelimit(2);
        let handle = self.next().with_search_options(options);
        let found = handle.search(&base, Scope::Subtree, &filter, wanted).await;
        let found = found.map_err(|error| unreachable("the search of a user", &error))?;
        let (entries, result) = (found.0, found.1);
        check(&format!("the search below {base:?}"), &result)?;
        let mut entries = entries.into_iter();
        match (entries.next(), entries.next()) {
            (Some(entry), None) if result.rc == result_code::SUCCESS => {
                Ok(Person::of(Entry::of(entry), settings))
            }
            (None, _) => Ok(None),
            _ => {
                EXTERNAL_SIGN_IN.log(format_args!(
                    "LDAP: several entries match {filter:?}: the sign-in is rejected"
                ));
                Ok(None)
            }
        }
    }

    /// Whether exactly one user still has this entry id.
    pub async fn has_entry(&mut self, id: &str) -> Result<bool, LdapError> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let test = entry_id::filter(&settings.id_attributes(), id);
        let filter = and(&test, settings.filter.as_deref());
        let base = settings.users_dn();
        let options = SearchOptions::new().sizelimit(2);
        let handle = self.next().with_search_options(options);
        let found = handle.search(&base, Scope::Subtree, &filter, ["1.1"]).await;
        let (entries, result) = found
            .map(|found| (found.0, found.1))
            .map_err(|error| unreachable("the search of an entry", &error))?;
        check(&format!("the search below {base:?}"), &result)?;
        Ok(entries.len() == 1)
    }

    /// The names of the groups that this user is a member of.
    pub async fn groups(&mut self, dn: &str) -> Result<GroupNames, LdapError> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let filter = and(
            &equals(&settings.group_attribute, dn),
            settings.group_filter.as_deref(),
        );
        let base = settings.groups_dn();
        let max = i32::try_from(settings.max_groups).unwrap_or(i32::MAX);
        let handle = self
            .next()
            .with_search_options(SearchOptions::new().sizelimit(max));
        let found = handle.search(&base, Scope::Subtree, &filter, ["cn"]).await;
        let found = found.map_err(|error| unreachable("the search of groups", &error))?;
        let (entries, result) = (found.0, found.1);
        check(&format!("the search below {base:?}"), &result)?;
        let names = entries.into_iter().map(Entry::of);
        Ok(GroupNames {
            names: names.filter_map(|entry| group_name(&entry)).collect(),
            are_all: result.rc == result_code::SUCCESS,
        })
    }
}

/// The name of a group; if it has several, the one in its DN.
fn group_name(entry: &Entry) -> Option<String> {
    let name = entry.own_name("cn");
    if name.is_none() {
        let dn = &entry.dn;
        log::info!(
            "LDAP: the group {dn:?} maps to no role: it has several cn or none, and none in its DN"
        );
    }
    name
}

/// `(attribute=value)` with the value escaped (RFC 4515, section 3).
pub fn equals(attribute: &str, value: &str) -> String {
    format!("({attribute}={})", ldap_escape(value))
}

pub fn and(test: &str, other: Option<&str>) -> String {
    match other {
        Some(other) => format!("(&{test}{other})"),
        None => test.to_owned(),
    }
}

/// Whether a search succeeded, with all results or as many as were asked for.
pub fn check(what: &str, result: &LdapResult) -> Result<(), LdapError> {
    match result.rc {
        result_code::SUCCESS | result_code::SIZE_LIMIT => Ok(()),
        result_code::NO_SUCH_OBJECT => Err(LdapError::Refused(format!(
            "{what}: there is no such entry, or ldap.bind_dn cannot see it"
        ))),
        _ => Err(failed(what, result)),
    }
}

pub fn unreachable(what: &str, error: &ldap3::LdapError) -> LdapError {
    LdapError::Unreachable(format!("{what}: {}", describe_error(error)))
}

/// The cause in words for administrators.
fn describe_error(error: &ldap3::LdapError) -> String {
    match error {
        ldap3::LdapError::Timeout { .. } => "no answer in time".to_owned(),
        ldap3::LdapError::Io { source } => {
            tls::reason(source).unwrap_or_else(|| source.to_string())
        }
        ldap3::LdapError::ResultRecv { .. }
        | ldap3::LdapError::EndOfStream
        | ldap3::LdapError::OpSend { .. } => "the server closed the connection".to_owned(),
        ldap3::LdapError::LdapResult { result } => describe(result),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_escaped_and_cannot_change_the_filter() {
        assert_eq!(equals("uid", "*)(uid=*"), r"(uid=\2a\29\28uid=\2a)");
        assert_eq!(and("(uid=a)", None), "(uid=a)");
        assert_eq!(and("(uid=a)", Some("(b=c)")), "(&(uid=a)(b=c))");
    }
}
