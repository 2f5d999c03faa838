//! What decides, as a cell and as a sentence.

use portreeve_model::exposure::Decision;
use portreeve_model::reach::{Cause, Chain, Decider, Rule};

use crate::render::text::shorten;

/// Columns of a rule's text in a table. Both ends tell most: what it matches first, and what it does.
const BRIEF: usize = 64;
/// A rule with a set of a thousand elements does not help anybody on a terminal.
const FULL: usize = 300;

/// For a cell: `tcp dport 443 accept (yours)`, `policy drop of input (of firewalld)`, `no rule denies it`.
pub fn brief(decision: &Decision) -> String {
    match decision {
        Decision::Rules { by: Decider::Rule(rule), owner, .. } => {
            format!("{} ({})", shorten(&without_counter(&rule.text), BRIEF), whose(owner))
        }
        Decision::Rules { by: Decider::Policy(chain), owner, .. } => {
            format!("policy {} of {}{} ({})", policy(chain), legacy(&chain.backend), chain.name, whose(owner))
        }
        Decision::NoRule => "no rule denies it".to_owned(),
        Decision::Host { text, .. } | Decision::NoDoor { text } => text.clone(),
        Decision::Reply { by } => format!("its answer is stopped: {}", brief(by)),
    }
}

/// For a cell: `depends on limit rate 10/second: tcp dport 22 limit rate 10/second accept (yours)`.
pub(super) fn depends(cause: &Cause) -> String {
    let rule = cause.rule.as_ref().map_or_else(String::new, |rule| {
        let owner = rule.owner.as_deref().map_or_else(|| "yours".to_owned(), whose);
        format!(": {} ({owner})", shorten(&without_counter(&rule.text), BRIEF))
    });
    format!("depends on {}{rule}", cause.text)
}

/// What a rule counted says nothing of what it decides, and takes much of a cell: `counter packets 7 bytes 420` goes.
fn without_counter(text: &str) -> String {
    let mut words = text.split(' ').peekable();
    let mut kept: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        if word == "counter" && words.peek() == Some(&"packets") {
            // packets N bytes N
            words.by_ref().take(4).for_each(drop);
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// For a line of its own: with table, chain and handle.
pub fn full(decision: &Decision) -> String {
    match decision {
        Decision::Rules { by, hook, owner } => decider(by, Some(hook), Some(owner)),
        Decision::NoRule => "no rule denies it, and no chain has a policy that could".to_owned(),
        Decision::Host { text, .. } | Decision::NoDoor { text } => text.clone(),
        Decision::Reply { by } => format!("the answer does not come back: {}", full(by)),
    }
}

/// A rule or a policy with its place, hook and owner where these are known.
pub(crate) fn decider(by: &Decider, hook: Option<&str>, owner: Option<&str>) -> String {
    // A chain's name most often says the hook.
    let name = match by {
        Decider::Rule(rule) => &rule.chain,
        Decider::Policy(chain) => &chain.name,
    };
    let hook = hook.filter(|hook| !hook.is_empty() && !hook.eq_ignore_ascii_case(name));
    let at = hook.map_or_else(String::new, |hook| format!(", at {hook}"));
    match by {
        Decider::Rule(rule) => {
            let owner = owner.or(rule.owner.as_deref());
            let owner = owner.map_or_else(String::new, |owner| format!(", {}", whose(owner)));
            format!("`{}`{} ({}{at}{owner})", shortened(&rule.text), comment(rule), place(rule))
        }
        Decider::Policy(chain) => {
            let owner = owner.or(chain.owner.as_deref());
            let owner = owner.map_or_else(String::new, |owner| format!(", {}", whose(owner)));
            let table = format!("{}{} {} {}", legacy(&chain.backend), chain.family, chain.table, chain.name);
            format!("policy {} of chain {table}{at}{owner}", policy(chain))
        }
    }
}

/// What an answer hangs on, one sentence each.
pub fn causes(causes: &[Cause]) -> Vec<String> {
    causes
        .iter()
        .map(|cause| {
            let rule = cause.rule.as_ref().map_or_else(String::new, |rule| {
                format!(" in `{}` ({})", shortened(&rule.text), place(rule))
            });
            format!("{}{rule}", cause.text)
        })
        .collect()
}

/// `yours`, `of Docker`.
pub(crate) fn whose(owner: &str) -> String {
    if owner == "you" { "yours".to_owned() } else { format!("of {owner}") }
}

/// The chain of a rule, and its number there.
pub(crate) fn place(rule: &Rule) -> String {
    let number = match (rule.handle, rule.line) {
        (Some(handle), _) => format!("handle {handle}"),
        (None, Some(line)) => format!("line {line}"),
        (None, None) => format!("rule {}", rule.position),
    };
    format!("{}{} {} {}, {number}", legacy(&rule.backend), rule.family, rule.table, rule.chain)
}

/// A rule's text, not longer than a person reads.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(FULL) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn comment(rule: &Rule) -> String {
    let comment = rule.comment.as_ref().filter(|comment| !rule.text.contains(&***comment));
    comment.map_or_else(String::new, |comment| format!(" # {comment}"))
}

fn legacy(backend: &str) -> &'static str {
    if backend == "iptables-legacy" { "legacy " } else { "" }
}

fn policy(chain: &Chain) -> &str {
    chain.base.as_ref().map_or("accept", |base| &base.policy)
}

#[cfg(test)]
mod tests {
    use super::without_counter;

    #[test]
    fn counters_leave_the_rest_of_a_rule() {
        assert_eq!(without_counter("tcp dport 22 counter packets 7 bytes 420 accept"), "tcp dport 22 accept");
        assert_eq!(without_counter("counter packets 1"), "");
        assert_eq!(without_counter("tcp dport 22 counter accept"), "tcp dport 22 counter accept");
    }
}
