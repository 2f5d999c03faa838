//! `portreeve reach` about ports and about the rules as a whole, over documents made by hand: every rendering, every exit code.

use insta::assert_snapshot;
use portreeve_app::exit::Exit;
use portreeve_app::render::style::Palette;

use crate::rendering::{assert_fits, without_escapes};
use crate::support::ran;

const ASSERT: [&str; 3] = ["reach", "assert", "internet cannot reach tcp/5432"];

/// Snapshots of one command line at these widths; none is where there is no terminal.
fn snapshot(name: &str, document: &'static str, line: &[&str], widths: &[Option<usize>]) {
    for width in widths {
        let ran = ran(document, line, *width, Palette::Plain);
        if let Some(width) = width {
            assert_fits(&ran.out, *width);
        }
        let suffix = width.map_or_else(|| "pipe".to_owned(), |width| width.to_string());
        assert_snapshot!(format!("{name}_{suffix}"), ran.all());
    }
}

const EVERY: [Option<usize>; 3] = [Some(80), Some(140), None];
const AT_80: [Option<usize>; 1] = [Some(80)];

#[test]
fn the_table_of_all_ports() {
    snapshot("ports", "reach-ports", &["reach"], &EVERY);
}

#[test]
fn the_table_of_who_is_kept_out() {
    snapshot("ports_blocked", "reach-ports", &["reach", "--blocked"], &AT_80);
}

#[test]
fn everything_about_one_port() {
    snapshot("port", "reach-port", &["reach", "https"], &EVERY);
    snapshot("port_blocked", "reach-port", &["reach", "443", "--blocked"], &AT_80);
}

#[test]
fn what_hangs_on_something_and_what_was_not_seen_is_said() {
    snapshot("port_unknown", "reach-port-unknown", &["reach", "9100/tcp", "--snapshot", "x"], &AT_80);
    snapshot("ports_complex", "reach-ports-complex", &["reach", "--to", "10.20.0.5"], &AT_80);
}

#[test]
fn nothing_at_a_port_and_nothing_at_all() {
    snapshot("port_none", "reach-port-none", &["reach", "81"], &AT_80);
    snapshot("ports_empty", "reach-ports-empty", &["reach"], &AT_80);
}

#[test]
fn rules_of_files_without_listeners() {
    let line = ["reach", "--rules", "rules.v4", "--address", "eth0=192.0.2.10/24"];
    snapshot("ports_rules", "reach-ports-rules", &line, &AT_80);
}

#[test]
fn what_some_sources_can_and_cannot_reach() {
    snapshot("from", "reach-from", &["reach", "--from", "internet"], &AT_80);
    snapshot("from_blocked", "reach-from", &["reach", "--from", "internet", "--blocked"], &AT_80);
    snapshot("from_closed", "reach-from-closed", &["reach", "5432", "--from", "internet"], &AT_80);
}

#[test]
fn rules_that_do_nothing() {
    snapshot("shadowed", "reach-shadowed", &["reach", "shadowed"], &EVERY);
    snapshot("redundant", "reach-redundant", &["reach", "redundant", "--snapshot", "web1.firewall"], &AT_80);
    snapshot("unused", "reach-unused", &["reach", "unused"], &AT_80);
    snapshot("shadowed_none", "reach-idle-none", &["reach", "shadowed"], &AT_80);
}

#[test]
fn what_a_change_opens_and_closes() {
    snapshot("diff", "reach-diff", &["reach", "diff", "web1.firewall", "live"], &EVERY);
    snapshot("diff_none", "reach-diff-none", &["reach", "diff", "a.v4,a.v6", "b.v4"], &AT_80);
    snapshot("diff_complex", "reach-diff-complex", &["reach", "diff", "a.v4,a.v6", "b.v4"], &AT_80);
}

#[test]
fn assertions_are_proven_or_refuted() {
    snapshot("assert", "reach-assert", &ASSERT, &EVERY);
    snapshot("assert_proven", "reach-assert-proven", &ASSERT, &AT_80);
}

#[test]
fn foreign_text_cannot_drive_the_terminal() {
    for line in [&["reach", "8080", "--from", "x"][..], &["reach", "--blocked"], &["reach", "8080"]] {
        let ran = ran("reach-ports-hostile", line, Some(80), Palette::Plain);
        assert!(!ran.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", ran.out);
        assert!(
            !ran.out.lines().any(|text| text.starts_with("443/tcp") || text.starts_with("  check rm")),
            "{}",
            ran.out
        );
    }
    snapshot("ports_hostile", "reach-ports-hostile", &["reach", "8080"], &AT_80);
}

#[test]
fn colours_change_nothing_but_colours() {
    for (document, line) in [
        ("reach-ports", &["reach"][..]),
        ("reach-port", &["reach", "443"]),
        ("reach-from", &["reach", "--from", "internet"]),
        ("reach-shadowed", &["reach", "shadowed"]),
        ("reach-diff", &["reach", "diff", "old", "live"]),
        ("reach-assert", &ASSERT),
    ] {
        let plain = ran(document, line, Some(80), Palette::Plain).out;
        let colored = ran(document, line, Some(80), Palette::Colored).out;
        assert_eq!(without_escapes(&colored), plain, "{document}");
        assert_ne!(colored, plain, "{document}");
    }
    assert_snapshot!("ports_in_colour", ran("reach-ports", &["reach"], Some(80), Palette::Colored).all());
}

#[test]
fn exit_codes_tell_what_an_answer_comes_to() {
    for (document, line, exit) in [
        ("reach-ports", &["reach"][..], Exit::Incomplete),
        ("reach-ports-clean", &["reach"], Exit::Clean),
        ("reach-ports-empty", &["reach"], Exit::Clean),
        ("reach-ports-complex", &["reach"], Exit::Incomplete),
        ("reach-port", &["reach", "443"], Exit::Clean),
        ("reach-port-none", &["reach", "81", "--json"], Exit::NotFound),
        ("reach-port-unknown", &["reach", "9100"], Exit::Incomplete),
        ("reach-from-closed", &["reach", "5432", "--from", "internet"], Exit::NotFound),
        ("reach-shadowed", &["reach", "shadowed"], Exit::Findings),
        ("reach-idle-none", &["reach", "shadowed", "--json"], Exit::Clean),
        ("reach-redundant", &["reach", "redundant"], Exit::Findings),
        ("reach-diff", &["reach", "diff", "a", "live"], Exit::Findings),
        ("reach-diff-none", &["reach", "diff", "a", "live"], Exit::Clean),
        ("reach-diff-complex", &["reach", "diff", "a", "live"], Exit::Incomplete),
        ("reach-assert", &ASSERT, Exit::Findings),
        ("reach-assert-proven", &ASSERT, Exit::Clean),
        ("reach-assert-undecided", &ASSERT, Exit::Incomplete),
    ] {
        assert_eq!(ran(document, line, None, Palette::Plain).exit, exit, "{document} {line:?}");
    }
}

#[test]
fn malformed_questions_are_shown_with_their_place_and_an_example() {
    for (name, line) in [
        ("wrong_port", &["reach", "443/tpc"][..]),
        ("wrong_service", &["reach", "shadow"]),
        ("wrong_from", &["reach", "--from", "10.0.0.0/33"]),
        ("wrong_to", &["reach", "--to", "web1"]),
        ("wrong_mix", &["reach", "443", "shadowed"]),
        ("wrong_rules", &["reach", "--rules", "rules.v4"]),
        ("wrong_address", &["reach", "--address", "eth0=192.0.2.1"]),
        ("wrong_diff", &["reach", "diff", "live", "live"]),
        ("wrong_sides", &["reach", "diff", "a", "b", "--snapshot", "c"]),
    ] {
        let ran = ran("reach-ports", line, Some(80), Palette::Plain);
        assert_eq!(ran.exit, Exit::Usage, "{line:?}");
        assert_eq!(ran.out, "");
        assert_snapshot!(name, ran.notes);
    }
}
