//! What was read, before anything is made of it.

use std::collections::BTreeMap;

use portreeve_model::exposure::Door;
use portreeve_model::{Host, Unseen};
use serde::{Deserialize, Serialize};

use super::outline::Outline;
use crate::ir::{Backend, Version};
use crate::network::Network;
use crate::network::limits::Limit;

/// The packet filters of one network namespace as the system's programs printed them, and the network around them.
///
/// It keeps texts, not what was understood of them, so that a later version of this program can read them anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    /// The machine, and when it was read.
    pub host: Host,
    /// What `nft` printed.
    pub nft: Option<NftListing>,
    /// What the kernel says that each rule of `nf_tables` tests, where it could be asked.
    #[serde(default)]
    pub outlines: Vec<Outline>,
    /// What the save programs of the xtables printed.
    pub xtables: Vec<XtablesSave>,
    /// What `ipset save` printed, where rules use ipsets.
    pub ipsets: Option<String>,
    /// The files of the host that name marks, realms, device groups and labels, by path: `nft` prints the names.
    pub names: BTreeMap<String, String>,
    /// Interfaces, addresses, routes, kernel parameters.
    pub network: Network,
    /// The listeners of the namespace, where they were looked for together with the rules: a snapshot then answers for every port.
    #[serde(default)]
    pub doors: Option<Vec<Door>>,
    /// What runs beside the rules and is not simulated.
    pub limits: Vec<Limit>,
    /// What could not be read.
    pub unseen: Vec<Unseen>,
}

/// The output of one save program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XtablesSave {
    /// What runs these tables.
    pub backend: Backend,
    /// IPv4 or IPv6.
    pub version: Version,
    /// The text.
    pub text: String,
}

/// The output of `nft`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NftListing {
    /// `nft -j list ruleset`.
    pub json: String,
    /// What this release of `nft` leaves out of its JSON: see [`super::nft::questions`].
    pub supplement: String,
}
