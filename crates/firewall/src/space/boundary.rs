//! Packets at the edges of a set: where a wrong interval would show.

use rustc_hash::FxHashMap;

use super::diagram::{Cursor, Key, Top};
use super::set::{Set, Space, TooComplex};

impl Space {
    /// Packets on both sides of a set's edges, at most `most`, each as a set of its own: every bit that the set asks for has a value,
    /// the others are open. In turn within the set and outside of it, the same ones each time.
    ///
    /// A way through the diagram is a block of numbers at each field, each way as likely as any other; its lowest or its highest
    /// packet is taken.
    ///
    /// # Errors
    /// [`TooComplex`]
    pub fn boundary(&self, set: &Set, most: usize) -> Result<Vec<Set>, TooComplex> {
        let sides = [set.clone(), self.not(set)?];
        let asked = set.asked();
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        let tries = most.saturating_mul(2);
        let [inside, outside] = sides.each_ref().map(|side| side.look(|side| ways(side, tries, &mut chance)));
        let mut found: Vec<Set> = Vec::new();
        let longer = inside.len().max(outside.len());
        let in_turn = (0..longer).flat_map(|at| [inside.get(at), outside.get(at)]).flatten();
        for way in in_turn {
            if found.len() >= most {
                break;
            }
            let rest = chance.coin(1, 1);
            let mut packet = self.all();
            for variable in asked.iter().rev() {
                let decided = way.iter().find(|(number, _)| number == variable).map(|(_, one)| *one);
                packet = if decided.unwrap_or(rest) {
                    self.choose(*variable, &packet, &self.none())?
                } else {
                    self.choose(*variable, &self.none(), &packet)?
                };
            }
            if !found.contains(&packet) {
                found.push(packet);
            }
        }
        Ok(found)
    }
}

/// The values of the variables that a way decides, lowest first.
type Way = Vec<(u32, bool)>;

/// So many ways to "all", perhaps the same one several times; none in an empty set.
fn ways(set: Cursor<'_, '_>, count: usize, chance: &mut Chance) -> Vec<Way> {
    let mut counted = FxHashMap::default();
    if number_of_ways(set, &mut counted) == 0 {
        return Vec::new();
    }
    (0..count).map(|_| way(set, &mut counted, chance)).collect()
}

fn way<'a, 'id>(
    mut at: Cursor<'a, 'id>,
    counted: &mut FxHashMap<Key<'a, 'id>, u64>,
    chance: &mut Chance,
) -> Way {
    let mut decided = Vec::new();
    while let Top::Bit { variable, zero, one } = at.top() {
        let take_one = chance.coin(number_of_ways(zero, counted), number_of_ways(one, counted));
        decided.push((variable, take_one));
        at = if take_one { one } else { zero };
    }
    decided
}

fn number_of_ways<'a, 'id>(set: Cursor<'a, 'id>, counted: &mut FxHashMap<Key<'a, 'id>, u64>) -> u64 {
    match set.top() {
        Top::None => 0,
        Top::All => 1,
        Top::Bit { zero, one, .. } => {
            if let Some(known) = counted.get(&set.key()) {
                return *known;
            }
            // Beyond 64 bits it is no longer quite fair, which does no harm.
            let sum = number_of_ways(zero, counted).saturating_add(number_of_ways(one, counted));
            counted.insert(set.key(), sum);
            sum
        }
    }
}

/// Marsaglia's xorshift: the same packets for the same set.
struct Chance(u64);

impl Chance {
    /// Whether the second of two comes up, which are so likely.
    fn coin(&mut self, first: u64, second: u64) -> bool {
        let Self(state) = self;
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        let sum = u128::from(first) + u128::from(second);
        sum > 0 && (u128::from(*state) * sum) >> 64 >= u128::from(first)
    }
}
