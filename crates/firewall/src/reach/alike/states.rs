//! Which states of connections rules tell apart.

use super::probed::Probed;
use crate::ir::{ChainKind, ConntrackKey, Field, Ruleset, StateKind, Statement, Writable};
use crate::packet::State;

/// States that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States {
    /// The one that stands for all of them.
    pub speaker: State,
    /// All of them.
    pub members: Vec<State>,
}

/// What a packet's connection can be, in the order of their telling.
pub(super) const EVERY: [State; 5] =
    [State::First, State::Established, State::Related, State::Invalid, State::Untracked];

/// The states of connections, in groups that no rule tells apart.
pub fn states(rulesets: &[&Ruleset]) -> Vec<States> {
    let mut probed = Probed::default();
    let mut apart = false;
    for ruleset in rulesets {
        probed.join(Probed::of(ruleset, &|field| matches!(field, Field::Conntrack(ConntrackKey::State, _))));
        let others = |field: &Field| matches!(field, Field::Conntrack(key, _) if *key != ConntrackKey::State);
        apart |= asks_otherwise(ruleset) || Probed::of(ruleset, &others).asked;
    }
    if apart {
        return EVERY.into_iter().map(|state| States { speaker: state, members: vec![state] }).collect();
    }
    let mut groups: Vec<States> = Vec::new();
    for state in EVERY {
        let fits = |group: &&mut States| alike(&probed, group.speaker, state);
        match groups.iter_mut().find(fits) {
            Some(group) => group.members.push(state),
            None => groups.push(States { speaker: state, members: vec![state] }),
        }
    }
    groups
}

fn alike(probed: &Probed, a: State, b: State) -> bool {
    numbers(a).iter().all(|one| numbers(b).iter().all(|other| !probed.tells_apart(*one, *other)))
}

/// What `ct state` is for a packet (`nft_ct_get_eval`): of the first packet it depends on what is in it.
fn numbers(state: State) -> &'static [u128] {
    match state {
        State::First => &[8, 1, 64],
        State::New => &[8],
        State::Established => &[2],
        State::Related => &[4],
        State::Invalid => &[1],
        State::Untracked => &[64],
    }
}

/// Whether a rule does something for packets of one state only without asking for the state: translation, counting connections.
fn asks_otherwise(ruleset: &Ruleset) -> bool {
    let translates = |chain: &crate::ir::Chain| {
        !chain.dormant && chain.base.as_ref().is_some_and(|base| base.kind == ChainKind::Nat)
    };
    let statements = ruleset.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements);
    ruleset.chains.iter().any(translates)
        || statements.into_iter().any(|statement| match statement {
            Statement::Nat(_)
            | Statement::Notrack
            | Statement::Synproxy
            | Statement::Offload { .. }
            | Statement::Assign { target: Writable::Conntrack(_), .. }
            | Statement::Unknown(_) => true,
            Statement::State(test) => {
                matches!(test.kind, StateKind::ConnectionCount | StateKind::Other | StateKind::Program)
            }
            _ => false,
        })
}
