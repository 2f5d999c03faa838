//! The answer to "what happens to this packet?": a verdict, and every way that leads to it.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the rules come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RulesSource {
    /// The running kernel.
    Live,
    /// A snapshot file.
    Snapshot {
        /// Its path.
        file: String,
    },
    /// Files with rules; the network around them is what the user said.
    Files {
        /// Their paths.
        files: Vec<String>,
    },
}

/// The answer for one packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The packet, in the words of `--packet`.
    pub packet: String,
    /// What the question left open and was found from the host's addresses and routes, one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferred: Option<String>,
    /// What becomes of the packet.
    pub verdict: Verdict,
    /// The same in one sentence, with what decided.
    pub statement: String,
    /// What the answer hangs on; empty where it is certain.
    pub causes: Vec<Cause>,
    /// Every way that the packet can take; one where nothing is uncertain.
    pub outcomes: Vec<Outcome>,
    /// The search was cut short: there may be further ways.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Commands that show the same with standard tools.
    pub reproduce: Vec<String>,
}

/// What becomes of a packet, all ways taken together.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It arrives, whatever is uncertain.
    Allow,
    /// It does not arrive, whatever is uncertain.
    Deny,
    /// It arrives or not, by what the causes name.
    Unknown,
}

/// Why an answer is not certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// Kind of uncertainty, a stable word: `unspecified`, `limit`, `changing-set`, `not-understood`, `unseen`, ...
    pub kind: String,
    /// What exactly, as written in the rule or named in the question.
    pub text: String,
    /// The rule that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Box<Rule>>,
}

/// One way of the packet, and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// How it ends.
    pub end: End,
    /// The end in one sentence.
    pub statement: String,
    /// Indices into the answer's `causes`: what was assumed on this way.
    pub assumed: Vec<u32>,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// Addresses and ports at the end, after all translation.
    pub endpoints: Endpoints,
}

/// How a packet's way ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum End {
    /// The host itself takes it.
    Delivered,
    /// It leaves by an interface.
    Sent {
        /// Name.
        interface: String,
        /// Next hop, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<IpAddr>,
    },
    /// Dropped without a word.
    Dropped {
        /// By what.
        by: Decider,
    },
    /// Refused, and the sender is told.
    Rejected {
        /// By what.
        by: Decider,
        /// With what: `tcp-reset`, `icmp port-unreachable`, ...
        with: String,
    },
    /// The host itself throws it away, before or between the rules.
    Discarded {
        /// A stable word: `martian-source`, `rp-filter`, `no-route`, ...
        code: String,
        /// The sentence, which names the route or kernel parameter at fault.
        text: String,
        /// An ICMP error is sent back.
        answered: bool,
    },
    /// Something takes it away (a queue, `synproxy`, `fwd`); what becomes of it then is not known.
    Taken {
        /// By what, where it is a rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Decider>,
        /// What takes it.
        text: String,
    },
}

/// What decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Decider {
    /// A rule.
    Rule(Box<Rule>),
    /// The policy of a base chain.
    Policy(Box<Chain>),
}

/// One step of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Step {
    /// A hook is reached.
    Hook {
        /// `prerouting`, `input`, `forward`, `output`, `postrouting`, `ingress`, `egress`.
        hook: String,
        /// `ip`, `ip6`, `bridge`, `netdev`.
        family: String,
        /// Interface it came in by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<String>,
        /// Interface it will leave by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<String>,
    },
    /// A base chain begins.
    Chain {
        /// The chain.
        chain: Box<Chain>,
    },
    /// A rule was looked at and did not match.
    Passed {
        /// The rule.
        rule: Box<Rule>,
    },
    /// A rule matched.
    Rule {
        /// The rule.
        rule: Box<Rule>,
        /// What it did.
        effect: Effect,
        /// Whether it matches is assumed, not known: index into the answer's `causes`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assumed: Option<u32>,
    },
    /// A chain other than a base chain ended without a verdict.
    ChainEnd {
        /// Its name.
        chain: String,
    },
    /// A base chain ended by its policy.
    Policy {
        /// The chain.
        chain: Box<Chain>,
        /// `accept` or `drop`.
        policy: String,
    },
    /// The connection was looked up.
    Conntrack {
        /// `new`, `established`, `related`, `invalid`, `untracked`.
        state: String,
        /// It is a packet of the reply direction.
        reply: bool,
    },
    /// Addresses were translated.
    Nat {
        /// Before.
        before: Endpoints,
        /// After.
        after: Endpoints,
    },
    /// The route was chosen.
    Route {
        /// Where to.
        to: RouteTo,
        /// Interface it will leave by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interface: Option<String>,
        /// Next hop, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway: Option<IpAddr>,
        /// Again, because a rule changed the mark or an address.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// The packet comes back in by the loopback interface.
    Loopback,
    /// A frame is forwarded by a bridge.
    Bridged {
        /// Name of the bridge.
        bridge: String,
    },
}

/// Where a routing decision sends a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteTo {
    /// To the host itself.
    Local,
    /// Onward.
    Forward,
    /// Out, from the host itself.
    Output,
}

/// What a matching rule did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Effect {
    /// Nothing that ends the chain: it counted, logged, set a mark.
    Continue,
    /// Accepted, as far as this base chain goes.
    Accept,
    /// Dropped.
    Drop,
    /// Refused.
    Reject {
        /// With what.
        with: String,
    },
    /// Jumped to a chain, which comes back.
    Jump {
        /// Its name.
        chain: String,
    },
    /// Went to a chain, which does not come back here.
    Goto {
        /// Its name.
        chain: String,
    },
    /// Returned to the chain that jumped here.
    Return,
    /// Bound the connection to other addresses, and accepted.
    Nat,
    /// Took the packet away.
    Take {
        /// What takes it.
        text: String,
    },
}

/// Addresses and ports of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoints {
    /// Source address; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<IpAddr>,
    /// Source port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_port: Option<u16>,
    /// Destination address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<IpAddr>,
    /// Destination port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_port: Option<u16>,
}

/// A chain, as far as it has to be told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// What runs it: `nft`, `iptables-nft`, `iptables-legacy`.
    pub backend: String,
    /// `ip`, `ip6`, `inet`, `arp`, `bridge`, `netdev`.
    pub family: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Where and when it is called, for a base chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// The software that wrote its table, where it can be recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// What makes a chain a base chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Base {
    /// `filter`, `nat`, `route`.
    pub kind: String,
    /// Where it is called.
    pub hook: String,
    /// When it is called there: lower comes first.
    pub priority: i32,
    /// What becomes of a packet that reaches its end.
    pub policy: String,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// What runs it: `nft`, `iptables-nft`, `iptables-legacy`.
    pub backend: String,
    /// Family of its table.
    pub family: String,
    /// Its table.
    pub table: String,
    /// Its chain.
    pub chain: String,
    /// The kernel's handle (`nf_tables` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<u64>,
    /// Its line in the file or dump that it was read from, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Its place in the chain, from 1.
    pub position: u32,
    /// The rule in its own language.
    pub text: String,
    /// The comment its writer left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The software that wrote it, where it can be recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Packets that it counted so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets: Option<u64>,
    /// Bytes that it counted so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Something that sees packets before, between or behind the rules and is not simulated, or that was assumed of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// A stable word: `xdp`, `traffic_control`, `cgroup_bpf`, `described_host`, ...
    pub kind: String,
    /// One sentence: what, and where.
    pub text: String,
}
