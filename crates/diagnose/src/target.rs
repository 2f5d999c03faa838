//! What is asked: a target as it is written, the client it is asked for, what may be tried.

mod application;
mod error;
mod host;
mod parse;

use std::net::IpAddr;

use portreeve_model::why::Target;

pub use error::TargetError;
pub use parse::parse;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked about.
    pub target: Target,
    /// The client that is supposed; without one the widest that can route here.
    pub from: Option<IpAddr>,
    /// Whether packets may be sent.
    pub probe: Probe,
}

/// Whether packets may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Probe {
    /// Names are looked up, connections are made.
    #[default]
    Allowed,
    /// Nothing is sent: neither to the target nor to a name server.
    Forbidden,
}

/// Looks up the port of a service by its name: IANA's, for TCP or UDP.
pub type Services<'a> = &'a dyn Fn(&str, portreeve_model::Protocol) -> Option<u16>;
