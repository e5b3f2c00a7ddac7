//! A row of the audit log as it is written.

use diesel::Insertable;

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
