//! Pages that begin behind a row or end before one, instead of being counted
//! off: nothing is read for the rows in front, and nothing shifts when rows
//! come and go. The row itself need not be there any more.

use super::{Comparison, Condition, Entity, Operand, SortBy};

/// Where a row stands in an order: its value for each key, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// `None`: it has no value.
    pub values: Vec<Option<Operand>>,
    pub id: i64,
}

/// The ends of a page; neither is part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seek {
    pub after: Option<Position>,
    pub before: Option<Position>,
    /// The rows that are wanted are the last ones, not the first.
    pub backwards: bool,
}

impl Seek {
    /// The ids between both ends, for lists in the order of the ids.
    pub fn ids(&self) -> (i64, i64) {
        let least = self.after.as_ref().map_or(0, |at| at.id.saturating_add(1));
        let most = self
            .before
            .as_ref()
            .map_or(i64::MAX, |at| at.id.saturating_sub(1));
        (least, most)
    }
}

/// Conditions whose rows, one after the other, are those between both ends,
/// in the order of reading; each is one range of an index where there is one.
/// `None`: all rows. With `by_row` the database finds a value and an id
/// together in an index.
pub fn pieces<N: Entity>(
    seek: &Seek,
    sort: &[SortBy<N::Column>],
    by_row: bool,
) -> Vec<Option<Condition<N::Column>>> {
    let (near, far) = match seek.backwards {
        true => (&seek.before, &seek.after),
        false => (&seek.after, &seek.before),
    };
    let far = far
        .as_ref()
        .map(|end| Condition::Any(behind::<N>(end, sort, !seek.backwards, false)));
    let Some(near) = near else {
        return vec![far];
    };
    behind::<N>(near, sort, seek.backwards, by_row)
        .into_iter()
        .map(|piece| match &far {
            Some(far) => Some(Condition::All(vec![piece, far.clone()])),
            None => Some(piece),
        })
        .collect()
}

/// The rows behind `position`, in pieces; with `back`, those in front of it.
fn behind<N: Entity>(
    position: &Position,
    sort: &[SortBy<N::Column>],
    back: bool,
    by_row: bool,
) -> Vec<Condition<N::Column>> {
    let keys: Vec<Key<N::Column>> = sort
        .iter()
        .zip(&position.values)
        .map(|(key, value)| Key {
            column: key.column,
            value: value.clone(),
            descending: key.descending != back,
        })
        .collect();
    let Some((last, front)) = keys.split_last() else {
        return vec![ids::<N>(position.id, back)];
    };
    let mut pieces = Vec::new();
    match &last.value {
        Some(value) if by_row => {
            let row = Condition::Beyond {
                column: last.column,
                value: value.clone(),
                id: position.id,
                descending: last.descending,
            };
            pieces.push(same(front, row));
            pieces.extend(last.without_value().map(|none| same(front, none)));
        }
        _ => {
            // Ties are broken in the direction of the last key.
            pieces.push(same(&keys, ids::<N>(position.id, last.descending)));
            pieces.extend(last.beyond().map(|beyond| same(front, beyond)));
        }
    }
    let mut equal = front;
    while let Some((key, rest)) = equal.split_last() {
        pieces.extend(key.beyond().map(|beyond| same(rest, beyond)));
        equal = rest;
    }
    pieces
}

/// The same value for these keys, and what comes then.
fn same<C: Copy>(keys: &[Key<C>], then: Condition<C>) -> Condition<C> {
    Condition::All(keys.iter().map(Key::same).chain([then]).collect())
}

fn ids<N: Entity>(id: i64, descending: bool) -> Condition<N::Column> {
    let comparison = if descending {
        Comparison::Less
    } else {
        Comparison::Greater
    };
    test(N::ID, comparison, Operand::Number(id))
}

fn test<C>(column: C, comparison: Comparison, operand: Operand) -> Condition<C> {
    Condition::Test {
        column,
        comparison,
        operands: vec![operand],
    }
}

struct Key<C> {
    column: C,
    value: Option<Operand>,
    descending: bool,
}

impl<C: Copy> Key<C> {
    fn same(&self) -> Condition<C> {
        match &self.value {
            Some(value) => test(self.column, Comparison::Equal, value.clone()),
            None => test(self.column, Comparison::Null, Operand::Flag(true)),
        }
    }

    /// What comes behind this value; what has none is first, or last.
    fn beyond(&self) -> impl Iterator<Item = Condition<C>> {
        let comparison = if self.descending {
            Comparison::Less
        } else {
            Comparison::Greater
        };
        let behind = match &self.value {
            Some(value) => Some(test(self.column, comparison, value.clone())),
            None if self.descending => None,
            None => Some(test(self.column, Comparison::Null, Operand::Flag(false))),
        };
        behind.into_iter().chain(self.without_value())
    }

    /// What has no value, where that is still to come.
    fn without_value(&self) -> Option<Condition<C>> {
        let is_ahead = self.descending && self.value.is_some();
        is_ahead.then(|| test(self.column, Comparison::Null, Operand::Flag(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::users::{UserColumn, Users};

    fn sort(keys: &[(UserColumn, bool)]) -> Vec<SortBy<UserColumn>> {
        keys.iter()
            .map(|(column, descending)| SortBy {
                column: *column,
                descending: *descending,
            })
            .collect()
    }

    fn after(values: Vec<Option<Operand>>, id: i64) -> Seek {
        Seek {
            after: Some(Position { values, id }),
            ..Seek::default()
        }
    }

    #[test]
    fn without_keys_the_id_alone_decides() {
        let beyond = test(UserColumn::Id, Comparison::Greater, Operand::Number(7));
        assert_eq!(
            pieces::<Users>(&after(Vec::new(), 7), &[], true),
            [Some(beyond)]
        );
        assert_eq!(after(Vec::new(), 7).ids(), (8, i64::MAX));
    }

    #[test]
    fn nothing_is_beyond_what_has_no_value_when_that_is_last() {
        let key = Key {
            column: UserColumn::Name,
            value: None,
            descending: true,
        };
        assert_eq!(key.beyond().count(), 0);
    }

    #[test]
    fn a_database_that_finds_rows_reads_one_range() {
        let value = Operand::Text("a".into());
        let seek = after(vec![Some(value.clone())], 7);
        let range = Condition::Beyond {
            column: UserColumn::Name,
            value,
            id: 7,
            descending: false,
        };
        let sort = sort(&[(UserColumn::Name, false)]);
        assert_eq!(
            pieces::<Users>(&seek, &sort, true),
            [Some(Condition::All(vec![range]))]
        );
        assert_eq!(pieces::<Users>(&seek, &sort, false).len(), 2);
    }
}
