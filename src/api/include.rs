//! Compound documents: `include` is loaded with one query for each relationship of
//! each level, regardless of the size of the page.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ApiError;
use super::kinds;
use super::render::Render;
use super::resource::Resource;
use super::resources::{Included, follow, relationship};
use crate::auth::Guard;
use crate::directory::listing::Slice;
use crate::jsonapi::Error;
use crate::jsonapi::query::Query;

/// The paths of `include`, merged where they start alike.
#[derive(Debug, Default)]
pub struct IncludeTree(BTreeMap<String, IncludeTree>);

/// `None` without `include`: then the document has no `included` member (Q03).
pub fn tree<R: Resource>(query: &Query, errors: &mut Vec<Error>) -> Option<IncludeTree> {
    tree_from::<R>(query, None, errors)
}

/// With `first`, paths must start with that relationship, as in linkage documents.
pub fn tree_from<R: Resource>(
    query: &Query,
    first: Option<&str>,
    errors: &mut Vec<Error>,
) -> Option<IncludeTree> {
    let mut root = IncludeTree::default();
    for path in query.include.as_ref()? {
        let mut kind = R::TYPE;
        let mut node = &mut root;
        for (depth, name) in path.names().iter().enumerate() {
            // The trash shows users without their relationships.
            let known = match depth {
                0 => R::relationship(name),
                _ => relationship(kind, name),
            };
            let known =
                known.filter(|known| depth > 0 || first.is_none_or(|first| first == known.name));
            let Some(known) = known else {
                let detail =
                    format!("{path} cannot be included: {kind} have no relationship {name} here.");
                errors.push(
                    crate::jsonapi::kinds::INVALID_INCLUDE
                        .error(detail)
                        .at_parameter("include"),
                );
                break;
            };
            kind = known.target;
            node = node.0.entry(name.clone()).or_default();
        }
    }
    Some(root)
}

/// The included resources of a document, and the linkage that it shows.
#[derive(Default)]
pub struct Compound {
    included: Option<Included>,
    /// A few entries, searched for every resource.
    linkage: Vec<Linkage>,
}

/// The linkage of one relationship of a type, by the id of the resource.
struct Linkage {
    kind: &'static str,
    name: &'static str,
    members: BTreeMap<i64, Vec<i64>>,
}

impl Compound {
    /// Whether the linkage of a relationship is shown.
    pub fn shows(&self, kind: &str, name: &str) -> bool {
        self.find(kind, name).is_some()
    }

    /// The linkage of one resource.
    pub fn linkage(&self, kind: &str, name: &str, id: i64) -> &[i64] {
        let members = self
            .find(kind, name)
            .and_then(|known| known.members.get(&id));
        members.map_or(&[], Vec::as_slice)
    }

    fn find(&self, kind: &str, name: &str) -> Option<&Linkage> {
        let mut all = self.linkage.iter();
        all.find(|known| known.name == name && known.kind == kind)
    }

    /// Loads the resources that `tree` includes for the primary resources `ids` of the
    /// type `kind`.
    pub async fn load(
        guard: &Guard,
        tree: Option<&IncludeTree>,
        kind: &'static str,
        ids: &[i64],
        limit: i64,
    ) -> Result<Self, ApiError> {
        let mut compound = Self::default();
        let Some(tree) = tree else {
            return Ok(compound);
        };
        compound.included = Some(Included::default());
        compound
            .descend(guard, tree, kind, ids.to_vec(), limit)
            .await?;
        Ok(compound)
    }

    /// [`load`](Self::load) for linkage as primary data: `ids` are the members of the
    /// relationship `name` on this page.
    pub async fn of_linkage(
        guard: &Guard,
        tree: Option<&IncludeTree>,
        (name, kind): (&str, &'static str),
        ids: &[i64],
        limit: i64,
    ) -> Result<Self, ApiError> {
        let mut compound = Self::default();
        let Some(tree) = tree else {
            return Ok(compound);
        };
        compound.included = Some(Included::default());
        if let Some(below) = tree.0.get(name) {
            compound.fetch(guard, kind, ids).await?;
            compound
                .descend(guard, below, kind, ids.to_vec(), limit)
                .await?;
        }
        Ok(compound)
    }

    async fn descend(
        &mut self,
        guard: &Guard,
        tree: &IncludeTree,
        kind: &'static str,
        ids: Vec<i64>,
        limit: i64,
    ) -> Result<(), ApiError> {
        // Breadth first: (subtree, type of its resources, their ids).
        let mut level = vec![(tree, kind, ids)];
        while !level.is_empty() {
            let mut below = Vec::new();
            for (node, kind, ids) in level {
                for (name, child) in &node.0 {
                    let Some(known) = relationship(kind, name) else {
                        continue;
                    };
                    let pairs = follow(guard, (kind, known.name), &ids, limit)
                        .await?
                        .ok_or_else(|| too_large(name, limit))?;
                    let reached = self.record_linkage(kind, known.name, &ids, pairs);
                    self.fetch(guard, known.target, &reached).await?;
                    below.push((child, known.target, reached));
                }
            }
            level = below;
        }
        Ok(())
    }

    /// Stores the linkage and returns the ids of its members.
    fn record_linkage(
        &mut self,
        kind: &'static str,
        name: &'static str,
        ids: &[i64],
        pairs: Vec<(i64, i64)>,
    ) -> Vec<i64> {
        let mut linkage = self.take(kind, name);
        let known = &mut linkage.members;
        let new: BTreeSet<i64> = ids
            .iter()
            .copied()
            .filter(|id| !known.contains_key(id))
            .collect();
        for id in &new {
            known.insert(*id, Vec::new());
        }
        let mut reached = BTreeSet::new();
        for (id, other) in pairs {
            reached.insert(other);
            if new.contains(&id) {
                known.entry(id).or_default().push(other);
            }
        }
        self.linkage.push(linkage);
        reached.into_iter().collect()
    }

    /// Removes the linkage of a relationship, to be extended and put back.
    fn take(&mut self, kind: &'static str, name: &'static str) -> Linkage {
        let is_it = |known: &Linkage| known.name == name && known.kind == kind;
        match self.linkage.iter().position(is_it) {
            Some(place) => self.linkage.swap_remove(place),
            None => Linkage {
                kind,
                name,
                members: BTreeMap::new(),
            },
        }
    }

    async fn fetch(
        &mut self,
        guard: &Guard,
        target: &'static str,
        ids: &[i64],
    ) -> Result<(), ApiError> {
        match &mut self.included {
            Some(loaded) => loaded.fetch(guard, target, ids).await,
            None => Ok(()),
        }
    }

    /// `,"included":[...]`, without the primary data (D17).
    pub fn write(&self, out: &mut Vec<u8>, render: &Render<'_>, primary: (&str, &[i64])) {
        let Some(loaded) = &self.included else { return };
        let (kind, ids) = primary;
        out.extend_from_slice(b",\"included\":[");
        loaded.write(out, render, (kind, ids.iter().copied().collect()));
        out.push(b']');
    }
}

fn too_large(name: &str, limit: i64) -> ApiError {
    let detail = format!(
        "{name} has more than {limit} members here: request the pages of the relationship instead."
    );
    kinds::INCLUDE_TOO_LARGE
        .error(detail)
        .at_parameter("include")
        .into()
}

/// A slice with as many rows as there are ids.
pub fn slice_of_all(ids: &[i64]) -> Slice {
    Slice {
        offset: 0,
        limit: i64::try_from(ids.len()).unwrap_or(i64::MAX),
    }
}
