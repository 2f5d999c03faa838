//! What a server does beside protocols and suites: by kind, a mark each, and what matters in words.

use std::io::{self, Write};

use portreeve_model::tls::{Feature, FeatureGroup, Support};

use super::lines::{line, pieces};
use super::{Detail, title};
use crate::render::labelled::labelled;
use crate::render::style::Ink;
use crate::render::view::View;

const GROUPS: [(FeatureGroup, &str); 6] = [
    (FeatureGroup::Handshake, "handshake"),
    (FeatureGroup::Sessions, "sessions"),
    (FeatureGroup::Renegotiation, "renegotiate"),
    (FeatureGroup::Application, "application"),
    (FeatureGroup::Tolerance, "tolerance"),
    (FeatureGroup::Clients, "clients"),
];

/// Prints them, or nothing where nothing was asked.
pub(super) fn print(
    out: &mut dyn Write,
    features: &[Feature],
    detail: Detail,
    view: &View,
) -> io::Result<()> {
    if features.is_empty() {
        return Ok(());
    }
    title(out, "Features", view)?;
    for (group, word) in GROUPS {
        let of: Vec<&Feature> = features.iter().filter(|feature| feature.group == group).collect();
        if detail == Detail::Full {
            full(out, word, &of, view)?;
            continue;
        }
        let shown: Vec<(Ink, String)> = of
            .iter()
            .filter(|feature| feature.support != Support::NotApplicable)
            .map(|feature| {
                let (ink, mark) = sign(feature.support, view);
                (ink, format!("{mark} {}", short(&feature.title)))
            })
            .collect();
        pieces(out, word, &shown, "  ", view)?;
        for feature in of.iter().filter(|feature| !feature.values.is_empty()) {
            line(
                out,
                "",
                &format!("{}: {}", short(&feature.title), feature.values.join(", ")),
                Ink::Faint,
                view,
            )?;
        }
    }
    Ok(())
}

fn full(out: &mut dyn Write, word: &str, features: &[&Feature], view: &View) -> io::Result<()> {
    if features.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {}", view.palette.paint(Ink::Faint, word))?;
    for feature in features {
        let (ink, mark) = sign(feature.support, view);
        labelled(out, (&format!("    {mark}"), ink), &feature.title, Ink::Name, view)?;
        labelled(out, ("", Ink::Faint), &feature.statement, Ink::Normal, view)?;
        if !feature.values.is_empty() {
            labelled(out, ("", Ink::Faint), &feature.values.join(", "), Ink::Faint, view)?;
        }
        super::weaknesses::evidence(out, &feature.evidence, view)?;
    }
    Ok(())
}

pub(super) fn sign(support: Support, view: &View) -> (Ink, &'static str) {
    match support {
        Support::Yes => (Ink::Normal, view.marks.good()),
        Support::No | Support::NotApplicable => (Ink::Faint, view.marks.absent()),
        Support::Inconclusive => (Ink::Warn, view.marks.unknown()),
    }
}

/// Without the standard that it stands in.
fn short(title: &str) -> &str {
    title.split(" (").next().unwrap_or(title)
}
