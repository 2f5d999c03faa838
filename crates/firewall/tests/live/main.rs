//! Reading the running kernel in network namespaces of the lab: what is read, which programs are run, and what is said of those that
//! are absent, hang, fail, or find the rules changing. Needs root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says where")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portreeve_firewall::ir::{Backend, Version};
use portreeve_firewall::read::{Firewall, Programs, live};
use portreeve_lab::{Host, Lab};
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_model::{UnseenReason, UnseenSubject};

fn read(host: &Host, programs: &Programs) -> Firewall {
    let namespace = NetworkNamespace::at(&host.netns_path()).unwrap();
    namespace.within(|| live::read(programs)).unwrap()
}

fn run(host: &Host, line: &str) {
    host.run(portreeve_lab::Command::shell(line)).unwrap().success().unwrap();
}

/// Only the programs of this folder.
fn only(folder: &Path) -> Programs {
    Programs { folders: vec![folder.to_owned()], patience: Duration::from_secs(60) }
}

fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A folder with the system's programs of these names.
fn with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let real: PathBuf = Programs::default().find(name).unwrap();
        script(folder.path(), name, &format!("exec {} \"$@\"", real.display()));
    }
    folder
}

/// What was not seen of the rules.
fn unseen(firewall: &Firewall) -> Vec<(UnseenReason, &str)> {
    firewall
        .unseen
        .iter()
        .filter(|entry| entry.subject == UnseenSubject::FirewallRules)
        .map(|entry| (entry.reason, entry.detail.as_str()))
        .collect()
}

#[test]
fn every_backend_is_read_and_joined() {
    let lab = Lab::new("fw-live").unwrap();
    let host = lab.host("a").start().unwrap();
    run(&host, "nft add table inet own");
    run(
        &host,
        "nft 'add chain inet own c { type filter hook input priority 5; policy accept; }; add rule inet own c tcp dport 7 drop'",
    );
    run(&host, "ipset create bad hash:ip; ipset add bad 192.0.2.66");
    run(&host, "iptables-nft -A INPUT -m conntrack --ctstate NEW -p tcp --dport 8 -j DROP");
    run(&host, "ip6tables-nft -A INPUT -m multiport -p tcp --dports 9,10 -j DROP");
    run(&host, "iptables-legacy -A INPUT -m set --match-set bad src -j DROP");
    let firewall = read(&host, &Programs::default());
    assert_eq!(unseen(&firewall), []);
    let saves: Vec<_> = firewall.xtables.iter().map(|save| (save.backend, save.version)).collect();
    assert_eq!(
        saves,
        [
            (Backend::IptablesNft, Version::V4),
            (Backend::IptablesNft, Version::V6),
            (Backend::IptablesLegacy, Version::V4)
        ]
    );
    assert!(firewall.ipsets.as_ref().unwrap().contains("192.0.2.66"));
    let (ruleset, errors) = firewall.ruleset();
    assert_eq!(errors, []);
    assert_eq!(ruleset.unread, []);
    let mut seen: Vec<_> = ruleset
        .chains
        .iter()
        .flat_map(|chain| {
            chain.rules.iter().map(move |rule| (chain.backend, chain.family.name(), rule.text.as_str()))
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            (Backend::Nft, "inet", "tcp dport 7 drop"),
            (
                Backend::IptablesNft,
                "ip",
                "-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 8 -j DROP"
            ),
            (Backend::IptablesNft, "ip6", "-A INPUT -p tcp -m multiport --dports 9,10 -j DROP"),
            (Backend::IptablesLegacy, "ip", "-A INPUT -m set --match-set bad src -j DROP"),
        ]
    );
    let handles =
        ruleset.chains.iter().flat_map(|chain| &chain.rules).filter(|rule| rule.origin.handle.is_some());
    assert_eq!(handles.count(), 3, "all but the legacy rule have one");
}

#[test]
fn legacy_programs_are_run_only_where_the_kernel_has_legacy_tables() {
    let lab = Lab::new("fw-legacy").unwrap();
    let host = lab.host("a").start().unwrap();
    let folder = with(&["nft"]);
    let mark = folder.path().join("was-run");
    for name in ["iptables-legacy-save", "ip6tables-legacy-save", "iptables-nft-save", "ipset"] {
        script(folder.path(), name, &format!("touch {}", mark.display()));
    }
    let firewall = read(&host, &only(folder.path()));
    assert_eq!(unseen(&firewall), []);
    assert!(!mark.exists(), "there is nothing to ask these programs for");
    let namespace = NetworkNamespace::at(&host.netns_path()).unwrap();
    for version in ["", "6"] {
        let file = format!("/proc/thread-self/net/ip{version}_tables_names");
        let names = namespace.within(|| fs::read_to_string(file)).unwrap().unwrap_or_default();
        assert_eq!(names, "", "reading made no table");
    }
}

#[test]
fn absent_programs_are_told_where_there_are_rules() {
    let lab = Lab::new("fw-absent").unwrap();
    let host = lab.host("a").start().unwrap();
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(unseen(&read(&host, &only(nothing.path()))), [], "nobody ever made a rule here");
    run(&host, "nft add table inet own; iptables-legacy -t nat -A PREROUTING -j ACCEPT");
    let firewall = read(&host, &only(nothing.path()));
    let told: Vec<String> = unseen(&firewall).iter().map(|(_, detail)| (*detail).to_owned()).collect();
    assert!(told[0].contains("the program nft is not installed"), "{told:?}");
    let legacy = told.iter().find(|detail| detail.contains("legacy tables")).unwrap();
    assert!(legacy.contains("nat") && legacy.contains("iptables-legacy-save"), "{legacy}");
    assert!(firewall.unseen.iter().any(portreeve_model::Unseen::is_incomplete));
    // A distribution that calls the program by its common name only.
    let common = with(&["nft"]);
    let real = Programs::default().find("iptables-legacy-save").unwrap();
    let text = format!("exec -a iptables-save {} \"$@\"", real.display());
    fs::write(common.path().join("iptables-save"), format!("#!/bin/bash\n{text}\n")).unwrap();
    fs::set_permissions(common.path().join("iptables-save"), fs::Permissions::from_mode(0o755)).unwrap();
    let firewall = read(&host, &only(common.path()));
    assert_eq!(unseen(&firewall), []);
    assert_eq!(firewall.xtables.len(), 1);
}

#[test]
fn programs_that_hang_or_fail_are_told() {
    let lab = Lab::new("fw-hang").unwrap();
    let host = lab.host("a").start().unwrap();
    run(&host, "nft add table inet own");
    let folder = tempfile::tempdir().unwrap();
    script(folder.path(), "nft", "exec sleep 600");
    let hasty = Programs { patience: Duration::from_millis(300), ..only(folder.path()) };
    let firewall = read(&host, &hasty);
    let (reason, detail) = unseen(&firewall)[0];
    assert!(reason == UnseenReason::Failed && detail.contains("did not end within"), "{detail}");
    script(folder.path(), "nft", "echo 'Operation not permitted (you must be root)' >&2; exit 1");
    let firewall = read(&host, &only(folder.path()));
    assert_eq!(unseen(&firewall)[0].0, UnseenReason::Permission);
    script(folder.path(), "nft", "echo '{\"nftables\": [{\"tab'");
    let firewall = read(&host, &only(folder.path()));
    let (_, errors) = firewall.ruleset();
    assert_eq!(errors.len(), 1, "a listing that is cut off is said to be");
}

#[test]
fn rules_that_keep_changing_are_told() {
    let lab = Lab::new("fw-change").unwrap();
    let host = lab.host("a").start().unwrap();
    let folder = with(&["nft"]);
    let real = Programs::default().find("nft").unwrap();
    // Whoever lists changes, as an unlucky reader may find it.
    script(folder.path(), "nft", &format!("{0} add table inet \"t$$\"; exec {0} \"$@\"", real.display()));
    let firewall = read(&host, &only(folder.path()));
    assert_eq!(unseen(&firewall).last().unwrap().0, UnseenReason::Inconsistent);
    // A change that does not happen again is read again, and not told.
    let once = folder.path().join("once");
    script(
        folder.path(),
        "nft",
        &format!(
            "[ -e {1} ] || {{ touch {1}; {0} add table inet late; }}; exec {0} \"$@\"",
            real.display(),
            once.display()
        ),
    );
    let firewall = read(&host, &only(folder.path()));
    assert_eq!(unseen(&firewall), []);
    assert!(firewall.nft.unwrap().json.contains("late"));
}
