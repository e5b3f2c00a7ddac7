//! The keys with which access tokens are signed, shared by all processes.

use diesel::{Insertable, Queryable, Selectable};

use super::Operation;
use super::secret::secret_text;
use crate::storage::schema::signing_keys;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
pub struct SigningKey {
    pub kid: String,
    pub algorithm: String,
    pub private_key: PrivateKey,
    pub public_key: String,
    /// From when on it signs; shown before, so that verifiers know it in time.
    pub not_before: String,
    /// From when on it is shown and believed no longer.
    pub retired_at: Option<String>,
    pub created: String,
}

/// A private key in stored form. Does not print.
#[derive(
    Clone, PartialEq, Eq, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct PrivateKey(String);

impl PrivateKey {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

secret_text!(PrivateKey);

/// Every key that is not retired, the newest first.
#[derive(Debug)]
pub struct ListSigningKeys;

impl Operation for ListSigningKeys {
    type Output = Vec<SigningKey>;
}

/// Stores this key when none can sign now, then answers like [`ListSigningKeys`]:
/// processes that start together end up with the same one.
#[derive(Debug)]
pub struct EnsureSigningKey(pub SigningKey);

impl Operation for EnsureSigningKey {
    type Output = Vec<SigningKey>;

    fn touches_credentials(&self) -> bool {
        false
    }
}
