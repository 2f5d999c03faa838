//! Commands of standard tools that show what an answer says.

use portreeve_model::reach::{Chain, Decider, Effect, End, Outcome, Rule, Step};

use crate::packet::{Place, Question, Transport};

/// The route, the chains that decided, and how to watch a packet go by. Each once.
pub(super) fn commands(question: &Question, outcomes: &[Outcome]) -> Vec<String> {
    let mut commands = Vec::new();
    let mut add = |command: String| {
        if !commands.contains(&command) {
            commands.push(command);
        }
    };
    for outcome in outcomes {
        if let Some(command) = decider(&outcome.end).map(|place| list(&place)) {
            add(command);
        }
        let mut hook = "";
        for step in &outcome.steps {
            match step {
                Step::Hook { hook: next, .. } => hook = next,
                Step::Rule { rule, effect: Effect::Accept, .. }
                    if matches!(hook, "input" | "forward" | "output") =>
                {
                    add(list(&Listed::of_rule(rule)));
                }
                Step::Rule { rule, effect: Effect::Nat, .. } => add(list(&Listed::of_rule(rule))),
                _ => {}
            }
        }
    }
    add(route(question));
    commands
}

/// A chain by its names.
struct Listed<'a> {
    backend: &'a str,
    family: &'a str,
    table: &'a str,
    chain: &'a str,
}

impl<'a> Listed<'a> {
    fn of_rule(rule: &'a Rule) -> Self {
        Self { backend: &rule.backend, family: &rule.family, table: &rule.table, chain: &rule.chain }
    }

    fn of_chain(chain: &'a Chain) -> Self {
        Self { backend: &chain.backend, family: &chain.family, table: &chain.table, chain: &chain.name }
    }
}

fn decider(end: &End) -> Option<Listed<'_>> {
    let (End::Dropped { by } | End::Rejected { by, .. } | End::Taken { by: Some(by), .. }) = end else {
        return None;
    };
    Some(match by {
        Decider::Rule(rule) => Listed::of_rule(rule),
        Decider::Policy(chain) => Listed::of_chain(chain),
    })
}

/// The command that lists the chain of what decided.
pub fn listing(by: &Decider) -> String {
    list(&match by {
        Decider::Rule(rule) => Listed::of_rule(rule),
        Decider::Policy(chain) => Listed::of_chain(chain),
    })
}

fn list(place: &Listed<'_>) -> String {
    let (table, chain) = (quoted(place.table), quoted(place.chain));
    let v6 = if place.family == "ip6" { "6" } else { "" };
    match place.backend {
        "nft" => format!("nft -a list chain {} {table} {chain}", place.family),
        backend => {
            let kind = backend.strip_prefix("iptables").unwrap_or_default();
            format!("ip{v6}tables{kind} -t {table} -vnL {chain} --line-numbers")
        }
    }
}

/// What the routing tables say, after no translation.
fn route(question: &Question) -> String {
    let mut words = vec!["ip route get".to_owned(), question.destination.to_string()];
    if let Some(source) = question.source {
        words.push(format!("from {source}"));
    }
    match &question.place {
        Place::In(interface) => words.push(format!("iif {}", quoted(interface))),
        Place::Out { interface, user, .. } => {
            words.extend(interface.as_ref().map(|interface| format!("oif {}", quoted(interface))));
            words.extend(user.map(|user| format!("uid {user}")));
        }
    }
    if question.mark != 0 {
        words.push(format!("mark {:#x}", question.mark));
    }
    match question.transport {
        Transport::Tcp { destination: Some(port), .. } => words.push(format!("ipproto tcp dport {port}")),
        Transport::Ports { protocol: 17, destination: Some(port), .. } => {
            words.push(format!("ipproto udp dport {port}"));
        }
        _ => {}
    }
    words.join(" ")
}

/// A name as one word of a shell.
pub fn quoted(name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./@+:".contains(character);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_stay_one_word() {
        assert_eq!(quoted("DOCKER-USER"), "DOCKER-USER");
        assert_eq!(quoted("a b;rm -r '"), "'a b;rm -r '\\'''");
    }
}
