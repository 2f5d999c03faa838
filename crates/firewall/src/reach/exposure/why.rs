//! What decides about packets, and its name in the document.

use portreeve_model::exposure::Decision;
use portreeve_model::text::clean;

use crate::answer::Names;
use crate::ir::{ChainId, Hook, Ruleset};
use crate::simulate::{self, Discard};

/// The owner's name where nobody's sign was found.
const BY_HAND: &str = "you";

/// What decides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Why {
    /// A rule, by its place in its chain.
    Rule(Place, usize),
    /// The policy of a chain.
    Policy(Place),
    /// Nothing denies.
    NoRule,
    /// The host itself.
    Host {
        /// The stable word.
        code: String,
        /// The sentence.
        text: String,
        /// It is the answer that the host throws away.
        reply: bool,
    },
    /// It arrives somewhere else, or nowhere.
    NoDoor(String),
}

/// Where a chain ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// Hook of its base chain; `None` where the way there was not recorded.
    pub(super) hook: Option<Hook>,
    pub(super) chain: ChainId,
    /// The answer met it.
    pub(super) reply: bool,
}

impl Why {
    pub(super) fn host(discard: &Discard, reply: bool) -> Self {
        Self::Host { code: discard.code.clone(), text: discard.text.clone(), reply }
    }

    /// In the words of the document.
    pub(super) fn decision(&self, names: Names<'_>) -> Decision {
        match self {
            Self::Rule(place, rule) => {
                let by = names.rule(place.chain, *rule);
                let owner = by.owner.clone();
                place.decision(names, portreeve_model::reach::Decider::Rule(by), owner)
            }
            Self::Policy(place) => {
                let by = names.chain(place.chain);
                let owner = by.owner.clone().or_else(|| writer(names.ruleset, place.chain));
                place.decision(names, portreeve_model::reach::Decider::Policy(by), owner)
            }
            Self::NoRule => Decision::NoRule,
            Self::Host { code, text, reply } => {
                let host = Decision::Host { code: code.clone(), text: clean(text).into_owned() };
                if *reply { Decision::Reply { by: Box::new(host) } } else { host }
            }
            Self::NoDoor(text) => Decision::NoDoor { text: clean(text).into_owned() },
        }
    }
}

/// Who wrote every rule of a chain that is nobody's by itself, such as the kernel's own INPUT: its policy is theirs, too.
fn writer(ruleset: &Ruleset, chain: ChainId) -> Option<String> {
    let mut owners = ruleset.chain(chain)?.rules.iter().map(|rule| rule.origin.owner.as_ref());
    let first = owners.next()??;
    owners.all(|owner| owner == Some(first)).then(|| first.to_string())
}

impl Place {
    fn decision(
        self,
        names: Names<'_>,
        by: portreeve_model::reach::Decider,
        owner: Option<String>,
    ) -> Decision {
        let own_hook = || names.ruleset.chain(self.chain).and_then(|chain| Some(chain.base.as_ref()?.hook));
        let hook = self.hook.or_else(own_hook).map(|hook| hook.name().to_owned()).unwrap_or_default();
        let decision = Decision::Rules { by, hook, owner: owner.unwrap_or_else(|| BY_HAND.to_owned()) };
        if self.reply { Decision::Reply { by: Box::new(decision) } } else { decision }
    }

    /// The rule or policy that ended a packet's way.
    pub(super) fn why(self, decider: simulate::Decider) -> Why {
        match decider {
            simulate::Decider::Rule(chain, rule) => Why::Rule(Self { chain, ..self }, rule),
            simulate::Decider::Policy(chain) => Why::Policy(Self { chain, ..self }),
        }
    }
}
