//! What varies of the host beside its rules.

use super::random::Random;
use crate::ruleset::HostSettings;

/// Random settings.
pub(crate) fn settings(random: &mut Random) -> HostSettings {
    let mut settings = HostSettings::default();
    let mut set = |name: &str, value: &str| settings.parameters.push((name.to_owned(), value.to_owned()));
    set("net.ipv4.ip_forward", if random.percent(90) { "1" } else { "0" });
    set("net.ipv6.conf.all.forwarding", if random.percent(90) { "1" } else { "0" });
    // Otherwise bridged packets would pass the chains of IP too.
    for name in ["iptables", "ip6tables"] {
        set(&format!("net.bridge.bridge-nf-call-{name}"), "0");
    }
    set("net.ipv4.conf.all.rp_filter", random.pick::<&str>(&["0", "0", "0", "1", "2"]));
    for device in ["eth0", "eth1", "br0"] {
        set(&format!("net.ipv4.conf.{device}.rp_filter"), random.pick::<&str>(&["0", "0", "1", "2"]));
        if random.percent(8) {
            set(&format!("net.ipv4.conf.{device}.route_localnet"), "1");
        }
        if random.percent(8) {
            set(&format!("net.ipv4.conf.{device}.accept_local"), "1");
        }
        if random.percent(6) {
            set(&format!("net.ipv4.conf.{device}.src_valid_mark"), "1");
        }
    }
    if random.percent(5) {
        set("net.netfilter.nf_conntrack_tcp_loose", "0");
    }
    for (share, object) in OBJECTS {
        if random.percent(*share) {
            settings.objects.push((*object).to_owned());
        }
    }
    settings
}

/// How often in a hundred, and what. Routes of table 100 take effect through a policy rule only.
const OBJECTS: &[(usize, &str)] = &[
    (8, "-4 route|blackhole 203.0.113.0/24"),
    (8, "-4 route|unreachable 198.51.100.0/24"),
    (8, "-4 route|prohibit 172.16.0.0/12"),
    (10, "-4 route|198.51.100.7/32 via 10.1.0.9 dev eth1"),
    (10, "-4 route|10.1.7.0/24 via 10.1.0.7 dev eth1"),
    (12, "-4 route|default via 10.1.0.254 dev eth1 table 100"),
    (8, "-4 route|blackhole 10.2.0.0/24 table 100"),
    (12, "-4 rule|fwmark 0x1 lookup 100 priority 100"),
    (8, "-4 rule|fwmark 0x10/0xf0 lookup 100 priority 101"),
    (8, "-4 rule|from 10.1.0.0/24 lookup 100 priority 102"),
    (5, "-4 rule|iif eth1 lookup 100 priority 103"),
    (4, "-4 rule|fwmark 0x2 prohibit priority 104"),
    (8, "-4 address|192.0.2.2/24 dev eth0"),
    (8, "-6 route|blackhole 2001:db8:99::/48"),
    (8, "-6 route|unreachable 2001:db8:98::/48"),
    (8, "-6 route|2001:db8:99::7/128 via 2001:db8:2::9 dev eth1"),
    (12, "-6 route|default via 2001:db8:2::fe dev eth1 table 100"),
    (12, "-6 rule|fwmark 0x1 lookup 100 priority 100"),
    (8, "-6 rule|from 2001:db8:2::/64 lookup 100 priority 102"),
    (4, "-6 rule|fwmark 0x2 unreachable priority 104"),
    (8, "-6 address|2001:db8:1::2/64 dev eth0 nodad"),
];
