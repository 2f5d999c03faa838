//! Circles, depth, and any bytes at all.

use std::fmt::Write;

use proptest::prelude::*;

use super::{LISTING, read, read_objects, rule};
use crate::ir::{Data, Statement, Verdict};
use crate::read::names::Names;
use crate::read::nft::{NftError, questions};

fn chain(name: &str, to: &str) -> String {
    format!(
        r#", {{"chain": {{"family": "inet", "table": "t", "name": "{name}"}}}},
        {{"rule": {{"family": "inet", "table": "t", "chain": "{name}", "expr": [{{"jump": {{"target": "{to}"}}}}]}}}}"#
    )
}

fn jump(to: &str) -> String {
    format!(
        r#", {{"rule": {{"family": "inet", "table": "t", "chain": "c", "expr": [{{"jump": {{"target": "{to}"}}}}]}}}}"#
    )
}

#[test]
fn circles_are_refused_where_a_base_chain_reaches_them() {
    let circle = format!("{}{}{}", chain("a", "b"), chain("b", "a"), chain("self", "self"));
    assert!(read_objects(&circle).unread.is_empty(), "the kernel takes circles that nothing reaches");
    let ruleset = read_objects(&format!("{circle}{}", jump("a")));
    assert_eq!(ruleset.unread.len(), 1);
    assert_eq!(ruleset.unread[0].reason, "jumps in a circle: the kernel refuses it");
    let b = ruleset.chains.iter().find(|chain| chain.name == "b").unwrap();
    assert_eq!(
        b.rules[0].statements,
        [Statement::Unknown("jump a (jumps in a circle: the kernel refuses it)".to_owned())]
    );
    let base = read_objects(&format!("{}{}", chain("a", "c"), jump("a")));
    assert_eq!(base.unread.len(), 1, "back to the base chain");
}

#[test]
fn fifteen_levels_are_taken_and_sixteen_refused() {
    let levels = |count: usize| {
        let mut objects = jump("l1");
        for level in 1..count {
            objects.push_str(&chain(&format!("l{level}"), &format!("l{}", level + 1)));
        }
        write!(objects, r#", {{"chain": {{"family": "inet", "table": "t", "name": "l{count}"}}}}"#).unwrap();
        read_objects(&objects).unread
    };
    assert_eq!(levels(15), []);
    assert_eq!(levels(16).len(), 1);
    assert_eq!(levels(200).len(), 1);
}

#[test]
fn maps_jump_in_circles_too() {
    let ruleset = read_objects(
        r#", {"chain": {"family": "inet", "table": "t", "name": "a"}},
        {"map": {"family": "inet", "table": "t", "name": "m", "type": "mark", "map": "verdict",
            "elem": [[1, {"accept": null}], [2, {"goto": {"target": "a"}}]]}},
        {"rule": {"family": "inet", "table": "t", "chain": "a", "expr": [{"vmap": {"key": {"meta": {"key": "mark"}}, "data": "@m"}}]}},
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": [{"jump": {"target": "a"}}]}}"#,
    );
    assert_eq!(ruleset.unread.len(), 1);
    assert_eq!(ruleset.sets[0].elements[0].data, Data::Verdict(Verdict::Accept));
    assert!(matches!(ruleset.sets[0].elements[1].data, Data::Unknown(_)));
}

#[test]
fn many_ways_to_the_same_chains_are_gone_once() {
    let mut objects = String::new();
    for level in 0..14 {
        write!(objects, r#", {{"chain": {{"family": "inet", "table": "t", "name": "l{level}"}}}}"#).unwrap();
        for _ in 0..50 {
            let from = if level == 0 { "c".to_owned() } else { format!("l{}", level - 1) };
            write!(
                objects,
                r#", {{"rule": {{"family": "inet", "table": "t", "chain": "{from}", "expr": [{{"jump": {{"target": "l{level}"}}}}]}}}}"#
            )
            .unwrap();
        }
    }
    assert_eq!(read_objects(&objects).unread, []);
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = format!("{}1{}", r#"{"&": [{"meta": {"key": "mark"}}, "#.repeat(50_000), "]}".repeat(50_000));
    let objects =
        format!(r#", {{"rule": {{"family": "inet", "table": "t", "chain": "c", "expr": [{deep}]}}}}"#);
    assert_eq!(read_objects(&objects).unread.len(), 1);
    let wide = vec!["1"; 100_000].join(", ");
    let operation = format!(
        r#"{{"match": {{"op": "==", "left": {{"|": [{{"meta": {{"key": "mark"}}}}, {wide}]}}, "right": 1}}}}"#
    );
    assert!(matches!(rule(&operation).statements[0], Statement::Unknown(_)));
    let flags =
        format!(r#"{{"match": {{"op": "==", "left": {{"meta": {{"key": "mark"}}}}, "right": [{wide}]}}}}"#);
    assert!(matches!(rule(&flags).statements[0], Statement::Match(_)));
}

#[test]
fn a_listing_cut_anywhere_is_an_error_that_tells_where() {
    let end = LISTING.trim_end().len();
    for cut in (0..end).step_by(97) {
        let Err(NftError::Truncated { offset, .. }) = read(&LISTING.as_bytes()[..cut], &mut Names::default())
        else {
            panic!("cut at {cut}");
        };
        assert!(offset <= cut);
    }
    assert!(read(LISTING.as_bytes(), &mut Names::default()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &mut Names::default());
        let _ = questions(&bytes);
    }

    /// Tokens of a real listing swapped with each other: JSON all the same, and nonsense.
    #[test]
    fn no_listing_makes_it_panic(swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..40)) {
        let mut lines = LISTING.lines().map(str::to_owned).collect::<Vec<_>>();
        for (from, to) in swaps {
            // The first and the last line hold the list together.
            let (from, to) = (1 + from.index(lines.len() - 2), to.index(lines.len()));
            let words = |line: &str| line.split_inclusive([',', ':', '[', '{']).map(str::to_owned).collect::<Vec<_>>();
            let (mut a, b) = (words(&lines[from]), words(&lines[to]));
            let (at, of) = ((from * 7 + to) % a.len().max(1), (to * 3 + from) % b.len().max(1));
            if let (Some(slot), Some(word)) = (a.get_mut(at), b.get(of)) {
                slot.clone_from(word);
            }
            let line = a.concat();
            let bare = line.trim().trim_end_matches(',');
            if serde_json::from_str::<serde::de::IgnoredAny>(bare).is_ok() {
                let comma = if lines[from].ends_with(',') { "," } else { "" };
                lines[from] = format!("{bare}{comma}");
            }
        }
        let text = lines.join("\n");
        let read = read(text.as_bytes(), &mut Names::default());
        prop_assert!(read.is_ok(), "{read:?}");
    }
}
