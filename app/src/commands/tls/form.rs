//! The forms that answers take: a report each, a line each, one document, one object a line.
//!
//! Reports and lines of JSON are written as audits come and then forgotten; a table keeps its rows, a document everything.

use std::time::Duration;

use portreeve_model::document::{self, Tls, TlsAudit};
use portreeve_model::tls::Audit;
use portreeve_model::{Unseen, UnseenReason, UnseenSubject};

use super::tally::{Ending, Tally};
use super::waiting;
use crate::cli::TlsFormat;
use crate::commands::Terminal;
use crate::engine::{TlsListener, TlsProgress, TlsQuery, TlsRun, Told};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Waits;
use crate::render::json::{self, Spacing};
use crate::render::tls::{self, Detail, Summary};

/// Tells audits in one form.
pub(super) struct Teller<'a, 't> {
    form: Form,
    detail: Detail,
    tally: Tally,
    terminal: &'a mut Terminal<'t>,
    /// Whether there is a line on standard error that has to be erased.
    drawn: bool,
}

enum Form {
    Document { audits: Vec<(u64, Audit)> },
    Lines,
    Reports { told: u64 },
    Summary(Summary),
}

/// A shorter wait is no wait for a person.
const PATIENCE: Duration = Duration::from_millis(400);
/// Columns of the line of progress where nothing is known of the terminal.
const WIDTH: usize = 80;

impl<'a, 't> Teller<'a, 't> {
    pub(super) fn new(format: TlsFormat, detail: Detail, terminal: &'a mut Terminal<'t>) -> Self {
        let form = match format {
            TlsFormat::Json => Form::Document { audits: Vec::new() },
            TlsFormat::JsonLines => Form::Lines,
            TlsFormat::Reports => Form::Reports { told: 0 },
            TlsFormat::Summary => Form::Summary(Summary::default()),
        };
        Self { form, detail, tally: Tally::default(), terminal, drawn: false }
    }

    /// Erases the line of progress.
    pub(super) fn quiet(&mut self) {
        if self.drawn {
            self.drawn = false;
            // What cannot be written is nobody's error: the answer is elsewhere.
            let _ = self.terminal.notes.write_all(b"\r\x1b[K").and_then(|()| self.terminal.notes.flush());
        }
    }

    /// Tells what is told in the end.
    pub(super) fn finish(self, query: &TlsQuery, run: &TlsRun) -> Result<Exit, CommandError> {
        let Self { form, tally, terminal, .. } = self;
        match form {
            Form::Document { mut audits } => {
                audits.sort_by_key(|(place, _)| *place);
                let document = Tls {
                    schema: document::TLS.to_owned(),
                    host: run.host.clone(),
                    audits: audits.into_iter().map(|(_, audit)| audit).collect(),
                    took_ms: u64::try_from(run.took.as_millis()).unwrap_or(u64::MAX),
                    unseen: not_come_to(run, query).into_iter().collect(),
                };
                json::document(terminal.out, &document, terminal.spacing)?;
            }
            Form::Lines | Form::Reports { .. } => {}
            Form::Summary(summary) => summary.print(terminal.out, run.took, &terminal.view)?,
        }
        terminal.out.flush()?;
        if run.interrupted {
            waiting::interrupted(terminal.notes, terminal.notes_palette, query, run)?;
        }
        let ending = if run.interrupted { Ending::Interrupted } else { Ending::Complete };
        Ok(tally.exit(ending))
    }
}

impl TlsListener for Teller<'_, '_> {
    fn audited(&mut self, told: Told<'_>) -> Result<(), CommandError> {
        self.quiet();
        self.tally.add(&told.audit, told.target.is_network());
        let out = &mut *self.terminal.out;
        match &mut self.form {
            Form::Document { audits, .. } => audits.push((told.place, told.audit)),
            Form::Lines => {
                let line = TlsAudit { schema: document::TLS_AUDIT.to_owned(), audit: told.audit };
                // In one piece, so that whoever is interrupted leaves whole lines behind.
                let mut bytes = Vec::new();
                json::document(&mut bytes, &line, Spacing::Compact)?;
                out.write_all(&bytes)?;
                out.flush()?;
            }
            // Addresses of a network that do not answer are no news.
            Form::Reports { .. } if told.target.is_network() && !told.audit.is_reached() => {}
            Form::Reports { told: count } => {
                let mut text = Vec::new();
                if *count > 0 {
                    tls::parting(&mut text, &self.terminal.view)?;
                }
                *count += 1;
                tls::report(&mut text, &told.audit, self.detail, &self.terminal.view)?;
                out.write_all(&text)?;
                out.flush()?;
            }
            Form::Summary(summary) => summary.add(told.place, &told.audit, told.target.is_network()),
        }
        Ok(())
    }

    fn waiting(&mut self, progress: &TlsProgress) {
        if self.terminal.waits == Waits::Hidden || progress.elapsed < PATIENCE {
            return;
        }
        let width = self.terminal.view.width.unwrap_or(WIDTH).saturating_sub(1);
        let line = format!("\r\x1b[K{}", waiting::line(progress, width));
        let _ = self.terminal.notes.write_all(line.as_bytes()).and_then(|()| self.terminal.notes.flush());
        self.drawn = true;
    }
}

/// The hosts that an interrupted run did not come to.
fn not_come_to(run: &TlsRun, query: &TlsQuery) -> Option<Unseen> {
    let missing = run.hosts.saturating_sub(run.done);
    run.interrupted.then(|| Unseen {
        subject: UnseenSubject::Targets,
        reason: UnseenReason::Failed,
        count: u32::try_from(missing).unwrap_or(u32::MAX),
        detail: format!("the run was interrupted: {missing} of {} hosts were not audited", run.hosts),
        remedy: Some(match query.journal {
            Some(_) => "run the same command again: it goes on where it ended".to_owned(),
            None => "run it again with --resume FILE, which makes a run go on where it ended".to_owned(),
        }),
    })
}
