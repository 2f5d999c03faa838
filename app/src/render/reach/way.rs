//! One way of a packet: hooks, the chains at each, and in them the rules that matter.

use std::io::{self, Write};
use std::net::SocketAddr;

use portreeve_model::reach::{Chain, Effect, End, Endpoints, Outcome, RouteTo, Rule, Step};

use crate::render::exposure::shortened;
use crate::render::style::Ink;
use crate::render::text::{clean, columns, wrap};
use crate::render::view::View;

/// Prints the steps and the end.
pub(super) fn print(out: &mut dyn Write, outcome: &Outcome, view: &View) -> io::Result<()> {
    let mut printer = Printer { out, view, depth: 0, chain: None };
    let mut steps = outcome.steps.iter().peekable();
    while let Some(step) = steps.next() {
        match (step, steps.peek()) {
            // A chain in which nothing matched takes one line.
            (Step::Chain { chain }, Some(Step::Policy { policy, .. })) => {
                steps.next();
                printer.chain(chain, &format!(": no rule matches, {policy}"))?;
            }
            (step, _) => printer.step(step)?,
        }
    }
    // What dropped it stands in the line above.
    let (ink, end) = match &outcome.end {
        End::Delivered | End::Sent { .. } => (Ink::Good, &*outcome.statement),
        End::Dropped { .. } => (Ink::Bad, "dropped"),
        End::Rejected { with, .. } => return printer.line(0, Ink::Bad, &format!("end: refused with {with}")),
        End::Discarded { .. } => (Ink::Bad, &*outcome.statement),
        End::Taken { .. } => (Ink::Warn, &*outcome.statement),
    };
    printer.line(0, ink, &format!("end: {end}"))
}

struct Printer<'a> {
    out: &'a mut dyn Write,
    view: &'a View,
    /// Chains that were jumped into.
    depth: usize,
    /// The base chain, whose owner its rules share.
    chain: Option<&'a Chain>,
}

impl<'a> Printer<'a> {
    fn step(&mut self, step: &'a Step) -> io::Result<()> {
        match step {
            Step::Hook { hook, family, input, output } => {
                self.depth = 0;
                let by = |word: &str, name: &Option<String>| {
                    name.as_ref().map_or_else(String::new, |name| format!(", {word} {name}"))
                };
                let family = if matches!(family.as_str(), "ip" | "ip6") {
                    String::new()
                } else {
                    format!("{family} ")
                };
                let text = format!("{family}{hook}{}{}", by("in by", input), by("out by", output));
                self.line(0, Ink::Heading, &text)
            }
            Step::Chain { chain } => self.chain(chain, ""),
            Step::Passed { rule } => self.rule(rule, "no match", Ink::Faint),
            Step::Rule { rule, effect, assumed } => self.matched(rule, effect, *assumed),
            Step::ChainEnd { chain } => {
                let line = self.line(2 + self.depth, Ink::Faint, &format!("end of chain {chain}"));
                self.depth = self.depth.saturating_sub(1);
                line
            }
            Step::Policy { policy, .. } => {
                self.depth = 0;
                let ink = if policy == "drop" { Ink::Bad } else { Ink::Normal };
                self.line(2, ink, &format!("policy {policy}"))
            }
            Step::Conntrack { state, reply } => {
                let direction = if *reply { ", in reply" } else { "" };
                self.line(1, Ink::Normal, &format!("connection: {state}{direction}"))
            }
            Step::Nat { before, after } => self.translated(before, after),
            Step::Route { to, interface, gateway, again } => {
                let by = interface.as_ref().map_or_else(String::new, |name| format!(" by {name}"));
                let hop = gateway.map_or_else(String::new, |gateway| format!(" to router {gateway}"));
                let again = if *again { " again" } else { "" };
                let text = match to {
                    RouteTo::Local => "to this host".to_owned(),
                    RouteTo::Forward => format!("forwarded{by}{hop}"),
                    RouteTo::Output => format!("sent{by}{hop}"),
                };
                self.line(0, Ink::Heading, &format!("route{again}: {text}"))
            }
            Step::Loopback => self.line(0, Ink::Heading, "comes back in by the loopback interface"),
            Step::Bridged { bridge } => self.line(0, Ink::Heading, &format!("forwarded by bridge {bridge}")),
        }
    }

    fn chain(&mut self, chain: &'a Chain, what: &str) -> io::Result<()> {
        self.depth = 0;
        self.chain = Some(chain);
        let base = chain.base.as_ref().map_or_else(String::new, |base| {
            let kind = if base.kind == "filter" { String::new() } else { format!("{}, ", base.kind) };
            format!(" ({kind}priority {}, policy {})", base.priority, base.policy)
        });
        let owner = chain.owner.as_ref().map_or_else(String::new, |owner| format!(" of {owner}"));
        let legacy = if chain.backend == "iptables-legacy" { "legacy " } else { "" };
        let text =
            format!("{legacy}chain {} {} {}{base}{owner}{what}", chain.family, chain.table, chain.name);
        self.line(1, Ink::Normal, &text)
    }

    fn matched(&mut self, rule: &Rule, effect: &Effect, assumed: Option<u32>) -> io::Result<()> {
        let (ink, mut text) = match effect {
            Effect::Continue => (Ink::Faint, "goes on".to_owned()),
            Effect::Accept => (Ink::Good, "accepted in this chain".to_owned()),
            Effect::Drop => (Ink::Bad, "dropped".to_owned()),
            Effect::Reject { with } => (Ink::Bad, format!("refused with {with}")),
            Effect::Jump { chain } => (Ink::Name, format!("to chain {chain}")),
            Effect::Goto { chain } => (Ink::Name, format!("to chain {chain}, and not back here")),
            Effect::Return => (Ink::Name, "returns".to_owned()),
            Effect::Nat => (Ink::Name, "translates the connection".to_owned()),
            Effect::Take { text } => (Ink::Warn, text.clone()),
        };
        if let Some(cause) = assumed {
            text = format!("assumed to match ({}): {text}", cause + 1);
        }
        self.rule(rule, &text, ink)?;
        match effect {
            Effect::Jump { .. } | Effect::Goto { .. } => self.depth += 1,
            Effect::Return => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    fn rule(&mut self, rule: &Rule, what: &str, ink: Ink) -> io::Result<()> {
        let number = match (rule.handle, rule.line) {
            (Some(handle), _) => format!("handle {handle}"),
            (None, Some(line)) => format!("line {line}"),
            (None, None) => format!("rule {}", rule.position),
        };
        let foreign = rule
            .owner
            .as_ref()
            .filter(|owner| self.chain.is_none_or(|chain| chain.owner.as_ref() != Some(owner)));
        let owner = foreign.map_or_else(String::new, |owner| format!(" (of {owner})"));
        let comment = rule.comment.as_ref().filter(|comment| !rule.text.contains(&***comment));
        let comment = comment.map_or_else(String::new, |comment| format!(" # {comment}"));
        let text = format!("{number}: {}{comment}{owner}", shortened(&rule.text));
        let depth = 2 + self.depth;
        // Beside the rule where it fits, else below.
        let width = self.view.prose_width();
        let arrow = format!(" → {what}");
        if 2 * (depth + 1) + columns(&clean(&text)) + columns(&arrow) <= width {
            let indent = "  ".repeat(depth + 1);
            return writeln!(
                self.out,
                "{indent}{} → {}",
                clean(&text),
                self.view.palette.paint(ink, clean(what))
            );
        }
        self.line(depth, if ink == Ink::Faint { ink } else { Ink::Normal }, &text)?;
        self.line(depth + 2, ink, &format!("→ {what}"))
    }

    fn translated(&mut self, before: &Endpoints, after: &Endpoints) -> io::Result<()> {
        let ends = [
            ("source", before.source.zip(after.source), [before.source_port, after.source_port]),
            (
                "destination",
                before.destination.zip(after.destination),
                [before.destination_port, after.destination_port],
            ),
        ];
        let mut told = false;
        for (name, addresses, [port_before, port_after]) in ends {
            let Some((old, new)) = addresses else { continue };
            if old == new && port_before == port_after {
                continue;
            }
            let end = |address, port: Option<u16>| {
                port.map_or_else(|| format!("{address}"), |port| SocketAddr::new(address, port).to_string())
            };
            told = true;
            let text = format!("{name}: {} → {}", end(old, port_before), end(new, port_after));
            self.line(1, Ink::Name, &text)?;
        }
        if told { Ok(()) } else { self.line(1, Ink::Name, "addresses: another, which cannot be told") }
    }

    fn line(&mut self, depth: usize, ink: Ink, text: &str) -> io::Result<()> {
        let indent = "  ".repeat(depth + 1);
        let text = clean(text);
        let room = self.view.prose_width().saturating_sub(indent.len() + 4).max(20);
        for (number, line) in wrap(&text, room).iter().enumerate() {
            let more = if number == 0 { "" } else { "    " };
            writeln!(self.out, "{indent}{more}{}", self.view.palette.paint(ink, line))?;
        }
        Ok(())
    }
}

/// The chain of a rule.
pub(super) fn place(rule: &Rule) -> String {
    let legacy = if rule.backend == "iptables-legacy" { "legacy " } else { "" };
    let handle = rule.handle.map_or_else(String::new, |handle| format!(", handle {handle}"));
    format!("{legacy}{} {} {}{handle}", rule.family, rule.table, rule.chain)
}
