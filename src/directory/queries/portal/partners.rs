use std::collections::BTreeMap;

use super::super::prelude::*;
use super::super::{env, found};
use super::{held_roles, refused};
use crate::directory::clusters::Cluster;
use crate::directory::listing::Slice;
use crate::directory::partners::Partner;
use crate::directory::portal::{
    AddPortalPartner, AssignableClusters, AssignablePartners, Caller, ChangePortalPartner,
    FindPortalPartner, HeldRoles, ListPortalPartners, PartnerBrief, PartnerOrder, PortalPage,
    PortalPartner, PortalRole,
};
use crate::directory::search::Words;
use crate::storage::schema::{clusters, partner_clusters, partners};

async fn knowing(
    caller: Caller,
    context: &Context,
    connection: &mut Conn,
) -> Result<HeldRoles, DirectoryError> {
    let held_roles = held_roles(caller, context, connection).await?;
    if held_roles.knows_all_partners() {
        Ok(held_roles)
    } else {
        Err(refused())
    }
}

impl Run for ListPortalPartners {
    type Answer = PortalPage<PortalPartner>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<PortalPage<PortalPartner>, DirectoryError> {
        knowing(self.caller, context, connection).await?;
        let titled = match &self.title {
            Some(words) => Some(titled(words, connection).await?),
            None => None,
        };
        let matching = || matching(self, titled.as_deref());
        let total = matching().count().get_result(connection).await?;
        let Slice { limit, offset } = self.page.slice(total);
        let rows: Vec<Partner> = ordered(matching(), &self.order)
            .limit(limit)
            .offset(offset)
            .select(Partner::as_select())
            .load(connection)
            .await?;
        let rows = with_clusters(rows, connection).await?;
        Ok(PortalPage { rows, total })
    }
}

type Matching = partners::BoxedQuery<'static, Db>;

/// Partners whose titles hold these words. There is no index of titles.
async fn titled(words: &Words, connection: &mut Conn) -> Result<Vec<i64>, DirectoryError> {
    type Titles = (i64, String, Option<String>, Option<String>);
    let titles = partners::table.select((
        partners::id,
        partners::title,
        partners::short_title,
        partners::alternate_title,
    ));
    let titles: Vec<Titles> = titles.load(connection).await?;
    let found = titles.iter().filter(|(_, title, short, alternate)| {
        let others = [short.as_deref(), alternate.as_deref()];
        words.are_within(std::iter::once(title.as_str()).chain(others.into_iter().flatten()))
    });
    Ok(found.map(|(id, ..)| *id).collect())
}

fn matching(list: &ListPortalPartners, titled: Option<&[i64]>) -> Matching {
    let mut query = partners::table.into_boxed::<Db>();
    if let Some(types) = &list.partner_types {
        query = query.filter(partners::partner_type.eq_any(types.clone()));
    }
    if let Some(wanted) = &list.clusters {
        let there = partner_clusters::table
            .filter(env::id_in(partner_clusters::cluster_id, wanted.clone()))
            .select(partner_clusters::partner_id);
        query = query.filter(partners::id.eq_any(there));
    }
    match titled {
        Some(ids) => query.filter(env::id_in(partners::id, ids.to_vec())),
        None => query,
    }
}

fn ordered(mut query: Matching, order: &[(PartnerOrder, bool)]) -> Matching {
    for key in order {
        query = match key {
            (PartnerOrder::Title, false) => query.then_order_by(partners::title.asc()),
            (PartnerOrder::Title, true) => query.then_order_by(partners::title.desc()),
            (PartnerOrder::PartnerType, false) => query.then_order_by(partners::partner_type.asc()),
            (PartnerOrder::PartnerType, true) => query.then_order_by(partners::partner_type.desc()),
        };
    }
    query.then_order_by(partners::id.desc())
}

/// One query for the clusters of all.
async fn with_clusters(
    rows: Vec<Partner>,
    connection: &mut Conn,
) -> Result<Vec<PortalPartner>, DirectoryError> {
    let ids = rows.iter().map(|partner| partner.id).collect();
    let pairs: Vec<(i64, Cluster)> = partner_clusters::table
        .inner_join(clusters::table.on(clusters::id.eq(partner_clusters::cluster_id)))
        .filter(env::id_in(partner_clusters::partner_id, ids))
        .order((partner_clusters::partner_id.asc(), clusters::id.asc()))
        .select((partner_clusters::partner_id, Cluster::as_select()))
        .load(connection)
        .await?;
    let mut of: BTreeMap<i64, Vec<Cluster>> = BTreeMap::new();
    for (partner, cluster) in pairs {
        of.entry(partner).or_default().push(cluster);
    }
    let shown = rows.into_iter().map(|partner| PortalPartner {
        clusters: of.remove(&partner.id).unwrap_or_default(),
        partner,
    });
    Ok(shown.collect())
}

async fn one(partner: Partner, connection: &mut Conn) -> Result<PortalPartner, DirectoryError> {
    let shown = with_clusters(vec![partner], connection).await?;
    found(shown.into_iter().next())
}

impl Run for FindPortalPartner {
    type Answer = PortalPartner;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<PortalPartner, DirectoryError> {
        let held_roles = held_roles(self.caller, context, connection).await?;
        let is_own = held_roles.is_member() && held_roles.partner == Some(self.id);
        let sees_all = held_roles.knows_all_partners() || (self.only_clusters && is_own);
        if !sees_all {
            return Err(refused());
        }
        let row = partners::table.find(self.id).select(Partner::as_select());
        let row: Option<Partner> = row.get_result(connection).await.optional()?;
        one(found(row)?, connection).await
    }
}

impl Run for AddPortalPartner {
    type Answer = PortalPartner;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<PortalPartner, DirectoryError> {
        knowing(self.caller, context, connection).await?;
        let made = self.create.run(context, connection).await?;
        one(made, connection).await
    }
}

impl Run for ChangePortalPartner {
    type Answer = PortalPartner;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<PortalPartner, DirectoryError> {
        knowing(self.caller, context, connection).await?;
        let changed = self.update.run(context, connection).await?;
        one(changed, connection).await
    }
}

impl Run for AssignableClusters {
    type Answer = Vec<(i64, String)>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<(i64, String)>, DirectoryError> {
        let held_roles = held_roles(self.caller, context, connection).await?;
        let mut query = clusters::table.into_boxed::<Db>();
        if !held_roles.unbounded && !held_roles.is_system_admin() {
            let mut there = held_roles.clusters_as(PortalRole::ClusterImo);
            there.extend(held_roles.clusters_as(PortalRole::ClusterMember));
            if there.is_empty() {
                return Err(refused());
            }
            query = query.filter(env::id_in(clusters::id, there));
        }
        let rows: Vec<Cluster> = query
            .order(clusters::id.asc())
            .select(Cluster::as_select())
            .load(connection)
            .await?;
        let brief = |cluster: Cluster| (cluster.id, cluster.full_title);
        Ok(rows.into_iter().map(brief).collect())
    }
}

impl Run for AssignablePartners {
    type Answer = Vec<PartnerBrief>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<PartnerBrief>, DirectoryError> {
        let held_roles = held_roles(self.caller, context, connection).await?;
        let mut query = partners::table.into_boxed::<Db>();
        if !held_roles.knows_all_partners() {
            if !held_roles.is_member() {
                return Err(refused());
            }
            query = query.filter(partners::id.eq(held_roles.partner.unwrap_or(0)));
        }
        let rows: Vec<(i64, String, Option<String>)> = query
            .order(partners::id.asc())
            .select((partners::id, partners::title, partners::ocha_external_id))
            .load(connection)
            .await?;
        let brief = |(id, title, ocha_external_id)| PartnerBrief {
            id,
            title,
            ocha_external_id,
        };
        Ok(rows.into_iter().map(brief).collect())
    }
}
