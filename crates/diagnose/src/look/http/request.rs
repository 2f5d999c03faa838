//! One request: a connection, a session in it where the scheme is `https`, one `GET`, the answer.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use portreeve_tls::client::Session;
use url::Url;

use super::reading::{self, Patient};
use super::session;
use crate::facts::http::{Exchange, Outcome};
use crate::look::Budget;

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Where it is sent.
    pub(super) to: SocketAddr,
    /// What is asked for.
    pub(super) url: Url,
    /// The `Cookie` field; empty for none.
    pub(super) cookies: String,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// A connection, and the session in it.
    pub(super) connect: Duration,
    /// The answer.
    pub(super) answer: Instant,
}

impl Limits {
    /// A late answer is worth waiting for, as long as there is time to say so: that is what tells slow from dead.
    pub(super) fn of(budget: Budget) -> Self {
        /// What is needed afterwards: who the upstream is, and all that is judged.
        const RESERVED: Duration = Duration::from_millis(1_600);
        const PATIENCE: Duration = Duration::from_secs(5);
        let latest = budget.deadline.checked_sub(RESERVED).unwrap_or(budget.deadline);
        Self { connect: budget.wait(), answer: latest.min(Instant::now() + PATIENCE) }
    }
}

/// Bytes that are read and written, in plain or in a session.
pub(super) trait Channel: Patient + Write {}

impl<T: Patient + Write + ?Sized> Channel for T {}

impl Patient for TcpStream {
    fn wait_at_most(&mut self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

/// Asks once, in a session that stands already if there is one.
pub(super) fn ask(request: &Request, standing: Option<Session>, limits: Limits) -> Exchange {
    let begun = Instant::now();
    let secure = request.url.scheme() == "https";
    let mut exchange = Exchange {
        to: request.to,
        url: request.url.to_string(),
        secure,
        host: host_field(&request.url),
        connected: Duration::ZERO,
        first_byte: None,
        total: Duration::ZERO,
        outcome: Outcome::Silent(Duration::ZERO),
    };
    let left = limits.answer.saturating_duration_since(begun).min(limits.connect);
    let channel: Result<Box<dyn Channel>, Outcome> = match standing {
        Some(session) => Ok(Box::new(session)),
        None => connect(request.to, left).and_then(|stream| {
            if secure { session::open(stream, &request.url, left) } else { Ok(Box::new(stream)) }
        }),
    };
    exchange.connected = begun.elapsed();
    match channel {
        Ok(mut channel) => speak(&mut *channel, request, limits, &mut exchange),
        Err(outcome) => exchange.outcome = outcome,
    }
    exchange.total = begun.elapsed();
    exchange
}

pub(super) fn connect(to: SocketAddr, time: Duration) -> Result<TcpStream, Outcome> {
    // A time-out of nothing is an error of its own.
    let time = time.max(Duration::from_millis(1));
    let stream = TcpStream::connect_timeout(&to, time).map_err(|error| {
        let why = if reading::is_timeout(&error) {
            format!("no answer within {:.1} s", time.as_secs_f64())
        } else {
            error.to_string()
        };
        Outcome::NotConnected(why)
    })?;
    // One small segment: nothing is gained by holding it back.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

fn speak(channel: &mut dyn Channel, request: &Request, limits: Limits, exchange: &mut Exchange) {
    let text = text(request);
    let sent = channel
        .wait_at_most(limits.connect.max(Duration::from_millis(1)))
        .and_then(|()| channel.write_all(text.as_bytes()))
        .and_then(|()| channel.flush());
    let asked = Instant::now();
    if let Err(error) = sent {
        // A peer that answers and closes before it has read all resets the connection; its answer may have come.
        if !matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
            exchange.outcome = Outcome::Closed { how: format!("the request could not be sent ({error})") };
            return;
        }
    }
    let read = reading::answer(channel, limits.answer);
    exchange.first_byte = read.first_byte.map(|at| at.saturating_duration_since(asked));
    exchange.outcome = read.outcome;
}

/// The request as it is sent (RFC 9112).
pub(super) fn text(request: &Request) -> String {
    let url = &request.url;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let cookies = match request.cookies.as_str() {
        "" => String::new(),
        cookies => format!("Cookie: {cookies}\r\n"),
    };
    format!(
        "GET {}{query} HTTP/1.1\r\nHost: {}\r\nUser-Agent: portreeve/{}\r\nAccept: */*\r\n{cookies}Connection: close\r\n\r\n",
        url.path(),
        host_field(url),
        env!("CARGO_PKG_VERSION"),
    )
}

/// The `Host` field: the port only where it is not the scheme's.
fn host_field(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::{Request, text};

    fn request(url: &str) -> Request {
        Request { to: "192.0.2.1:80".parse().unwrap(), url: url.parse().unwrap(), cookies: String::new() }
    }

    #[test]
    fn the_request_names_host_and_path() {
        let sent = text(&request("http://example.com:8080/a b?c=d#e"));
        assert!(
            sent.starts_with("GET /a%20b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: portreeve/"),
            "{sent}"
        );
        assert!(sent.ends_with("\r\nConnection: close\r\n\r\n"));
        assert!(!sent.contains("Cookie"));
        assert!(text(&request("https://[2001:db8::1]:443/")).contains("\r\nHost: [2001:db8::1]\r\n"));
    }

    #[test]
    fn nothing_that_a_redirect_says_breaks_the_lines_of_a_request() {
        let sent = text(&request("http://example.com/%0d%0aX: y\r\nZ: w"));
        assert_eq!(sent.matches("\r\n").count(), 6, "{sent:?}");
    }
}
