//! All routes of the native API in one list, for the server, `/home` and the
//! authorization tests.

use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::access_checks::{self, check_access};
use super::call::{Api, respond};
use super::effective::{EffectiveRoles, EffectiveUsers, effective_of};
use super::error::ApiError;
use super::handlers::{
    change_linkage, create, delete, get, get_linkage, get_linkage_one, list, list_or_related,
    refuse_linkage, related, related_one, restore, set_linkage, update,
};
use super::home::{home, trash};
use super::operations::operations;
use super::resource::{Deletable, Listable, Resource, Restorable, Writable};
use super::resources::{RELATIONS, TYPES, ToMany, ToOne, TrashedUsers, Type};
use super::sign_in::{get_own, key_set, sign_in, sign_out, update_own};
use crate::directory::members::Change;

/// A path with its methods; `{id}` stands for an id.
pub struct Endpoint {
    pub path: String,
    pub methods: &'static [&'static str],
    routes: Vec<actix_web::Route>,
}

impl Endpoint {
    /// The actix resource; other methods get 405. `end` is appended to the path: empty
    /// or a slash.
    pub fn into_resource(self, end: &str) -> actix_web::Resource {
        let methods = self.methods;
        let path = format!("{}{end}", self.path);
        let resource = web::resource(path).default_service(web::to(move |request, api| {
            wrong_method(request, api, methods)
        }));
        self.routes
            .into_iter()
            .fold(resource, actix_web::Resource::route)
    }
}

async fn wrong_method(
    request: HttpRequest,
    api: Data<Api>,
    methods: &'static [&'static str],
) -> HttpResponse {
    respond(&api, &request, async |_| {
        Err(ApiError::MethodNotAllowed {
            allow: methods.join(", "),
        })
    })
    .await
}

/// The endpoint of the Atomic Operations extension.
pub const OPERATIONS: &str = "/operations";

pub const TRASH: &str = "/trash";

const READ: &[&str] = &["GET", "HEAD"];
const COLLECTION: &[&str] = &["GET", "HEAD", "POST"];
const OWN: &[&str] = &["GET", "HEAD", "PATCH"];
const ITEM: &[&str] = &["GET", "HEAD", "PATCH", "DELETE"];
const DELETABLE: &[&str] = &["GET", "HEAD", "DELETE"];
const LINKAGE: &[&str] = &["GET", "HEAD", "POST", "PATCH", "DELETE"];
const LINKAGE_ONE: &[&str] = &["GET", "HEAD", "PATCH"];

/// All routes except `/health`.
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![Endpoint {
        path: "/home".into(),
        methods: READ,
        routes: vec![web::get().to(home), web::head().to(home)],
    }];
    all.push(Endpoint {
        path: OPERATIONS.into(),
        methods: &["POST"],
        routes: vec![web::post().to(operations)],
    });
    all.extend(TYPES.iter().flat_map(Type::endpoints));
    all.extend(RELATIONS.iter().flat_map(|relation| (relation.endpoints)()));
    all.push(Endpoint {
        path: TRASH.into(),
        methods: READ,
        routes: vec![web::get().to(trash), web::head().to(trash)],
    });
    all.extend(restorable::<TrashedUsers>());
    all.push(Endpoint {
        path: format!("/{}", access_checks::TYPE),
        methods: &["POST"],
        routes: vec![web::post().to(check_access)],
    });
    all.extend(effective());
    all.extend(signing_in());
    all
}

fn effective() -> [Endpoint; 2] {
    let roles = Endpoint {
        path: "/users/{id}/effective-roles".into(),
        methods: READ,
        routes: vec![
            web::get().to(effective_of::<EffectiveRoles>),
            web::head().to(effective_of::<EffectiveRoles>),
        ],
    };
    let users = Endpoint {
        path: "/roles/{id}/effective-users".into(),
        methods: READ,
        routes: vec![
            web::get().to(effective_of::<EffectiveUsers>),
            web::head().to(effective_of::<EffectiveUsers>),
        ],
    };
    [roles, users]
}

fn signing_in() -> [Endpoint; 3] {
    let grants = Endpoint {
        path: "/auth".into(),
        methods: &["POST", "DELETE"],
        routes: vec![web::post().to(sign_in), web::delete().to(sign_out)],
    };
    let own = Endpoint {
        path: "/auth/user".into(),
        methods: OWN,
        routes: vec![
            web::get().to(get_own),
            web::head().to(get_own),
            web::patch().to(update_own),
        ],
    };
    let keys = Endpoint {
        path: "/.well-known/jwks.json".into(),
        methods: READ,
        routes: vec![web::get().to(key_set), web::head().to(key_set)],
    };
    [grants, own, keys]
}

/// The routes that read a collection.
pub type Lists = Vec<actix_web::Route>;

pub fn lists<R: Listable>() -> Lists {
    vec![web::get().to(list::<R>), web::head().to(list::<R>)]
}

pub fn lists_or_related<L: ToMany<From: Listable>>() -> Lists {
    vec![
        web::get().to(list_or_related::<L>),
        web::head().to(list_or_related::<L>),
    ]
}

pub fn writable<R: Writable>(lists: Lists) -> [Endpoint; 2] {
    let [mut collection, mut item] = read_only::<R>(lists);
    collection.methods = COLLECTION;
    collection.routes.push(web::post().to(create::<R>));
    item.methods = ITEM;
    item.routes.push(web::patch().to(update::<R>));
    item.routes.push(web::delete().to(delete::<R>));
    [collection, item]
}

pub fn deletable<R: Deletable>(lists: Lists) -> [Endpoint; 2] {
    let [collection, mut item] = read_only::<R>(lists);
    item.methods = DELETABLE;
    item.routes.push(web::delete().to(delete::<R>));
    [collection, item]
}

fn restorable<R: Restorable + Listable>() -> [Endpoint; 2] {
    let [collection, mut item] = read_only::<R>(lists::<R>());
    item.methods = ITEM;
    item.routes.push(web::patch().to(restore::<R>));
    item.routes.push(web::delete().to(delete::<R>));
    [collection, item]
}

pub fn read_only<R: Resource>(lists: Lists) -> [Endpoint; 2] {
    let collection = Endpoint {
        path: format!("/{}", R::PATH),
        methods: READ,
        routes: lists,
    };
    let item = Endpoint {
        path: format!("/{}/{{id}}", R::PATH),
        methods: READ,
        routes: vec![web::get().to(get::<R>), web::head().to(get::<R>)],
    };
    [collection, item]
}

pub fn to_many<L: ToMany>() -> [Endpoint; 2] {
    let from = L::From::TYPE;
    let related = Endpoint {
        path: format!("/{from}/{{id}}/{}", L::NAME),
        methods: READ,
        routes: vec![web::get().to(related::<L>), web::head().to(related::<L>)],
    };
    let change = |change: Change| {
        move |request: HttpRequest, api: Data<Api>, payload: Payload| {
            change_linkage::<L>(request, api, payload, change)
        }
    };
    let linkage = Endpoint {
        path: format!("/{from}/{{id}}/relationships/{}", L::NAME),
        methods: LINKAGE,
        routes: vec![
            web::get().to(get_linkage::<L>),
            web::head().to(get_linkage::<L>),
            web::post().to(change(Change::Add)),
            web::patch().to(change(Change::Replace)),
            web::delete().to(change(Change::Remove)),
        ],
    };
    [related, linkage]
}

/// A relationship that cannot be changed.
pub fn to_one<L: ToOne>() -> [Endpoint; 2] {
    one_with::<L>(web::patch().to(refuse_linkage::<L>))
}

/// A relationship that can be set to another resource.
pub fn to_one_writable<L: ToOne<From: Writable>>() -> [Endpoint; 2] {
    one_with::<L>(web::patch().to(set_linkage::<L>))
}

fn one_with<L: ToOne>(patch: actix_web::Route) -> [Endpoint; 2] {
    let from = L::From::TYPE;
    let related = Endpoint {
        path: format!("/{from}/{{id}}/{}", L::NAME),
        methods: READ,
        routes: vec![
            web::get().to(related_one::<L>),
            web::head().to(related_one::<L>),
        ],
    };
    let linkage = Endpoint {
        path: format!("/{from}/{{id}}/relationships/{}", L::NAME),
        methods: LINKAGE_ONE,
        routes: vec![
            web::get().to(get_linkage_one::<L>),
            web::head().to(get_linkage_one::<L>),
            patch,
        ],
    };
    [related, linkage]
}
