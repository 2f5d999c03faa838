//! Which interfaces rules and routes tell apart.

use super::probed::Probed;
use crate::ir::{FibResult, Field, Meta, PhysdevKey, Ruleset, Version, name_number};
use crate::network::{Interface, Network};

/// Interfaces that packets can come in by, and for which everything does the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Names; the first stands for all of them.
    pub names: Vec<String>,
}

impl Alike {
    /// The one that stands for all of them.
    pub fn speaker(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

/// The interfaces by which packets of a version come in from elsewhere, in groups that nothing tells apart. Interfaces of several
/// hosts are matched by name.
pub fn interfaces(hosts: &[(&Ruleset, &Network)], version: Version) -> Vec<Alike> {
    let asked: Vec<Asked<'_>> = hosts.iter().map(|(ruleset, network)| Asked::of(ruleset, network)).collect();
    let mut names: Vec<&str> = Vec::new();
    for (_, network) in hosts {
        for interface in network.interfaces.iter().filter(|interface| receives(interface)) {
            if !names.contains(&interface.name.as_str()) {
                names.push(&interface.name);
            }
        }
    }
    let mut groups: Vec<Alike> = Vec::new();
    for name in names {
        let fits =
            |group: &&mut Alike| asked.iter().all(|asked| asked.is_alike(group.speaker(), name, version));
        match groups.iter_mut().find(fits) {
            Some(group) => group.names.push(name.to_owned()),
            None => groups.push(Alike { names: vec![name.to_owned()] }),
        }
    }
    groups
}

/// Whether packets come in by it from elsewhere: by loopback only what the host sent itself, and what comes in by a part of a bond
/// counts as the bond's.
fn receives(interface: &Interface) -> bool {
    !interface.flags.is_loopback() && !matches!(interface.master_kind.as_deref(), Some("bond" | "team"))
}

/// What the rules of one host ask of interfaces.
struct Asked<'a> {
    network: &'a Network,
    names: Probed,
    indices: Probed,
    types: Probed,
    groups: Probed,
    kinds: Probed,
    devices: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(ruleset: &'a Ruleset, network: &'a Network) -> Self {
        let is = |wanted: &'static [Meta]| move |field: &Field| matches!(field, Field::Meta(meta) if wanted.contains(meta));
        let names = |field: &Field| match field {
            Field::Meta(meta) => {
                matches!(meta, Meta::InputName | Meta::OutputName | Meta::InputBridge | Meta::OutputBridge)
            }
            Field::Physdev(key) => matches!(key, PhysdevKey::Input | PhysdevKey::Output),
            Field::Fib(fib) => fib.result == FibResult::Name,
            _ => false,
        };
        let indices = |field: &Field| match field {
            Field::Meta(meta) => matches!(meta, Meta::InputIndex | Meta::OutputIndex),
            Field::Fib(fib) => fib.result == FibResult::Index,
            _ => false,
        };
        let bases = ruleset.chains.iter().filter_map(|chain| chain.base.as_ref());
        Self {
            network,
            names: Probed::of(ruleset, &names),
            indices: Probed::of(ruleset, &indices),
            types: Probed::of(ruleset, &is(&[Meta::InputType, Meta::OutputType])),
            groups: Probed::of(ruleset, &is(&[Meta::InputGroup, Meta::OutputGroup])),
            kinds: Probed::of(ruleset, &is(&[Meta::InputKind, Meta::OutputKind])),
            devices: bases.flat_map(|base| &base.devices).map(String::as_str).collect(),
        }
    }

    fn is_alike(&self, one: &str, other: &str, version: Version) -> bool {
        if one == other {
            return true;
        }
        match (self.network.interface_named(one), self.network.interface_named(other)) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                !self.is_told_apart(a, b)
                    && !self.has_place(a, version)
                    && !self.has_place(b, version)
                    && is_same(a, b)
                    && self.is_set_alike(a, b)
            }
            _ => false,
        }
    }

    /// By a rule.
    fn is_told_apart(&self, a: &Interface, b: &Interface) -> bool {
        let kind = |interface: &Interface| interface.kind.as_deref().map_or(0, name_number);
        let is_bound = |device: &&str, name: &str| match device.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => *device == name,
        };
        self.names.tells_apart(name_number(&a.name), name_number(&b.name))
            || self.indices.tells_apart(a.index.into(), b.index.into())
            || self.types.tells_apart(a.hardware.into(), b.hardware.into())
            || self.groups.tells_apart(a.group.into(), b.group.into())
            || self.kinds.tells_apart(kind(a), kind(b))
            || self.devices.iter().any(|device| is_bound(device, &a.name) != is_bound(device, &b.name))
    }

    /// Whether an address, a route or a policy rule speaks of it, so that it has no like.
    fn has_place(&self, interface: &Interface, version: Version) -> bool {
        let network = self.network;
        let is_v4 = version == Version::V4;
        let name = Some(interface.name.as_str());
        network
            .addresses
            .iter()
            .any(|address| address.interface == interface.index && address.address.is_ipv4() == is_v4)
            || network.routes.iter().any(|route| {
                route.destination.address.is_ipv4() == is_v4
                    && route.nexthops.as_slice().iter().any(|hop| hop.interface == Some(interface.index))
            })
            || network.rules.iter().any(|rule| {
                rule.ipv6 != is_v4 && (rule.iif.as_deref() == name || rule.oif.as_deref() == name)
            })
            || network.memberships.iter().any(|membership| {
                membership.interface == interface.index && membership.group.is_ipv4() == is_v4
            })
            || network.interfaces.iter().any(|other| other.master == Some(interface.index))
    }

    fn is_set_alike(&self, a: &Interface, b: &Interface) -> bool {
        let sysctls = &self.network.sysctls;
        let v4 = |name: &str| sysctls.ipv4.interfaces.get(name);
        let v6 = |name: &str| sysctls.ipv6.as_ref().and_then(|ipv6| ipv6.interfaces.get(name));
        v4(&a.name) == v4(&b.name) && v6(&a.name) == v6(&b.name)
    }
}

/// Whether two interfaces are alike in what they are, beside their names and addresses.
fn is_same(a: &Interface, b: &Interface) -> bool {
    let plain = |interface: &Interface| Interface {
        index: 0,
        name: String::new(),
        mac: vec![0; interface.mac.len()],
        lower: None,
        ..interface.clone()
    };
    plain(a) == plain(b)
}
