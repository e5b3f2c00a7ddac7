//! Several changes in one transaction, in order, all or nothing; and changes
//! whose answer is kept, so that asking again does nothing again.
//!
//! A step may name what an earlier step makes: where an id would stand, its
//! operation holds [`Made::by`] that step, and learns the id when it is there.

use super::clusters::FindCluster;
use super::events::FindEvent;
use super::grant_rules::FindGrantRule;
use super::grants::FindGrant;
use super::listing::Visibility;
use super::partners::FindPartner;
use super::postgres::queries::batch::RunStep as RunOnPostgres;
use super::roles::FindRole;
use super::sign_ins::FindSignInById;
use super::sqlite::queries::batch::RunStep as RunOnSqlite;
use super::tokens::FindToken;
use super::trash::FindTrashedUser;
use super::users::FindUser;
use super::workspaces::FindWorkspace;
use super::{DirectoryError, Operation};

/// The ids that earlier steps of a batch made.
#[derive(Debug, Default)]
pub struct Made(Vec<Option<i64>>);

impl Made {
    /// What stands for the id that the step at this place will make: ids are
    /// above zero, these are below.
    pub fn by(step: usize) -> i64 {
        i64::try_from(step).map_or(i64::MIN, |step| -1 - step)
    }

    pub fn push(&mut self, id: Option<i64>) {
        self.0.push(id);
    }

    /// Puts the real id where one of an earlier step is meant.
    pub fn put(&self, id: &mut i64) {
        if *id < 0 {
            let step = usize::try_from(-1 - *id).ok();
            let made = step.and_then(|step| self.0.get(step).copied().flatten());
            *id = made.unwrap_or(0);
        }
    }

    pub fn put_all(&self, ids: &mut [i64]) {
        ids.iter_mut().for_each(|id| self.put(id));
    }
}

/// An operation that names things by their ids.
pub trait Refers {
    fn refer(&mut self, made: &Made);
}

/// What a step leaves: the id of what it made or changed, and what the surface
/// shows of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub id: Option<i64>,
    /// Names the state of what is shown.
    pub state: Option<String>,
    pub shown: Vec<u8>,
}

/// Lets an operation through, narrowed to what the caller may, or refuses it.
pub type Rule<O> = Box<dyn Fn(&mut O) -> Result<(), DirectoryError> + Send + Sync>;

/// Writes what is shown of an operation's result.
pub type Show<T> = Box<dyn Fn(T) -> Outcome + Send + Sync>;

/// Finds a thing by its id.
pub type Find<F> = fn(i64) -> F;

/// What must be there, for this caller, before anything else is said.
pub struct Subject<F> {
    pub id: i64,
    pub find: Find<F>,
    pub rule: Rule<F>,
}

/// One change of a batch. Its rules are asked inside the transaction, when the
/// ids are known.
pub struct Task<F, O: Operation> {
    pub subject: Option<Subject<F>>,
    pub operation: O,
    pub rule: Rule<O>,
    pub show: Show<O::Output>,
}

/// A task, whatever it does.
pub trait Step: RunOnSqlite + RunOnPostgres {}

impl<T: RunOnSqlite + RunOnPostgres> Step for T {}

/// A search for one thing, narrowed to what the caller may see.
pub trait Narrowed {
    /// Whether the rules of changes ask for a permission only where the thing is
    /// seen, and leave it to the directory to say that it is not there.
    const SEEN_FIRST: bool = false;

    fn visible(&mut self) -> &mut Visibility;
}

impl Narrowed for FindUser {
    const SEEN_FIRST: bool = true;

    fn visible(&mut self) -> &mut Visibility {
        &mut self.visible
    }
}

macro_rules! narrowed {
    ($($find:ty,)*) => {
        $(impl Narrowed for $find {
            fn visible(&mut self) -> &mut Visibility {
                &mut self.visible
            }
        })*
    };
}

narrowed! {
    FindEvent,
    FindCluster,
    FindGrant,
    FindGrantRule,
    FindPartner,
    FindRole,
    FindSignInById,
    FindToken,
    FindTrashedUser,
    FindWorkspace,
}

/// Whether something was found.
pub trait Found {
    fn is_found(&self) -> bool;
}

impl<T> Found for Option<T> {
    fn is_found(&self) -> bool {
        self.is_some()
    }
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

/// Makes the answer that is kept.
pub type Finish = Box<dyn Fn(&[Outcome]) -> Answer + Send + Sync>;

/// Under which key the answer of a batch is kept, for whom, and to which request.
pub struct Keeping {
    pub caller_id: i64,
    pub key: String,
    pub request_hash: String,
    /// What was kept up to this moment counts no more.
    pub expired: String,
    pub answer: Finish,
}

pub struct Batch {
    pub steps: Vec<Box<dyn Step>>,
    pub keeping: Option<Keeping>,
}

#[derive(Debug)]
pub enum Done {
    Now(Vec<Outcome>),
    /// Under this key it was done before, with this answer.
    Before(Answer),
}

impl Operation for Batch {
    type Output = Done;
}

impl DirectoryError {
    /// Of the step at this place, unless it is about no step in particular.
    pub fn of_step(self, place: usize) -> Self {
        match self {
            Self::Again
            | Self::Busy(_)
            | Self::TimedOut(_)
            | Self::Unavailable(_)
            | Self::Internal(_) => self,
            refused => Self::Step {
                place,
                error: Box::new(refused),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_an_earlier_step_is_put_where_it_is_meant() {
        let mut made = Made::default();
        made.push(None);
        made.push(Some(19283));
        let mut ids = [7, Made::by(1), Made::by(0), Made::by(9)];
        made.put_all(&mut ids);
        assert_eq!(ids, [7, 19283, 0, 0]);
    }
}
