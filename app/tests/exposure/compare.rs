//! Holds what is said against what was seen, and complains with everything that a person needs to find out why.

use std::fmt::Write;

use portreeve_lab::attempt::Seen;

use crate::client::Row;
use crate::oracle::Oracle;
use crate::scene::Scene;
use crate::verdict::{Opinion, Verdict};

/// At most so many complaints are printed with their path.
const SHOWN: usize = 12;
/// What the server says of its rules.
const RULES: &str = "nft -a list ruleset; for save in iptables-legacy-save ip6tables-legacy-save; do \
    echo \"# $save\"; $save -c 2>/dev/null || :; done; ip route show table all; ip -6 route show table all";

/// Every client tries every port at every address; fails unless each oracle said what came of it. Gives what was seen.
pub(crate) fn compare(scene: &Scene<'_>, oracles: &[&dyn Oracle]) -> Vec<(Row, Seen)> {
    let rows = scene.rows();
    assert!(!rows.is_empty(), "something is tried");
    let opinions: Vec<Vec<Opinion>> =
        rows.iter().map(|row| oracles.iter().map(|oracle| oracle.opinion(row)).collect()).collect();
    let allowed = |index: usize| {
        let opinions: &Vec<Opinion> = &opinions[index];
        opinions.iter().any(|opinion| opinion.verdict == Verdict::Allow)
    };
    let seen = scene.observe(&rows, &allowed);
    let mut complaints = Vec::new();
    for ((row, seen), opinions) in rows.iter().zip(&seen).zip(&opinions) {
        for (oracle, opinion) in oracles.iter().zip(opinions) {
            if !agrees(scene, &opinion.verdict, seen) {
                complaints.push(format!(
                    "{}: {}\n    saw       {seen:?}\n    {} says {:?}\n    because   {}\n",
                    scene.places[row.client.place].name,
                    row.packet(),
                    oracle.name(),
                    opinion.verdict,
                    opinion.because,
                ));
            }
        }
    }
    summary(scene, &seen, oracles.len());
    fail(scene, &complaints, rows.len());
    rows.into_iter().zip(seen).collect()
}

/// Whether a verdict is what was seen. Causes are accepted where the scene names them.
pub(crate) fn agrees(scene: &Scene<'_>, verdict: &Verdict, seen: &Seen) -> bool {
    let answered = match seen {
        Seen::Answered { .. } => true,
        Seen::Refused | Seen::Rejected { .. } | Seen::Silence => false,
        Seen::Impossible { .. } => return false,
    };
    match verdict {
        Verdict::Allow => answered,
        Verdict::Deny => !answered,
        Verdict::Depends(causes) => {
            let named = |cause: &String| scene.may_depend_on.iter().any(|name| cause.contains(name));
            !causes.is_empty() && causes.iter().all(named)
        }
    }
}

/// Fails with the complaints, and the rules that they are about.
pub(crate) fn fail(scene: &Scene<'_>, complaints: &[String], of: usize) {
    if complaints.is_empty() {
        return;
    }
    let rules = scene.site.shell(RULES).unwrap();
    let shown: String = complaints.iter().take(SHOWN).map(String::as_str).collect();
    panic!("{rules}\n{} of {of} disagree:\n{shown}", complaints.len());
}

fn summary(scene: &Scene<'_>, seen: &[Seen], oracles: usize) {
    let count = |wanted: fn(&Seen) -> bool| seen.iter().filter(|seen| wanted(seen)).count();
    let mut line = format!("{}: {} attempts held against {oracles} oracles", scene.site.name(), seen.len());
    for (what, number) in [
        ("answered", count(|seen| matches!(seen, Seen::Answered { .. }))),
        ("refused", count(|seen| matches!(seen, Seen::Refused))),
        ("rejected", count(|seen| matches!(seen, Seen::Rejected { .. }))),
        ("without a word", count(|seen| matches!(seen, Seen::Silence))),
    ] {
        write!(line, ", {number} {what}").unwrap();
    }
    println!("{line}");
}
