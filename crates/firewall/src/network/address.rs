//! Addresses of interfaces.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Prefix, Scope};

/// One address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Index of the interface.
    pub interface: u32,
    /// The address of this machine.
    pub address: IpAddr,
    /// The other end of a point-to-point interface.
    pub peer: Option<IpAddr>,
    /// Bits of the network's prefix.
    pub prefix_length: u8,
    /// How far the address is valid.
    pub scope: Scope,
    /// `IFA_F_*` bits.
    pub flags: u32,
}

impl Address {
    /// Not the first of its network (`IFA_F_SECONDARY`); for IPv6, temporary.
    pub const fn is_secondary(&self) -> bool {
        self.flags & 0x01 != 0
    }

    /// Duplicate address detection found another holder (`IFA_F_DADFAILED`).
    pub const fn is_duplicate(&self) -> bool {
        self.flags & 0x08 != 0
    }

    /// Not to be used for new connections (`IFA_F_DEPRECATED`).
    pub const fn is_deprecated(&self) -> bool {
        self.flags & 0x20 != 0
    }

    /// Duplicate address detection still runs (`IFA_F_TENTATIVE`).
    pub const fn is_tentative(&self) -> bool {
        self.flags & 0x40 != 0
    }

    /// Usable though detection still runs (`IFA_F_OPTIMISTIC`).
    pub const fn is_optimistic(&self) -> bool {
        self.flags & 0x04 != 0
    }

    /// The network of the address, or of its peer.
    pub fn network(&self) -> Prefix {
        Prefix::new(self.peer.unwrap_or(self.address), self.prefix_length)
    }
}
