//! Status codes: which of them somebody who asks would call broken.

use portreeve_model::Severity;
use portreeve_model::why::Nature;

use super::finding::{Finding, View, Weight};
use super::silence::{late, with_lines};
use super::upstream::{self, Asked};
use crate::facts::http::{Answer, Exchange, HostOrigin};

/// What the last answer says.
pub(super) fn judge(view: View<'_>) -> Vec<Finding> {
    let Some(exchange) = view.visit.last() else { return Vec::new() };
    let Some(answer) = exchange.answer() else { return Vec::new() };
    let found = of_answer(view, exchange, answer);
    let mut found: Vec<Finding> = found.into_iter().collect();
    // A failure that came late is told once; how late, stands beside it.
    if found.iter().all(|finding| finding.weight == Weight::Note) {
        found.extend(late(view, exchange).filter(|finding| finding.weight != Weight::Note));
    }
    found
}

fn of_answer(view: View<'_>, exchange: &Exchange, answer: &Answer) -> Option<Finding> {
    if let Some(found) = of_words(view, exchange, answer) {
        return Some(found);
    }
    let status = answer.status;
    let server = view.server();
    let line = answer.status_line();
    let path_is_asked = view.case.question.target.path != "/";
    let said = format!("{server} answers {line} to {}", view.request(exchange));
    let plain = |code: &'static str| shown(view, exchange, Finding::cause(code, said.clone()));
    Some(match status {
        200..=299 => return default_site(answer, &server),
        300..=399 => return None,
        401 | 407 => Finding::note("unauthorized", format!("{said}: it asks for credentials, and works")),
        403 | 451 => forbidden(view, exchange, said),
        404 | 410 if path_is_asked => with_lines(view, plain("not-found")).fix(format!(
            "put something there, or ask for a path that exists: {}",
            exchange.reproduce()
        )),
        404 | 410 => Finding::note("not-found", format!("{said}: it works, and has nothing at this place")),
        400 if view.visit.host == HostOrigin::Address => Finding::note(
            "wrong-host",
            format!("{said}, which was asked by address: it may answer by its name (portreeve why {}://NAME/)", exchange.url.split(':').next().unwrap_or("http")),
        ),
        400 => with_lines(view, plain("bad-request")).fix(view.read_the_log()),
        405 | 406 | 411 | 415 | 426 | 428 => {
            Finding::note("method-not-allowed", format!("{said}: it works, and expects another sort of request"))
        }
        408 => with_lines(view, shown(view, exchange, Finding::symptom("request-timeout", said))).fix(view.read_the_log()),
        421 => plain("misdirected").fix(format!(
            "give {} a site of its own on this server (nginx: server_name, Apache: ServerName or ServerAlias), with a certificate for it",
            exchange.host
        )),
        429 => limited(view, exchange, &said),
        431 => plain("header-too-large").fix("raise the limit on header fields (nginx: large_client_header_buffers)"),
        495 | 496 => wants_certificate(view, exchange, &said),
        497 => plain_to_tls(view, exchange, &said),
        401..=499 => with_lines(view, plain("request-refused")).fix(view.read_the_log()),
        502 | 520..=527 | 530 => gateway(view, exchange, "bad-gateway", &said),
        503 => unavailable(view, exchange, answer, said),
        504 => gateway(view, exchange, "gateway-timeout", &said),
        _ => failed(view, exchange, said),
    })
}

/// Answers of which the words say more than the number.
fn of_words(view: View<'_>, exchange: &Exchange, answer: &Answer) -> Option<Finding> {
    if !(400..=499).contains(&answer.status) {
        return None;
    }
    let said = format!("{} answers {} to {}", view.server(), answer.status_line(), view.request(exchange));
    // nginx; Apache; programs in Go.
    let plain = [
        "plain HTTP request was sent to HTTPS port",
        "speaking plain HTTP to an SSL",
        "HTTP request to an HTTPS server",
    ];
    if !exchange.secure
        && (plain.iter().any(|words| answer.says(words)) || view.visit.speaks_tls == Some(true))
    {
        return Some(plain_to_tls(view, exchange, &said));
    }
    let certificate =
        ["No required SSL certificate was sent", "The SSL certificate error", "client certificate required"];
    if certificate.iter().any(|words| answer.says(words)) {
        return Some(wants_certificate(view, exchange, &said));
    }
    // IIS and HTTP.sys; Django; Rails and others that check the name; Vite.
    let host = [
        "Invalid Hostname",
        "DisallowedHost",
        "Invalid HTTP_HOST header",
        "Blocked host",
        "This host is not allowed",
        "Invalid Host header",
    ];
    if host.iter().any(|words| answer.says(words)) {
        let statement = format!("{said}: it does not serve the name {}", exchange.host);
        return Some(match view.visit.host {
            HostOrigin::Question => shown(view, exchange, Finding::cause("wrong-host", statement))
                .fix(format!("add {} to the names that the application serves (ALLOWED_HOSTS, allowedHosts, a binding)", exchange.host)),
            HostOrigin::Certificate | HostOrigin::Address => Finding::note("wrong-host", statement),
        });
    }
    None
}

fn plain_to_tls(view: View<'_>, exchange: &Exchange, said: &str) -> Finding {
    let statement = format!("{said}: port {} expects TLS and is asked in plain HTTP", view.endpoint().port());
    shown(view, exchange, Finding::cause("plain-http-to-tls", statement))
        .fix(format!("ask for https://: {}", exchange.url.replacen("http://", "https://", 1)))
        .fix("or send clients on (nginx: error_page 497 =301 https://$host$request_uri;), or take ssl off this port")
}

fn wants_certificate(view: View<'_>, exchange: &Exchange, said: &str) -> Finding {
    let statement = format!("{said}: it wants a certificate of the client, and none was sent");
    shown(view, exchange, Finding::cause("client-certificate-wanted", statement))
        .fix("give clients a certificate of the authority that the server trusts for clients: curl --cert client.pem --key client.key")
        .fix("or make it optional (nginx: ssl_verify_client optional;)")
}

fn forbidden(view: View<'_>, exchange: &Exchange, said: String) -> Finding {
    let lines = view.upstreams().into_iter().flat_map(|facts| &facts.lines).filter(|line| line.during);
    let why = lines.into_iter().find_map(|line| {
        let lower = line.text.to_lowercase();
        let known = [
            ("permission denied", "the server may not read the files"),
            ("directory index", "there is no index file in the directory, and listing it is forbidden"),
            ("forbidden by rule", "a rule of the server denies this client"),
            ("client denied by server configuration", "a rule of the server denies this client"),
            (
                "search permissions are missing",
                "the server may not enter a directory on the way to the files",
            ),
            ("modsecurity", "the web application firewall refused it"),
        ];
        known.iter().find(|(words, _)| lower.contains(words)).map(|(_, meaning)| (*meaning, line))
    });
    if let Some((meaning, line)) = why {
        let finding = shown(view, exchange, Finding::cause("forbidden", format!("{said}: {meaning}")));
        let finding =
            finding.seen("log", format!("{}: {}", line.file, line.text), format!("tail -n 20 {}", line.file));
        match meaning {
            "the server may not read the files"
            | "the server may not enter a directory on the way to the files" => {
                let path = line.text.split('"').nth(1).unwrap_or("PATH");
                finding.fix(format!(
                    "let the server's user read it; see every step of the path with: namei -l {path}"
                ))
            }
            "there is no index file in the directory, and listing it is forbidden" => {
                let path = line.text.split('"').nth(1).unwrap_or("the directory");
                finding.fix(format!(
                    "put an index file into {path}, or correct root and index in the configuration"
                ))
            }
            _ => finding.fix("see which rule it is (nginx -T | grep -n -e deny -e allow; Apache: Require)"),
        }
    } else {
        let weight = Weight::Fault(Nature::Symptom, Severity::Medium);
        let finding = shown(view, exchange, Finding { weight, ..Finding::cause("forbidden", said) });
        with_lines(view, finding)
            .fix(view.read_the_log())
            .fix("see whether a rule denies clients (allow, deny, Require), and whether the server's user may read the files: namei -l PATH")
    }
}

fn limited(view: View<'_>, exchange: &Exchange, said: &str) -> Finding {
    let retry = exchange.answer().and_then(|answer| answer.header("retry-after"));
    let statement = match retry {
        Some(after) => format!("{said}: it limits requests, and says to come back after {after}"),
        None => format!("{said}: it limits requests"),
    };
    with_lines(view, shown(view, exchange, Finding::cause("rate-limited", statement)))
        .fix("see how many requests come from one address, and raise the limit if they are wanted (nginx: limit_req, limit_conn)")
}

fn gateway(view: View<'_>, exchange: &Exchange, code: &'static str, said: &str) -> Finding {
    let asked = if code == "gateway-timeout" { Asked::Waiting } else { Asked::Ended };
    if let Some(words) = upstream::told(view, asked) {
        let finding = Finding::cause(code, format!("{said}: {}", words.clause));
        shown(view, exchange, words.onto(finding))
    } else {
        let finding = shown(
            view,
            exchange,
            Finding::symptom(code, format!("{said}; which upstream it is was not found")),
        );
        with_lines(view, finding)
            .fix(view.read_the_log())
            .fix("find the upstream in the configuration (nginx -T | grep -n _pass) and see whether it answers: curl -sv http://ADDRESS:PORT/")
    }
}

fn unavailable(view: View<'_>, exchange: &Exchange, answer: &Answer, said: String) -> Finding {
    let limits = ["limiting requests", "limiting connections", "delaying request"];
    let lines = view.upstreams().into_iter().flat_map(|facts| &facts.lines).filter(|line| line.during);
    if lines.into_iter().any(|line| limits.iter().any(|words| line.text.contains(words))) {
        return limited(view, exchange, &said);
    }
    if let Some(words) = upstream::told(view, Asked::Refused) {
        let finding = Finding::cause("unavailable", format!("{said}: {}", words.clause));
        return shown(view, exchange, words.onto(finding));
    }
    if let Some(after) = answer.header("retry-after") {
        let statement = format!(
            "{said} and says to come back after {after}: it was taken down on purpose, or is overloaded"
        );
        return with_lines(view, shown(view, exchange, Finding::cause("maintenance", statement)))
            .seen("header", format!("Retry-After: {after}"), exchange.reproduce())
            .fix("end the maintenance of the application, or wait for its end");
    }
    with_lines(view, shown(view, exchange, Finding::symptom("unavailable", said)))
        .fix(view.read_the_log())
        .fix("see whether the application behind it runs and has room for more requests")
}

fn failed(view: View<'_>, exchange: &Exchange, said: String) -> Finding {
    let lines = view.upstreams().into_iter().flat_map(|facts| &facts.lines).filter(|line| line.during);
    // Whoever wrote an error while it was asked has said what it is.
    let is_known = lines.into_iter().next().is_some();
    let finding =
        if is_known { Finding::cause("server-error", said) } else { Finding::symptom("server-error", said) };
    with_lines(view, shown(view, exchange, finding))
        .fix(view.read_the_log())
        .fix("the application failed at this request: its own log says where")
}

/// The page of a fresh installation: fine where nobody expects another.
fn default_site(answer: &Answer, server: &str) -> Option<Finding> {
    let pages = [
        ("Welcome to nginx!", "nginx"),
        ("Apache2 Debian Default Page", "Apache"),
        ("Apache2 Ubuntu Default Page", "Apache"),
        ("<h1>It works!</h1>", "Apache"),
        ("Test Page for the HTTP Server", "Apache"),
        ("Caddy works!", "Caddy"),
        ("IIS Windows Server", "IIS"),
        ("default lighttpd page", "lighttpd"),
    ];
    let (_, software) = pages.iter().find(|(words, _)| answer.says(words))?;
    Some(Finding::note(
        "default-site",
        format!(
            "{server} answers with the page of a fresh installation of {software}: no site is configured for this name, or none was put there"
        ),
    ))
}

/// The answer as evidence.
fn shown(view: View<'_>, exchange: &Exchange, finding: Finding) -> Finding {
    let Some(answer) = exchange.answer() else { return finding };
    let server = answer.header("server").map(|name| format!(", Server: {name}")).unwrap_or_default();
    let first =
        exchange.first_byte.map(|first| format!(" after {} ms", first.as_millis())).unwrap_or_default();
    let text = format!(
        "{}: HTTP/1.{} {}{first}{server}",
        view.request(exchange),
        answer.version,
        answer.status_line()
    );
    finding.seen("answer", text, exchange.reproduce())
}
