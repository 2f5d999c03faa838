//! Save files of the xtables, alone and merged into what `nft` lists of a host.

use portreeve_firewall::ir::{Backend, Ruleset, Statement, Verdict, Version};
use portreeve_firewall::read::xtables::{IpSets, merge_iptables_nft, read_save};

/// Sets that the seeds name.
const SETS: &str = "create s1 hash:ip\nadd s1 1.1.1.1\ncreate s2 hash:ip,port\nadd s2 1.1.1.1,udp:53\n\
    create s3 hash:net,port\nadd s3 10.0.0.0/8,tcp:80\ncreate sl list:set\nadd sl s1\nadd sl s2\n\
    create s6 hash:net family inet6\nadd s6 2001:db8::/32\n";

/// Reads `data` as a save file of both versions.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let sets = IpSets::read(SETS).expect("a set list of its own");
    for version in [Version::V4, Version::V6] {
        let Ok(mut ruleset) = read_save(&text, version, Backend::IptablesNft, &sets) else { continue };
        check(&ruleset, &text);
        let (tables, chains) = (ruleset.tables.len(), ruleset.chains.len());
        merge_iptables_nft(&mut ruleset, &text, version, &sets).expect("it was read before");
        assert_eq!((ruleset.tables.len(), ruleset.chains.len()), (tables, chains), "a merge adds no chain");
        check(&ruleset, &text);
    }
}

/// Ids lead somewhere, and rules are lines of the text.
fn check(ruleset: &Ruleset, text: &str) {
    let lines = text.lines().count();
    for chain in &ruleset.chains {
        for rule in &chain.rules {
            assert!(rule.origin.line.is_none_or(|line| line as usize <= lines));
            assert!(rule.origin.line.is_none() || text.contains(&rule.text), "{}", rule.text);
            for statement in &rule.statements {
                match statement {
                    Statement::Verdict(Verdict::Jump(id) | Verdict::Goto(id)) => {
                        let target = ruleset.chain(*id).expect("a chain that is there");
                        assert_eq!((&target.table, target.family), (&chain.table, chain.family));
                    }
                    Statement::Update { set, .. } => {
                        ruleset.set(*set).expect("a set that is there");
                    }
                    _ => {}
                }
            }
        }
    }
}
