//! Upstreams that a proxy's configuration names.
//!
//! Owns small readers of the configuration languages of nginx, `HAProxy`, Apache and Caddy, which know just enough of each to find where requests go.
//! They take everything: what they do not understand, they pass over.

mod apache;
mod caddy;
mod files;
mod haproxy;
mod nginx;
mod read;

pub(super) use files::Files;
pub(super) use read::read;

use crate::facts::http::UpstreamAddress;

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
