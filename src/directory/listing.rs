//! Filters, sorts and pages as plain values: surfaces translate into them,
//! only the queries translate out of them.

mod pattern;
mod seek;

use super::search::Words;
pub use pattern::{Pattern, end_of_prefix};
pub use seek::{Position, Seek};

/// A record type that can be listed.
pub trait Entity: Send + Sync + 'static {
    type Row: Send + 'static;
    /// What can be filtered and sorted by.
    type Column: Copy + Send + Sync + PartialEq + std::fmt::Debug + 'static;
    /// What a list can be confined to: the members of a role, say.
    type Parent: Clone + Send + Sync + std::fmt::Debug + 'static;

    /// Confined to these ids, for `include`.
    fn of_ids(ids: Vec<i64>) -> Self::Parent;

    /// The column of the id, which breaks the ties of every order.
    const ID: Self::Column;

    /// Whether an index gives this order.
    fn is_indexed(column: Self::Column) -> bool;
}

/// Which rows the caller may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    All,
    /// What belongs to this user.
    Own(i64),
    /// The same, and what the grant rules let this user see.
    Delegated(i64),
    #[default]
    Nothing,
}

/// The value that a column is compared with, of the column's own kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    Text(String),
    Flag(bool),
    Number(i64),
    Pattern(Pattern),
}

/// Of these, what looks into texts compares them exactly, as the others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Begins with the operand.
    Prefix,
    Suffix,
    Contains,
    /// Fits the operand, a pattern.
    Matches,
    /// Has no value (operand `Flag(true)`) or has one.
    Null,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition<C> {
    All(Vec<Condition<C>>),
    Any(Vec<Condition<C>>),
    /// Several operands: any of them (`Equal`), none of them (`NotEqual`).
    Test {
        column: C,
        comparison: Comparison,
        operands: Vec<Operand>,
    },
    /// One of these.
    Ids(Vec<i64>),
    /// What only some nouns know.
    Custom(CustomCondition),
    /// Stands behind this value and id together, or before them: one range of an index.
    Beyond {
        column: C,
        value: Operand,
        id: i64,
        descending: bool,
    },
}

/// Conditions on users that are about more than a column of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomCondition {
    /// Holds one of these roles without a scope, or, with `holds` false, none
    /// of them. Without names: any role at all.
    Roles { named: Option<Named>, holds: bool },
    /// The same with the ids of the roles, as whoever carries the list out puts
    /// it in the place of the names. `many`: so many hold them that a page is
    /// full sooner by looking at users one by one than by gathering holders.
    Holders {
        /// In places, too, not only without a scope.
        anywhere: bool,
        roles: Option<Vec<i64>>,
        holds: bool,
        many: bool,
    },
    /// Has each of these words in a name, the username or the e-mail address.
    Search(Words),
}

/// Things by their ids or their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub ids: Vec<i64>,
    pub names: Vec<String>,
}

impl Named {
    pub fn is_one(&self) -> bool {
        self.ids.len() + self.names.len() == 1
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortBy<C> {
    pub column: C,
    pub descending: bool,
}

/// A part of a list. `limit` 0 asks for the total only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub offset: i64,
    pub limit: i64,
}

/// How many rows a list has: not asked, roughly, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    None,
    Estimated,
    Exact,
}

/// A page of a noun's rows. Ties of every order are broken by id.
#[derive(Debug)]
pub struct List<N: Entity> {
    pub parent: Option<N::Parent>,
    pub visible: Visibility,
    pub condition: Option<Condition<N::Column>>,
    pub sort: Vec<SortBy<N::Column>>,
    pub seek: Seek,
    pub slice: Slice,
    pub count: Count,
}

impl<N: Entity> List<N> {
    /// Everything that the caller may see, in the order of the ids.
    pub fn new(slice: Slice) -> Self {
        Self {
            parent: None,
            visible: Visibility::default(),
            condition: None,
            sort: Vec::new(),
            seek: Seek::default(),
            slice,
            count: Count::Exact,
        }
    }

    /// Every row that there is: neither filtered nor confined.
    pub fn is_everything(&self) -> bool {
        self.parent.is_none() && self.visible == Visibility::All && self.condition.is_none()
    }

    /// Unfiltered, in the order of the ids, paged by counting.
    pub fn is_in_plain_order(&self) -> bool {
        self.condition.is_none() && self.sort.is_empty() && self.seek == Seek::default()
    }

    /// Whether a regular expression is tried on rows.
    pub fn has_pattern(&self) -> bool {
        self.condition.as_ref().is_some_and(Condition::has_pattern)
    }

    /// The one role whose holders these are, in the order of their ids.
    pub fn of_one_role(&self) -> Option<&Named> {
        match self.condition.as_ref()?.only() {
            Condition::Custom(CustomCondition::Roles {
                named: Some(named),
                holds: true,
            }) if self.parent.is_none() && self.sort.is_empty() && named.is_one() => Some(named),
            _ => None,
        }
    }

    /// The order in which rows are read: the other way round for a page that
    /// is known by its end.
    pub fn reading_order(&self) -> Vec<SortBy<N::Column>> {
        let id = SortBy {
            column: N::ID,
            descending: false,
        };
        let keys = match self.sort.as_slice() {
            [] if self.seek.backwards => std::slice::from_ref(&id),
            keys => keys,
        };
        let turn = |key: &SortBy<N::Column>| SortBy {
            descending: key.descending != self.seek.backwards,
            ..*key
        };
        keys.iter().map(turn).collect()
    }

    /// The parts that the page is read in, one after the other until it is full.
    pub fn pieces(&self, by_row: bool) -> Vec<Option<Condition<N::Column>>> {
        seek::pieces::<N>(&self.seek, &self.sort, by_row)
    }

    /// How many rows are still to be read when there are some.
    pub fn left(&self, rows: &[N::Row]) -> i64 {
        let read = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.slice.limit.saturating_sub(read)
    }

    /// The total, where the page tells it: what was read was not cut off.
    pub fn total_by(&self, rows: &[N::Row]) -> Option<i64> {
        let read = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let is_last = read < self.slice.limit && (read > 0 || self.slice.offset == 0);
        (is_last && self.seek == Seek::default()).then(|| self.slice.offset.saturating_add(read))
    }

    /// Rows as they were read, in the order of the list.
    pub fn in_order(&self, mut rows: Vec<N::Row>) -> Vec<N::Row> {
        if self.seek.backwards {
            rows.reverse();
        }
        rows
    }
}

impl<N: Entity> super::Operation for List<N> {
    type Output = Listed<N::Row>;
    const SNAPSHOT: bool = true;

    fn is_slow(&self) -> bool {
        let indexed = |column| N::is_indexed(column);
        if self.count == Count::None
            && self.visible == Visibility::All
            && self.of_one_role().is_some()
        {
            return false;
        }
        self.condition
            .as_ref()
            .is_some_and(|condition| condition.has_pattern() || !condition.is_narrow(&indexed))
            || self.sort.first().is_some_and(|key| !indexed(key.column))
    }
}

impl<C: Copy> Condition<C> {
    /// Whether an index leads to the few rows that match.
    fn is_narrow(&self, indexed: &impl Fn(C) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(|part| part.is_narrow(indexed)),
            Self::Any(parts) => parts.iter().all(|part| part.is_narrow(indexed)),
            Self::Test {
                column,
                comparison,
                operands,
            } => {
                let narrow = match comparison {
                    Comparison::Equal => true,
                    Comparison::Prefix => !operands.contains(&Operand::Text(String::new())),
                    _ => false,
                };
                narrow && indexed(*column)
            }
            Self::Beyond { .. } | Self::Ids(_) | Self::Custom(_) => false,
        }
    }

    fn has_pattern(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_pattern),
            Self::Test { comparison, .. } => *comparison == Comparison::Matches,
            Self::Beyond { .. } | Self::Ids(_) | Self::Custom(_) => false,
        }
    }

    /// The conditions that only some nouns know.
    pub fn custom(&mut self) -> Vec<&mut CustomCondition> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter_mut().flat_map(Self::custom).collect()
            }
            Self::Custom(custom) => vec![custom],
            _ => Vec::new(),
        }
    }

    /// The tests by pattern, which no database does: whoever carries the list
    /// out puts the ids that fit in their place.
    pub fn patterns(&mut self) -> Vec<&mut Self> {
        self.leaves(&|leaf| leaf.has_pattern())
    }

    /// The condition itself, when others are only put around it.
    pub fn only(&self) -> &Self {
        match self {
            Self::All(parts) | Self::Any(parts) => match parts.as_slice() {
                [one] => one.only(),
                _ => self,
            },
            one => one,
        }
    }

    /// The searches, in whose place the ids of the found may be put.
    pub fn searches(&mut self) -> Vec<&mut Self> {
        self.leaves(&|leaf| matches!(leaf, Self::Custom(CustomCondition::Search(_))))
    }

    fn leaves(&mut self, wanted: &impl Fn(&Self) -> bool) -> Vec<&mut Self> {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let leaves = parts.iter_mut().flat_map(|part| part.leaves(wanted));
                leaves.collect()
            }
            leaf if wanted(leaf) => vec![leaf],
            _ => Vec::new(),
        }
    }
}

/// A page, and how many rows the whole list has when that was asked.
#[derive(Debug)]
pub struct Listed<R> {
    pub rows: Vec<R>,
    pub total: Option<i64>,
}
