//! Another program at the same database: what it holds, and what it sees.

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, QueryableByName, SqliteConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

use super::database::TestDatabase;

/// One connection, with a transaction that is open until it is said to end.
pub enum Beside {
    Sqlite(SqliteConnection),
    Postgres(Box<AsyncConnectionWrapper<AsyncPgConnection>>),
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Beside {
    fn connect(database: &TestDatabase) -> Self {
        match database {
            TestDatabase::Sqlite { .. } => {
                let path = database.address().replace("sqlite://", "");
                let mut connection = SqliteConnection::establish(&path).unwrap();
                // Our own writer may be noting something just now.
                connection
                    .batch_execute("PRAGMA busy_timeout = 30000;")
                    .unwrap();
                Self::Sqlite(connection)
            }
            TestDatabase::Postgres { .. } => {
                let connection = AsyncConnectionWrapper::establish(&database.address());
                Self::Postgres(Box::new(connection.unwrap()))
            }
        }
    }

    /// In a transaction that may write: on SQLite nobody else can meanwhile.
    pub fn begin(database: &TestDatabase) -> Self {
        let mut beside = Self::connect(database);
        beside.run(match &beside {
            Self::Sqlite(_) => "BEGIN IMMEDIATE;",
            Self::Postgres(_) => "BEGIN;",
        });
        beside
    }

    /// Holds the database for itself, as far as changes go.
    pub fn lock(database: &TestDatabase) -> Self {
        let mut beside = Self::begin(database);
        if let Self::Postgres(_) = &beside {
            beside.run("LOCK TABLE users, roles, grants, tokens IN EXCLUSIVE MODE;");
        }
        beside
    }

    pub fn run(&mut self, statements: &str) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(statements),
            Self::Postgres(connection) => connection.batch_execute(statements),
        }
        .unwrap();
    }

    /// What the database says when it refuses these statements, which it must.
    #[track_caller]
    pub fn refusal(database: &TestDatabase, statements: &str) -> String {
        let refused = match &mut Self::connect(database) {
            Self::Sqlite(connection) => connection.batch_execute(statements),
            Self::Postgres(connection) => connection.batch_execute(statements),
        };
        let Err(refused) = refused else {
            panic!("not refused: {statements}")
        };
        refused.to_string()
    }

    pub fn roll_back(mut self) {
        self.run("ROLLBACK;");
    }

    pub fn commit(mut self) {
        self.run("COMMIT;");
    }

    /// How many rows of this table fulfil the condition, for whoever looks now.
    pub fn count(database: &TestDatabase, table: &str, condition: &str) -> i64 {
        Self::number(database, "count(*)", table, condition)
    }

    /// The same of a sum or the like.
    pub fn number(database: &TestDatabase, of: &str, table: &str, condition: &str) -> i64 {
        let text = format!("SELECT {of} AS number FROM {table} WHERE {condition}");
        let query = diesel::sql_query(text);
        let counted: Counted = match &mut Self::connect(database) {
            Self::Sqlite(connection) => diesel::RunQueryDsl::get_result(query, connection),
            Self::Postgres(connection) => {
                diesel::RunQueryDsl::get_result(query, connection.as_mut())
            }
        }
        .unwrap();
        counted.number
    }
}
