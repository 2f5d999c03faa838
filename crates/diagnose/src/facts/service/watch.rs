//! What became of the processes while the rest was tried.

use std::time::Duration;

/// Holders and candidates, watched for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// For how long.
    pub span: Duration,
    /// Processes that came or went, in order.
    pub events: Vec<Event>,
    /// Whether something listened on the port at the end; none where it was not looked.
    pub listening_at_end: Option<bool>,
}

/// One that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Since the watch began.
    pub after: Duration,
    /// Whether it came.
    pub change: Change,
    /// Its process id.
    pub pid: u32,
    /// Its command line, or its name.
    pub command: String,
}

/// What happened to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was started, or began to listen.
    Came,
    /// It ended, or listens no more.
    Went,
}

impl Watch {
    /// How many came.
    pub fn comings(&self) -> usize {
        self.events.iter().filter(|event| event.change == Change::Came).count()
    }

    /// How many went.
    pub fn goings(&self) -> usize {
        self.events.iter().filter(|event| event.change == Change::Went).count()
    }
}
