//! Upstreams that a proxy's configuration names.
//!
//! Owns what directives of nginx, `HAProxy`, Apache and Caddy mean for the way of a request: which part of
//! the configuration answers for it, and where that part sends it. What it does not understand, it passes
//! over.

mod apache;
mod caddy;
mod haproxy;
mod nginx;
mod read;
#[cfg(test)]
mod tests;

pub(super) use read::read;

use crate::facts::http::UpstreamAddress;
use crate::look::configuration::Directive;

/// What was asked of the proxy.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The address and port.
    pub(super) endpoint: std::net::SocketAddr,
    /// The name, without a port.
    pub(super) host: String,
    /// The path, without a query.
    pub(super) path: String,
}

/// An upstream that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configured {
    /// Where.
    pub(super) address: UpstreamAddress,
    /// The file.
    pub(super) file: String,
    /// The line, from 1.
    pub(super) line: usize,
    /// What stands there.
    pub(super) text: String,
    /// The name of the group that it is of, as logs name it.
    pub(super) group: Option<String>,
    /// It is in the part that answers for what was asked.
    pub(super) asked: bool,
}

impl Configured {
    /// One that a directive names, of no group.
    fn at(directive: &Directive, address: UpstreamAddress, asked: bool) -> Self {
        Self {
            address,
            file: directive.file.to_string(),
            line: directive.line,
            text: directive.text.clone(),
            group: None,
            asked,
        }
    }
}
