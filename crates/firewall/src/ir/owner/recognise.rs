//! One rule, chain or table and what its signs say.

use super::pattern::{Name, Signs};
use super::table::{GIVEN_TO_ADMINISTRATOR, PRODUCTS};
use super::{Owner, shape};
use crate::ir::Family;

/// Where something stands.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Family of the table.
    pub family: Family,
    /// Name of the table.
    pub table: &'a str,
    /// Name of the chain; none where the table as a whole is meant.
    pub chain: Option<&'a str>,
    /// Says whether the table has a chain of this name: some names mean something only side by side.
    pub has_chain: &'a dyn Fn(&str) -> bool,
    /// What a rule says of itself; none where the chain or the table as a whole is meant.
    pub rule: Option<RuleSigns<'a>>,
}

/// What can be seen on a rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleSigns<'a> {
    /// Its comment.
    pub comment: Option<&'a str>,
    /// The chain it jumps or goes to.
    pub target: Option<&'a str>,
    /// The prefix of the line it logs.
    pub log_prefix: Option<&'a str>,
    /// The rule in its own language, as in [`crate::ir::Rule::text`].
    pub text: &'a str,
}

/// The product that wrote it, where there is a sign of one. What is closest decides: the rule's own signs, then its chain, then
/// its table.
pub fn recognise(context: &Context<'_>) -> Option<Owner> {
    let administrators = context.chain.is_some_and(|chain| GIVEN_TO_ADMINISTRATOR.contains(&chain));
    if let Some(rule) = &context.rule {
        if let Some(owner) = by_rule(context, rule) {
            return Some(owner);
        }
        if administrators {
            return None;
        }
    }
    let by_chain = context.chain.and_then(|chain| by_chain(context, chain));
    by_chain.or_else(|| find(|signs| owns_table(signs, context.family, context.table)))
}

fn by_rule(context: &Context<'_>, rule: &RuleSigns<'_>) -> Option<Owner> {
    let named = |names: fn(&Signs) -> &'static [Name], value: Option<&str>| {
        let value = value?;
        find(|signs| any(names(signs), value))
    };
    named(|signs| signs.comments, rule.comment)
        .or_else(|| sets_of(rule.text).find_map(|set| named(|signs| signs.sets, Some(set))))
        .or_else(|| named(|signs| signs.log_prefixes, rule.log_prefix))
        .or_else(|| rule.target.and_then(|target| by_chain(context, target)))
        .or_else(|| shape::owner_of(context.chain?, rule.text, context.has_chain))
}

/// The names of sets in a rule: after `--match-set`, after `--add-set` and `--del-set`, after `@`.
fn sets_of(text: &str) -> impl Iterator<Item = &str> {
    let mut after_option = false;
    text.split_whitespace().filter_map(move |word| {
        let named = after_option;
        after_option = matches!(word, "--match-set" | "--add-set" | "--del-set");
        if named { Some(word) } else { word.strip_prefix('@') }
    })
}

fn by_chain(context: &Context<'_>, chain: &str) -> Option<Owner> {
    let beside = |signs: &Signs| {
        let mut names = signs.chains_beside.iter();
        names.any(|(other, name)| name.matches(chain) && (context.has_chain)(other))
    };
    find(|signs| any(signs.chains, chain)).or_else(|| find(beside))
}

fn owns_table(signs: &Signs, family: Family, table: &str) -> bool {
    let mut tables = signs.tables.iter();
    tables.any(|(families, name)| (families.is_empty() || families.contains(&family)) && name.matches(table))
}

fn any(names: &[Name], value: &str) -> bool {
    names.iter().any(|name| name.matches(value))
}

fn find(wanted: impl Fn(&Signs) -> bool) -> Option<Owner> {
    PRODUCTS.iter().find(|(_, signs)| wanted(signs)).map(|(owner, _)| owner.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Family::{Bridge, Inet, Ip, Ip6};

    const NOTHING_BESIDE: &dyn Fn(&str) -> bool = &|_| false;

    fn table(family: Family, table: &str) -> Option<Owner> {
        recognise(&Context { family, table, chain: None, has_chain: NOTHING_BESIDE, rule: None })
    }

    fn chain(chain: &str) -> Option<Owner> {
        recognise(&Context {
            family: Ip,
            table: "filter",
            chain: Some(chain),
            has_chain: NOTHING_BESIDE,
            rule: None,
        })
    }

    fn rule(chain: &str, signs: RuleSigns<'_>) -> Option<Owner> {
        let context = Context {
            family: Ip,
            table: "filter",
            chain: Some(chain),
            has_chain: NOTHING_BESIDE,
            rule: Some(signs),
        };
        recognise(&context)
    }

    #[test]
    fn tables() {
        for (family, name, owner) in [
            (Inet, "firewalld", Owner::Firewalld),
            (Ip6, "docker-bridges", Owner::Docker),
            (Inet, "f2b-table", Owner::Fail2ban),
            (Ip, "kube-proxy", Owner::Kubernetes),
            (Ip, "libvirt_network", Owner::Libvirt),
            (Inet, "netavark", Owner::Podman),
            (Ip, "io.systemd.nat", Owner::Systemd),
            (Ip, "wg-quick-wg0", Owner::WgQuick),
            (Bridge, "lxd", Owner::Lxd),
            (Ip6, "mullvadmangle6", Owner::Mullvad),
        ] {
            assert_eq!(table(family, name), Some(owner), "{family} {name}");
        }
        for (family, name) in [(Inet, "filter"), (Ip, "nat"), (Inet, "edge"), (Bridge, "firewalld")] {
            assert_eq!(table(family, name), None, "{family} {name}");
        }
    }

    #[test]
    fn chains() {
        for (name, owner) in [
            ("ufw-before-input", Owner::Ufw),
            ("ufw6-user-limit", Owner::Ufw),
            ("DOCKER-ISOLATION-STAGE-2", Owner::Docker),
            ("DOCKER-USER", Owner::Docker),
            ("f2b-sshd", Owner::Fail2ban),
            ("FORWARD_POLICIES_pre", Owner::Firewalld),
            ("KUBE-SEP-WEBAAAAAAAAAAAAA", Owner::Kubernetes),
            ("KUBE-ROUTER-INPUT", Owner::KubeRouter),
            ("KUBE-NODEPORTS", Owner::Kubernetes),
            ("LIBVIRT_FWX", Owner::Libvirt),
            ("cali-FORWARD", Owner::Calico),
            ("NETAVARK-1D8721804F16F", Owner::Podman),
            ("ts-input", Owner::Tailscale),
            ("PVEFW-Drop", Owner::Proxmox),
        ] {
            assert_eq!(chain(name), Some(owner), "{name}");
        }
        for name in ["INPUT", "FORWARD", "input", "from_wan", "IN_public", "INVALID", "reject", "docker"] {
            assert_eq!(chain(name), None, "{name}");
        }
    }

    #[test]
    fn some_names_mean_something_only_side_by_side() {
        let has_chain: &dyn Fn(&str) -> bool = &|name| name == "INPUT_ZONES";
        let context =
            Context { family: Ip, table: "filter", chain: Some("IN_public"), has_chain, rule: None };
        assert_eq!(recognise(&context), Some(Owner::Firewalld));
    }

    #[test]
    fn the_rules_own_signs_come_first() {
        let jump = |target| RuleSigns { target: Some(target), ..RuleSigns::default() };
        assert_eq!(rule("INPUT", jump("f2b-sshd")), Some(Owner::Fail2ban));
        assert_eq!(rule("DOCKER-USER", jump("f2b-sshd")), Some(Owner::Fail2ban));
        let comment = RuleSigns { comment: Some("cali:tVnHkvAo15HuiPy0"), ..RuleSigns::default() };
        assert_eq!(rule("INPUT", comment), Some(Owner::Calico));
        let text = "-A INPUT -p tcp -m set --match-set f2b-web-ipset src -j REJECT";
        assert_eq!(rule("INPUT", RuleSigns { text, ..RuleSigns::default() }), Some(Owner::Fail2ban));
        let prefix = RuleSigns { log_prefix: Some("[UFW BLOCK] "), ..RuleSigns::default() };
        assert_eq!(rule("INPUT", prefix), Some(Owner::Ufw));
    }

    #[test]
    fn what_stands_in_the_administrators_chain_is_not_the_products() {
        let text = "-A DOCKER-USER -s 203.0.113.9/32 -j DROP";
        assert_eq!(rule("DOCKER-USER", RuleSigns { text, ..RuleSigns::default() }), None);
        let text = "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT";
        assert_eq!(rule("DOCKER", RuleSigns { text, ..RuleSigns::default() }), Some(Owner::Docker));
    }
}
