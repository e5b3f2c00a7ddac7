//! Keyset pagination through a whole list in the order of the ids: each page begins
//! after the last id of the one before, so no row is skipped when others are deleted
//! meanwhile.

use super::error::CommandError;
use super::runtime::Session;
use crate::directory::Execute;
use crate::directory::listing::{
    Comparison, Condition, Count, Entity, List, Listed, Operand, Slice, Visibility,
};

const SLICE: i64 = 500;

pub struct ListPages<N: Entity> {
    parent: Option<N::Parent>,
    also: Vec<Condition<N::Column>>,
    column: N::Column,
    id: fn(&N::Row) -> i64,
    after: i64,
    left: i64,
}

impl<N: Entity> ListPages<N> {
    /// `column` is the column of the ids that `id` reads.
    pub fn new(column: N::Column, id: fn(&N::Row) -> i64) -> Self {
        Self {
            parent: None,
            also: Vec::new(),
            column,
            id,
            after: 0,
            left: i64::MAX,
        }
    }

    pub fn confined_to(self, parent: Option<N::Parent>) -> Self {
        Self { parent, ..self }
    }

    /// Adds a condition.
    pub fn also(mut self, condition: Condition<N::Column>) -> Self {
        self.also.push(condition);
        self
    }

    pub fn at_most(self, limit: Option<i64>) -> Self {
        Self {
            left: limit.unwrap_or(i64::MAX),
            ..self
        }
    }

    /// The rows of the next page, or none after the last.
    pub async fn next(&mut self, session: &Session) -> Result<Vec<N::Row>, CommandError>
    where
        List<N>: Execute<Output = Listed<N::Row>>,
    {
        let limit = self.left.min(SLICE);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let rows = session.read(self.slice(limit)).await?.rows;
        match rows.last() {
            Some(last) => {
                self.after = (self.id)(last);
                self.left -= i64::try_from(rows.len()).unwrap_or(self.left);
            }
            None => self.left = 0,
        }
        Ok(rows)
    }

    fn slice(&self, limit: i64) -> List<N> {
        let after = Condition::Test {
            column: self.column,
            comparison: Comparison::Greater,
            operands: vec![Operand::Number(self.after)],
        };
        let condition = match self.also.as_slice() {
            [] => after,
            also => Condition::All([&[after], also].concat()),
        };
        List {
            parent: self.parent.clone(),
            visible: Visibility::All,
            condition: Some(condition),
            count: Count::None,
            ..List::new(Slice { offset: 0, limit })
        }
    }
}
