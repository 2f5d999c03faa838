//! Answers that did not come, came late, or are none.

use std::time::Duration;

use portreeve_model::Severity;

use super::finding::{Finding, View};
use super::upstream::{self, Asked};
use crate::facts::http::{BodyEnd, Exchange, Outcome};
use crate::layers::Judgement;

/// From here on a first byte is late: people leave (the threshold is told with the fault).
pub(super) const LATE: Duration = Duration::from_secs(3);
/// From here on it is worth a note.
const SLUGGISH: Duration = Duration::from_secs(1);

/// Silence that is shorter than this is no evidence.
const ENOUGH: Duration = Duration::from_millis(1_500);

/// What could not be judged, because what came before took all the time.
pub(super) fn unjudged(view: View<'_>, judgement: &mut Judgement) {
    let Some(Outcome::Silent(waited)) = view.visit.last().map(|last| &last.outcome) else { return };
    if *waited < ENOUGH {
        let waited = waited.as_secs_f64();
        let cause = format!("no answer came within the {waited:.1} s that were left to wait for it");
        judgement.unknown(cause, Some("ask again when this host has less to do"));
    }
}

/// What is wrong with how the last answer came.
pub(super) fn judge(view: View<'_>) -> Vec<Finding> {
    let Some(exchange) = view.visit.last() else { return Vec::new() };
    let found = match &exchange.outcome {
        // Without time to wait, silence says nothing.
        Outcome::Silent(waited) if *waited < ENOUGH => None,
        Outcome::Silent(waited) => Some(silent(view, exchange, *waited)),
        Outcome::Closed { how } => Some(closed(view, exchange, how)),
        Outcome::NotHttp { first } => Some(not_http(view, exchange, first)),
        Outcome::NoHead { length, why } => Some(no_head(view, exchange, *length, why)),
        Outcome::Answer(answer) => {
            let mut found: Vec<Finding> = late(view, exchange).into_iter().collect();
            found.extend(body(view, exchange, &answer.end));
            // An answer that is wrong, too, is told by its status; the note stays beside it.
            let is_fine = answer.status < 400;
            return if is_fine { found } else { Vec::new() };
        }
        Outcome::NotConnected(_) | Outcome::NoSession(_) => None,
    };
    found.into_iter().collect()
}

fn silent(view: View<'_>, exchange: &Exchange, waited: Duration) -> Finding {
    let server = view.server();
    let waited = waited.as_secs_f64();
    if let Some(words) = upstream::told(view, Asked::Waiting) {
        let statement = format!("{server} sends no answer within {waited:.1} s: {}", words.clause);
        return words.onto(Finding::cause("upstream-silent", statement)).seen(
            "request",
            format!(
                "{}: connected in {} ms, no byte of an answer within {waited:.1} s",
                view.request(exchange),
                exchange.connected.as_millis()
            ),
            exchange.reproduce(),
        );
    }
    let statement =
        format!("{server} takes the connection and the request, and sends no answer within {waited:.1} s");
    let finding = Finding::symptom("no-response", statement).seen(
        "request",
        format!(
            "{}: connected in {} ms, no byte of an answer within {waited:.1} s",
            view.request(exchange),
            exchange.connected.as_millis()
        ),
        exchange.reproduce(),
    );
    with_lines(view, finding).fix(view.read_the_log())
}

fn closed(view: View<'_>, exchange: &Exchange, how: &str) -> Finding {
    if view.visit.speaks_tls == Some(true) && !exchange.secure {
        return speaks_tls(view, exchange, &format!("{how} without an answer"));
    }
    let statement = format!("{} ends the connection without an answer ({how})", view.server());
    let statement = match upstream::told(view, Asked::Ended) {
        Some(words) => {
            let finding = Finding::cause("closed-without-response", format!("{statement}: {}", words.clause));
            return words.onto(finding).seen("request", view.request(exchange), exchange.reproduce());
        }
        None => statement,
    };
    let finding = Finding::symptom("closed-without-response", statement).seen(
        "request",
        format!("{}: {how} after {} ms", view.request(exchange), exchange.total.as_millis()),
        exchange.reproduce(),
    );
    with_lines(view, finding)
        .fix(view.read_the_log())
        .fix("look for a process that crashes at the request (dmesg | tail), for a rule that drops it (nginx: return 444), and for a protocol that expects more than HTTP (PROXY)")
}

fn not_http(view: View<'_>, exchange: &Exchange, first: &[u8]) -> Finding {
    let shown = shown(first);
    if matches!(first, [0x15 | 0x16, 3, ..]) && !exchange.secure {
        return speaks_tls(view, exchange, &format!("its first bytes are a TLS record: {shown}"));
    }
    let protocol = protocol(first);
    let speaks = protocol.map_or_else(|| "something that is no HTTP".to_owned(), str::to_owned);
    let statement = format!("{} speaks {speaks}: it sends {shown}", view.server());
    let endpoint = view.endpoint();
    // HTTP/2 is HTTP for those who speak it (gRPC); that a plain client is not understood keeps none of them out.
    let is_http2 = protocol.is_some_and(|name| name.starts_with("HTTP/2"));
    let finding = if is_meant_as_http(view) && !is_http2 {
        Finding::cause("not-http", statement)
    } else {
        // The port's number made it look like HTTP, nobody said so.
        Finding::note("not-http", statement)
    };
    finding
        .seen("bytes", format!("first bytes of the answer: {shown}"), exchange.reproduce())
        .fix(format!("let the program that should answer listen on port {}, and what listens there now elsewhere: ss -ltnp 'sport = :{}'", endpoint.port(), endpoint.port()))
}

fn speaks_tls(view: View<'_>, exchange: &Exchange, seen: &str) -> Finding {
    let endpoint = view.endpoint();
    let statement =
        format!("{} expects TLS on port {}, and is asked in plain HTTP", view.server(), endpoint.port());
    Finding::cause("tls-on-http-port", statement)
        .seen("bytes", format!("{}: {seen}", view.request(exchange)), exchange.reproduce())
        .seen(
            "handshake",
            format!(
                "a TLS handshake with {endpoint}: {}",
                if view.visit.speaks_tls == Some(true) { "stands" } else { "not tried" }
            ),
            format!("openssl s_client -connect {endpoint} </dev/null"),
        )
        .fix(format!("ask for https://: {}", exchange.url.replacen("http://", "https://", 1)))
        .fix(format!(
            "or let the server speak plain HTTP on port {} (nginx: listen {} without ssl)",
            endpoint.port(),
            endpoint.port()
        ))
}

fn no_head(view: View<'_>, exchange: &Exchange, length: usize, why: &str) -> Finding {
    let code = if why.contains("longer than") { "header-too-large" } else { "incomplete-head" };
    let statement =
        format!("{} begins an answer and does not end its head: {why} ({length} bytes came)", view.server());
    let finding = Finding::cause(code, statement).seen(
        "request",
        format!("{}: {why}", view.request(exchange)),
        exchange.reproduce(),
    );
    with_lines(view, finding).fix(view.read_the_log())
}

/// A first byte that came late.
pub(super) fn late(view: View<'_>, exchange: &Exchange) -> Option<Finding> {
    let first = exchange.first_byte.filter(|first| *first >= SLUGGISH)?;
    let seconds = first.as_secs_f64();
    let server = view.server();
    if first < LATE {
        return Some(Finding::note(
            "slow-first-byte",
            format!("{server} took {seconds:.1} s to the first byte of its answer"),
        ));
    }
    let threshold = LATE.as_secs();
    let times = format!(
        "{}: connected in {} ms, first byte after {} ms, all after {} ms; more than {threshold} s to the first byte is late",
        view.request(exchange),
        exchange.connected.as_millis(),
        first.as_millis(),
        exchange.total.as_millis()
    );
    let statement = format!(
        "{server} takes {seconds:.1} s to the first byte of its answer (late is more than {threshold} s)"
    );
    let finding = match upstream::told(view, Asked::Waiting) {
        Some(words) => {
            let statement = format!("{statement}: {}", words.clause);
            words.onto(Finding::cause("slow-first-byte", statement))
        }
        None => Finding::symptom("slow-first-byte", statement).fix(format!(
            "find what it waits for meanwhile (its own load, a database, a name server); {}",
            view.read_the_log()
        )),
    };
    Some(finding.severity(Severity::Medium).seen(
        "times",
        times,
        format!(
            "{} -w 'connect %{{time_connect}} first byte %{{time_starttransfer}} total %{{time_total}}\\n'",
            exchange.reproduce()
        ),
    ))
}

/// A body that is not as it was announced.
pub(super) fn body(view: View<'_>, exchange: &Exchange, end: &BodyEnd) -> Option<Finding> {
    let of = |announced: &Option<u64>| match announced {
        Some(announced) => format!("of {announced} bytes that were announced"),
        None => "and the last chunk is missing".to_owned(),
    };
    let server = view.server();
    let finding = match end {
        BodyEnd::Whole => return None,
        BodyEnd::Cut { length, announced } => {
            let statement = format!(
                "{server} ends the connection within the body: {length} bytes came {}",
                of(announced)
            );
            match upstream::told(view, Asked::Ended) {
                Some(words) => {
                    let statement = format!("{statement}: {}", words.clause);
                    words.onto(Finding::cause("incomplete-body", statement))
                }
                None => Finding::cause("incomplete-body", statement),
            }
        }
        BodyEnd::Stalled { length, announced } => {
            let statement = format!(
                "the answer of {server} stops within the body: {length} bytes came {}",
                of(announced)
            );
            Finding::symptom("body-stalled", statement)
                .fix("see whether large packets get through (a path with a small MTU and ICMP filtered stops just so): ping -M do -s 1472")
        }
    };
    let finding = finding.seen("body", format!("{}: {end:?}", view.request(exchange)), exchange.reproduce());
    Some(with_lines(view, finding).fix(view.read_the_log()))
}

/// Lines that the server wrote meanwhile.
pub(super) fn with_lines(view: View<'_>, mut finding: Finding) -> Finding {
    let lines = view.upstreams().into_iter().flat_map(|facts| &facts.lines).filter(|line| line.during);
    for line in lines.take(3) {
        let command = format!("tail -n 20 {}", line.file);
        if !finding.evidence.iter().any(|one| one.text.contains(&line.text)) {
            finding = finding.seen("log", format!("{}: {}", line.file, line.text), command);
        }
    }
    finding
}

/// Whether somebody said that the port speaks HTTP, or everybody expects it.
pub(super) fn is_meant_as_http(view: View<'_>) -> bool {
    let target = &view.case.question.target;
    target.text.contains("://") || matches!(target.port, 80 | 443)
}

/// What begins so.
fn protocol(first: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &'static str); 14] = [
        (b"SSH-", "SSH"),
        (b"220 ", "SMTP or FTP"),
        (b"220-", "SMTP or FTP"),
        (b"* OK", "IMAP"),
        (b"+OK", "POP3"),
        (b"RFB ", "VNC"),
        (b"ICY ", "Shoutcast"),
        (b"RTSP/", "RTSP"),
        (b"SIP/", "SIP"),
        (b"-ERR", "Redis or POP3"),
        (b"AMQP", "AMQP"),
        (b"<html", "HTTP/0.9 (a page without a head)"),
        (b"<!DOCTYPE", "HTTP/0.9 (a page without a head)"),
        (&[0, 0, 0x12, 4], "HTTP/2 without asking"),
    ];
    let starts = |sign: &[u8]| first.get(..sign.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(sign));
    let found = known.iter().find(|(sign, _)| starts(sign)).map(|(_, name)| *name);
    // A frame of HTTP/2 that sets parameters: length, type 4, flags, stream 0.
    let settings = matches!(first, [0, _, _, 4, _, 0, 0, 0, 0, ..]);
    found.or(settings.then_some("HTTP/2 without the upgrade that plain HTTP needs"))
}

/// Bytes as a person reads them: text where it is, else in hexadecimal digits.
fn shown(bytes: &[u8]) -> String {
    let text = bytes.iter().take(48);
    if !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        let text: String = text.map(|byte| char::from(*byte)).collect();
        return format!("\"{}\"", text.trim_end());
    }
    text.take(24).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
