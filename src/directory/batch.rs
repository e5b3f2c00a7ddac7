//! Several changes in one transaction, in order, all or nothing; and changes with
//! an idempotency key, whose stored response is replayed.
//!
//! A step can refer to a record that an earlier step creates: its operation has
//! [`CreatedIds::placeholder`] in the place of the id, which is resolved when the
//! id is known.

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

/// The ids of the records that earlier steps of a batch created.
#[derive(Debug, Default)]
pub struct CreatedIds(Vec<Option<i64>>);

impl CreatedIds {
    /// Stands for the id that the step at this position will create. Ids are
    /// positive, placeholders negative.
    pub fn placeholder(step: usize) -> i64 {
        i64::try_from(step).map_or(i64::MIN, |step| -1 - step)
    }

    pub fn push(&mut self, id: Option<i64>) {
        self.0.push(id);
    }

    /// Replaces a placeholder by the id that it stands for.
    pub fn resolve(&self, id: &mut i64) {
        if *id < 0 {
            let step = usize::try_from(-1 - *id).ok();
            let made = step.and_then(|step| self.0.get(step).copied().flatten());
            *id = made.unwrap_or(0);
        }
    }

    pub fn resolve_all(&self, ids: &mut [i64]) {
        ids.iter_mut().for_each(|id| self.resolve(id));
    }
}

/// An operation that refers to records by their ids.
pub trait ResolveIds {
    fn resolve_ids(&mut self, created_ids: &CreatedIds);
}

/// The result of a step: the id of the record that it created or changed, and
/// the surface's representation of it.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub id: Option<i64>,
    /// The entity tag of the representation.
    pub state: Option<String>,
    pub shown: Vec<u8>,
}

/// Authorizes an operation and restricts it to the caller's visibility, or rejects it.
pub type Rule<O> = Box<dyn Fn(&mut O) -> Result<(), DirectoryError> + Send + Sync>;

/// Renders the result of an operation.
pub type Show<T> = Box<dyn Fn(T) -> Outcome + Send + Sync>;

/// Builds the operation that finds a record by its id.
pub type Find<F> = fn(i64) -> F;

/// The record that must exist and be visible to the caller before anything else is
/// checked.
pub struct Subject<F> {
    pub id: i64,
    pub find: Find<F>,
    pub rule: Rule<F>,
}

/// One change of a batch. It is authorized inside the transaction, when the ids are
/// known.
pub struct Task<F, O: Operation> {
    pub subject: Option<Subject<F>>,
    pub operation: O,
    pub rule: Rule<O>,
    pub show: Show<O::Output>,
}

/// A task of any operation.
pub trait Step: RunOnSqlite + RunOnPostgres {}

impl<T: RunOnSqlite + RunOnPostgres> Step for T {}

/// An operation that finds one record if the caller can see it.
pub trait VisibilityScoped {
    /// Whether changes check a permission only for visible records, so that the
    /// directory reports a hidden one as missing.
    const VISIBILITY_FIRST: bool = false;

    fn visible(&mut self) -> &mut Visibility;
}

impl VisibilityScoped for FindUser {
    const VISIBILITY_FIRST: bool = true;

    fn visible(&mut self) -> &mut Visibility {
        &mut self.visible
    }
}

macro_rules! visibility_scoped {
    ($($find:ty,)*) => {
        $(impl VisibilityScoped for $find {
            fn visible(&mut self) -> &mut Visibility {
                &mut self.visible
            }
        })*
    };
}

visibility_scoped! {
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

/// Whether a record was found.
pub trait Found {
    fn is_found(&self) -> bool;
}

impl<T> Found for Option<T> {
    fn is_found(&self) -> bool {
        self.is_some()
    }
}

/// A stored response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

/// Builds the response that is stored.
pub type Finish = Box<dyn Fn(&[Outcome]) -> Answer + Send + Sync>;

/// The idempotency key of a batch, with its caller and the hash of the request.
pub struct IdempotencyRequest {
    pub caller_id: i64,
    pub key: String,
    pub request_hash: String,
    /// Responses that were stored up to this time have expired.
    pub expired: String,
    pub answer: Finish,
}

pub struct Batch {
    pub steps: Vec<Box<dyn Step>>,
    pub idempotency: Option<IdempotencyRequest>,
}

#[derive(Debug)]
pub enum BatchOutcome {
    Executed(Vec<Outcome>),
    /// The request was executed before; this is its stored response.
    Replayed(Answer),
}

impl Operation for Batch {
    type Output = BatchOutcome;
}

impl DirectoryError {
    /// The error of the step at this position, unless it concerns no single step.
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
        let mut created_ids = CreatedIds::default();
        created_ids.push(None);
        created_ids.push(Some(19283));
        let mut ids = [
            7,
            CreatedIds::placeholder(1),
            CreatedIds::placeholder(0),
            CreatedIds::placeholder(9),
        ];
        created_ids.resolve_all(&mut ids);
        assert_eq!(ids, [7, 19283, 0, 0]);
    }
}
