//! Searches all users with paged results (RFC 2696), so that only one page is in
//! memory at a time.

use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Scope, SearchStream};

use super::connection::{Connection, and, check, unreachable};
use super::person::{Entry, Person, attributes};
use super::{Ldap, LdapError};
use crate::config::RoleSync;

type EntryStream = SearchStream<'static, String, Vec<String>>;

/// An entry of the search.
pub enum FoundEntry {
    Person(Box<Person>),
    /// The DN of an entry without a username, or with several.
    Nameless(String),
}

pub struct PagedSearch {
    ldap: Ldap,
    entries: EntryStream,
    base: String,
    /// A second request channel, for the groups of each entry.
    server: Connection,
}

impl Ldap {
    pub async fn search_all_users(&self) -> Result<PagedSearch, LdapError> {
        let settings = self.settings();
        let mut server = Connection::open(&self.0).await?;
        server.bind_service().await?;
        let filter = and(
            &format!("({}=*)", settings.login_attribute),
            settings.filter.as_deref(),
        );
        let base = settings.users_dn();
        let entries = paged(&mut server, &base, &filter, attributes(settings)).await?;
        Ok(PagedSearch {
            ldap: self.clone(),
            entries,
            base,
            server,
        })
    }
}

impl PagedSearch {
    /// The next entry; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<FoundEntry>, LdapError> {
        let entry = self.entries.next().await;
        let entry = entry.map_err(|error| unreachable("the search of all users", &error))?;
        let Some(entry) = entry else {
            let result = self.entries.finish().await;
            check_complete(&format!("the search below {:?}", self.base), &result)?;
            return Ok(None);
        };
        let settings = self.ldap.settings();
        let entry = Entry::of(entry);
        let dn = entry.dn.clone();
        let Some(mut person) = Person::of(entry, settings) else {
            return Ok(Some(FoundEntry::Nameless(dn)));
        };
        if settings.role_sync != RoleSync::Off {
            person.groups = Some(self.server.groups(&person.dn).await?);
        }
        Ok(Some(FoundEntry::Person(Box::new(person))))
    }
}

/// Counts the entries below `base` that match.
pub async fn count(server: &mut Connection, base: &str, filter: &str) -> Result<usize, LdapError> {
    let no_attributes = vec!["1.1".to_owned()];
    let mut found = paged(server, base, filter, no_attributes).await?;
    let mut count = 0;
    let what = format!("the search below {base:?}");
    while let Some(_entry) = found
        .next()
        .await
        .map_err(|error| unreachable(&what, &error))?
    {
        count += 1;
    }
    let result = found.finish().await;
    check_complete(&what, &result)?;
    Ok(count)
}

async fn paged(
    server: &mut Connection,
    base: &str,
    filter: &str,
    attributes: Vec<String>,
) -> Result<EntryStream, LdapError> {
    let size = i32::try_from(server.settings().page_size).unwrap_or(i32::MAX);
    let adapters: Vec<Box<dyn Adapter<'static, String, Vec<String>>>> = vec![
        Box::new(EntriesOnly::new()),
        Box::new(PagedResults::new(size)),
    ];
    let found = server
        .next()
        .streaming_search_with(adapters, base, Scope::Subtree, filter, attributes)
        .await;
    found.map_err(|error| unreachable(&format!("the search below {base:?}"), &error))
}

/// An incomplete result is an error here: users that are missing would be taken
/// for deleted.
fn check_complete(what: &str, result: &ldap3::LdapResult) -> Result<(), LdapError> {
    check(what, result)?;
    if result.rc == super::result_code::SUCCESS {
        return Ok(());
    }
    Err(LdapError::Refused(format!(
        "{what}: the server returns only part of the entries; raise its size limit for ldap.bind_dn"
    )))
}
