//! Everything around the rules in one value.

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{Address, Interface, Route, Rule, Sysctls};

/// The host around the rules, as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Interfaces, by index.
    pub interfaces: Vec<Interface>,
    /// Addresses of both families.
    pub addresses: Vec<Address>,
    /// Routes of all tables and both families, in the kernel's order.
    pub routes: Vec<Route>,
    /// Policy rules of both families, in the kernel's order.
    pub rules: Vec<Rule>,
    /// Multicast groups that are received.
    pub memberships: Vec<Membership>,
    /// IPv6 routers that do not answer: a machine that does not forward passes their routes over.
    pub failed_routers: Vec<FailedRouter>,
    /// Whether IPv4 looks `local` and `main` up as one table, as it does until a policy rule was ever added or removed
    /// (`fib_unmerge` in `net/ipv4/fib_frontend.c`). `None` where the kernel did not tell.
    pub ipv4_tables_merged: Option<bool>,
    /// Kernel parameters.
    pub sysctls: Sysctls,
}

impl Network {
    /// The interface with this index.
    pub fn interface(&self, index: u32) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.index == index)
    }

    /// The interface of this name.
    pub fn interface_named(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }
}

/// A multicast group received on an interface (`/proc/net/igmp`, `/proc/net/igmp6`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Membership {
    /// Index of the interface.
    pub interface: u32,
    /// The group.
    pub group: IpAddr,
}

/// A neighbour that was asked for and did not answer (`NUD_FAILED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FailedRouter {
    /// Index of the interface.
    pub interface: u32,
    /// Its address.
    pub address: Ipv6Addr,
}
