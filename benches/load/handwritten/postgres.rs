//! PostgreSQL by hand: each request is one prepared statement, changes
//! included (data-modifying CTEs, each its own transaction), and two at most
//! for a page with roles. The connections of each of the server's threads are
//! shared by its requests, which are pipelined.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::document::{self, End, PAGE_SIZE, Role, User, select_role, select_user};
use super::request::{self, Caller, Column, Fault, Key, Wanted, answer};

/// Connections of each thread.
const CONNECTIONS: usize = 4;
/// How long callers are remembered: as long as rolecall does.
const REMEMBERED: Duration = Duration::from_secs(5);

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(format!("{error:?}"))
    }
}

pub async fn serve(address: &str, url: &str, workers: usize) -> std::io::Result<()> {
    let url = url.to_owned();
    let app = move || {
        let url = url.clone();
        App::new()
            .data_factory(move || Worker::connect(url.clone()))
            .route("/users", web::get().to(users))
            .route("/users/{id}", web::get().to(user))
            .route("/users/{id}", web::patch().to(patch))
            .route("/users/{id}/relationships/roles", web::post().to(add))
            .route("/users/{id}/relationships/roles", web::delete().to(remove))
    };
    HttpServer::new(app)
        .workers(workers)
        .bind(address)?
        .run()
        .await
}

/// What each of the server's threads has for itself.
struct Worker {
    connections: Vec<Connection>,
    next: Cell<usize>,
    known: RefCell<HashMap<Key, (Instant, Caller)>>,
}

struct Connection {
    client: Client,
    caller: Statement,
    one_user: Statement,
    page: Statement,
    page_with_roles: Statement,
    roles: Statement,
    named: Statement,
    found: Statement,
    set_name: Statement,
    set_position: Statement,
    add: Statement,
    remove: Statement,
}

impl Connection {
    async fn open(url: &str) -> Result<Self, tokio_postgres::Error> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        actix_web::rt::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("by hand: {error}");
            }
        });
        Ok(Self {
            caller: client.prepare(CALLER).await?,
            one_user: client.prepare(ONE_USER).await?,
            page: client.prepare(PAGE).await?,
            page_with_roles: client.prepare(PAGE_WITH_ROLES).await?,
            roles: client.prepare(ROLES).await?,
            named: client.prepare(NAMED).await?,
            found: client.prepare(FOUND).await?,
            set_name: client.prepare(&set(Column::Name)).await?,
            set_position: client.prepare(&set(Column::Position)).await?,
            add: client.prepare(ADD).await?,
            remove: client.prepare(REMOVE).await?,
            client,
        })
    }
}

impl Worker {
    async fn connect(url: String) -> Result<Self, tokio_postgres::Error> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Connection::open(&url).await?);
        }
        Ok(Self {
            connections,
            next: Cell::new(0),
            known: RefCell::default(),
        })
    }

    fn connection(&self) -> Result<&Connection, Fault> {
        let next = self.next.get().wrapping_add(1);
        self.next.set(next);
        let connection = self.connections.get(next % CONNECTIONS);
        connection.ok_or_else(|| Fault::Database("no connection".into()))
    }

    async fn caller(&self, request: &HttpRequest) -> Result<Caller, Fault> {
        let key = request::key(request)?;
        if let Some((since, caller)) = self.known.borrow().get(&key)
            && since.elapsed() < REMEMBERED
        {
            return Ok(caller.clone());
        }
        let Connection { client, caller, .. } = self.connection()?;
        let row = client
            .query_opt(caller, &[&request::hex(&key), &request::now()])
            .await?
            .ok_or(Fault::Unauthorized)?;
        let caller = Caller {
            id: row.get(0),
            username: row.get(1),
            token: row.get(2),
        };
        self.known
            .borrow_mut()
            .insert(key, (Instant::now(), caller.clone()));
        Ok(caller)
    }
}

/// Conditions on a grant `g`: held everywhere, now.
macro_rules! held {
    ($now:literal) => {
        concat!(
            "g.workspace_id IS NULL AND g.cluster_id IS NULL AND g.is_active \
             AND (g.valid_from IS NULL OR g.valid_from <= ",
            $now,
            ") AND (g.valid_until IS NULL OR g.valid_until > ",
            $now,
            ")"
        )
    };
}

/// An administrator with a token that does not end.
const CALLER: &str = concat!(
    "SELECT u.id, u.username, t.id FROM tokens t JOIN users u ON u.id = t.user_id \
     WHERE t.hash = $1 AND t.expires IS NULL AND u.is_active AND u.deleted_at IS NULL AND EXISTS ( \
       SELECT 1 FROM grants g JOIN role_closure c ON c.role_id = g.role_id AND c.part_id = 1 \
       WHERE g.user_id = u.id AND ",
    held!("$2"),
    ")"
);
const ONE_USER: &str = select_user!(" FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL");
const NAMED: &str = select_user!(" FROM users u WHERE u.username = $1 AND u.deleted_at IS NULL");

/// The total, and where the page begins, from the counted blocks of 1024 ids.
macro_rules! blocks {
    () => {
        "WITH blocks AS MATERIALIZED ( \
           SELECT block, living, (sum(living) OVER (ORDER BY block))::bigint - living AS before \
           FROM user_blocks), \
         start AS (SELECT block * 1024 - 1 AS after, $1 - before AS skip FROM blocks \
           WHERE before <= $1 AND before + living > $1) "
    };
}
macro_rules! from_start {
    () => {
        " FROM users u WHERE u.id > (SELECT after FROM start) AND u.deleted_at IS NULL \
          ORDER BY u.id LIMIT 20 OFFSET (SELECT skip FROM start)"
    };
}
const PAGE: &str = concat!(
    blocks!(),
    select_user!(", (SELECT coalesce(sum(living), 0)::bigint FROM blocks)"),
    from_start!()
);
const PAGE_WITH_ROLES: &str = concat!(
    blocks!(),
    select_user!(
        ", (SELECT coalesce(sum(living), 0)::bigint FROM blocks), \
         ARRAY(SELECT g.role_id FROM grants g WHERE g.user_id = u.id AND "
    ),
    held!("$2"),
    " ORDER BY g.role_id)",
    from_start!()
);
const ROLES: &str = select_role!(" WHERE id = ANY($1) ORDER BY id");
const FOUND: &str = select_user!(
    ", count(*) OVER () FROM users u WHERE u.deleted_at IS NULL \
     AND user_search_text(u.username, u.name, u.surname, u.email) LIKE $1 \
     ORDER BY u.id LIMIT 20 OFFSET $2"
);
/// Where the columns of a user end.
const BEYOND: usize = 18;

/// Changes a column and tells the audit log; the answer is the user as it then is.
fn set(column: Column) -> String {
    let column = column.name();
    format!(
        "WITH before AS (SELECT id, {column} AS was FROM users \
           WHERE id = $1 AND deleted_at IS NULL FOR UPDATE), \
         u AS (UPDATE users SET {column} = $2, modified = $3, modified_by = $4, \
           version = users.version + 1 FROM before WHERE users.id = before.id RETURNING users.*), \
         told AS (INSERT INTO events (at, actor_id, actor, token_id, verb, subject_type, \
             subject_id, before, after, request_id) \
           SELECT $3, $4, $5, $6::bigint, 'update', 'users', id, \
             json_build_object('{column}', was)::text, json_build_object('{column}', $2::text)::text, \
             'by hand' FROM before) {}",
        select_user!(" FROM u")
    )
}

/// Adds a role and tells; the answer is what is held then, and how much that changed.
const ADD: &str = concat!(
    "WITH changed AS (INSERT INTO grants (user_id, role_id, created, modified, created_by) \
       SELECT u.id, r.id, $3, $3, $4::bigint FROM users u, roles r \
       WHERE u.id = $1 AND u.deleted_at IS NULL AND r.id = $2 ON CONFLICT DO NOTHING \
       RETURNING id, user_id, role_id), \
     told AS (INSERT INTO events (at, actor_id, actor, token_id, verb, subject_type, \
         subject_id, before, after, request_id) \
       SELECT $3, $4::bigint, $5, $6::bigint, 'create', 'grants', id, NULL, \
         format('{\"role\":%s,\"user\":%s}', role_id, user_id), 'by hand' FROM changed) \
     SELECT ARRAY(SELECT g.role_id FROM grants g WHERE g.user_id = $1 AND ",
    held!("$3"),
    " UNION SELECT role_id FROM changed ORDER BY 1), (SELECT count(*) FROM changed)"
);
/// The last administrator stays one.
const REMOVE: &str = concat!(
    "WITH changed AS (DELETE FROM grants d WHERE d.user_id = $1 AND d.role_id = $2 \
       AND d.workspace_id IS NULL AND d.cluster_id IS NULL AND (d.role_id <> 1 OR EXISTS ( \
         SELECT 1 FROM grants g JOIN users u ON u.id = g.user_id WHERE g.role_id = 1 \
           AND g.user_id <> $1 AND g.valid_until IS NULL AND u.is_active AND u.deleted_at IS NULL AND ",
    held!("$3"),
    ")) RETURNING id, user_id, role_id), \
     told AS (INSERT INTO events (at, actor_id, actor, token_id, verb, subject_type, \
         subject_id, before, after, request_id) \
       SELECT $3, $4::bigint, $5, $6::bigint, 'delete', 'grants', id, \
         format('{\"role\":%s,\"user\":%s}', role_id, user_id), NULL, 'by hand' FROM changed) \
     SELECT ARRAY(SELECT g.role_id FROM grants g WHERE g.user_id = $1 AND ",
    held!("$3"),
    " EXCEPT SELECT role_id FROM changed ORDER BY 1), (SELECT count(*) FROM changed)"
);

fn user_of(row: &Row) -> User<'_> {
    User {
        id: row.get(0),
        username: row.get(1),
        uname: row.get(2),
        name: row.get(3),
        surname: row.get(4),
        full_name: row.get(5),
        email: row.get(6),
        position: row.get(7),
        organization: row.get(8),
        time_zone: row.get(9),
        is_active: row.get(10),
        is_staff: row.get(11),
        external: row.get(12),
        last_login: row.get(13),
        created_by: row.get(14),
        modified_by: row.get(15),
        created: row.get(16),
        modified: row.get(17),
    }
}

fn role_of(row: &Row) -> Role<'_> {
    Role {
        id: row.get(0),
        name: row.get(1),
        label: row.get(2),
        description: row.get(3),
        scope: row.get(4),
        unchangeable: row.get(5),
        is_default: row.get(6),
        permissions: row.get(7),
        include_context: row.get(8),
        exclude_context: row.get(9),
        include_bundles: row.get(10),
        exclude_bundles: row.get(11),
        created_by: row.get(12),
        modified_by: row.get(13),
        created: row.get(14),
        modified: row.get(15),
    }
}

async fn user(
    request: HttpRequest,
    id: Path<i64>,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    worker.caller(&request).await?;
    let Connection {
        client, one_user, ..
    } = worker.connection()?;
    let row = client.query_opt(one_user, &[&*id]).await?;
    let row = row.ok_or(Fault::NotFound)?;
    let base = request::base(&request);
    Ok(answer(document::of_user(&base, &user_of(&row))))
}

async fn users(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, Fault> {
    worker.caller(&request).await?;
    let query = request.query_string();
    let list = request::list(query)?;
    let offset = (list.page - 1) * PAGE_SIZE;
    let base = request::base(&request);
    let connection = worker.connection()?;
    let client = &connection.client;
    let (with_roles, rows) = match &list.wanted {
        Wanted::Page { with_roles: false } => {
            (false, client.query(&connection.page, &[&offset]).await?)
        }
        Wanted::Page { with_roles: true } => {
            let statement = &connection.page_with_roles;
            let now = request::now();
            (true, client.query(statement, &[&offset, &now]).await?)
        }
        Wanted::Named(name) => (false, client.query(&connection.named, &[name]).await?),
        Wanted::Found(words) => {
            let pattern = pattern(words);
            let statement = &connection.found;
            (false, client.query(statement, &[&pattern, &offset]).await?)
        }
    };
    let mut out = Vec::with_capacity(32 * 1024);
    let mut named: Vec<i64> = Vec::new();
    document::raw(&mut out, "{\"data\":[");
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            document::raw(&mut out, ",");
        }
        let held: Option<Vec<i64>> = with_roles.then(|| row.get(BEYOND + 1));
        document::user(&mut out, &base, &user_of(row), held.as_deref());
        named.extend(held.into_iter().flatten());
    }
    document::raw(&mut out, "]");
    if with_roles {
        named.sort_unstable();
        named.dedup();
        let roles = client.query(&connection.roles, &[&named]).await?;
        include(&mut out, &base, &roles);
    }
    let items = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let total = match rows.first() {
        Some(row) if row.len() > BEYOND => row.get(BEYOND),
        _ => items,
    };
    let end = End {
        base: &base,
        query,
        page: list.page,
        total,
        items,
    };
    end.write(&mut out);
    Ok(answer(out))
}

fn include(out: &mut Vec<u8>, base: &str, roles: &[Row]) {
    document::raw(out, ",\"included\":[");
    for (number, role) in roles.iter().enumerate() {
        if number > 0 {
            document::raw(out, ",");
        }
        document::role(out, base, &role_of(role));
    }
    document::raw(out, "]");
}

/// Of LIKE, with small letters as the index has them.
fn pattern(words: &str) -> String {
    let mut pattern = String::from("%");
    for letter in words.to_lowercase().replace('ς', "σ").chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

async fn patch(
    request: HttpRequest,
    id: Path<i64>,
    body: Bytes,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    let caller = worker.caller(&request).await?;
    let (column, value) = request::patch(*id, &body)?;
    let connection = worker.connection()?;
    let statement = match column {
        Column::Name => &connection.set_name,
        Column::Position => &connection.set_position,
    };
    let now = request::now();
    let changed = connection
        .client
        .query_opt(
            statement,
            &[
                &*id,
                &value,
                &now,
                &caller.id,
                &caller.username,
                &caller.token,
            ],
        )
        .await?;
    let row = changed.ok_or(Fault::NotFound)?;
    let base = request::base(&request);
    Ok(answer(document::of_user(&base, &user_of(&row))))
}

async fn add(
    request: HttpRequest,
    id: Path<i64>,
    body: Bytes,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    grant(&request, *id, &body, &worker, |connection| &connection.add).await
}

async fn remove(
    request: HttpRequest,
    id: Path<i64>,
    body: Bytes,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    grant(&request, *id, &body, &worker, |connection| {
        &connection.remove
    })
    .await
}

async fn grant(
    request: &HttpRequest,
    user: i64,
    body: &[u8],
    worker: &Worker,
    statement: fn(&Connection) -> &Statement,
) -> Result<HttpResponse, Fault> {
    let caller = worker.caller(request).await?;
    let role = request::role(body)?;
    let connection = worker.connection()?;
    let now = request::now();
    let row = connection
        .client
        .query_one(
            statement(connection),
            &[
                &user,
                &role,
                &now,
                &caller.id,
                &caller.username,
                &caller.token,
            ],
        )
        .await?;
    let (roles, changed): (Vec<i64>, i64) = (row.get(0), row.get(1));
    if changed > 0 {
        // Who holds what may be what makes a caller an administrator.
        worker.known.borrow_mut().clear();
    }
    let base = request::base(request);
    let changed = usize::from(changed > 0);
    Ok(answer(document::of_linkage(&base, user, &roles, changed)))
}
