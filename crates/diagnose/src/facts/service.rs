//! Listeners, their holders and units, and what is said of a port that nobody holds.

mod candidate;
mod container;
mod holder;
mod log;
mod software;
mod unit;
mod watch;

use jiff::Timestamp;
use portreeve_model::who::Answer;
use portreeve_model::{Listener, Namespace, Socket, Unseen};

pub use candidate::{BindError, Bystander, Candidate, Complaint, Ground, Named, Transport};
pub use container::{Inside, Publisher};
pub use holder::{Holder, RunState, ThreadState};
pub use log::{LogFile, LogLine};
pub use software::{ALL as SOFTWARE, Language, Software};
pub use unit::UnitFacts;
pub use watch::{Change, Event, Watch};

/// What holds the port, in the network namespace of the question, and what else has to do with it.
#[derive(Debug, Default)]
pub struct ServiceFacts {
    /// When it was looked at.
    pub looked_at: Option<Timestamp>,
    /// The listeners on the port and protocol, in this network namespace.
    pub listeners: Vec<Listener>,
    /// Listeners on the port and protocol in other network namespaces.
    pub elsewhere: Vec<Listener>,
    /// Listeners on the port in this namespace that speak the other protocol: UDP where TCP was asked for.
    pub other_protocol: Vec<Listener>,
    /// The answer to the question who holds the port here; none where nothing could be looked at.
    pub answer: Option<Answer>,
    /// The processes that hold the listeners here, by pid.
    pub holders: Vec<Holder>,
    /// The log files that the holders have open, and those of the container behind a forwarder.
    pub logs: Vec<LogFile>,
    /// The sockets of the port and protocol in this namespace, with their holders: what listens, and what is only bound.
    pub sockets: Vec<Socket>,
    /// Who is to serve the port and does not hold it.
    pub candidates: Vec<Candidate>,
    /// A process that does not hold the port has its number in its command line: a script that starts something, perhaps.
    pub is_mentioned: bool,
    /// Containers that publish the port, running or not.
    pub publishers: Vec<Publisher>,
    /// Socket units of the service manager that listen on the port or are to, each with the service behind it.
    pub socket_units: Vec<(UnitFacts, Option<UnitFacts>)>,
    /// Programs that an activator would start for the first connection, and that do not exist.
    pub missing_programs: Vec<String>,
    /// Everything that listens in this namespace, where nothing listens on the port.
    pub nearby: Vec<Listener>,
    /// What came and went while the rest was tried.
    pub watch: Watch,
    /// The network namespaces that were seen.
    pub namespaces: Vec<Namespace>,
    /// What was not seen of sockets and holders.
    pub unseen: Vec<Unseen>,
}

impl ServiceFacts {
    /// The holder with this pid.
    pub fn holder(&self, pid: u32) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.process.id.pid == pid)
    }

    /// The holders that take connections: where a process holds the port together with children of its own (nginx, Apache), the
    /// children; otherwise all.
    pub fn workers(&self) -> Vec<&Holder> {
        let is_holder = |pid: u32| self.holder(pid).is_some();
        let children: Vec<&Holder> =
            self.holders.iter().filter(|holder| holder.parent().is_some_and(is_holder)).collect();
        if children.is_empty() { self.holders.iter().collect() } else { children }
    }

    /// The holders that no other holder started: `nginx: master process`, or the only process.
    pub fn roots(&self) -> Vec<&Holder> {
        let is_holder = |pid: u32| self.holder(pid).is_some();
        self.holders.iter().filter(|holder| !holder.parent().is_some_and(is_holder)).collect()
    }
}
