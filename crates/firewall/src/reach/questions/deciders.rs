//! What decides about a set of packets of a class, in the words of the document.

use portreeve_model::exposure::Decision;
use portreeve_model::reach::Decider;
use portreeve_model::text::clean;

use crate::answer::Names;
use crate::ir::Hook;
use crate::simulate::{self, Effect, End, Fates, HitBy};
use crate::space::{Set, Space, TooComplex};

/// The owner's name where nobody's sign was found.
const BY_HAND: &str = "you";
/// Most that are told.
const MOST: usize = 6;

/// What keeps packets from arriving, or where they arrive what lets them.
pub(super) fn decisions(
    names: Names<'_>,
    space: &Space,
    fates: &Fates,
    set: &Set,
) -> Result<Vec<Decision>, TooComplex> {
    let mut found: Vec<Decision> = Vec::new();
    let mut arrives = false;
    for fate in fates.ends.iter().filter(|fate| !fate.reply) {
        if space.and(&fate.set, set)?.is_empty() {
            continue;
        }
        match &fate.end {
            End::Delivered | End::Sent { .. } => arrives = true,
            End::Dropped(by) | End::Rejected(by, _) | End::Taken(Some(by), _) => {
                add(&mut found, ruled(names, *by));
            }
            End::Discarded(why) => {
                add(
                    &mut found,
                    Decision::Host { code: why.code.clone(), text: clean(&why.text).into_owned() },
                );
            }
            End::Taken(None, text) => {
                add(&mut found, Decision::Host { code: "taken".to_owned(), text: clean(text).into_owned() });
            }
        }
    }
    if arrives {
        let mut any = false;
        for hit in fates.hits.iter().filter(|hit| !hit.reply) {
            let HitBy::Rule(rule, effect) = &hit.by else { continue };
            let lets = match effect {
                Effect::Nat => matches!(hit.hook, Hook::Prerouting | Hook::Output),
                Effect::Accept => matches!(hit.hook, Hook::Input | Hook::Forward | Hook::Output),
                _ => false,
            };
            if lets && !space.and(&hit.set, set)?.is_empty() {
                any = true;
                add(&mut found, ruled(names, simulate::Decider::Rule(hit.chain, *rule)));
            }
        }
        if !any && found.is_empty() {
            found.push(Decision::NoRule);
        }
    }
    found.truncate(MOST);
    Ok(found)
}

fn add(found: &mut Vec<Decision>, decision: Decision) {
    if !found.contains(&decision) {
        found.push(decision);
    }
}

fn ruled(names: Names<'_>, by: simulate::Decider) -> Decision {
    let (simulate::Decider::Rule(chain, _) | simulate::Decider::Policy(chain)) = by;
    let by = names.decider(by);
    let owner = match &by {
        Decider::Rule(rule) => rule.owner.clone(),
        Decider::Policy(chain) => chain.owner.clone(),
    };
    let base = names.ruleset.chain(chain).and_then(|chain| chain.base.as_ref());
    let hook = base.map(|base| base.hook.name().to_owned()).unwrap_or_default();
    Decision::Rules { by, hook, owner: owner.unwrap_or_else(|| BY_HAND.to_owned()) }
}
