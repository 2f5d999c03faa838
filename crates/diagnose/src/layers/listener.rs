//! The layer `listener`: what listens, and what does not.

mod held;
mod outside;
#[cfg(test)]
mod tests;
mod vacant;
mod wording;

use super::{Code, Judgement};

use crate::case::Case;
pub(super) use wording::{start, without_time};

/// What can be wrong.
pub(super) const CODES: &[Code] = &[
    Code {
        slug: "nothing-listens",
        meaning: "No process listens on the port, and nothing here is configured for it.",
    },
    Code {
        slug: "other-protocol",
        meaning: "The port is open for the other protocol only: for datagrams where connections were asked for, or the other way round.",
    },
    Code {
        slug: "port-conflict",
        meaning: "A program that is configured for the port could not bind it, because another one holds it.",
    },
    Code {
        slug: "held-by-other",
        meaning: "A program holds the port that is not the one configured for it.",
    },
    Code {
        slug: "unit-failed",
        meaning: "The unit of the service that is to serve the port has failed; the last lines of its journal say why.",
    },
    Code {
        slug: "start-failed",
        meaning: "The program that is to serve the port does not run, and its log says why its last start failed.",
    },
    Code {
        slug: "crash-loop",
        meaning: "The process that is to serve the port ends and is started again, over and over.",
    },
    Code { slug: "ended-meanwhile", meaning: "The process that held the port ended while it was looked at." },
    Code {
        slug: "starting",
        meaning: "The process that is to serve the port was started a moment ago and does not listen yet.",
    },
    Code { slug: "bound-only", meaning: "A process has bound the port and never began to listen." },
    Code {
        slug: "not-reloaded",
        meaning: "The program's configuration names the port, and was changed after the program read it.",
    },
    Code {
        slug: "not-listening",
        meaning: "The process that is to serve the port runs, and does not listen on it.",
    },
    Code {
        slug: "software-stopped",
        meaning: "The software that is configured for the port is installed and does not run.",
    },
    Code {
        slug: "other-namespace",
        meaning: "The port is open in another network namespace: in a container that does not publish it, or one of `ip netns`.",
    },
    Code {
        slug: "socket-activated-failing",
        meaning: "A socket is kept open for a service that cannot be started.",
    },
    Code {
        slug: "container-stopped",
        meaning: "The container that publishes the port does not run, or is paused.",
    },
    Code {
        slug: "forwarder-without-target",
        meaning: "The port is forwarded into a container in which nothing listens where it is sent.",
    },
    Code {
        slug: "refused-remotely",
        meaning: "The other host refuses the connection: nothing listens there, or a rule of its answers with a reset.",
    },
];

/// Judges the facts.
pub(super) fn judge(case: &Case) -> Judgement {
    if !case.is_inside() {
        return outside::judge(case);
    }
    if case.service.answer.is_none() {
        return unseen(case);
    }
    if case.service.listeners.is_empty() { vacant::judge(case) } else { held::judge(case) }
}

/// Sockets could not be listed: whether something listens is known only where a connection was made.
fn unseen(case: &Case) -> Judgement {
    let why = case.service.unseen.first().map_or("sockets could not be listed", |one| one.detail.as_str());
    let mut judgement = Judgement::fine("");
    if case.trials.trials.iter().any(crate::facts::Trial::is_answered) {
        judgement.unseen(why, None);
    } else {
        judgement.unknown(why, Some("mount /proc, and run it as root"));
    }
    judgement
}
