//! An entry of a user, as far as we need it.

use std::collections::{BTreeSet, HashMap};

use ldap3::{ResultEntry, SearchEntry};

use crate::config;
use crate::directory::Problem;
use crate::directory::external::{Arrival, ExternalUser, Groups};

/// A user as the other directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub dn: String,
    pub username: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
    /// `None`: nobody asked.
    pub groups: Option<GroupNames>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupNames {
    pub names: BTreeSet<String>,
    /// False when there are more than may be looked at.
    pub are_all: bool,
}

/// The attributes that are asked for.
pub fn attributes(settings: &config::Ldap) -> Vec<String> {
    let all = [
        &settings.login_attribute,
        &settings.name_attribute,
        &settings.surname_attribute,
        &settings.full_name_attribute,
        &settings.email_attribute,
    ];
    all.into_iter().cloned().collect()
}

impl Person {
    /// The user is called what the entry says, not what somebody typed. None,
    /// when it does not say so in one way.
    pub fn of(entry: Entry, settings: &config::Ldap) -> Option<Self> {
        let username = entry.username(&settings.login_attribute)?;
        Some(Self {
            username,
            name: entry.first(&settings.name_attribute),
            surname: entry.first(&settings.surname_attribute),
            full_name: entry.first(&settings.full_name_attribute),
            email: entry.first(&settings.email_attribute),
            dn: entry.dn,
            groups: None,
        })
    }

    pub fn arrival(self, settings: &config::Ldap) -> Result<Arrival, Problem> {
        let always = settings.role_sync == config::RoleSync::Every;
        let groups = self.groups.map(|groups| Groups {
            names: groups.names,
            are_all: groups.are_all,
            always,
        });
        let mut user = ExternalUser::new(&self.username)?;
        user.name = self.name;
        user.surname = self.surname;
        user.full_name = self.full_name;
        user.email = self.email;
        Ok(Arrival {
            user,
            default_role: settings.default_role.clone(),
            groups,
            may_grant_admin: settings.grant_admin,
        })
    }
}

/// An entry whose attributes are found whatever the case of their names (RFC
/// 4512, section 2.5).
pub struct Entry {
    pub dn: String,
    attributes: HashMap<String, Vec<String>>,
}

impl Entry {
    pub fn of(entry: ResultEntry) -> Self {
        let entry = SearchEntry::construct(entry);
        let lower = |(name, values): (String, Vec<String>)| (name.to_ascii_lowercase(), values);
        Self {
            dn: entry.dn,
            attributes: entry.attrs.into_iter().map(lower).collect(),
        }
    }

    fn values(&self, attribute: &str) -> &[String] {
        let values = self.attributes.get(&attribute.to_ascii_lowercase());
        values.map_or(&[], Vec::as_slice)
    }

    pub fn first(&self, attribute: &str) -> Option<String> {
        self.values(attribute).first().cloned()
    }

    /// Of several names the one that the entry itself is named by: the order of
    /// values means nothing (RFC 4512, section 2.2), and one entry is one user.
    fn username(&self, attribute: &str) -> Option<String> {
        match self.values(attribute) {
            [only] => Some(only.clone()),
            several => {
                let dn = self.dn.to_lowercase();
                let names = |value: &&String| {
                    let value = ldap3::dn_escape(value.as_str()).to_lowercase();
                    let named = format!("{}={value}", attribute.to_ascii_lowercase());
                    let rest = dn.strip_prefix(&named);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([',', '+']))
                };
                several.iter().find(names).cloned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(dn: &str, uids: &[&str]) -> Entry {
        let uids = uids.iter().map(ToString::to_string).collect();
        Entry {
            dn: dn.to_owned(),
            attributes: [("uid".to_owned(), uids)].into_iter().collect(),
        }
    }

    #[test]
    fn of_several_names_the_one_of_the_entry_counts() {
        let name = |dn, uids: &[&str]| entry(dn, uids).username("UID");
        assert_eq!(
            name("cn=Calvin,dc=x", &["calvin"]).as_deref(),
            Some("calvin")
        );
        let several = &["cal", "Calvin"];
        assert_eq!(name("uid=calvin,dc=x", several).as_deref(), Some("Calvin"));
        assert_eq!(name("uid=calvinist,dc=x", several), None);
        assert_eq!(name("cn=Calvin,dc=x", several), None);
        assert_eq!(name("cn=Calvin,dc=x", &[]), None);
    }
}
