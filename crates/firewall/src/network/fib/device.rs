//! An interface with the parameters that routing asks for, combined with those of `all` as the kernel combines them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::outcome::Uncertain;
use crate::network::{
    Address, Interface, Ipv4Interface, Ipv4Sysctls, Ipv6Interface, Ipv6Sysctls, Network, Scope,
};

/// One interface.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(super) struct Device {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) up: bool,
    pub(super) loopback: bool,
    pub(super) group: u32,
    pub(super) mtu: u32,
    /// Is a VRF, or a member of one.
    pub(super) vrf: bool,
    /// Is a VRF.
    pub(super) is_l3_master: bool,
    /// Packets from it can carry tunnel metadata.
    pub(super) tunnel: bool,
    pub(super) v4: V4,
    /// `None` where IPv6 does not exist on it.
    pub(super) v6: Option<V6>,
    pub(super) v4_addresses: Vec<V4Address>,
    pub(super) v6_addresses: Vec<V6Address>,
}

/// An IPv4 address (`struct in_ifaddr`), in the kernel's order.
#[derive(Clone, Copy, Debug)]
pub(super) struct V4Address {
    pub(super) local: u32,
    /// The network: address of the peer where there is one.
    pub(super) address: u32,
    pub(super) mask: u32,
    pub(super) scope: Scope,
    pub(super) secondary: bool,
}

/// An IPv6 address (`struct inet6_ifaddr`).
#[derive(Clone, Copy, Debug)]
pub(super) struct V6Address {
    pub(super) address: Ipv6Addr,
    pub(super) prefix_length: u8,
    pub(super) flags: u32,
}

/// A parameter: its value, or the name of what was not read.
pub(super) type Parameter<T> = Result<T, Box<str>>;

/// Parameters of IPv4, combined by the macros of `include/linux/inetdevice.h`.
#[derive(Debug)]
pub(super) struct V4 {
    /// `IN_DEV_FORWARD`: the interface's own.
    pub(super) forwarding: Parameter<bool>,
    /// `IN_DEV_RPFILTER`: the larger.
    pub(super) rp_filter: Parameter<i32>,
    /// `IN_DEV_ACCEPT_LOCAL`: either.
    pub(super) accept_local: Parameter<bool>,
    /// `IN_DEV_ROUTE_LOCALNET`: either.
    pub(super) route_localnet: Parameter<bool>,
    /// `IN_DEV_SRC_VMARK`: either.
    pub(super) src_valid_mark: Parameter<bool>,
    /// `IN_DEV_TX_REDIRECTS`: either.
    pub(super) send_redirects: Parameter<bool>,
    /// `IN_DEV_BFORWARD`: both.
    pub(super) bc_forwarding: Parameter<bool>,
    /// `IN_DEV_MFORWARD`: both.
    pub(super) mc_forwarding: Parameter<bool>,
    /// `IN_DEV_IGNORE_ROUTES_WITH_LINKDOWN`: either.
    pub(super) ignore_linkdown: Parameter<bool>,
    /// `DROP_UNICAST_IN_L2_MULTICAST`: either.
    pub(super) drop_unicast_in_group: Parameter<bool>,
}

/// Parameters of IPv6: each interface's own.
#[derive(Debug)]
pub(super) struct V6 {
    pub(super) disabled: Parameter<bool>,
    pub(super) force_forwarding: Parameter<bool>,
    pub(super) ignore_linkdown: Parameter<bool>,
    pub(super) drop_unicast_in_group: Parameter<bool>,
    pub(super) mc_forwarding: Parameter<bool>,
    pub(super) use_oif_addresses_only: Parameter<bool>,
    pub(super) use_tempaddr: Parameter<i32>,
    pub(super) mtu: Parameter<u32>,
}

/// The value, or why it is not known.
pub(super) fn known<T: Copy>(parameter: &Parameter<T>) -> Result<T, Uncertain> {
    match parameter {
        Ok(value) => Ok(*value),
        Err(name) => Err(Uncertain::Sysctl { name: name.to_string() }),
    }
}

/// Kinds that can hand over tunnel metadata (`collect_md`, "external").
const TUNNELS: &[&str] = &[
    "vxlan",
    "geneve",
    "gre",
    "gretap",
    "ip6gre",
    "ip6gretap",
    "ipip",
    "ip6tnl",
    "sit",
    "erspan",
    "ip6erspan",
];

impl Device {
    pub(super) fn new(interface: &Interface, network: &Network) -> Self {
        let own = |address: &&Address| address.interface == interface.index;
        let addresses = || network.addresses.iter().filter(own);
        let (name, sysctls) = (&interface.name, &network.sysctls);
        let kind = interface.kind.as_deref();
        Self {
            index: interface.index,
            name: name.clone(),
            up: interface.flags.is_up(),
            loopback: interface.flags.is_loopback(),
            group: interface.group,
            mtu: interface.mtu,
            vrf: kind == Some("vrf") || interface.master_kind.as_deref() == Some("vrf"),
            is_l3_master: kind == Some("vrf"),
            tunnel: kind.is_some_and(|kind| TUNNELS.contains(&kind)),
            v4: V4::new(&sysctls.ipv4, name),
            v6: sysctls.ipv6.as_ref().and_then(|ipv6| V6::new(ipv6, name)),
            v4_addresses: addresses().filter_map(V4Address::new).collect(),
            v6_addresses: addresses().filter_map(V6Address::new).collect(),
        }
    }
}

impl V4Address {
    fn new(address: &Address) -> Option<Self> {
        let std::net::IpAddr::V4(local) = address.address else { return None };
        let peer = match address.peer {
            Some(std::net::IpAddr::V4(peer)) => peer,
            _ => local,
        };
        Some(Self {
            local: local.into(),
            address: peer.into(),
            mask: crate::network::prefix::mask_v4(address.prefix_length),
            scope: address.scope,
            secondary: address.is_secondary(),
        })
    }

    /// `inet_ifa_match`.
    pub(super) const fn covers(&self, address: u32) -> bool {
        (address ^ self.address) & self.mask == 0
    }

    pub(super) fn ip(&self) -> Ipv4Addr {
        self.local.into()
    }
}

impl V6Address {
    fn new(address: &Address) -> Option<Self> {
        let std::net::IpAddr::V6(own) = address.address else { return None };
        Some(Self { address: own, prefix_length: address.prefix_length, flags: address.flags })
    }

    /// `IFA_F_TENTATIVE` and not optimistic.
    pub(super) const fn is_tentative(&self) -> bool {
        self.flags & 0x40 != 0 && self.flags & 0x04 == 0
    }

    /// `IFA_F_DEPRECATED`.
    pub(super) const fn is_deprecated(&self) -> bool {
        self.flags & 0x20 != 0
    }

    /// `IFA_F_OPTIMISTIC`.
    pub(super) const fn is_optimistic(&self) -> bool {
        self.flags & 0x04 != 0
    }

    /// `IFA_F_TEMPORARY`.
    pub(super) const fn is_temporary(&self) -> bool {
        self.flags & 0x01 != 0
    }
}

/// Reads one parameter of an interface and of `all`.
struct Conf<'a, T> {
    all: &'a T,
    own: Option<&'a T>,
    family: &'static str,
    name: &'a str,
}

impl<'a, T> Conf<'a, T> {
    fn new(all: &'a T, own: &'a BTreeMap<String, T>, family: &'static str, name: &'a str) -> Self {
        Self { all, own: own.get(name), family, name }
    }

    fn own(&self, parameter: &str, read: impl Fn(&T) -> Option<i32>) -> Parameter<i32> {
        self.own.and_then(read).ok_or_else(|| self.unread(self.name, parameter))
    }

    fn all(&self, parameter: &str, read: impl Fn(&T) -> Option<i32>) -> Parameter<i32> {
        read(self.all).ok_or_else(|| self.unread("all", parameter))
    }

    fn flag(&self, parameter: &str, read: impl Fn(&T) -> Option<i32>) -> Parameter<bool> {
        self.own(parameter, read).map(|value| value != 0)
    }

    /// `IN_DEV_ORCONF`.
    fn either(&self, parameter: &str, read: impl Fn(&T) -> Option<i32> + Copy) -> Parameter<bool> {
        match (self.all(parameter, read), self.own(parameter, read)) {
            (Ok(value), _) | (_, Ok(value)) if value != 0 => Ok(true),
            (all, own) => all.and(own).map(|_| false),
        }
    }

    /// `IN_DEV_ANDCONF`.
    fn both(&self, parameter: &str, read: impl Fn(&T) -> Option<i32> + Copy) -> Parameter<bool> {
        match (self.all(parameter, read), self.own(parameter, read)) {
            (Ok(0), _) | (_, Ok(0)) => Ok(false),
            (all, own) => all.and(own).map(|_| true),
        }
    }

    /// `IN_DEV_MAXCONF`.
    fn larger(&self, parameter: &str, read: impl Fn(&T) -> Option<i32> + Copy) -> Parameter<i32> {
        Ok(self.all(parameter, read)?.max(self.own(parameter, read)?))
    }

    fn unread(&self, scope: &str, parameter: &str) -> Box<str> {
        format!("net.{}.conf.{scope}.{parameter}", self.family).into()
    }
}

impl V4 {
    fn new(sysctls: &Ipv4Sysctls, name: &str) -> Self {
        let conf: Conf<'_, Ipv4Interface> = Conf::new(&sysctls.all, &sysctls.interfaces, "ipv4", name);
        Self {
            forwarding: conf.flag("forwarding", |of| of.forwarding),
            rp_filter: conf.larger("rp_filter", |of| of.rp_filter),
            accept_local: conf.either("accept_local", |of| of.accept_local),
            route_localnet: conf.either("route_localnet", |of| of.route_localnet),
            src_valid_mark: conf.either("src_valid_mark", |of| of.src_valid_mark),
            send_redirects: conf.either("send_redirects", |of| of.send_redirects),
            bc_forwarding: conf.both("bc_forwarding", |of| of.bc_forwarding),
            mc_forwarding: conf.both("mc_forwarding", |of| of.mc_forwarding),
            ignore_linkdown: conf.either("ignore_routes_with_linkdown", |of| of.ignore_routes_with_linkdown),
            drop_unicast_in_group: conf
                .either("drop_unicast_in_l2_multicast", |of| of.drop_unicast_in_l2_multicast),
        }
    }
}

impl V6 {
    fn new(sysctls: &Ipv6Sysctls, name: &str) -> Option<Self> {
        // The kernel makes the folder together with `struct inet6_dev`.
        sysctls.interfaces.get(name)?;
        let conf: Conf<'_, Ipv6Interface> = Conf::new(&sysctls.all, &sysctls.interfaces, "ipv6", name);
        Some(Self {
            disabled: conf.flag("disable_ipv6", |of| of.disable_ipv6),
            // Linux before 6.17 has no such parameter.
            force_forwarding: Ok(conf
                .own("force_forwarding", |of| of.force_forwarding)
                .is_ok_and(|value| value != 0)),
            ignore_linkdown: conf.flag("ignore_routes_with_linkdown", |of| of.ignore_routes_with_linkdown),
            drop_unicast_in_group: conf
                .flag("drop_unicast_in_l2_multicast", |of| of.drop_unicast_in_l2_multicast),
            mc_forwarding: conf.flag("mc_forwarding", |of| of.mc_forwarding),
            use_oif_addresses_only: conf.flag("use_oif_addrs_only", |of| of.use_oif_addrs_only),
            use_tempaddr: conf.own("use_tempaddr", |of| of.use_tempaddr),
            mtu: conf.own("mtu", |of| of.mtu).map(i32::cast_unsigned),
        })
    }
}
