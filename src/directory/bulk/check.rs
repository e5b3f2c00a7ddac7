//! Whether what the directory keeps beside its tables agrees with them.

use crate::directory::Operation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    ForeignKeys,
    UniqueGrants,
    UserBlocks,
    PartnerBlocks,
    RoleCounts,
    RoleClosure,
    SearchIndex,
    Names,
    RoleNames,
}

impl Part {
    /// In the order in which a repair must go: counts come after what is counted.
    pub const ALL: [Self; 9] = [
        Self::ForeignKeys,
        Self::UniqueGrants,
        Self::UserBlocks,
        Self::PartnerBlocks,
        Self::RoleCounts,
        Self::RoleClosure,
        Self::SearchIndex,
        Self::Names,
        Self::RoleNames,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ForeignKeys => "foreign keys",
            Self::UniqueGrants => "uniqueness of grants",
            Self::UserBlocks => "counted users",
            Self::PartnerBlocks => "counted users of partners",
            Self::RoleCounts => "counted grants of roles",
            Self::RoleClosure => "roles within roles",
            Self::SearchIndex => "search index",
            Self::Names => "usernames",
            Self::RoleNames => "names of roles",
        }
    }
}

/// Checks one part, and with `repair` puts it right in the same transaction.
#[derive(Debug)]
pub struct Check {
    pub part: Part,
    pub repair: bool,
}

/// What is wrong, and what a repair does or did about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    pub remedy: &'static str,
}

impl Operation for Check {
    type Output = Vec<Finding>;
    const SNAPSHOT: bool = true;
}
