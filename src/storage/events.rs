//! A row of the audit log as it is written, and a month of them as it leaves.

use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Insertable, QueryableByName};

use super::schema::events;

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = events)]
// With a keyword in the place of a null its statement would not stay prepared.
#[diesel(treat_none_as_default_value = false)]
pub struct NewEvent {
    pub at: String,
    pub actor_id: Option<i64>,
    pub actor: Option<String>,
    pub token_id: Option<i64>,
    pub verb: String,
    pub subject_type: String,
    pub subject_id: i64,
    pub before: Option<String>,
    pub after: Option<String>,
    pub request_id: String,
    pub source_address: Option<String>,
    pub credential: Option<&'static str>,
    pub count: i64,
}

/// A month of events that is dropped as a whole.
#[derive(Clone, Debug, QueryableByName)]
pub struct OldMonth {
    /// How many there were.
    #[diesel(sql_type = BigInt)]
    pub gone: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub up_to_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub up_to: Option<String>,
}
