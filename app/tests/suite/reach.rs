//! `portreeve reach` without root: the program itself over a snapshot file, and over files with rules.
//!
//! `tests/firewall/web1.firewall` was written by `--snapshot-out` in a network namespace: a router with a default-drop table of nft, a
//! published port as Docker makes it with iptables-nft, and filter tables of iptables-legacy.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

/// What the program wrote, and its exit code.
struct Ran {
    out: String,
    notes: String,
    code: i32,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/firewall")
}

/// Runs the program in the folder of the fixtures.
fn portreeve(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_portreeve"))
        .args(["--width", "80"])
        .args(arguments)
        .current_dir(folder())
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { out: text(output.stdout), notes: text(output.stderr), code: output.status.code().unwrap() }
}

fn asked(packet: &str, options: &[&str]) -> Ran {
    portreeve(&[&["reach", "--snapshot", "web1.firewall", "--packet", packet], options].concat())
}

fn snapshot(name: &str, packet: &str, options: &[&str]) {
    let Ran { out, notes, code } = asked(packet, options);
    for line in out.lines() {
        assert!(line.starts_with("  check") || line.chars().count() <= 80, "longer than 80: {line}");
        assert_eq!(line, line.trim_end(), "ends in blanks");
    }
    assert_snapshot!(name, format!("{out}{notes}--- exit {code}\n"));
}

#[test]
fn allowed_by_a_rule() {
    snapshot("reach_allow", "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0", &[]);
}

#[test]
fn dropped_by_a_set_of_one_table_though_another_accepts() {
    snapshot("reach_drop", "from 203.0.113.9 to 192.0.2.10 tcp dport https", &[]);
}

#[test]
fn dropped_by_a_legacy_table_that_nft_does_not_show() {
    snapshot("reach_legacy", "198.51.100.66:40000 -> 192.0.2.10:22 tcp", &[]);
}

#[test]
fn refused_with_an_error() {
    snapshot("reach_reject", "from 2001:db8:1::7 to 2001:db8::10 udp dport 53", &[]);
}

#[test]
fn a_published_port_is_translated_and_forwarded() {
    snapshot("reach_forward", "from 198.51.100.7 to 192.0.2.10 tcp dport 8443", &[]);
}

#[test]
fn a_limit_leaves_both_ways_open() {
    snapshot("reach_unknown", "from 198.51.100.7 to 192.0.2.10 ping", &[]);
}

#[test]
fn thrown_away_by_the_host_itself() {
    snapshot("reach_discard", "from 127.0.0.1 to 192.0.2.10 tcp dport 443 iif eth0", &[]);
}

#[test]
fn sent_by_the_host_with_every_rule_shown() {
    snapshot("reach_all_rules", "out to 203.0.113.5 udp dport 53 uid 1000", &["--all-rules"]);
}

#[test]
fn several_packets_and_the_reply() {
    let first = "from 10.0.0.9 to 192.0.2.10 tcp dport 8080";
    snapshot("reach_several", first, &["--packet", "from 10.0.0.9 to 203.0.113.5 tcp dport 443", "--reply"]);
}

#[test]
fn exit_codes_tell_the_verdict() {
    for (packet, code) in [
        ("from 198.51.100.7 to 192.0.2.10 tcp dport 443", 0),
        ("from 203.0.113.9 to 192.0.2.10 tcp dport 443", 4),
        ("from 198.51.100.7 to 192.0.2.10 tcp dport 9999", 4),
        ("from 198.51.100.7 to 192.0.2.10 ping", 3),
        ("from 198.51.100.7 to 192.0.2.10 tcp dport nosuchservice", 2),
        ("from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif nosuch0", 2),
    ] {
        assert_eq!(asked(packet, &[]).code, code, "{packet}");
        assert_eq!(asked(packet, &["--json"]).code, code, "{packet}");
    }
    // What is certain is told first.
    let drop = "from 203.0.113.9 to 192.0.2.10 tcp dport 443";
    assert_eq!(asked("from 198.51.100.7 to 192.0.2.10 ping", &["--packet", drop]).code, 4);
    assert_eq!(asked("from 198.51.100.7 to 192.0.2.10 tcp dport 9999", &["--state", "established"]).code, 0);
}

#[test]
fn a_question_that_is_not_understood_is_answered_with_its_place() {
    let ran = asked("from 198.51.100.7 to 192.0.2.10 tcp dprt 443", &[]);
    assert_snapshot!("reach_usage", ran.notes);
    let twice = asked("from 198.51.100.7 to 192.0.2.10 tcp dport 443 state new", &["--state", "established"]);
    assert_eq!(twice.code, 2, "{}", twice.notes);
    for (file, says) in [("nothing-here", "there is no file"), (".", "cannot read")] {
        let ran = portreeve(&["reach", "--snapshot", file, "--packet", "out to 192.0.2.1 ping"]);
        assert!(ran.notes.contains(says), "{}", ran.notes);
    }
}

#[test]
fn snapshots_that_are_damaged_or_of_another_version_are_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(folder().join("web1.firewall")).unwrap();
    for (damaged, says) in [
        (text[..text.len() / 2].to_owned(), "cut short"),
        (text.replace("snapshot/1", "snapshot/2"), "portreeve.firewall-snapshot/2"),
        (text.replacen("\"ipsets\"", "\"unheard-of\"", 1), "unheard-of"),
        ("table inet filter {}".to_owned(), "no snapshot"),
    ] {
        let path = scratch.path().join("damaged");
        fs::write(&path, damaged).unwrap();
        let ran =
            portreeve(&["reach", "--snapshot", path.to_str().unwrap(), "--packet", "out to 192.0.2.1 ping"]);
        assert_eq!(ran.code, 2, "{}", ran.notes);
        assert!(ran.notes.contains(says), "{says}: {}", ran.notes);
    }
}

#[test]
fn rules_of_files_are_asked_for_a_host_described_by_hand() {
    let question = ["--address", "eth0=192.0.2.10/24", "--route", "default via 192.0.2.1 dev eth0"];
    for (file, packet, verdict, says) in [
        ("rules.v4", "from 198.51.100.7 to 192.0.2.10 tcp dport 22", "allow", "--dport 22 -j ACCEPT"),
        (
            "rules.v4",
            "from 198.51.100.7 to 192.0.2.10 tcp dport 23",
            "deny",
            "policy of legacy chain ip filter INPUT",
        ),
        (
            "rules.json",
            "from 198.51.100.7 to 192.0.2.10 tcp dport 23",
            "deny",
            "policy of chain inet filter input",
        ),
        ("rules.json", "from 198.51.100.7 to 192.0.2.10 tcp dport 443", "allow", "tcp dport"),
    ] {
        let ran =
            portreeve(&[&["reach", "--json", "--packet", packet, "--rules", file], &question[..]].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.notes));
        let answer = &document["answers"][0];
        assert_eq!(answer["verdict"], verdict, "{file} {packet}");
        assert!(answer["statement"].as_str().unwrap().contains(says), "{}", answer["statement"]);
        assert_eq!(document["limits"][0]["kind"], "described_host");
        assert_eq!(answer["reproduce"], Value::Array(Vec::new()), "nothing of it is loaded");
    }
    let alone = portreeve(&["reach", "--rules", "rules.v4", "--packet", "out to 192.0.2.1 ping"]);
    assert_eq!(alone.code, 2, "a host needs an address: {}", alone.notes);
}
