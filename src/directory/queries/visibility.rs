//! Resolves which users a caller can see, once for each operation.

use super::prelude::*;
use crate::directory::delegation::ScopeMatch;
use crate::storage::schema::{grant_rules, grants, role_closure, users};

/// The [`Visibility`] of users after the grant rules of the caller were loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolvedVisibility {
    All,
    /// This user alone.
    Own(i64),
    /// The users of this partner, the caller among them.
    Partner(i64),
    Nothing,
}

impl ResolvedVisibility {
    /// The ids that may be seen, first and last.
    pub fn ids(self) -> (i64, i64) {
        match self {
            Self::All | Self::Partner(_) => (0, i64::MAX),
            Self::Own(own) => (own, own),
            Self::Nothing => (0, -1),
        }
    }

    /// The partner that they must have; 0: any or none.
    pub fn partner(self) -> i64 {
        match self {
            Self::Partner(partner) => partner,
            Self::All | Self::Own(_) | Self::Nothing => 0,
        }
    }

    pub fn sees(self, user: i64, partner: Option<i64>) -> bool {
        match self {
            Self::All => true,
            Self::Own(own) => own == user,
            Self::Partner(own) => partner == Some(own),
            Self::Nothing => false,
        }
    }
}

/// A condition on users whose text is the same for every visibility.
macro_rules! seen {
    ($visibility:expr) => {{
        use diesel::IntoSql;
        let (least, most) = $visibility.ids();
        let partner = $visibility.partner();
        users::id.between(least, most).and(
            (partner == 0)
                .into_sql::<diesel::sql_types::Bool>()
                .nullable()
                .or(users::partner_id.eq(partner)),
        )
    }};
}

/// Loads the grant rules of a delegated caller: a rule for all partners shows all
/// users, a rule for the caller's own partner shows the users of this partner.
pub async fn resolve_visibility(
    visible: Visibility,
    context: &Context,
    connection: &mut Conn,
) -> Result<ResolvedVisibility, DirectoryError> {
    let user = match visible {
        Visibility::All => return Ok(ResolvedVisibility::All),
        Visibility::Own(own) => return Ok(ResolvedVisibility::Own(own)),
        Visibility::Nothing => return Ok(ResolvedVisibility::Nothing),
        Visibility::Delegated(user) => user,
    };
    let now = context.now_text();
    let rules: Vec<(String, String, Option<i64>)> = grants::table
        .inner_join(users::table)
        .inner_join(role_closure::table.on(role_closure::role_id.eq(grants::role_id)))
        .inner_join(grant_rules::table.on(grant_rules::granter_role_id.eq(role_closure::part_id)))
        .filter(grants::user_id.eq(user))
        .filter(in_force!(&now))
        .select((grant_rules::scope, grant_rules::verbs, users::partner_id))
        .distinct()
        .load(connection)
        .await?;
    let gives = |verbs: &str| {
        crate::directory::delegation::verbs(verbs)
            .contains(&crate::directory::delegation::Verb::Give)
    };
    let mut own = None;
    for (scope, verbs, partner) in &rules {
        match ScopeMatch::named(scope).filter(|_| gives(verbs)) {
            Some(scope_match) if scope_match.needs_partner() => own = *partner,
            Some(_) => return Ok(ResolvedVisibility::All),
            None => {}
        }
    }
    Ok(own.map_or(ResolvedVisibility::Own(user), ResolvedVisibility::Partner))
}

/// Whether there is such a living user whom the caller sees.
pub async fn sees_user(
    visible: Visibility,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let row = users::table
        .find(id)
        .filter(users::deleted_at.is_null())
        .select(users::partner_id);
    let partner: Option<Option<i64>> = row.get_result(connection).await.optional()?;
    let Some(partner) = partner else {
        return Ok(false);
    };
    Ok(resolve_visibility(visible, context, connection)
        .await?
        .sees(id, partner))
}
