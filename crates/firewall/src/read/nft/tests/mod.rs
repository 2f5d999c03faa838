//! Listings as text: forms of other releases, what is not understood, what is hostile. What a real `nft` prints is in `tests/read`.

mod hostile;
mod lenient;
mod releases;

use super::read;
use crate::ir::{Rule, Ruleset, Statement};
use crate::read::names::Names;

/// A listing that the `nft` 1.0.6 of Debian 12 printed.
const LISTING: &str = include_str!("listing.json");

/// Reads objects, one a line, behind an inet table `t` with the chain `c` at input.
fn read_objects(objects: &str) -> Ruleset {
    let json = format!(
        r#"{{"nftables": [{{"table": {{"family": "inet", "name": "t", "handle": 1}}}},
        {{"chain": {{"family": "inet", "table": "t", "name": "c", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}}}}
        {objects}]}}"#
    );
    read(json.as_bytes(), &mut Names::default()).unwrap()
}

/// A rule made of these items.
fn rule_with(items: &str, more: &str) -> Rule {
    let rule = format!(
        r#"{more}, {{"rule": {{"family": "inet", "table": "t", "chain": "c", "handle": 2, "expr": [{items}]}}}}"#
    );
    read_objects(&rule).chains.remove(0).rules.remove(0)
}

fn rule(items: &str) -> Rule {
    rule_with(items, "")
}

/// The texts of statements that were not understood.
fn unknown(rule: &Rule) -> Vec<&str> {
    let mut texts = Vec::new();
    for statement in &rule.statements {
        if let Statement::Unknown(text) = statement {
            texts.push(text.as_str());
        }
    }
    texts
}
