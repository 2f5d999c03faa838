//! A host as every question needs it: its rules understood, the network around them, what is not simulated, what was not seen.

use std::borrow::Cow;

use portreeve_firewall::ir::Ruleset;
use portreeve_firewall::network::Network;
use portreeve_firewall::network::limits::Limit;
use portreeve_firewall::reach::zones::{NamedNetwork, Zones};
use portreeve_firewall::read::BuildError;
use portreeve_inventory::services;
use portreeve_model::exposure::Door;
use portreeve_model::reach::{self, Cause, RulesSource};
use portreeve_model::{self as model, Protocol, Unseen, UnseenSubject};

use super::source::Read;
use crate::config::Config;
use crate::error::CommandError;

/// Rules and the host around them.
pub(super) struct Host {
    /// The rules, understood.
    pub(super) ruleset: Ruleset,
    /// The host around them.
    pub(super) network: Network,
    /// The machine.
    pub(super) machine: model::Host,
    /// Where the rules come from.
    pub(super) from: RulesSource,
    /// The listeners that a snapshot has.
    pub(super) doors: Option<Vec<Door>>,
    /// What is not simulated, or was assumed.
    pub(super) limits: Vec<reach::Limit>,
    /// What was not seen.
    pub(super) unseen: Vec<Unseen>,
}

impl Host {
    /// Understands what was read.
    ///
    /// # Errors
    /// Where files with rules hold something that is not understood at all.
    pub(super) fn of(read: Read) -> Result<Self, CommandError> {
        let Read { firewall, from, described } = read;
        let (ruleset, errors) = firewall.ruleset();
        if let (RulesSource::Files { .. }, Some(error)) = (&from, errors.first()) {
            return Err(CommandError::usage(format!("the rules are not understood: {error}")));
        }
        let mut unseen = firewall.unseen;
        unseen.extend(errors.iter().map(BuildError::unseen));
        Ok(Self {
            ruleset,
            network: firewall.network,
            machine: firewall.host,
            from,
            doors: firewall.doors,
            limits: firewall.limits.iter().map(limit).chain(described).collect(),
            unseen,
        })
    }

    /// Whether it is a host that the command line describes.
    pub(super) fn is_described(&self) -> bool {
        matches!(self.from, RulesSource::Files { .. })
    }

    /// Its zones, those of the configuration among them.
    pub(super) fn zones(&mut self, config: Config) -> Zones {
        self.unseen.extend(config.unseen);
        let named =
            |network: crate::config::Network| NamedNetwork { name: network.name, prefixes: network.prefixes };
        let named: Vec<NamedNetwork> = config.networks.into_iter().map(named).collect();
        Zones::new(&self.network, &named)
    }
}

/// Why nothing is certain, where rules were not seen: they may do anything to any packet.
pub(super) fn missing_rules(unseen: &[Unseen]) -> Option<Cause> {
    let missing =
        unseen.iter().find(|entry| entry.subject == UnseenSubject::FirewallRules && entry.is_incomplete())?;
    Some(Cause { kind: "unseen".to_owned(), text: missing.detail.clone(), rule: None })
}

/// IANA's port of a service, by protocol number.
pub(super) fn port_of(name: &str, protocol: u8) -> Option<u16> {
    let protocol = match protocol {
        6 => Protocol::Tcp,
        17 => Protocol::Udp,
        132 => Protocol::Sctp,
        136 => Protocol::Udplite,
        _ => return None,
    };
    services::port_of(&name.to_ascii_lowercase(), protocol)
}

/// A limit in the words of documents.
pub(in crate::machine) fn limit(limit: &Limit) -> reach::Limit {
    reach::Limit { kind: kind(limit).into_owned(), text: limit.to_string() }
}

/// The word that the limit goes by in snapshot files.
fn kind(limit: &Limit) -> Cow<'static, str> {
    let value = serde_json::to_value(limit).unwrap_or_default();
    value
        .get("kind")
        .and_then(|kind| kind.as_str())
        .map_or(Cow::Borrowed("other"), |kind| Cow::Owned(kind.to_owned()))
}
