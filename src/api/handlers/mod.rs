//! The generic handlers of all resource types: decode, call the directory, respond.

mod create;
mod delete;
mod get;
mod linkage;
mod list;
mod related;
mod restore;
mod update;

pub use create::create;
pub use delete::delete;
pub use get::get;
pub use linkage::{change_linkage, get_linkage, get_linkage_one, refuse_linkage, set_linkage};
pub use list::{list, list_or_related};
pub use related::{related, related_one};
pub use restore::restore;
pub use update::{check_kind, check_type, update};

use super::call::Call;
use super::error::ApiError;
use super::include::{Compound, IncludeTree};
use super::paging::PageContext;
use super::plan::Plan;
use super::render::{Render, cursor_member, open_links};
use super::resource::{Listable, Resource, Row};
use super::response::Response;
use crate::auth::passwords::Strength;
use crate::directory::DirectoryError;
use crate::directory::listing::List;
use crate::jsonapi::query::Query;
use crate::jsonapi::write::{Commas, raw};

/// The approximate size of a resource object in bytes, to allocate memory once.
const RESOURCE_BYTES: usize = 1600;

/// The error, or 404 if the caller cannot see the resource.
async fn or_not_found<R: Resource>(call: &Call<'_>, error: ApiError) -> ApiError {
    match call.guard.find(R::find(call.id())).await {
        Ok(Some(_)) => error,
        Ok(None) => DirectoryError::NotFound.into(),
        Err(error) => error.into(),
    }
}

/// A document with one resource; `own` is its `links.self`.
pub async fn one<R: Resource>(
    call: &Call<'_>,
    query: &Query,
    tree: Option<&IncludeTree>,
    row: &Row<R>,
    once: &[(&'static str, String)],
    own: &str,
) -> Result<Vec<u8>, ApiError> {
    let ids = [R::id(row)];
    let compound = Compound::load(&call.guard, tree, R::TYPE, &ids, call.api.linkage_items).await?;
    let render = Render {
        base: &call.base_url,
        fields: &query.fields,
        compound: &compound,
    };
    let mut link = Vec::with_capacity(64);
    query.write_link(&mut link, own, &[]);
    let strength = call.guard.strength();
    Ok(written::<R>(&render, row, once, &link, strength))
}

/// A document with one resource whose included resources are loaded.
fn written<R: Resource>(
    render: &Render<'_>,
    row: &Row<R>,
    once: &[(&'static str, String)],
    link: &[u8],
    strength: Option<&Strength>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(RESOURCE_BYTES);
    raw(&mut out, "{\"data\":");
    render.resource::<R>(&mut out, row, once);
    let primary = (R::TYPE, &[R::id(row)][..]);
    render.compound.write(&mut out, render, primary);
    out.push(b',');
    open_links(&mut out, render.base, link);
    out.push(b'}');
    if let Some(strength) = strength {
        raw(&mut out, ",\"meta\":{\"password_strength\":");
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut out, strength);
        out.push(b'}');
    }
    out.push(b'}');
    out
}

/// A document with one page of a list.
async fn page<R: Listable>(
    call: &Call<'_>,
    query: &Query,
    plan: Plan<R>,
    list: List<R::Entity>,
) -> Result<Response, ApiError> {
    page_with::<R>(call, query, plan, list, async |_| Ok(Notes::new())).await
}

/// Members for the `meta` of resources, by id.
pub type Notes = std::collections::HashMap<i64, String>;

/// [`page`] with members for the `meta` of its resources, which `notes` loads by id.
pub async fn page_with<R: Listable>(
    call: &Call<'_>,
    query: &Query,
    plan: Plan<R>,
    list: List<R::Entity>,
    notes: impl AsyncFnOnce(&[i64]) -> Result<Notes, ApiError>,
) -> Result<Response, ApiError> {
    let permit = call.guard.pattern_permit(&list)?;
    let listed = R::list(&call.guard, list).await?;
    drop(permit);
    let found = listed.rows.len();
    plan.paging.check(found, listed.total, query)?;
    let shown = plan.paging.shown(&listed.rows);
    let ids: Vec<i64> = shown.iter().map(R::id).collect();
    let limit = call.api.linkage_items;
    let compound = Compound::load(&call.guard, plan.include.as_ref(), R::TYPE, &ids, limit).await?;
    let notes = notes(&ids).await?;
    let render = Render {
        base: &call.base_url,
        fields: &query.fields,
        compound: &compound,
    };
    let by_cursor = plan.paging.is_by_cursor();
    let mut out = Vec::with_capacity(RESOURCE_BYTES * (shown.len() + 1));
    raw(&mut out, "{\"data\":[");
    let mut commas = Commas::default();
    let template = render.template::<R>();
    for row in shown {
        commas.next(&mut out);
        let cursor = by_cursor.then(|| cursor_member(&plan.cursor(row)));
        let note = notes.get(&R::id(row)).map(String::as_str);
        template.write(&mut out, row, &[], [cursor.as_deref(), note]);
    }
    out.push(b']');
    compound.write(&mut out, &render, (R::TYPE, &ids));
    out.push(b',');
    let address = call.address();
    let mut link = Vec::with_capacity(64);
    query.write_link(&mut link, &address, &[]);
    open_links(&mut out, &call.base_url, &link);
    let context = PageContext {
        query,
        address: &address,
        found,
        total: listed.total,
        ends: shown
            .first()
            .zip(shown.last())
            .filter(|_| by_cursor)
            .map(|(first, last)| (plan.cursor(first), plan.cursor(last))),
    };
    context.check(call.api.query_limits.cursor_length)?;
    plan.paging.write_links(&mut out, &context);
    raw(&mut out, "},\"meta\":{");
    plan.paging.write_meta(&mut out, &context);
    raw(&mut out, "}}");
    Ok(Response::page(out, by_cursor))
}
