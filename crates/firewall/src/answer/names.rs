//! Names for what simulations refer to by index.

use portreeve_model::reach;

use crate::ir::owner::Owner;
use crate::ir::{Backend, Chain, ChainId, ChainKind, Policy, RejectKind, Ruleset};
use crate::network::Network;
use crate::simulate::{Cause, Decider, Endpoints};

/// Where names are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) ruleset: &'a Ruleset,
    pub(crate) network: &'a Network,
}

impl<'a> Names<'a> {
    pub(crate) fn interface(self, index: u32) -> String {
        self.network.interface(index).map_or_else(|| format!("if{index}"), |interface| interface.name.clone())
    }

    pub(crate) fn chain_name(self, id: ChainId) -> String {
        self.ruleset.chain(id).map(|chain| chain.name.clone()).unwrap_or_default()
    }

    pub(crate) fn chain(self, id: ChainId) -> Box<reach::Chain> {
        let Some(chain) = self.ruleset.chain(id) else { return Box::new(nowhere()) };
        Box::new(reach::Chain {
            backend: backend(chain.backend).to_owned(),
            family: chain.family.name().to_owned(),
            table: chain.table.clone(),
            name: chain.name.clone(),
            base: chain.base.as_ref().map(|base| reach::Base {
                kind: kind(base.kind).to_owned(),
                hook: base.hook.name().to_owned(),
                priority: base.priority,
                policy: policy(base.policy).to_owned(),
            }),
            owner: self.owner_of(chain).map(ToString::to_string),
        })
    }

    pub(crate) fn rule(self, chain: ChainId, index: usize) -> Box<reach::Rule> {
        let (Some(chain), position) = (self.ruleset.chain(chain), u32::try_from(index).unwrap_or(u32::MAX))
        else {
            return Box::new(rule_in(&nowhere(), 0));
        };
        let mut named = rule_in(
            &reach::Chain {
                backend: backend(chain.backend).to_owned(),
                family: chain.family.name().to_owned(),
                table: chain.table.clone(),
                name: chain.name.clone(),
                base: None,
                owner: None,
            },
            position.saturating_add(1),
        );
        if let Some(rule) = chain.rules.get(index) {
            let origin = &rule.origin;
            named.handle = origin.handle;
            named.line = origin.line;
            named.position = origin.position;
            named.text.clone_from(&rule.text);
            named.comment.clone_from(&origin.comment);
            named.owner = origin.owner.as_ref().or_else(|| self.owner_of(chain)).map(ToString::to_string);
            named.packets = origin.counters.map(|counters| counters.packets);
            named.bytes = origin.counters.map(|counters| counters.bytes);
        }
        Box::new(named)
    }

    pub(crate) fn decider(self, decider: Decider) -> reach::Decider {
        match decider {
            Decider::Rule(chain, rule) => reach::Decider::Rule(self.rule(chain, rule)),
            Decider::Policy(chain) => reach::Decider::Policy(self.chain(chain)),
        }
    }

    pub(crate) fn cause(self, cause: &Cause) -> reach::Cause {
        reach::Cause {
            kind: word(&cause.kind),
            text: cause.text.clone(),
            rule: cause.rule.map(|(chain, rule)| self.rule(chain, rule)),
        }
    }

    fn owner_of(self, chain: &Chain) -> Option<&'a Owner> {
        let same = |table: &&crate::ir::Table| {
            table.family == chain.family && table.name == chain.table && table.backend == chain.backend
        };
        self.ruleset.tables.iter().find(same)?.owner.as_ref()
    }
}

/// The word of a kind: its name in JSON, with the kind inside where there is one (`state` of a limit is `limit`).
fn word(kind: &impl serde::Serialize) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(members)) => {
            members.values().find_map(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

pub(crate) fn endpoints(endpoints: &Endpoints) -> reach::Endpoints {
    reach::Endpoints {
        source: endpoints.source,
        source_port: endpoints.source_port,
        destination: endpoints.destination,
        destination_port: endpoints.destination_port,
    }
}

/// What a refusal sends back, as `nft` calls it.
pub(crate) fn reject(kind: RejectKind) -> String {
    // RFC 792, 1122, 1812; RFC 4443; enum nft_reject_inet_code.
    let (protocol, code, names): (&str, u8, &[(u8, &str)]) = match kind {
        RejectKind::TcpReset => return "tcp reset".to_owned(),
        RejectKind::Icmp(code) => (
            "icmp",
            code,
            &[
                (0, "net-unreachable"),
                (1, "host-unreachable"),
                (2, "prot-unreachable"),
                (3, "port-unreachable"),
                (9, "net-prohibited"),
                (10, "host-prohibited"),
                (13, "admin-prohibited"),
            ],
        ),
        RejectKind::Icmp6(code) => (
            "icmpv6",
            code,
            &[
                (0, "no-route"),
                (1, "admin-prohibited"),
                (3, "addr-unreachable"),
                (4, "port-unreachable"),
                (5, "policy-fail"),
                (6, "reject-route"),
            ],
        ),
        RejectKind::Icmpx(code) => (
            "icmpx",
            code,
            &[(0, "no-route"), (1, "port-unreachable"), (2, "host-unreachable"), (3, "admin-prohibited")],
        ),
    };
    match names.iter().find(|(known, _)| *known == code) {
        Some((_, name)) => format!("{protocol} {name}"),
        None => format!("{protocol} code {code}"),
    }
}

pub(crate) fn policy(policy: Policy) -> &'static str {
    match policy {
        Policy::Accept => "accept",
        Policy::Drop => "drop",
    }
}

fn backend(backend: Backend) -> &'static str {
    match backend {
        Backend::Nft => "nft",
        Backend::IptablesNft => "iptables-nft",
        Backend::IptablesLegacy => "iptables-legacy",
    }
}

fn kind(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::Filter => "filter",
        ChainKind::Nat => "nat",
        ChainKind::Route => "route",
    }
}

fn rule_in(chain: &reach::Chain, position: u32) -> reach::Rule {
    reach::Rule {
        backend: chain.backend.clone(),
        family: chain.family.clone(),
        table: chain.table.clone(),
        chain: chain.name.clone(),
        handle: None,
        line: None,
        position,
        text: String::new(),
        comment: None,
        owner: None,
        packets: None,
        bytes: None,
    }
}

/// Stands for a chain that does not exist; readers make no ids of such.
fn nowhere() -> reach::Chain {
    reach::Chain {
        backend: String::new(),
        family: String::new(),
        table: String::new(),
        name: String::new(),
        base: None,
        owner: None,
    }
}
