//! Jumps that the kernel refuses to load: in a circle, too deep, to a base chain.
//!
//! `nft_chain_validate` (`net/netfilter/nf_tables_api.c`, Linux 6.18) goes through all chains that a base chain reaches, and refuses
//! the table at `NFT_JUMP_STACK_SIZE` levels; a circle is a case of that. `nft_verdict_init` refuses jumps to base chains. A listing
//! of a kernel has none of these, a file may. Such a jump becomes `Unknown`, and is told.

use std::collections::{HashMap, HashSet};

use crate::ir::{ChainId, Data, Ruleset, SetId, Statement, Unread, Verdict};

/// `NFT_JUMP_STACK_SIZE` (`include/net/netfilter/nf_tables.h`).
const MOST_LEVELS: usize = 16;

/// Makes `Unknown` of jumps that the kernel would refuse.
pub(super) fn refuse(ruleset: &mut Ruleset) {
    let mut walk = Walk::new(ruleset);
    for (index, chain) in ruleset.chains.iter().enumerate() {
        if chain.base.is_some() {
            walk.path.clear();
            walk.chain(index);
        }
    }
    let refused = walk.refused;
    for Refused { place, reason } in refused {
        let told = match place {
            Place::Statement { chain, rule, statement } => {
                let Some(chain) = ruleset.chains.get_mut(chain) else { continue };
                let name = format!("rule in {} {} {}", chain.family, chain.table, chain.name);
                let Some(rule) = chain.rules.get_mut(rule) else { continue };
                let text = rule.text.clone();
                if let Some(statement) = rule.statements.get_mut(statement) {
                    *statement = Statement::Unknown(format!("{text} ({reason})"));
                }
                (name, text)
            }
            Place::Element { set, element } => {
                let Some(set) = ruleset.sets.get_mut(set) else { continue };
                let name = format!("map {} {} {}", set.family, set.table, set.name);
                if let Some(element) = set.elements.get_mut(element) {
                    element.data = Data::Unknown(reason.to_owned());
                }
                (name, format!("element {element}"))
            }
        };
        ruleset.unread.push(Unread { place: told.0, text: told.1, reason: reason.to_owned() });
    }
}

struct Refused {
    place: Place,
    reason: &'static str,
}

/// Where a jump stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Statement { chain: usize, rule: usize, statement: usize },
    Element { set: usize, element: usize },
}

#[derive(Debug, Clone, Copy)]
enum Edge {
    Jump { to: usize, place: Place },
    Map(SetId),
}

struct Walk {
    edges: Vec<Vec<Edge>>,
    /// Jumps of each verdict map, one for each chain it leads to.
    maps: HashMap<SetId, Vec<(usize, Place)>>,
    base: Vec<bool>,
    /// The deepest level at which a chain was gone through (`chain->vstate.depth`).
    depth: Vec<Option<usize>>,
    path: Vec<usize>,
    refused: Vec<Refused>,
    known: HashSet<Place>,
}

impl Walk {
    fn new(ruleset: &Ruleset) -> Self {
        let mut maps: HashMap<SetId, Vec<(usize, Place)>> = HashMap::new();
        let mut edges = Vec::with_capacity(ruleset.chains.len());
        for (chain, definition) in ruleset.chains.iter().enumerate() {
            let mut own = Vec::new();
            for (rule, definition) in definition.rules.iter().enumerate() {
                for (index, statement) in definition.statements.iter().enumerate() {
                    match statement {
                        Statement::Verdict(verdict) => {
                            if let Some(to) = target(verdict) {
                                let place = Place::Statement { chain, rule, statement: index };
                                own.push(Edge::Jump { to, place });
                            }
                        }
                        Statement::VerdictMap { map, .. } => {
                            maps.entry(*map).or_insert_with(|| jumps(ruleset, *map));
                            own.push(Edge::Map(*map));
                        }
                        _ => {}
                    }
                }
            }
            edges.push(own);
        }
        let base = ruleset.chains.iter().map(|chain| chain.base.is_some()).collect();
        let depth = vec![None; ruleset.chains.len()];
        Self { edges, maps, base, depth, path: Vec::new(), refused: Vec::new(), known: HashSet::new() }
    }

    /// Goes through a chain at the level of the path. Goes no deeper than [`MOST_LEVELS`].
    fn chain(&mut self, chain: usize) {
        let level = self.path.len();
        match self.depth.get_mut(chain) {
            Some(depth) if depth.is_none_or(|depth| depth < level) => *depth = Some(level),
            _ => return,
        }
        self.path.push(chain);
        for index in 0..self.edges.get(chain).map_or(0, Vec::len) {
            match self.edges.get(chain).and_then(|edges| edges.get(index)).copied() {
                Some(Edge::Jump { to, place }) => self.jump(to, place),
                Some(Edge::Map(map)) => {
                    for index in 0..self.maps.get(&map).map_or(0, Vec::len) {
                        if let Some((to, place)) =
                            self.maps.get(&map).and_then(|jumps| jumps.get(index)).copied()
                        {
                            self.jump(to, place);
                        }
                    }
                }
                None => {}
            }
        }
        self.path.pop();
    }

    fn jump(&mut self, to: usize, place: Place) {
        let reason = if self.path.contains(&to) {
            "jumps in a circle: the kernel refuses it"
        } else if self.base.get(to).copied().unwrap_or(false) {
            "jumps to a base chain: the kernel refuses it"
        } else if self.path.len() >= MOST_LEVELS {
            "jumps more than 16 levels deep: the kernel refuses it"
        } else {
            self.chain(to);
            return;
        };
        if self.known.insert(place) {
            self.refused.push(Refused { place, reason });
        }
    }
}

fn target(verdict: &Verdict) -> Option<usize> {
    match verdict {
        Verdict::Jump(ChainId(id)) | Verdict::Goto(ChainId(id)) => usize::try_from(*id).ok(),
        _ => None,
    }
}

/// The jumps of a verdict map, each chain once.
fn jumps(ruleset: &Ruleset, map: SetId) -> Vec<(usize, Place)> {
    let Some(set) = usize::try_from(map.0).ok() else { return Vec::new() };
    let elements = ruleset.sets.get(set).map(|set| set.elements.as_slice()).unwrap_or_default();
    let mut seen = HashMap::new();
    for (element, definition) in elements.iter().enumerate() {
        if let Data::Verdict(verdict) = &definition.data
            && let Some(to) = target(verdict)
        {
            seen.entry(to).or_insert(Place::Element { set, element });
        }
    }
    let mut jumps = seen.into_iter().collect::<Vec<_>>();
    jumps.sort_unstable_by_key(|(to, _)| *to);
    jumps
}
