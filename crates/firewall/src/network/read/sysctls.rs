//! Kernel parameters. One that cannot be read is `None`; one limit tells of all of them.

use std::io::ErrorKind;

use portreeve_linux::sysctl::read_path;

use super::super::limits::Limit;
use super::super::{
    BridgeSysctls, ConntrackSysctls, Interface, Ipv4Interface, Ipv4Sysctls, Ipv6Interface, Ipv6Sysctls,
    Sysctls,
};

/// Reads all of them for these interfaces.
pub(super) fn read(interfaces: &[Interface], limits: &mut Vec<Limit>) -> Sysctls {
    let mut files = Files { failed: Vec::new(), denied: false };
    let sysctls = Sysctls {
        ipv4: files.ipv4(interfaces),
        ipv6: files.ipv6(interfaces),
        conntrack: files.conntrack(),
        bridge: files.bridge(),
    };
    if let Some((path, error)) = files.failed.first() {
        let count = files.failed.len();
        let what = format!("{count} kernel parameters, the first of them {path}");
        limits.push(Limit::NotRead { what, error: error.clone(), permission: files.denied });
    }
    sysctls
}

/// What could not be read, except for what the kernel does not have.
struct Files {
    failed: Vec<(String, String)>,
    denied: bool,
}

impl Files {
    fn text(&mut self, path: &str) -> Option<String> {
        match read_path(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                self.denied |= error.kind() == ErrorKind::PermissionDenied;
                self.failed.push((path.to_owned(), error.to_string()));
                None
            }
        }
    }

    fn number<T: std::str::FromStr>(&mut self, path: &str) -> Option<T> {
        let text = self.text(path)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.failed.push((path.to_owned(), format!("unexpected value {text:?}")));
        }
        number
    }

    fn ipv4(&mut self, interfaces: &[Interface]) -> Ipv4Sysctls {
        Ipv4Sysctls {
            all: self.ipv4_interface("all"),
            default: self.ipv4_interface("default"),
            interfaces: interfaces
                .iter()
                .map(|interface| (interface.name.clone(), self.ipv4_interface(&interface.name)))
                .collect(),
            icmp_echo_ignore_all: self.number("net/ipv4/icmp_echo_ignore_all"),
            icmp_echo_ignore_broadcasts: self.number("net/ipv4/icmp_echo_ignore_broadcasts"),
            ip_nonlocal_bind: self.number("net/ipv4/ip_nonlocal_bind"),
            ip_early_demux: self.number("net/ipv4/ip_early_demux"),
            tcp_early_demux: self.number("net/ipv4/tcp_early_demux"),
            udp_early_demux: self.number("net/ipv4/udp_early_demux"),
            fwmark_reflect: self.number("net/ipv4/fwmark_reflect"),
            ip_local_port_range: self.port_range(),
            ip_default_ttl: self.number("net/ipv4/ip_default_ttl"),
            ip_forward_use_pmtu: self.number("net/ipv4/ip_forward_use_pmtu"),
            fib_multipath_hash_policy: self.number("net/ipv4/fib_multipath_hash_policy"),
        }
    }

    fn port_range(&mut self) -> Option<(u16, u16)> {
        let text = self.text("net/ipv4/ip_local_port_range")?;
        let mut numbers = text.split_whitespace().map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    }

    fn ipv4_interface(&mut self, name: &str) -> Ipv4Interface {
        let mut read = |parameter: &str| self.number(&format!("net/ipv4/conf/{name}/{parameter}"));
        Ipv4Interface {
            forwarding: read("forwarding"),
            rp_filter: read("rp_filter"),
            accept_local: read("accept_local"),
            route_localnet: read("route_localnet"),
            src_valid_mark: read("src_valid_mark"),
            accept_source_route: read("accept_source_route"),
            send_redirects: read("send_redirects"),
            bc_forwarding: read("bc_forwarding"),
            mc_forwarding: read("mc_forwarding"),
            log_martians: read("log_martians"),
            ignore_routes_with_linkdown: read("ignore_routes_with_linkdown"),
            drop_unicast_in_l2_multicast: read("drop_unicast_in_l2_multicast"),
            arp_ignore: read("arp_ignore"),
            arp_announce: read("arp_announce"),
            arp_filter: read("arp_filter"),
            proxy_arp: read("proxy_arp"),
            disable_policy: read("disable_policy"),
        }
    }

    /// `None` where the kernel has no IPv6 (`ipv6.disable=1`, or not built).
    fn ipv6(&mut self, interfaces: &[Interface]) -> Option<Ipv6Sysctls> {
        let all = self.ipv6_interface("all")?;
        Some(Ipv6Sysctls {
            all,
            default: self.ipv6_interface("default").unwrap_or_default(),
            interfaces: interfaces
                .iter()
                .filter_map(|interface| Some((interface.name.clone(), self.ipv6_interface(&interface.name)?)))
                .collect(),
            bindv6only: self.number("net/ipv6/bindv6only"),
            ip_nonlocal_bind: self.number("net/ipv6/ip_nonlocal_bind"),
            icmp_echo_ignore_all: self.number("net/ipv6/icmp/echo_ignore_all"),
            icmp_echo_ignore_multicast: self.number("net/ipv6/icmp/echo_ignore_multicast"),
            icmp_echo_ignore_anycast: self.number("net/ipv6/icmp/echo_ignore_anycast"),
            fwmark_reflect: self.number("net/ipv6/fwmark_reflect"),
        })
    }

    /// `None` where IPv6 does not exist on the interface.
    fn ipv6_interface(&mut self, name: &str) -> Option<Ipv6Interface> {
        let failed = self.failed.len();
        let mut read = |parameter: &str| self.number(&format!("net/ipv6/conf/{name}/{parameter}"));
        let forwarding = read("forwarding");
        let interface = Ipv6Interface {
            forwarding,
            force_forwarding: read("force_forwarding"),
            disable_ipv6: read("disable_ipv6"),
            accept_source_route: read("accept_source_route"),
            mc_forwarding: read("mc_forwarding"),
            ignore_routes_with_linkdown: read("ignore_routes_with_linkdown"),
            drop_unicast_in_l2_multicast: read("drop_unicast_in_l2_multicast"),
            mtu: read("mtu"),
            proxy_ndp: read("proxy_ndp"),
            use_oif_addrs_only: read("use_oif_addrs_only"),
            use_tempaddr: read("use_tempaddr"),
            seg6_enabled: read("seg6_enabled"),
            disable_policy: read("disable_policy"),
        };
        let exists = forwarding.is_some() || self.failed.len() > failed;
        exists.then_some(interface)
    }

    /// `None` where connection tracking is not loaded.
    fn conntrack(&mut self) -> Option<ConntrackSysctls> {
        let failed = self.failed.len();
        let max = self.number("net/netfilter/nf_conntrack_max");
        if max.is_none() && self.failed.len() == failed {
            return None;
        }
        Some(ConntrackSysctls {
            tcp_loose: self.number("net/netfilter/nf_conntrack_tcp_loose"),
            tcp_be_liberal: self.number("net/netfilter/nf_conntrack_tcp_be_liberal"),
            tcp_ignore_invalid_rst: self.number("net/netfilter/nf_conntrack_tcp_ignore_invalid_rst"),
            checksum: self.number("net/netfilter/nf_conntrack_checksum"),
            max,
            count: self.number("net/netfilter/nf_conntrack_count"),
            helper: self.number("net/netfilter/nf_conntrack_helper"),
            acct: self.number("net/netfilter/nf_conntrack_acct"),
        })
    }

    /// `None` where `br_netfilter` is not loaded.
    fn bridge(&mut self) -> Option<BridgeSysctls> {
        let failed = self.failed.len();
        let call_iptables = self.number("net/bridge/bridge-nf-call-iptables");
        if call_iptables.is_none() && self.failed.len() == failed {
            return None;
        }
        Some(BridgeSysctls {
            call_iptables,
            call_ip6tables: self.number("net/bridge/bridge-nf-call-ip6tables"),
            call_arptables: self.number("net/bridge/bridge-nf-call-arptables"),
            filter_vlan_tagged: self.number("net/bridge/bridge-nf-filter-vlan-tagged"),
            filter_pppoe_tagged: self.number("net/bridge/bridge-nf-filter-pppoe-tagged"),
            pass_vlan_input_device: self.number("net/bridge/bridge-nf-pass-vlan-input-dev"),
        })
    }
}
