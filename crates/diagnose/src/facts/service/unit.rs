//! What the service manager says of a unit.

use super::LogLine;

/// A unit, as `systemctl show` tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFacts {
    /// `nginx.service`.
    pub name: String,
    /// `loaded`, `not-found`, `masked`.
    pub load: String,
    /// `active`, `failed`, `activating`, ...
    pub active: String,
    /// `running`, `auto-restart`, `start-pre`, ...
    pub sub: String,
    /// `success`, `exit-code`, `oom-kill`, `start-limit-hit`, ...
    pub result: String,
    /// Whether it is started at boot: `enabled`, `disabled`, ...
    pub file_state: String,
    /// Code or signal of the last end of its main process.
    pub exit_status: Option<i64>,
    /// Restarts by the manager since it was started by hand.
    pub restarts: Option<u64>,
    /// Its main process.
    pub main_pid: Option<u32>,
    /// What it runs.
    pub command: String,
    /// What it listens on, for a socket unit.
    pub listens: String,
    /// The unit that a socket unit starts.
    pub triggers: Option<String>,
    /// The last lines of its journal, oldest first.
    pub journal: Vec<LogLine>,
}

impl UnitFacts {
    /// It could not be started, or ended badly.
    pub fn has_failed(&self) -> bool {
        self.active == "failed"
    }

    /// It ended, and the manager starts it again.
    pub fn is_restarting(&self) -> bool {
        self.sub == "auto-restart"
            || (self.active == "activating" && self.restarts.is_some_and(|times| times > 0))
    }

    /// A command that shows its journal.
    pub fn journal_command(&self) -> String {
        format!("journalctl --unit={} --lines=20", self.name)
    }
}
