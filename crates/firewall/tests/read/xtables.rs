//! The xtables, as their own programs write them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod meaning;
mod sets;

use portreeve_firewall::ir::{Backend, Condition, Rule, Ruleset, Statement, Version};
use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft;
use portreeve_firewall::read::xtables::{IpSets, merge_iptables_nft, read_save};
use portreeve_lab::{Command, Host, Lab};

const SETS: &str = include_str!("xtables/all.ipset");
const RULES: [(&str, &str); 2] =
    [("iptables", include_str!("xtables/all.v4")), ("ip6tables", include_str!("xtables/all.v6"))];
/// `nft_compat` does not take it.
const QUEUE: &str = "*filter\n-A INPUT -j QUEUE\nCOMMIT\n";

fn run(host: &Host, program: &str, arguments: &[&str], input: &str) -> String {
    let command = Command::new(program).args(arguments).input(input);
    host.run(command).unwrap().success().unwrap().stdout
}

/// A host with every rule in it, and what the programs save of it: ipsets, IPv4, IPv6.
fn loaded(lab: &Lab, backend: &str) -> (Host, String, [String; 2]) {
    let host = lab.host("rules").start().unwrap();
    run(&host, "ipset", &["restore"], SETS);
    let mut saved = Vec::new();
    for (program, rules) in RULES {
        run(&host, &format!("{program}-{backend}-restore"), &[], rules);
        if backend == "legacy" {
            run(&host, &format!("{program}-{backend}-restore"), &["-n"], QUEUE);
        }
        saved.push(run(&host, &format!("{program}-{backend}-save"), &["-c"], ""));
    }
    let sets = run(&host, "ipset", &["save"], "");
    (host, sets, saved.try_into().unwrap())
}

/// Matches and targets of a rule that were not understood. A value that is written and cannot be computed is none.
fn holes(rule: &Rule) -> Vec<String> {
    fn within(condition: &Condition) -> Vec<String> {
        match condition {
            Condition::Unknown(text) => vec![text.clone()],
            Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(within).collect(),
            Condition::Not(inner) => within(inner),
            _ => Vec::new(),
        }
    }
    let of_statement = |statement: &Statement| match statement {
        Statement::Unknown(text) => vec![text.clone()],
        Statement::Match(condition) => within(condition),
        _ => Vec::new(),
    };
    rule.statements.iter().flat_map(of_statement).collect()
}

fn assert_understood(ruleset: &Ruleset) {
    assert_eq!(ruleset.unread, []);
    for chain in &ruleset.chains {
        for (index, rule) in chain.rules.iter().enumerate() {
            assert_eq!(holes(rule), [""; 0], "{} {}: {}", chain.table, chain.name, rule.text);
            assert_eq!(rule.origin.position as usize, index + 1);
            assert!(rule.origin.line.is_some() && rule.origin.counters.is_some());
        }
    }
}

fn rules(text: &str) -> usize {
    text.lines().filter(|line| line.contains("-A ")).count()
}

#[test]
fn every_match_and_target_of_this_kernel_is_understood() {
    for (name, backend) in [("legacy", Backend::IptablesLegacy), ("nft", Backend::IptablesNft)] {
        let lab = Lab::new("xt-all").unwrap();
        let (_host, sets, saved) = loaded(&lab, name);
        let sets = IpSets::read(&sets).unwrap();
        for (text, version) in saved.iter().zip([Version::V4, Version::V6]) {
            let ruleset = read_save(text, version, backend, &sets).unwrap();
            assert_understood(&ruleset);
            assert_eq!(ruleset.chains.iter().map(|chain| chain.rules.len()).sum::<usize>(), rules(text));
            assert!(ruleset.chains.iter().all(|chain| chain.backend == backend));
            assert!(ruleset.sets.iter().all(|set| set.incomplete.is_none()));
        }
        let (v4, v6) = RULES.map(|(_, text)| rules(text)).into();
        let queues = usize::from(backend == Backend::IptablesLegacy);
        assert_eq!((rules(&saved[0]), rules(&saved[1])), (v4 + queues, v6 + queues), "a rule was not loaded");
    }
}

#[test]
fn what_nft_cannot_say_of_iptables_nft_comes_from_the_save() {
    let lab = Lab::new("xt-merge").unwrap();
    let (host, sets, saved) = loaded(&lab, "nft");
    let sets = IpSets::read(&sets).unwrap();
    let json = run(&host, "nft", &["-j", "list", "ruleset"], "");
    let mut ruleset = nft::read(json.as_bytes(), &mut Names::new([])).unwrap();
    let before: usize =
        ruleset.chains.iter().flat_map(|chain| &chain.rules).map(|rule| holes(rule).len()).sum();
    assert!(before > 200, "{before}");
    let chains = ruleset.chains.len();
    for (text, version) in saved.iter().zip([Version::V4, Version::V6]) {
        merge_iptables_nft(&mut ruleset, text, version, &sets).unwrap();
    }
    assert_eq!(ruleset.unread, []);
    assert_eq!(ruleset.chains.len(), chains);
    for chain in &ruleset.chains {
        // Nothing in that table tells that it was not made with nft.
        let expected = if chain.table == "security" { Backend::Nft } else { Backend::IptablesNft };
        assert_eq!(chain.backend, expected, "{}", chain.table);
        for rule in &chain.rules {
            assert_eq!(holes(rule), [""; 0], "{} {}: {}", chain.table, chain.name, rule.text);
            assert!(rule.origin.handle.is_some());
        }
    }
}

#[test]
fn a_save_of_other_rules_fills_no_hole() {
    let lab = Lab::new("xt-other").unwrap();
    let host = lab.host("rules").start().unwrap();
    let load = "*filter\n-A INPUT -s 10.0.0.1 -m conntrack --ctstate NEW -j ACCEPT\n-A FORWARD -m conntrack --ctstate NEW -j LOG\nCOMMIT\n";
    run(&host, "iptables-nft-restore", &[], load);
    let json = run(&host, "nft", &["-j", "list", "ruleset"], "");
    let head = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:USER - [0:0]\n";
    let others = [
        // Another number, address, verdict, match, target.
        ("-A INPUT -j ACCEPT\n-A INPUT -j ACCEPT\n", 1),
        ("-A INPUT -s 10.0.0.2/32 -m conntrack --ctstate NEW -j ACCEPT\n", 1),
        ("-A INPUT -s 10.0.0.1/32 -m conntrack --ctstate NEW -j DROP\n", 1),
        ("-A INPUT -s 10.0.0.1/32 -m recent --set -j ACCEPT\n", 1),
        ("-A INPUT -s 10.0.0.1/32 -m conntrack --ctstate NEW -j USER\n", 1),
        ("-A INPUT -s 10.0.0.1/32 -m conntrack --ctstate NEW -j ACCEPT\n", 0),
    ];
    for (rules, holes_left) in others {
        let forward = "-A FORWARD -m conntrack --ctstate NEW -j LOG\nCOMMIT\n";
        let mut ruleset = nft::read(json.as_bytes(), &mut Names::new([])).unwrap();
        let text = format!("{head}{rules}{forward}");
        merge_iptables_nft(&mut ruleset, &text, Version::V4, &IpSets::default()).unwrap();
        let left: usize =
            ruleset.chains.iter().flat_map(|chain| &chain.rules).map(|rule| holes(rule).len()).sum();
        assert_eq!(left, holes_left, "{rules}");
        assert_eq!(ruleset.unread.len(), holes_left, "{rules}");
    }
}
