use super::audit::append_audit;
use super::prelude::*;
use super::{env, found, name_conflicts, pair_relations, scopes};
use crate::directory::events::{described, difference};
use crate::directory::members::{Authority, Relation};
use crate::directory::partners::{
    CreatePartner, DeletePartner, FindPartner, NewPartner, Partner, PartnerChanges, PartnerColumn,
    Partners, PartnersOf, UpdatePartner,
};
use crate::storage::schema::{partner_clusters, partners, users};

columns!(partners, PartnerColumn {
    Id: number id,
    Title: text title,
    ShortTitle: maybe_text short_title,
    AlternateTitle: maybe_text alternate_title,
    PartnerType: text partner_type,
    CsoType: maybe_text cso_type,
    SharedPartner: text shared_partner,
    ExternalSource: maybe_text external_source,
    ExternalId: maybe_text external_id,
    OchaExternalId: maybe_text ocha_external_id,
    Email: maybe_text email,
    PhoneNumber: maybe_text phone_number,
    StreetAddress: maybe_text street_address,
    City: maybe_text city,
    PostalCode: maybe_text postal_code,
    CountryCode: maybe_text country_code,
    VendorNumber: maybe_text vendor_number,
    AlternateId: maybe_text alternate_id,
    Rating: maybe_text rating,
    BasisForRiskRating: maybe_text basis_for_risk_rating,
    Created: text created,
    Modified: text modified,
});
no_own!(partners);

impl Run for FindPartner {
    type Answer = Option<Partner>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<Partner>, DirectoryError> {
        let Some(seen) = scopes::partners_seen(self.visible, context) else {
            return by_id(self.id, connection).await;
        };
        let query = partners::table
            .find(self.id)
            .filter(seen)
            .select(Partner::as_select());
        Ok(query.get_result(connection).await.optional()?)
    }
}

async fn by_id(id: i64, connection: &mut Conn) -> Result<Option<Partner>, DirectoryError> {
    let query = partners::table.find(id).select(Partner::as_select());
    Ok(query.get_result(connection).await.optional()?)
}

/// Before a change: what is recorded as the state before it must be that.
async fn lock_by_id(id: i64, connection: &mut Conn) -> Result<Option<Partner>, DirectoryError> {
    let query = env::for_update!(partners::table.find(id).select(Partner::as_select()));
    Ok(query.get_result(connection).await.optional()?)
}

/// Whether there is such a partner that the caller sees.
pub async fn sees(
    visible: Visibility,
    id: i64,
    context: &Context,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let mut query = partners::table
        .find(id)
        .select(partners::id)
        .into_boxed::<Db>();
    if let Some(seen) = scopes::partners_seen(visible, context) {
        query = query.filter(seen);
    }
    Ok(query.first::<i64>(connection).await.optional()?.is_some())
}

/// Nobody else changes the partner until this transaction ends.
pub async fn lock_row(id: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    found(lock_by_id(id, connection).await?).map(drop)
}

impl Run for List<Partners> {
    type Answer = Listed<Partner>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<Partner>, DirectoryError> {
        let seen = || filtered(self, None, context);
        let among: Option<&dyn Fn() -> _> = match self.visible {
            Visibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let matching = || filtered(self, wanted.as_ref(), context);
        let rows = page!(self, matching(), Partner, context, connection);
        let total = total!(self, rows, matching(), connection);
        Ok(Listed { rows, total })
    }
}

fn filtered(
    list: &List<Partners>,
    wanted: Option<&Condition<PartnerColumn>>,
    context: &Context,
) -> partners::BoxedQuery<'static, Db> {
    let mut query = partners::table.into_boxed::<Db>();
    if let Some(seen) = scopes::partners_seen(list.visible, context) {
        query = query.filter(seen);
    }
    query = match &list.parent {
        Some(PartnersOf::Cluster(cluster)) => {
            let there = partner_clusters::table
                .filter(partner_clusters::cluster_id.eq(*cluster))
                .select(partner_clusters::partner_id);
            query.filter(partners::id.eq_any(there))
        }
        Some(PartnersOf::Ids(ids)) => query.filter(env::id_in(partners::id, ids.clone())),
        None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

audit_entry_for!("partners");

impl Run for CreatePartner {
    type Answer = Partner;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Partner, DirectoryError> {
        name_conflicts::refuse(name_conflicts::of_partner(&self.changes, None, connection).await?)?;
        let now = context.now_text();
        let new = NewPartner {
            title: self.changes.title.as_deref().unwrap_or_default(),
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
        };
        let id: i64 = diesel::insert_into(partners::table)
            .values(new)
            .returning(partners::id)
            .get_result(connection)
            .await?;
        let rest = PartnerChanges {
            title: None,
            ..self.changes.clone()
        };
        if !rest.is_empty() {
            diesel::update(partners::table.find(id))
                .set(&rest)
                .cached()
                .execute(connection)
                .await?;
        }
        let partner = found(by_id(id, connection).await?)?;
        let after = Some(described(&partner));
        append_audit(context, connection, audit_entry("create", id, None, after)).await?;
        if let Some(clusters) = &self.clusters {
            let side = Relation::PartnerClusters.of(id);
            let authority = Authority::default();
            pair_relations::replace(side, clusters, authority, context, connection).await?;
        }
        Ok(partner)
    }
}

impl Run for UpdatePartner {
    type Answer = Partner;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Partner, DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        if let Some(clusters) = &self.clusters {
            let side = Relation::PartnerClusters.of(self.id);
            let authority = Authority::default();
            pair_relations::replace(side, clusters, authority, context, connection).await?;
        }
        let changes = self.changes.clone();
        let changes = changes.without_unchanged(&before);
        if changes.is_empty() {
            return Ok(before);
        }
        name_conflicts::refuse(
            name_conflicts::of_partner(&changes, Some(self.id), connection).await?,
        )?;
        diesel::update(partners::table.find(self.id))
            .set((
                &changes,
                partners::version.eq(partners::version + 1),
                partners::modified.eq(context.now_text()),
                partners::modified_by.eq(context.actor_id()),
            ))
            .cached()
            .execute(connection)
            .await?;
        let after = found(by_id(self.id, connection).await?)?;
        let (old, new) = difference(described(&before), described(&after));
        append_audit(
            context,
            connection,
            audit_entry("update", self.id, Some(old), Some(new)),
        )
        .await?;
        Ok(after)
    }
}

/// Tells when only users in the trash belong to the partner.
async fn refuse_with_users(partner: i64, connection: &mut Conn) -> Result<(), DirectoryError> {
    let theirs = || {
        users::table
            .filter(users::partner_id.eq(partner))
            .select(users::id)
    };
    let any: Option<i64> = theirs().first(connection).await.optional()?;
    if any.is_none() {
        return Ok(());
    }
    let living = theirs().filter(users::deleted_at.is_null());
    let living: Option<i64> = living.first(connection).await.optional()?;
    Err(DirectoryError::Protected(match living {
        Some(_) => "Users belong to this partner: give them another first.",
        None => {
            "Users in the trash belong to this partner: purge them, or restore them and give them another."
        }
    }))
}

impl Run for DeletePartner {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !sees(self.visible, self.id, context, connection).await? {
            return Err(DirectoryError::NotFound);
        }
        let before = found(lock_by_id(self.id, connection).await?)?;
        self.expected.check(before.version)?;
        refuse_with_users(self.id, connection).await?;
        // What goes with it is told with it.
        let side = Relation::PartnerClusters.of(self.id);
        let pairs = pair_relations::members(side, connection).await?;
        let mut told = described(&before);
        told.insert(side.relation.name().into(), pairs.into_iter().collect());
        let deleted = diesel::delete(partners::table.find(self.id))
            .execute(connection)
            .await?;
        if deleted == 0 {
            return Err(DirectoryError::NotFound);
        }
        append_audit(
            context,
            connection,
            audit_entry("delete", self.id, Some(told), None),
        )
        .await
    }
}
