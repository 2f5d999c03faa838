//! `portreeve why` over documents made by hand: every rendering, every exit code.

use clap::Parser;
use insta::assert_snapshot;
use portreeve_app::cli::Arguments;
use portreeve_app::exit::Exit;
use portreeve_app::render::marks::Marks;
use portreeve_app::render::style::Palette;
use portreeve_app::render::view::View;
use portreeve_app::render::why::{LayerDetail, print};
use portreeve_model::document::Why;
use proptest::prelude::*;

use crate::rendering::{assert_fits, without_escapes};
use crate::support::{document, ran};

const DOCUMENTS: [&str; 6] =
    ["why-healthy", "why-fault", "why-undetermined", "why-outside", "why-many", "why-hostile"];

/// What begins a sequence that drives a terminal.
const ESCAPE: char = '\u{1b}';

/// The rendering of a document at this width.
fn at(document: &'static str, options: &[&str], width: Option<usize>) -> String {
    let ran = ran(document, &[&["why", "443"], options].concat(), width, Palette::Plain);
    if let Some(width) = width {
        assert_fits(&ran.out, width);
    }
    ran.all()
}

#[test]
fn a_cause_with_what_else_is_wrong() {
    for (name, width) in [("fault_80", Some(80)), ("fault_140", Some(140)), ("fault_pipe", None)] {
        assert_snapshot!(name, at("why-fault", &[], width));
    }
}

#[test]
fn a_healthy_target_takes_few_lines() {
    assert_snapshot!("healthy_80", at("why-healthy", &[], Some(80)));
    assert_snapshot!("healthy_all_layers_80", at("why-healthy", &["--all-layers"], Some(80)));
}

#[test]
fn what_could_not_be_judged_is_told_with_what_would_show_it() {
    assert_snapshot!("undetermined_80", at("why-undetermined", &[], Some(80)));
    assert_snapshot!("undetermined_all_layers_80", at("why-undetermined", &["--all-layers"], Some(80)));
}

#[test]
fn another_host_is_seen_from_outside() {
    assert_snapshot!("outside_80", at("why-outside", &[], Some(80)));
    assert_snapshot!("many_80", at("why-many", &[], Some(80)));
}

#[test]
fn a_narrow_terminal_is_enough() {
    for document in DOCUMENTS {
        at(document, &["--all-layers"], Some(40));
    }
    assert_snapshot!("fault_40", at("why-fault", &[], Some(40)));
}

#[test]
fn foreign_text_cannot_drive_the_terminal() {
    let out = at("why-hostile", &["--all-layers"], Some(80));
    assert!(!out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{out}");
    assert!(!out.lines().any(|line| line.starts_with("high      forged")), "{out}");
    assert_snapshot!("hostile_80", out);
}

#[test]
fn colours_change_nothing_but_colours() {
    for document in DOCUMENTS {
        let line = ["why", "443", "--all-layers"];
        let plain = ran(document, &line, Some(80), Palette::Plain).out;
        let colored = ran(document, &line, Some(80), Palette::Colored).out;
        assert_eq!(without_escapes(&colored), plain, "{document}");
        assert_ne!(colored, plain, "{document}");
    }
    let colored = ran("why-fault", &["why", "443"], Some(80), Palette::Colored);
    assert_snapshot!("fault_in_colour", colored.all());
}

#[test]
fn a_terminal_without_unicode_has_other_marks() {
    let mut out = Vec::new();
    let document: Why = document("why-fault");
    print(&mut out, &document, LayerDetail::Marks, &view(Some(80), Marks::Ascii)).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains(". dns - + address -") && out.contains("X firewall"), "{out}");
    assert!(!out.contains(['✔', '✘', '─', '·']), "{out}");
}

#[test]
fn exit_codes_tell_what_it_comes_to() {
    for (document, exit) in [
        ("why-healthy", Exit::Clean),
        ("why-fault", Exit::Findings),
        ("why-undetermined", Exit::Incomplete),
        ("why-outside", Exit::Findings),
    ] {
        for line in [&["why", "443"][..], &["why", "443", "--json"]] {
            assert_eq!(ran(document, line, None, Palette::Plain).exit, exit, "{document}");
        }
    }
}

#[test]
fn malformed_questions_are_shown_with_their_place_and_an_example() {
    for (name, line, exit) in [
        ("wrong_port", &["why", "443/tpc"][..], Exit::Usage),
        ("wrong_service", &["why", "gopherx://example.com"], Exit::Usage),
        ("wrong_from", &["why", "443", "--from", "198.51.100.0/24"], Exit::Usage),
        ("wrong_version", &["why", "192.0.2.10:443", "--from", "2001:db8::1"], Exit::Usage),
        ("wrong_netns", &["why", "443", "--netns", "all"], Exit::Usage),
    ] {
        let ran = ran("why-fault", line, Some(80), Palette::Plain);
        assert_eq!(ran.exit, exit, "{line:?}: {}", ran.notes);
        assert_eq!(ran.out, "");
        assert_snapshot!(name, ran.notes);
    }
}

fn view(width: Option<usize>, marks: Marks) -> View {
    View { width, palette: Palette::Plain, marks, zone: jiff::tz::TimeZone::UTC }
}

/// Words as peers, logs and names of files have them.
fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[a-z ]{0,200}",
        "[\\x00-\\x7f]{0,60}",
        "[\u{202a}-\u{202e}\u{200b}名前é\u{0301}]{0,80}",
        "[a-z]{81,200}",
    ]
}

/// Whatever strings the document has, these are in their place.
fn with_foreign(name: &str, texts: &[String]) -> Why {
    let mut document: Why = document(name);
    let mut texts = texts.iter().cycle().cloned();
    let mut next = || texts.next().unwrap_or_default();
    document.host.name = next();
    document.target.text = next();
    document.statement = next();
    for client in &mut document.clients {
        (client.who, client.interface) = (next(), Some(next()));
    }
    for endpoint in &mut document.endpoints {
        (endpoint.origin, endpoint.interface) = (next(), Some(next()));
    }
    for stage in document.attempts.iter_mut().flat_map(|attempt| &mut attempt.stages) {
        (stage.stage, stage.outcome) = (next(), next());
    }
    for layer in &mut document.layers {
        layer.statement = next();
        layer.notes.iter_mut().for_each(|note| note.statement = next());
        layer.unknown.iter_mut().for_each(|one| (one.cause, one.remedy) = (next(), Some(next())));
    }
    for fault in document.primary.iter_mut().chain(&mut document.contributing) {
        (fault.code, fault.statement) = (next(), next());
        fault.fix.iter_mut().for_each(|fix| *fix = next());
        fault.evidence.iter_mut().for_each(|one| (one.text, one.reproduce) = (next(), Some(next())));
    }
    document
}

proptest! {
    #[test]
    fn any_text_is_survived_and_every_line_fits(
        place in 0..DOCUMENTS.len(),
        texts in prop::collection::vec(foreign(), 1..12),
        width in 40_usize..160,
    ) {
        let document = with_foreign(DOCUMENTS[place], &texts);
        let mut out = Vec::new();
        print(&mut out, &document, LayerDetail::Statements, &view(Some(width), Marks::Unicode)).unwrap();
        let out = String::from_utf8(out).unwrap();
        for line in out.lines() {
            // A command stays in one piece.
            let whole = line.starts_with("  check ");
            prop_assert!(whole || unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
            prop_assert!(!line.contains(ESCAPE));
        }
    }
}

#[test]
fn options_may_stand_before_and_after_the_target() {
    for line in [["portreeve", "why", "--no-probe", "443"], ["portreeve", "why", "443", "--no-probe"]] {
        assert!(Arguments::try_parse_from(line).is_ok());
    }
}
