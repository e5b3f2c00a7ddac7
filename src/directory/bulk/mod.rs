//! The directory in bulk: rows of a file taken in and written out, many in a
//! transaction. Everything is named by its natural name, never by an id, so
//! that a file fits another directory too.

#[macro_use]
mod fields;
mod check;
mod export;
mod references;
mod rows;

pub use check::{Check, Finding, Part};
pub use export::{ExportPage, Exported};
pub use fields::UNCHECKED;
pub use references::{
    cluster_value, exact_cluster, numbered_partner, partner_value, parts, shown, titled_partner,
};
pub use rows::{
    CheckHash, ClusterRow, Doubt, GrantRow, PartnerRow, RoleRow, Row, RowProblem, UserRow,
    WorkspaceRow, cluster_name, doubtful_fields, fields_of, is_reference, read_row,
};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::Operation;

/// What a row is about, in the order in which one may refer to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Workspaces,
    Clusters,
    Roles,
    Partners,
    Users,
    Grants,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Workspaces,
        Self::Clusters,
        Self::Roles,
        Self::Partners,
        Self::Users,
        Self::Grants,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Workspaces => "workspaces",
            Self::Clusters => "clusters",
            Self::Roles => "roles",
            Self::Partners => "partners",
            Self::Users => "users",
            Self::Grants => "grants",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Lets the database's planner know of rows that came in bulk, where it does
/// not look by itself soon enough.
#[derive(Debug)]
pub struct RefreshStatistics;

impl Operation for RefreshStatistics {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// A row and the line where it begins.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub line: u64,
    pub row: Row,
    /// What is wrong with it, unless it says what is so already.
    pub doubts: Vec<Doubt>,
}

/// What became of the rows of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    /// They were there already, exactly so.
    pub unchanged: u64,
    pub refused: u64,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
    }
}

/// What became of some rows, and why some were refused.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub counts: BTreeMap<Kind, Counts>,
    pub problems: Vec<(u64, RowProblem)>,
}

impl Outcome {
    pub fn of(&mut self, kind: Kind) -> &mut Counts {
        self.counts.entry(kind).or_default()
    }

    pub fn refuse(&mut self, kind: Kind, line: u64, problems: Vec<RowProblem>) {
        self.of(kind).refused += 1;
        self.problems
            .extend(problems.into_iter().map(|problem| (line, problem)));
    }

    /// Adds the counts of another, without its problems.
    pub fn count(&mut self, other: &Self) {
        for (kind, counts) in &other.counts {
            self.of(*kind).add(*counts);
        }
    }

    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.counts.values().for_each(|counts| total.add(*counts));
        total
    }
}

/// What an import does with rows whose name there is already.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Of these kinds such a thing is changed to what the row says; of all
    /// others the row is refused, unless it says what is so already.
    pub upsert: Vec<Kind>,
    /// An event for each row that is created, besides that of its batch.
    pub tell_rows: bool,
}

/// How far an import has come once these rows are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub import_id: i64,
    /// Bytes and lines of the file that were read.
    pub bytes: u64,
    pub lines: u64,
    /// Of these bytes, SHA-256 in hexadecimal digits.
    pub digest: String,
    pub is_last: bool,
}

/// Takes some rows in: what is well with them stays, whatever else is refused.
#[derive(Debug)]
pub struct ImportRows {
    pub rows: Vec<Numbered>,
    pub rules: Rules,
    pub mark: Mark,
}

impl Operation for ImportRows {
    type Output = Outcome;
}

/// The next rows, until there are none.
pub type Source = Box<dyn FnMut() -> Option<Vec<Numbered>> + Send>;

/// Takes all rows in, in one transaction, or none when `keep` says so at the end.
pub struct ImportAll {
    pub rows: Mutex<Source>,
    pub rules: Rules,
    pub import_id: i64,
    /// Hears what became of each part.
    pub heard: Arc<dyn Fn(Outcome) + Send + Sync>,
    /// Whether it shall stay. Else the operation fails with [`UNDONE`].
    pub keep: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl ImportAll {
    pub fn next(&self) -> Option<Vec<Numbered>> {
        let mut rows = self.rows.lock().ok()?;
        (*rows)()
    }
}

/// Why an import that nobody wanted to keep has failed.
pub const UNDONE: &str = "Nothing was imported.";

impl Operation for ImportAll {
    type Output = ();
}

/// Begins an import, or finds the last one of a file that begins so.
#[derive(Debug)]
pub struct BeginImport {
    /// SHA-256 of the beginning of the file, in hexadecimal digits.
    pub head: String,
}

impl Operation for BeginImport {
    type Output = i64;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// An import as it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub mark: Mark,
    pub finished: Option<String>,
}

#[derive(Debug)]
pub struct FindImport {
    pub head: String,
}

impl Operation for FindImport {
    type Output = Option<Begun>;
}
