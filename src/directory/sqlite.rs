//! The queries compiled for SQLite, and how an operation runs there.

use diesel::SqliteConnection;
use futures_util::FutureExt;

use super::{Context, DirectoryError, Operation};
use crate::storage::sqlite::{env, snapshot};

#[path = "queries/mod.rs"]
pub mod queries;

pub fn read<O>(
    context: &Context,
    operation: &O,
    connection: &mut SqliteConnection,
) -> Result<O::Answer, DirectoryError>
where
    O: Operation + queries::Run,
{
    if O::SNAPSHOT {
        snapshot(connection, |connection| {
            apply(context, operation, connection)
        })?
    } else {
        apply(context, operation, connection)
    }
}

pub fn apply<O: queries::Run>(
    context: &Context,
    operation: &O,
    connection: &mut SqliteConnection,
) -> Result<O::Answer, DirectoryError> {
    finished(operation.run(context, connection))
}

/// Nothing in a query waits: SQLite works on this thread.
pub fn finished<T>(
    query: impl Future<Output = Result<T, DirectoryError>>,
) -> Result<T, DirectoryError> {
    query
        .now_or_never()
        .unwrap_or_else(|| Err(DirectoryError::internal("a query that did not finish")))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use diesel::connection::InstrumentationEvent;
    use diesel::{Connection, ExpressionMethods, QueryDsl, RunQueryDsl, sql_query};
    use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

    use super::*;
    use crate::directory::credentials::FindAccount;
    use crate::directory::expired::{DeleteExpired, Expired, HasExpired};
    use crate::directory::grants::RecordExpiredGrants;
    use crate::directory::listing::{
        Condition, Count, CustomCondition, List, Seek, Slice, Visibility,
    };
    use crate::directory::mail::{GrantChange, GrantNews, MailKind, MailPolicy, Wording};
    use crate::directory::members::{ListMembers, Part, Relation};
    use crate::directory::permissions::PrivilegeCeiling;
    use crate::directory::search::Words;
    use crate::directory::users::{CreateUser, UserChanges, Users};
    use crate::directory::{RequestId, clock};
    use crate::storage::schema::outbox;

    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
    const T: &str = "'2026-01-02T03:04:05+00:00'";

    /// Two roles, a workspace, a cluster in it, and so many users with addresses.
    fn directory(users: usize) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        let mut run = |statement: String| sql_query(statement).execute(&mut connection).unwrap();
        run(format!(
            "INSERT INTO roles (id, name, label, created, modified)
             VALUES (102, 'EDITOR', 'IP Editor', {T}, {T}), (103, 'ADMIN', ' ', {T}, {T})"
        ));
        run(format!(
            "INSERT INTO workspaces (id, title, code, created, modified)
             VALUES (1, 'Syria', 'SYR', {T}, {T})"
        ));
        run(format!(
            "INSERT INTO clusters (id, cluster_type, title, workspace_id, created, modified)
             VALUES (1, 'wash', 'WASH', 1, {T}, {T})"
        ));
        for id in 1..=users {
            run(format!(
                "INSERT INTO users (id, username, uname, created, modified)
                 VALUES ({id}, 'user{id}@example.org', 'user{id}', {T}, {T})"
            ));
        }
        connection
    }

    fn told(news: &[GrantNews], connection: &mut SqliteConnection) {
        let context = Context {
            mail: MailPolicy::new(Wording {
                site_name: "People".into(),
                link: None,
                about: vec![MailKind::Granted, MailKind::Changed],
            }),
            ..Context::of_program(clock::parse("2026-01-02T03:04:05Z").unwrap(), RequestId(7))
        };
        let done = queries::outbox::about_grants(news, &context, connection);
        done.now_or_never().unwrap().unwrap();
    }

    fn subjects_and_bodies(connection: &mut SqliteConnection) -> Vec<(String, String)> {
        let mails = outbox::table.order(outbox::id.asc());
        let mails = mails.select((outbox::subject, outbox::body));
        mails.load(connection).unwrap()
    }

    #[test]
    fn news_of_grants_name_roles_and_their_places() {
        let mut connection = directory(1);
        let news = |what, workspace_id, cluster_id| GrantNews {
            workspace_id,
            cluster_id,
            ..GrantNews::everywhere(9, 1, 103, what)
        };
        let from = GrantChange::Changed { from_role: 102 };
        let all = [
            news(GrantChange::Granted, None, Some(1)),
            news(from, Some(1), None),
            news(GrantChange::Removed, None, None),
        ];
        told(&all, &mut connection);
        // The same once more is no other event.
        told(&all, &mut connection);
        let mails = subjects_and_bodies(&mut connection);
        let subjects: Vec<&str> = mails.iter().map(|(subject, _)| subject.as_str()).collect();
        assert_eq!(
            subjects,
            [
                "People: you now hold the role ADMIN",
                "People: your role is now ADMIN"
            ]
        );
        assert!(
            mails[0]
                .1
                .contains("the role \"ADMIN\" in the cluster WASH.")
        );
        assert!(mails[1].1.contains(
            "your role in the workspace Syria was changed from \"IP Editor\" to \"ADMIN\"."
        ));
    }

    #[test]
    fn many_news_take_as_many_reads_as_few() {
        static READS: AtomicUsize = AtomicUsize::new(0);
        let reads = |count: usize| {
            let mut connection = directory(count);
            let news: Vec<GrantNews> = (1..)
                .take(count)
                .map(|id| GrantNews {
                    cluster_id: Some(1),
                    ..GrantNews::everywhere(id, id, 2, GrantChange::Granted)
                })
                .collect();
            READS.store(0, Ordering::Relaxed);
            connection.set_instrumentation(|event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event
                    && query.to_string().starts_with("SELECT")
                {
                    READS.fetch_add(1, Ordering::Relaxed);
                }
            });
            told(&news, &mut connection);
            let reads = READS.load(Ordering::Relaxed);
            assert_eq!(subjects_and_bodies(&mut connection).len(), count);
            reads
        };
        let few = reads(2);
        assert!(few > 0);
        assert_eq!(reads(300), few);
    }

    /// The tables that one run of this reads from one end to the other.
    fn scanned<O: queries::Run>(operation: &O) -> Vec<String> {
        let mut connection = directory(1);
        let statements = Arc::new(Mutex::new(Vec::new()));
        let told = statements.clone();
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                told.lock().unwrap().push(query.to_string());
            }
        });
        let now = clock::parse("2026-01-02T03:04:05Z").unwrap();
        let context = Context::of_program(now, RequestId(7));
        assert!(apply(&context, operation, &mut connection).is_ok());
        let statements = std::mem::take(&mut *statements.lock().unwrap());
        assert!(!statements.is_empty());
        let steps = statements.iter().flat_map(|statement| {
            let plan = sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
            plan.load::<Step>(&mut connection).unwrap()
        });
        // What a condition lists is gone through as a table, too, and so is what
        // a part of a statement found.
        let scans = steps.filter(|step| step.detail.starts_with("SCAN "));
        let scans = scans.filter(|step| {
            !step.detail.contains("json_each") && !step.detail.starts_with("SCAN (subquery-")
        });
        scans.map(|step| step.detail).collect()
    }

    #[derive(diesel::QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }

    #[test]
    fn what_is_done_now_and_then_reads_no_whole_table() {
        let none: [String; 0] = [];
        assert_eq!(scanned(&RecordExpiredGrants), none);
        // A directory has a handful of signing keys, and no index of them.
        for what in Expired::ALL
            .into_iter()
            .filter(|what| *what != Expired::SigningKeys)
        {
            let until = "2030-01-01T00:00:00+00:00".to_owned();
            let look = HasExpired {
                what,
                until: until.clone(),
            };
            assert_eq!(scanned(&look), none, "{what:?}");
            assert_eq!(scanned(&DeleteExpired { what, until }), none, "{what:?}");
        }
    }

    #[test]
    fn names_are_looked_for_along_their_indexes() {
        let none: [String; 0] = [];
        for username in ["user1@example.org", "USER1@example.org", "nobody"] {
            let username = username.to_owned();
            let find = FindAccount { username };
            assert_eq!(scanned(&find), none);
        }
        let create = CreateUser {
            changes: UserChanges {
                username: Some("calvin".into()),
                ..UserChanges::default()
            },
            roles: None,
            ceiling: PrivilegeCeiling::Everything,
        };
        assert_eq!(scanned(&create), none);
    }

    #[test]
    fn a_search_reads_no_whole_table_however_short_its_words_are() {
        for text in [
            "johanna doeling",
            "johanna d",
            "jo d",
            "j",
            "ქა",
            "@example",
        ] {
            let words = Words::of(text);
            assert!(words.are_indexed(), "{text}");
            let list = List::<Users> {
                visible: Visibility::All,
                condition: Some(Condition::Custom(CustomCondition::Search(words))),
                ..List::new(Slice {
                    offset: 0,
                    limit: 20,
                })
            };
            // The index of the search is a table with a way of its own to look things up.
            let by_match = |scan: &String| scan.contains("users_search VIRTUAL TABLE INDEX 0:M");
            let (found, others): (Vec<_>, Vec<_>) = scanned(&list).into_iter().partition(by_match);
            assert!(!found.is_empty(), "{text}");
            assert_eq!(others, [""; 0], "{text}");
        }
    }

    #[test]
    fn who_holds_a_role_is_counted_without_reading_all_grants() {
        let holders = ListMembers {
            side: Relation::RoleUsers.of(102),
            visible: Visibility::All,
            visible_members: Visibility::All,
            part: Part {
                slice: Slice {
                    offset: 0,
                    limit: 20,
                },
                seek: Seek::default(),
                count: Count::Exact,
            },
        };
        let none: [String; 0] = [];
        assert_eq!(scanned(&holders), none);
    }
}
