use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::or_not_found;
use crate::api::call::{Api, Call, respond};
use crate::api::conditional::{State, TagScope};
use crate::api::decode::{DocumentPosition, related_ids};
use crate::api::error::{ApiError, RequestDocument};
use crate::api::include::{Compound, IncludeTree};
use crate::api::paging::{CursorOrder, PageContext, Paging, PagingDefaults};
use crate::api::render::{Render, cursor_member, open_links};
use crate::api::resource::{RelationshipIds, Resource, Row, Target, Writability, Writable};
use crate::api::resources::{ToMany, ToOne};
use crate::api::response::Response;
use crate::api::{kinds, plan};
use crate::directory::DirectoryError;
use crate::directory::members::{Change, ChangeMembers, Members, Part};
use crate::directory::versions::Digest;
use crate::jsonapi::query::Query;
use crate::jsonapi::write::{self, Commas, raw};
use crate::jsonapi::{Linkage, read_linkage};

/// `GET /users/ID/relationships/roles`
pub async fn get_linkage<L: ToMany>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let defaults = call.paging(Some(call.api.linkage_items));
        let (paging, tree) = plan::parse_linkage::<L::From>(&query, L::NAME, &defaults)?;
        let members = page::<L>(call, &paging).await?;
        let by_cursor = paging.is_by_cursor();
        let state = members.version.filter(|_| tree.is_none() && !by_cursor);
        let seal = call.seal::<L>().await?;
        let state = state.map(|version| State::of_linkage(version, &seal));
        if let Some(state) = &state
            && call.matches(state)?
        {
            return Ok(Response::NotModified(state.clone()));
        }
        let body = document::<L>(call, &query, &paging, tree.as_ref(), members, None).await?;
        if by_cursor {
            return Ok(Response::page(body, true));
        }
        Ok(Response::Current { body, state })
    })
    .await
}

/// `POST`, `PATCH` and `DELETE` of a relationship: responds with the changed linkage.
pub async fn change_linkage<L: ToMany>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
    change: Change,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        let body = call.body(&mut payload).await?;
        let seal = call.seal::<L>().await?;
        let expected = call.expected(TagScope::Linkage(&seal))?;
        let Some(side) = L::side(call.id()) else {
            return Err(or_not_found::<L::From>(call, unsupported(L::NAME)).await);
        };
        let linkage = read_linkage(&body, &call.api.document_limits)?;
        if linkage == Linkage::Null {
            let detail = "A to-many relationship is never null; send an empty array to clear it.";
            return Err(kinds::INVALID_LINKAGE
                .error(detail)
                .at_pointer("/data")
                .into());
        }
        let ids = related_ids(&linkage, <L::To as Resource>::TYPE, &DocumentPosition::DATA)?;
        let operation = ChangeMembers {
            side,
            expected,
            visible: Default::default(),
            change,
            members: ids,
            authority: Default::default(),
        };
        let changed = match call.guard.write(operation).await.map_err(ApiError::from) {
            Ok(changed) => changed,
            Err(error) if error.is_forbidden() => {
                return Err(or_not_found::<L::From>(call, error).await);
            }
            Err(error) => {
                return Err(error.with_pointers(
                    RequestDocument::Linkage(&linkage, "/data"),
                    call.api.invalid_data,
                ));
            }
        };
        let query = Query::empty(&call.api.query_limits);
        let defaults = PagingDefaults {
            by_profile: false,
            ..call.paging(Some(call.api.linkage_items))
        };
        let paging = Paging::of(&query, &defaults, &CursorOrder::default())?;
        let members = page::<L>(call, &paging).await?;
        let version = members.version;
        let state = version.map(|version| State::of_linkage(version, &seal));
        let body = document::<L>(call, &query, &paging, None, members, Some(changed)).await?;
        Ok(Response::Current { body, state })
    })
    .await
}

/// Changes that a relationship does not support: 403 (R18).
pub async fn refuse_linkage<L: ToOne>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        Err(or_not_found::<L::From>(call, unsupported(L::NAME)).await)
    })
    .await
}

/// `PATCH /grants/ID/relationships/role`: an update of the resource.
pub async fn set_linkage<L: ToOne<From: Writable>>(
    request: HttpRequest,
    api: Data<Api>,
    mut payload: Payload,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        let body = call.body(&mut payload).await?;
        let expected = call.expected(TagScope::Resource)?;
        let id = call.id();
        let linkage = read_linkage(&body, &call.api.document_limits)?;
        let set = async {
            let parent = call.guard.find(L::From::find(id)).await?;
            parent.ok_or(DirectoryError::NotFound)?;
            if matches!(linkage, Linkage::Many(_)) {
                let detail = "A to-one relationship takes one identifier or null.";
                let error = kinds::INVALID_LINKAGE.error(detail).at_pointer("/data");
                return Err(ApiError::from(error));
            }
            let ids = related_ids(&linkage, <L::To as Resource>::TYPE, &DocumentPosition::DATA)?;
            let linked = RelationshipIds(vec![(L::NAME, ids)]);
            let target = Target { id, expected };
            let draft = Default::default();
            let change = L::From::change(&call.guard, target, draft, Vec::new(), linked).await?;
            Ok(call.guard.write(change).await?)
        };
        let row = set.await.map_err(|error: ApiError| {
            error.with_pointers(
                RequestDocument::Linkage(&linkage, "/data"),
                call.api.invalid_data,
            )
        })?;
        Ok(Response::Current {
            body: one_document::<L>(call, &row),
            state: Some(State::of_row::<L::From>(&row)),
        })
    })
    .await
}

fn unsupported(name: &str) -> ApiError {
    kinds::UNSUPPORTED_UPDATE
        .error(format!("The relationship {name} cannot be changed."))
        .into()
}

async fn page<L: ToMany>(call: &Call<'_>, paging: &Paging) -> Result<Members, ApiError> {
    let page = L::page(&call.guard, call.id(), part(paging)).await?;
    if page.exists {
        Ok(page)
    } else {
        Err(DirectoryError::NotFound.into())
    }
}

async fn document<L: ToMany>(
    call: &Call<'_>,
    query: &Query,
    paging: &Paging,
    tree: Option<&IncludeTree>,
    page: Members,
    changed: Option<usize>,
) -> Result<Vec<u8>, ApiError> {
    let found = page.ids.len();
    paging.check(found, page.total, query)?;
    let shown = paging.shown(&page.ids);
    let mut out = Vec::with_capacity(256 + 32 * shown.len());
    raw(&mut out, "{\"data\":");
    if paging.is_by_cursor() {
        identifiers(&mut out, <L::To as Resource>::TYPE, shown);
    } else {
        write::linkage(&mut out, <L::To as Resource>::TYPE, shown);
    }
    let limit = call.api.linkage_items;
    let members = (L::NAME, <L::To as Resource>::TYPE);
    let compound = Compound::of_linkage(&call.guard, tree, members, shown, limit).await?;
    let render = Render {
        base: &call.base_url,
        fields: &query.fields,
        compound: &compound,
    };
    compound.write(&mut out, &render, ("", &[]));
    out.push(b',');
    links::<L>(call, query, &mut out);
    let context = PageContext {
        query,
        address: &call.address(),
        found,
        total: page.total,
        ends: shown
            .first()
            .zip(shown.last())
            .filter(|_| paging.is_by_cursor())
            .map(|(first, last)| (cursor(*first), cursor(*last))),
    };
    // Without the cursor pagination profile, linkage that fits on one page has no links.
    let is_partial = page.total.is_some_and(|total| total > shown.len() as i64);
    if paging.is_by_cursor() || paging.has_more(found) || is_partial {
        paging.write_links(&mut out, &context);
    }
    raw(&mut out, "},\"meta\":{");
    if let Some(changed) = changed {
        raw(&mut out, "\"changed\":");
        write::number(&mut out, i64::try_from(changed).unwrap_or(i64::MAX));
        raw(&mut out, "}}");
        return Ok(out);
    }
    paging.write_meta(&mut out, &context);
    raw(&mut out, "}}");
    Ok(out)
}

fn part(paging: &Paging) -> Part {
    Part {
        slice: paging.slice(),
        seek: paging.seek(),
        count: paging.count(),
    }
}

/// Linkage is sorted by id.
fn cursor(id: i64) -> String {
    CursorOrder::default().cursor(Vec::new(), id)
}

/// Identifiers with their cursors.
fn identifiers(out: &mut Vec<u8>, kind: &str, ids: &[i64]) {
    out.push(b'[');
    let mut commas = Commas::default();
    for id in ids {
        commas.next(out);
        raw(
            out,
            &format!("{{\"type\":\"{kind}\",\"id\":\"{id}\",\"meta\":{{"),
        );
        raw(out, &cursor_member(&cursor(*id)));
        raw(out, "}}");
    }
    out.push(b']');
}

fn links<L: ToMany>(call: &Call<'_>, query: &Query, out: &mut Vec<u8>) {
    let mut own = Vec::with_capacity(64);
    query.write_link(&mut own, &call.address(), &[]);
    open_links(out, &call.base_url, &own);
    raw(out, ",\"related\":\"");
    raw(
        out,
        &format!(
            "{}/{}/{}/{}",
            call.base_url,
            L::From::TYPE,
            call.id(),
            L::NAME
        ),
    );
    out.push(b'"');
}

/// `GET /tokens/ID/relationships/user`
pub async fn get_linkage_one<L: ToOne>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        plan::refuse_parameters(&query)?;
        let parent = call.guard.find(L::From::find(call.id())).await?;
        let parent = parent.ok_or(DirectoryError::NotFound)?;
        let state = one_state::<L>(&parent);
        if call.matches(&state)? {
            return Ok(Response::NotModified(state));
        }
        Ok(Response::Current {
            body: one_document::<L>(call, &parent),
            state: Some(state),
        })
    })
    .await
}

/// The state of to-one linkage: that of its resource if it can be set, because a change
/// is compared with that.
fn one_state<L: ToOne>(row: &Row<L::From>) -> State {
    let is_set = L::From::relationship(L::NAME)
        .is_some_and(|known| known.writability == Writability::Always);
    if is_set {
        return State::of_row::<L::From>(row);
    }
    State::of_shown_linkage(Digest::of(L::target(row).into_iter()).version())
}

fn one_document<L: ToOne>(call: &Call<'_>, row: &Row<L::From>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    raw(&mut out, "{\"data\":");
    match L::target(row) {
        Some(id) => write::identifier(&mut out, <L::To as Resource>::TYPE, id),
        None => raw(&mut out, "null"),
    }
    out.push(b',');
    open_links(&mut out, &call.base_url, call.address().as_bytes());
    let from = L::From::TYPE;
    let related = format!("{}/{from}/{}/{}", call.base_url, call.id(), L::NAME);
    raw(&mut out, &format!(",\"related\":\"{related}\"}}}}"));
    out
}
