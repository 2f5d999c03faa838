//! Where redirects lead, and whether plain HTTP leads to HTTPS.

use portreeve_model::Severity;
use portreeve_model::why::Application;

use super::finding::{Finding, View};
use crate::facts::http::{Answer, ChainEnd, Exchange, Outcome};
use crate::layers::Judgement;

/// What is wrong with the way.
pub(super) fn judge(view: View<'_>) -> Option<Finding> {
    let visit = view.visit;
    let server = view.server();
    match &visit.end {
        ChainEnd::Loop { url } => {
            let count = visit.exchanges.len();
            let times = if count == 1 { "at once".to_owned() } else { format!("after {count} redirects") };
            let statement =
                format!("{server} redirects in a loop: {} comes back to {url} {times}", first_url(view));
            Some(
                way(view, Finding::cause("redirect-loop", statement))
                    .fix("where a proxy in front ends TLS: let it say so (proxy_set_header X-Forwarded-Proto $scheme) and let the application believe it, or take out the application's own redirect to https")
                    .fix("see which of the rules sends clients back (nginx: return, rewrite; Apache: Redirect, RewriteRule)"),
            )
        }
        ChainEnd::TooMany => {
            let statement = format!(
                "{server} sends clients on more than {} times, and no end is seen",
                visit.exchanges.len() - 1
            );
            Some(
                way(view, Finding::cause("too-many-redirects", statement))
                    .fix("shorten the chain of redirects: let each lead to its end at once"),
            )
        }
        ChainEnd::NoPlace { location } => {
            let statement = match location {
                None => format!("{server} answers with a redirect that names no place (no Location field)"),
                Some(text) => format!("{server} answers with a redirect to \"{text}\", which is no place"),
            };
            Some(
                way(view, Finding::cause("redirect-without-location", statement))
                    .fix("correct the redirect in the server's configuration"),
            )
        }
        ChainEnd::Elsewhere { url, dead: Some(dead) } => {
            let statement = format!("{server} redirects to {url}, where nobody answers: {dead}");
            Some(
                way(view, Finding::cause("redirect-elsewhere-dead", statement))
                    .fix(format!("correct the place of the redirect, or let {url} answer"))
                    .fix("where an application behind a proxy writes its own address: give it the name of the outside (proxy_set_header Host $host; proxy_redirect)"),
            )
        }
        ChainEnd::Answered if visit.exchanges.len() > 1 => dead_here(view).or_else(|| downgrade(view)),
        _ => None,
    }
}

/// A redirect to another port or scheme of the same host that takes no connection, or makes no session.
fn dead_here(view: View<'_>) -> Option<Finding> {
    let last = view.visit.last()?;
    let why = match &last.outcome {
        Outcome::NotConnected(why) => format!("{} takes no connection: {why}", last.to),
        Outcome::NoSession(why) => {
            format!("{} takes the connection and no TLS session stands: {why}", last.to)
        }
        _ => return None,
    };
    let statement = format!("{} redirects to {}, where nobody answers: {why}", view.server(), last.url);
    Some(
        way(view, Finding::cause("redirect-elsewhere-dead", statement))
            .fix(format!("see why it does not answer there: portreeve why {}", last.url))
            .fix("or correct the place of the redirect"),
    )
}

/// From HTTPS to plain HTTP, and left there.
fn downgrade(view: View<'_>) -> Option<Finding> {
    let (first, last) = (view.visit.first()?, view.visit.last()?);
    if !first.secure || last.secure || last.answer().is_none_or(|answer| answer.status >= 400) {
        return None;
    }
    let statement = format!(
        "{} sends those who come over HTTPS to plain HTTP: {} to {}",
        view.server(),
        first.url,
        last.url
    );
    Some(
        way(view, Finding::partly("redirect-to-http", Severity::Medium, statement))
            .fix("let the redirect lead to https:// (an application behind a proxy that ends TLS needs X-Forwarded-Proto: https to know)"),
    )
}

/// What is worth saying beside the answer: other hosts, and the other scheme.
pub(super) fn beside(view: View<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let ChainEnd::Elsewhere { url, dead: None } = &view.visit.end {
        found.push(Finding::note(
            "redirects-elsewhere",
            format!(
                "{} redirects to {url}, another host, which takes connections; more was not asked of it",
                view.server()
            ),
        ));
    }
    found.extend(https_missing(view));
    found
}

/// Plain HTTP that serves pages although HTTPS serves them, too.
fn https_missing(view: View<'_>) -> Option<Finding> {
    let counterpart = view.visit.counterpart.as_ref()?;
    let other = counterpart.exchange.as_ref()?;
    let own = view.visit.first()?;
    let (plain, secure) = if own.secure { (other, own) } else { (own, other) };
    let serves = |exchange: &Exchange| {
        exchange.answer().is_some_and(|answer: &Answer| (200..300).contains(&answer.status))
    };
    // HTTPS has to be there in earnest, and plain HTTP has to stay plain.
    if !serves(plain) || !serves(secure) || view.visit.exchanges.iter().skip(1).any(|later| later.secure) {
        return None;
    }
    let statement = format!(
        "{} serves pages in plain HTTP ({}) and does not send clients on to HTTPS, which works",
        view.server(),
        plain.url
    );
    let was_asked_about = view.case.question.target.application == Application::Http;
    let finding = if was_asked_about {
        Finding::partly("no-https-redirect", Severity::Low, statement)
    } else {
        Finding::note("no-https-redirect", statement)
    };
    let status = |exchange: &Exchange| exchange.answer().map(Answer::status_line).unwrap_or_default();
    Some(
        finding
            .seen("answer", format!("GET {}: {}, no Location", plain.url, status(plain)), plain.reproduce())
            .seen("answer", format!("GET {}: {}", secure.url, status(secure)), secure.reproduce())
            .fix("send clients on: nginx: server { listen 80; return 301 https://$host$request_uri; }; Apache: Redirect permanent / https://NAME/"),
    )
}

/// Places that could not be tried.
pub(super) fn unjudged(view: View<'_>, judgement: &mut Judgement) {
    match &view.visit.end {
        ChainEnd::Untried { url, why } => {
            judgement.unseen(format!("a redirect leads to {url}, which was not tried: {why}"), None);
        }
        ChainEnd::OutOfTime { url } => {
            judgement
                .unknown(format!("a redirect leads to {url}; there was no time left to follow it"), None);
        }
        _ => {}
    }
}

fn first_url(view: View<'_>) -> String {
    view.visit.first().map(|first| first.url.clone()).unwrap_or_default()
}

/// The way as evidence.
fn way(view: View<'_>, finding: Finding) -> Finding {
    /// A long way is told by its beginning.
    const SHOWN: usize = 4;
    let count = view.visit.exchanges.len();
    let steps = view.visit.exchanges.iter().take(SHOWN).fold(finding, |finding, exchange| {
        let Some(answer) = exchange.answer() else { return finding };
        let location =
            answer.header("location").map(|place| format!(", Location: {place}")).unwrap_or_default();
        finding.seen(
            "redirect",
            format!("GET {}: {}{location}", exchange.url, answer.status_line()),
            exchange.reproduce(),
        )
    });
    if count > SHOWN {
        let command = view
            .visit
            .first()
            .map(|first| first.reproduce().replacen("-sv", "-sLv --max-redirs 10", 1))
            .unwrap_or_default();
        return steps.seen("redirect", format!("and {} more", count - SHOWN), command);
    }
    steps
}
