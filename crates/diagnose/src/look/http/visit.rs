//! The visit of one endpoint: the request, the redirects after it, the other scheme beside it.

use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use portreeve_tls::client::Session;
use url::Url;

use super::cookies::Cookies;
use super::place::{self, Own, Place};
use super::request::{self, Limits, Request};
use super::session;
use crate::facts::http::{Answer, ChainEnd, Counterpart, Dead, Exchange, HostOrigin, Outcome, Visit};

/// So many redirects are followed; browsers give up after 20, and nobody who is well needs half of that.
const MOST: usize = 10;
/// With less time than this a redirect is not followed any more.
const LEAST: Duration = Duration::from_millis(200);

/// What is visited.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    /// What is asked for first.
    pub(super) url: Url,
    /// Where its host comes from.
    pub(super) host: HostOrigin,
    /// What counts as the target.
    pub(super) own: Own,
}

/// Visits an endpoint; a session that stands there already and was made for the same host is used.
pub(super) fn visit(errand: &Errand, standing: Option<Session>, limits: Limits) -> Visit {
    thread::scope(|scope| {
        let counterpart = scope.spawn(|| counterpart(errand, limits));
        let (exchanges, end) = follow(errand, standing, limits);
        let speaks_tls = exchanges
            .first()
            .filter(|first| !first.secure && looks_like_tls(&first.outcome))
            .map(|first| session::stands(first.to, &errand.url, limits));
        Visit {
            endpoint: errand.own.endpoint,
            host: errand.host,
            exchanges,
            end,
            speaks_tls,
            counterpart: counterpart.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        }
    })
}

/// The request, and what it is sent on to.
fn follow(errand: &Errand, mut standing: Option<Session>, limits: Limits) -> (Vec<Exchange>, ChainEnd) {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut cookies = Cookies::default();
    let mut been: Vec<(Url, Vec<String>)> = Vec::new();
    let mut next = Request { to: errand.own.endpoint, url: errand.url.clone(), cookies: String::new() };
    loop {
        been.push((next.url.clone(), cookies.names()));
        let exchange = request::ask(&next, standing.take(), limits);
        exchanges.push(exchange);
        let Some(answer) = exchanges.last().and_then(Exchange::answer).filter(|answer| answer.is_redirect())
        else {
            return (exchanges, ChainEnd::Answered);
        };
        cookies.take(answer);
        let url = match location(answer, &next.url) {
            Ok(url) => url,
            Err(location) => return (exchanges, ChainEnd::NoPlace { location }),
        };
        // The same place with the same cookies answers the same.
        if been.contains(&(url.clone(), cookies.names())) {
            return (exchanges, ChainEnd::Loop { url: url.into() });
        }
        if exchanges.len() > MOST {
            return (exchanges, ChainEnd::TooMany);
        }
        if limits.answer.saturating_duration_since(Instant::now()) < LEAST {
            return (exchanges, ChainEnd::OutOfTime { url: url.into() });
        }
        match place::of(&url, &errand.own, limits.answer) {
            Place::Here(to) => next = Request { to, url, cookies: cookies.field() },
            Place::Nowhere(dead) => {
                return (exchanges, ChainEnd::Elsewhere { url: url.into(), dead: Some(dead) });
            }
            Place::Unknown(why) => return (exchanges, ChainEnd::Untried { url: url.into(), why }),
            Place::Elsewhere(addresses) => {
                let dead = try_elsewhere(&addresses, limits);
                return (exchanges, ChainEnd::Elsewhere { url: url.into(), dead });
            }
        }
    }
}

/// The place that a redirect names. Where it names none, what it says instead.
fn location(answer: &Answer, base: &Url) -> Result<Url, Option<String>> {
    let written = answer.header("location").ok_or(None)?;
    let mut url = base.join(written).map_err(|_| Some(written.to_owned()))?;
    url.set_fragment(None);
    // Nobody's password is sent along.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}

/// Whether somebody takes connections at one of these addresses: more than that is not sent to others.
fn try_elsewhere(addresses: &[SocketAddr], limits: Limits) -> Option<Dead> {
    let mut dead = None;
    for to in addresses.iter().take(4) {
        let left = limits.answer.saturating_duration_since(Instant::now()).min(limits.connect);
        match request::connect(*to, left) {
            Ok(_) => return None,
            Err(Outcome::NotConnected(why)) => {
                // The first says most: it is what a client would try first.
                dead.get_or_insert(Dead::NoConnection { to: *to, why });
            }
            Err(_) => {}
        }
    }
    dead
}

/// Whether what came of a plain request may come of a peer that expects TLS: an alert, a complaint, nothing.
fn looks_like_tls(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Closed { .. } => true,
        Outcome::NotHttp { first } => first.first().is_some_and(|byte| matches!(byte, 0x15 | 0x16)),
        Outcome::Answer(answer) => answer.status == 400,
        _ => false,
    }
}

/// Asks the other scheme at the same address, for the ports that both have by custom.
fn counterpart(errand: &Errand, limits: Limits) -> Option<Counterpart> {
    let (scheme, port) = match (errand.url.scheme(), errand.own.endpoint.port()) {
        ("https", 443) => ("http", 80),
        ("http", 80) => ("https", 443),
        _ => return None,
    };
    let mut url = errand.url.clone();
    url.set_scheme(scheme).ok()?;
    url.set_port(None).ok()?;
    let mut to = errand.own.endpoint;
    to.set_port(port);
    // It is beside the question: nobody waits long for it.
    let brief = Duration::from_millis(1_200);
    let limits =
        Limits { connect: limits.connect.min(brief), answer: limits.answer.min(Instant::now() + brief) };
    let exchange = request::ask(&Request { to, url, cookies: String::new() }, None, limits);
    let nobody = matches!(exchange.outcome, Outcome::NotConnected(_));
    Some(Counterpart { to, exchange: (!nobody).then_some(exchange) })
}

/// The URL that asks an endpoint: scheme, host, port, path.
pub(super) fn url(secure: bool, host: &str, port: u16, path: &str) -> Option<Url> {
    let scheme = if secure { "https" } else { "http" };
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    Url::parse(&format!("{scheme}://{host}:{port}{slash}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{Errand, url, visit};
    use crate::facts::http::{ChainEnd, HostOrigin, Visit};
    use crate::look::http::place::Own;
    use crate::look::http::request::Limits;

    /// A server on the loopback address that answers each request with what `answer` makes of it.
    fn serve(answer: impl Fn(&str, SocketAddr) -> String + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => request.extend_from_slice(&buffer[..length]),
                    }
                }
                let text = answer(&String::from_utf8_lossy(&request), address);
                let _ = stream.write_all(text.as_bytes());
            }
        });
        address
    }

    fn visited(endpoint: SocketAddr, path: &str) -> Visit {
        let errand = Errand {
            url: url(false, "127.0.0.1", endpoint.port(), path).unwrap(),
            host: HostOrigin::Address,
            own: Own { endpoint, addresses: vec![endpoint.ip()], names: Vec::new() },
        };
        let limits =
            Limits { connect: Duration::from_secs(2), answer: Instant::now() + Duration::from_secs(4) };
        visit(&errand, None, limits)
    }

    fn redirect(location: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
    }

    #[test]
    fn redirects_are_followed_to_an_answer() {
        let server = serve(|request, _| {
            if request.starts_with("GET /a ") { redirect("b#part") } else { "HTTP/1.1 200 OK\r\n\r\n".into() }
        });
        let visit = visited(server, "/a");
        assert_eq!(visit.end, ChainEnd::Answered);
        assert_eq!(visit.exchanges.len(), 2);
        assert!(visit.last().unwrap().url.ends_with("/b"));
    }

    #[test]
    fn a_loop_is_seen_and_a_cookie_is_no_loop() {
        let server = serve(|_, _| redirect("/a"));
        assert!(matches!(visited(server, "/a").end, ChainEnd::Loop { .. }));
        let server = serve(|request, _| {
            if request.contains("Cookie: seen=1") {
                "HTTP/1.1 200 OK\r\n\r\n".into()
            } else {
                "HTTP/1.1 302 Found\r\nSet-Cookie: seen=1; Path=/\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n".into()
            }
        });
        assert_eq!(visited(server, "/a").end, ChainEnd::Answered);
    }

    #[test]
    fn an_endless_way_ends() {
        let server = serve(|request, _| {
            let at: u32 = request.split(['/', ' ']).nth(2).and_then(|part| part.parse().ok()).unwrap_or(0);
            redirect(&format!("/{}", at + 1))
        });
        assert_eq!(visited(server, "/0").end, ChainEnd::TooMany);
    }

    #[test]
    fn a_dead_port_and_a_redirect_without_a_place_are_told() {
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = serve(move |_, _| redirect(&format!("http://127.0.0.1:{}/", dead.port())));
        let visit = visited(server, "/");
        assert!(
            matches!(visit.last().unwrap().outcome, crate::facts::http::Outcome::NotConnected(_)),
            "{visit:?}"
        );
        let server = serve(|_, _| "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n".into());
        assert_eq!(visited(server, "/").end, ChainEnd::NoPlace { location: None });
    }
}
