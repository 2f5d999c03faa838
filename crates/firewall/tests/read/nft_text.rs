//! Text of `nft` through a namespace made for it.

use std::time::Duration;

use portreeve_firewall::read::names::Names;
use portreeve_firewall::read::nft;
use portreeve_firewall::read::nft_text::{Loading, NftTextError, list};

#[test]
fn a_file_is_read_although_its_interfaces_do_not_exist_here() {
    let text = "define wan = ppp7\nflush ruleset\ntable inet t {\n chain i { type filter hook ingress device wlan9 priority 0; }\n\
                chain c { type filter hook input priority 0; policy drop;\n  iif tun8 accept\n  iif $wan accept\n  iif vmap { br5 : drop }\n }\n}\n";
    let listing =
        list(text, &Loading::default()).expect("this test needs root: it makes a network namespace");
    let ruleset = nft::read_with(&listing.json, &listing.supplement, &mut Names::default()).unwrap();
    assert!(ruleset.unread.is_empty(), "{:?}", ruleset.unread);
    let rules = ruleset
        .chains
        .iter()
        .flat_map(|chain| &chain.rules)
        .map(|rule| rule.text.as_str())
        .collect::<Vec<_>>();
    assert_eq!(rules, ["iif \"tun8\" accept", "iif \"ppp7\" accept", "iif vmap { \"br5\" : drop }"]);
    assert_eq!(ruleset.chains[0].base.as_ref().unwrap().devices, ["wlan9"]);
}

#[test]
fn what_nft_refuses_is_told_in_its_words() {
    let error = list("table inet t {\n chain c { nonsense }\n}\n", &Loading::default()).unwrap_err();
    let NftTextError::Refused(words) = &error else { panic!("{error}") };
    assert!(words.contains("syntax error"), "{words}");
    let loops = "table inet t {\n chain a { jump b; }\n chain b { jump a; }\n chain c { type filter hook input priority 0; jump a; }\n}\n";
    assert!(matches!(list(loops, &Loading::default()), Err(NftTextError::Refused(_))));
    let missing = Loading { nft: "/nowhere/nft".into(), ..Loading::default() };
    assert!(matches!(list("", &missing), Err(NftTextError::Program { .. })));
    let slow = Loading { limit: Duration::ZERO, ..Loading::default() };
    assert!(matches!(list("", &slow), Err(NftTextError::TimedOut(_)) | Ok(_)));
}
