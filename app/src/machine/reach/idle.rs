//! Rules that do nothing: shadowed, redundant, unused.

use portreeve_firewall::reach::questions::{self, Idle};
use portreeve_firewall::space::Budget;
use portreeve_model::document::{self, ReachIdle};

use super::host::Host;
use super::source;
use crate::engine::{IdleKind, IdleQuery};
use crate::error::CommandError;

pub(in crate::machine) fn idle(query: &IdleQuery) -> Result<ReachIdle, CommandError> {
    let host = Host::of(source::read(&query.rules)?)?;
    let (schema, answer) = match query.kind {
        IdleKind::Shadowed => {
            (document::REACH_SHADOWED, questions::shadowed(&host.ruleset, &host.network, Budget::default()))
        }
        IdleKind::Redundant => {
            (document::REACH_REDUNDANT, questions::redundant(&host.ruleset, &host.network, Budget::default()))
        }
        IdleKind::Unused => (document::REACH_UNUSED, questions::unused(&host.ruleset)),
    };
    let Idle { rules, checked, notes, too_complex } = answer;
    Ok(ReachIdle {
        schema: schema.to_owned(),
        host: host.machine,
        source: host.from,
        examined: checked,
        rules,
        notes,
        too_complex,
        limits: host.limits,
        unseen: host.unseen,
    })
}
