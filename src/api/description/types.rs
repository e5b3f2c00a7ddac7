//! The resource types with their Rust types erased.

use crate::api::paging::PagingDefaults;
use crate::api::plan::{self, Plan};
use crate::api::resource::{AttributeKind, Constraints, Relationship, Resource};
use crate::api::resources::{TYPES, TrashedUsers};
use crate::jsonapi::query::{Limits, Query};

/// A resource type.
pub struct Type {
    /// Its name in the description. The trash has another name than its `kind`.
    pub name: &'static str,
    /// The `type` in documents.
    pub kind: &'static str,
    /// The path of its collection, without a leading slash.
    pub path: &'static str,
    pub doc: &'static str,
    pub relationships: &'static [Relationship],
    /// Whether client-generated ids are supported, if the settings allow them.
    pub takes_client_ids: bool,
    once: &'static [(&'static str, &'static str)],
    pub required_relationships: &'static [&'static str],
    fields: fn() -> Vec<Field>,
    list: fn(&Query) -> bool,
    one: fn(&Query) -> bool,
    linkage: fn(&Query, &str) -> bool,
}

/// One attribute.
pub struct Field {
    pub name: &'static str,
    pub kind: AttributeKind,
    pub doc: &'static str,
    pub constraints: Constraints,
    pub is_readable: bool,
    pub is_writable: bool,
    /// Only in the response to the creation.
    pub is_one_time: bool,
}

/// All types, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Type> {
    static TRASHED: Type = Type::with_name::<TrashedUsers>("trashed_users");
    let types = TYPES.iter().map(|known| &known.described);
    types.chain([&TRASHED])
}

pub fn type_named(name: &str) -> Option<&'static Type> {
    all().find(|known| known.name == name)
}

impl Type {
    pub const fn of<R: Resource>() -> Self {
        Self::with_name::<R>(R::TYPE)
    }

    const fn with_name<R: Resource>(name: &'static str) -> Self {
        Self {
            name,
            kind: R::TYPE,
            path: R::PATH,
            doc: R::DOC,
            relationships: R::RELATIONSHIPS,
            takes_client_ids: R::EXTERNAL_ID.is_some(),
            once: R::ONE_TIME,
            required_relationships: R::REQUIRED_RELATIONSHIPS,
            fields: fields::<R>,
            list: |query| Plan::<R>::parse_list(query, &defaults(&Limits::default(), None)).is_ok(),
            one: |query| plan::parse_one::<R>(query).is_ok(),
            linkage: |query, name| {
                plan::parse_linkage::<R>(query, name, &defaults(&Limits::default(), Some(1)))
                    .is_ok()
            },
        }
    }
}

/// For a caller that does not name the cursor pagination profile.
fn defaults(limits: &Limits, size: Option<i64>) -> PagingDefaults<'_> {
    PagingDefaults {
        by_profile: false,
        limits,
        size,
    }
}

fn fields<R: Resource>() -> Vec<Field> {
    let rows = R::attributes().iter().map(|attribute| Field {
        name: attribute.name,
        kind: attribute.kind,
        doc: attribute.doc,
        constraints: attribute.constraints,
        is_readable: attribute.get.is_some(),
        is_writable: attribute.set.is_some(),
        is_one_time: false,
    });
    let once = R::ONE_TIME.iter().map(|(name, doc)| Field {
        name,
        kind: AttributeKind::Text,
        doc,
        constraints: Constraints::PLAIN,
        is_readable: true,
        is_writable: false,
        is_one_time: true,
    });
    rows.chain(once).collect()
}

impl Type {
    /// Whether its resources are deleted ones of another type.
    pub fn is_trash(&self) -> bool {
        self.name != self.kind
    }

    /// Whether deleted resources go to the trash.
    pub fn has_trash(&self) -> bool {
        !self.is_trash() && all().any(|other| other.is_trash() && other.kind == self.kind)
    }

    /// The title of its section.
    pub fn title(&self) -> &'static str {
        match self.name {
            "trashed_users" => "trashed users",
            "grant-rules" => "grant rules",
            name => name,
        }
    }

    /// The singular of the title with its article.
    pub fn singular_with_article(&self) -> String {
        let title = self.title();
        let singular = title.strip_suffix('s').unwrap_or(title);
        let article = if singular.starts_with('e') { "an" } else { "a" };
        format!("{article} {singular}")
    }

    pub fn fields(&self) -> Vec<Field> {
        (self.fields)()
    }

    /// Whether the response to a creation contains a secret.
    pub fn returns_secret(&self) -> bool {
        !self.once.is_empty()
    }

    pub fn relationship(&self, name: &str) -> Option<&'static Relationship> {
        self.relationships
            .iter()
            .find(|relationship| relationship.name == name)
    }

    /// Whether lists of the type support this query.
    pub fn accepts_for_lists(&self, query: &Query) -> bool {
        (self.list)(query)
    }

    /// Whether responses with one resource support this query.
    pub fn accepts_for_one(&self, query: &Query) -> bool {
        (self.one)(query)
    }

    /// Whether the linkage of a relationship supports this query.
    pub fn accepts_for_linkage(&self, query: &Query, relationship: &str) -> bool {
        (self.linkage)(query, relationship)
    }
}
