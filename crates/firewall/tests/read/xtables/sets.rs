//! ipsets.

use portreeve_firewall::ir::{Backend, Interval, Ruleset, Set, Version};
use portreeve_firewall::read::xtables::{IpSets, read_save};
use portreeve_lab::Lab;

use super::{SETS, run};

/// The set of that name, as a rule that tests the packet's source against it has it.
fn set<'a>(sets: &IpSets, name: &str, ends: &str, version: Version, ruleset: &'a mut Ruleset) -> &'a Set {
    let text =
        format!("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set {name} {ends} -j DROP\nCOMMIT\n");
    *ruleset = read_save(&text, version, Backend::IptablesLegacy, sets).unwrap();
    ruleset.sets.first().unwrap()
}

#[test]
fn every_type_of_this_kernel_is_understood() {
    let lab = Lab::new("xt-sets").unwrap();
    let host = lab.host("sets").start().unwrap();
    run(&host, "ipset", &["restore"], SETS);
    let text = run(&host, "ipset", &["save"], "");
    let sets = IpSets::read(&text).unwrap();
    assert_eq!(sets.unread(), []);
    let mut ruleset = Ruleset::default();
    for name in sets.names().filter(|name| *name != "sl").map(str::to_owned).collect::<Vec<_>>() {
        let version = if ["s6", "h6"].contains(&name.as_str()) { Version::V6 } else { Version::V4 };
        let set = set(&sets, &name, "src,src,src", version, &mut ruleset);
        let lines = text.lines().filter(|line| line.starts_with(&format!("add {name} ")));
        // Ports of a bridge match no packet; a nested network ends the search.
        let expected = if name == "h5" { lines.count() - 1 + 2 } else { lines.count() };
        assert_eq!((set.incomplete.as_deref(), set.elements.len()), (None, expected), "{name}");
        assert!(set.elements.iter().all(|element| element.key.len() == set.key.len()), "{name}");
        assert_eq!(set.dynamic, ["s4", "b2"].contains(&name.as_str()), "{name}");
    }
}

#[test]
fn elements_are_what_the_kernel_compares() {
    let text = "create s hash:ip,port family inet\n\
        add s 10.0.0.1,icmp:echo-request\nadd s 10.0.0.2,icmp:3/4\nadd s 10.0.0.3,udp:53\nadd s 10.0.0.4,gre:0\n";
    let sets = IpSets::read(text).unwrap();
    let mut ruleset = Ruleset::default();
    let set = set(&sets, "s", "src,dst", Version::V4, &mut ruleset);
    let keys: Vec<(u128, u128)> =
        set.elements.iter().map(|element| (element.key[1].low, element.key[2].low)).collect();
    assert_eq!(keys, [(1, 0x0800), (1, 0x0304), (17, 53), (47, 0)]);
    assert_eq!(set.elements[0].key[0], Interval::single(0x0a00_0001));
}

#[test]
fn what_is_not_understood_makes_only_its_set_unknown() {
    let text = "create a hash:wonder family inet\nadd a x,y\ncreate b hash:ip\nadd b 300.0.0.1\ncreate c hash:ip\nadd c 1.1.1.1\nswap a b\n";
    let sets = IpSets::read(text).unwrap();
    assert_eq!(sets.unread().len(), 1);
    let mut ruleset = Ruleset::default();
    assert!(set(&sets, "a", "src", Version::V4, &mut ruleset).incomplete.is_some());
    assert!(
        set(&sets, "b", "src", Version::V4, &mut ruleset).incomplete.as_ref().unwrap().contains("line 4")
    );
    assert_eq!(set(&sets, "c", "src", Version::V4, &mut ruleset).incomplete, None);
}

#[test]
fn texts_that_are_something_else_are_errors() {
    for (text, message) in [
        ("add s 1.1.1.1\n", "line 1: there is no set s"),
        ("create s hash:ip\ncreate s hash:ip\n", "line 2: the set s is there twice"),
        ("{\"nftables\": []}\n", "line 1: `{\"nftables\": []}` is not a line that ipset save writes"),
    ] {
        let error = IpSets::read(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
