//! Exit codes, closed pipes, and the speed of large listings.

use std::fs::File;
use std::io::BufWriter;
use std::time::{Duration, Instant};

use crate::support::{Closing, document, ran, try_run};
use portreeve_app::error::Fault;
use portreeve_app::exit::Exit;
use portreeve_app::render::json::{self, Spacing};
use portreeve_app::render::style::Palette;
use portreeve_model::document::Sockets;

#[test]
fn exit_codes_tell_what_a_run_comes_to() {
    for (document, line, exit) in [
        ("overview", &[][..], Exit::Findings),
        ("overview-empty", &[], Exit::Clean),
        ("overview-unprivileged", &[], Exit::Incomplete),
        ("sockets", &["sockets"], Exit::Incomplete),
        ("sockets-own", &["sockets", "--json"], Exit::Incomplete),
        ("groups", &["sockets", "--group-by", "state"], Exit::Clean),
        ("who-held", &["who", "443"], Exit::Clean),
        ("who-held", &["who", "https"], Exit::Clean),
        ("who-taken", &["who", "8000"], Exit::Clean),
        ("who-free", &["who", "8081", "--json"], Exit::NotFound),
        ("who-inconclusive", &["who", "631"], Exit::Incomplete),
        ("who-free", &["who", "nosuchservice"], Exit::Usage),
        ("reach-deny", &["reach", "--packet", "out to 192.0.2.1 ping"], Exit::NotFound),
        ("reach-unknown", &["reach", "--packet", "out to 192.0.2.1 ping", "--json"], Exit::Incomplete),
    ] {
        assert_eq!(ran(document, line, None, Palette::Plain).exit, exit, "{document} {line:?}");
    }
}

#[test]
fn a_closed_pipe_ends_every_form_silently() {
    for (document, line) in [
        ("overview", &[][..]),
        ("overview", &["--json"]),
        ("sockets", &["sockets"]),
        ("sockets", &["sockets", "--json"]),
        ("sockets", &["sockets", "--jsonl"]),
        ("sockets", &["sockets", "--csv"]),
        ("groups", &["sockets", "--group-by", "state"]),
        ("who-held", &["who", "443"]),
        ("reach-deny", &["reach", "--packet", "out to 192.0.2.1 ping"]),
        ("reach-deny", &["reach", "--packet", "out to 192.0.2.1 ping", "--json"]),
        ("reach-deny", &["reach", "--snapshot-out", "-"]),
        ("reach-ports", &["reach"]),
        ("reach-ports", &["reach", "--svg", "-"]),
        ("reach-port", &["reach", "443", "--json"]),
        ("reach-shadowed", &["reach", "shadowed"]),
        ("reach-diff", &["reach", "diff", "old", "live"]),
        ("reach-assert", &["reach", "assert", "internet cannot reach tcp/5432"]),
        ("overview", &["completions", "bash"]),
        ("overview", &["man"]),
    ] {
        for limit in [0, 100] {
            let mut notes = Vec::new();
            let outcome = try_run(document, line, None, Palette::Plain, &mut Closing { limit }, &mut notes);
            let error = outcome.unwrap_err();
            assert_eq!(error.fault, Fault::OutputClosed, "{line:?}");
            error.report(&mut notes, Palette::Plain).unwrap();
            assert_eq!(String::from_utf8(notes).unwrap(), "", "{line:?}");
        }
    }
}

#[test]
fn notes_go_to_standard_error_and_results_to_standard_output() {
    let table = ran("sockets-own", &["sockets", "-tanp"], None, Palette::Plain);
    assert!(table.notes.contains("not seen: descriptors of 187 of 212 processes"));
    assert!(!table.out.contains("not seen"));
    let json = ran("sockets-own", &["sockets", "-tanp", "--json"], None, Palette::Plain);
    assert_eq!(json.notes, "");
    assert!(json.out.contains(r#""unseen":[{"#));
}

#[test]
fn completions_and_manual_pages_are_generated() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = ran("overview", &["completions", shell], None, Palette::Plain);
        assert!(script.out.contains("sockets"), "{shell}");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("man1");
    let line = ["man", "--dir", path.to_str().unwrap()];
    assert_eq!(ran("overview", &line, None, Palette::Plain).exit, Exit::Clean);
    for page in ["portreeve.1", "portreeve-sockets.1", "portreeve-who.1"] {
        assert!(std::fs::read_to_string(path.join(page)).unwrap().contains(".TH"), "{page}");
    }
}

#[test]
fn large_listings_do_not_take_quadratic_time() {
    let mut sockets: Sockets = document("sockets-own");
    let few = sockets.sockets.clone();
    sockets.sockets = few.into_iter().cycle().take(30_000).collect();
    let mut null = BufWriter::new(File::create("/dev/null").unwrap());
    let started = Instant::now();
    json::document(&mut null, &sockets, Spacing::Compact).unwrap();
    let columns = portreeve_app::render::sockets::SocketColumns {
        netns: false,
        netid: true,
        state: true,
        heading: portreeve_app::render::table::Heading::Shown,
        names: None,
        details: portreeve_app::engine::Details::default(),
    };
    let view = portreeve_app::render::view::View {
        width: Some(80),
        palette: Palette::Plain,
        marks: portreeve_app::render::marks::Marks::Unicode,
        zone: jiff::tz::TimeZone::UTC,
    };
    portreeve_app::render::sockets::table(&mut null, &sockets, columns, &view).unwrap();
    // An unoptimised build on a loaded machine; quadratic work would take minutes.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
