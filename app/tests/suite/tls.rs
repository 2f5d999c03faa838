//! `portreeve tls` over documents made by hand: every rendering, every exit code.

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use portreeve_app::exit::Exit;
use portreeve_app::render::marks::Marks;
use portreeve_app::render::style::Palette;
use portreeve_app::render::tls::{self, Detail, Summary};
use portreeve_app::render::view::View;
use portreeve_model::document::{Tls, TlsFiles};
use portreeve_model::tls::Audit;
use proptest::prelude::*;
use serde_json::Value;

use crate::rendering::{assert_fits, without_escapes};
use crate::support::{document, ran};

const DOCUMENTS: [&str; 12] = [
    "tls-healthy",
    "tls-bad",
    "tls-expired",
    "tls-refused",
    "tls-unknown",
    "tls-silent",
    "tls-ssh",
    "tls-incomplete",
    "tls-turned-away",
    "tls-many",
    "tls-explained",
    "tls-hostile",
];

/// The rendering of a document at this width.
fn at(document: &'static str, options: &[&str], width: Option<usize>) -> String {
    let ran = ran(document, &[&["tls"], options].concat(), width, Palette::Plain);
    if let Some(width) = width {
        assert_fits(&ran.out, width);
    }
    ran.all()
}

/// What begins a sequence that drives a terminal.
const ESCAPE: char = '\u{1b}';

const ONE: &[&str] = &["example.com"];
const TWO: &[&str] = &["example.com", "expired.example"];

#[test]
fn a_healthy_server() {
    for (name, width) in [("healthy_80", Some(80)), ("healthy_120", Some(120)), ("healthy_pipe", None)] {
        assert_snapshot!(name, at("tls-healthy", ONE, width));
    }
    assert_snapshot!("healthy_details_80", at("tls-healthy", &["example.com", "--details"], Some(80)));
}

#[test]
fn a_server_with_much_to_mend() {
    for (name, width) in [("bad_80", Some(80)), ("bad_120", Some(120))] {
        assert_snapshot!(name, at("tls-bad", ONE, width));
    }
    assert_snapshot!("bad_details_80", at("tls-bad", &["example.com", "--details"], Some(80)));
}

#[test]
fn an_expired_certificate() {
    assert_snapshot!("expired_80", at("tls-expired", ONE, Some(80)));
}

#[test]
fn servers_that_are_not_reached() {
    for document in ["tls-refused", "tls-unknown", "tls-silent", "tls-ssh"] {
        assert_snapshot!(format!("{document}_80"), at(document, ONE, Some(80)));
    }
}

#[test]
fn a_server_that_agrees_to_nothing() {
    let explained = ["example.com", "--explain"];
    assert_snapshot!("turned_away_80", at("tls-turned-away", &explained, Some(80)));
    // Two targets make a list: one line, and once why.
    let line = at("tls-turned-away", TWO, Some(120));
    assert_eq!(line.matches("knows no site of the name example.com").count(), 1, "{line}");
    assert_snapshot!("turned_away_line_120", line);
}

#[test]
fn many_servers_are_a_line_each() {
    for (name, width) in [("many_80", Some(80)), ("many_120", Some(120)), ("many_pipe", None)] {
        assert_snapshot!(name, at("tls-many", TWO, width));
    }
    let reports = at("tls-many", &["example.com", "expired.example", "--details"], Some(80));
    assert_eq!(reports.matches("Known attacks").count(), 4, "{reports}");
    // Of a network, addresses that do not answer are counted.
    let network = ran("tls-many", &["tls", "192.0.2.0/29"], Some(80), Palette::Plain);
    assert_snapshot!("network_80", network.all());
}

#[test]
fn a_handshake_byte_by_byte() {
    assert_snapshot!("explain_80", at("tls-explained", &["example.com", "--explain"], Some(80)));
    assert_snapshot!("explain_120", at("tls-explained", &["example.com", "--explain=1.3"], Some(120)));
}

#[test]
fn certificates_of_files() {
    assert_snapshot!("files_80", at("tls-files", &["--cert", "/etc/ssl/site"], Some(80)));
}

#[test]
fn a_narrow_terminal_is_enough() {
    for document in DOCUMENTS {
        // The picture of a handshake has two sides and what is between them.
        if !matches!(document, "tls-explained" | "tls-hostile") {
            at(document, &["example.com", "--details"], Some(40));
            at(document, TWO, Some(40));
        }
    }
    at("tls-files", &["--cert", "x"], Some(40));
    assert_snapshot!("healthy_40", at("tls-healthy", ONE, Some(40)));
}

#[test]
fn foreign_text_cannot_drive_the_terminal() {
    for options in [ONE, TWO, &["example.com", "--details"]] {
        let out = at("tls-hostile", options, Some(80));
        assert!(!out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{out}");
        assert!(!out.lines().any(|line| line.starts_with("high      forged")), "{out}");
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    for document in DOCUMENTS {
        for line in [&["tls", "example.com", "--details"][..], &["tls", "example.com", "expired.example"]] {
            let plain = ran(document, line, Some(80), Palette::Plain).out;
            let colored = ran(document, line, Some(80), Palette::Colored).out;
            assert_eq!(without_escapes(&colored), plain, "{document}");
            assert_ne!(colored, plain, "{document}");
        }
    }
    assert_snapshot!(
        "healthy_in_colour",
        ran("tls-healthy", &["tls", "example.com"], Some(80), Palette::Colored).all()
    );
    let many = ran("tls-many", &["tls", "a.example", "b.example"], Some(80), Palette::Colored);
    assert_snapshot!("many_in_colour", many.all());
}

#[test]
fn a_terminal_without_unicode_has_other_marks() {
    for name in DOCUMENTS {
        if name == "tls-hostile" {
            continue;
        }
        for audit in document::<Tls>(name).audits {
            let mut out = Vec::new();
            tls::report(&mut out, &audit, Detail::Full, &view(Some(80), Marks::Ascii)).unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(!out.contains(['✔', '✘', '─', '·', '█', '░', '└', '│', '▶']), "{out}");
        }
    }
}

#[test]
fn exit_codes_tell_what_it_comes_to() {
    for (document, exit) in [
        ("tls-healthy", Exit::Clean),
        ("tls-bad", Exit::Findings),
        ("tls-expired", Exit::Findings),
        ("tls-incomplete", Exit::Incomplete),
        ("tls-turned-away", Exit::Incomplete),
        ("tls-refused", Exit::NotFound),
        ("tls-unknown", Exit::NotFound),
        ("tls-silent", Exit::NotFound),
        ("tls-ssh", Exit::NotFound),
        ("tls-many", Exit::Findings),
    ] {
        for format in [&[][..], &["--json"], &["--jsonl"], &["--details"]] {
            let line = [&["tls", "example.com"], format].concat();
            assert_eq!(ran(document, &line, None, Palette::Plain).exit, exit, "{document} {format:?}");
        }
    }
    assert_eq!(ran("tls-files", &["tls", "--cert", "x"], None, Palette::Plain).exit, Exit::Findings);
    // What may not be read is not the same as nothing there.
    let forbidden = ran("tls-files-forbidden", &["tls", "--cert", "x"], None, Palette::Plain);
    assert_eq!(forbidden.exit, Exit::Incomplete, "{}", forbidden.out);
}

#[test]
fn json_lines_are_one_object_for_each_audit() {
    let out = ran("tls-many", &["tls", "example.com", "--jsonl"], None, Palette::Plain).out;
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    assert!(lines.iter().all(|line| line["schema"] == "portreeve.tls.audit/1"));
    assert_eq!(lines[1]["outcome"]["reason"], "unknown_host");
}

#[test]
fn malformed_targets_are_shown_with_their_place_and_an_example() {
    let scratch = tempfile::tempdir().unwrap();
    let list = scratch.path().join("hosts.txt");
    std::fs::write(&list, "# ours\nexample.com\nexample.com:70000  # too much\n").unwrap();
    let list = list.to_str().unwrap();
    for (name, line, exit) in [
        ("wrong_port", &["tls", "example.com:44e"][..], Exit::Usage),
        ("wrong_scheme", &["tls", "http://example.com/"], Exit::Usage),
        ("wrong_network", &["tls", "10.0.0.0/8"], Exit::Usage),
        ("wrong_sni", &["tls", "192.0.2.1", "--sni", "192.0.2.1"], Exit::Usage),
        ("wrong_netns", &["tls", "example.com", "--netns", "all"], Exit::Usage),
        ("wrong_explain", &["tls", "example.com", "--explain", "1.2"], Exit::Usage),
        ("wrong_cert_netns", &["tls", "--cert", "x", "--netns", "blue"], Exit::Usage),
        ("wrong_list", &["tls", "-f", list], Exit::Usage),
        ("no_list", &["tls", "-f", "/nothing/here"], Exit::Usage),
    ] {
        let ran = ran("tls-healthy", line, Some(80), Palette::Plain);
        assert_eq!(ran.exit, exit, "{line:?}: {}", ran.notes);
        assert_eq!(ran.out, "");
        assert_snapshot!(name, ran.notes.replace(scratch.path().to_str().unwrap(), "/tmp/scratch"));
    }
}

fn view(width: Option<usize>, marks: Marks) -> View {
    View { width, palette: Palette::Plain, marks, zone: TimeZone::UTC }
}

/// Words as peers, authorities and name servers have them.
fn foreign() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[a-z ]{0,200}",
        "[\\x00-\\x7f]{0,60}",
        "[\u{202a}-\u{202e}\u{200b}名前é\u{0301}]{0,80}",
        "[a-z]{81,200}",
    ]
}

/// Fields whose text is a word of the document, or a number.
const WORDS: [&str; 24] = [
    "schema",
    "kind",
    "support",
    "verdict",
    "severity",
    "group",
    "order",
    "group_order",
    "party",
    "store",
    "status",
    "stapling",
    "via",
    "validation",
    "not_before",
    "not_after",
    "at",
    "address",
    "addresses",
    "other_addresses",
    "taken_at",
    "format",
    "holds",
    "subject_kind",
];

/// Whatever texts the document has, these are in their place.
fn poison(value: &mut Value, texts: &mut dyn FnMut() -> String) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, texts)),
        Value::Object(fields) => {
            let unreached = fields.get("kind").is_some_and(|kind| kind == "unreachable");
            for (name, value) in fields {
                // Why a server was not reached, and why a thing was not seen, are words too.
                let word =
                    WORDS.contains(&name.as_str()) || unreached && name == "reason" || name == "unseen";
                if !word {
                    poison(value, texts);
                }
            }
        }
        Value::String(text) => *text = texts(),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn with_foreign<T: serde::de::DeserializeOwned>(name: &str, texts: &[String]) -> T {
    let mut value: Value = document(name);
    let mut texts = texts.iter().cycle().cloned();
    poison(&mut value, &mut || texts.next().unwrap_or_default());
    serde_json::from_value(value).unwrap()
}

fn fits(out: &[u8], width: usize) -> Result<(), TestCaseError> {
    let out = std::str::from_utf8(out).unwrap();
    for line in out.lines() {
        // A command stays in one piece.
        let whole = line.trim_start().starts_with("check ");
        prop_assert!(whole || unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
        prop_assert!(!line.contains(ESCAPE));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_survived_and_every_line_fits(
        place in 0..DOCUMENTS.len(),
        texts in prop::collection::vec(foreign(), 1..12),
        width in 60_usize..160,
    ) {
        let document: Tls = with_foreign(DOCUMENTS[place], &texts);
        let view = view(Some(width), Marks::Unicode);
        let mut summary = Summary::default();
        for (place, audit) in document.audits.iter().enumerate() {
            for detail in [Detail::Brief, Detail::Full] {
                let mut out = Vec::new();
                tls::report(&mut out, audit, detail, &view).unwrap();
                fits(&out, width)?;
            }
            summary.add(place as u64, audit, false);
        }
        let mut out = Vec::new();
        summary.print(&mut out, std::time::Duration::from_secs(1), &view).unwrap();
        fits(&out, width)?;
    }

    #[test]
    fn any_text_of_files_is_survived(texts in prop::collection::vec(foreign(), 1..12), width in 40_usize..160) {
        let document: TlsFiles = with_foreign("tls-files", &texts);
        let mut out = Vec::new();
        tls::files(&mut out, &document, &view(Some(width), Marks::Unicode)).unwrap();
        fits(&out, width)?;
    }
}

#[test]
fn an_audit_survives_its_document() {
    for name in DOCUMENTS {
        for audit in document::<Tls>(name).audits {
            let text = serde_json::to_string(&audit).unwrap();
            assert_eq!(serde_json::from_str::<Audit>(&text).unwrap(), audit, "{name}");
        }
    }
}
