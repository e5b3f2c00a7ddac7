//! Partners, as those look after them who know all: administrators, system
//! admins and IMOs. And what can be named when somebody is invited.

use super::{Caller, PageWanted, PartnerBrief, PortalPage};
use crate::directory::Operation;
use crate::directory::clusters::Cluster;
use crate::directory::partners::{CreatePartner, Partner, UpdatePartner};
use crate::directory::search::Words;

/// A partner with the clusters that it works in.
#[derive(Debug)]
pub struct PortalPartner {
    pub partner: Partner,
    pub clusters: Vec<Cluster>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnerOrder {
    Title,
    PartnerType,
}

/// A page of partners, newest first.
#[derive(Debug, Default)]
pub struct ListPortalPartners {
    pub caller: Caller,
    pub partner_types: Option<Vec<String>>,
    pub clusters: Option<Vec<i64>>,
    /// Each anywhere in one of the three titles.
    pub title: Option<Words>,
    pub order: Vec<(PartnerOrder, bool)>,
    pub page: PageWanted,
}

impl Operation for ListPortalPartners {
    type Output = PortalPage<PortalPartner>;
    const SNAPSHOT: bool = true;

    fn is_slow(&self) -> bool {
        self.title.is_some() || self.clusters.is_some() || !self.order.is_empty()
    }
}

#[derive(Debug)]
pub struct FindPortalPartner {
    pub caller: Caller,
    pub id: i64,
    /// For the clusters alone, which a member sees of their own partner, too.
    pub only_clusters: bool,
}

impl Operation for FindPortalPartner {
    type Output = PortalPartner;
    const SNAPSHOT: bool = true;
}

#[derive(Clone, Debug)]
pub struct AddPortalPartner {
    pub caller: Caller,
    pub create: CreatePartner,
}

impl Operation for AddPortalPartner {
    type Output = PortalPartner;

    fn touches_credentials(&self) -> bool {
        false
    }
}

#[derive(Clone, Debug)]
pub struct ChangePortalPartner {
    pub caller: Caller,
    pub update: UpdatePartner,
}

impl Operation for ChangePortalPartner {
    type Output = PortalPartner;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// The clusters in which the caller gives roles, as ids and full titles.
#[derive(Debug, Default)]
pub struct AssignableClusters {
    pub caller: Caller,
}

impl Operation for AssignableClusters {
    type Output = Vec<(i64, String)>;
    const SNAPSHOT: bool = true;
}

/// The partners for which the caller invites people.
#[derive(Debug, Default)]
pub struct AssignablePartners {
    pub caller: Caller,
}

impl Operation for AssignablePartners {
    type Output = Vec<PartnerBrief>;
    const SNAPSHOT: bool = true;
}
