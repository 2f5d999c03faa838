//! The layers: one file each, which owns its codes and judges the facts of a [`Case`] without I/O.
//!
//! A layer tells what is wrong in it whatever other layers say: an expired certificate behind a closed firewall is told, too.
//! What is a mere consequence of another layer's fault is marked a symptom ([`Nature::Symptom`]).

mod address;
mod conntrack;
mod dns;
mod firewall;
mod flows;
mod http;
mod judgement;
mod limits;
mod listener;
mod mac;
mod ports;
mod queue;
mod route;
#[cfg(test)]
mod scene;
mod tls;

use portreeve_model::why::{Layer, LayerName};

use crate::case::Case;

pub use judgement::{FaultDraft, Judgement, evidence};

#[cfg(doc)]
use portreeve_model::why::Nature;

/// A layer, its codes and its judge.
pub struct LayerRule {
    /// Which.
    pub name: LayerName,
    /// What can be wrong in it, and what is worth knowing of it.
    pub codes: &'static [Code],
    /// The judge.
    pub judge: fn(&Case) -> Judgement,
}

/// A code and what it means, for the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The slug.
    pub slug: &'static str,
    /// One sentence: what is the case.
    pub meaning: &'static str,
}

/// The layers in the order in which a connection meets them.
pub const LAYERS: [LayerRule; 12] = [
    LayerRule { name: LayerName::Dns, codes: dns::CODES, judge: dns::judge },
    LayerRule { name: LayerName::Address, codes: address::CODES, judge: address::judge },
    LayerRule { name: LayerName::Route, codes: route::CODES, judge: route::judge },
    LayerRule { name: LayerName::Firewall, codes: firewall::CODES, judge: firewall::judge },
    LayerRule { name: LayerName::Conntrack, codes: conntrack::CODES, judge: conntrack::judge },
    LayerRule { name: LayerName::Listener, codes: listener::CODES, judge: listener::judge },
    LayerRule { name: LayerName::Queue, codes: queue::CODES, judge: queue::judge },
    LayerRule { name: LayerName::Limits, codes: limits::CODES, judge: limits::judge },
    LayerRule { name: LayerName::Ports, codes: ports::CODES, judge: ports::judge },
    LayerRule { name: LayerName::Mac, codes: mac::CODES, judge: mac::judge },
    LayerRule { name: LayerName::Tls, codes: tls::CODES, judge: tls::judge },
    LayerRule { name: LayerName::Http, codes: http::CODES, judge: http::judge },
];

/// Judges every layer.
pub fn judge(case: &Case) -> Vec<Layer> {
    LAYERS.iter().map(|rule| (rule.judge)(case).into_layer(rule)).collect()
}
