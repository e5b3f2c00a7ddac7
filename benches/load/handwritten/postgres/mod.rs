//! PostgreSQL by hand: each request is one prepared statement, changes
//! included (data-modifying CTEs, each its own transaction), and two at most
//! for a page with roles. The connections of each of the server's threads are
//! shared by its requests, which are pipelined.

mod statements;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::document::{self, End, PAGE_SIZE, Role, User};
use super::request::{self, Caller, Column, Fault, Key, Wanted, answer};

/// Connections of each thread.
const CONNECTIONS: usize = 4;
/// Where the columns of a user end.
const BEYOND: usize = 18;
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
    /// The first page and any other.
    page: [Statement; 2],
    page_with_roles: [Statement; 2],
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
            caller: client.prepare(statements::CALLER).await?,
            one_user: client.prepare(statements::ONE_USER).await?,
            page: [
                client.prepare(statements::FIRST_PAGE).await?,
                client.prepare(statements::PAGE).await?,
            ],
            page_with_roles: [
                client.prepare(statements::FIRST_PAGE_WITH_ROLES).await?,
                client.prepare(statements::PAGE_WITH_ROLES).await?,
            ],
            roles: client.prepare(statements::ROLES).await?,
            named: client.prepare(statements::NAMED).await?,
            found: client.prepare(statements::FOUND).await?,
            set_name: client.prepare(&statements::set(Column::Name)).await?,
            set_position: client.prepare(&statements::set(Column::Position)).await?,
            add: client.prepare(statements::ADD).await?,
            remove: client.prepare(statements::REMOVE).await?,
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
            let [first, other] = &connection.page;
            let statement = if offset == 0 { first } else { other };
            (false, client.query(statement, &[&offset]).await?)
        }
        Wanted::Page { with_roles: true } => {
            let [first, other] = &connection.page_with_roles;
            let statement = if offset == 0 { first } else { other };
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
