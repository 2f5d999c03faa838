//! `portreeve reach` about ports and rules without root: the program itself over a snapshot file, with its real engine.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

const SNAPSHOT: [&str; 2] = ["--snapshot", "web1.firewall"];

/// What the program wrote, and its exit code.
struct Ran {
    out: String,
    notes: String,
    code: i32,
}

/// Runs `reach` in the folder of the fixtures.
fn reach(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_portreeve"))
        .args(["--width", "80", "reach"])
        .args(arguments)
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/firewall"))
        .env("TZ", "UTC")
        .env("PORTREEVE_CONFIG", "")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { out: text(output.stdout), notes: text(output.stderr), code: output.status.code().unwrap() }
}

fn asked(arguments: &[&str]) -> Ran {
    reach(&[arguments, &SNAPSHOT[..]].concat())
}

fn document(arguments: &[&str]) -> Value {
    let ran = asked(&[arguments, &["--json"]].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.notes))
}

#[test]
fn without_listeners_the_translated_ports_are_told_and_any_other_on_demand() {
    let all = document(&[]);
    assert_eq!(all["schema"], "portreeve.reach.ports/1");
    assert_eq!(all["listeners"], "unknown");
    let doors = all["exposures"].as_array().unwrap();
    assert!(doors.iter().all(|exposure| exposure["door"]["kind"]["kind"] == "translated"), "{doors:?}");
    assert!(doors.iter().any(|exposure| exposure["door"]["port"] == 8443), "{doors:?}");
    let one = document(&["22/tcp"]);
    assert_eq!(one["exposures"][0]["door"]["kind"]["kind"], "listener");
    assert!(asked(&["22/tcp"]).out.contains("Nobody knows who listens"));
}

#[test]
fn every_witness_fares_as_its_part_says() {
    let mut witnesses = 0;
    for exposure in document(&["443/tcp"])["exposures"].as_array().unwrap() {
        for part in
            exposure["families"].as_array().unwrap().iter().flat_map(|f| f["parts"].as_array().unwrap())
        {
            let packet = part["witness"].as_str().unwrap();
            let answer = document(&["--packet", packet]);
            // What would arrive and finds no door, and what cannot be answered, is denied for the port alone.
            let own =
                ["no_door", "reply"].contains(&part["deciders"][0]["kind"].as_str().unwrap_or_default());
            if !own {
                assert_eq!(answer["answers"][0]["verdict"], part["verdict"], "{packet}: {part}");
            }
            witnesses += 1;
        }
    }
    assert!(witnesses >= 4, "{witnesses}");
}

#[test]
fn sources_are_zones_networks_and_interfaces() {
    let bad = asked(&["443/tcp", "--from", "203.0.113.9"]);
    assert_eq!(bad.code, 4, "{}{}", bad.out, bad.notes);
    assert!(bad.out.contains("abuse list"), "{}", bad.out);
    let by_interface = asked(&["443/tcp", "--from", "eth0"]);
    assert!(by_interface.out.to_lowercase().contains("reached by eth0"), "{}", by_interface.out);
    let unknown = asked(&["--from", "nosuch"]);
    assert_eq!(unknown.code, 2);
    for says in ["no zone and no interface", "  nosuch\n  ^^^^^^\n", "zones: internet", "interfaces: "] {
        assert!(unknown.notes.contains(says), "{}", unknown.notes);
    }
}

#[test]
fn networks_of_the_configuration_are_zones() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("portreeve.toml");
    let config = path.to_str().unwrap();
    fs::write(&path, "[networks]\noffice = [\"198.51.100.0/24\"]\n").unwrap();
    let named = document(&["443/tcp", "--from", "office", "--config", config]);
    assert_eq!(named["networks"][0]["name"], "office");
    let zones = named["exposures"][0]["families"][0]["zones"].as_array().unwrap();
    assert!(zones.iter().any(|zone| zone["zone"] == "office"), "{zones:?}");
    fs::write(&path, "[networks]\noffice = [\"198.51.100.1/24\"]\n").unwrap();
    let wrong = asked(&["443/tcp", "--config", config]);
    assert_eq!(wrong.code, 2);
    for says in ["portreeve.toml:2: ", "^^^", "198.51.100.0/24"] {
        assert!(wrong.notes.contains(says), "{}", wrong.notes);
    }
    // A question that needs no names is answered all the same.
    assert_eq!(asked(&["unused", "--config", config]).code, asked(&["unused"]).code);
}

#[test]
fn assertions_are_decided_and_malformed_ones_shown() {
    let held = asked(&["assert", "203.0.113.9 cannot reach tcp/443"]);
    assert_eq!(held.code, 0, "{}{}", held.out, held.notes);
    assert!(held.out.starts_with("Rules of "), "{}", held.out);
    let refuted = asked(&["assert", "internet cannot reach tcp/443", "203.0.113.9 cannot reach tcp/443"]);
    assert_eq!(refuted.code, 1, "{}{}", refuted.out, refuted.notes);
    assert!(refuted.out.contains("1 proven, 1 refuted, 0 undecided."), "{}", refuted.out);
    let malformed = asked(&["assert", "internet cannot raech tcp/443"]);
    assert_eq!(malformed.code, 2);
    assert!(malformed.notes.contains("                  ^^^^^\n"), "{}", malformed.notes);
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("policy");
    fs::write(&path, "# what must hold\ninternet can nothing\n").unwrap();
    let in_file = asked(&["assert", "--file", path.to_str().unwrap()]);
    assert_eq!(in_file.code, 2);
    assert!(in_file.notes.contains("policy:2: "), "{}", in_file.notes);
    assert_eq!(asked(&["assert", "--file", "nothing-here"]).code, 2);
}

#[test]
fn a_snapshot_does_not_differ_from_itself() {
    let same = reach(&["diff", "web1.firewall", "web1.firewall"]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.notes);
    assert!(same.out.contains("No packet fares otherwise."), "{}", same.out);
    let other = reach(&["diff", "web1.firewall", "rules.json"]);
    assert_eq!(other.code, 1, "{}{}", other.out, other.notes);
    let nobody = reach(&["diff", "rules.v4", "rules.json"]);
    assert_eq!(nobody.code, 2, "{}", nobody.notes);
    assert!(nobody.notes.contains("--address"), "{}", nobody.notes);
    assert_eq!(reach(&["diff", "web1.firewall", "nothing-here"]).code, 2);
}

#[test]
fn rules_that_do_nothing_are_looked_for_in_a_snapshot() {
    for (question, schema) in
        [("shadowed", "shadowed/1"), ("redundant", "redundant/1"), ("unused", "unused/1")]
    {
        let answer = document(&[question]);
        assert_eq!(answer["schema"], format!("portreeve.reach.{schema}"));
        assert!(answer["examined"].as_u64().unwrap() > 5, "{answer}");
    }
}

#[test]
fn a_picture_goes_where_it_is_wanted() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("ports.svg");
    let beside = asked(&["443/tcp", "--svg", path.to_str().unwrap()]);
    assert!(beside.out.contains("443/tcp"), "{}", beside.out);
    assert!(fs::read_to_string(&path).unwrap().contains("<svg"));
    let alone = asked(&["443/tcp", "--svg", "-"]);
    assert!(alone.out.contains("<svg") && !alone.out.contains("Nobody knows"), "{}", alone.out);
}
