//! Ends and answers in one sentence each. Sentences are read by people and logs: foreign text in them is escaped and cut.

use std::net::{IpAddr, SocketAddr};

use portreeve_model::reach::{Cause, Chain, Decider, Effect, End, Endpoints, Outcome, Rule, Step, Verdict};
use portreeve_model::text::clean;

/// The end of one way.
pub(super) fn of_end(end: &End, at: &Endpoints) -> String {
    let text = match end {
        End::Delivered => format!("delivered to this host{}", arrives_at(at)),
        End::Sent { interface, gateway } => {
            let hop = gateway.map_or_else(String::new, |gateway| format!(" by way of {gateway}"));
            format!("leaves by {interface}{hop}{}", arrives_at(at))
        }
        End::Dropped { by } => format!("dropped by {}", decider(by)),
        End::Rejected { by, with } => format!("refused with {with} by {}", decider(by)),
        End::Discarded { text, .. } => text.clone(),
        End::Taken { by, text } => {
            let by = by.as_ref().map_or_else(String::new, |by| format!(" by {}", decider(by)));
            format!("taken away{by} ({text}): what becomes of it then is not known")
        }
    };
    clean(&text).into_owned()
}

/// The answer.
pub(super) fn of_answer(verdict: Verdict, causes: &[Cause], outcomes: &[Outcome], truncated: bool) -> String {
    let mut ends: Vec<&str> = outcomes.iter().map(|outcome| outcome.statement.as_str()).collect();
    ends.dedup();
    let text = match (verdict, ends.as_slice()) {
        (Verdict::Unknown, _) => return open(causes, truncated),
        (Verdict::Allow, [end]) => match outcomes.first().and_then(acceptor) {
            Some(rule) => format!("{end}; accepted by {}", self::rule(rule)),
            None => format!("{end}; no rule denies it"),
        },
        (_, [end]) => (*end).to_owned(),
        (_, ends) => format!("whatever is uncertain: {}", ends.join("; or ")),
    };
    clean(&text).into_owned()
}

/// What is not known, most telling first: at most three.
fn open(causes: &[Cause], truncated: bool) -> String {
    const MOST: usize = 3;
    let mut texts: Vec<String> = Vec::new();
    for cause in causes {
        let text = format!("{} ({})", cut(&cause.text), cause.kind);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let more = texts.len().saturating_sub(MOST);
    texts.truncate(MOST);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let text = match (texts.is_empty(), truncated) {
        (false, _) => format!("whether it arrives depends on {}{more}", texts.join(", ")),
        (true, true) => "there are more ways than were followed".to_owned(),
        (true, false) => "what becomes of it cannot be told".to_owned(),
    };
    clean(&text).into_owned()
}

/// The rule that accepted last where packets are filtered.
fn acceptor(outcome: &Outcome) -> Option<&Rule> {
    let mut hook = "";
    let mut found = None;
    for step in &outcome.steps {
        match step {
            Step::Hook { hook: next, .. } => hook = next,
            Step::Rule { rule, effect: Effect::Accept, .. }
                if matches!(hook, "input" | "forward" | "output") =>
            {
                found = Some(&**rule);
            }
            _ => {}
        }
    }
    found
}

/// What decided, with its place and owner.
pub fn decider(by: &Decider) -> String {
    match by {
        Decider::Rule(rule) => self::rule(rule),
        Decider::Policy(chain) => format!("the policy of {}", self::chain(chain)),
    }
}

/// A rule with its place and owner.
pub fn rule(rule: &Rule) -> String {
    let place = match (rule.handle, rule.line) {
        (Some(handle), _) => format!(", handle {handle}"),
        (None, Some(line)) => format!(", line {line}"),
        (None, None) => String::new(),
    };
    let owner = rule.owner.as_ref().map_or_else(String::new, |owner| format!(", of {owner}"));
    let backend = if rule.backend == "iptables-legacy" { "legacy " } else { "" };
    format!("`{}` ({backend}{} {} {}{place}{owner})", cut(&rule.text), rule.family, rule.table, rule.chain)
}

/// A chain and its owner.
pub(crate) fn chain(chain: &Chain) -> String {
    let owner = chain.owner.as_ref().map_or_else(String::new, |owner| format!(", of {owner}"));
    let backend = if chain.backend == "iptables-legacy" { "legacy " } else { "" };
    format!("{backend}chain {} {} {}{owner}", chain.family, chain.table, chain.name)
}

fn arrives_at(at: &Endpoints) -> String {
    at.destination.map_or_else(String::new, |address| format!(", at {}", end(address, at.destination_port)))
}

/// `192.0.2.10:443`, `[2001:db8::1]:443`, or the address alone.
fn end(address: IpAddr, port: Option<u16>) -> String {
    port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string())
}

/// A rule with a set of thousand elements does not fit into a sentence.
fn cut(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
