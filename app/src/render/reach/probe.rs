//! What was tried: computed beside observed.

use std::io::{self, Write};

use portreeve_model::probe::{Agreement, Attempt, Observed, Probe};
use portreeve_model::reach::Verdict;

use super::frame;
use crate::render::labels::counted;
use crate::render::style::{Ink, Palette};
use crate::render::table::{Column, Fit, Heading, Table};
use crate::render::text::Clean;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// Says what a probe does before it does it.
pub fn announce(notes: &mut dyn Write, palette: Palette) -> io::Result<()> {
    let head = palette.paint(Ink::Heading, "probe:");
    writeln!(
        notes,
        "{head} this host gets one more interface for some seconds (portreeve{:x}, a pair of veth into a network namespace of its \
         own), with a route back to each address that is tried from. Each port gets a connection, or an empty datagram, from \
         each. No rule and no kernel parameter is changed, and the kernel removes everything even if this is killed.",
        std::process::id()
    )
}

/// Prints what was tried, what of it does not agree, and what was not tried.
pub(super) fn print(out: &mut dyn Write, probe: &Probe, view: &View) -> io::Result<()> {
    frame::title(out, "Probe", view)?;
    let count = |agreement| probe.attempts.iter().filter(|attempt| attempt.agreement == agreement).count();
    let (disagree, undecided) = (count(Agreement::Disagrees), count(Agreement::Undecided));
    let by = probe.interface.as_ref().map_or_else(String::new, |name| format!(" by {name}"));
    let text = format!(
        "{}{by}, {} s each: {} as computed, {disagree} not as computed, {undecided} undecided",
        counted(probe.attempts.len(), "attempt"),
        probe.seconds,
        count(Agreement::Agrees),
    );
    let ink = if disagree > 0 { Ink::Bad } else { Ink::Normal };
    hanging(out, ["  ", "    "], &text, view.prose_width(), |line| {
        view.palette.paint(ink, line).to_string()
    })?;
    if !probe.attempts.is_empty() {
        writeln!(out)?;
        table(out, probe, view)?;
    }
    reasons(out, probe, view)?;
    if !probe.untried.is_empty() {
        frame::title(out, "Not tried", view)?;
        for untried in &probe.untried {
            let text = format!("{}: {}", untried.what, untried.why);
            hanging(out, ["  ", "    "], &text, view.prose_width(), ToOwned::to_owned)?;
        }
    }
    if !probe.elsewhere.is_empty() {
        frame::title(out, "To be tried from elsewhere", view)?;
        for elsewhere in &probe.elsewhere {
            hanging(out, ["  ", "    "], &elsewhere.reason, view.prose_width(), ToOwned::to_owned)?;
            writeln!(out, "    {}", Clean(&elsewhere.command))?;
        }
    }
    Ok(())
}

fn table(out: &mut dyn Write, probe: &Probe, view: &View) -> io::Result<()> {
    let mut table = Table::new(vec![
        Column::new("TO").gap(2),
        Column::new("HOLDER").fit(Fit::Wrap(10)).rank(1),
        Column::new("FROM").fit(Fit::Wrap(20)).rank(2),
        Column::new("COMPUTED"),
        Column::new("OBSERVED").fit(Fit::Wrap(12)).rank(3),
        Column::new(""),
    ]);
    for attempt in &probe.attempts {
        table.inked(Ink::Name, format_args!("{} {}", attempt.protocol, attempt.destination));
        table.cell(attempt.holder.as_deref().unwrap_or("-"));
        table.cell(format_args!("{} ({})", attempt.source, attempt.stands_for));
        table.cell(computed(attempt.computed));
        table.cell(observed(&attempt.observed, probe.seconds));
        let (ink, text) = match attempt.agreement {
            Agreement::Agrees => (Ink::Good, "agrees"),
            Agreement::Disagrees => (Ink::Bad, "DISAGREES"),
            Agreement::Undecided => (Ink::Faint, "undecided"),
        };
        table.inked(ink, text);
    }
    table.print(out, view.width, view.palette, Heading::Shown)
}

/// Each reason once, disagreements with what was computed.
fn reasons(out: &mut dyn Write, probe: &Probe, view: &View) -> io::Result<()> {
    let of =
        |attempt: &Attempt| format!("{} {} from {}", attempt.protocol, attempt.destination, attempt.source);
    let disagreeing: Vec<&Attempt> =
        probe.attempts.iter().filter(|attempt| attempt.agreement == Agreement::Disagrees).collect();
    if !disagreeing.is_empty() {
        frame::title(out, "Not as computed", view)?;
        for attempt in disagreeing {
            let why = attempt.why.as_deref().unwrap_or_default();
            let text = format!("{}: {}; {why}", of(attempt), attempt.statement);
            hanging(out, ["  ", "    "], &text, view.prose_width(), ToOwned::to_owned)?;
        }
    }
    let mut whys: Vec<&str> = Vec::new();
    let undecided = probe.attempts.iter().filter(|attempt| attempt.agreement == Agreement::Undecided);
    for why in undecided.filter_map(|attempt| attempt.why.as_deref()) {
        if !whys.contains(&why) {
            whys.push(why);
        }
    }
    if whys.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    whys.iter().try_for_each(|why| {
        let text = format!("undecided: {why}");
        hanging(out, ["  ", "    "], &text, view.prose_width(), |line| {
            view.palette.paint(Ink::Faint, line).to_string()
        })
    })
}

fn computed(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::Unknown => "depends",
    }
}

fn observed(observed: &Observed, seconds: u64) -> String {
    match observed {
        Observed::Connected => "connected".to_owned(),
        Observed::Answered => "answered".to_owned(),
        Observed::Refused => "refused (reset)".to_owned(),
        Observed::Rejected { with } => format!("rejected ({with})"),
        Observed::Silent => format!("no answer in {seconds} s"),
        Observed::Failed { error } => format!("failed: {error}"),
    }
}
