//! Doors that rules make, and hosts behind this one.

use portreeve_model::Protocol;
use portreeve_model::exposure::{Coverage, Door, DoorKind};
use portreeve_model::reach::Verdict;

use super::scene::{Scene, deciders, everywhere, listener, part, socket, v4};

const PUBLISHED: &str = "table ip nat {
 map published {
  type inet_service : ipv4_addr . inet_service
  elements = { 8080 : 172.17.0.2 . 80, 8443 : 172.17.0.3 . 443 }
 }
 chain prerouting {
  type nat hook prerouting priority -100;
  fib daddr type local dnat ip to tcp dport map @published
  ip daddr 192.0.2.10 tcp dport 9000-9010 dnat to 172.17.0.4
  fib daddr type local udp dport 53 dnat to 172.17.0.5:5353
  tcp dport 7000 redirect to :80
  dnat ip prefix to ip daddr map { 203.0.113.4/30 : 172.17.1.4/30 }
 }
}
table ip filter {
 chain forward {
  type filter hook forward priority 0; policy drop;
  ct state established accept
  iif eth0 oif dmz ip daddr 172.17.0.2 tcp dport 80 accept
  ip saddr 198.51.100.0/24 ip daddr 172.17.0.4 accept
  ip daddr 172.17.1.5 tcp dport { 22, 8000-8010 } accept
 }
}";

fn short(door: &Door) -> String {
    let DoorKind::Translated { to } = door.kind else { panic!("{door:?}") };
    let addresses: Vec<String> = door.addresses.iter().map(ToString::to_string).collect();
    let end = door.port_end.map_or_else(String::new, |end| format!("-{end}"));
    format!("{} {}:{}{end} {to}", door.protocol, addresses.join(","), door.port)
}

#[test]
fn every_translation_is_a_door_however_it_is_written() {
    let scene = Scene::new(PUBLISHED);
    let found = scene.surveyor().translated();
    assert_eq!(found.too_complex, None);
    let doors: Vec<String> =
        found.doors.iter().map(short).filter(|door| !door.contains("203.0.113.")).collect();
    assert_eq!(
        doors,
        [
            "tcp 0.0.0.0:7000 0.0.0.0:80",
            "tcp 0.0.0.0:8080 172.17.0.2:80",
            "tcp 0.0.0.0:8443 172.17.0.3:443",
            "tcp 192.0.2.10:9000-9010 172.17.0.4:9000",
            "udp 0.0.0.0:53 172.17.0.5:5353",
        ]
    );
    let mapped: Vec<String> = found
        .doors
        .iter()
        .filter(|door| door.protocol == Protocol::Udp)
        .map(short)
        .filter(|door| door.contains("203.0.113."))
        .collect();
    assert_eq!(
        mapped,
        [4, 5, 6, 7].map(|last| format!("udp 203.0.113.{last}:1-65535 172.17.1.{last}:1")),
        "{mapped:#?}"
    );
}

#[test]
fn a_published_port_names_the_rule_that_forwards_and_the_one_that_translates() {
    let scene = Scene::new(PUBLISHED);
    let doors = scene.surveyor().translated().doors;
    let exposures = scene.exposures(&doors);
    let of = |port: u16| exposures.iter().find(|exposure| exposure.door.port == port).unwrap();
    let web = v4(of(8080));
    let stranger = part(web, "eth0", "203.0.113.8");
    assert_eq!(stranger.verdict, Verdict::Allow);
    assert_eq!(stranger.arrives_at, Some(socket("172.17.0.2:80")));
    assert_eq!(
        deciders(stranger),
        [
            "forward iif \"eth0\" oif \"dmz\" ip daddr 172.17.0.2 tcp dport 80 accept",
            "prerouting fib daddr type local dnat ip to tcp dport map @published",
        ]
    );
    assert_eq!(part(web, "lan", "10.1.1.1").verdict, Verdict::Deny);
    let own: Vec<_> = web.parts.iter().filter(|part| part.interfaces.is_empty()).collect();
    assert!(deciders(own[0])[0].starts_with("no door no rule translates it"), "{own:#?}");
    let range = v4(of(9000));
    assert_eq!(part(range, "eth0", "198.51.100.1").verdict, Verdict::Allow);
    assert_eq!(part(range, "eth0", "198.51.100.1").arrives_at, Some(socket("172.17.0.4:9000")));
    assert_eq!(part(range, "eth0", "203.0.113.8").verdict, Verdict::Deny);
    let redirected = v4(of(7000));
    assert_eq!(part(redirected, "eth0", "203.0.113.8").verdict, Verdict::Allow);
}

#[test]
fn a_listener_behind_a_translation_shows_where_its_port_goes() {
    let scene = Scene::new(PUBLISHED);
    let exposure = scene.ask(&everywhere(8080));
    let stranger = part(v4(&exposure), "eth0", "203.0.113.8");
    assert_eq!(stranger.arrives_at, Some(socket("172.17.0.2:80")));
}

#[test]
fn behind_a_host_the_ports_that_can_be_reached_are_told() {
    let scene = Scene::new(PUBLISHED);
    let query = portreeve_firewall::reach::exposure::Query { most_sources: 1000, ..Default::default() };
    let exposures = scene.surveyor().behind("172.17.1.5".parse().unwrap(), &query);
    for exposure in &exposures {
        scene.replay(exposure);
    }
    let doors: Vec<_> = exposures
        .iter()
        .map(|exposure| (exposure.door.protocol, exposure.door.port, exposure.door.port_end))
        .collect();
    assert_eq!(doors[..2], [(Protocol::Tcp, 22, None), (Protocol::Tcp, 8000, Some(8010))], "{doors:?}");
    let ssh = v4(&exposures[0]);
    assert_eq!(part(ssh, "lan", "10.1.1.1").verdict, Verdict::Allow);
    assert_eq!(part(ssh, "eth0", "203.0.113.8").verdict, Verdict::Allow);
}

#[test]
fn what_only_a_neighbour_can_send_is_not_open_to_the_internet() {
    let scene = Scene::new(
        "table ip nat {
 chain prerouting {
  type nat hook prerouting priority -100;
  ip daddr 127.0.0.1 tcp dport 9090 dnat to 172.17.0.2:80
 }
}",
    );
    let exposure = scene.ask(&listener(9090, &["127.0.0.1"]));
    let family = v4(&exposure);
    let neighbour = part(family, "eth0", "203.0.113.8");
    assert_eq!(neighbour.verdict, Verdict::Allow);
    assert!(neighbour.conditions[0].starts_with("sender on the link"), "{neighbour:#?}");
    assert_eq!(family.coverage("internet"), Coverage::None);
    assert_eq!(family.coverage("this host"), Coverage::All);
}
