//! The attributes that are read from the entry of a user.

use std::collections::{BTreeSet, HashMap};

use ldap3::{ResultEntry, SearchEntry};

use super::{dn, entry_id};
use crate::config;
use crate::directory::FieldError;
use crate::directory::external::{EntryId, ExternalUser, Groups, Provisioning};

/// A user of the LDAP directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub dn: String,
    /// Identifies the entry across renames.
    pub id: EntryId,
    pub username: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
    /// `None`: not read.
    pub groups: Option<GroupNames>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupNames {
    pub names: BTreeSet<String>,
    /// False when there are more than `ldap.max_groups`.
    pub are_all: bool,
}

/// The attributes that searches request.
pub fn attributes(settings: &config::Ldap) -> Vec<String> {
    let all = [
        &settings.login_attribute,
        &settings.name_attribute,
        &settings.surname_attribute,
        &settings.full_name_attribute,
        &settings.email_attribute,
    ];
    let ids = settings.id_attributes().into_iter().map(str::to_owned);
    all.into_iter().cloned().chain(ids).collect()
}

impl Person {
    /// Takes the username from the entry, not from the login form. `None` when the
    /// entry does not determine it.
    pub fn of(entry: Entry, settings: &config::Ldap) -> Option<Self> {
        let username = entry.own_name(&settings.login_attribute)?;
        Some(Self {
            username,
            id: entry.id(settings),
            name: entry.first(&settings.name_attribute),
            surname: entry.first(&settings.surname_attribute),
            full_name: entry.first(&settings.full_name_attribute),
            email: entry.first(&settings.email_attribute),
            dn: entry.dn,
            groups: None,
        })
    }

    pub fn provisioning(self, settings: &config::Ldap) -> Result<Provisioning, FieldError> {
        let always = settings.role_sync == config::RoleSync::Every;
        let groups = self.groups.map(|groups| Groups {
            names: groups.names,
            are_all: groups.are_all,
            always,
        });
        let mut user = ExternalUser::new(&self.username)?;
        user.id = self.id;
        user.name = self.name;
        user.surname = self.surname;
        user.full_name = self.full_name;
        user.email = self.email;
        Ok(Provisioning {
            user,
            default_role: settings.default_role.clone(),
            groups,
            may_grant_admin: settings.grant_admin,
            may_adopt: false,
        })
    }
}

/// An entry whose attribute names are case-insensitive (RFC 4512, section 2.5).
pub struct Entry {
    pub dn: String,
    attributes: HashMap<String, Vec<String>>,
    /// Attributes with values that are not UTF-8.
    binary: HashMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    pub fn of(entry: ResultEntry) -> Self {
        let entry = SearchEntry::construct(entry);
        Self {
            dn: entry.dn,
            attributes: by_lower_name(entry.attrs),
            binary: by_lower_name(entry.bin_attrs),
        }
    }

    fn values(&self, attribute: &str) -> &[String] {
        let values = self.attributes.get(&attribute.to_ascii_lowercase());
        values.map_or(&[], Vec::as_slice)
    }

    pub fn first(&self, attribute: &str) -> Option<String> {
        self.values(attribute).first().cloned()
    }

    /// The only value of a naming attribute or, of several, the one in the DN: the
    /// order of values means nothing (RFC 4512, section 2.2).
    pub fn own_name(&self, attribute: &str) -> Option<String> {
        match self.values(attribute) {
            [only] => Some(only.clone()),
            several => {
                let named = dn::values_of(&self.dn, attribute);
                let is_named = |value: &&String| named.iter().any(|own| dn::is_same(own, value));
                several.iter().find(is_named).cloned()
            }
        }
    }

    fn id(&self, settings: &config::Ldap) -> EntryId {
        let attributes = settings.id_attributes();
        if attributes.is_empty() {
            return EntryId::Unused;
        }
        let mut ids = attributes.into_iter().filter_map(|attribute| {
            let values = self.bytes(attribute);
            match values.as_slice() {
                [value] => entry_id::text(attribute, value),
                _ => None,
            }
        });
        ids.next().map_or(EntryId::Hidden, EntryId::Is)
    }

    /// The values as bytes, whether they are UTF-8 or not.
    fn bytes(&self, attribute: &str) -> Vec<&[u8]> {
        match self.binary.get(&attribute.to_ascii_lowercase()) {
            Some(values) => values.iter().map(Vec::as_slice).collect(),
            None => self
                .values(attribute)
                .iter()
                .map(String::as_bytes)
                .collect(),
        }
    }
}

fn by_lower_name<T>(attributes: HashMap<String, T>) -> HashMap<String, T> {
    let lower = |(name, values): (String, T)| (name.to_ascii_lowercase(), values);
    attributes.into_iter().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(dn: &str, uids: &[&str]) -> Entry {
        let uids = uids.iter().map(ToString::to_string).collect();
        Entry {
            dn: dn.to_owned(),
            attributes: [("uid".to_owned(), uids)].into_iter().collect(),
            binary: HashMap::new(),
        }
    }

    #[test]
    fn of_several_names_the_one_in_the_dn_is_taken() {
        let name = |dn, uids: &[&str]| entry(dn, uids).own_name("UID");
        assert_eq!(
            name("cn=Calvin,dc=x", &["calvin"]).as_deref(),
            Some("calvin")
        );
        let several = &["cal", "Calvin"];
        assert_eq!(name("uid=calvin,dc=x", several).as_deref(), Some("Calvin"));
        assert_eq!(
            name("cn=John+uid=calvin,dc=x", several).as_deref(),
            Some("Calvin")
        );
        assert_eq!(name("uid=calvinist,dc=x", several), None);
        assert_eq!(name("cn=Calvin,dc=x", several), None);
        assert_eq!(name("cn=Calvin,uid=calvin,dc=x", several), None);
        assert_eq!(name("cn=Calvin,dc=x", &[]), None);
    }

    #[test]
    fn an_id_is_read_as_bytes_and_must_be_single_valued() {
        let settings = config::Ldap::default();
        let mut entry = entry("uid=calvin,dc=x", &["calvin"]);
        assert_eq!(entry.id(&settings), EntryId::Hidden);
        let guid = vec![0xff; 16];
        entry.binary.insert("objectguid".into(), vec![guid.clone()]);
        let text = "ffffffff-ffff-ffff-ffff-ffffffffffff";
        assert_eq!(entry.id(&settings), EntryId::Is(text.into()));
        entry
            .binary
            .insert("objectguid".into(), vec![guid.clone(), guid]);
        assert_eq!(entry.id(&settings), EntryId::Hidden);
        // Bytes that happen to be text.
        entry.binary.clear();
        let text = vec!["0123456789abcdef".to_owned()];
        entry.attributes.insert("objectguid".into(), text);
        let id = "33323130-3534-3736-3839-616263646566";
        assert_eq!(entry.id(&settings), EntryId::Is(id.into()));
        let settings = config::Ldap {
            id_attribute: "none".into(),
            ..settings
        };
        assert_eq!(entry.id(&settings), EntryId::Unused);
    }
}
