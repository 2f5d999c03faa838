//! `firewall/legacy-and-nft`: rules of iptables-legacy beside rules of nftables (or iptables-nft).

use portreeve_model::{Finding, Severity};

use super::{Scene, wording};
use crate::ir::{Backend, Chain, ChainId, Hook, Policy, Ruleset, Statement, Verdict};

/// A table that does something.
struct Active<'a> {
    chain: &'a Chain,
    rules: usize,
    denies: bool,
    hooks: Vec<Hook>,
}

pub(super) fn legacy_beside_nft(scene: &Scene<'_>) -> Vec<Finding> {
    let tables = active(scene.ruleset);
    let (legacy, nft): (Vec<_>, Vec<_>) =
        tables.into_iter().partition(|table| table.chain.backend == Backend::IptablesLegacy);
    if legacy.is_empty() || nft.is_empty() {
        return Vec::new();
    }
    let both = |hook: &Hook| {
        let denied =
            |tables: &[Active<'_>]| tables.iter().any(|table| table.denies && table.hooks.contains(hook));
        denied(&legacy) && denied(&nft)
    };
    let shared: Vec<&str> = Hook::ALL.iter().filter(|hook| both(hook)).map(|hook| hook.name()).collect();
    let mut evidence: Vec<String> = legacy.iter().chain(&nft).map(|table| told(scene, table)).collect();
    if !shared.is_empty() {
        evidence.push(format!("both deny packets at {}", shared.join(", ")));
    }
    let subjects = legacy.iter().map(|table| {
        let chain = table.chain;
        wording::subject_of_table(scene.namespace, chain.family.name(), &chain.table, &chain.name)
    });
    let subjects = subjects.collect();
    let v6 = legacy.iter().all(|table| table.chain.family == crate::ir::Family::Ip6);
    let prefix = if v6 { "ip6tables" } else { "iptables" };
    vec![Finding {
        id: "firewall/legacy-and-nft".to_owned(),
        severity: if shared.is_empty() { Severity::Low } else { Severity::Medium },
        title: "Rules of iptables-legacy and of nftables are active together".to_owned(),
        reason: "A packet must pass both, and neither tool shows the other's rules: nft list ruleset and nft monitor trace say \
                 nothing of a packet that iptables-legacy drops."
            .to_owned(),
        evidence,
        fix: vec![
            format!(
                "Decide for one. To nftables: {prefix}-legacy-save > legacy.rules, see who loads them, then update-alternatives --set \
                 {prefix} /usr/sbin/{prefix}-nft and restart that software"
            ),
            format!(
                "When the rules are there, too, take the old ones away: {prefix}-legacy -P INPUT ACCEPT, {prefix}-legacy -P FORWARD \
                 ACCEPT, then {prefix}-legacy -F for each table (-t nat -F, ...); they are gone for good after a restart"
            ),
        ],
        reproduce: Some(format!("{}{prefix}-legacy-save", scene.enter)),
        subjects,
    }]
}

/// Tables that deny, translate or change packets: a table whose chains are empty, or only accept, does nothing.
fn active(ruleset: &Ruleset) -> Vec<Active<'_>> {
    let mut tables: Vec<Active<'_>> = Vec::new();
    for chain in ruleset.chains.iter().filter(|chain| !chain.dormant) {
        let acts = |statement: &Statement| {
            !matches!(
                statement,
                Statement::Match(_)
                    | Statement::Passive(_)
                    | Statement::Verdict(
                        Verdict::Accept
                            | Verdict::Return
                            | Verdict::Continue
                            | Verdict::Jump(_)
                            | Verdict::Goto(_)
                    )
            )
        };
        let rules = chain.rules.iter().filter(|rule| rule.statements.iter().any(acts)).count();
        let denies = chain.rules.iter().flat_map(|rule| &rule.statements).any(is_denial);
        let policy = chain.base.as_ref().is_some_and(|base| base.policy == Policy::Drop);
        let hooks = chain.base.as_ref().map(|base| base.hook);
        let same = |table: &&mut Active<'_>| {
            table.chain.family == chain.family
                && table.chain.table == chain.table
                && table.chain.backend == chain.backend
        };
        if let Some(table) = tables.iter_mut().find(same) {
            table.rules += rules;
            table.denies |= denies || policy;
            table.hooks.extend(hooks);
        } else {
            tables.push(Active {
                chain,
                rules,
                denies: denies || policy,
                hooks: hooks.into_iter().collect(),
            });
        }
    }
    tables.retain(|table| (table.rules > 0 || table.denies) && !table.hooks.is_empty());
    tables
}

fn is_denial(statement: &Statement) -> bool {
    matches!(statement, Statement::Verdict(Verdict::Drop) | Statement::Reject(_))
}

fn told(scene: &Scene<'_>, table: &Active<'_>) -> String {
    let backend = match table.chain.backend {
        Backend::Nft => "nft",
        Backend::IptablesNft => "iptables-nft",
        Backend::IptablesLegacy => "iptables-legacy",
    };
    let mut owners: Vec<String> = Vec::new();
    let same = |chain: &&Chain| {
        chain.family == table.chain.family
            && chain.table == table.chain.table
            && chain.backend == table.chain.backend
    };
    for rule in scene.ruleset.chains.iter().filter(same).flat_map(|chain| &chain.rules) {
        let owner = rule.origin.owner.as_ref().map(ToString::to_string);
        owners.extend(owner.filter(|owner| !owners.contains(owner)));
    }
    let owners = if owners.is_empty() { String::new() } else { format!(", of {}", owners.join(", ")) };
    let first = first_denial(scene.ruleset, table.chain)
        .map_or_else(String::new, |by| format!(", such as {}", wording::decider(scene, by)));
    let rules = if table.rules == 1 { "1 rule".to_owned() } else { format!("{} rules", table.rules) };
    format!(
        "{backend}: table {} {} with {rules} that act{owners}{first}",
        table.chain.family, table.chain.table
    )
}

fn first_denial(ruleset: &Ruleset, of: &Chain) -> Option<crate::simulate::Decider> {
    super::opened::ids(ruleset).find_map(|id: ChainId| {
        let chain = ruleset.chain(id)?;
        if chain.family != of.family || chain.table != of.table || chain.backend != of.backend {
            return None;
        }
        let rule = chain.rules.iter().position(|rule| rule.statements.iter().any(is_denial));
        let policy = chain.base.as_ref().is_some_and(|base| base.policy == Policy::Drop);
        match rule {
            Some(rule) => Some(crate::simulate::Decider::Rule(id, rule)),
            None => policy.then_some(crate::simulate::Decider::Policy(id)),
        }
    })
}

#[cfg(test)]
mod tests {
    use portreeve_model::Severity;

    use super::legacy_beside_nft;
    use crate::reach::findings::testing::{Host, NFT_DROP};

    const LEGACY: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -s 203.0.113.0/24 -j DROP\nCOMMIT\n";

    #[test]
    fn both_filter_at_one_hook() {
        let finding = Host::new().iptables(LEGACY).nft(NFT_DROP).only(legacy_beside_nft);
        assert_eq!(finding.severity, Severity::Medium);
        let evidence = finding.evidence.join("\n");
        assert!(evidence.contains("both deny packets at input"), "{evidence}");
        assert!(evidence.contains("-s 203.0.113.0/24 -j DROP"), "{evidence}");
    }

    #[test]
    fn legacy_tables_that_do_nothing_do_not_matter() {
        let empty = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
        Host::new().iptables(empty).nft(NFT_DROP).none(legacy_beside_nft);
        Host::new().iptables(LEGACY).none(legacy_beside_nft);
        Host::new().nft(NFT_DROP).none(legacy_beside_nft);
    }
}
