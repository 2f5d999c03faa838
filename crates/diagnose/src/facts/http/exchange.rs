//! One request and what came of it.

use std::net::SocketAddr;
use std::time::Duration;

/// One request.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Where it was sent.
    pub to: SocketAddr,
    /// What was asked for, as one would type it.
    pub url: String,
    /// Over TLS.
    pub secure: bool,
    /// The `Host` of the request, and the server name of the handshake.
    pub host: String,
    /// Until the connection (and the TLS session in it) stood.
    pub connected: Duration,
    /// From the end of the request to the first byte of an answer; none where nothing came.
    pub first_byte: Option<Duration>,
    /// From the start to the end of all that was read.
    pub total: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No connection.
    NotConnected(String),
    /// A connection, no TLS session in it.
    NoSession(String),
    /// The peer ended the connection while the request was sent or before a byte of an answer.
    Closed {
        /// With a reset (or a TLS alert), rather than in order.
        how: String,
    },
    /// Nothing came, for so long.
    Silent(Duration),
    /// Something came that is no HTTP.
    NotHttp {
        /// Its first bytes.
        first: Vec<u8>,
    },
    /// The head of an answer began and did not end: it was too large, or the rest never came.
    NoHead {
        /// The bytes that came.
        length: usize,
        /// Why it was given up.
        why: String,
    },
    /// An answer.
    Answer(Answer),
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Minor version of HTTP/1.
    pub version: u8,
    /// Status code.
    pub status: u16,
    /// The words after it.
    pub reason: String,
    /// Header fields in their order, names as they were sent.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body, not decoded but for chunks.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: BodyEnd,
}

/// How a body ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BodyEnd {
    /// As announced; or it was longer than was read.
    #[default]
    Whole,
    /// The connection ended before what was announced had come.
    Cut {
        /// Bytes that came.
        length: u64,
        /// Bytes that were announced; none where chunks were.
        announced: Option<u64>,
    },
    /// What was announced did not come in time.
    Stalled {
        /// Bytes that came.
        length: u64,
        /// Bytes that were announced; none where chunks were.
        announced: Option<u64>,
    },
}

impl Exchange {
    /// The answer, if there is one.
    pub fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    /// The command of standard tools that asks the same.
    pub fn reproduce(&self) -> String {
        let host = self.url_host();
        let options = if self.secure { "-svk" } else { "-sv" };
        // curl connects to this address whatever the name says, and keeps name, Host and server name as they are.
        let connect = format!("--connect-to ::{}", bracketed(self.to));
        if host.parse::<std::net::IpAddr>().is_ok() {
            return format!("curl {options} -o /dev/null {}", quoted(&self.url));
        }
        format!("curl {options} -o /dev/null {connect} {}", quoted(&self.url))
    }

    fn url_host(&self) -> String {
        url::Url::parse(&self.url)
            .ok()
            .and_then(|url| url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()))
            .unwrap_or_default()
    }
}

impl Answer {
    /// The first header field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(&field.1)
    }

    /// `502 Bad Gateway`.
    pub fn status_line(&self) -> String {
        format!("{} {}", self.status, self.reason).trim_end().to_owned()
    }

    /// Whether the body says this, whatever the case of its letters.
    pub fn says(&self, words: &str) -> bool {
        let body = String::from_utf8_lossy(&self.body).to_lowercase();
        body.contains(&words.to_lowercase())
    }

    /// Whether it sends the client elsewhere.
    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }
}

/// `192.0.2.1:80`, `[2001:db8::1]:80`: what curl takes; a scope is not part of it.
fn bracketed(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) => v4.to_string(),
        SocketAddr::V6(v6) => format!("[{}]:{}", v6.ip(), v6.port()),
    }
}

/// For a shell.
fn quoted(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-._~:/%@+=,".contains(character);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Exchange, Outcome};
    use std::time::Duration;

    #[test]
    fn the_command_asks_the_same() {
        let mut exchange = Exchange {
            to: "[2001:db8::1]:443".parse().unwrap(),
            url: "https://example.com/a?b=c&d".into(),
            secure: true,
            host: "example.com".into(),
            connected: Duration::ZERO,
            first_byte: None,
            total: Duration::ZERO,
            outcome: Outcome::Silent(Duration::ZERO),
        };
        assert_eq!(
            exchange.reproduce(),
            "curl -svk -o /dev/null --connect-to ::[2001:db8::1]:443 'https://example.com/a?b=c&d'"
        );
        exchange.url = "https://[2001:db8::1]/".into();
        assert_eq!(exchange.reproduce(), "curl -svk -o /dev/null 'https://[2001:db8::1]/'");
    }

    #[test]
    fn headers_are_found_whatever_their_case() {
        let answer = Answer { headers: vec![("location".into(), "/x".into())], ..Answer::default() };
        assert_eq!(answer.header("Location"), Some("/x"));
    }
}
