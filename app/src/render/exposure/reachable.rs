//! From where a port can be reached by one version of IP: in zones, and in prefixes where a zone is too coarse.

use portreeve_model::exposure::zone::THIS_HOST;
use portreeve_model::exposure::{Coverage, FamilyExposure, Part, ZoneExposure};
use portreeve_model::reach::Verdict;

/// More labels than these say less than the zone's name.
const MOST_LABELS: usize = 2;

/// Which sources are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those that can reach a port.
    Open,
    /// Those that cannot.
    Blocked,
}

/// `everywhere`, `internet, private`, `198.51.100.7, this host`, `perhaps internet, private`, `this host only`, `nobody`.
pub fn zones(family: &FamilyExposure, side: Side) -> String {
    let known = &family.zones;
    let count = |coverage: Coverage| known.iter().filter(|zone| zone.coverage == coverage).count();
    if known.is_empty() {
        return "not told".to_owned();
    }
    if count(whole(side)) == known.len() {
        return all(side).to_owned();
    }
    if let Some(exception) = known.iter().find(|zone| zone.coverage == none(side))
        && known.len() > 3
        && count(whole(side)) == known.len() - 1
    {
        return format!("{} but {}", all(side), exception.zone);
    }
    let certain = certain(family, side);
    let perhaps = perhaps(family, side, &certain);
    match (certain.as_slice(), perhaps.as_slice()) {
        ([], []) => "nobody".to_owned(),
        ([only], []) if side == Side::Open && only == THIS_HOST => format!("{THIS_HOST} only"),
        (certain, []) => certain.join(", "),
        ([], perhaps) => format!("perhaps {}", perhaps.join(", ")),
        (certain, perhaps) => format!("{}; perhaps {}", certain.join(", "), perhaps.join(", ")),
    }
}

fn certain(family: &FamilyExposure, side: Side) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for zone in &family.zones {
        let of_zone = match zone.coverage {
            coverage if coverage == whole(side) => vec![zone.zone.clone()],
            // Which of its own addresses a host sends from is up to it.
            Coverage::Some if zone.zone == THIS_HOST && side == Side::Open => vec![zone.zone.clone()],
            Coverage::Some if zone.zone == THIS_HOST => Vec::new(),
            Coverage::Some => part_of(family, zone, side),
            _ => Vec::new(),
        };
        for word in of_zone {
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words
}

fn perhaps<'a>(family: &'a FamilyExposure, side: Side, certain: &[String]) -> Vec<&'a str> {
    let depends = |zone: &&ZoneExposure| zone.coverage == Coverage::Depends;
    if family.elsewhere().all(|zone| depends(&zone)) && family.elsewhere().count() > 1 {
        return match (side, certain) {
            (_, []) => vec![all(side)],
            (Side::Open, _) => vec!["everywhere else"],
            (Side::Blocked, _) => vec!["everybody else"],
        };
    }
    family.zones.iter().filter(depends).map(|zone| zone.zone.as_str()).collect()
}

/// What some of a zone is called: its own parts by their prefixes, or the zone without the parts of the other side.
fn part_of(family: &FamilyExposure, zone: &ZoneExposure, side: Side) -> Vec<String> {
    let own = labels(family, zone, |part| part.verdict == verdict(side));
    if let Some(labels) = own.filter(|labels| (1..=MOST_LABELS).contains(&labels.len())) {
        return labels;
    }
    let others = labels(family, zone, |part| part.verdict != verdict(side));
    match others.filter(|labels| (1..=MOST_LABELS).contains(&labels.len())) {
        Some(labels) => vec![format!("{} except {}", zone.zone, labels.join(" and "))],
        None => vec![format!("part of {}", zone.zone)],
    }
}

/// What the wanted parts of a zone are called, each once; none where a part has sources of other zones, too, so that its name says more.
fn labels(
    family: &FamilyExposure,
    zone: &ZoneExposure,
    wanted: impl Fn(&Part) -> bool,
) -> Option<Vec<String>> {
    let mut labels: Vec<String> = Vec::new();
    let within = |part: &&Part| wanted(part) && part.zones.iter().any(|known| known.zone == zone.zone);
    for part in family.parts.iter().filter(within) {
        if part.zones.len() > 1 || part.label == zone.zone {
            return None;
        }
        if !labels.contains(&part.label) {
            labels.push(part.label.clone());
        }
    }
    Some(labels)
}

fn all(side: Side) -> &'static str {
    match side {
        Side::Open => "everywhere",
        Side::Blocked => "everybody",
    }
}

/// The coverage of a zone that is on this side as a whole.
fn whole(side: Side) -> Coverage {
    match side {
        Side::Open => Coverage::All,
        Side::Blocked => Coverage::None,
    }
}

/// The coverage of a zone of which nothing is on this side.
fn none(side: Side) -> Coverage {
    match side {
        Side::Open => Coverage::None,
        Side::Blocked => Coverage::All,
    }
}

/// What becomes of the packets of this side.
pub(super) fn verdict(side: Side) -> Verdict {
    match side {
        Side::Open => Verdict::Allow,
        Side::Blocked => Verdict::Deny,
    }
}

/// Whether anybody but this host gets there, or perhaps does.
pub(super) fn is_beyond(family: &FamilyExposure) -> bool {
    family.elsewhere().any(|zone| zone.coverage != Coverage::None)
}

/// A prefix of one address is spoken of as the address.
pub(crate) fn host_or_prefix(prefix: &str) -> &str {
    prefix.strip_suffix("/32").or_else(|| prefix.strip_suffix("/128")).unwrap_or(prefix)
}

/// Whether a label names prefixes, not zones.
pub(crate) fn is_prefix(label: &str) -> bool {
    let first = label.split([' ', ',']).next().unwrap_or_default();
    let address = first.split('/').next().unwrap_or_default();
    address.parse::<std::net::IpAddr>().is_ok()
}
