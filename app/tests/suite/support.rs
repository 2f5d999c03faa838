//! An engine that answers with the documents in `tests/documents`, and commands run over it.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use jiff::tz::TimeZone;
use portreeve_app::cli::Arguments;
use portreeve_app::commands::{Terminal, run};
use portreeve_app::engine::{
    AssertQuery, DiffQuery, Engine, IdleQuery, PortsQuery, ReachQuery, Reached, Scope, SocketQuery,
    TlsFilesQuery, TlsListener, TlsQuery, TlsRun, Told, WhyQuery,
};
use portreeve_app::error::CommandError;
use portreeve_app::exit::Exit;
use portreeve_app::progress::Waits;
use portreeve_app::render::json::Spacing;
use portreeve_app::render::marks::Marks;
use portreeve_app::render::style::Palette;
use portreeve_app::render::view::View;
use portreeve_diagnose::Progress;
use portreeve_model::Protocol;
use portreeve_model::document::{
    Groups, Overview, ReachAssert, ReachDiff, ReachIdle, ReachPorts, Sockets, Tls, TlsFiles, Who, Why,
};
use serde::de::DeserializeOwned;

/// Answers every question with the document of this name.
pub(crate) struct Canned(pub(crate) &'static str);

impl Canned {
    fn document<T: DeserializeOwned>(&self) -> T {
        document(self.0)
    }
}

/// The document `tests/documents/NAME.json`.
pub(crate) fn document<T: DeserializeOwned>(name: &str) -> T {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/documents/{name}.json"));
    serde_json::from_slice(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

impl Engine for Canned {
    fn overview(&self, _: &Scope) -> Result<Overview, CommandError> {
        Ok(self.document())
    }

    fn sockets(&self, _: &SocketQuery) -> Result<Sockets, CommandError> {
        Ok(self.document())
    }

    fn groups(&self, _: &SocketQuery, _: &[String]) -> Result<Groups, CommandError> {
        Ok(self.document())
    }

    fn who(&self, _: u16, _: &[Protocol], _: &Scope) -> Result<Who, CommandError> {
        Ok(self.document())
    }

    fn reach(&self, query: &ReachQuery) -> Result<Reached, CommandError> {
        let snapshot = query.snapshot.then(|| "{}\n".repeat(100));
        Ok(Reached { document: self.document(), snapshot })
    }

    fn reach_ports(&self, _: &PortsQuery) -> Result<ReachPorts, CommandError> {
        Ok(self.document())
    }

    fn reach_idle(&self, _: &IdleQuery) -> Result<ReachIdle, CommandError> {
        Ok(self.document())
    }

    fn reach_diff(&self, _: &DiffQuery) -> Result<ReachDiff, CommandError> {
        Ok(self.document())
    }

    fn reach_assert(&self, _: &AssertQuery) -> Result<ReachAssert, CommandError> {
        Ok(self.document())
    }

    fn why(&self, _: &WhyQuery, _: &dyn Progress) -> Result<Why, CommandError> {
        Ok(self.document())
    }

    fn tls(&self, query: &TlsQuery, listener: &mut dyn TlsListener) -> Result<TlsRun, CommandError> {
        let document: Tls = self.document();
        let hosts = document.audits.len() as u64;
        for (place, audit) in document.audits.into_iter().enumerate() {
            let target = query.targets.get(place).unwrap_or(&query.targets[0]);
            listener.audited(Told { target, place: place as u64, audit })?;
        }
        let took = Duration::from_millis(document.took_ms);
        Ok(TlsRun { host: document.host, hosts, done: hosts, interrupted: !document.unseen.is_empty(), took })
    }

    fn tls_files(&self, _: &TlsFilesQuery) -> Result<TlsFiles, CommandError> {
        Ok(self.document())
    }

    fn service_name(&self, protocol: Protocol, port: u16) -> Option<&'static str> {
        match (protocol, port) {
            (Protocol::Tcp, 22) => Some("ssh"),
            (Protocol::Tcp, 443) => Some("https"),
            (Protocol::Udp, 53) => Some("domain"),
            _ => None,
        }
    }

    fn port_of(&self, name: &str, protocol: Protocol) -> Option<u16> {
        match (name, protocol) {
            ("https", Protocol::Tcp | Protocol::Udp) => Some(443),
            _ => None,
        }
    }
}

/// What a command wrote and came to.
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) notes: String,
    pub(crate) exit: Exit,
}

impl Ran {
    /// Everything, for a snapshot.
    pub(crate) fn all(&self) -> String {
        let notes =
            if self.notes.is_empty() { String::new() } else { format!("--- standard error\n{}", self.notes) };
        format!("{}{notes}--- exit {}\n", self.out, self.exit.number())
    }
}

/// Runs a command line over a document; `width` as the terminal's, or none where there is no terminal.
pub(crate) fn ran(document: &'static str, line: &[&str], width: Option<usize>, palette: Palette) -> Ran {
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let exit = try_run(document, line, width, palette, &mut out, &mut notes).unwrap_or_else(|error| {
        error.report(&mut notes, palette).unwrap();
        error.exit()
    });
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { out: text(out), notes: text(notes), exit }
}

/// As [`ran`], into given writers.
pub(crate) fn try_run(
    document: &'static str,
    line: &[&str],
    width: Option<usize>,
    palette: Palette,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let words = ["portreeve"].iter().chain(line);
    let arguments = Arguments::try_parse_from(words).unwrap();
    let mut terminal = Terminal {
        out,
        notes,
        view: View { width, palette, marks: Marks::Unicode, zone: TimeZone::UTC },
        notes_palette: palette,
        spacing: Spacing::Compact,
        waits: Waits::Hidden,
    };
    run(&Canned(document), &arguments, &mut terminal)
}

/// A writer that takes `limit` bytes and then is closed, as a pipe into `head` is.
pub(crate) struct Closing {
    pub(crate) limit: usize,
}

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.limit == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.limit);
        self.limit -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
