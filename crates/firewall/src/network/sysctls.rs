//! Kernel parameters that decide what happens to a packet. `None` is "could not be read", never a default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Kernel parameters of one network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctls {
    /// `net.ipv4`.
    pub ipv4: Ipv4Sysctls,
    /// `net.ipv6`; `None` where the kernel runs without IPv6.
    pub ipv6: Option<Ipv6Sysctls>,
    /// `net.netfilter`; `None` where connection tracking is not loaded.
    pub conntrack: Option<ConntrackSysctls>,
    /// `net.bridge`; `None` where `br_netfilter` is not loaded, so that bridged frames pass no IP rules.
    pub bridge: Option<BridgeSysctls>,
}

impl Sysctls {
    /// What a new network namespace of Linux 6.18 begins with, for these interfaces: for questions about an imagined host.
    pub fn of_new_namespace<'a>(interfaces: impl IntoIterator<Item = &'a str>) -> Self {
        let (v4, v6) = (Ipv4Interface::initial(), Ipv6Interface::initial());
        let names: Vec<String> = interfaces.into_iter().map(str::to_owned).collect();
        Self {
            ipv4: Ipv4Sysctls {
                all: v4.clone(),
                default: v4.clone(),
                interfaces: names.iter().map(|name| (name.clone(), v4.clone())).collect(),
                icmp_echo_ignore_all: Some(0),
                icmp_echo_ignore_broadcasts: Some(1),
                ip_nonlocal_bind: Some(0),
                ip_early_demux: Some(1),
                tcp_early_demux: Some(1),
                udp_early_demux: Some(1),
                fwmark_reflect: Some(0),
                ip_local_port_range: Some((32_768, 60_999)),
                ip_default_ttl: Some(64),
                ip_forward_use_pmtu: Some(0),
                fib_multipath_hash_policy: Some(0),
            },
            ipv6: Some(Ipv6Sysctls {
                all: v6.clone(),
                default: v6.clone(),
                interfaces: names.iter().map(|name| (name.clone(), v6.clone())).collect(),
                bindv6only: Some(0),
                ip_nonlocal_bind: Some(0),
                icmp_echo_ignore_all: Some(0),
                icmp_echo_ignore_multicast: Some(0),
                icmp_echo_ignore_anycast: Some(0),
                fwmark_reflect: Some(0),
            }),
            conntrack: Some(ConntrackSysctls {
                tcp_loose: Some(1),
                tcp_be_liberal: Some(0),
                tcp_ignore_invalid_rst: Some(0),
                checksum: Some(1),
                max: None,
                count: Some(0),
                helper: None,
                acct: Some(0),
            }),
            bridge: None,
        }
    }
}

/// Parameters of `net.ipv4`, by their names there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipv4Sysctls {
    /// `conf.all`.
    pub all: Ipv4Interface,
    /// `conf.default`: what interfaces made later begin with.
    pub default: Ipv4Interface,
    /// `conf.NAME`, by interface name.
    pub interfaces: BTreeMap<String, Ipv4Interface>,
    /// 1: no answer to any echo request.
    pub icmp_echo_ignore_all: Option<i32>,
    /// 1: no answer to echo requests to broadcast and multicast addresses.
    pub icmp_echo_ignore_broadcasts: Option<i32>,
    /// 1: sockets may bind, and packets may come from, addresses that are not this machine's.
    pub ip_nonlocal_bind: Option<i32>,
    /// 1: received packets may find their socket, and its route, before routing.
    pub ip_early_demux: Option<i32>,
    /// 1: the same for TCP.
    pub tcp_early_demux: Option<i32>,
    /// 1: the same for UDP.
    pub udp_early_demux: Option<i32>,
    /// 1: answers without a socket carry the mark of what they answer.
    pub fwmark_reflect: Option<i32>,
    /// First and last ephemeral port.
    pub ip_local_port_range: Option<(u16, u16)>,
    /// Default TTL of packets sent.
    pub ip_default_ttl: Option<i32>,
    /// 1: forwarded packets obey path MTU estimates.
    pub ip_forward_use_pmtu: Option<i32>,
    /// What multipath hashes: 0 layer 3, 1 layer 4, 2 inner, 3 custom.
    pub fib_multipath_hash_policy: Option<i32>,
}

/// Parameters of one interface in `net.ipv4.conf`. How they combine with `all` is told in `include/linux/inetdevice.h`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipv4Interface {
    /// Packets received here are forwarded; the interface's own counts.
    pub forwarding: Option<i32>,
    /// Source validation: 0 none, 1 strict, 2 loose; the larger of `all` and the interface's counts.
    pub rp_filter: Option<i32>,
    /// Packets from own addresses are accepted; either counts.
    pub accept_local: Option<i32>,
    /// 127.0.0.0/8 is routed like others; either counts.
    pub route_localnet: Option<i32>,
    /// Source validation uses the packet's mark; either counts.
    pub src_valid_mark: Option<i32>,
    /// Source-routed packets are accepted; both must be set.
    pub accept_source_route: Option<i32>,
    /// Redirects are sent; either counts.
    pub send_redirects: Option<i32>,
    /// Directed broadcasts are forwarded; both must be set.
    pub bc_forwarding: Option<i32>,
    /// Multicast routing runs; both must be set.
    pub mc_forwarding: Option<i32>,
    /// Martians are logged; either counts.
    pub log_martians: Option<i32>,
    /// Routes over interfaces without carrier are passed over; either counts.
    pub ignore_routes_with_linkdown: Option<i32>,
    /// IP packets in frames to a group or broadcast hardware address with a unicast destination are dropped; either counts.
    pub drop_unicast_in_l2_multicast: Option<i32>,
    /// ARP answers: by which rule.
    pub arp_ignore: Option<i32>,
    /// ARP requests: which source.
    pub arp_announce: Option<i32>,
    /// ARP answers depend on the route back.
    pub arp_filter: Option<i32>,
    /// ARP is answered for others.
    pub proxy_arp: Option<i32>,
    /// No policy of `IPsec` applies.
    pub disable_policy: Option<i32>,
}

impl Ipv4Interface {
    fn initial() -> Self {
        let off = Some(0);
        Self {
            forwarding: off,
            rp_filter: off,
            accept_local: off,
            route_localnet: off,
            src_valid_mark: off,
            accept_source_route: Some(1),
            send_redirects: Some(1),
            bc_forwarding: off,
            mc_forwarding: off,
            log_martians: off,
            ignore_routes_with_linkdown: off,
            drop_unicast_in_l2_multicast: off,
            arp_ignore: off,
            arp_announce: off,
            arp_filter: off,
            proxy_arp: off,
            disable_policy: off,
        }
    }
}

/// Parameters of `net.ipv6`, by their names there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipv6Sysctls {
    /// `conf.all`.
    pub all: Ipv6Interface,
    /// `conf.default`: what interfaces made later begin with.
    pub default: Ipv6Interface,
    /// `conf.NAME`, by interface name.
    pub interfaces: BTreeMap<String, Ipv6Interface>,
    /// 1: sockets on `::` receive no IPv4.
    pub bindv6only: Option<i32>,
    /// 1: sockets may bind addresses that are not this machine's.
    pub ip_nonlocal_bind: Option<i32>,
    /// 1: no answer to any echo request.
    pub icmp_echo_ignore_all: Option<i32>,
    /// 1: no answer to echo requests to groups.
    pub icmp_echo_ignore_multicast: Option<i32>,
    /// 1: no answer to echo requests to anycast addresses.
    pub icmp_echo_ignore_anycast: Option<i32>,
    /// 1: answers without a socket carry the mark of what they answer.
    pub fwmark_reflect: Option<i32>,
}

/// Parameters of one interface in `net.ipv6.conf`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ipv6Interface {
    /// In `all`: packets are forwarded. On an interface: it behaves as a router's.
    pub forwarding: Option<i32>,
    /// Packets received here are forwarded though `all` says no (since Linux 6.17).
    pub force_forwarding: Option<i32>,
    /// IPv6 packets received here are dropped.
    pub disable_ipv6: Option<i32>,
    /// Source-routed packets are accepted.
    pub accept_source_route: Option<i32>,
    /// Multicast routing runs.
    pub mc_forwarding: Option<i32>,
    /// Routes over interfaces without carrier are passed over; the interface's own counts.
    pub ignore_routes_with_linkdown: Option<i32>,
    /// IPv6 packets in frames to a group hardware address with a unicast destination are dropped.
    pub drop_unicast_in_l2_multicast: Option<i32>,
    /// Bytes of the largest packet (`mtu`).
    pub mtu: Option<i32>,
    /// Neighbour discovery is answered for others.
    pub proxy_ndp: Option<i32>,
    /// Only addresses of the outgoing interface are source addresses.
    pub use_oif_addrs_only: Option<i32>,
    /// Temporary addresses are preferred where larger than 1.
    pub use_tempaddr: Option<i32>,
    /// Segment routing headers are accepted.
    pub seg6_enabled: Option<i32>,
    /// No policy of `IPsec` applies.
    pub disable_policy: Option<i32>,
}

impl Ipv6Interface {
    fn initial() -> Self {
        let off = Some(0);
        Self {
            forwarding: off,
            force_forwarding: off,
            disable_ipv6: off,
            accept_source_route: off,
            mc_forwarding: off,
            ignore_routes_with_linkdown: off,
            drop_unicast_in_l2_multicast: off,
            mtu: Some(1500),
            proxy_ndp: off,
            use_oif_addrs_only: off,
            use_tempaddr: off,
            seg6_enabled: off,
            disable_policy: off,
        }
    }
}

/// Parameters of connection tracking, `net.netfilter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConntrackSysctls {
    /// `nf_conntrack_tcp_loose`: connections may be picked up in the middle.
    pub tcp_loose: Option<i32>,
    /// `nf_conntrack_tcp_be_liberal`: segments outside the window are not invalid.
    pub tcp_be_liberal: Option<i32>,
    /// `nf_conntrack_tcp_ignore_invalid_rst`.
    pub tcp_ignore_invalid_rst: Option<i32>,
    /// `nf_conntrack_checksum`: packets with a wrong checksum are invalid.
    pub checksum: Option<i32>,
    /// `nf_conntrack_max`: entries; more are dropped.
    pub max: Option<u32>,
    /// `nf_conntrack_count`: entries now.
    pub count: Option<u32>,
    /// `nf_conntrack_helper`: helpers are assigned by port; `None` since Linux 6.0, which has none of this.
    pub helper: Option<i32>,
    /// `nf_conntrack_acct`: bytes and packets are counted.
    pub acct: Option<i32>,
}

/// Parameters of `br_netfilter`, `net.bridge`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeSysctls {
    /// `bridge-nf-call-iptables`: bridged IPv4 passes the rules of IP.
    pub call_iptables: Option<i32>,
    /// `bridge-nf-call-ip6tables`: the same for IPv6.
    pub call_ip6tables: Option<i32>,
    /// `bridge-nf-call-arptables`: the same for ARP.
    pub call_arptables: Option<i32>,
    /// `bridge-nf-filter-vlan-tagged`: also in VLAN tags.
    pub filter_vlan_tagged: Option<i32>,
    /// `bridge-nf-filter-pppoe-tagged`: also in `PPPoE`.
    pub filter_pppoe_tagged: Option<i32>,
    /// `bridge-nf-pass-vlan-input-dev`: the VLAN's interface is the input interface.
    pub pass_vlan_input_device: Option<i32>,
}
