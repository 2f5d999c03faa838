//! ufw, over both iptables.

use portreeve_firewall::ir::owner::Owner;
use portreeve_lab::site::{Iptables, Site};

use crate::case::{Case, blocked, reaches};
use crate::judge::{Places, assert_owner};

/// What an administrator types on a small server that also routes for a network behind it.
pub(crate) const CONFIGURATION: &str = "
    ufw --force enable
    ufw default deny incoming
    ufw default allow outgoing
    ufw default deny routed
    ufw deny from 203.0.113.0/24
    ufw allow 80/tcp
    ufw limit ssh
    ufw allow from 10.20.0.0/24 to any port 5432 proto tcp
    ufw allow from 2001:db8:1::/64 to any port 443 proto tcp
    ufw reject in on eth0 to any port 113 proto tcp
    ufw deny out on eth0 to any port 25 proto tcp
    ufw route allow in on eth1 out on eth0 to 198.51.100.0/24 port 443 proto tcp
    ufw route deny in on eth1 out on eth0 to 198.51.100.66";

fn cases() -> Vec<Case> {
    vec![
        // Limited: how often it was asked for lately is in the kernel's memory only.
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 22 iif eth0", "server:22").uncertain(),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 80 iif eth0", "server:80"),
        reaches("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 80 iif eth0", "server:80"),
        reaches("outside", "from 2001:db8:1::7 to 2001:db8:2::10 tcp dport 443 iif eth0", "server:443"),
        blocked("outside", "from 2001:db8:66::66 to 2001:db8:2::10 tcp dport 443 iif eth0"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 443 iif eth0"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 udp dport 80 iif eth0"),
        // The network is denied before the port is allowed.
        blocked("outside", "from 203.0.113.66 to 192.0.2.10 tcp dport 80 iif eth0"),
        // Refused, not dropped.
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 113 iif eth0"),
        reaches("outside", "from 198.51.100.7 to 192.0.2.10 icmp type echo-request iif eth0", "server:0"),
        reaches(
            "outside",
            "from 2001:db8:1::7 to 2001:db8:2::10 icmpv6 type echo-request iif eth0",
            "server:0",
        ),
        reaches("inside", "from 10.20.0.5 to 10.20.0.1 tcp dport 5432 iif eth1", "server:5432"),
        reaches("inside", "from 10.20.0.5 to 192.0.2.10 tcp dport 5432 iif eth1", "server:5432"),
        blocked("outside", "from 198.51.100.7 to 192.0.2.10 tcp dport 5432 iif eth0"),
        blocked("inside", "from fd00:20::5 to fd00:20::1 tcp dport 5432 iif eth1"),
        // Through the server.
        reaches("inside", "from 10.20.0.5 to 198.51.100.7 tcp dport 443 iif eth1", "outside:443"),
        blocked("inside", "from 10.20.0.5 to 198.51.100.7 tcp dport 80 iif eth1"),
        blocked("inside", "from 10.20.0.5 to 203.0.113.205 tcp dport 443 iif eth1"),
        reaches("inside", "from 10.20.0.5 to 198.51.100.7 icmp type echo-request iif eth1", "outside:0"),
        blocked("outside", "from 198.51.100.7 to 10.20.0.5 tcp dport 443 iif eth0"),
        // From the server.
        reaches("server", "out to 198.51.100.7 tcp dport 80", "outside:80"),
        reaches("server", "out to 10.20.0.5 tcp dport 25", "inside:25"),
        blocked("server", "out to 198.51.100.7 tcp dport 25"),
        reaches("server", "out to 127.0.0.1 tcp dport 6000", "server:6000"),
        reaches("server", "out to 2001:db8:1::7 udp dport 53", "outside:53"),
    ]
}

fn scene(name: &str, iptables: Iptables) {
    let site = Site::new(name, iptables).unwrap();
    site.server.sysctl("net.ipv4.ip_forward", 1).unwrap();
    site.shell(CONFIGURATION).unwrap();
    assert_owner(&Places::of(&site).judge(&site, &cases()), &Owner::Ufw, 0);
}

#[test]
fn over_iptables_nft() {
    scene("ufw-nft", Iptables::Nft);
}

#[test]
fn over_iptables_legacy() {
    scene("ufw-legacy", Iptables::Legacy);
}
