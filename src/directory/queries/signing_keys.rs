use super::prelude::*;
use crate::directory::signing_keys::{EnsureSigningKey, ListSigningKeys, SigningKey};
use crate::storage::schema::signing_keys;

impl Run for ListSigningKeys {
    type Answer = Vec<SigningKey>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<SigningKey>, DirectoryError> {
        let now = context.now_text();
        Ok(signing_keys::table
            .filter(
                signing_keys::retired_at
                    .is_null()
                    .or(signing_keys::retired_at.gt(now)),
            )
            .order((signing_keys::not_before.desc(), signing_keys::id.desc()))
            .select(SigningKey::as_select())
            .load(connection)
            .await?)
    }
}

impl Run for EnsureSigningKey {
    type Answer = Vec<SigningKey>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<SigningKey>, DirectoryError> {
        super::env::serialize(connection).await?;
        let now = context.now_text();
        let known = ListSigningKeys.run(context, connection).await?;
        if known.iter().any(|key| key.not_before <= now) {
            return Ok(known);
        }
        diesel::insert_into(signing_keys::table)
            .values(&self.0)
            .execute(connection)
            .await?;
        let mut after = serde_json::Map::new();
        after.insert("kid".into(), self.0.kid.clone().into());
        after.insert("algorithm".into(), self.0.algorithm.clone().into());
        let id: i64 = signing_keys::table
            .filter(signing_keys::kid.eq(&self.0.kid))
            .select(signing_keys::id)
            .get_result(connection)
            .await?;
        let audit_entry = super::audit::AuditEntry {
            verb: "create",
            subject_type: "signing_keys",
            subject_id: id,
            before: None,
            after: Some(after),
        };
        super::audit::append_audit(context, connection, audit_entry).await?;
        ListSigningKeys.run(context, connection).await
    }
}
