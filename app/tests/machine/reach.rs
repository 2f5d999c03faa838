//! `portreeve reach` on running kernels: its verdicts beside what really arrives, with rules of nft and of both iptables.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use portreeve_lab::{Command, Host, Lab, Process};
use serde_json::Value;

use crate::program::{PATIENCE, actor, portreeve};

const RULES: &str = "
table inet filter {
    set bad { type ipv4_addr; flags interval; elements = { 192.0.2.64/26 } }
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        ip saddr @bad drop
        tcp dport { 7001, 7002, 7004 } accept
        tcp dport 7003 reject with tcp reset
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    }
}
table ip nat {
    chain prerouting {
        type nat hook prerouting priority dstnat;
        tcp dport 8001 redirect to :7001
    }
}
";

/// A server with rules of three kinds, and a client.
struct Scene {
    _lab: Lab,
    server: Host,
    client: Host,
    banned: Host,
    _listeners: Vec<Process>,
}

fn scene(name: &str) -> Scene {
    let lab = Lab::new(name).unwrap();
    let server = lab.host("server").named().start().unwrap();
    let client = lab.host("client").start().unwrap();
    let banned = lab.host("banned").start().unwrap();
    let ends = [
        ("server", "eth0", vec!["192.0.2.1/24", "2001:db8::1/64"]),
        ("client", "eth0", vec!["192.0.2.2/24", "2001:db8::2/64"]),
        ("banned", "eth0", vec!["192.0.2.70/24"]),
    ];
    lab.switch("lan", ends).unwrap();
    let listeners = [7001, 7002, 7003, 7004]
        .map(|port| actor(&server, &format!("tcp-listen [::]:{port}")).0)
        .into_iter()
        .collect();
    server.run(Command::new("nft").args(["-f", "-"]).input(RULES)).unwrap().success().unwrap();
    for line in [
        "iptables-legacy -A INPUT -p tcp --dport 7002 -j DROP",
        "iptables-nft -A INPUT -p tcp -m multiport --dports 7004,7005 -j DROP",
    ] {
        server.run(Command::shell(line)).unwrap().success().unwrap();
    }
    Scene { _lab: lab, server, client, banned, _listeners: listeners }
}

fn answer(host: &Host, packet: &str, options: &str) -> (Value, i32) {
    let output = host.run(portreeve(&format!("reach --json {options}")).arg("--packet").arg(packet)).unwrap();
    let document = output.json().unwrap_or_else(|error| panic!("{packet}: {error}\n{}", output.stderr));
    assert_eq!(document["unseen"], Value::Array(Vec::new()), "root sees everything");
    (document["answers"][0].clone(), output.code().unwrap())
}

#[test]
fn verdicts_are_what_really_happens() {
    let scene = scene("reach");
    for (source, destination, port, says) in [
        ("192.0.2.2", "192.0.2.1", 7001, "tcp dport { 7001"),
        ("192.0.2.2", "192.0.2.1", 7002, "iptables-legacy"),
        ("192.0.2.2", "192.0.2.1", 7003, "tcp reset"),
        ("192.0.2.2", "192.0.2.1", 7004, "multiport"),
        ("192.0.2.2", "192.0.2.1", 7009, "policy"),
        ("192.0.2.2", "192.0.2.1", 8001, "redirect"),
        ("192.0.2.70", "192.0.2.1", 7001, "@bad"),
        ("2001:db8::2", "2001:db8::1", 7001, "tcp dport { 7001"),
        ("2001:db8::2", "2001:db8::1", 7002, "tcp dport { 7001"),
        ("2001:db8::2", "2001:db8::1", 7009, "policy"),
    ] {
        let packet = format!("from {source} to {destination} tcp dport {port}");
        let (answer, code) = answer(&scene.server, &packet, "");
        let client = if source == "192.0.2.70" { &scene.banned } else { &scene.client };
        let arrives = connects(client, destination, port);
        let expected = if arrives { ("allow", 0) } else { ("deny", 4) };
        assert_eq!((answer["verdict"].as_str().unwrap(), code), expected, "{packet}: {answer:#}");
        assert!(answer.to_string().contains(says), "{packet}: {says} is not in {answer:#}");
    }
}

/// Whether a connection comes about, which is what all of it is about.
fn connects(client: &Host, destination: &str, port: u16) -> bool {
    let address = SocketAddr::new(destination.parse().unwrap(), port);
    let attempt = Command::actor(&format!("tcp-connect {address} --once --timeout 2000")).unwrap();
    client.run(attempt).unwrap().code() == Some(0)
}

#[test]
fn a_snapshot_answers_elsewhere_and_without_root() {
    let scene = scene("reach-snapshot");
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().join("server.firewall");
    let written = scene.server.run(portreeve("reach --snapshot-out").arg(&path)).unwrap();
    assert_eq!(written.code(), Some(0), "{}", written.stderr);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    for (packet, verdict) in [
        ("from 192.0.2.2 to 192.0.2.1 tcp dport 7001", "allow"),
        ("from 192.0.2.2 to 192.0.2.1 tcp dport 7002", "deny"),
        ("from 192.0.2.2 to 192.0.2.1 tcp dport 7004", "deny"),
    ] {
        let live = answer(&scene.server, packet, "").0;
        let nobody =
            portreeve("reach --json --snapshot").arg(&path).arg("--packet").arg(packet).user("nobody");
        let stored = scene.client.run(nobody).unwrap().json().unwrap();
        assert_eq!(live["verdict"], verdict);
        assert_eq!(stored["answers"][0], live, "{packet}");
    }
}

#[test]
fn another_namespace_is_asked_by_its_name() {
    let scene = scene("reach-netns");
    let name = scene.server.netns_name().unwrap();
    let drop = "from 192.0.2.2 to 192.0.2.1 tcp dport 7002";
    let (there, code) = answer(&scene.client, drop, &format!("--netns {name}"));
    assert_eq!((there["verdict"].as_str(), code), (Some("deny"), 4));
    assert_eq!(there, answer(&scene.server, drop, "").0);
    let all = scene.client.run(portreeve("reach --netns all --packet").arg(drop)).unwrap();
    assert_eq!(all.code(), Some(2), "{}", all.stderr);
}

#[test]
fn without_permission_nothing_is_claimed() {
    let scene = scene("reach-nobody");
    let packet = "from 192.0.2.2 to 192.0.2.1 tcp dport 7001";
    let command = portreeve("reach --json --packet").arg(packet).user("nobody").timeout(PATIENCE);
    let output = scene.server.run(command).unwrap();
    assert_eq!(output.code(), Some(3), "{}", output.stderr);
    let document = output.json().unwrap();
    assert_eq!(document["answers"][0]["verdict"], "unknown");
    let told = document["unseen"].as_array().unwrap();
    assert!(
        told.iter().any(|entry| entry["subject"] == "firewall_rules" && entry["reason"] == "permission"),
        "{told:?}"
    );
}
