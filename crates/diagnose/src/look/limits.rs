//! Gathering for `facts::limits`.

mod complaints;
mod groups;
mod kills;
mod processes;
mod system;

use crate::facts::{LimitFacts, ServiceFacts};
use crate::look::kernel_log::KernelLog;
use crate::target::Question;

/// Reads the limits of the holders and of the system, before the port is tried.
pub(crate) fn look(question: &Question, service: &ServiceFacts) -> LimitFacts {
    LimitFacts {
        processes: processes::read(service),
        groups: groups::read(service),
        system: system::read(),
        complaints: complaints::read(service),
        most_connections: processes::most_connections(question, service),
        full_disks: processes::full_disks(service),
        kills: Vec::new(),
        unseen: Vec::new(),
    }
}

/// Reads again what moves, after the port was tried.
pub(crate) fn look_again(facts: &mut LimitFacts, service: &ServiceFacts, kernel: &KernelLog) {
    processes::read_again(&mut facts.processes);
    groups::read_again(&mut facts.groups);
    facts.system = system::later(facts.system, system::read());
    facts.complaints.extend(complaints::new(service));
    facts.kills = kills::read(kernel);
}
