//! Every user of the other directory, page by page (RFC 2696): no more of them
//! than a page are in memory.

use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{Scope, SearchStream};

use super::connection::{Connection, and, check, unreachable};
use super::person::{Entry, Person, attributes};
use super::{Ldap, Trouble};
use crate::config::RoleSync;

type Found = SearchStream<'static, String, Vec<String>>;

/// An entry that is met on the way.
pub enum Met {
    Person(Box<Person>),
    /// It has no name to sign in with, or several. By its DN.
    Nameless(String),
}

pub struct Walk {
    ldap: Ldap,
    found: Found,
    base: String,
    /// Beside the walk, for groups.
    server: Connection,
}

impl Ldap {
    pub async fn walk(&self) -> Result<Walk, Trouble> {
        let settings = self.settings();
        let mut server = Connection::open(&self.0).await?;
        server.bind_service().await?;
        let filter = and(
            &format!("({}=*)", settings.login_attribute),
            settings.filter.as_deref(),
        );
        let base = settings.users_dn();
        let found = paged(&mut server, &base, &filter, attributes(settings)).await?;
        Ok(Walk {
            ldap: self.clone(),
            found,
            base,
            server,
        })
    }
}

impl Walk {
    /// The next one; none at the end.
    pub async fn next(&mut self) -> Result<Option<Met>, Trouble> {
        let entry = self.found.next().await;
        let entry = entry.map_err(|error| unreachable("the search of all users", &error))?;
        let Some(entry) = entry else {
            let result = self.found.finish().await;
            check_all(&format!("the search below {:?}", self.base), &result)?;
            return Ok(None);
        };
        let settings = self.ldap.settings();
        let entry = Entry::of(entry);
        let dn = entry.dn.clone();
        let Some(mut person) = Person::of(entry, settings) else {
            return Ok(Some(Met::Nameless(dn)));
        };
        if settings.role_sync != RoleSync::Off {
            person.groups = Some(self.server.groups(&person.dn).await?);
        }
        Ok(Some(Met::Person(Box::new(person))))
    }
}

/// How many entries below `base` match.
pub async fn count(server: &mut Connection, base: &str, filter: &str) -> Result<usize, Trouble> {
    let nothing_of_them = vec!["1.1".to_owned()];
    let mut found = paged(server, base, filter, nothing_of_them).await?;
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
    check_all(&what, &result)?;
    Ok(count)
}

async fn paged(
    server: &mut Connection,
    base: &str,
    filter: &str,
    attributes: Vec<String>,
) -> Result<Found, Trouble> {
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

/// Here a part is not enough: who is missing would count as gone.
fn check_all(what: &str, result: &ldap3::LdapResult) -> Result<(), Trouble> {
    check(what, result)?;
    if result.rc == super::code::SUCCESS {
        return Ok(());
    }
    Err(Trouble::Refused(format!(
        "{what}: the server gives only a part of the entries; raise its size limit for ldap.bind_dn"
    )))
}
