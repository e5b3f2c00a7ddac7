//! Several reads that see one state of the database.

use diesel::SqliteConnection;

use super::static_statement;
use crate::storage::StorageError;

/// Reads only: what `read` answers ends the transaction in the same way.
///
/// # Errors
/// When the transaction cannot begin or end; the connection is in doubt then.
pub fn snapshot<T>(
    connection: &mut SqliteConnection,
    read: impl FnOnce(&mut SqliteConnection) -> T,
) -> Result<T, StorageError> {
    static_statement::begin(connection)?;
    let answer = read(connection);
    static_statement::commit(connection)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    use diesel::{Connection, RunQueryDsl};

    use super::*;

    fn count(connection: &mut SqliteConnection) -> i64 {
        let count = diesel::select(sql::<BigInt>("(SELECT count(*) FROM t)"));
        count.get_result(connection).unwrap()
    }

    #[test]
    fn what_is_committed_meanwhile_is_seen_afterwards() {
        let folder = std::env::temp_dir().join(format!("rolecall-snapshot-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("snapshot.db").to_str().unwrap().to_owned();
        let mut writer = SqliteConnection::establish(&path).unwrap();
        writer
            .batch_execute(
                "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1);",
            )
            .unwrap();
        let mut reader = SqliteConnection::establish(&path).unwrap();
        for rows in 1..3 {
            let seen = snapshot(&mut reader, |reader| {
                let before = count(reader);
                writer.batch_execute("INSERT INTO t VALUES (2)").unwrap();
                (before, count(reader))
            });
            assert_eq!(seen.unwrap(), (rows, rows));
            assert_eq!(count(&mut reader), rows + 1);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_connection_inside_a_transaction_is_in_doubt() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute("BEGIN").unwrap();
        assert!(snapshot(&mut connection, |_| ()).is_err());
    }
}
