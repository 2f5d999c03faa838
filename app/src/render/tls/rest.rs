//! HTTP, fingerprints, and questions that have no answer.

use std::io::{self, Write};

use portreeve_model::tls::{Audit, Fingerprint, Support};

use super::lines::line;
use super::{Detail, title};
use crate::render::style::Ink;
use crate::render::unseen::hanging;
use crate::render::view::View;

/// Prints what was answered over HTTP.
pub(super) fn http(out: &mut dyn Write, audit: &Audit, view: &View) -> io::Result<()> {
    let Some(http) = &audit.http else { return Ok(()) };
    title(out, "HTTP", view)?;
    let server = http.server.as_deref().map_or_else(String::new, |server| format!(" from {server}"));
    line(out, "answer", &format!("{} {}{server}", http.version, http.status), Ink::Normal, view)?;
    let shown = [
        ("HSTS", &http.strict_transport_security),
        ("Alt-Svc", &http.alternative_services),
        ("Location", &http.location),
        ("Encoding", &http.content_encoding),
    ];
    for (word, value) in shown {
        if let Some(value) = value {
            line(out, word, value, Ink::Normal, view)?;
        } else if word == "HSTS" {
            let none = if http.status < 400 { "none" } else { "not with this answer, which is no page" };
            line(out, word, none, Ink::Faint, view)?;
        }
    }
    Ok(())
}

/// Prints fingerprints.
pub(super) fn fingerprints(out: &mut dyn Write, all: &[Fingerprint], view: &View) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    title(out, "Fingerprints", view)?;
    for one in all {
        line(out, &one.method, &one.value, Ink::Normal, view)?;
        if let Some(source) = &one.source {
            line(out, "", source, Ink::Faint, view)?;
        }
    }
    Ok(())
}

/// Questions without an answer that are not told elsewhere: what a check has said is said there.
pub(super) fn open(audit: &Audit) -> impl Iterator<Item = &str> {
    let told = |sentence: &str| {
        audit.weaknesses.iter().any(|one| !one.statement.is_empty() && sentence.ends_with(&one.statement))
    };
    audit.inconclusive.iter().map(String::as_str).filter(move |sentence| !told(sentence))
}

/// Prints them; of a server with which nothing was agreed on, for which the head has the reason, only how many.
pub(super) fn inconclusive(
    out: &mut dyn Write,
    audit: &Audit,
    detail: Detail,
    view: &View,
) -> io::Result<()> {
    let count = open(audit).count();
    if count == 0 {
        return Ok(());
    }
    title(out, "Inconclusive", view)?;
    let mut sentence = |sentence: &str| {
        hanging(out, ["  ", "    "], sentence, view.prose_width(), |line| {
            view.palette.paint(Ink::Warn, line).to_string()
        })
    };
    let is_agreed = audit.negotiation.protocols.iter().any(|one| one.support == Support::Yes);
    if detail == Detail::Brief && !is_agreed && audit.certificates.is_empty() {
        return sentence(&format!(
            "Nothing could be agreed on, so that {} without an answer; --details tells each.",
            if count == 1 { "1 question is".to_owned() } else { format!("{count} questions are") }
        ));
    }
    open(audit).try_for_each(sentence)
}
