//! Everything that PostgreSQL is asked, in the order in which a request needs it.

use super::super::document::{select_role, select_user};
use super::super::request::Column;

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
pub const CALLER: &str = concat!(
    "SELECT u.id, u.username, t.id FROM tokens t JOIN users u ON u.id = t.user_id \
     WHERE t.hash = $1 AND t.expires IS NULL AND u.is_active AND u.deleted_at IS NULL AND EXISTS ( \
       SELECT 1 FROM grants g JOIN role_closure c ON c.role_id = g.role_id AND c.part_id = 1 \
       WHERE g.user_id = u.id AND ",
    held!("$2"),
    ")"
);
pub const ONE_USER: &str = select_user!(" FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL");
pub const NAMED: &str =
    select_user!(" FROM users u WHERE u.username = $1 AND u.deleted_at IS NULL");

/// The total, and where the page begins: from the spans of 64 blocks and the
/// counted blocks of 1024 ids of one of them.
macro_rules! blocks {
    () => {
        "WITH spans AS MATERIALIZED ( \
           SELECT span, living, (sum(living) OVER (ORDER BY span))::bigint - living AS before \
           FROM user_spans), \
         within AS (SELECT span, before FROM spans \
           WHERE before <= $1 AND before + living > $1), \
         blocks AS MATERIALIZED ( \
           SELECT b.block, b.living, w.before \
             + (sum(b.living) OVER (ORDER BY b.block))::bigint - b.living AS before \
           FROM within w JOIN user_blocks b ON b.block BETWEEN w.span * 64 AND w.span * 64 + 63), \
         start AS (SELECT block * 1024 - 1 AS after, $1 - before AS skip FROM blocks \
           WHERE before <= $1 AND before + living > $1) "
    };
}
/// The same for the first page, which begins with the first user.
macro_rules! first {
    () => {
        "WITH spans AS (SELECT living FROM user_spans), \
         start AS (SELECT -1::bigint AS after, $1::bigint AS skip) "
    };
}
macro_rules! from_start {
    () => {
        " FROM users u WHERE u.id > (SELECT after FROM start) AND u.deleted_at IS NULL \
          ORDER BY u.id LIMIT 20 OFFSET (SELECT skip FROM start)"
    };
}
macro_rules! page {
    ($start:ident) => {
        concat!(
            $start!(),
            select_user!(", (SELECT coalesce(sum(living), 0)::bigint FROM spans)"),
            from_start!()
        )
    };
}
macro_rules! page_with_roles {
    ($start:ident) => {
        concat!(
            $start!(),
            select_user!(
                ", (SELECT coalesce(sum(living), 0)::bigint FROM spans), \
                 ARRAY(SELECT g.role_id FROM grants g WHERE g.user_id = u.id AND "
            ),
            held!("$2"),
            " ORDER BY g.role_id)",
            from_start!()
        )
    };
}
pub const FIRST_PAGE: &str = page!(first);
pub const PAGE: &str = page!(blocks);
pub const FIRST_PAGE_WITH_ROLES: &str = page_with_roles!(first);
pub const PAGE_WITH_ROLES: &str = page_with_roles!(blocks);
pub const ROLES: &str = select_role!(" WHERE id = ANY($1) ORDER BY id");
pub const FOUND: &str = select_user!(
    ", count(*) OVER () FROM users u WHERE u.deleted_at IS NULL \
     AND u.search_text LIKE $1 \
     ORDER BY u.id LIMIT 20 OFFSET $2"
);
/// Changes a column and tells the audit log; the answer is the user as it then is.
pub fn set(column: Column) -> String {
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
pub const ADD: &str = concat!(
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
pub const REMOVE: &str = concat!(
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
