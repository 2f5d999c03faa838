//! Goes through the chains of a base chain from behind, for one class of packets.

use rustc_hash::FxHashSet;

use super::fate::{Ending, Fate};
use super::part::{Does, Part, is_unsure, parts};
use crate::ir::{ChainId, Policy, Rule, Ruleset, Verdict};
use crate::reach::questions::beyond::{asks_transport, beyond};
use crate::reach::questions::evidence::{Met, Place};
use crate::simulate::Effect;
use crate::space::{Set, Space, TooComplex};

/// Deepest nesting of calls that is followed (`NFT_JUMP_STACK_SIZE`).
const DEEPEST: usize = 16;

/// Which packets are meant: fragments but the first have no transport header, and satisfy no condition on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wholeness {
    Whole,
    Fragments,
}

/// One base chain, and one class of packets.
pub(super) struct Follow<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) space: &'a Space,
    pub(super) met: &'a Met,
    pub(super) base: ChainId,
    pub(super) policy: Policy,
    pub(super) wholeness: Wholeness,
    /// Packets of which it is not sure what they were when they came.
    pub(super) doubtful: &'a Set,
    /// Rules whose packets would fare otherwise without them, or perhaps.
    pub(super) needed: &'a mut FxHashSet<Place>,
    /// Steps left.
    pub(super) steps: &'a mut usize,
}

/// A chain about to be followed.
#[derive(Clone, Copy)]
struct Call<'c> {
    chain: ChainId,
    /// The packets that come to it by this call.
    arriving: &'c Set,
    /// What becomes of packets that return from it.
    after: &'c Fate,
    depth: usize,
}

impl Follow<'_> {
    pub(super) fn base(&mut self, arriving: &Set) -> Result<(), TooComplex> {
        let ending = match self.policy {
            Policy::Accept => Ending::Accept,
            Policy::Drop => Ending::Drop,
        };
        let after = Fate::all(ending, self.space.all());
        let call = Call { chain: self.base, arriving, after: &after, depth: 0 };
        self.chain(call).map(|_| ())
    }

    /// What becomes of packets from the chain's first rule on.
    fn chain(&mut self, call: Call<'_>) -> Result<Fate, TooComplex> {
        let Some(chain) = self.ruleset.chain(call.chain).filter(|_| call.depth <= DEEPEST) else {
            return Ok(Fate::default());
        };
        let mut fate = call.after.clone();
        for (index, rule) in chain.rules.iter().enumerate().rev() {
            let Some(left) = self.steps.checked_sub(1) else {
                return Err(TooComplex { limit: self.space.budget().steps, unit: "steps" });
            };
            *self.steps = left;
            fate = self.rule(rule, (call.chain, index), &fate, call)?;
        }
        Ok(fate)
    }

    /// What becomes of packets from a rule on, where `behind` is what becomes of them behind it.
    fn rule(&mut self, rule: &Rule, place: Place, behind: &Fate, call: Call<'_>) -> Result<Fate, TooComplex> {
        let space = self.space;
        let parts = parts(self.ruleset, rule, place, space.version());
        let blind = self.wholeness == Wholeness::Fragments && asks_transport(rule);
        let unsure = is_unsure(rule) || blind;
        let odd = beyond(rule).is_some();
        let (mut touched, mut here) = (space.none(), Fate::default());
        for part in &parts {
            // Packets of other kinds may satisfy what those of this class do not: any packet may be meant.
            let maybe = if odd { space.all() } else { self.met.maybe(space, self.base, part.copy) };
            if maybe.is_empty() {
                continue;
            }
            touched = space.or(&touched, &maybe)?;
            let result = self.result(part, place, behind, call)?.of(space, &maybe)?;
            if !unsure && !odd {
                let sure = self.met.surely(space, self.base, part.copy)?;
                here.join(space, &result.of(space, &sure)?)?;
            }
            here.join(space, &result.shared(space, behind)?)?;
        }
        here.join(space, &behind.without(space, &touched)?)?;
        if !parts.is_empty() {
            self.weigh(rule, place, behind, &here, call)?;
        }
        Ok(here)
    }

    /// Whether the packets that a rule meets fare alike behind it.
    fn weigh(
        &mut self,
        rule: &Rule,
        place: Place,
        behind: &Fate,
        here: &Fate,
        call: Call<'_>,
    ) -> Result<(), TooComplex> {
        if self.needed.contains(&place) || (self.wholeness == Wholeness::Fragments && asks_transport(rule)) {
            return Ok(());
        }
        let space = self.space;
        let meets = space.and(&self.met.all(space, place)?, call.arriving)?;
        let alike = space.minus(&behind.shared(space, here)?.known(space)?, self.doubtful)?;
        if !space.minus(&meets, &alike)?.is_empty() {
            self.needed.insert(place);
        }
        Ok(())
    }

    /// What becomes of packets that a part of a rule takes.
    fn result(
        &mut self,
        part: &Part,
        place: Place,
        behind: &Fate,
        call: Call<'_>,
    ) -> Result<Fate, TooComplex> {
        let all = |ending| Fate::all(ending, self.space.all());
        Ok(match &part.does {
            Does::Verdict(Verdict::Accept) => all(Ending::Accept),
            Does::Verdict(Verdict::Drop) => all(Ending::Drop),
            Does::Reject(kind) => all(Ending::Reject(*kind)),
            Does::Nat(nat) => all(Ending::Nat(nat.clone())),
            Does::Verdict(Verdict::Continue) => behind.clone(),
            Does::Verdict(Verdict::Return) => call.after.clone(),
            Does::Verdict(Verdict::Jump(target)) => {
                let arriving = self.sent(place, &Effect::Jump(*target), call.arriving)?;
                self.chain(Call {
                    chain: *target,
                    arriving: &arriving,
                    after: behind,
                    depth: call.depth + 1,
                })?
            }
            Does::Verdict(Verdict::Goto(target)) => {
                let arriving = self.sent(place, &Effect::Goto(*target), call.arriving)?;
                self.chain(Call {
                    chain: *target,
                    arriving: &arriving,
                    after: call.after,
                    depth: call.depth + 1,
                })?
            }
            Does::Verdict(Verdict::Queue { .. }) | Does::Other => Fate::default(),
        })
    }

    /// The packets that a rule sent to a chain.
    fn sent(&self, place: Place, wanted: &Effect, arriving: &Set) -> Result<Set, TooComplex> {
        let mut sent = self.space.none();
        for (effect, set) in self.met.rules.get(&place).into_iter().flatten() {
            if effect == wanted {
                sent = self.space.or(&sent, &self.space.and(set, arriving)?)?;
            }
        }
        Ok(sent)
    }
}
