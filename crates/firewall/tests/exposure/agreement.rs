//! Exposures of random rulesets agree with the one-packet simulator on every packet that is tried: sources, ports and addresses on
//! and beside everything that rules name.

use std::fmt::Write as _;
use std::net::IpAddr;

use portreeve_firewall::ir::{Backend, Version};
use portreeve_firewall::read::xtables::{IpSets, read_save};
use portreeve_model::exposure::{Decision, Door, FamilyExposure, Part};
use proptest::prelude::*;

use super::scene::{Scene, holds, listener, question, v4};

const SOURCES: [&str; 11] = [
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "11.0.0.0",
    "198.51.100.7",
    "198.51.100.8",
    "203.0.113.0",
    "203.0.113.127",
    "203.0.113.128",
    "172.17.0.5",
    "8.8.8.8",
];
const SOURCE_PORTS: [u16; 5] = [1, 53, 54, 1023, 40_000];
const INTERFACES: [&str; 3] = ["eth0", "lan", "dmz"];

#[derive(Debug, Clone)]
struct Rule {
    chain: &'static str,
    matches: Vec<&'static str>,
    target: &'static str,
}

fn rule() -> impl Strategy<Value = Rule> {
    let matches = prop::sample::select(vec![
        "-s 10.0.0.0/8",
        "! -s 198.51.100.7/32",
        "-s 203.0.113.0/25",
        "-d 192.0.2.10/32",
        "! -d 10.0.0.1/32",
        "-i eth0",
        "! -i lan",
        "-p tcp -m tcp --dport 443",
        "-p tcp -m tcp --dport 1:500",
        "-p tcp -m tcp --sport 53",
        "-p tcp -m tcp --sport 1024:65535",
        "-m conntrack --ctstate NEW",
        "-m conntrack --ctstate ESTABLISHED",
        "-m limit --limit 3/min",
    ]);
    let target = prop::sample::select(vec!["ACCEPT", "ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "EXTRA"]);
    let chain = prop::sample::select(vec!["INPUT", "INPUT", "INPUT", "OUTPUT", "FORWARD", "EXTRA"]);
    (chain, prop::collection::vec(matches, 0..3), target).prop_map(|(chain, mut matches, target)| {
        // A protocol is named once, and OUTPUT knows no input interface.
        let mut named = 0;
        matches.retain(|text| {
            named += usize::from(text.starts_with("-p"));
            !(text.starts_with("-p") && named > 1 || chain == "OUTPUT" && text.contains("-i "))
        });
        Rule { chain, matches, target: if chain == "EXTRA" && target == "EXTRA" { "ACCEPT" } else { target } }
    })
}

fn save(rules: &[Rule], drops: bool, forwarded: bool) -> String {
    let policy = if drops { "DROP" } else { "ACCEPT" };
    let mut text = String::new();
    if forwarded {
        text += "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
                 -A PREROUTING -i eth0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 172.17.0.9:8443\nCOMMIT\n";
    }
    writeln!(
        text,
        "*filter\n:INPUT {policy} [0:0]\n:FORWARD {policy} [0:0]\n:OUTPUT ACCEPT [0:0]\n:EXTRA - [0:0]"
    )
    .unwrap();
    for rule in rules {
        // Rules of the extra chain must not lead back into it, and interfaces are not asked where OUTPUT may jump.
        let matches: Vec<&str> = rule
            .matches
            .iter()
            .filter(|text| rule.chain != "EXTRA" || !text.contains("-i "))
            .copied()
            .collect();
        writeln!(text, "-A {} {} -j {}", rule.chain, matches.join(" "), rule.target).unwrap();
    }
    text + "COMMIT\n"
}

fn numbers(text: &str, packet: u16) -> bool {
    text.split(", ").any(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, range));
        (low.parse::<u16>().unwrap()..=high.parse::<u16>().unwrap()).contains(&packet)
    })
}

/// Whether a part's conditions hold; `None` where they are told in part only.
fn meets(part: &Part, destination: &str, source_port: u16) -> Option<bool> {
    let mut all = true;
    for condition in &part.conditions {
        if let Some(addresses) = condition.strip_prefix("destination ") {
            all &= addresses.split(", ").any(|address| address == destination);
        } else if let Some(ports) = condition.strip_prefix("source port ") {
            all &= numbers(ports, source_port);
        } else {
            return None;
        }
    }
    Some(all)
}

fn check(
    scene: &Scene,
    door: &Door,
    family: &FamilyExposure,
    destinations: &[&str],
) -> Result<(), TestCaseError> {
    prop_assert_eq!(&family.too_complex, &None);
    for interface in INTERFACES {
        for source in SOURCES {
            let address: IpAddr = source.parse().unwrap();
            for source_port in SOURCE_PORTS {
                for destination in destinations {
                    let text = format!(
                        "from {source} to {destination} tcp sport {source_port} dport {} iif {interface}",
                        door.port
                    );
                    let found: Vec<&Part> = family
                        .parts
                        .iter()
                        .filter(|part| holds(part, Some(interface), address))
                        .filter(|part| meets(part, destination, source_port) != Some(false))
                        .collect();
                    let [part] = found.as_slice() else {
                        // Only where conditions cannot be told are there several.
                        prop_assert!(
                            found.iter().any(|part| meets(part, destination, source_port).is_none()),
                            "{}: {:#?}\n{:#?}",
                            text,
                            found,
                            family.parts
                        );
                        continue;
                    };
                    if !matches!(part.deciders.first(), Some(Decision::NoDoor { .. })) {
                        prop_assert_eq!(
                            scene.answered(&question(&text)),
                            part.verdict,
                            "{}: {:#?}",
                            text,
                            part
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_packet_has_the_verdict_of_its_part(
        rules in prop::collection::vec(rule(), 0..9),
        drops in any::<bool>(),
        forwarded in any::<bool>(),
    ) {
        let text = save(&rules, drops, forwarded);
        let ruleset = read_save(&text, Version::V4, Backend::IptablesLegacy, &IpSets::default()).unwrap();
        prop_assert!(ruleset.unread.is_empty(), "{}\n{:?}", text, ruleset.unread);
        let scene = Scene::with(ruleset);
        let doors = [listener(443, &["0.0.0.0"]), listener(22, &["192.0.2.10"]), listener(9999, &["0.0.0.0"])];
        let exposures = scene.exposures(&doors);
        let every: &[&str] = &["192.0.2.10", "10.0.0.1"];
        for (exposure, destinations) in exposures.iter().zip([every, &["192.0.2.10"], every]) {
            check(&scene, &exposure.door, v4(exposure), destinations)?;
        }
    }
}
