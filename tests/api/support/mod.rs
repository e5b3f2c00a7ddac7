//! What tests are made of: an application, its clients, builders, databases.

mod answer;
mod app;
mod beside;
mod builders;
mod client;
mod clock;
mod cluster;
mod database;
pub mod document;
mod documents;
mod identity;
mod pgbouncer;
mod places;
pub mod raw;
mod sink;
mod slapd;
mod slow;
mod tables;
mod wire;

pub use answer::Answer;
pub use app::{ADMIN_PASSWORD, BEGIN, TestApp, eventually};
pub use beside::Beside;
pub use builders::{Member, PORTAL_ROLES, RoleMade, a_role, a_user, role_named, unique};
pub use client::{ATOMIC, BY_CURSOR, CHANGES, Client, JSON_API};
pub use cluster::Cluster;
pub use database::{TestDatabase, is_postgres};
pub use documents::{a_new, changes, linkage, links};
pub use identity::Identity;
pub use pgbouncer::PgBouncer;
pub use places::{ClusterMade, PartnerMade, WorkspaceMade, a_cluster, a_partner, a_workspace};
pub use sink::Sink;
pub use slapd::{Entry, READER_PASSWORD, Slapd, TULIP, a_group, a_person, at, free_port};
pub use slow::{make_endless, make_slow, restore};
pub use tables::tables;
pub use wire::Wire;
