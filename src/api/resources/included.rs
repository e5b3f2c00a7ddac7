//! The included resources of all types, each once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::TYPES;
use crate::api::error::ApiError;
use crate::api::include::slice_of_all;
use crate::api::render::Render;
use crate::api::resource::{Listable, Resource, Row};
use crate::auth::Guard;
use crate::directory::listing::{Count, Entity, List};
use crate::jsonapi::write::Commas;

/// The included rows of one type, with its Rust type erased.
pub trait IncludedType {
    /// Loads the rows of `ids` that are not loaded yet, in one query.
    fn fetch<'a>(
        &'a mut self,
        guard: &'a Guard,
        ids: &'a [i64],
    ) -> LocalBoxFuture<'a, Result<(), ApiError>>;

    fn write(
        &self,
        out: &mut Vec<u8>,
        commas: &mut Commas,
        render: &Render<'_>,
        without: &BTreeSet<i64>,
    );
}

pub struct IncludedRows<R: Resource>(BTreeMap<i64, Row<R>>);

impl<R: Resource> Default for IncludedRows<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<R: Listable> IncludedType for IncludedRows<R> {
    fn fetch<'a>(
        &'a mut self,
        guard: &'a Guard,
        ids: &'a [i64],
    ) -> LocalBoxFuture<'a, Result<(), ApiError>> {
        async move {
            let missing: Vec<i64> = ids
                .iter()
                .copied()
                .filter(|id| !self.0.contains_key(id))
                .collect();
            if missing.is_empty() {
                return Ok(());
            }
            let slice = slice_of_all(&missing);
            let list = List {
                parent: Some(R::Entity::of_ids(missing)),
                count: Count::None,
                ..List::new(slice)
            };
            let rows = R::list(guard, list).await?.rows;
            self.0
                .extend(rows.into_iter().map(|row| (R::id(&row), row)));
            Ok(())
        }
        .boxed_local()
    }

    fn write(
        &self,
        out: &mut Vec<u8>,
        commas: &mut Commas,
        render: &Render<'_>,
        without: &BTreeSet<i64>,
    ) {
        let template = render.template::<R>();
        for (_, row) in self.0.iter().filter(|(id, _)| !without.contains(id)) {
            commas.next(out);
            template.write(out, row, &[], [None, None]);
        }
    }
}

/// The included rows of all types.
#[derive(Default)]
pub struct Included(BTreeMap<usize, Box<dyn IncludedType>>);

impl Included {
    pub async fn fetch(&mut self, guard: &Guard, kind: &str, ids: &[i64]) -> Result<(), ApiError> {
        let place = TYPES.iter().position(|known| known.kind == kind);
        let Some((place, known)) = place.and_then(|place| Some((place, TYPES.get(place)?))) else {
            return Ok(());
        };
        let included = self.0.entry(place).or_insert_with(known.included);
        included.fetch(guard, ids).await
    }

    /// Writes all of them except the primary data: the ids `primary.1` of the type
    /// `primary.0`.
    pub fn write(&self, out: &mut Vec<u8>, render: &Render<'_>, primary: (&str, BTreeSet<i64>)) {
        let none = BTreeSet::new();
        let mut commas = Commas::default();
        for (place, included) in &self.0 {
            let kind = TYPES.get(*place).map_or("", |known| known.kind);
            let without = if kind == primary.0 { &primary.1 } else { &none };
            included.write(out, &mut commas, render, without);
        }
    }
}
