//! A door in one line, or in one for each version of IP where they differ.

use portreeve_model::exposure::zone::INTERNET;
use portreeve_model::exposure::{
    Coverage, Decision, Exposure, FamilyExposure, IpVersion, Part, ZoneExposure,
};
use portreeve_model::reach::Verdict;

use super::decided::{brief, depends};
use super::reachable::{Side, is_beyond, is_prefix, verdict, zones};
use crate::render::style::Ink;

/// What a table says of a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The version that it is about; none where it holds for every version that the door has.
    pub version: Option<IpVersion>,
    /// From where it can be reached, or who is kept out.
    pub from: String,
    /// What decides, and whose it is.
    pub decided_by: String,
    /// How much it matters.
    pub ink: Ink,
}

/// One summary where all versions are alike, else one for each.
pub fn summaries(exposure: &Exposure, side: Side) -> Vec<Summary> {
    joined(exposure.families.iter().map(|family| Summary {
        version: Some(family.version),
        from: with_doubt(zones(family, side), family),
        decided_by: decided_by(telling(family, side)),
        ink: ink(family),
    }))
}

/// What sources that were asked about (`--from`) can do: `yes`, `no`, `perhaps`, or which of them can.
pub fn asked(exposure: &Exposure, side: Side) -> Vec<Summary> {
    // Sources of one version say nothing of the other.
    joined(exposure.families.iter().filter(|family| !family.parts.is_empty()).map(|family| {
        let (from, ink) = answer(family, side);
        Summary {
            version: Some(family.version),
            from: with_doubt(from, family),
            decided_by: decided_by(
                parts_asked(family)
                    .find(|part| part.verdict == verdict(side))
                    .or_else(|| parts_asked(family).next()),
            ),
            ink,
        }
    }))
}

fn joined(each: impl Iterator<Item = Summary>) -> Vec<Summary> {
    let mut each: Vec<Summary> = each.collect();
    let alike = each.iter().all(|summary| {
        each.first().is_some_and(|first| first.from == summary.from && first.decided_by == summary.decided_by)
    });
    if alike {
        each.truncate(1);
        for summary in &mut each {
            summary.version = None;
        }
    }
    each
}

fn with_doubt(from: String, family: &FamilyExposure) -> String {
    if family.too_complex.is_some() { format!("{from}; the rest is too complex to tell") } else { from }
}

fn answer(family: &FamilyExposure, side: Side) -> (String, Ink) {
    let any = |verdict| parts_asked(family).any(|part| part.verdict == verdict);
    let all =
        |coverage| !family.zones.is_empty() && family.zones.iter().all(|zone| zone.coverage == coverage);
    match (any(Verdict::Allow), any(Verdict::Unknown), any(Verdict::Deny)) {
        // What the host throws away (its own addresses from outside) belongs to no zone.
        (true, false, false) => ("yes".to_owned(), Ink::Warn),
        (true, ..) if all(Coverage::All) => ("yes".to_owned(), Ink::Warn),
        (false, false, _) => ("no".to_owned(), Ink::Good),
        (false, true, _) => ("perhaps".to_owned(), Ink::Warn),
        (true, ..) => (some_of(family, side), Ink::Warn),
    }
}

/// What comes in by an interface; what this host sends itself only where nothing else is asked about. Its own address within a network
/// that is asked about is not what is meant.
pub(crate) fn parts_asked(family: &FamilyExposure) -> impl Iterator<Item = &Part> {
    // Its own address, as if it came from outside, the host throws away: that alone is no answer.
    let thrown_away = |part: &Part| {
        part.verdict == Verdict::Deny && matches!(part.deciders.first(), Some(Decision::Host { .. }))
    };
    let only_own = family.parts_elsewhere().all(thrown_away);
    family.parts.iter().filter(move |part| only_own || !part.interfaces.is_empty())
}

/// Which of the sources get there: by their prefixes where these are few, else by their zones.
fn some_of(family: &FamilyExposure, side: Side) -> String {
    let mut labels: Vec<&str> = Vec::new();
    for part in parts_asked(family).filter(|part| part.verdict == Verdict::Allow) {
        if !labels.contains(&part.label.as_str()) {
            labels.push(&part.label);
        }
    }
    match labels.as_slice() {
        labels @ ([_] | [_, _]) if labels.iter().all(|label| is_prefix(label)) => {
            format!("only {}", labels.join(", "))
        }
        _ if family.zones.len() > 1 => zones(family, side),
        _ => "some of them".to_owned(),
    }
}

/// The part that a reader asks about first: why the widest zone that gets in does; where nobody from elsewhere does, what keeps them out.
fn telling(family: &FamilyExposure, side: Side) -> Option<&Part> {
    use Verdict::{Allow, Deny, Unknown};
    let has = |zone: &ZoneExposure| match side {
        Side::Open => zone.coverage != Coverage::None,
        Side::Blocked => zone.coverage != Coverage::All,
    };
    let widest = family.elsewhere().find(|zone| has(zone));
    // Where nobody is on this side, what the others rest on is the answer.
    let order = match (side, widest.map(|zone| zone.coverage)) {
        (_, Some(Coverage::Depends)) => [Unknown, Allow, Deny],
        (Side::Open, Some(_)) | (Side::Blocked, None) => [Allow, Unknown, Deny],
        (Side::Open, None) | (Side::Blocked, Some(_)) => [Deny, Unknown, Allow],
    };
    let zone = widest.or_else(|| family.elsewhere().next());
    let of_zone = zone.and_then(|zone| order.into_iter().find_map(|verdict| largest(family, zone, verdict)));
    of_zone.or_else(|| order.into_iter().find_map(|verdict| first(family, verdict)))
}

/// Of a zone's parts with this verdict, the one with most of the world: what keeps everybody out tells more than what keeps out one network.
fn largest<'a>(family: &'a FamilyExposure, zone: &ZoneExposure, verdict: Verdict) -> Option<&'a Part> {
    let within =
        |part: &&Part| part.verdict == verdict && part.zones.iter().any(|known| known.zone == zone.zone);
    let size = |part: &&Part| {
        let whole = part.zones.iter().any(|known| known.zone == zone.zone && known.coverage == Coverage::All);
        // What no rule decides says less than a rule where both have as much, and the rules for this host say more than those for others.
        let rank = match part.deciders.first() {
            Some(Decision::Rules { hook, .. }) if hook == "input" => 0,
            Some(Decision::Rules { .. }) => 1,
            _ => 2,
        };
        (std::cmp::Reverse((whole, part.zones.len())), rank, part.conditions.len())
    };
    family.parts_elsewhere().filter(within).min_by_key(size)
}

/// The first part with this verdict whose packets come in from elsewhere; else one that this host sends.
fn first(family: &FamilyExposure, verdict: Verdict) -> Option<&Part> {
    let is = |part: &&Part| part.verdict == verdict;
    family.parts_elsewhere().find(is).or_else(|| family.parts.iter().find(is))
}

fn decided_by(part: Option<&Part>) -> String {
    let Some(part) = part else { return String::new() };
    // What it hangs on tells more than what happens on either side of it.
    if let (Verdict::Unknown, Some(cause)) = (part.verdict, part.causes.first()) {
        return depends(cause);
    }
    part.deciders.first().map_or_else(String::new, brief)
}

fn ink(family: &FamilyExposure) -> Ink {
    let doubtful = family.parts.iter().any(|part| part.verdict == Verdict::Unknown);
    if family.too_complex.is_some() || doubtful || family.coverage(INTERNET) != Coverage::None {
        Ink::Warn
    } else if is_beyond(family) {
        Ink::Normal
    } else {
        Ink::Good
    }
}

/// Whether something of the answer is not certain.
pub fn is_undecided(exposure: &Exposure) -> bool {
    exposure.families.iter().any(|family| {
        family.too_complex.is_some() || family.parts.iter().any(|part| part.verdict == Verdict::Unknown)
    })
}
