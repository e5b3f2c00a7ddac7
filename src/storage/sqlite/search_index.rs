//! Whether the index of searches holds what the users' texts say. FTS5's own check
//! is a statement that writes, and would keep everybody else from changes for as
//! long as it takes; this one reads.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::result::Error as QueryError;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{SqliteConnection, sql_query};

/// Texts that are read together.
const BATCH: i64 = 10_000;
/// Bounds the products below; prime.
const MODULUS: i64 = 1_000_003;

/// Pieces of three letters; where they stand is summed up in a way that two
/// different places hardly ever share.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Places {
    number: i64,
    users: i64,
    places: i64,
}

#[derive(QueryableByName)]
struct Indexed {
    #[diesel(sql_type = Nullable<Text>)]
    term: Option<String>,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = BigInt)]
    users: i64,
    #[diesel(sql_type = BigInt)]
    places: i64,
}

/// Within a transaction that reads: both must be of one moment.
pub fn is_valid(connection: &mut SqliteConnection) -> QueryResult<bool> {
    match compare(connection) {
        // Damage of the index itself; that of other tables shows elsewhere.
        Err(QueryError::DatabaseError(_, info))
            if info.message().contains("malformed") || info.message().contains("corrupt") =>
        {
            Ok(false)
        }
        answer => answer,
    }
}

fn compare(connection: &mut SqliteConnection) -> QueryResult<bool> {
    // Part of the connection, not of the file.
    sql_query(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.users_search_terms \
         USING fts5vocab(main, users_search, instance)",
    )
    .execute(connection)?;
    let indexed: Vec<Indexed> = sql_query(format!(
        "SELECT term, count(*) AS number, sum(doc) AS users, \
           sum(doc % {MODULUS} * (offset + 1)) AS places \
         FROM temp.users_search_terms GROUP BY term"
    ))
    .load(connection)?;
    let mut wanted = wanted(connection)?;
    for Indexed {
        term,
        number,
        users,
        places,
    } in indexed
    {
        let found = Places {
            number,
            users,
            places,
        };
        let letters = term.as_deref().and_then(piece);
        if letters.and_then(|letters| wanted.remove(&letters)) != Some(found) {
            return Ok(false);
        }
    }
    Ok(wanted.is_empty())
}

/// What the index should hold.
fn wanted(connection: &mut SqliteConnection) -> QueryResult<HashMap<[char; 3], Places>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        id: i64,
        #[diesel(sql_type = Nullable<Text>)]
        search_text: Option<String>,
    }
    let mut wanted: HashMap<[char; 3], Places> = HashMap::new();
    let mut last = 0;
    loop {
        let rows: Vec<Row> =
            sql_query("SELECT id, search_text FROM users WHERE id > ? ORDER BY id LIMIT ?")
                .bind::<BigInt, _>(last)
                .bind::<BigInt, _>(BATCH)
                .load(connection)?;
        let Some(row) = rows.last() else {
            return Ok(wanted);
        };
        last = row.id;
        for Row { id, search_text } in rows {
            let letters: Vec<char> = search_text.iter().flat_map(|text| letters(text)).collect();
            for (offset, piece) in (1..).zip(letters.windows(3)) {
                if let [first, second, third] = *piece {
                    let of = wanted.entry([first, second, third]).or_default();
                    of.number += 1;
                    of.users += id;
                    of.places += id % MODULUS * offset;
                }
            }
        }
    }
}

/// As FTS5 reads a text.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let known = text.chars().filter(|letter| *letter != '\0');
    known.map(|letter| match letter {
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        letter => letter,
    })
}

fn piece(term: &str) -> Option<[char; 3]> {
    let letters: Vec<char> = term.chars().collect();
    letters.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::connection::SimpleConnection;

    fn directory() -> SqliteConnection {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection
            .batch_execute(
                "CREATE TABLE users (id INTEGER PRIMARY KEY, search_text TEXT);
                 CREATE VIRTUAL TABLE users_search USING fts5(
                   search_text, content = 'users', content_rowid = 'id',
                   tokenize = 'trigram case_sensitive 1');
                 INSERT INTO users VALUES (1, '  calvin  hobbes'), (2, '  zoë  ჰობსი 𝔘x'),
                   (3, '  ab'), (4, ''), (5, NULL), (6, 'aaaaaa'), (1234567, '  \u{fffe}x\u{ffff}');
                 INSERT INTO users_search (users_search) VALUES ('rebuild');",
            )
            .unwrap();
        connection
    }

    #[test]
    fn an_index_of_all_texts_is_right_and_of_others_it_is_not() {
        let mut connection = directory();
        assert!(is_valid(&mut connection).unwrap());
        assert!(is_valid(&mut connection).unwrap(), "a second time");
        for damage in [
            "UPDATE users SET search_text = '  calvin  hobbez' WHERE id = 1",
            "UPDATE users SET search_text = NULL WHERE id = 3",
            // The same pieces, of somebody else.
            "UPDATE users SET id = 7 WHERE id = 6",
            "DELETE FROM users WHERE id = 2",
            "INSERT INTO users VALUES (8, '  new')",
            "INSERT INTO users_search (users_search) VALUES ('delete-all')",
        ] {
            let mut connection = directory();
            connection.batch_execute(damage).unwrap();
            assert!(!is_valid(&mut connection).unwrap(), "{damage}");
        }
    }
}
