//! Lists of ipsets, and rules that test packets against each of them.

use portreeve_firewall::ir::{Backend, Version};
use portreeve_firewall::read::xtables::{IpSets, read_save};

/// Reads `data` as what `ipset save` writes.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(sets) = IpSets::read(&text) else { return };
    let lines = text.lines().count();
    assert!(sets.names().count() <= lines && sets.unread().len() <= lines);
    let mut rules = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
    for name in sets.names().filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        for end in ["--match-set NAME src,dst,src", "! --match-set NAME dst,src,dst --return-nomatch"] {
            rules.push_str("-A INPUT -m set ");
            rules.push_str(&end.replace("NAME", name));
            rules.push_str(" -j DROP\n");
        }
    }
    rules.push_str("COMMIT\n");
    for version in [Version::V4, Version::V6] {
        let ruleset = read_save(&rules, version, Backend::IptablesLegacy, &sets).expect("rules of its own");
        for set in &ruleset.sets {
            assert!(set.elements.iter().all(|element| element.key.len() == set.key.len()), "{}", set.name);
        }
    }
}
