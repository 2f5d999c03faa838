//! Listings of `nft -j list ruleset`.

use portreeve_firewall::ir::{ChainId, Data, Ruleset, SetId, Statement, Verdict};
use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft::{questions, read, read_with};

/// Reads `data` as a listing, and as a listing behind a supplement made of itself.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert_eq!(questions(data).is_ok(), read(data, &mut Names::default()).is_ok());
    if let Ok(ruleset) = read_with(data, &text, &mut Names::new([(1, "lo".to_owned())])) {
        check(&ruleset);
    }
}

/// Ids are of chains and sets that exist, keys have the parts of their set.
fn check(ruleset: &Ruleset) {
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Jump(id) | Verdict::Goto(id) => chain(ruleset, *id),
        _ => {}
    };
    for set in &ruleset.sets {
        for element in &set.elements {
            assert!(element.key.is_empty() || element.key.len() == set.key.len(), "{element:?} in {}", set.name);
            if let Data::Verdict(of) = &element.data {
                verdict(of);
            }
        }
    }
    for rule in ruleset.chains.iter().flat_map(|chain| &chain.rules) {
        for statement in &rule.statements {
            match statement {
                Statement::Verdict(of) => verdict(of),
                Statement::VerdictMap { map, .. } | Statement::Update { set: map, .. } => set(ruleset, *map),
                _ => {}
            }
        }
    }
}

fn chain(ruleset: &Ruleset, id: ChainId) {
    assert!(ruleset.chain(id).is_some(), "{id:?}");
}

fn set(ruleset: &Ruleset, id: SetId) {
    assert!(ruleset.set(id).is_some(), "{id:?}");
}
