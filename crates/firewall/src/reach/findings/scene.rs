//! What the rules look at.

use portreeve_model::exposure::Exposure;
use portreeve_model::{Listener, NamespaceId};

use crate::ir::Ruleset;
use crate::network::Network;
use crate::read::Services;
use crate::simulate::Simulator;

/// Whose a namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The host's, as far as its user can tell.
    Host,
    /// Another one: of a container, of a tool. That it filters nothing itself is as usual.
    Guest,
}

/// One network namespace: its rules, the network around them, and who can reach what.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The namespace.
    pub namespace: NamespaceId,
    /// Every rule of it.
    pub ruleset: &'a Ruleset,
    /// Its interfaces, addresses, routes and parameters.
    pub network: &'a Network,
    /// Both, ready for packets.
    pub simulator: &'a Simulator<'a>,
    /// Who can reach each of its listeners and translated ports.
    pub exposures: &'a [Exposure],
    /// Its listeners; `None` where not all sockets were seen.
    pub listeners: Option<&'a [Listener]>,
    /// Whose the namespace is.
    pub standing: Standing,
    /// What loads rules at boot; `None` for a namespace other than the host's own.
    pub services: Option<&'a Services>,
    /// What runs a command inside the namespace, with a blank at its end: empty for the observer's own.
    pub enter: &'a str,
}
