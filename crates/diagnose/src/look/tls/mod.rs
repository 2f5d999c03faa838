//! Gathering for `facts::tls`: a real handshake with every endpoint that took a connection; where it fails, what tells the reason.

mod files;
mod second;
mod tries;

pub(crate) use tries::look;
