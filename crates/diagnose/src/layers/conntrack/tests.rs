//! Each code, on facts made by hand.

use portreeve_model::why::{Impact, LayerName, LayerState};
use portreeve_wire::proc::ConntrackStat;

use crate::facts::conntrack::{ConntrackFacts, ConntrackLook};
use crate::facts::{Connected, Outcome};
use crate::layers::scene::{Host, silence};

const CONNTRACK: LayerName = LayerName::Conntrack;
const STATEFUL: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -m conntrack --ctstate INVALID -j DROP\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n";

fn facts(count: u64, stat: ConntrackStat) -> ConntrackFacts {
    let look = |stat| Some(ConntrackLook { count, max: 1000, buckets: 250, stat: Some(stat) });
    ConntrackFacts { before: look(ConntrackStat::default()), after: look(stat) }
}

fn host(count: u64, stat: ConntrackStat) -> Host {
    Host::new().iptables(STATEFUL).and(|case| case.conntrack = facts(count, stat))
}

#[test]
fn without_rules_about_connections_there_is_no_such_layer() {
    assert_eq!(Host::new().judged(CONNTRACK).state, LayerState::NotApplicable);
    let host = Host::new().and(|case| case.conntrack = facts(0, ConntrackStat::default()));
    assert_eq!(host.judged(CONNTRACK).state, LayerState::NotApplicable);
}

#[test]
fn room_is_fine_and_little_room_is_a_note() {
    let layer = host(12, ConntrackStat::default()).judged(CONNTRACK);
    assert_eq!((layer.state, &*layer.statement), (LayerState::Ok, "12 of 1000 connections"));
    let layer = host(930, ConntrackStat::default()).judged(CONNTRACK);
    assert_eq!((layer.state, &*layer.notes[0].code), (LayerState::Ok, "nearly-full"));
}

#[test]
fn a_full_table() {
    let layer = host(1000, ConntrackStat { drop: 9, ..ConntrackStat::default() })
        .tried("192.0.2.10:443", silence())
        .judged(CONNTRACK);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].impact), ("table-full", Impact::All));
    let layer = host(1000, ConntrackStat::default())
        .tried("192.0.2.10:443", Outcome::Connected(Connected::default()))
        .judged(CONNTRACK);
    assert_eq!((&*layer.faults[0].code, layer.faults[0].impact), ("table-full", Impact::Some));
}

#[test]
fn entries_that_cannot_be_made() {
    let (code, _) = host(12, ConntrackStat { insert_failed: 3, ..ConntrackStat::default() }).only(CONNTRACK);
    assert_eq!(code, "insert-failed");
    let (code, _) = host(12, ConntrackStat { drop: 3, ..ConntrackStat::default() }).only(CONNTRACK);
    assert_eq!(code, "insert-failed");
}

#[test]
fn invalid_packets_count_while_they_are_dropped() {
    let stat = ConntrackStat { invalid: 40, ..ConntrackStat::default() };
    assert_eq!(host(12, stat).judged(CONNTRACK).state, LayerState::Ok, "nobody drops them");
    let counted = vec![("ip filter INPUT 1".to_owned(), 40)];
    let (code, text) = host(12, stat).and(|case| case.path.counted = counted).only(CONNTRACK);
    assert_eq!(code, "invalid-dropped");
    assert!(text.contains("40 packets"), "{text}");
}

#[test]
fn untracked_on_the_way_in_and_invalid_on_the_way_out() {
    let raw = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A PREROUTING -i eth0 -p tcp -m tcp --dport 443 -j CT --notrack\nCOMMIT\n";
    let filter = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                  -A OUTPUT -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n";
    let host = Host::new().iptables(raw).iptables(filter);
    let host = host.and(|case| case.conntrack = facts(12, ConntrackStat::default()));
    let (code, text) = host.only(CONNTRACK);
    assert_eq!(code, "untracked-reply-dropped");
    assert!(text.contains("--ctstate INVALID"), "{text}");
}
