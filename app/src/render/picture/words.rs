//! Sentences: tooltips, and the picture in words.

use std::borrow::Cow;

use portreeve_model::exposure::IpVersion;
use portreeve_model::reach::Verdict;
use portreeve_model::text::clean;

use super::group::Group;
use super::lane::{Extent, Lane, Versions, Way};
use super::subject::Scene;

/// Foreign text as one harmless line.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    clean(text)
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Unknown => "depends",
        Verdict::Deny => "deny",
    }
}

pub(super) fn versions(versions: Versions) -> &'static str {
    match versions {
        Versions::Both => "IPv4+6",
        Versions::Only(IpVersion::Ipv4) => "IPv4",
        Versions::Only(IpVersion::Ipv6) => "IPv6",
    }
}

/// The sources of a lane, by their zones: `internet, part of private`.
pub(super) fn sources(lane: &Lane, zones: &[String]) -> String {
    let name = |at: &usize| zones.get(*at).cloned();
    if lane.zones.len() > 1 && lane.zones.iter().all(|(_, extent)| *extent == Extent::Whole) {
        match lane.without.as_slice() {
            [] => return "every zone".to_owned(),
            [one] if lane.zones.len() > 2 => {
                return name(one).map_or_else(String::new, |name| format!("every zone but {name}"));
            }
            _ => {}
        }
    }
    if lane.zones.is_empty() && lane.ways.is_empty() {
        return "impossible sources".to_owned();
    }
    let extent = |(at, extent): &(usize, Extent)| {
        let name = name(at)?;
        Some(if *extent == Extent::Whole { name } else { format!("part of {name}") })
    };
    let names: Vec<String> = lane.zones.iter().filter_map(extent).collect();
    if names.is_empty() {
        let exactly: Vec<&str> = lane.ways.iter().flat_map(|way| &way.sources).map(String::as_str).collect();
        return exactly.join(", ");
    }
    names.join(", ")
}

/// What else is to be said of the sources: the exact words, interfaces, conditions.
pub(super) fn details(lane: &Lane) -> String {
    let by = |way: &Way| match way.interfaces.as_slice() {
        [] => "from here".to_owned(),
        interfaces => format!("by {}", interfaces.join(", ")),
    };
    let mut parts = Vec::new();
    if let [way] = lane.ways.as_slice() {
        if !way.whole && !lane.zones.is_empty() {
            parts.push(way.sources.join(", "));
        }
        if !way.interfaces.is_empty() {
            parts.push(by(way));
        }
    } else {
        parts.extend(lane.ways.iter().map(|way| format!("{} {}", way.sources.join(", "), by(way))));
    }
    parts.extend(lane.conditions.iter().cloned());
    parts.join(" · ")
}

/// Where it is decided and whose rule it is, and what it depends on.
pub(super) fn reason(lane: &Lane) -> String {
    let decided = &lane.decided;
    let mut parts = Vec::new();
    if !lane.causes.is_empty() {
        parts.push(format!("depends on {}", lane.causes.join(", ")));
    }
    parts.extend(decided.chain_name().map(|name| format!("in {name}")));
    // Rules that no software is known to have written are the reader's own.
    let whose = |owner: &String| if owner == "you" { "yours".to_owned() } else { format!("of {owner}") };
    parts.extend(decided.owner.as_ref().map(whose));
    parts.extend(decided.spot.clone());
    parts.extend(decided.comment.as_ref().map(|comment| format!("“{comment}”")));
    if lane.more_rules > 0 {
        parts.push(format!("and {} more", lane.more_rules));
    }
    parts.join(" · ")
}

/// A lane in one sentence.
pub(super) fn lane(lane: &Lane, zones: &[String]) -> String {
    let details = details(lane);
    let details = if details.is_empty() { details } else { format!(" ({details})") };
    let reason = reason(lane);
    let reason = if reason.is_empty() { reason } else { format!(" ({reason})") };
    let by = if lane.decided.code { "by " } else { "" };
    let text = format!(
        "{}: {}{details}: {}, {by}{}{reason}.",
        versions(lane.versions),
        sources(lane, zones),
        verdict(lane.verdict),
        lane.decided.text,
    );
    one_line(&text).into_owned()
}

/// The title of the picture.
pub(super) fn title(scene: &Scene<'_>) -> String {
    scene.host.map_or_else(
        || "Who can reach which port".to_owned(),
        |host| one_line(&format!("Who can reach which port of {host}")).into_owned(),
    )
}

/// The whole picture in words.
pub(super) fn description(scene: &Scene<'_>) -> String {
    let mut lines: Vec<String> = scene.notes.iter().map(|note| one_line(note).into_owned()).collect();
    if scene.groups.is_empty() {
        lines.push("There is no port.".to_owned());
    }
    lines.extend(scene.groups.iter().map(|one| group(one, &scene.zones)));
    lines.join("\n")
}

fn group(group: &Group, zones: &[String]) -> String {
    let doors: Vec<_> = group.entries.iter().map(|entry| one_line(&entry.line()).into_owned()).collect();
    let mut sentences = vec![format!("Ports: {}.", doors.join("; "))];
    sentences.extend(group.inexact.iter().map(|text| format!("{}.", one_line(text))));
    sentences.extend(group.lanes.iter().map(|one| lane(one, zones)));
    sentences.join(" ")
}
