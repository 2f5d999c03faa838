//! What one name server says to one question.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The records that give addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordType {
    /// IPv4.
    A,
    /// IPv6.
    Aaaa,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        })
    }
}

/// One question to one name server, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Who was asked.
    pub server: SocketAddr,
    /// For which name.
    pub question: String,
    /// For which records.
    pub record: RecordType,
    /// What came of it.
    pub outcome: Outcome,
    /// From the first question to that.
    pub took: Duration,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Answered(Response),
    /// Nothing, though the question was sent so many times.
    Silent {
        /// Questions that were sent.
        sent: u32,
    },
    /// The system said that it cannot be asked: `Connection refused` where nothing listens on its port 53.
    Unreachable(String),
    /// Something that is no answer to it.
    Garbled(String),
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The response code (RFC 6895): 0 no error, 2 server failure, 3 no such name, 5 refused.
    pub code: u16,
    /// The names that the name stands for, in order (CNAME).
    pub aliases: Vec<String>,
    /// The aliases lead back to one that was before.
    pub alias_loop: bool,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// Seconds until the shortest-lived record of it expires.
    pub ttl: Option<u32>,
    /// It did not fit a datagram, and what is here is not all.
    pub truncated: bool,
    /// Why it could not be had over TCP.
    pub tcp_error: Option<String>,
    /// Asked again with the validation of signatures switched off, the server gave an answer.
    pub bogus: bool,
}

impl Response {
    /// Mnemonic of the response code, as `dig` prints it.
    pub fn code_name(&self) -> String {
        match self.code {
            0 => "NOERROR".to_owned(),
            1 => "FORMERR".to_owned(),
            2 => "SERVFAIL".to_owned(),
            3 => "NXDOMAIN".to_owned(),
            4 => "NOTIMP".to_owned(),
            5 => "REFUSED".to_owned(),
            other => format!("code {other}"),
        }
    }
}

impl Reply {
    /// The answer, if one came.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response),
            _ => None,
        }
    }

    /// The addresses of the answer.
    pub fn addresses(&self) -> &[IpAddr] {
        self.response().map(|response| response.addresses.as_slice()).unwrap_or_default()
    }

    /// Whether the server said that there is no such name.
    pub fn denies(&self) -> bool {
        self.response().is_some_and(|response| response.code == 3)
    }

    /// Whether the server said something on which a client relies: records, none of this type, or no such name. After anything else it
    /// asks the next server.
    pub fn is_definite(&self) -> bool {
        self.response().is_some_and(|response| matches!(response.code, 0 | 3))
    }

    /// Whether nothing came of the question.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.outcome, Outcome::Silent { .. } | Outcome::Unreachable(_) | Outcome::Garbled(_))
    }

    /// The fact in a few words: `192.0.2.53: A shop.example: NXDOMAIN (3 ms)`.
    pub fn told(&self) -> String {
        let what = match &self.outcome {
            Outcome::Silent { sent } => format!("no answer to {sent} questions"),
            Outcome::Unreachable(error) => error.clone(),
            Outcome::Garbled(error) => format!("no answer that can be read: {error}"),
            Outcome::Answered(response) => {
                let mut words: Vec<String> =
                    response.aliases.iter().map(|name| format!("CNAME {name}")).collect();
                words.extend(response.addresses.iter().map(ToString::to_string));
                let mut text = match (response.code, words.is_empty()) {
                    (0, true) => "NOERROR without records".to_owned(),
                    (0, false) => words.join(", "),
                    (_, true) => response.code_name(),
                    (_, false) => format!("{}, {}", words.join(", "), response.code_name()),
                };
                if response.truncated {
                    text.push_str(", truncated");
                }
                text
            }
        };
        format!(
            "{}: {} {}: {what} ({} ms)",
            shown_server(self.server),
            self.record,
            self.question,
            self.took.as_millis()
        )
    }

    /// The command that asks the same.
    pub fn reproduce(&self) -> String {
        dig(self.server, &self.question, self.record)
    }
}

/// `dig @192.0.2.53 shop.example A`.
pub(crate) fn dig(server: SocketAddr, question: &str, record: RecordType) -> String {
    let mut at = server.ip().to_string();
    if let SocketAddr::V6(v6) = server
        && v6.scope_id() != 0
    {
        at = format!("{at}%{}", v6.scope_id());
    }
    format!("dig @{at} {question} {record}")
}

/// The server, without the port that all have.
pub(crate) fn shown_server(server: SocketAddr) -> String {
    if server.port() == 53 { server.ip().to_string() } else { server.to_string() }
}
