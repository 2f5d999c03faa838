//! Interfaces.

use serde::{Deserialize, Serialize};

/// One interface of the namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Index, unique within the namespace.
    pub index: u32,
    /// Name.
    pub name: String,
    /// `ARPHRD_*`: 1 Ethernet, 772 loopback, 65534 none.
    pub hardware: u16,
    /// Hardware address, 6 bytes for Ethernet; empty where it has none.
    pub mac: Vec<u8>,
    /// Kind as the kernel names it: `veth`, `bridge`, `vlan`, `vrf`, ...; `None` for hardware and loopback.
    pub kind: Option<String>,
    /// Index of the bridge, bond or VRF it belongs to.
    pub master: Option<u32>,
    /// Kind of that master: `bridge`, `bond`, `vrf`, ...
    pub master_kind: Option<String>,
    /// Index of the interface it stands on (VLAN, macvlan; for veth the other half), where that is in this namespace.
    pub lower: Option<u32>,
    /// The interface group that `iifgroup` and `suppress_ifgroup` ask for; 0 is the default.
    pub group: u32,
    /// Whether it works.
    pub flags: InterfaceFlags,
    /// Bytes of the largest packet.
    pub mtu: u32,
    /// An XDP program sees its packets before everything else.
    pub xdp: Option<Xdp>,
    /// Routing table, of a VRF or of a member of one.
    pub vrf_table: Option<u32>,
    /// What a bridge says of itself; `None` for other kinds.
    pub bridge: Option<BridgeOptions>,
}

/// `IFF_*` bits of an interface (`include/uapi/linux/if.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InterfaceFlags(pub u32);

impl InterfaceFlags {
    /// Hardware addresses of neighbours are not asked for (`IFF_NOARP`).
    pub const fn is_unresolving(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// Administratively up (`IFF_UP`).
    pub const fn is_up(self) -> bool {
        self.0 & 0x1 != 0
    }

    /// A loopback (`IFF_LOOPBACK`).
    pub const fn is_loopback(self) -> bool {
        self.0 & 0x8 != 0
    }

    /// Point to point (`IFF_POINTOPOINT`).
    pub const fn is_point_to_point(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Operational (`IFF_RUNNING`).
    pub const fn is_running(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// Receives everything on the wire (`IFF_PROMISC`).
    pub const fn is_promiscuous(self) -> bool {
        self.0 & 0x100 != 0
    }

    /// Has a carrier (`IFF_LOWER_UP`).
    pub const fn has_carrier(self) -> bool {
        self.0 & 0x1_0000 != 0
    }
}

/// An XDP program on an interface (`IFLA_XDP`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Xdp {
    /// How it is attached: `XDP_ATTACHED_*`: 1 driver, 2 generic, 3 hardware, 4 several.
    pub attached: u8,
    /// Number of the program, where one is told.
    pub program: Option<u32>,
}

/// What a bridge says of itself, as far as it concerns filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own in the kernel")]
pub struct BridgeOptions {
    /// VLANs are kept apart (`vlan_filtering`).
    pub vlan_filtering: bool,
    /// Bridged IPv4 passes the rules of IP, whatever `net.bridge.bridge-nf-call-iptables` says (`nf_call_iptables`).
    pub call_iptables: bool,
    /// The same for IPv6.
    pub call_ip6tables: bool,
    /// The same for ARP.
    pub call_arptables: bool,
}
