//! The PostgreSQL side, within one transaction.

use std::collections::BTreeSet;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Nullable, Text};

use super::{Column, Counted, Named, Server, listed, literal, quoted};
use crate::storage::StorageError;

/// What migrations fill: in every other table a row is somebody's.
const FILLED: &[&str] = &[
    "credential_versions",
    "event_pruning",
    "grant_rule_targets",
    "grant_rules",
    "role_closure",
    "role_counts",
    "roles",
    "secrets",
];

pub struct Target<'a>(pub &'a mut Server);

impl Target<'_> {
    /// These tables, each after those that it refers to.
    ///
    /// # Errors
    /// When one is missing here.
    pub fn tables(&mut self, wanted: &[String]) -> Result<Vec<String>, StorageError> {
        #[derive(diesel::QueryableByName)]
        struct Reference {
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Nullable<Text>)]
            referred: Option<String>,
        }
        let query = "SELECT c.relname::text AS name, r.relname::text AS referred
            FROM pg_class AS c
            LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'f'
            LEFT JOIN pg_class AS r ON r.oid = k.confrelid AND r.oid <> c.oid
            WHERE c.relnamespace = current_schema()::regnamespace
              AND c.relkind IN ('r', 'p') AND NOT c.relispartition";
        let found: Vec<Reference> = diesel::sql_query(query).load(&mut *self.0)?;
        for table in wanted {
            if !found.iter().any(|reference| reference.name == *table) {
                return Err(unlike(&format!("the table {table}")));
            }
        }
        let mut left: Vec<&String> = wanted.iter().collect();
        let mut ordered: Vec<String> = Vec::new();
        while !left.is_empty() {
            let waits = |table: &str| {
                found.iter().any(|reference| {
                    let referred = reference.referred.as_ref();
                    reference.name == table && referred.is_some_and(|it| left.contains(&it))
                })
            };
            let free: BTreeSet<&String> =
                left.iter().copied().filter(|table| !waits(table)).collect();
            if free.is_empty() {
                return Err(unlike("an order of the tables"));
            }
            left.retain(|table| !free.contains(table));
            ordered.extend(free.into_iter().cloned());
        }
        Ok(ordered)
    }

    /// The columns of a table that are not computed here.
    ///
    /// # Errors
    /// When one side has a column that the other lacks.
    pub fn columns(&mut self, table: &str, there: &[String]) -> Result<Vec<Column>, StorageError> {
        #[derive(diesel::QueryableByName)]
        struct Found {
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Bool)]
            is_binary: bool,
            #[diesel(sql_type = Bool)]
            is_computed: bool,
        }
        let query = format!(
            "SELECT attname::text AS name, atttypid = 'bytea'::regtype AS is_binary,
               attgenerated <> '' AS is_computed
             FROM pg_attribute WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped",
            literal(&quoted(table))
        );
        let found: Vec<Found> = diesel::sql_query(query).load(&mut *self.0)?;
        let is_here = |name: &String| found.iter().any(|column| column.name == *name);
        if let Some(name) = there.iter().find(|name| !is_here(name)) {
            return Err(unlike(&format!("the column {table}.{name}")));
        }
        let mut columns = Vec::new();
        for column in found.into_iter().filter(|column| !column.is_computed) {
            if !there.contains(&column.name) {
                return Err(unlike(&format!("the column {table}.{}", column.name)));
            }
            columns.push(Column {
                name: column.name,
                is_binary: column.is_binary,
            });
        }
        Ok(columns)
    }

    pub fn require_empty(&mut self, tables: &[String]) -> Result<(), StorageError> {
        for table in tables
            .iter()
            .filter(|name| !FILLED.contains(&name.as_str()))
        {
            let query = format!(
                "SELECT count(*) AS count FROM (SELECT FROM {} LIMIT 1) AS found",
                quoted(table)
            );
            let counted: Counted = diesel::sql_query(query).get_result(&mut *self.0)?;
            if counted.count > 0 {
                return Err(StorageError::NotOurs(format!(
                    "the target is not empty: its table {table} has rows"
                )));
            }
        }
        Ok(())
    }

    /// What triggers count and check has been counted and checked. References are
    /// checked here all the same.
    pub fn disable_triggers(&mut self, off: bool) -> Result<(), StorageError> {
        let query = "SELECT DISTINCT c.oid::regclass::text AS name FROM pg_class AS c
            JOIN pg_trigger AS t ON t.tgrelid = c.oid AND NOT t.tgisinternal
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
            ORDER BY 1";
        let found: Vec<Named> = diesel::sql_query(query).load(&mut *self.0)?;
        let word = if off { "DISABLE" } else { "ENABLE" };
        for table in found {
            let name = table.name;
            self.0
                .batch_execute(&format!("ALTER TABLE ONLY {name} {word} TRIGGER USER"))?;
        }
        Ok(())
    }

    /// Takes out what the migrations have filled in.
    pub fn clear(&mut self, tables: &[String]) -> Result<(), StorageError> {
        let names: Vec<String> = tables.iter().map(|table| quoted(table)).collect();
        let statement = format!("TRUNCATE {}", names.join(", "));
        Ok(self.0.batch_execute(&statement)?)
    }

    pub fn insert(
        &mut self,
        table: &str,
        columns: &[Column],
        rows: String,
    ) -> Result<(), StorageError> {
        let (table, columns) = (quoted(table), listed(columns));
        let statement = format!(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
             SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)"
        );
        diesel::sql_query(statement)
            .bind::<Text, _>(rows)
            .execute(&mut *self.0)?;
        Ok(())
    }

    /// The next id is one that was never given.
    pub fn go_on_after(&mut self, table: &str, counter: Option<i64>) -> Result<(), StorageError> {
        let query = format!(
            "SELECT attname::text AS name FROM pg_attribute
             WHERE attrelid = {}::regclass AND attidentity <> ''",
            literal(&quoted(table))
        );
        let found: Vec<Named> = diesel::sql_query(query).load(&mut *self.0)?;
        for column in found {
            let (given, counter) = (quoted(&column.name), counter.unwrap_or(0));
            let sequence = format!(
                "pg_get_serial_sequence({}, {})",
                literal(&quoted(table)),
                literal(&column.name)
            );
            self.0.batch_execute(&format!(
                "SELECT setval({sequence}, last, TRUE) FROM
                   (SELECT greatest(max({given}), {counter}) AS last FROM {}) AS ids
                 WHERE last > 0",
                quoted(table)
            ))?;
        }
        Ok(())
    }

    pub fn count(&mut self, table: &str) -> Result<i64, StorageError> {
        let query = format!("SELECT count(*) AS count FROM {}", quoted(table));
        let counted: Counted = diesel::sql_query(query).get_result(&mut *self.0)?;
        Ok(counted.count)
    }

    pub fn analyze(&mut self, tables: &[String]) -> Result<(), StorageError> {
        let names: Vec<String> = tables.iter().map(|table| quoted(table)).collect();
        Ok(self
            .0
            .batch_execute(&format!("ANALYZE {}", names.join(", ")))?)
    }
}

fn unlike(what: &str) -> StorageError {
    StorageError::Unavailable(format!(
        "the two databases are not alike: {what} has no counterpart"
    ))
}
