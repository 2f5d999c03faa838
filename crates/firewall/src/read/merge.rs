//! Rules of `iptables-nft` from two views: `nft` has their handles, chains and priorities, the save program the parameters of their
//! xtables matches.
//!
//! The save program is believed only where `nft` shows an xtables match: of a rule that another program made it leaves out, without a
//! word, what it cannot express (seen with 1.8.9: `ip saddr @set accept` becomes `-j ACCEPT`).

use rustc_hash::FxHashMap;

use crate::ir::{Backend, ChainId, Family, Rule, Ruleset, Statement, Unread, Verdict};

/// Takes the rules of `saved` that hold xtables matches into the chains of the same names in `ruleset`, where the two have as many rules.
/// Chains that only the save program shows are not in the kernel: it prints the built-in ones whether they are there or not.
pub(super) fn merge(ruleset: &mut Ruleset, saved: Ruleset) {
    let own = ruleset.chains.len();
    let tables = ruleset.tables.len();
    ruleset.append(saved);
    let appended = ruleset.chains.split_off(own);
    ruleset.tables.truncate(tables);
    let mut moved: FxHashMap<ChainId, ChainId> = FxHashMap::default();
    let mut pairs = Vec::new();
    for (at, chain) in appended.into_iter().enumerate() {
        let here = ruleset.chains.iter().position(|known| {
            known.family == chain.family && known.table == chain.table && known.name == chain.name
        });
        if let Some(here) = here {
            moved.insert(id(own + at), id(here));
            pairs.push((here, chain.rules));
        }
    }
    let mut adopted = Vec::new();
    for (here, rules) in pairs {
        let Some(chain) = ruleset.chains.get_mut(here) else { continue };
        if chain.rules.iter().all(|rule| !holds_xtables(rule)) {
            continue;
        }
        if chain.rules.len() != rules.len() {
            ruleset.unread.push(Unread {
                place: format!("chain {} {} {}", chain.family, chain.table, chain.name),
                text: format!("{} rules by nft, {} by iptables-nft-save", chain.rules.len(), rules.len()),
                reason: "the two programs show different rules: those of nft are used".to_owned(),
            });
            continue;
        }
        adopted.push((chain.family, chain.table.clone()));
        for (rule, saved) in chain.rules.iter_mut().zip(rules).filter(|(rule, _)| holds_xtables(rule)) {
            adopt(rule, saved, &moved);
        }
    }
    let made =
        |family: &Family, name: &str| adopted.iter().any(|(known, table)| known == family && table == name);
    for table in ruleset.tables.iter_mut().filter(|table| made(&table.family, &table.name)) {
        if table.backend == Backend::Nft {
            table.backend = Backend::IptablesNft;
        }
    }
    for chain in ruleset.chains.iter_mut().filter(|chain| made(&chain.family, &chain.table)) {
        if chain.backend == Backend::Nft {
            chain.backend = Backend::IptablesNft;
        }
    }
}

/// `nft` shows `{"xt": ...}`, of which the reader makes an unknown statement.
fn holds_xtables(rule: &Rule) -> bool {
    rule.statements
        .iter()
        .any(|statement| matches!(statement, Statement::Unknown(text) if text.starts_with("xt")))
}

/// Statements, text and comment of the save; handle, place and counters of `nft`.
fn adopt(rule: &mut Rule, saved: Rule, moved: &FxHashMap<ChainId, ChainId>) {
    rule.text = saved.text;
    rule.statements = saved.statements;
    rule.origin.line = saved.origin.line;
    rule.origin.comment = saved.origin.comment.or(rule.origin.comment.take());
    rule.origin.counters = rule.origin.counters.or(saved.origin.counters);
    for statement in &mut rule.statements {
        if let Statement::Verdict(Verdict::Jump(chain) | Verdict::Goto(chain)) = statement
            && let Some(here) = moved.get(chain)
        {
            *chain = *here;
        }
    }
}

fn id(at: usize) -> ChainId {
    ChainId(u32::try_from(at).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use crate::ir::{Backend, Statement, Verdict, Version};
    use crate::read::names::Names;
    use crate::read::nft;
    use crate::read::xtables::{IpSets, read_save};

    #[test]
    fn xtables_rules_come_from_the_save_and_the_others_stay() {
        // The second rule was made with nft; iptables-nft-save prints it without its lookup.
        let json = r#"{"nftables": [{"table": {"family": "ip", "name": "filter", "handle": 1}},
            {"chain": {"family": "ip", "table": "filter", "name": "INPUT", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},
            {"chain": {"family": "ip", "table": "filter", "name": "own", "handle": 2}},
            {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "handle": 3, "expr": [{"xt": {"type": "match", "name": "conntrack"}}, {"counter": {"packets": 5, "bytes": 9}}, {"jump": {"target": "own"}}]}},
            {"rule": {"family": "ip", "table": "filter", "chain": "INPUT", "handle": 4, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "192.0.2.1"}}, {"accept": null}]}}]}"#;
        let save = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:own - [0:0]\n[5:9] -A INPUT -m conntrack --ctstate NEW -j own\n[0:0] -A INPUT -j ACCEPT\nCOMMIT\n";
        let mut ruleset = nft::read(json.as_bytes(), &mut Names::default()).unwrap();
        let before = ruleset.chains[0].rules[1].clone();
        let saved = read_save(save, Version::V4, Backend::IptablesNft, &IpSets::default()).unwrap();
        super::merge(&mut ruleset, saved);
        let names: Vec<&str> = ruleset.chains.iter().map(|chain| chain.name.as_str()).collect();
        assert_eq!(names, ["INPUT", "own"], "FORWARD is not in the kernel");
        let [first, second] = &ruleset.chains[0].rules[..] else { panic!("two rules") };
        assert_eq!(first.text, "-A INPUT -m conntrack --ctstate NEW -j own");
        assert_eq!(first.origin.handle, Some(3));
        let jump = first.statements.iter().find_map(|statement| match statement {
            Statement::Verdict(Verdict::Jump(chain)) => Some(*chain),
            _ => None,
        });
        assert_eq!(jump, Some(super::id(1)), "it jumps to the chain of nft's listing");
        assert_eq!(*second, before);
        assert_eq!(ruleset.tables[0].backend, Backend::IptablesNft);
    }
}
