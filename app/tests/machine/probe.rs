//! `portreeve reach --probe` on a running kernel: computed beside observed, and nothing left behind.

use std::time::Duration;

use portreeve_lab::{Command, Host, Lab, Process};
use serde_json::Value;

use crate::program::{actor, portreeve};

const RULES: &str = "
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        ct state established,related accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        tcp dport 7001 accept
        tcp dport 7002 reject with tcp reset
        tcp dport 7003 reject with icmpx admin-prohibited
        ip saddr 10.9.0.0/16 tcp dport 7004 accept
        iifname eth0 tcp dport 7005 accept
        ip protocol udp udp dport 7006 accept
        udp dport 7006 reject
    }
}
";

struct Scene {
    _lab: Lab,
    server: Host,
    _listeners: Vec<Process>,
}

fn scene(name: &str) -> Scene {
    let lab = Lab::new(name).unwrap();
    let server = lab.host("server").start().unwrap();
    let _router = lab.host("router").start().unwrap();
    let ends = [
        ("server", "eth0", vec!["192.0.2.1/24", "2001:db8::1/64"]),
        ("router", "eth0", vec!["192.0.2.254/24", "2001:db8::fe/64"]),
    ];
    lab.switch("lan", ends).unwrap();
    server.route("default via 192.0.2.254").unwrap();
    server.route("default via 2001:db8::fe").unwrap();
    let mut listeners: Vec<Process> = [7001, 7002, 7003, 7004, 7005, 7009]
        .map(|port| actor(&server, &format!("tcp-listen [::]:{port}")).0)
        .into_iter()
        .collect();
    let words = "answer --name server udp:[::]:7006";
    let answering = server.spawn(Command::actor(words).unwrap()).unwrap();
    answering.ready(Duration::from_secs(20)).unwrap();
    listeners.push(answering);
    server.run(Command::new("nft").args(["-f", "-"]).input(RULES)).unwrap().success().unwrap();
    Scene { _lab: lab, server, _listeners: listeners }
}

fn interfaces(host: &Host) -> String {
    host.run(Command::shell("ip -o link; ip route; ip -6 route; ip neigh show nud permanent")).unwrap().stdout
}

/// `(computed, observed, agreement)` of the attempt at this port from outside, by version.
fn attempt(probe: &Value, port: u16, v4: bool, from: &str) -> (String, String, String) {
    let attempts = probe["attempts"].as_array().unwrap();
    let destination = if v4 { format!("192.0.2.1:{port}") } else { format!("[2001:db8::1]:{port}") };
    let found = attempts.iter().find(|attempt| {
        attempt["destination"] == destination.as_str()
            && attempt["source"].as_str().unwrap().starts_with(from)
    });
    let found = found.unwrap_or_else(|| panic!("{destination} from {from} is not in {probe:#}"));
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let observed = found["observed"]["with"].as_str().or(found["observed"]["kind"].as_str()).unwrap();
    (word(&found["computed"]), observed.to_owned(), word(&found["agreement"]))
}

#[test]
fn what_is_computed_is_what_a_connection_does() {
    let scene = scene("probe");
    let before = interfaces(&scene.server);
    let output =
        scene.server.run(portreeve("reach --probe --json").timeout(Duration::from_secs(120))).unwrap();
    assert_eq!(interfaces(&scene.server), before, "nothing stays");
    assert!(output.stderr.contains("one more interface"), "it says what it does: {}", output.stderr);
    let document = output.json().unwrap_or_else(|error| panic!("{error}\n{}", output.stderr));
    let probe = &document["probe"];
    let nobody = |v4: bool| if v4 { "203.0.113.77" } else { "2001:db8:77::77" };
    for (port, v4, from, computed, observed) in [
        (7001, true, nobody(true), "allow", "connected"),
        (7001, false, nobody(false), "allow", "connected"),
        (7002, true, nobody(true), "deny", "refused"),
        (7002, false, nobody(false), "deny", "refused"),
        (7003, true, nobody(true), "deny", "icmp admin-prohibited"),
        (7003, false, nobody(false), "deny", "icmpv6 admin-prohibited"),
        (7004, true, "10.9.", "allow", "connected"),
        (7004, true, nobody(true), "deny", "silent"),
        (7004, false, nobody(false), "deny", "silent"),
        // Only eth0 is let in, and the probe's interface is another.
        (7005, true, nobody(true), "deny", "silent"),
        (7006, true, nobody(true), "allow", "answered"),
        (7009, true, nobody(true), "deny", "silent"),
        (7009, true, "192.0.2.1", "allow", "connected"),
    ] {
        let expected = (computed.to_owned(), observed.to_owned(), "agrees".to_owned());
        assert_eq!(attempt(probe, port, v4, from), expected, "{port} from {from}");
    }
    let attempts = probe["attempts"].as_array().unwrap();
    assert!(attempts.iter().all(|attempt| attempt["agreement"] != "disagrees"), "{probe:#}");
    let elsewhere = probe["elsewhere"].to_string();
    assert!(
        elsewhere.contains("nc -vz -w 3 192.0.2.1 7005") && elsewhere.contains("beyond eth0"),
        "{elsewhere}"
    );
}

#[test]
fn nothing_survives_a_kill() {
    let scene = scene("probe-kill");
    let before = interfaces(&scene.server);
    for signal in ["KILL", "TERM", "INT"] {
        let running = scene.server.spawn(portreeve("reach 7009 --probe")).unwrap();
        await_that(&scene.server, |now| now.contains("portreeve"));
        let kill = format!("kill -{signal} {}", running.pid());
        scene.server.run(Command::shell(&kill)).unwrap().success().unwrap();
        drop(running.wait(Duration::from_secs(20)));
        await_that(&scene.server, |now| now == before);
    }
}

fn await_that(host: &Host, holds: impl Fn(&str) -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let now = interfaces(host);
        if holds(&now) {
            return;
        }
        assert!(std::time::Instant::now() < end, "still: {now}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn without_root_nothing_is_tried() {
    let scene = scene("probe-nobody");
    let before = interfaces(&scene.server);
    let output = scene.server.run(portreeve("reach 7001 --probe").user("nobody")).unwrap();
    assert_eq!(output.code(), Some(3), "{}", output.stderr);
    assert!(output.stderr.contains("needs root"), "{}", output.stderr);
    assert_eq!(interfaces(&scene.server), before);
}
