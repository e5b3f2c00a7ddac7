//! The SQLite side: nobody changes it while it is read.

use std::path::Path;
use std::time::Duration;

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, SqliteConnection};

use super::{BYTES, Column, Counted, Counters, Named, ROWS, literal, quoted};
use crate::storage::StorageError;
use crate::storage::migrations::HISTORY;
use crate::storage::sqlite::connection;

pub struct Source(SqliteConnection);

impl Source {
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let mut connection = connection::open_existing(path, Duration::ZERO)?;
        // Readers may be there; no writer.
        connection.batch_execute("BEGIN IMMEDIATE")?;
        Ok(Self(connection))
    }

    /// Those that hold something of the directory: an index for searching does not.
    pub fn tables(&mut self) -> Result<Vec<String>, StorageError> {
        let query = format!(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
             AND name NOT LIKE 'sqlite|_%' ESCAPE '|' AND name <> '{HISTORY}' ORDER BY name"
        );
        let found: Vec<Named> = diesel::sql_query(query).load(&mut self.0)?;
        Ok(found.into_iter().map(|table| table.name).collect())
    }

    /// With those that are computed, which can be read like others.
    pub fn columns(&mut self, table: &str) -> Result<Vec<String>, StorageError> {
        let query = format!("SELECT name FROM pragma_table_xinfo({})", literal(table));
        let found: Vec<Named> = diesel::sql_query(query).load(&mut self.0)?;
        Ok(found.into_iter().map(|column| column.name).collect())
    }

    /// Hands on all rows as arrays of JSON objects, one bounded array at a time.
    pub fn read(
        &mut self,
        table: &str,
        columns: &[Column],
        give: &mut dyn FnMut(String) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            json: String,
        }
        let pairs = columns.iter().map(|column| {
            let (key, name) = (literal(&column.name), quoted(&column.name));
            match column.is_binary {
                // As PostgreSQL writes bytes.
                true => format!("{key}, '\\x' || hex({name})"),
                false => format!("{key}, {name}"),
            }
        });
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let query = format!("SELECT json_object({pairs}) AS json FROM {}", quoted(table));
        let rows = diesel::sql_query(query).load_iter::<Row, DefaultLoadingMode>(&mut self.0)?;
        let (mut batch, mut count) = (String::new(), 0);
        for row in rows {
            batch.push(if count == 0 { '[' } else { ',' });
            batch.push_str(&row?.json);
            count += 1;
            if count == ROWS || batch.len() >= BYTES {
                batch.push(']');
                give(std::mem::take(&mut batch))?;
                count = 0;
            }
        }
        if count > 0 {
            batch.push(']');
            give(batch)?;
        }
        Ok(())
    }

    pub fn count(&mut self, table: &str) -> Result<i64, StorageError> {
        let query = format!("SELECT count(*) AS count FROM {}", quoted(table));
        let counted: Counted = diesel::sql_query(query).get_result(&mut self.0)?;
        Ok(counted.count)
    }

    /// Ids are not given twice, not even those of rows that are gone.
    pub fn counters(&mut self) -> Result<Counters, StorageError> {
        #[derive(diesel::QueryableByName)]
        struct Counter {
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = BigInt)]
            seq: i64,
        }
        let query = "SELECT name, seq FROM sqlite_sequence";
        let found: Vec<Counter> = diesel::sql_query(query).load(&mut self.0)?;
        Ok(found.into_iter().map(|it| (it.name, it.seq)).collect())
    }
}
