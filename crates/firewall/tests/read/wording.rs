//! The text of each rule is what `nft -a list ruleset` prints.

use crate::loaded::{is_unknown, load};

/// Rules of many kinds, each of its family and hook; `nft` of the test machine takes all of them.
const RULES: &[(&str, &str, &str, &str)] = &[
    ("inet", "filter", "output", include_str!("rules/inet_output.nft")),
    ("inet", "filter", "prerouting", include_str!("rules/inet_prerouting.nft")),
    ("inet", "filter", "input", include_str!("rules/sets.nft")),
    ("inet", "filter", "prerouting", include_str!("rules/fields.nft")),
    ("inet", "nat", "prerouting", include_str!("rules/inet_dnat.nft")),
    ("inet", "nat", "postrouting", include_str!("rules/inet_snat.nft")),
    ("ip", "filter", "input", include_str!("rules/ip.nft")),
    ("ip", "nat", "prerouting", include_str!("rules/ip_dnat.nft")),
    ("ip6", "filter", "input", include_str!("rules/ip6.nft")),
    ("bridge", "filter", "input", include_str!("rules/bridge.nft")),
    ("netdev", "filter", "ingress", include_str!("rules/netdev.nft")),
    ("arp", "filter", "input", include_str!("rules/arp.nft")),
];

/// Where `nft` has other words, and takes ours too: a rule in JSON tells neither the family of its table nor how numbers are printed.
const OTHERWISE: &[&str] = &[
    "ct original ip saddr 1.2.3.4",
    "ct original ip6 saddr fe80::1",
    "ip dscp 0x05-0x0a",
    "ip dscp < 0x05",
    "ip6 dscp 0x05-0x0a",
];

#[test]
fn every_rule_is_understood_and_has_the_words_of_nft() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (family, kind, hook, rules) in RULES {
        let device = if *hook == "ingress" { " device lo" } else { "" };
        // Lines before `---` belong to the table: sets, objects, other chains.
        let (declarations, rules) = rules.split_once("---\n").unwrap_or(("", rules));
        let text = format!(
            "table {family} t {{\n{declarations}\nchain c {{\ntype {kind} hook {hook}{device} priority -10;\n{rules}\n}}\n}}\n"
        );
        let loaded = load(&text);
        let ruleset = loaded.read();
        wrong.extend(ruleset.unread.iter().map(|unread| format!("{family} {hook}: {unread:?}")));
        wrong.extend(ruleset.sets.iter().filter_map(|set| set.incomplete.clone()));
        for rule in ruleset.chains.iter().flat_map(|chain| &chain.rules) {
            count += 1;
            let handle = format!(" # handle {}", rule.origin.handle.unwrap());
            let printed = loaded
                .text
                .lines()
                .find(|line| line.ends_with(&handle) && !line.contains(" { # handle"))
                .unwrap();
            let printed = printed.trim().strip_suffix(&handle).unwrap();
            if is_unknown(&ruleset, rule) {
                wrong.push(format!("{family} {hook}: not understood: {printed}\n    {:?}", rule.statements));
            }
            if rule.text != printed && !OTHERWISE.contains(&printed) {
                wrong.push(format!("{family} {hook}:\n   nft {printed}\n  ours {}", rule.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
