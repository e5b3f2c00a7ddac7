//! SQLite by hand: reads on the worker that has the request, changes on one
//! thread that commits what waits together, as one transaction without
//! savepoints (a fault of the database undoes the whole batch).

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use tokio::sync::oneshot;

use super::document::{self, End, PAGE_SIZE, Role, User, select_role, select_user};
use super::request::{self, Caller, Column, Fault, Key, List, Wanted, answer};

/// The most changes in one transaction.
const BATCH: usize = 256;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

pub async fn serve(address: &str, path: &str, workers: usize) -> std::io::Result<()> {
    let path = path.to_owned();
    let (jobs, waiting) = sync_channel(4096);
    let connection = open(&path).map_err(std::io::Error::other)?;
    std::thread::spawn(move || write(&connection, &waiting));
    let app = move || {
        App::new()
            .app_data(Data::new(Worker::new(&path, jobs.clone())))
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

/// With what rolecall sets, durability above all.
fn open(path: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// What each of the server's threads has for itself.
struct Worker {
    connection: Option<Connection>,
    /// Callers, and for which version of all credentials they are known.
    known: RefCell<HashMap<Key, (i64, Caller)>>,
    jobs: SyncSender<Job>,
}

impl Worker {
    fn new(path: &str, jobs: SyncSender<Job>) -> Self {
        Self {
            connection: open(path).ok(),
            known: RefCell::default(),
            jobs,
        }
    }

    /// Several statements that see one state of the database, after a look at the token.
    fn read<T>(
        &self,
        request: &HttpRequest,
        work: impl FnOnce(&Connection, Caller) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let connection = self.connection.as_ref();
        let connection = connection.ok_or_else(|| Fault::Database("no connection".into()))?;
        let key = request::key(request)?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        let outcome = self
            .caller(connection, key)
            .and_then(|caller| work(connection, caller));
        connection.prepare_cached("COMMIT")?.execute([])?;
        outcome
    }

    fn caller(&self, connection: &Connection, key: Key) -> Result<Caller, Fault> {
        let version = connection
            .prepare_cached("SELECT version FROM credential_versions WHERE id = 1")?
            .query_row([], |row| row.get(0))?;
        if let Some((then, caller)) = self.known.borrow().get(&key)
            && *then == version
        {
            return Ok(caller.clone());
        }
        let caller = connection
            .prepare_cached(CALLER)?
            .query_row(params![request::hex(&key), request::now()], |row| {
                Ok(Caller {
                    id: row.get(0)?,
                    username: row.get(1)?,
                    token: row.get(2)?,
                })
            })
            .optional()?
            .ok_or(Fault::Unauthorized)?;
        self.known
            .borrow_mut()
            .insert(key, (version, caller.clone()));
        Ok(caller)
    }

    async fn change(&self, request: &HttpRequest, change: Change) -> Result<HttpResponse, Fault> {
        let caller = self.read(request, |_, caller| Ok(caller))?;
        let (sender, receiver) = oneshot::channel();
        let job = Job {
            change,
            caller,
            base: request::base(request),
            answer: sender,
        };
        let full = |_| Fault::Database("the queue is full".into());
        self.jobs.try_send(job).map_err(full)?;
        let gone = |_| Fault::Database("the writer stopped".into());
        receiver.await.map_err(gone)?.map(answer)
    }
}

/// An administrator with a token that does not end.
const CALLER: &str = "SELECT u.id, u.username, t.id FROM tokens t JOIN users u ON u.id = t.user_id \
    WHERE t.hash = ?1 AND t.expires IS NULL AND u.is_active AND u.deleted_at IS NULL AND EXISTS ( \
      SELECT 1 FROM grants g JOIN role_closure c ON c.role_id = g.role_id AND c.part_id = 1 \
      WHERE g.user_id = u.id AND g.workspace_id IS NULL AND g.cluster_id IS NULL AND g.is_active \
        AND g.valid_from IS NULL AND (g.valid_until IS NULL OR g.valid_until > ?2))";

const ONE_USER: &str = select_user!(" FROM users u WHERE u.id = ?1 AND u.deleted_at IS NULL");
const NAMED: &str = select_user!(" FROM users u WHERE u.username = ?1 AND u.deleted_at IS NULL");
const PAGE: &str = select_user!(
    " FROM users u WHERE u.id > ?1 AND u.deleted_at IS NULL ORDER BY u.id LIMIT 20 OFFSET ?2"
);
const FOUND: &str = select_user!(
    " FROM users_search s JOIN users u ON u.id = s.rowid \
     WHERE users_search MATCH ?1 AND u.deleted_at IS NULL ORDER BY s.rowid LIMIT 20 OFFSET ?2"
);
const ONE_ROLE: &str = select_role!(" WHERE id = ?1");

fn user_of<'a>(row: &'a Row<'_>) -> rusqlite::Result<User<'a>> {
    let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let some = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
    Ok(User {
        id: row.get(0)?,
        username: some(1)?,
        uname: some(2)?,
        name: text(3)?,
        surname: text(4)?,
        full_name: text(5)?,
        email: text(6)?,
        position: text(7)?,
        organization: text(8)?,
        time_zone: text(9)?,
        is_active: row.get(10)?,
        is_staff: row.get(11)?,
        external: row.get(12)?,
        last_login: text(13)?,
        created_by: row.get(14)?,
        modified_by: row.get(15)?,
        created: some(16)?,
        modified: some(17)?,
    })
}

fn role_of<'a>(row: &'a Row<'_>) -> rusqlite::Result<Role<'a>> {
    let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let some = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str()?);
    Ok(Role {
        id: row.get(0)?,
        name: some(1)?,
        label: text(2)?,
        description: text(3)?,
        scope: some(4)?,
        unchangeable: row.get(5)?,
        is_default: row.get(6)?,
        permissions: some(7)?,
        include_context: text(8)?,
        exclude_context: text(9)?,
        include_bundles: text(10)?,
        exclude_bundles: text(11)?,
        created_by: row.get(12)?,
        modified_by: row.get(13)?,
        created: some(14)?,
        modified: some(15)?,
    })
}

async fn user(
    request: HttpRequest,
    id: Path<i64>,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    let base = request::base(&request);
    worker.read(&request, |connection, _| {
        let mut statement = connection.prepare_cached(ONE_USER)?;
        let mut rows = statement.query([*id])?;
        let row = rows.next()?.ok_or(Fault::NotFound)?;
        Ok(answer(document::of_user(&base, &user_of(row)?)))
    })
}

async fn users(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, Fault> {
    let base = request::base(&request);
    let query = request.query_string();
    let list = request::list(query)?;
    worker.read(&request, |connection, _| {
        let mut out = Vec::with_capacity(32 * 1024);
        document::raw(&mut out, "{\"data\":[");
        let (total, items) = match &list.wanted {
            Wanted::Page { with_roles } => page(connection, &base, &list, *with_roles, &mut out)?,
            Wanted::Named(name) => {
                let mut statement = connection.prepare_cached(NAMED)?;
                let items = write_users(&mut statement, [name], &base, &[], &mut out)?;
                document::raw(&mut out, "]");
                (items, items)
            }
            Wanted::Found(words) => found(connection, &base, &list, words, &mut out)?,
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
    })
}

/// Users as they come; with their roles where `held` is not empty.
fn write_users(
    statement: &mut CachedStatement<'_>,
    parameters: impl rusqlite::Params,
    base: &str,
    held: &[(i64, i64)],
    out: &mut Vec<u8>,
) -> Result<i64, Fault> {
    let mut items = 0;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        if items > 0 {
            document::raw(out, ",");
        }
        let user = user_of(row)?;
        let roles: Vec<i64> = held
            .iter()
            .filter(|(holder, _)| *holder == user.id)
            .map(|(_, role)| *role)
            .collect();
        document::user(out, base, &user, (!held.is_empty()).then_some(&roles));
        items += 1;
    }
    Ok(items)
}

fn page(
    connection: &Connection,
    base: &str,
    list: &List,
    with_roles: bool,
    out: &mut Vec<u8>,
) -> Result<(i64, i64), Fault> {
    let (total, after, skip) = start(connection, (list.page - 1) * PAGE_SIZE)?;
    let held = if with_roles {
        held_by(connection, after, skip)?
    } else {
        Vec::new()
    };
    let mut statement = connection.prepare_cached(PAGE)?;
    let items = write_users(&mut statement, [after, skip], base, &held, out)?;
    document::raw(out, "]");
    if with_roles {
        include(connection, base, &held, out)?;
    }
    Ok((total, items))
}

/// The total, after which id the page begins, and how many rows on from there:
/// from the spans of 64 blocks and the counted blocks of 1024 ids of one of them.
fn start(connection: &Connection, offset: i64) -> Result<(i64, i64, i64), Fault> {
    if offset == 0 {
        let total = connection
            .prepare_cached("SELECT coalesce(sum(living), 0) FROM user_spans")?
            .query_row([], |row| row.get(0))?;
        return Ok((total, -1, 0));
    }
    let spans = "SELECT span, living FROM user_spans WHERE span >= ?1 ORDER BY span";
    let (span, before, total) = run_at(connection, spans, 0, offset)?;
    let blocks = "SELECT block, living FROM user_blocks \
         WHERE block BETWEEN ?1 AND ?1 + 63 ORDER BY block";
    let (block, skipped, _) = run_at(connection, blocks, span * 64, offset - before)?;
    Ok((total, block * 1024 - 1, offset - before - skipped))
}

/// Which of these runs holds the row at `offset`, how many are before it, and
/// how many in all of them.
fn run_at(
    connection: &Connection,
    runs: &str,
    first: i64,
    offset: i64,
) -> Result<(i64, i64, i64), Fault> {
    let (mut run, mut before, mut total) = (0, 0, 0);
    let mut statement = connection.prepare_cached(runs)?;
    let mut rows = statement.query([first])?;
    while let Some(row) = rows.next()? {
        if total <= offset {
            (run, before) = (row.get(0)?, total);
        }
        total += row.get::<_, i64>(1)?;
    }
    Ok((run, before, total))
}

/// Who of a page holds which role.
fn held_by(connection: &Connection, after: i64, skip: i64) -> Result<Vec<(i64, i64)>, Fault> {
    let ends = connection
        .prepare_cached(
            "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM ( \
             SELECT id FROM users WHERE id > ?1 AND deleted_at IS NULL ORDER BY id LIMIT 20 OFFSET ?2)",
        )?
        .query_row([after, skip], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (first, last): (i64, i64) = ends;
    let mut statement = connection.prepare_cached(
        "SELECT user_id, role_id FROM grants WHERE user_id BETWEEN ?1 AND ?2 \
         AND workspace_id IS NULL AND cluster_id IS NULL AND is_active \
         AND (valid_from IS NULL OR valid_from <= ?3) AND (valid_until IS NULL OR valid_until > ?3) \
         ORDER BY user_id, role_id",
    )?;
    let rows = statement.query_map(params![first, last, request::now()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn include(
    connection: &Connection,
    base: &str,
    held: &[(i64, i64)],
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let mut written: Vec<i64> = Vec::new();
    document::raw(out, ",\"included\":[");
    for (_, role) in held {
        if written.contains(role) {
            continue;
        }
        if !written.is_empty() {
            document::raw(out, ",");
        }
        written.push(*role);
        let mut statement = connection.prepare_cached(ONE_ROLE)?;
        let mut rows = statement.query([*role])?;
        let row = rows.next()?.ok_or(Fault::NotFound)?;
        document::role(out, base, &role_of(row)?);
    }
    document::raw(out, "]");
    Ok(())
}

fn found(
    connection: &Connection,
    base: &str,
    list: &List,
    words: &str,
    out: &mut Vec<u8>,
) -> Result<(i64, i64), Fault> {
    let phrase = format!("\"{}\"", words.replace('"', "\"\""));
    let total = connection
        .prepare_cached(
            "SELECT count(*) FROM users_search s JOIN users u ON u.id = s.rowid \
             WHERE users_search MATCH ?1 AND u.deleted_at IS NULL",
        )?
        .query_row([&phrase], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(FOUND)?;
    let offset = (list.page - 1) * PAGE_SIZE;
    let items = write_users(&mut statement, params![phrase, offset], base, &[], out)?;
    document::raw(out, "]");
    Ok((total, items))
}

async fn patch(
    request: HttpRequest,
    id: Path<i64>,
    body: Bytes,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    let (column, value) = request::patch(*id, &body)?;
    let user = *id;
    let change = Change::Patch {
        user,
        column,
        value,
    };
    worker.change(&request, change).await
}

async fn add(
    request: HttpRequest,
    id: Path<i64>,
    body: Bytes,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    let (user, role) = (*id, request::role(&body)?);
    worker.change(&request, Change::Add { user, role }).await
}

async fn remove(
    request: HttpRequest,
    id: Path<i64>,
    body: Bytes,
    worker: Data<Worker>,
) -> Result<HttpResponse, Fault> {
    let (user, role) = (*id, request::role(&body)?);
    worker.change(&request, Change::Remove { user, role }).await
}

enum Change {
    Patch {
        user: i64,
        column: Column,
        value: String,
    },
    Add {
        user: i64,
        role: i64,
    },
    Remove {
        user: i64,
        role: i64,
    },
}

struct Job {
    change: Change,
    caller: Caller,
    base: String,
    answer: oneshot::Sender<Result<Vec<u8>, Fault>>,
}

fn write(connection: &Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.try_iter().take(BATCH - 1));
        let (answers, outcomes) = transact(connection, batch);
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Nobody listens any more when the caller went away.
            let _ = answer.send(outcome);
        }
    }
}

type Outcome = Result<Vec<u8>, Fault>;

fn transact(
    connection: &Connection,
    batch: Vec<Job>,
) -> (Vec<oneshot::Sender<Outcome>>, Vec<Outcome>) {
    let run =
        |sql: &str| -> Result<usize, Fault> { Ok(connection.prepare_cached(sql)?.execute([])?) };
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(batch.len());
    let mut answers = Vec::with_capacity(batch.len());
    let mut broken = run("BEGIN IMMEDIATE").err();
    for job in batch {
        let outcome = match &broken {
            Some(fault) => Err(fault.clone()),
            None => carry_out(connection, &job),
        };
        if let Err(Fault::Database(_)) = outcome {
            broken = outcome.clone().err();
        }
        outcomes.push(outcome);
        answers.push(job.answer);
    }
    let fault = match broken {
        Some(fault) => run("ROLLBACK").err().or(Some(fault)),
        None => run("COMMIT").err(),
    };
    if let Some(fault) = fault {
        outcomes
            .iter_mut()
            .for_each(|outcome| *outcome = Err(fault.clone()));
    }
    (answers, outcomes)
}

fn carry_out(connection: &Connection, job: &Job) -> Outcome {
    let now = request::now();
    match &job.change {
        Change::Patch {
            user,
            column,
            value,
        } => change(connection, job, *user, *column, value, &now),
        Change::Add { user, role } => {
            let changed =
                connection
                    .prepare_cached(ADD)?
                    .execute(params![user, role, now, job.caller.id])?;
            if changed > 0 {
                let grant = connection.last_insert_rowid();
                let after = held_as_json(*user, *role);
                tell(
                    connection,
                    job,
                    &now,
                    ("create", "grants", grant),
                    (None, Some(after)),
                )?;
            }
            linkage(connection, job, *user, changed, &now)
        }
        Change::Remove { user, role } => {
            let grant: Option<i64> = connection
                .prepare_cached(REMOVE)?
                .query_row(params![user, role], |row| row.get(0))
                .optional()?;
            if let Some(grant) = grant {
                let before = held_as_json(*user, *role);
                tell(
                    connection,
                    job,
                    &now,
                    ("delete", "grants", grant),
                    (Some(before), None),
                )?;
            }
            linkage(connection, job, *user, usize::from(grant.is_some()), &now)
        }
    }
}

const ADD: &str = "INSERT INTO grants (user_id, role_id, created, modified, created_by) \
    SELECT u.id, r.id, ?3, ?3, ?4 FROM users u, roles r \
    WHERE u.id = ?1 AND u.deleted_at IS NULL AND r.id = ?2 ON CONFLICT DO NOTHING";
/// The last administrator stays one.
const REMOVE: &str = "DELETE FROM grants WHERE user_id = ?1 AND role_id = ?2 \
    AND workspace_id IS NULL AND cluster_id IS NULL AND (role_id <> 1 OR EXISTS ( \
      SELECT 1 FROM grants o JOIN users u ON u.id = o.user_id WHERE o.role_id = 1 AND o.user_id <> ?1 \
        AND o.workspace_id IS NULL AND o.cluster_id IS NULL AND o.is_active AND o.valid_until IS NULL \
        AND u.is_active AND u.deleted_at IS NULL)) RETURNING id";

pub fn held_as_json(user: i64, role: i64) -> String {
    format!("{{\"role\":{role},\"user\":{user}}}")
}

fn change(
    connection: &Connection,
    job: &Job,
    id: i64,
    column: Column,
    value: &str,
    now: &str,
) -> Outcome {
    let mut statement = connection.prepare_cached(ONE_USER)?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or(Fault::NotFound)?;
    let mut user = user_of(row)?;
    let (update, before) = match column {
        Column::Name => (SET_NAME, user.name.replace(value)),
        Column::Position => (SET_POSITION, user.position.replace(value)),
    };
    (user.modified, user.modified_by) = (now, Some(job.caller.id));
    connection
        .prepare_cached(update)?
        .execute(params![id, value, now, job.caller.id])?;
    let (before, after) = (column.as_json(before), column.as_json(Some(value)));
    tell(
        connection,
        job,
        now,
        ("update", "users", id),
        (Some(before), Some(after)),
    )?;
    Ok(document::of_user(&job.base, &user))
}

// The index of searches hears of a change of `name`, so each has its statement.
const SET_NAME: &str = "UPDATE users SET name = ?2, modified = ?3, modified_by = ?4, \
    version = version + 1 WHERE id = ?1";
const SET_POSITION: &str = "UPDATE users SET position = ?2, modified = ?3, modified_by = ?4, \
    version = version + 1 WHERE id = ?1";

/// The audit log's row.
fn tell(
    connection: &Connection,
    job: &Job,
    now: &str,
    (verb, kind, subject): (&str, &str, i64),
    (before, after): (Option<String>, Option<String>),
) -> Result<(), Fault> {
    let caller = &job.caller;
    connection
        .prepare_cached(
            "INSERT INTO events (at, actor_id, actor, token_id, verb, subject_type, subject_id, \
             before, after, request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'by hand')",
        )?
        .execute(params![
            now,
            caller.id,
            caller.username,
            caller.token,
            verb,
            kind,
            subject,
            before,
            after
        ])?;
    Ok(())
}

fn linkage(connection: &Connection, job: &Job, user: i64, changed: usize, now: &str) -> Outcome {
    let mut statement = connection.prepare_cached(
        "SELECT role_id FROM grants WHERE user_id = ?1 AND workspace_id IS NULL \
         AND cluster_id IS NULL AND is_active AND (valid_from IS NULL OR valid_from <= ?2) \
         AND (valid_until IS NULL OR valid_until > ?2) ORDER BY role_id",
    )?;
    let roles = statement.query_map(params![user, now], |row| row.get(0))?;
    let roles: Vec<i64> = roles.collect::<Result<_, _>>()?;
    Ok(document::of_linkage(&job.base, user, &roles, changed))
}
