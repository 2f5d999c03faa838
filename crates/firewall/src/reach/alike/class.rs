//! Every packet there is, as classes.

use super::{Alike, Protocols, States, interfaces, protocols, states};
use crate::ir::{Ruleset, Version};
use crate::network::Network;
use crate::simulate::{Class, Origin};
use crate::space::Set;

/// Where a class of packets meets the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// It comes in by one of these interfaces.
    In(Alike),
    /// The host sends it.
    Out,
}

/// A class of packets by what is not in their addresses and ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Version of IP.
    pub version: Version,
    /// Protocol, with those that are alike.
    pub protocol: Protocols,
    /// State of the connection, with those that are alike.
    pub state: States,
    /// Where they meet the host.
    pub meeting: Meeting,
}

/// Every packet of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EveryClass {
    /// Protocols.
    pub protocols: Vec<Protocols>,
    /// States.
    pub states: Vec<States>,
    /// Places.
    pub meetings: Vec<Meeting>,
    version: Version,
}

/// Every packet of a version, as few classes as the rules of these hosts allow.
pub fn every_class(hosts: &[(&Ruleset, &Network)], version: Version) -> EveryClass {
    let rulesets: Vec<&Ruleset> = hosts.iter().map(|(ruleset, _)| *ruleset).collect();
    let meetings = interfaces(hosts, version).into_iter().map(Meeting::In);
    EveryClass {
        protocols: protocols(hosts, version),
        states: states(&rulesets),
        meetings: meetings.chain([Meeting::Out]).collect(),
        version,
    }
}

impl EveryClass {
    /// All of them.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.meetings.iter().flat_map(move |meeting| {
            self.protocols.iter().flat_map(move |protocol| {
                self.states.iter().map(move |state| Kind {
                    version: self.version,
                    protocol: protocol.clone(),
                    state: state.clone(),
                    meeting: meeting.clone(),
                })
            })
        })
    }
}

impl Kind {
    /// The class that stands for it at a host; `None` where the host has no such interface.
    pub fn class(&self, network: &Network, within: Option<Set>) -> Option<Class> {
        let origin = match &self.meeting {
            Meeting::In(alike) => {
                let here = alike.names.iter().find_map(|name| network.interface_named(name));
                Origin::In(here?.index)
            }
            Meeting::Out => Origin::Out { interface: None, user: None, group: None },
        };
        Some(Class {
            version: self.version,
            protocol: self.protocol.speaker,
            origin,
            state: self.state.speaker,
            source: None,
            destination: None,
            source_port: None,
            destination_port: None,
            tcp_flags: None,
            within,
        })
    }
}
