//! One connection, for one conversation. Every step has an end.

use std::sync::Arc;
use std::time::Duration;

use ldap3::{
    LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchOptions, ldap_escape,
};

use super::code::{self, described, failed};
use super::person::{Entry, GroupNames, Person, attributes};
use super::{Inner, Trouble, entry_id, tls};
use crate::config::{self, Secret};
use crate::directory::log_limit::SIGN_IN_ELSEWHERE;

pub struct Connection {
    handle: ldap3::Ldap,
    inner: Arc<Inner>,
}

impl Connection {
    /// Until the server would take a bind: connected, and enciphered where wanted.
    pub async fn open(inner: &Arc<Inner>) -> Result<Self, Trouble> {
        let settings = &inner.settings;
        let url = settings
            .url
            .as_ref()
            .ok_or_else(|| Trouble::Refused("no server is configured".into()))?
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
                    // To StartTLS.
                    LdapError::LdapResult { result } => failed("StartTLS", &result),
                    error => Trouble::Unreachable(format!("{url}: {}", said(&error))),
                })?;
        // Ends with the last handle.
        tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                log::debug!("LDAP: a connection ended: {error}");
            }
        });
        let inner = inner.clone();
        Ok(Self { handle, inner })
    }

    /// The handle, with the time that its next operation may take.
    pub fn next(&mut self) -> &mut ldap3::Ldap {
        let timeout = Duration::from_millis(self.inner.settings.timeout_ms);
        self.handle.with_timeout(timeout)
    }

    pub fn settings(&self) -> &config::Ldap {
        &self.inner.settings
    }

    /// As whoever may search.
    pub async fn bind_service(&mut self) -> Result<(), Trouble> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let (dn, password) = match (&settings.bind_dn, &settings.bind_password) {
            (Some(dn), Some(password)) => (dn.as_str(), password.expose()),
            _ => ("", ""),
        };
        let result = self.next().simple_bind(dn, password).await;
        let result = result.map_err(|error| unreachable("the bind of the service", &error))?;
        match result.rc {
            code::SUCCESS => Ok(()),
            code::INVALID_CREDENTIALS => Err(Trouble::Refused(format!(
                "the server does not accept ldap.bind_dn with ldap.bind_password: {}",
                described(&result)
            ))),
            _ => Err(failed("the bind of the service", &result)),
        }
    }

    /// Whether the server takes this password of an entry.
    pub async fn accepts(&mut self, dn: &str, password: &Secret) -> Result<bool, Trouble> {
        // Neither would be an anonymous bind that always succeeds.
        if dn.is_empty() || password.expose().is_empty() {
            return Ok(false);
        }
        let result = self.next().simple_bind(dn, password.expose()).await;
        let result = result.map_err(|error| unreachable("the bind of a user", &error))?;
        match result.rc {
            code::SUCCESS => Ok(true),
            // Wrong, or locked, or expired: whatever it is, they may not come in.
            rc if code::is_of_user(rc) => {
                if code::is_worth_a_line(&result) {
                    log::info!("LDAP: {dn:?} may not bind: {}", described(&result));
                }
                Ok(false)
            }
            _ => Err(failed("the bind of a user", &result)),
        }
    }

    /// The user of this name: exactly one entry, or nobody.
    pub async fn find(&mut self, username: &str) -> Result<Option<Person>, Trouble> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let filter = and(
            &equals(&settings.login_attribute, username),
            settings.filter.as_deref(),
        );
        let base = settings.users_dn();
        let wanted = attributes(settings);
        // Two are enough to see that it is not one.
        let options = SearchOptions::new().sizelimit(2);
        let handle = self.next().with_search_options(options);
        let found = handle.search(&base, Scope::Subtree, &filter, wanted).await;
        let found = found.map_err(|error| unreachable("the search of a user", &error))?;
        let (entries, result) = (found.0, found.1);
        check(&format!("the search below {base:?}"), &result)?;
        let mut entries = entries.into_iter();
        match (entries.next(), entries.next()) {
            (Some(entry), None) if result.rc == code::SUCCESS => {
                Ok(Person::of(Entry::of(entry), settings))
            }
            (None, _) => Ok(None),
            _ => {
                SIGN_IN_ELSEWHERE.log(format_args!(
                    "LDAP: several entries match {filter:?}: nobody is signed in by it"
                ));
                Ok(None)
            }
        }
    }

    /// Whether there is still exactly one user of this entry.
    pub async fn has_entry(&mut self, id: &str) -> Result<bool, Trouble> {
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

    /// The names of the groups that name this user.
    pub async fn groups(&mut self, dn: &str) -> Result<GroupNames, Trouble> {
        let inner = self.inner.clone();
        let settings = &inner.settings;
        let filter = and(
            &equals(&settings.group_attribute, dn),
            settings.group_filter.as_deref(),
        );
        let base = settings.groups_dn();
        let most = i32::try_from(settings.max_groups).unwrap_or(i32::MAX);
        let handle = self
            .next()
            .with_search_options(SearchOptions::new().sizelimit(most));
        let found = handle.search(&base, Scope::Subtree, &filter, ["cn"]).await;
        let found = found.map_err(|error| unreachable("the search of groups", &error))?;
        let (entries, result) = (found.0, found.1);
        check(&format!("the search below {base:?}"), &result)?;
        let names = entries.into_iter().map(Entry::of);
        Ok(GroupNames {
            names: names.filter_map(|entry| group_name(&entry)).collect(),
            are_all: result.rc == code::SUCCESS,
        })
    }
}

/// What a group is called: of several names the one in its DN.
fn group_name(entry: &Entry) -> Option<String> {
    let name = entry.own_name("cn");
    if name.is_none() {
        let dn = &entry.dn;
        log::info!("LDAP: the group {dn:?} gives no role: it has not one cn, nor one in its DN");
    }
    name
}

/// `(attribute=value)`, whatever the value holds (RFC 4515, section 3).
pub fn equals(attribute: &str, value: &str) -> String {
    format!("({attribute}={})", ldap_escape(value))
}

pub fn and(test: &str, other: Option<&str>) -> String {
    match other {
        Some(other) => format!("(&{test}{other})"),
        None => test.to_owned(),
    }
}

/// Whether a search ended as it may: with all, or with as many as were wanted.
pub fn check(what: &str, result: &LdapResult) -> Result<(), Trouble> {
    match result.rc {
        code::SUCCESS | code::SIZE_LIMIT => Ok(()),
        code::NO_SUCH_OBJECT => Err(Trouble::Refused(format!(
            "{what}: there is no such entry, or it may not be seen"
        ))),
        _ => Err(failed(what, result)),
    }
}

pub fn unreachable(what: &str, error: &LdapError) -> Trouble {
    Trouble::Unreachable(format!("{what}: {}", said(error)))
}

/// In words for people.
fn said(error: &LdapError) -> String {
    match error {
        LdapError::Timeout { .. } => "no answer in time".to_owned(),
        LdapError::Io { source } => tls::reason(source).unwrap_or_else(|| source.to_string()),
        LdapError::ResultRecv { .. } | LdapError::EndOfStream | LdapError::OpSend { .. } => {
            "the server closed the connection".to_owned()
        }
        LdapError::LdapResult { result } => described(result),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_a_value_and_no_part_of_the_filter() {
        assert_eq!(equals("uid", "*)(uid=*"), r"(uid=\2a\29\28uid=\2a)");
        assert_eq!(and("(uid=a)", None), "(uid=a)");
        assert_eq!(and("(uid=a)", Some("(b=c)")), "(&(uid=a)(b=c))");
    }
}
