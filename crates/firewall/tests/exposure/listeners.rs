//! Listeners behind rules of every kind.

use std::fmt::Write as _;

use portreeve_firewall::reach::exposure::{Query, Surveyor};
use portreeve_firewall::space::Budget;
use portreeve_model::exposure::{Decision, IpVersion};
use portreeve_model::reach::Verdict;

use super::scene::{Scene, deciders, everywhere, family, listener, own, part, v4};

const ALLOW_LIST: &str = "table inet fw {
 chain input { type filter hook input priority 0; policy drop;
  iif lo accept
  ct state established,related accept
  ip saddr 10.0.0.0/8 tcp dport 443 accept
  ip saddr { 198.51.100.0/24, 203.0.113.7 } tcp dport 443 accept
  tcp dport 22 accept
 }
}";

const EMPTY: &str = "table inet t {\n chain input { type filter hook input priority 0; }\n}\n";

#[test]
fn each_part_names_the_rule_that_decides() {
    let scene = Scene::new(ALLOW_LIST);
    let exposure = scene.ask(&everywhere(443));
    let family = v4(&exposure);
    let lan = part(family, "lan", "10.9.9.9");
    assert_eq!(lan.verdict, Verdict::Allow);
    assert_eq!(deciders(lan), ["input ip saddr 10.0.0.0/8 tcp dport 443 accept"]);
    assert_eq!(lan.arrives_at.map(|at| at.port()), Some(443));
    let friend = part(family, "eth0", "203.0.113.7");
    assert_eq!(friend.verdict, Verdict::Allow);
    assert_eq!(friend.sources, ["198.51.100.0/24", "203.0.113.7/32"]);
    assert!(matches!(&friend.deciders[0], Decision::Rules { owner, .. } if owner == "you"));
    let stranger = part(family, "eth0", "203.0.113.8");
    assert_eq!((stranger.verdict, deciders(stranger)), (Verdict::Deny, vec!["input policy drop".to_owned()]));
    assert_eq!(stranger.arrives_at, None);
    assert_eq!(own(family).verdict, Verdict::Allow);
    assert_eq!(deciders(own(family)), ["input iif \"lo\" accept"]);
    let v6 = self::family(&exposure, IpVersion::Ipv6);
    assert_eq!(part(v6, "eth0", "2001:db8:5::1").verdict, Verdict::Deny);
}

#[test]
fn parts_are_disjoint_and_cover_every_source() {
    let scene = Scene::new(ALLOW_LIST);
    let exposure = scene.ask(&everywhere(443));
    for interface in ["eth0", "lan", "dmz"] {
        for source in [
            "0.0.0.1",
            "9.255.255.255",
            "10.0.0.0",
            "127.0.0.1",
            "198.51.100.255",
            "192.0.2.10",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            // Panics unless exactly one part holds it.
            part(v4(&exposure), interface, source);
        }
    }
}

#[test]
fn without_rules_nothing_denies_but_the_host_refuses_impossible_sources() {
    let scene = Scene::new(EMPTY);
    let exposure = scene.ask(&everywhere(80));
    let family = v4(&exposure);
    let stranger = part(family, "eth0", "203.0.113.8");
    assert_eq!((stranger.verdict, deciders(stranger)), (Verdict::Allow, vec!["no rule".to_owned()]));
    assert!(stranger.conditions.is_empty());
    assert_eq!(stranger.interfaces, ["eth0", "lan", "dmz"]);
    let martian = part(family, "eth0", "127.0.0.1");
    assert!(matches!(martian.deciders[0], Decision::Host { .. }), "{martian:#?}");
}

#[test]
fn a_loopback_listener_is_reached_by_this_host_only() {
    let scene = Scene::new(EMPTY);
    let exposure = scene.ask(&listener(5432, &["127.0.0.1", "::1"]));
    for family in &exposure.families {
        assert_eq!(own(family).verdict, Verdict::Allow);
        for part in family.parts.iter().filter(|part| !part.interfaces.is_empty()) {
            assert_eq!(part.verdict, Verdict::Deny);
            assert!(matches!(part.deciders[0], Decision::Host { .. }), "{part:#?}");
        }
    }
}

#[test]
fn a_listener_bound_to_a_device_takes_packets_of_it_only() {
    let scene = Scene::new(EMPTY);
    let mut door = listener(53, &["0.0.0.0"]);
    door.interface = Some("lan".to_owned());
    let exposure = scene.ask(&door);
    assert_eq!(part(v4(&exposure), "lan", "10.1.1.1").verdict, Verdict::Allow);
    let other = part(v4(&exposure), "eth0", "203.0.113.8");
    assert_eq!(deciders(other), ["no door the socket is bound to lan"]);
    let own: Vec<_> = v4(&exposure).parts.iter().filter(|part| part.interfaces.is_empty()).collect();
    assert_eq!(own.len(), 2, "{own:#?}");
    assert_eq!(
        (own[0].verdict, own[0].conditions.as_slice()),
        (Verdict::Allow, &["destination 10.0.0.1".to_owned()][..])
    );
    assert_eq!(own[1].verdict, Verdict::Deny);
}

#[test]
fn addresses_that_rules_tell_apart_are_conditions() {
    let scene = Scene::new(
        "table ip t {
 chain input { type filter hook input priority 0; policy drop; iif lo accept
          ip daddr 10.0.0.1 tcp dport 80 accept
          tcp sport 1024-65535 tcp dport 81 accept
 }
}",
    );
    let exposure = scene.ask(&listener(80, &["0.0.0.0"]));
    let open: Vec<_> = v4(&exposure)
        .parts
        .iter()
        .filter(|part| part.verdict == Verdict::Allow && !part.interfaces.is_empty())
        .collect();
    assert_eq!(open.len(), 1, "{open:#?}");
    assert_eq!(open[0].conditions, ["destination 10.0.0.1"]);
    let exposure = scene.ask(&listener(81, &["192.0.2.10"]));
    let open: Vec<_> = v4(&exposure)
        .parts
        .iter()
        .filter(|part| part.verdict == Verdict::Allow && !part.interfaces.is_empty())
        .collect();
    assert_eq!(open[0].conditions, ["source port 1024-65535"]);
}

#[test]
fn what_depends_names_its_cause() {
    let scene = Scene::new(
        "table ip t {
 chain input { type filter hook input priority 0; policy drop; iif lo accept
          tcp dport 80 limit rate 10/second accept
 }
}",
    );
    let exposure = scene.ask(&listener(80, &["0.0.0.0"]));
    let stranger = part(v4(&exposure), "eth0", "203.0.113.8");
    assert_eq!(stranger.verdict, Verdict::Unknown);
    assert_eq!(stranger.causes.len(), 1);
    assert_eq!(stranger.causes[0].kind, "limit");
    assert_eq!(stranger.deciders.len(), 2, "{stranger:#?}");
}

#[test]
fn an_answer_that_does_not_come_back_is_told() {
    let scene = Scene::new(
        "table ip t {
 chain output { type filter hook output priority 0; policy accept; tcp sport 80 drop; }
}",
    );
    let exposure = scene.ask(&listener(80, &["192.0.2.10"]));
    let stranger = part(v4(&exposure), "eth0", "203.0.113.8");
    assert_eq!(stranger.verdict, Verdict::Deny);
    assert_eq!(deciders(stranger), ["reply of output tcp sport 80 drop"]);
}

#[test]
fn doors_of_one_class_differ_in_their_port_only() {
    let scene = Scene::new(ALLOW_LIST);
    let exposures = scene.exposures(&[everywhere(8000), everywhere(8001), everywhere(22)]);
    for (exposure, port) in exposures.iter().zip([8000_u16, 8001, 22]) {
        assert!(v4(exposure).parts.iter().all(|part| part.witness.contains(&format!("dport {port}"))));
        let verdict = if port == 22 { Verdict::Allow } else { Verdict::Deny };
        assert_eq!(part(v4(exposure), "eth0", "203.0.113.8").verdict, verdict);
    }
}

#[test]
fn a_long_allow_list_is_one_part_that_counts_its_rules() {
    let mut text = String::from(
        "table ip t {\n chain input { type filter hook input priority 0; policy drop; iif lo accept\n",
    );
    for n in 0..200 {
        writeln!(text, "  ip saddr 198.18.{n}.0/25 accept").unwrap();
    }
    let scene = Scene::new(&(text + " }\n}\n"));
    let exposure = scene.ask(&listener(80, &["192.0.2.10"]));
    let open: Vec<_> = v4(&exposure)
        .parts
        .iter()
        .filter(|part| part.verdict == Verdict::Allow && !part.interfaces.is_empty())
        .collect();
    assert_eq!(open.len(), 1, "{open:#?}");
    assert_eq!(open[0].sources.len(), 200);
    assert_eq!(u64::try_from(open[0].deciders.len()).unwrap() + open[0].more_deciders, 200);
}

#[test]
fn what_is_too_complex_is_said_with_the_chain() {
    let scene = Scene::new(ALLOW_LIST);
    let budget = Budget { steps: 1, ..Budget::default() };
    let surveyor = Surveyor::new(&scene.ruleset, &scene.network, &scene.zones, budget).unwrap();
    let exposure = surveyor.exposures(&[everywhere(443)], &Query::default()).remove(0);
    let said = v4(&exposure).too_complex.as_deref().unwrap();
    assert!(said.contains("input"), "{said}");
}
