//! Who can reach what: answers for all packets at once.

use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reach::{Cause, Decider, Verdict};
use crate::{Listener, NamespaceId, Protocol};

/// A port through which others may come: a listener, or a port that rules translate to somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Door {
    /// Protocol.
    pub protocol: Protocol,
    /// Port, as a client names it.
    pub port: u16,
    /// Last port of a range that begins with `port`: of translated doors and of those behind this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_end: Option<u16>,
    /// Addresses as a client names them: those bound to, the unspecified address for all of a version.
    pub addresses: Vec<IpAddr>,
    /// Device it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// What stands behind it.
    pub kind: DoorKind,
    /// Who holds it, as shown: `nginx`, `docker-proxy`, a container's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Namespace of the listener; that of the rules for a translated port.
    pub namespace: NamespaceId,
}

/// What stands behind a door.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DoorKind {
    /// A socket of this host.
    Listener,
    /// Rules bind connections to another address: a published container port, a forwarded port.
    Translated {
        /// Where to.
        to: SocketAddr,
    },
    /// A host behind this one, asked for with `--to`.
    Behind,
}

/// Who can reach a door, IPv4 and IPv6 apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// The door.
    pub door: Door,
    /// One for each version that it has addresses of.
    pub families: Vec<FamilyExposure>,
}

/// Who can reach a door by one version of IP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyExposure {
    /// Version.
    pub version: IpVersion,
    /// By zone, widest first: every zone that the host knows.
    pub zones: Vec<ZoneExposure>,
    /// Exactly: parts whose sources are treated alike, those that can reach it first. Parts do not overlap, and together they are
    /// every source by every interface.
    pub parts: Vec<Part>,
    /// Set where the rules were too complex for an exact answer: which ones, and why. Then `parts` are those that are certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_complex: Option<String>,
}

/// A version of the Internet Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IpVersion {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// How much of a zone can reach a door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZoneExposure {
    /// Name of the zone: `internet`, `private`, `link-local`, `this host`, `containers`, or of a named network.
    pub zone: String,
    /// How much of it.
    pub coverage: Coverage,
}

/// How much of a zone's sources can reach a door.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Every address, by at least one way that leads here from the zone.
    All,
    /// Some addresses, certainly.
    Some,
    /// None certainly, and some perhaps: it depends on what the causes name.
    Depends,
    /// None.
    None,
}

/// Sources that are treated alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What becomes of them.
    pub verdict: Verdict,
    /// Interfaces that they come in by; empty for this host itself.
    pub interfaces: Vec<String>,
    /// The sources in the words of zones: `internet`, `private except 10.9.0.0/16`, `198.51.100.0/24 and 3 more`.
    pub label: String,
    /// The zones that the sources belong to, widest first: [`Coverage::All`] or [`Coverage::Some`] of each; zones without a
    /// source among them are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<ZoneExposure>,
    /// The sources as prefixes, lowest first; not more than were asked for.
    pub sources: Vec<String>,
    /// How many prefixes there are beyond those in `sources`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_sources: u64,
    /// What else must hold, in words: `source port 1024-65535`, `destination 192.0.2.10`. Empty where nothing else matters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What decides, most telling first.
    pub deciders: Vec<Decision>,
    /// How many deciding rules there are beyond those in `deciders`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_deciders: u64,
    /// What the verdict depends on, where it is not certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// A packet of this part, in the words of `--packet`.
    pub witness: String,
    /// Where it arrives, after all translation; absent where it does not arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrives_at: Option<SocketAddr>,
}

/// What decides about a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Decision {
    /// A rule or the policy of a chain.
    Rules {
        /// Which.
        by: Decider,
        /// Hook at which it decides: `prerouting`, `input`, `forward`, `output`, ...
        hook: String,
        /// The owner's name: the software that wrote it, `you` where it was written by hand.
        owner: String,
    },
    /// No rule denies it, and no chain has a policy that could.
    NoRule,
    /// The host itself, before or between the rules: a route, `rp_filter`, a martian address.
    Host {
        /// A stable word, as of `reach::End::Discarded`.
        code: String,
        /// The sentence.
        text: String,
    },
    /// The answer does not come back: what stops it.
    Reply {
        /// What.
        by: Box<Decision>,
    },
    /// Nothing takes it there: the address is not of this host, or the socket is bound to another device.
    NoDoor {
        /// The sentence.
        text: String,
    },
}

/// Names of the zones that every host has.
pub mod zone {
    /// Everything that is no other zone.
    pub const INTERNET: &str = "internet";
    /// RFC 1918, RFC 6598, RFC 4193.
    pub const PRIVATE: &str = "private";
    /// The same link.
    pub const LINK_LOCAL: &str = "link-local";
    /// Containers of this host.
    pub const CONTAINERS: &str = "containers";
    /// What this host itself sends.
    pub const THIS_HOST: &str = "this host";
}

impl Door {
    /// Whether the listener stands behind it: same namespace, protocol and port, and an address in common.
    pub fn is_of(&self, listener: &Listener) -> bool {
        self.kind == DoorKind::Listener
            && self.namespace == listener.namespace
            && self.protocol == listener.protocol
            && self.port == listener.port
            && listener.addresses.iter().any(|bound| {
                let device = bound.interface.as_ref().and_then(|interface| interface.name.as_deref());
                self.addresses.contains(&bound.address)
                    && (self.interface.is_none() || self.interface.as_deref() == device)
            })
    }
}

impl Exposure {
    /// Who can reach it by this version.
    pub fn family(&self, version: IpVersion) -> Option<&FamilyExposure> {
        self.families.iter().find(|family| family.version == version)
    }
}

impl FamilyExposure {
    /// How much of a zone can reach it; nothing of a zone that the host does not know.
    pub fn coverage(&self, zone: &str) -> Coverage {
        self.zones.iter().find(|known| known.zone == zone).map_or(Coverage::None, |known| known.coverage)
    }

    /// The zones other than this host itself, widest first.
    pub fn elsewhere(&self) -> impl Iterator<Item = &ZoneExposure> {
        self.zones.iter().filter(|known| known.zone != zone::THIS_HOST)
    }

    /// Parts whose sources are elsewhere: what comes in by an interface.
    pub fn parts_elsewhere(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.interfaces.is_empty())
    }
}

impl Coverage {
    /// Whether somebody certainly gets through.
    pub fn is_open(self) -> bool {
        matches!(self, Self::All | Self::Some)
    }
}

impl IpVersion {
    /// `IPv4`, `IPv6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
