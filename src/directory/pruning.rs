//! The log's way through time: months for what is to come, and taking old events
//! out, which nothing else can.

use super::Operation;

/// What one pruning has done so far, over all of its steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows that were taken out.
    pub rows: i64,
    /// The highest id among them.
    pub up_to_id: i64,
    /// When the newest of them was told, in stored form.
    pub up_to: String,
    /// The event that tells of it.
    pub event_id: Option<i64>,
}

/// Takes out some events from before a moment, in one transaction with the event
/// that tells of this pruning as a whole: it replaces the one of the step before.
#[derive(Clone, Debug)]
pub struct PruneEvents {
    /// In stored form.
    pub before: String,
    /// The most rows of this step.
    pub most: i64,
    pub so_far: Pruned,
    /// Who has it done, as the system knows them.
    pub by: String,
}

impl Operation for PruneEvents {
    /// The same as `so_far` when nothing was left to do.
    type Output = Pruned;

    fn touches_credentials(&self) -> bool {
        false
    }
}

/// How many events there are from before a moment.
#[derive(Clone, Debug)]
pub struct CountPrunable {
    pub before: String,
}

impl Operation for CountPrunable {
    type Output = i64;

    fn is_slow(&self) -> bool {
        true
    }
}

/// Makes room for the events of the months to come, where the log is kept by months.
#[derive(Debug)]
pub struct AddEventMonths;

impl Operation for AddEventMonths {
    type Output = ();

    fn touches_credentials(&self) -> bool {
        false
    }
}
