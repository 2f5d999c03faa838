//! `portreeve tls TARGET...`: audits of servers' TLS, told as they are made.

mod form;
mod tally;
mod waiting;

use super::Terminal;
use crate::cli::{TlsArguments, TlsFormat};
use crate::engine::{Engine, Scope, TlsFilesQuery};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render::{json, tls};
use form::Teller;
use portreeve_model::{Severity, Unseen, UnseenReason};

pub(super) fn run(
    engine: &dyn Engine,
    arguments: &TlsArguments,
    scope: Scope,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    if !arguments.certificates.is_empty() {
        if scope != Scope::Own {
            return Err(CommandError::usage("`--cert` reads files, which no network namespace has")
                .hint("leave --netns out"));
        }
        return files(engine, arguments, as_json, terminal);
    }
    let query = arguments.query(scope, &|name, protocol| engine.port_of(name, protocol))?;
    let format = arguments.format(as_json, &query);
    if format == TlsFormat::Summary || format == TlsFormat::Reports {
        waiting::announce(&query, terminal)?;
    }
    let mut teller = Teller::new(format, arguments.detail(), terminal);
    let ran = engine.tls(&query, &mut teller);
    teller.quiet();
    teller.finish(&query, &ran?)
}

fn files(
    engine: &dyn Engine,
    arguments: &TlsArguments,
    as_json: bool,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, CommandError> {
    let query =
        TlsFilesQuery { paths: arguments.certificates.clone(), server_name: arguments.server_name()? };
    let document = engine.tls_files(&query)?;
    if as_json {
        json::document(terminal.out, &document, terminal.spacing)?;
    } else {
        tls::files(terminal.out, &document, &terminal.view)?;
    }
    let worse = document.files.findings.iter().any(|finding| finding.severity > Severity::Info);
    let forbidden = document.files.unseen.iter().any(|one| one.reason == UnseenReason::Permission);
    if document.files.files.is_empty() && !worse && !forbidden {
        return Ok(Exit::NotFound);
    }
    Ok(Exit::of_look(worse, document.files.unseen.iter().any(Unseen::is_incomplete)))
}
