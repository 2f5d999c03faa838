//! `firewall/service-not-loaded`: a service that is to load rules at boot, and whose rules are not there.

use std::path::Path;

use portreeve_model::exposure::Coverage;
use portreeve_model::{Finding, Severity, Subject};

use super::{Scene, opened};
use crate::ir::owner::Owner;
use crate::ir::{Backend, Chain, Family, Policy, Statement, Verdict};
use crate::read::{Enabled, Loader};

/// What is wrong with a service.
struct Fault {
    unit: &'static str,
    name: &'static str,
    evidence: Vec<String>,
    fix: String,
    reproduce: &'static str,
}

pub(super) fn enabled_but_empty(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(services) = scene.services else { return Vec::new() };
    let ufw = services.ufw.as_ref().filter(|ufw| ufw.enabled).and_then(|ufw| ufw_fault(scene, ufw.ipv6));
    let others = services.enabled.iter().filter_map(|enabled| match enabled.loader {
        Loader::Firewalld => firewalld_fault(scene, enabled),
        Loader::Nftables => nftables_fault(scene, enabled),
        Loader::NetfilterPersistent | Loader::Iptables | Loader::Ip6tables => saved_fault(scene, enabled),
    });
    ufw.into_iter().chain(others).map(|fault| finding(scene, fault)).collect()
}

fn finding(scene: &Scene<'_>, fault: Fault) -> Finding {
    let open = scene
        .exposures
        .iter()
        .flat_map(|exposure| &exposure.families)
        .any(|family| family.elsewhere().any(|zone| zone.coverage != Coverage::None));
    Finding {
        id: "firewall/service-not-loaded".to_owned(),
        severity: if open { Severity::High } else { Severity::Medium },
        title: format!("{} is enabled, but none of its rules filter", fault.name),
        reason: "Whoever enabled it believes that it filters. What empties rules: another program's flush ruleset, a service that \
                 failed or was stopped, a file that is empty."
            .to_owned(),
        evidence: fault.evidence,
        fix: vec![fault.fix],
        reproduce: Some(fault.reproduce.to_owned()),
        subjects: vec![Subject::Unit { name: fault.unit.to_owned() }],
    }
}

fn ufw_fault(scene: &Scene<'_>, ipv6: bool) -> Option<Fault> {
    let missing = |family: Family, chain: &str| {
        let reached = opened::input_chains(scene.ruleset);
        let named = |id: &crate::ir::ChainId| {
            scene.ruleset.chain(*id).is_some_and(|it| it.name == chain && it.family == family)
        };
        !reached.iter().any(named)
    };
    let mut evidence = vec!["ENABLED=yes in /etc/ufw/ufw.conf".to_owned()];
    let mut found = false;
    for (family, chain, asked) in
        [(Family::Ip, "ufw-user-input", true), (Family::Ip6, "ufw6-user-input", ipv6)]
    {
        if asked && missing(family, chain) {
            found = true;
            let there = scene.ruleset.chains.iter().any(|it| it.name == chain && it.family == family);
            evidence.push(if there {
                format!("the chain {chain} is there, and no rule at input leads to it")
            } else {
                format!("there is no chain {chain}")
            });
        }
    }
    found.then(|| Fault {
        unit: "ufw.service",
        name: "ufw",
        evidence,
        fix: "ufw reload, and see why they were gone: journalctl -u ufw, and what else loads rules at boot"
            .to_owned(),
        reproduce: "ufw status; iptables -S",
    })
}

fn firewalld_fault(scene: &Scene<'_>, enabled: &Enabled) -> Option<Fault> {
    let reached = opened::input_chains(scene.ruleset);
    let rules = reached.iter().filter_map(|id| scene.ruleset.chain(*id)).flat_map(|chain| &chain.rules);
    if rules.into_iter().any(|rule| rule.origin.owner == Some(Owner::Firewalld)) {
        return None;
    }
    Some(Fault {
        unit: enabled.loader.unit(),
        name: "firewalld",
        evidence: vec![
            started_by(&enabled.by),
            "no rule of firewalld is called at input (table inet firewalld, or its chains in the tables of iptables)".to_owned(),
        ],
        fix: "systemctl restart firewalld, and see why they were gone: journalctl -u firewalld".to_owned(),
        reproduce: "firewall-cmd --state; nft list table inet firewalld",
    })
}

fn nftables_fault(scene: &Scene<'_>, enabled: &Enabled) -> Option<Fault> {
    // Another firewall that filters in its place is as good.
    if scene.ruleset.chains.iter().any(denies) {
        return None;
    }
    let file = enabled.file.as_ref();
    let content = match file {
        Some(file) if file.denies => {
            format!("{} has rules that deny, and none is loaded", file.path.display())
        }
        Some(file) => format!("{} has no rule and no policy that denies anything", file.path.display()),
        None => "there is no /etc/nftables.conf".to_owned(),
    };
    let fix = match file {
        Some(file) if file.denies => format!(
            "nft -c -f {} to check it, then systemctl restart nftables; journalctl -u nftables says why it failed",
            file.path.display()
        ),
        _ => "Write rules into /etc/nftables.conf and systemctl restart nftables, or, where nothing is to be filtered, systemctl \
              disable nftables"
            .to_owned(),
    };
    Some(Fault {
        unit: enabled.loader.unit(),
        name: "nftables.service",
        evidence: vec![started_by(&enabled.by), content, "no rule of any table denies anything".to_owned()],
        fix,
        reproduce: "systemctl status nftables; nft list ruleset",
    })
}

/// Services that load what `iptables-save` wrote.
fn saved_fault(scene: &Scene<'_>, enabled: &Enabled) -> Option<Fault> {
    let file = enabled.file.as_ref().filter(|file| file.denies)?;
    let family = if enabled.loader == Loader::Ip6tables { Family::Ip6 } else { Family::Ip };
    let of_xtables = |chain: &&Chain| chain.family == family && is_of_xtables(chain);
    if scene.ruleset.chains.iter().filter(of_xtables).any(denies) {
        return None;
    }
    Some(Fault {
        unit: enabled.loader.unit(),
        name: enabled.loader.unit(),
        evidence: vec![
            started_by(&enabled.by),
            format!("{} has rules that deny, and no chain of iptables has one", file.path.display()),
        ],
        fix: format!(
            "systemctl restart {}, and see why they were gone: journalctl -u {0}",
            enabled.loader.unit()
        ),
        reproduce: "iptables-save; iptables-legacy-save",
    })
}

/// `nft` lists a table of iptables without saying so; the kernel's names for its tables are these.
fn is_of_xtables(chain: &Chain) -> bool {
    chain.backend != Backend::Nft || matches!(&*chain.table, "filter" | "mangle" | "raw" | "nat" | "security")
}

fn denies(chain: &Chain) -> bool {
    let rules = chain.rules.iter().flat_map(|rule| &rule.statements);
    let drops = |statement: &Statement| {
        matches!(
            statement,
            Statement::Verdict(Verdict::Drop)
                | Statement::Reject(_)
                | Statement::VerdictMap { .. }
                | Statement::Unknown(_)
        )
    };
    !chain.dormant
        && (chain.base.as_ref().is_some_and(|base| base.policy == Policy::Drop)
            || rules.into_iter().any(drops))
}

fn started_by(link: &Path) -> String {
    format!("started at boot by {}", link.display())
}

#[cfg(test)]
mod tests {
    use portreeve_model::Severity;

    use super::enabled_but_empty;
    use crate::reach::findings::testing::{Host, NFT_DROP};
    use crate::read::{Enabled, Loader, RulesFile, Services, Ufw};

    const UFW: &str =
        "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:ufw-user-input - [0:0]\n";

    fn ufw(ipv6: bool) -> Services {
        Services { ufw: Some(Ufw { enabled: true, ipv6 }), enabled: Vec::new() }
    }

    fn enabled(loader: Loader, file: Option<RulesFile>) -> Services {
        let by = format!("/etc/systemd/system/sysinit.target.wants/{}", loader.unit()).into();
        Services { ufw: None, enabled: vec![Enabled { loader, by, file }] }
    }

    fn file(denies: bool) -> RulesFile {
        RulesFile { path: "/etc/rules".into(), denies }
    }

    #[test]
    fn ufw_whose_chains_are_gone_or_led_to_by_nothing() {
        let host = Host::new().listener(22, "sshd").services(ufw(false));
        let finding = host.clone().only(enabled_but_empty);
        assert_eq!(finding.severity, Severity::High);
        assert!(finding.evidence[1].contains("no chain ufw-user-input"), "{:?}", finding.evidence);
        let unhooked = host.clone().iptables(&format!("{UFW}COMMIT\n")).only(enabled_but_empty);
        assert!(unhooked.evidence[1].contains("no rule at input leads to it"), "{:?}", unhooked.evidence);
        host.iptables(&format!("{UFW}-A INPUT -j ufw-user-input\nCOMMIT\n")).none(enabled_but_empty);
    }

    #[test]
    fn ufw_that_is_to_filter_ipv6_and_does_not() {
        let v4 = format!("{UFW}-A INPUT -j ufw-user-input\nCOMMIT\n");
        let finding = Host::new().iptables(&v4).services(ufw(true)).only(enabled_but_empty);
        assert!(finding.evidence[1].contains("ufw6-user-input"), "{:?}", finding.evidence);
        let off = Services { ufw: Some(Ufw { enabled: false, ipv6: true }), enabled: Vec::new() };
        Host::new().services(off).none(enabled_but_empty);
    }

    #[test]
    fn firewalld_and_nftables_without_rules() {
        let host = Host::new().listener(22, "sshd");
        assert!(
            host.clone()
                .services(enabled(Loader::Firewalld, None))
                .only(enabled_but_empty)
                .title
                .starts_with("firewalld")
        );
        let empty = enabled(Loader::Nftables, Some(file(false)));
        let finding = host.clone().services(empty.clone()).only(enabled_but_empty);
        assert!(finding.evidence[1].contains("no policy that denies"), "{:?}", finding.evidence);
        host.nft(NFT_DROP).services(empty).none(enabled_but_empty);
    }

    #[test]
    fn saved_rules_that_are_not_loaded() {
        let saved = |denies| enabled(Loader::NetfilterPersistent, Some(file(denies)));
        Host::new().services(saved(true)).only(enabled_but_empty);
        Host::new().services(saved(false)).none(enabled_but_empty);
        Host::new().iptables(&format!("{UFW}COMMIT\n")).services(saved(true)).none(enabled_but_empty);
    }
}
