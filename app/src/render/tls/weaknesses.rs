//! Known attacks: what a server is open to in full, what it is not in one list.

use std::io::{self, Write};

use portreeve_model::tls::{Audit, Evidence, Party, Verdict, Weakness};

use super::lines::pieces;
use super::{Detail, title};
use crate::render::labelled::{command, each, labelled};
use crate::render::style::Ink;
use crate::render::text::{clean, shorten};
use crate::render::view::View;

/// Prints every check.
pub(super) fn print(out: &mut dyn Write, audit: &Audit, detail: Detail, view: &View) -> io::Result<()> {
    if audit.weaknesses.is_empty() {
        return Ok(());
    }
    title(out, "Known attacks", view)?;
    let of = |verdict| audit.weaknesses.iter().filter(move |one| one.verdict == verdict);
    for weakness in of(Verdict::Confirmed).chain(of(Verdict::Potential)) {
        open(out, weakness, audit, detail, view)?;
    }
    for (titles, weakness) in by_reason(of(Verdict::Inconclusive), detail) {
        let mark = format!("  {}", view.marks.unknown());
        labelled(out, (&mark, Ink::Warn), &format!("{titles}: inconclusive"), Ink::Warn, view)?;
        labelled(out, ("", Ink::Faint), &weakness.statement, Ink::Normal, view)?;
        if detail == Detail::Full {
            evidence(out, &weakness.evidence, view)?;
        }
    }
    if detail == Detail::Full {
        return of(Verdict::NotVulnerable).try_for_each(|weakness| {
            let mark = format!("  {}", view.marks.good());
            labelled(out, (&mark, Ink::Good), &weakness.title, Ink::Normal, view)?;
            labelled(out, ("", Ink::Faint), &weakness.statement, Ink::Faint, view)?;
            evidence(out, &weakness.evidence, view)
        });
    }
    let safe: Vec<(Ink, String)> =
        of(Verdict::NotVulnerable).map(|one| (Ink::Normal, short(&one.title).to_owned())).collect();
    pieces(out, "not open to", &safe, ", ", view)
}

/// What is not known for the same reason is told together, where not everything is to be told.
fn by_reason<'a>(all: impl Iterator<Item = &'a Weakness>, detail: Detail) -> Vec<(String, &'a Weakness)> {
    let mut told: Vec<(String, &Weakness)> = Vec::new();
    for weakness in all {
        let same = |(_, one): &&mut (String, &Weakness)| {
            detail == Detail::Brief && one.statement == weakness.statement
        };
        match told.iter_mut().find(same) {
            Some((titles, first)) => {
                if *titles == first.title {
                    short(&first.title).clone_into(titles);
                }
                titles.extend([", ", short(&weakness.title)]);
            }
            None => told.push((weakness.title.clone(), weakness)),
        }
    }
    told
}

fn open(
    out: &mut dyn Write,
    weakness: &Weakness,
    audit: &Audit,
    detail: Detail,
    view: &View,
) -> io::Result<()> {
    let (word, ink) = match weakness.verdict {
        Verdict::Confirmed => ("confirmed", Ink::of(weakness.severity)),
        _ => ("potential", Ink::Warn),
    };
    let mark = format!("  {}", view.marks.bad());
    let mut name = weakness.title.clone();
    weakness.cves.iter().for_each(|cve| name.extend([", ", cve.as_str()]));
    labelled(out, (&mark, ink), &format!("{name}: {word}"), Ink::Heading, view)?;
    // What is among the findings is told there, with its remedy; here are the bytes that it rests on.
    let told =
        audit.findings.iter().any(|finding| finding.id.rsplit('/').next() == Some(weakness.id.as_str()));
    if told && detail == Detail::Brief {
        let proof = weakness.evidence.iter().find(|fact| !fact.bytes.is_empty());
        return proof.map_or(Ok(()), |proof| evidence(out, std::slice::from_ref(proof), view));
    }
    labelled(out, ("", Ink::Faint), &weakness.statement, Ink::Normal, view)?;
    evidence(out, &weakness.evidence, view)?;
    each(out, "    fix", weakness.fix.iter().map(String::as_str), view)?;
    weakness.reproduce.as_ref().map_or(Ok(()), |reproduce| command(out, "    check", reproduce, view))
}

/// Columns in front of bytes.
const INDENT: usize = 10;

/// Prints what was seen, with the bytes below it.
pub(super) fn evidence(out: &mut dyn Write, evidence: &[Evidence], view: &View) -> io::Result<()> {
    for fact in evidence {
        let who = match fact.party {
            _ if fact.bytes.is_empty() => "",
            Party::Client => "sent: ",
            Party::Server => "received: ",
        };
        labelled(out, ("", Ink::Faint), &format!("{who}{}", clean(&fact.what)), Ink::Faint, view)?;
        bytes(out, fact, view)?;
    }
    Ok(())
}

/// In groups of a byte, as many on a line as fit.
fn bytes(out: &mut dyn Write, fact: &Evidence, view: &View) -> io::Result<()> {
    if fact.bytes.is_empty() {
        return Ok(());
    }
    let room = view.prose_width().saturating_sub(INDENT + 2).max(24);
    let digits: Vec<char> = clean(&fact.bytes).chars().collect();
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    let lines: Vec<&[String]> = pairs.chunks((room + 1) / 3).collect();
    for (place, line) in lines.iter().enumerate() {
        let last = place + 1 == lines.len();
        let more =
            fact.length.filter(|_| last).map_or_else(String::new, |length| format!(" … ({length} bytes)"));
        let text = format!("{}{more}", line.join(" "));
        writeln!(out, "{:INDENT$}  {}", "", view.palette.paint(Ink::Name, shorten(&text, room)))?;
    }
    Ok(())
}

/// Without what stands in brackets behind it: in a list, the name is enough.
fn short(title: &str) -> &str {
    title.split(" (").next().unwrap_or(title)
}
