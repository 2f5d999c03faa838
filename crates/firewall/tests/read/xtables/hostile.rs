//! Broken and hostile texts: a clear error, or an unknown in its place; never a panic.

use portreeve_firewall::ir::{Backend, Condition, Policy, Statement, Verdict, Version};
use portreeve_firewall::read::xtables::{IpSets, read_save};
use proptest::prelude::*;

use super::{RULES, SETS};

fn read(
    text: &str,
) -> Result<portreeve_firewall::ir::Ruleset, portreeve_firewall::read::xtables::XtablesError> {
    read_save(text, Version::V4, Backend::IptablesLegacy, &IpSets::default())
}

/// The statements of a rule of the chain INPUT; `USER` is a chain too.
fn statements(rule: &str) -> Vec<Statement> {
    let text = format!("*filter\n:INPUT DROP [1:2]\n:USER - [0:0]\n[3:4] -A INPUT {rule}\nCOMMIT\n");
    let ruleset = read(&text).unwrap();
    ruleset.chains[0].rules[0].statements.clone()
}

#[test]
fn lost_structure_is_an_error_with_its_line_and_a_remedy() {
    for (text, message) in [
        ("-A INPUT -j ACCEPT\n", "line 1: `-A INPUT -j ACCEPT` stands in no table"),
        (":INPUT ACCEPT\n", "line 1: `:INPUT ACCEPT` stands in no table"),
        ("COMMIT\n", "line 1: `COMMIT` stands in no table"),
        ("*filter\n-A INPUT -j ACCEPT\nCOMMIT\n", "line 2: the table filter has no chain INPUT"),
        ("*filter\n:INPUT ACCEPT [0:0]\n", "line 2: the table filter is cut off"),
        ("*filter\n*nat\n", "line 2: the table filter is cut off"),
        ("*filter\nCOMMIT\n*filter\nCOMMIT\n", "line 3: the table filter is there twice"),
        (
            "*filter\n:A - [0:0]\n:A - [0:0]\nCOMMIT\n",
            "line 3: the chain A of the table filter is there twice",
        ),
        ("{\"nftables\": []}\n", "line 1: `{\"nftables\": []}` is not a line that iptables-save writes"),
        (
            "*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -g A\nCOMMIT\n",
            "line 7: the table filter jumps in a circle: A -> B -> A",
        ),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn circles_that_nothing_reaches_are_loaded_by_the_kernel_too() {
    read("*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n-A A -j A\nCOMMIT\n").unwrap();
}

#[test]
fn chains_deeper_than_any_stack_are_read() {
    const DEEP: usize = 50_000;
    let chains = (0..DEEP).map(|index| format!(":C{index} - [0:0]")).collect::<Vec<_>>().join("\n");
    let jumps =
        (1..DEEP).map(|index| format!("-A C{} -j C{index}", index - 1)).collect::<Vec<_>>().join("\n");
    let text = format!("*filter\n:INPUT ACCEPT [0:0]\n{chains}\n-A INPUT -j C0\n{jumps}\nCOMMIT\n");
    assert_eq!(read(&text).unwrap().chains.len(), DEEP + 1);
}

#[test]
fn one_unknown_match_costs_only_itself() {
    let statements = statements("-p tcp -m wonder --of world -m tcp --dport 22 -m tcp --nonsense -j ACCEPT");
    let unknown: Vec<String> = statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Match(Condition::Unknown(text)) => Some(text.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(unknown, ["-m wonder --of world", "-m tcp --nonsense"]);
    assert_eq!(statements.len(), 5);
    assert_eq!(statements.last(), Some(&Statement::Verdict(Verdict::Accept)));
}

#[test]
fn targets_that_are_not_there_may_do_anything() {
    for (rule, text) in [
        ("-j NOWHERE", "-j NOWHERE: neither a chain of this table nor a target that is known"),
        ("-g NOWHERE", "-g NOWHERE: the table has no such chain"),
        ("-j INPUT", "-j INPUT: a rule cannot jump to a chain of the kernel's own"),
        ("-j REJECT --reject-with love", "-j REJECT --reject-with love"),
        ("-j DNAT --to-destination 10.0.0.1 --to-destination 10.0.0.2", ""),
        ("-j CLUSTERIP --new --hashmode sourceip", "-j CLUSTERIP --new --hashmode sourceip"),
        ("-j ACCEPT --please", "-j ACCEPT --please"),
    ] {
        match statements(rule).as_slice() {
            [Statement::Unknown(found)] => assert!(found.starts_with(text), "{found}"),
            other => panic!("{rule}: {other:?}"),
        }
    }
    let open = statements("-m comment --comment \"open -j ACCEPT");
    assert!(matches!(open.as_slice(), [Statement::Unknown(_)]), "{open:?}");
}

#[test]
fn what_the_line_says_is_kept() {
    let text = "# a comment\n*filter\n:INPUT DROP [1:2]\n:FORWARD QUEUE [0:0]\n\n[3:4] -A INPUT -m comment --comment \"a \\\"b\\\"\" -j ACCEPT\n-A INPUT -c 5 6 -j DROP\nCOMMIT\n";
    let ruleset = read(text).unwrap();
    let input = &ruleset.chains[0];
    assert_eq!(input.base.as_ref().unwrap().policy, Policy::Drop);
    let origin = &input.rules[0].origin;
    assert_eq!((origin.line, origin.position, origin.comment.as_deref()), (Some(6), 1, Some("a \"b\"")));
    assert_eq!(origin.counters.map(|counters| (counters.packets, counters.bytes)), Some((3, 4)));
    assert_eq!(
        input.rules[1].origin.counters.map(|counters| (counters.packets, counters.bytes)),
        Some((5, 6))
    );
    assert_eq!(input.rules[0].text, "-A INPUT -m comment --comment \"a \\\"b\\\"\" -j ACCEPT");
    // A policy that the kernel no longer has.
    assert!(matches!(ruleset.chains[1].rules[0].statements.as_slice(), [Statement::Unknown(_)]));
}

#[test]
fn tables_that_are_not_known_or_cannot_be_said_are_told() {
    let text = "*rawpost\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j ACCEPT\nCOMMIT\n# Table `nat' is incompatible, use 'nft' tool.\n";
    let ruleset = read(text).unwrap();
    assert_eq!(ruleset.unread.len(), 2);
    assert!(ruleset.chains[0].base.is_none());
}

/// Words of real rules in any order, and some that are none.
fn line() -> impl Strategy<Value = String> {
    let mut words: Vec<String> =
        RULES.iter().flat_map(|(_, text)| text.split_ascii_whitespace()).map(str::to_owned).collect();
    words.extend(
        [
            "!",
            "\"",
            "\\",
            "-",
            "--",
            "=",
            "--dport=",
            "-m",
            "-j",
            "99999999999999999999",
            "é",
            "0x",
            "/",
            ":",
        ]
        .map(str::to_owned),
    );
    words.sort();
    words.dedup();
    prop::collection::vec(prop::sample::select(words), 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}", lines in prop::collection::vec("[*:\\[\\-#A-Z\" !]{0,20}", 0..10)) {
        let _outcome = read(&text);
        let _outcome = read(&lines.join("\n"));
        let _outcome = IpSets::read(&text);
    }

    #[test]
    fn any_words_in_a_rule_cost_only_that_rule(lines in prop::collection::vec(line(), 1..8)) {
        let mut text = String::from("*filter\n:INPUT ACCEPT [0:0]\n");
        for line in &lines {
            text.push_str("-A INPUT ");
            text.push_str(line);
            text.push('\n');
        }
        text.push_str("COMMIT\n");
        for version in [Version::V4, Version::V6] {
            let ruleset = read_save(&text, version, Backend::IptablesNft, &IpSets::read(SETS).unwrap()).unwrap();
            prop_assert_eq!(ruleset.chains[0].rules.len(), lines.len());
        }
    }

    #[test]
    fn any_element_costs_only_its_set(elements in prop::collection::vec("[0-9a-f.:/,\\-]{0,30}( nomatch| timeout 5)?", 1..8), kind in prop::sample::select(vec!["hash:ip", "hash:net,port", "bitmap:ip,mac", "hash:ip,port,net", "hash:net,iface", "bitmap:port", "hash:ip,mark"])) {
        let elements = elements.iter().filter(|element| !element.starts_with(' ') && !element.is_empty());
        let elements: Vec<String> = elements.map(|element| format!("add s {element}\n")).collect();
        let text = format!("create s {kind}\n{}", elements.concat());
        let sets = IpSets::read(&text).unwrap();
        let rule = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set s src,dst,src -j DROP\nCOMMIT\n";
        let ruleset = read_save(rule, Version::V4, Backend::IptablesLegacy, &sets).unwrap();
        prop_assert!(ruleset.sets[0].elements.iter().all(|element| element.key.len() == ruleset.sets[0].key.len()));
    }
}
