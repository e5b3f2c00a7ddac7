//! Many hosts in one access check. Each host is parsed only when it is checked, and
//! the response is streamed, so a request takes little more memory than its body.

use std::convert::Infallible;
use std::fmt;
use std::ops::Range;

use actix_web::web::Bytes;
use futures_util::stream::{self, LocalBoxStream, StreamExt};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::host_access::{HostQuery, HostVerdict, missing, relationships, too_many};
use crate::api::kinds;
use crate::directory::host_access::{FindHostAccess, HostAccess};
use crate::directory::values::MAX_TEXT;
use crate::jsonapi::write::raw;
use crate::jsonapi::{Error, write};

/// The pointer to the hosts in a document.
const POINTER: &str = "/data/attributes/hosts";
/// The number of hosts that are checked before the task yields.
const AT_ONCE: usize = 64;

/// Limits of an access check.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub hosts: usize,
    /// Classes of one host, and bundles of one host.
    pub names: usize,
}

impl Limits {
    pub fn of(limits: &crate::config::Limits) -> Self {
        Self {
            hosts: limits.access_check_hosts,
            names: limits.access_check_names,
        }
    }
}

/// The hosts of a request, unparsed: their byte ranges in the body.
pub struct Hosts {
    body: Vec<u8>,
    places: Vec<Range<usize>>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    attributes: Attributes<'a>,
}

#[derive(Deserialize)]
struct Attributes<'a> {
    #[serde(borrow)]
    hosts: &'a RawValue,
}

#[derive(Deserialize)]
struct Host {
    id: String,
    classes: Option<Vec<String>>,
    bundles: Option<Vec<String>>,
}

impl Hosts {
    /// Takes the hosts out of the document. A document without hosts, or of another
    /// shape, is returned as it is.
    pub fn extract(body: Vec<u8>, limits: Limits) -> Result<(Vec<u8>, Option<Self>), Error> {
        let Ok(Document { data }) = serde_json::from_slice::<Document<'_>>(&body) else {
            return Ok((body, None));
        };
        let hosts = data.attributes.hosts.get();
        if hosts == "null" {
            return Ok((body, None));
        }
        let items = items(hosts, limits.hosts)?;
        let places = items.iter().map(|item| place(&body, item.get())).collect();
        let Range { start, end } = place(&body, hosts);
        let parts = [body.get(..start), Some(b"null".as_slice()), body.get(end..)];
        let rest = parts.into_iter().flatten().collect::<Vec<_>>().concat();
        Ok((rest, Some(Self { body, places })))
    }

    fn read(&self, number: usize) -> Option<Result<Host, serde_json::Error>> {
        let bytes = self.body.get(self.places.get(number)?.clone())?;
        Some(serde_json::from_slice(bytes))
    }

    /// Validates all hosts before the response starts, since it cannot fail afterwards.
    ///
    /// # Errors
    /// 400 for the first invalid host.
    pub async fn check(&self, limits: Limits) -> Result<(), Error> {
        for number in 0..self.places.len() {
            if number % AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
            let wrong = match self.read(number) {
                Some(Ok(host)) => fault(host, limits),
                Some(Err(error)) => Some(format!("This is not a host: {error}.")),
                None => None,
            };
            if let Some(why) = wrong {
                let error = kinds::INVALID_DATA.error(why);
                return Err(error.at_pointer(format!("{POINTER}/{number}")));
            }
        }
        Ok(())
    }

    /// Streams the document about all hosts; `links` is its last member.
    pub fn stream(
        self,
        id: &str,
        find: &FindHostAccess,
        access: HostAccess,
        links: &[u8],
    ) -> LocalBoxStream<'static, Result<Bytes, Infallible>> {
        let mut begin = Vec::with_capacity(256);
        raw(&mut begin, "{\"data\":{\"type\":\"access-checks\",\"id\":");
        write::string(&mut begin, id);
        raw(&mut begin, ",\"relationships\":");
        raw(&mut begin, &relationships(find).to_string());
        raw(&mut begin, ",\"attributes\":{\"reasons\":[],\"hosts\":[");
        let state = HostStream {
            hosts: self,
            access,
            next: 0,
            allowed: true,
            begin,
            links: Some(links.to_vec()),
        };
        stream::unfold(state, async |mut state| {
            tokio::task::yield_now().await;
            let some = state.next_chunk()?;
            Some((Ok(Bytes::from(some)), state))
        })
        .boxed_local()
    }
}

fn fault(host: Host, limits: Limits) -> Option<String> {
    let (id, query) = host.split();
    if id.chars().count() > MAX_TEXT {
        return Some(format!("Ensure the id has at most {MAX_TEXT} characters."));
    }
    if query.is_empty() {
        return Some("Name the classes of the host, bundles, or both.".into());
    }
    let max = limits.names;
    query.has_more_than(max).then(|| too_many(max))
}

impl Host {
    fn split(self) -> (String, HostQuery) {
        let Self {
            id,
            classes,
            bundles,
        } = self;
        (id, HostQuery { classes, bundles })
    }
}

/// The state of a document that is being streamed.
struct HostStream {
    hosts: Hosts,
    access: HostAccess,
    next: usize,
    /// Whether all hosts so far are visible.
    allowed: bool,
    begin: Vec<u8>,
    /// `None` once the end is written.
    links: Option<Vec<u8>>,
}

impl HostStream {
    /// The next chunk of the document, if there is one.
    fn next_chunk(&mut self) -> Option<Vec<u8>> {
        self.links.as_ref()?;
        let mut out = std::mem::take(&mut self.begin);
        let end = self.hosts.places.len().min(self.next + AT_ONCE);
        while self.next < end {
            if let Some(Ok(host)) = self.hosts.read(self.next) {
                if self.next > 0 {
                    out.push(b',');
                }
                let (id, query) = host.split();
                let mut verdict = HostVerdict::decide(&self.access, &query);
                verdict.id = Some(&id);
                self.allowed &= verdict.allowed;
                // Writing to memory does not fail.
                let _ = serde_json::to_writer(&mut out, &verdict);
            }
            self.next += 1;
        }
        if self.next == self.hosts.places.len() {
            let allowed = self.allowed && !self.access.0.is_empty();
            let missing = serde_json::json!(missing(allowed, &self.access));
            raw(
                &mut out,
                &format!("],\"allowed\":{allowed},\"missing\":{missing}}}}},"),
            );
            out.extend(self.links.take()?);
            out.push(b'}');
        }
        Some(out)
    }
}

/// The items of a JSON array with at most `max` of them.
fn items(array: &str, max: usize) -> Result<Vec<&RawValue>, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(array);
    let read = deserializer.deserialize_seq(Items { max });
    read.map_err(|error| {
        let why = format!("This is not a list of hosts: {error}.");
        kinds::INVALID_DATA.error(why).at_pointer(POINTER)
    })
}

struct Items {
    max: usize,
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            if all.len() == self.max {
                let max = self.max;
                let why = format!("more than {max}, which limits.access_check_hosts allows");
                return Err(A::Error::custom(why));
            }
            all.push(item);
        }
        Ok(all)
    }
}

/// The byte range of a part of the body.
fn place(body: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - body.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { hosts: 2, names: 3 };

    fn taken(hosts: &str) -> Result<(String, Option<Hosts>), Error> {
        let body = format!("{{\"data\": {{\"attributes\": {{\"hosts\": {hosts} }}}}}}");
        let (rest, hosts) = Hosts::extract(body.into_bytes(), LIMITS)?;
        Ok((String::from_utf8(rest).unwrap(), hosts))
    }

    #[test]
    fn hosts_are_taken_out_and_found_again() {
        let (rest, hosts) = taken("[{\"id\": \"ä\"} , {\"id\": \"b\"}]").unwrap();
        assert_eq!(rest, "{\"data\": {\"attributes\": {\"hosts\": null }}}");
        let hosts = hosts.unwrap();
        let id = |number| hosts.read(number).map(|host| host.unwrap().id);
        assert_eq!(
            [id(0), id(1), id(2)],
            [Some("ä".into()), Some("b".into()), None]
        );
    }

    #[test]
    fn what_is_no_list_or_too_long_a_one_is_refused() {
        assert!(taken("null").unwrap().1.is_none());
        for wrong in ["{}", "7", "[1, 2, 3]"] {
            assert!(taken(wrong).is_err(), "{wrong}");
        }
    }
}
