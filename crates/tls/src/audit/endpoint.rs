//! What is audited.

use std::net::SocketAddr;

use portreeve_model::tls::Target;

/// One address of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// As it was written.
    pub text: String,
    /// The name or address that was asked for.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The name in the hello (SNI); none sends none.
    pub server_name: Option<String>,
    /// The address that is audited.
    pub address: SocketAddr,
    /// Further addresses of the name, which are not.
    pub other_addresses: Vec<SocketAddr>,
}

impl Endpoint {
    /// As documents tell it.
    pub(super) fn told(&self) -> Target {
        Target {
            text: self.text.clone(),
            host: self.host.clone(),
            port: self.port,
            address: Some(self.address),
            other_addresses: self.other_addresses.clone(),
            server_name: self.server_name.clone(),
        }
    }
}
