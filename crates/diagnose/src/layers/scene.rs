//! Hosts for tests of the layers of the path: networks and rules written by hand, packets simulated through them.

use std::net::SocketAddr;

use portreeve_firewall::ir::{Backend, Version, owner};
use portreeve_firewall::network::{Network, Prefix};
use portreeve_firewall::read::xtables::{IpSets, read_save};
use portreeve_model::Protocol;
use portreeve_model::why::{Endpoint, LayerName, Sight};

use super::{LAYERS, Layer};
use crate::case::Case;
use crate::facts::path::{Onward, OnwardState};
use crate::facts::{self, Outcome, Sent, Trial};
use crate::look;

/// A host under construction, and what is asked of it.
pub(super) struct Host {
    pub(super) case: Case,
}

impl Host {
    /// A server at 192.0.2.10 and `2001:db8::10`, with default routes by `eth0`, asked for TCP port 443 of its IPv4 address.
    pub(super) fn new() -> Self {
        Self::with(
            &[("eth0", "192.0.2.10", 24), ("eth0", "2001:db8::10", 64)],
            &[("0.0.0.0", 0, "192.0.2.1", "eth0"), ("::", 0, "2001:db8::1", "eth0")],
        )
    }

    /// With these addresses and routes.
    pub(super) fn with(addresses: &[(&str, &str, u8)], routes: &[(&str, u8, &str, &str)]) -> Self {
        let network = Network::described(
            addresses.iter().map(|(name, address, length)| (*name, address.parse().unwrap(), *length)),
            routes.iter().map(|(prefix, length, gateway, name)| {
                (Prefix::new(prefix.parse().unwrap(), *length), gateway.parse().ok(), *name)
            }),
        );
        let mut case = Case::sample("192.0.2.10:443".parse().unwrap(), Protocol::Tcp);
        case.path.network = network;
        case.path.ruleset = Some(portreeve_firewall::ir::Ruleset::default());
        Self { case }
    }

    /// The rules of `iptables-save`.
    pub(super) fn iptables(self, text: &str) -> Self {
        self.rules(text, Version::V4)
    }

    /// The rules of `ip6tables-save`.
    pub(super) fn ip6tables(self, text: &str) -> Self {
        self.rules(text, Version::V6)
    }

    fn rules(mut self, text: &str, version: Version) -> Self {
        let ruleset = self.case.path.ruleset.get_or_insert_default();
        ruleset.append(read_save(text, version, Backend::IptablesLegacy, &IpSets::default()).unwrap());
        owner::attribute(ruleset);
        self
    }

    /// Asked for these endpoints.
    pub(super) fn at(mut self, endpoints: &[&str]) -> Self {
        self.case.endpoints = endpoints
            .iter()
            .map(|text| {
                let address: SocketAddr = text.parse().unwrap();
                let interface = self.case.path.interface_of(address.ip());
                Endpoint { address, origin: "written".to_owned(), interface }
            })
            .collect();
        if self.case.endpoints.iter().all(|one| one.interface.is_none()) {
            self.case.sight = Sight::Outside;
        }
        self
    }

    /// Asked for this client.
    pub(super) fn from(mut self, client: &str) -> Self {
        self.case.question.from = Some(client.parse().unwrap());
        self
    }

    /// With something, or nothing, where rules send connections to.
    pub(super) fn onward(mut self, address: &str, state: OnwardState) -> Self {
        self.case.path.onward.push(Onward { address: address.parse().unwrap(), state });
        self
    }

    /// With what came of a connection.
    pub(super) fn tried(mut self, endpoint: &str, outcome: Outcome) -> Self {
        let trial = Trial {
            endpoint: endpoint.parse().unwrap(),
            protocol: Protocol::Tcp,
            sent: Sent::Syn,
            outcome,
            took: std::time::Duration::from_secs(3),
            local: None,
            over_loopback: self.case.is_inside(),
            surroundings: None,
        };
        self.case.trials.trials.push(trial);
        self
    }

    /// Whatever else.
    pub(super) fn and(mut self, change: impl FnOnce(&mut Case)) -> Self {
        change(&mut self.case);
        self
    }

    /// One layer's judgement, after packets were simulated.
    pub(super) fn judged(mut self, name: LayerName) -> Layer {
        let Case { question, endpoints, path, sight, .. } = &mut self.case;
        look::simulate(path, question, endpoints, *sight);
        let rule = LAYERS.iter().find(|rule| rule.name == name).unwrap();
        (rule.judge)(&self.case).into_layer(rule)
    }

    /// The code of the only fault, with its statement, evidence and remedies in one text.
    pub(super) fn only(self, name: LayerName) -> (String, String) {
        let layer = self.judged(name);
        assert_eq!(layer.faults.len(), 1, "{:#?}", layer.faults);
        let fault = &layer.faults[0];
        let seen: Vec<String> = fault
            .evidence
            .iter()
            .map(|one| format!("{}: {} [{:?}]", one.kind, one.text, one.reproduce))
            .collect();
        (fault.code.clone(), format!("{}\n{}\n{}", fault.statement, seen.join("\n"), fault.fix.join("\n")))
    }
}

/// No answer.
pub(super) fn silence() -> Outcome {
    Outcome::Silent(facts::Silence { sent: 2 })
}
