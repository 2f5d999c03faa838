//! Every rendering of hand-made documents, as a snapshot: at 80 and 140 columns, without a terminal, and in colour.

use crate::support::ran;
use insta::assert_snapshot;
use portreeve_app::render::style::Palette;

/// Snapshots of one command line at 80 columns, at 140, and without a terminal.
macro_rules! at_every_width {
    ($name:ident, $document:literal, $($word:literal),*) => {
        #[test]
        fn $name() {
            for (suffix, width) in [("80", Some(80)), ("140", Some(140)), ("pipe", None)] {
                let ran = ran($document, &[$($word),*], width, Palette::Plain);
                if let Some(width) = width {
                    assert_fits(&ran.out, width);
                }
                assert_snapshot!(format!("{}_{suffix}", stringify!($name)), ran.all());
            }
        }
    };
}

/// One command line at 80 columns.
macro_rules! at_80 {
    ($name:ident, $document:literal, $($word:literal),*) => {
        #[test]
        fn $name() {
            let ran = ran($document, &[$($word),*], Some(80), Palette::Plain);
            assert_fits(&ran.out, 80);
            assert_snapshot!(stringify!($name), ran.all());
        }
    };
}

at_every_width!(overview, "overview",);
at_every_width!(sockets_with_processes, "sockets-own", "sockets", "-tanp");
at_every_width!(sockets_of_every_kind, "sockets", "sockets", "-ap");
at_every_width!(who_held, "who-held", "who", "443/tcp");

at_every_width!(
    reach_deny,
    "reach-deny",
    "reach",
    "--packet",
    "from 203.0.113.9 to 192.0.2.10 tcp dport 443"
);

at_80!(overview_unprivileged, "overview-unprivileged",);
at_80!(overview_of_a_bare_machine, "overview-empty",);
at_80!(sockets_with_everything, "sockets-own", "sockets", "-taeimopn");
at_80!(sockets_numeric_without_heading, "sockets-own", "sockets", "-tanH");
at_80!(sockets_in_one_state, "sockets-own", "sockets", "-tn", "state", "established");
at_80!(sockets_with_exposure, "sockets-exposure", "sockets", "-tlnp", "--exposure");
at_80!(groups, "groups", "sockets", "--group-by", "state,process");
at_80!(who_container, "who-container", "who", "6379/tcp");
at_80!(who_taken, "who-taken", "who", "8000/tcp");
at_80!(who_free, "who-free", "who", "8081");
at_80!(who_inconclusive, "who-inconclusive", "who", "631/tcp");
at_80!(who_unknown_service, "who-free", "who", "gopherx");
at_80!(
    hostile_rules_cannot_drive_the_terminal,
    "reach-hostile",
    "reach",
    "--packet",
    "out to 192.0.2.1 ping"
);
at_80!(hostile_names_cannot_drive_the_terminal, "who-hostile", "who", "4444");

#[test]
fn overview_in_colour() {
    assert_snapshot!("overview_in_colour", ran("overview", &[], Some(80), Palette::Colored).all());
}

#[test]
fn reach_in_colour() {
    let line = ["reach", "--packet", "out to 192.0.2.1 ping"];
    assert_snapshot!("reach_in_colour", ran("reach-unknown", &line, Some(80), Palette::Colored).all());
}

#[test]
fn colours_change_nothing_but_colours() {
    for (document, line) in [
        ("overview", &[][..]),
        ("sockets", &["sockets", "-ape"]),
        ("who-held", &["who", "443"]),
        ("who-inconclusive", &["who", "631"]),
        ("groups", &["sockets", "--group-by", "state"]),
        ("reach-deny", &["reach", "--packet", "out to 192.0.2.1 ping"]),
        ("reach-unknown", &["reach", "--packet", "out to 192.0.2.1 ping"]),
    ] {
        let plain = ran(document, line, Some(80), Palette::Plain).out;
        let colored = ran(document, line, Some(80), Palette::Colored).out;
        assert_eq!(without_escapes(&colored), plain, "{document}");
    }
}

#[test]
fn csv_of_sockets_and_groups() {
    assert_snapshot!("csv_sockets", ran("sockets", &["sockets", "-ap", "--csv"], None, Palette::Plain).all());
    let line = ["sockets", "--group-by", "state,process", "--csv"];
    assert_snapshot!("csv_groups", ran("groups", &line, None, Palette::Plain).all());
}

#[test]
fn json_lines_are_sockets() {
    let ran = ran("sockets-own", &["sockets", "-tanp", "--jsonl"], None, Palette::Plain);
    assert_snapshot!("json_lines", ran.all());
}

/// Lines that may be longer: commands stay in one piece, and the parts below a socket's line lose no word.
pub(crate) fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        let whole = line.trim_start().starts_with("check ") || line.starts_with('\t');
        assert!(whole || line.chars().count() <= width, "longer than {width}: {line}");
        assert_eq!(line, line.trim_end(), "ends in blanks");
    }
}

pub(crate) fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}
