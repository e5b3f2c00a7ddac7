//! Pages that begin behind a row or end before one, instead of being counted
//! off: nothing is read for the rows in front, and nothing shifts when rows
//! come and go. The row itself need not be there any more.

use super::{Comparison, Condition, Noun, Operand, SortBy};

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

/// What both ends ask of the rows of a list with this order.
pub fn within<N: Noun>(seek: &Seek, sort: &[SortBy<N::Column>]) -> Option<Condition<N::Column>> {
    let after = seek
        .after
        .as_ref()
        .map(|position| beyond::<N>(position, sort, false));
    let before = seek
        .before
        .as_ref()
        .map(|position| beyond::<N>(position, sort, true));
    match (after, before) {
        (Some(after), Some(before)) => Some(Condition::All(vec![after, before])),
        (after, before) => after.or(before),
    }
}

/// Rows behind `position`; with `back`, those in front of it.
fn beyond<N: Noun>(
    position: &Position,
    sort: &[SortBy<N::Column>],
    back: bool,
) -> Condition<N::Column> {
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
        return ids::<N>(position.id, back);
    };
    // Equal in the first keys and beyond in the next, for each key; the id
    // breaks ties in the direction of the last one.
    let mut ways = Vec::new();
    let mut equal = Vec::new();
    for key in front {
        ways.push(both(equal.clone(), key.beyond()));
        equal.push(key.same());
    }
    match &last.value {
        Some(value) => {
            let end = Condition::Beyond {
                column: last.column,
                value: value.clone(),
                id: position.id,
                descending: last.descending,
            };
            ways.push(both(equal, end));
        }
        None => {
            ways.push(both(equal.clone(), last.beyond()));
            equal.push(last.same());
            ways.push(both(equal, ids::<N>(position.id, last.descending)));
        }
    }
    // Says nothing new, but lets an index begin at the right place.
    match keys.first().and_then(Key::at_or_beyond) {
        Some(start) if ways.len() > 1 => Condition::All(vec![start, Condition::Any(ways)]),
        _ => Condition::Any(ways),
    }
}

fn both<C>(mut all: Vec<Condition<C>>, last: Condition<C>) -> Condition<C> {
    all.push(last);
    Condition::All(all)
}

fn ids<N: Noun>(id: i64, descending: bool) -> Condition<N::Column> {
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

    fn beyond(&self) -> Condition<C> {
        match (&self.value, self.descending) {
            (Some(value), false) => test(self.column, Comparison::Greater, value.clone()),
            (Some(value), true) => test(self.column, Comparison::Before, value.clone()),
            (None, false) => test(self.column, Comparison::Null, Operand::Flag(false)),
            // What has no value is last here: nothing is beyond.
            (None, true) => Condition::Any(Vec::new()),
        }
    }

    fn at_or_beyond(&self) -> Option<Condition<C>> {
        let comparison = if self.descending {
            Comparison::BeforeOrAt
        } else {
            Comparison::GreaterOrEqual
        };
        let value = self.value.clone()?;
        Some(test(self.column, comparison, value))
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
        assert_eq!(
            within::<Users>(&after(Vec::new(), 7), &[]),
            Some(test(
                UserColumn::Id,
                Comparison::Greater,
                Operand::Number(7)
            ))
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
        assert_eq!(key.beyond(), Condition::Any(Vec::new()));
    }

    #[test]
    fn one_key_with_a_value_is_one_range() {
        let found = within::<Users>(
            &after(vec![Some(Operand::Text("a".into()))], 7),
            &sort(&[(UserColumn::Name, false)]),
        );
        let range = Condition::Beyond {
            column: UserColumn::Name,
            value: Operand::Text("a".into()),
            id: 7,
            descending: false,
        };
        assert_eq!(
            found,
            Some(Condition::Any(vec![Condition::All(vec![range])]))
        );
    }
}
