//! A whole ruleset, every table and rule marked with its owner.

use std::collections::{HashMap, HashSet};

use super::{Context, RuleSigns, recognise};
use crate::ir::{Backend, ChainId, Family, Passive, Rule, Ruleset, Statement, Verdict};

/// Fills [`crate::ir::Table::owner`] and [`crate::ir::Origin::owner`] where a reader has left them empty and there is a sign.
pub fn attribute(ruleset: &mut Ruleset) {
    let names: Vec<String> = ruleset.chains.iter().map(|chain| chain.name.clone()).collect();
    let mut beside: HashMap<(Family, String, Backend), HashSet<String>> = HashMap::new();
    for chain in &ruleset.chains {
        let table = (chain.family, chain.table.clone(), chain.backend);
        beside.entry(table).or_default().insert(chain.name.clone());
    }
    let nothing = HashSet::new();
    for table in ruleset.tables.iter_mut().filter(|table| table.owner.is_none()) {
        let context = Context {
            family: table.family,
            table: &table.name,
            chain: None,
            has_chain: &|_| false,
            rule: None,
        };
        table.owner = recognise(&context);
    }
    for chain in &mut ruleset.chains {
        let neighbours = beside.get(&(chain.family, chain.table.clone(), chain.backend)).unwrap_or(&nothing);
        for rule in chain.rules.iter_mut().filter(|rule| rule.origin.owner.is_none()) {
            let context = Context {
                family: chain.family,
                table: &chain.table,
                chain: Some(&chain.name),
                has_chain: &|name| neighbours.contains(name),
                rule: Some(signs_of(rule, &names)),
            };
            rule.origin.owner = recognise(&context);
        }
    }
}

fn signs_of<'a>(rule: &'a Rule, names: &'a [String]) -> RuleSigns<'a> {
    let name_of = |id: ChainId| names.get(usize::try_from(id.0).ok()?).map(String::as_str);
    let mut signs =
        RuleSigns { comment: rule.origin.comment.as_deref(), text: &rule.text, ..RuleSigns::default() };
    for statement in &rule.statements {
        match statement {
            Statement::Verdict(Verdict::Jump(id) | Verdict::Goto(id)) => signs.target = name_of(*id),
            Statement::Passive(Passive::Log(Some(prefix))) => signs.log_prefix = Some(prefix),
            _ => {}
        }
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::owner::Owner;
    use crate::ir::{Chain, Origin, Table};

    fn chain(name: &str, rules: Vec<Rule>) -> Chain {
        Chain {
            family: Family::Ip,
            table: "filter".into(),
            name: name.into(),
            backend: Backend::IptablesLegacy,
            handle: None,
            base: None,
            rules,
            dormant: false,
        }
    }

    fn rule(text: &str, statements: Vec<Statement>) -> Rule {
        Rule { origin: Origin::default(), statements, text: text.into() }
    }

    #[test]
    fn marks_rules_by_target_neighbour_and_chain() {
        let jump = rule("-A INPUT -j INPUT_ZONES", vec![Statement::Verdict(Verdict::Jump(ChainId(1)))]);
        let loopback = rule("-A INPUT -i lo -j ACCEPT", vec![Statement::Verdict(Verdict::Accept)]);
        let own = rule("-A INPUT -s 203.0.113.9/32 -j DROP", vec![Statement::Verdict(Verdict::Drop)]);
        let zone = rule("-A IN_public -j ACCEPT", vec![Statement::Verdict(Verdict::Accept)]);
        let table = Table {
            family: Family::Ip,
            name: "filter".into(),
            backend: Backend::IptablesLegacy,
            handle: None,
            dormant: false,
            owner: None,
        };
        let mut ruleset = Ruleset {
            tables: vec![table],
            chains: vec![
                chain("INPUT", vec![jump, loopback, own]),
                chain("INPUT_ZONES", Vec::new()),
                chain("IN_public", vec![zone]),
            ],
            ..Ruleset::default()
        };
        attribute(&mut ruleset);
        let owners = |chain: usize| -> Vec<Option<Owner>> {
            ruleset.chains[chain].rules.iter().map(|rule| rule.origin.owner.clone()).collect()
        };
        assert_eq!(owners(0), [Some(Owner::Firewalld), Some(Owner::Firewalld), None]);
        assert_eq!(owners(2), [Some(Owner::Firewalld)]);
        assert_eq!(ruleset.tables[0].owner, None);
    }
}
